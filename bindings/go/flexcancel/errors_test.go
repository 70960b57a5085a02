package flexcancel_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

var sentinels = map[string]error{
	"unknown":         flexcancel.ErrUnknown,
	"notCancelable":   flexcancel.ErrNotCancelable,
	"notApplied":      flexcancel.ErrNotApplied,
	"aborted":         flexcancel.ErrAborted,
	"closed":          flexcancel.ErrClosed,
	"invalidArgument": flexcancel.ErrInvalidArgument,
	"invalidConfig":   flexcancel.ErrInvalidConfig,
	"timeout":         flexcancel.ErrTimeout,
	"unauthorized":    flexcancel.ErrUnauthorized,
	"notFound":        flexcancel.ErrNotFound,
	"rateLimited":     flexcancel.ErrRateLimited,
	"journalIO":       flexcancel.ErrJournalIO,
	"journalInvalid":  flexcancel.ErrJournalInvalid,
	"journalBusy":     flexcancel.ErrJournalBusy,
	"maxUnknown":      flexcancel.ErrMaxUnknown,
}

// matches are the sentinels that errors.Is finds, also within another error.
func matches(err error) []string {
	var found []string
	for name, sentinel := range sentinels {
		if errors.Is(fmt.Errorf("at the till: %w", err), sentinel) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func TestErrorsIsFindsTheOutcomeAndTheCode(t *testing.T) {
	for _, row := range []struct {
		outcome  flexcancel.Outcome
		code     flexcancel.Code
		expected string
	}{
		{flexcancel.Unknown, flexcancel.CodeTimeout, "timeout unknown"},
		{flexcancel.Unknown, flexcancel.CodeAborted, "aborted unknown"},
		{flexcancel.Unknown, flexcancel.CodeConnectionLost, "unknown"},
		{flexcancel.NotCancelable, flexcancel.CodeNotCancelable, "notCancelable"},
		{flexcancel.NotApplied, flexcancel.CodeAborted, "aborted notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeInvalidHandle, "closed notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeInvalidArgument, "invalidArgument notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeInvalidSessionID, "invalidArgument notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeInvalidConfig, "invalidConfig notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeUnauthorized, "notApplied unauthorized"},
		{flexcancel.NotApplied, flexcancel.CodeForbidden, "notApplied unauthorized"},
		{flexcancel.NotApplied, flexcancel.CodeNotFound, "notApplied notFound"},
		{flexcancel.NotApplied, flexcancel.CodeRateLimited, "notApplied rateLimited"},
		{flexcancel.NotApplied, flexcancel.CodeRejected, "notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeJournalIO, "journalIO notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeJournalInvalid, "journalInvalid notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeJournalBusy, "journalBusy notApplied"},
		{flexcancel.NotApplied, flexcancel.CodeMaxUnknown, "maxUnknown notApplied"},
		{flexcancel.Canceled, flexcancel.CodeOK, ""},
		{flexcancel.AlreadyCanceled, flexcancel.CodeOK, ""},
		// Of a newer library: nothing may be told of it.
		{flexcancel.Outcome(77), flexcancel.Code(777), "unknown"},
	} {
		err := &flexcancel.Error{Outcome: row.outcome, Code: row.code}
		if found := strings.Join(matches(err), " "); found != row.expected {
			t.Errorf("%s/%s matches %q, expected %q", row.outcome, row.code, found, row.expected)
		}
	}
}

func TestErrorsAsGivesOutcomeCodeAndMessage(t *testing.T) {
	c, err := client(t, nil).Cancel(context.Background(), "fcs_none")
	var found *flexcancel.Error
	if !errors.As(fmt.Errorf("at the till: %w", err), &found) {
		t.Fatalf("%T", err)
	}
	if found.Outcome != c.Outcome || found.Code != flexcancel.CodeNotFound ||
		found.Message != c.Message() {
		t.Errorf("%+v", found)
	}
	expected := "flexcancel: not_applied (not_found): " + c.Message()
	if err.Error() != expected {
		t.Errorf("%s, expected %s", err, expected)
	}
}

func TestAConfigurationThatCannotBeUsedIsRefusedByItsFieldsName(t *testing.T) {
	for field, config := range map[string]flexcancel.Config{
		"api_key":            {},
		"api_key_env":        {APIKeyEnv: "FLEXCANCEL_TEST_NO_SUCH_VARIABLE"},
		"api_key_file":       {APIKeyFile: "no/such/file"},
		"base_url":           {APIKey: key, BaseURL: "http://example.com"},
		"ca_file":            {APIKey: key, CAFile: "no/such/file"},
		"connect_attempts":   {APIKey: key, ConnectAttempts: -1},
		"connect_timeout_ms": {APIKey: key, ConnectTimeout: -time.Second},
		"dns_ttl_ms":         {APIKey: key, DNSTTL: math.MaxInt64},
		"max_attempts":       {APIKey: key, MaxAttempts: -1},
		"max_idle_ms":        {APIKey: key, MaxIdle: time.Hour},
		"mode":               {APIKey: key, Mode: "live"},
		"proxy":              {APIKey: key, Proxy: "socks5://localhost"},
		"timeout_ms":         {APIKey: key, Timeout: -1},
		"trust":              {APIKey: key, Trust: "nobody"},
		"user_agent":         {APIKey: key, UserAgent: "a\x00b"},
	} {
		made, err := flexcancel.New(config)
		if made != nil || !errors.Is(err, flexcancel.ErrInvalidConfig) {
			t.Fatalf("%s: %v", field, err)
		}
		if !strings.Contains(err.Error(), field) || strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named, or the key is", field)
		}
	}
	surprise := `{"api_key":"` + key + `","surprise":1}`
	for _, text := range []string{"", "{", surprise, "{}\x00", "\xff"} {
		if _, err := flexcancel.NewFromJSON(text); !errors.Is(err, flexcancel.ErrInvalidConfig) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// idRule is what the library says of every id that cannot be used.
const idRule = "session_id: expected 1 to 255 characters of [A-Za-z0-9_-]"

func TestTheLongestSessionIDIsAsked(t *testing.T) {
	till, longest := client(t, nil), strings.Repeat("x", 255)
	if _, err := till.Retrieve(context.Background(), longest); !errors.Is(err, flexcancel.ErrNotFound) {
		t.Error(err)
	}
	ids := []string{longest, longest + "x"}
	for item, c := range till.CancelMany(context.Background(), slices.Values(ids)) {
		if isLong := item.Number == 1; isLong != strings.Contains(c.Message(), idRule) {
			t.Errorf("%d: %s", item.Number, c.Message())
		}
	}
}

func TestAnArgumentThatCannotBeUsedIsNamedAndNothingIsSent(t *testing.T) {
	till, id := client(t, nil), held(t)
	type call = func(*flexcancel.Client, context.Context, string, ...flexcancel.Option) (
		*flexcancel.Result, error)
	var cancel, retrieve call = (*flexcancel.Client).Cancel, (*flexcancel.Client).Retrieve
	for _, row := range []struct {
		named string
		call  call
		id    string
		opt   flexcancel.Option
	}{
		{"session_id", cancel, id + "\x00", nil},
		{"session_id", cancel, "", nil},
		{"session_id", cancel, "\xff", nil},
		{idRule, cancel, "", nil},
		{idRule, cancel, "fcs_\x00", nil},
		{idRule, cancel, "é", nil},
		{idRule, cancel, strings.Repeat("x", 256), nil},
		{idRule, retrieve, strings.Repeat("x", 70_000), nil},
		{"timeout_ms", cancel, id, flexcancel.WithTimeout(0)},
		{"timeout_ms", cancel, id, flexcancel.WithTimeout(-time.Second)},
		{"timeout_ms", cancel, id, flexcancel.WithTimeout(time.Hour)},
		{"max_attempts", cancel, id, flexcancel.WithMaxAttempts(0)},
		{"idempotency_key", cancel, id, flexcancel.WithIdempotencyKey("a\x00b")},
		{"idempotency_key", cancel, id, flexcancel.WithIdempotencyKey("\xff")},
		{"idempotency_key", cancel, id, flexcancel.WithIdempotencyKey("")},
		{"idempotency_key", retrieve, id, flexcancel.WithIdempotencyKey("a")},
		{"expand", cancel, id, flexcancel.WithExpand("a,b")},
		{"expand[1]", cancel, id, flexcancel.WithExpand("a", "\xff")},
	} {
		var opts []flexcancel.Option
		if row.opt != nil {
			opts = append(opts, row.opt)
		}
		c, err := row.call(till, context.Background(), row.id, opts...)
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !errors.Is(err, flexcancel.ErrNotApplied) {
			t.Errorf("%s: %v", row.named, err)
		} else if !strings.Contains(err.Error(), row.named) {
			t.Errorf("%s is not named: %v", row.named, err)
		}
		if c != nil && len(c.Attempts()) != 0 {
			t.Errorf("%s: %s", row.named, c.JSON())
		}
	}
	if sent := requests(t, id); sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
	expectTruth(t, id, "held", 0, 0)
}

func TestTheKeyMayComeFromTheEnvironmentOrAFile(t *testing.T) {
	t.Setenv("FLEXCANCEL_TEST_KEY", key)
	file := t.TempDir() + "/key"
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []flexcancel.Config{
		{APIKeyEnv: "FLEXCANCEL_TEST_KEY", BaseURL: sandboxURL(t)},
		{APIKeyFile: file, BaseURL: sandboxURL(t), Mode: "test", MaxIdle: -1, DNSTTL: -1},
	} {
		till, err := flexcancel.New(config)
		if err != nil {
			t.Fatal(err)
		}
		id := held(t)
		c, _ := till.Cancel(context.Background(), id)
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		_ = till.Close()
		expectTruth(t, id, "released", 1, 1)
	}
}
