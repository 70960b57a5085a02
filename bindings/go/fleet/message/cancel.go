package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Cancel is a cancel that an outbox has handed over.
type Cancel struct {
	V              int      `json:"v"`
	SessionID      string   `json:"session_id"`
	IdempotencyKey string   `json:"idempotency_key"`
	Target         string   `json:"target"`
	BaseURL        string   `json:"base_url"`
	Mode           string   `json:"mode"`
	Expand         []string `json:"expand,omitempty"`
	AskedAtMS      int64    `json:"asked_at_ms"`
	NotAfterMS     int64    `json:"not_after_ms"`
	InDoubt        bool     `json:"in_doubt"`
	Till           string   `json:"till"`
	OutboxEntry    int64    `json:"outbox_entry"`
	Entry          string   `json:"entry"`
}

// AskedAt is when the cancel was asked for.
func (c *Cancel) AskedAt() time.Time { return time.UnixMilli(c.AskedAtMS) }

// NotAfter is from when on it is not delivered any more.
func (c *Cancel) NotAfter() time.Time { return time.UnixMilli(c.NotAfterMS) }

// Subject is where it waits.
func (c *Cancel) Subject() string { return CancelSubject(c.Target, c.SessionID) }

// Encode writes a cancel that is complete.
func (c Cancel) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	data, err := json.Marshal(c)
	if err == nil && len(data) > MaxBytes {
		err = fmt.Errorf("a message of %d bytes: expected at most %d", len(data), MaxBytes)
	}
	return data, err
}

// DecodeCancel reads a cancel that was found under a subject. The error says what is wrong with it,
// and shows nothing of it.
func DecodeCancel(subject string, data []byte) (Cancel, error) {
	var c Cancel
	switch {
	case len(data) > MaxBytes:
		return c, fmt.Errorf("%d bytes: expected at most %d", len(data), MaxBytes)
	case !utf8.Valid(data):
		return c, errors.New("expected UTF-8")
	}
	var head struct {
		V *int `json:"v"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return c, fmt.Errorf("not the JSON of a cancel: %s", kind(err))
	}
	if head.V == nil || *head.V != Version {
		return c, fmt.Errorf("v: expected %d", Version)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("not the JSON of a cancel: %s", kind(err))
	}
	if err := c.check(); err != nil {
		return c, err
	}
	if c.Subject() != subject {
		return c, errors.New("target or session_id: another than the subject's")
	}
	return c, nil
}

// kind is what is wrong with JSON, without its text.
func kind(err error) string {
	var value *json.UnmarshalTypeError
	if errors.As(err, &value) {
		return fmt.Sprintf("%s: expected another type than %s", value.Field, strings.Fields(value.Value)[0])
	}
	return "a syntax error"
}

func (c *Cancel) check() error {
	switch {
	case c.V != Version:
		return fmt.Errorf("v: expected %d", Version)
	case !isToken(c.SessionID):
		return errors.New("session_id: expected 1 to 255 characters of [A-Za-z0-9_-]")
	case !isKey(c.IdempotencyKey):
		return errors.New("idempotency_key: expected 1 to 255 visible ASCII characters, no blanks")
	case c.Entry != EntryID(c.IdempotencyKey):
		return errors.New("entry: another than that of the idempotency_key")
	case !isToken(c.Target):
		return errors.New("target: expected 1 to 255 characters of [A-Za-z0-9_-]")
	case c.BaseURL == "":
		return errors.New("base_url: expected the service's URL")
	case c.Mode != "" && c.Mode != "test" && c.Mode != "live":
		return errors.New("mode: expected test, live or nothing")
	case c.AskedAtMS <= 0:
		return errors.New("asked_at_ms: expected when the cancel was asked for")
	case c.NotAfterMS <= 0:
		return errors.New("not_after_ms: expected until when to deliver the cancel")
	case c.Till == "" || len(c.Till) > 255 || !utf8.ValidString(c.Till):
		return errors.New("till: expected 1 to 255 bytes")
	}
	return nil
}
