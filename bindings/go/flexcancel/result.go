//go:build cgo

package flexcancel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Result is what a call about a session came to. It is safe for use by many goroutines. The methods
// of a nil Result give zero values.
type Result struct {
	// Outcome is what is known of the cancel.
	Outcome Outcome
	// Code says why.
	Code Code

	native nativeResult
	// Both are read when they are first asked for: most callers need neither.
	details struct {
		read  sync.Once
		value details
	}
	session struct {
		read  sync.Once
		value *CheckoutSession
		err   error
	}
}

// details are named as docs/RESULT.md has them.
type details struct {
	Retryable     bool           `json:"retryable"`
	ElapsedMS     int64          `json:"elapsed_ms"`
	HTTPStatus    int            `json:"http_status"`
	RetryAfterMS  *int64         `json:"retry_after_ms"`
	ProviderError *ProviderError `json:"provider_error"`
	Attempts      []Attempt      `json:"attempts"`
	Outbox        outboxView     `json:"outbox"`
	Item          bulkItemView   `json:"item"`
	Bulk          bulkSummary    `json:"bulk"`
}

// Attempt is one attempt at a round trip to the service.
type Attempt struct {
	// Operation is "cancel" or "retrieve".
	Operation string
	// Reason is why it was made, like "first attempt".
	Reason string
	// Phase is how far it came; from "sending" on the request may have reached Flex.
	Phase string
	// HTTPStatus is that of its response; 0 if no whole response came.
	HTTPStatus int
	// Code is what became of it, by its name in the result's JSON.
	Code string
	// Elapsed is how long it took, in whole milliseconds.
	Elapsed time.Duration
	// RequestID is Flex's name for the round trip, for a support ticket; empty if it has none.
	RequestID string
	// Count is how many equal attempts in a row it stands for; more than 1 only if they sent nothing.
	Count int
	// First is when the first of them began, since the call began.
	First time.Duration
	// Last is when the last of them began, since the call began.
	Last time.Duration
}

// attemptJSON is Attempt as docs/RESULT.md names its fields.
type attemptJSON struct {
	Operation  string  `json:"operation"`
	Reason     string  `json:"reason"`
	Phase      string  `json:"phase"`
	HTTPStatus *int    `json:"http_status"`
	Code       string  `json:"code"`
	ElapsedMS  int64   `json:"elapsed_ms"`
	RequestID  *string `json:"request_id"`
	Count      int     `json:"count"`
	FirstMS    int64   `json:"first_ms"`
	LastMS     int64   `json:"last_ms"`
}

// MarshalJSON writes it as the result's JSON has it.
func (a Attempt) MarshalJSON() ([]byte, error) {
	written := attemptJSON{a.Operation, a.Reason, a.Phase, nil, a.Code, a.Elapsed.Milliseconds(),
		orNull(a.RequestID), a.Count, a.First.Milliseconds(), a.Last.Milliseconds()}
	if a.HTTPStatus != 0 {
		written.HTTPStatus = &a.HTTPStatus
	}
	return json.Marshal(written)
}

// UnmarshalJSON reads one of the result's attempts. JSON's null changes nothing.
func (a *Attempt) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var read attemptJSON
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*a = Attempt{read.Operation, read.Reason, read.Phase, 0, read.Code,
		time.Duration(read.ElapsedMS) * time.Millisecond, orEmpty(read.RequestID), read.Count,
		time.Duration(read.FirstMS) * time.Millisecond, time.Duration(read.LastMS) * time.Millisecond}
	if read.HTTPStatus != nil {
		a.HTTPStatus = *read.HTTPStatus
	}
	return nil
}

// ProviderError is what Flex, or somebody on the way to it, said when it last refused.
type ProviderError struct {
	// Code is the machine-readable reason; empty if the body has none.
	Code string `json:"code"`
	// Message is the reason in words; empty if the body has none.
	Message string `json:"message"`
	// Body is the beginning of the body as it came.
	Body string `json:"body"`
}

func newResult(native nativeResult) *Result {
	return &Result{Outcome: native.outcome, Code: native.code, native: native}
}

// withMessage is the result with another message, in its JSON, too; the order of the fields stays.
func (r *Result) withMessage(message string) *Result {
	native := r.native
	native.wholeJSON = bytes.Replace(native.wholeJSON, messageField(native.message),
		messageField(message), 1)
	native.message = message
	return newResult(native)
}

