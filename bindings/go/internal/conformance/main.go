// Command conformance makes calls through the binding: the runner of the project's vectors.
//
// It reads a call a line, OPERATION, CONFIG, SESSION_ID, OPTIONS, ABORT, separated by tabs, and
// answers each with OUTCOME, CODE, RESULT. The result is what the binding's typed values hold,
// written back as JSON.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 5 {
			fmt.Fprintf(os.Stderr, "expected five fields, found %d\n", len(fields))
			os.Exit(1)
		}
		fmt.Println(answer(fields[0], fields[1], fields[2], fields[3], fields[4]))
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(operation, config, sessionID, options, abort string) string {
	client, err := newClient(config)
	if err != nil {
		return refusal(err)
	}
	defer client.Close()
	opts, err := readOptions(options)
	if err != nil {
		return refusal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if abort == "before" {
		cancel()
	}
	call := client.Cancel
	if operation == "retrieve" {
		call = client.Retrieve
	}
	result, err := call(ctx, sessionID, opts...)
	if result == nil {
		return refusal(err)
	}
	return line(result.Outcome, result.Code, written(result))
}

func line(outcome flexcancel.Outcome, code flexcancel.Code, result any) string {
	text, err := json.Marshal(result)
	if err != nil {
		text = []byte(err.Error())
	}
	return fmt.Sprintf("%d\t%d\t%s", outcome, code, text)
}

func refusal(err error) string {
	var refused *flexcancel.Error
	if !errors.As(err, &refused) {
		return err.Error()
	}
	return line(refused.Outcome, refused.Code, map[string]any{
		"outcome": refused.Outcome.String(),
		"code":    refused.Code.String(),
		"message": refused.Message,
	})
}

// newClient takes the typed way where the types can say what the configuration says.
func newClient(text string) (*flexcancel.Client, error) {
	var typed struct {
		APIKey          string `json:"api_key"`
		APIKeyEnv       string `json:"api_key_env"`
		APIKeyFile      string `json:"api_key_file"`
		BaseURL         string `json:"base_url"`
		CAFile          string `json:"ca_file"`
		ConnectAttempts int    `json:"connect_attempts"`
		ConnectTimeout  *int64 `json:"connect_timeout_ms"`
		DNSTTL          *int64 `json:"dns_ttl_ms"`
		MaxAttempts     int    `json:"max_attempts"`
		MaxIdle         *int64 `json:"max_idle_ms"`
		Mode            string `json:"mode"`
		Proxy           string `json:"proxy"`
		RatePerSecond   int    `json:"rate_per_second"`
		Timeout         *int64 `json:"timeout_ms"`
		Trust           string `json:"trust"`
		UserAgent       string `json:"user_agent"`
		Verify          *bool  `json:"verify"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	isFalse := func(value *bool) bool { return value != nil && !*value }
	if decoder.Decode(&typed) != nil || !isExpressible(text) || isFalse(typed.Verify) {
		return flexcancel.NewFromJSON(text)
	}
	return flexcancel.New(flexcancel.Config{
		APIKey:          typed.APIKey,
		APIKeyEnv:       typed.APIKeyEnv,
		APIKeyFile:      typed.APIKeyFile,
		BaseURL:         typed.BaseURL,
		CAFile:          typed.CAFile,
		ConnectAttempts: typed.ConnectAttempts,
		ConnectTimeout:  millis(typed.ConnectTimeout),
		DNSTTL:          orNever(typed.DNSTTL),
		MaxAttempts:     typed.MaxAttempts,
		MaxIdle:         orNever(typed.MaxIdle),
		Mode:            typed.Mode,
		Proxy:           typed.Proxy,
		RatePerSecond:   typed.RatePerSecond,
		Timeout:         millis(typed.Timeout),
		Trust:           typed.Trust,
		UserAgent:       typed.UserAgent,
		Verify:          typed.Verify != nil,
	})
}

// isExpressible tells whether Config can say it: what is zero there means absent, no number is
// negative or too large for a time, and no key is given twice or in another case.
func isExpressible(text string) bool {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if _, err := decoder.Token(); err != nil {
		return false
	}
	seen := map[string]bool{}
	for decoder.More() {
		name, _ := decoder.Token()
		value, err := decoder.Token()
		key, ok := name.(string)
		if err != nil || !ok || seen[key] || key != strings.ToLower(key) {
			return false
		}
		seen[key] = true
		isTime := key == "max_idle_ms" || key == "dns_ttl_ms"
		if number, ok := value.(json.Number); ok {
			count, err := number.Int64()
			if err != nil || count < 0 || count > 1e9 || count == 0 && !isTime {
				return false
			}
		}
		if value == "" {
			return false
		}
	}
	_, _ = decoder.Token()
	return !decoder.More()
}

func millis(count *int64) time.Duration {
	if count == nil {
		return 0
	}
	return time.Duration(*count) * time.Millisecond
}

func orNever(count *int64) time.Duration {
	if count != nil && *count == 0 {
		return -1
	}
	return millis(count)
}

func readOptions(text string) ([]flexcancel.Option, error) {
	if text == "" {
		return nil, nil
	}
	var read struct {
		Expand         []string `json:"expand"`
		IdempotencyKey *string  `json:"idempotency_key"`
		InDoubt        *bool    `json:"in_doubt"`
		AskedAtMS      *int64   `json:"asked_at_ms"`
		Verify         *bool    `json:"verify"`
		TimeoutMS      *int64   `json:"timeout_ms"`
		MaxAttempts    *int     `json:"max_attempts"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			// What Go's types cannot say does not compile.
			return nil, &flexcancel.Error{
				Outcome: flexcancel.NotApplied,
				Code:    flexcancel.CodeInvalidArgument,
				Message: fmt.Sprintf("%s: expected a %s, found a %s", wrong.Field, wrong.Type, wrong.Value),
			}
		}
		return nil, err
	}
	opts := []flexcancel.Option{flexcancel.WithExpand(read.Expand...)}
	if read.IdempotencyKey != nil {
		opts = append(opts, flexcancel.WithIdempotencyKey(*read.IdempotencyKey))
	}
	if read.InDoubt != nil {
		opts = append(opts, flexcancel.WithInDoubt(*read.InDoubt))
	}
	if read.AskedAtMS != nil {
		opts = append(opts, flexcancel.WithAskedAt(time.UnixMilli(*read.AskedAtMS)))
	}
	if read.Verify != nil {
		opts = append(opts, flexcancel.WithVerify(*read.Verify))
	}
	if read.TimeoutMS != nil {
		opts = append(opts, flexcancel.WithTimeout(millis(read.TimeoutMS)))
	}
	if read.MaxAttempts != nil {
		opts = append(opts, flexcancel.WithMaxAttempts(*read.MaxAttempts))
	}
	return opts, nil
}

