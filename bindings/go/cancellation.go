package flexcancel

import (
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Cancellation is what a call came to. Outcome and code are there at once; everything else is
// read from the result's JSON when it is first asked for. It is safe for use by many goroutines.
type Cancellation struct {
	// Outcome is what is known of the cancel.
	Outcome Outcome
	// Code says why.
	Code Code

	json []byte
	// Both are read when they are first asked for: most callers need the outcome only.
	details struct {
		read  sync.Once
		value *details
	}
	session struct {
		read  sync.Once
		value *CheckoutSession
		err   error
	}
}

// details are named as docs/RESULT.md has them.
type details struct {
	Hold           Hold            `json:"hold"`
	Message        string          `json:"message"`
	Advice         string          `json:"advice"`
	Retryable      bool            `json:"retryable"`
	SessionID      string          `json:"session_id"`
	IdempotencyKey string          `json:"idempotency_key"`
	Repeat         *Repeat         `json:"repeat"`
	ElapsedMS      int64           `json:"elapsed_ms"`
	HTTPStatus     int             `json:"http_status"`
	RetryAfterMS   *int64          `json:"retry_after_ms"`
	ProviderError  *ProviderError  `json:"provider_error"`
	Attempts       []Attempt       `json:"attempts"`
	Session        json.RawMessage `json:"checkout_session"`
	Outbox         *outboxView     `json:"outbox"`
}

// Attempt is one attempt at a round trip to the service.
type Attempt struct {
	// Operation is "cancel" or "retrieve".
	Operation string
	// Reason is why it was made, like "first attempt".
	Reason string
	// Phase is how far it came; from "sending" on the request may have reached Flex.
	Phase string
	// HTTPStatus is that of its answer; 0 if no whole answer came.
	HTTPStatus int
	// Code is what became of it, by its name in the result's JSON.
	Code string
	// Elapsed is how long it took, in whole milliseconds.
	Elapsed time.Duration
	// RequestID is Flex's name for the exchange, for a support ticket; empty if it has none.
	RequestID string
}

// UnmarshalJSON reads one of the result's attempts.
func (a *Attempt) UnmarshalJSON(data []byte) error {
	var read struct {
		Operation  string `json:"operation"`
		Reason     string `json:"reason"`
		Phase      string `json:"phase"`
		HTTPStatus int    `json:"http_status"`
		Code       string `json:"code"`
		ElapsedMS  int64  `json:"elapsed_ms"`
		RequestID  string `json:"request_id"`
	}
	if err := readFields(data, &read, func(string, []byte) {}); err != nil {
		return err
	}
	*a = Attempt{read.Operation, read.Reason, read.Phase, read.HTTPStatus, read.Code,
		time.Duration(read.ElapsedMS) * time.Millisecond, read.RequestID}
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

func newCancellation(answer answer) *Cancellation {
	return &Cancellation{Outcome: answer.outcome, Code: answer.code, json: answer.json}
}

func (c *Cancellation) err(ended []error) error {
	return &Error{c.Outcome, c.Code, c.Message(), ended, c.detail().Repeat}
}

func (c *Cancellation) detail() *details {
	c.details.read.Do(func() {
		c.details.value = new(details)
		// The library's own JSON can always be read; what cannot stays empty, beside an outcome
		// that stands.
		_ = readFields(c.json, c.details.value, func(string, []byte) {})
	})
	return c.details.value
}

// Hold is what is known of the money itself.
func (c *Cancellation) Hold() Hold { return c.detail().Hold }

// Message is one line for a log.
func (c *Cancellation) Message() string { return c.detail().Message }

// Advice is one line for a person: what to do now.
func (c *Cancellation) Advice() string { return c.detail().Advice }

// Retryable is true if the same call may well go better later, without any change.
func (c *Cancellation) Retryable() bool { return c.detail().Retryable }

// SessionID is the session's id as it was given; empty if it was not usable.
func (c *Cancellation) SessionID() string { return c.detail().SessionID }

// IdempotencyKey is the key that every send carried; empty if there was none to send. [WithRepeat]
// repeats the cancel.
func (c *Cancellation) IdempotencyKey() string { return c.detail().IdempotencyKey }

// Elapsed is how long the call took, in whole milliseconds.
func (c *Cancellation) Elapsed() time.Duration {
	return time.Duration(c.detail().ElapsedMS) * time.Millisecond
}

// HTTPStatus is that of the last attempt; 0 if no whole answer came.
func (c *Cancellation) HTTPStatus() int { return c.detail().HTTPStatus }

// RetryAfter is how long the last answer asked to be left alone, and whether it did.
func (c *Cancellation) RetryAfter() (time.Duration, bool) {
	ms := c.detail().RetryAfterMS
	if ms == nil {
		return 0, false
	}
	return time.Duration(*ms) * time.Millisecond, true
}

// ProviderError is what the provider said when it last refused, or nil.
func (c *Cancellation) ProviderError() *ProviderError { return c.detail().ProviderError }

// Attempts is every attempt at a round trip to the service, in order. It is shared: only to read.
func (c *Cancellation) Attempts() []Attempt { return c.detail().Attempts }

// RawSession is the session exactly as Flex wrote it, or nil. It is shared: only to read.
func (c *Cancellation) RawSession() json.RawMessage {
	raw := c.detail().Session
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// ErrNoSession is given where no answer brought the session.
var ErrNoSession = errors.New("flexcancel: no answer brought the session")

// Session is the session, typed. The error is [ErrNoSession], or names the documented field that
// has another type than the documented one; the outcome does not depend on it.
func (c *Cancellation) Session() (*CheckoutSession, error) {
	c.session.read.Do(func() {
		raw := c.RawSession()
		if raw == nil {
			c.session.err = ErrNoSession
			return
		}
		session := new(CheckoutSession)
		if c.session.err = session.UnmarshalJSON(raw); c.session.err == nil {
			c.session.value = session
		}
	})
	return c.session.value, c.session.err
}

// JSON is everything about the call as the project's docs/RESULT.md describes it. It is shared:
// only to read.
func (c *Cancellation) JSON() json.RawMessage { return c.json }