// messageField is a message as it stands in the library's JSON, which escapes nothing for HTML.
func messageField(message string) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	// A text can always be written. A line's end follows it.
	_ = encoder.Encode(message)
	return append([]byte(`"message":`), bytes.TrimSpace(text.Bytes())...)
}

func (r *Result) err(ended []error) error {
	refusal := &Error{Outcome: r.Outcome, Code: r.Code, Message: r.Message(), context: ended}
	if repeat, ok := r.Repeat(); ok {
		refusal.repeat = &repeat
	}
	return refusal
}

func (r *Result) get() nativeResult {
	if r == nil {
		return nativeResult{}
	}
	return r.native
}

func (r *Result) detail() *details {
	if r == nil {
		return new(details)
	}
	r.details.read.Do(func() {
		// The library's own JSON can always be read; what cannot stays empty, beside an outcome
		// that stands.
		_ = json.Unmarshal(r.native.wholeJSON, &r.details.value)
	})
	return &r.details.value
}

// String is one line for a log: outcome, code and message.
func (r *Result) String() string {
	if r == nil {
		return "no result"
	}
	return fmt.Sprintf("%s (%s): %s", r.Outcome, r.Code, r.Message())
}

// Format is String for every verb: others would print the fields.
func (r *Result) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, r.String()) }

// MarshalJSON is [Result.JSON]; null for a nil Result.
func (r *Result) MarshalJSON() ([]byte, error) {
	if text := r.JSON(); len(text) > 0 {
		return text, nil
	}
	return []byte("null"), nil
}

// Hold is what is known of the money itself.
func (r *Result) Hold() Hold { return r.get().hold }

// Message is one line for a log.
func (r *Result) Message() string { return r.get().message }

// Advice is one line for a person: what to do now.
func (r *Result) Advice() string { return r.get().advice }

// Retryable is true if the same call may well go better later, without any change.
func (r *Result) Retryable() bool { return r.detail().Retryable }

// SessionID is the session's id as it was given; empty if it was not usable.
func (r *Result) SessionID() string { return r.get().sessionID }

// IdempotencyKey is the key that every send carried; empty if there was none to send. [WithRepeat]
// repeats the cancel.
func (r *Result) IdempotencyKey() string { return r.get().idempotencyKey }

// Elapsed is how long the call took, in whole milliseconds.
func (r *Result) Elapsed() time.Duration {
	return time.Duration(r.detail().ElapsedMS) * time.Millisecond
}

// HTTPStatus is that of the last attempt; 0 if no whole response came.
func (r *Result) HTTPStatus() int { return r.detail().HTTPStatus }

// RetryAfter is how long the last response asked to be left alone, and whether it did.
func (r *Result) RetryAfter() (time.Duration, bool) {
	ms := r.detail().RetryAfterMS
	if ms == nil {
		return 0, false
	}
	return time.Duration(*ms) * time.Millisecond, true
}

// ProviderError is what the provider said when it last refused, or nil.
func (r *Result) ProviderError() *ProviderError { return r.detail().ProviderError }

// Attempts is every attempt at a round trip to the service, in order. It is shared: only to read.
func (r *Result) Attempts() []Attempt { return r.detail().Attempts }

// RawSession is the session exactly as Flex wrote it, or nil. It is shared: only to read.
func (r *Result) RawSession() json.RawMessage {
	if raw := r.get().checkoutSession; len(raw) > 0 {
		return raw
	}
	return nil
}

// ErrNoSession is given where no response brought the session.
var ErrNoSession = errors.New("flexcancel: no response brought the session")

// Session is the session, typed. The error is [ErrNoSession], or names the documented field that
// has another type than the documented one; the outcome does not depend on it.
func (r *Result) Session() (*CheckoutSession, error) {
	if r == nil {
		return nil, ErrNoSession
	}
	r.session.read.Do(func() {
		raw := r.RawSession()
		if raw == nil {
			r.session.err = ErrNoSession
			return
		}
		session := new(CheckoutSession)
		if r.session.err = session.UnmarshalJSON(raw); r.session.err == nil {
			r.session.value = session
		}
	})
	return r.session.value, r.session.err
}

// JSON is everything about the call as the project's docs/RESULT.md describes it. It is shared:
// only to read.
func (r *Result) JSON() json.RawMessage { return r.get().wholeJSON }