// written is the result by its typed values, named as docs/RESULT.md names them.
func written(c *flexcancel.Result) map[string]any {
	attempts := []map[string]any{}
	for _, attempt := range c.Attempts() {
		attempts = append(attempts, map[string]any{
			"operation":   attempt.Operation,
			"reason":      attempt.Reason,
			"phase":       attempt.Phase,
			"http_status": orNull(attempt.HTTPStatus),
			"code":        attempt.Code,
			"elapsed_ms":  attempt.Elapsed.Milliseconds(),
			"request_id":  orNull(attempt.RequestID),
			"count":       attempt.Count,
			"first_ms":    attempt.First.Milliseconds(),
			"last_ms":     attempt.Last.Milliseconds(),
		})
	}
	result := map[string]any{
		"outcome":          c.Outcome.String(),
		"code":             c.Code.String(),
		"hold":             c.Hold().String(),
		"message":          c.Message(),
		"advice":           c.Advice(),
		"retryable":        c.Retryable(),
		"session_id":       orNull(c.SessionID()),
		"idempotency_key":  orNull(c.IdempotencyKey()),
		"repeat":           nil,
		"elapsed_ms":       c.Elapsed().Milliseconds(),
		"http_status":      orNull(c.HTTPStatus()),
		"retry_after_ms":   nil,
		"provider_error":   nil,
		"attempts":         attempts,
		"checkout_session": session(c),
		"outbox":           nil,
	}
	if repeat, ok := c.Repeat(); ok {
		result["repeat"] = repeat
	}
	if entry := c.Entry(); entry != nil {
		result["outbox"] = entry
	}
	if wait, ok := c.RetryAfter(); ok {
		result["retry_after_ms"] = wait.Milliseconds()
	}
	if refusal := c.ProviderError(); refusal != nil {
		result["provider_error"] = map[string]any{
			"code":    orNull(refusal.Code),
			"message": orNull(refusal.Message),
			"body":    refusal.Body,
		}
	}
	return result
}

// session is the typed session; where a documented field has another type, what came.
func session(c *flexcancel.Result) any {
	typed, err := c.Session()
	switch {
	case errors.Is(err, flexcancel.ErrNoSession):
		return nil
	case err != nil:
		return c.RawSession()
	}
	// Not escaped for HTML, which only encoding/json would do.
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(typed) != nil {
		return nil
	}
	return json.RawMessage(bytes.TrimSpace(out.Bytes()))
}

func orNull[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}
