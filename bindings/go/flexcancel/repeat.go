//go:build cgo

package flexcancel

import (
	"encoding/json"
	"fmt"
	"time"
)

// Repeat has the options that repeat a cancel. Its JSON is the same in every language of the
// library: a till may store it with the sale, and repeat the cancel after a restart.
type Repeat struct {
	// IdempotencyKey is the key that every request of the cancel carries.
	IdempotencyKey string
	// InDoubt is true if an earlier request with this key may have reached Flex.
	InDoubt bool
	// AskedAt is when the cancel was asked for, in whole milliseconds.
	AskedAt time.Time
}

// Repeatable is what [WithRepeat] takes: a [*Result], an [*Error], or the [Repeat] that a
// till has kept.
type Repeatable interface {
	// Repeat gives the options that repeat the cancel, and whether there are any.
	Repeat() (Repeat, bool)
}

// Repeat gives itself. It is false for a Repeat without a key or without AskedAt, like the zero one:
// that is no whole one, so that its InDoubt may be missing, too.
func (r Repeat) Repeat() (Repeat, bool) {
	return r, r.IdempotencyKey != "" && !r.AskedAt.IsZero()
}

// repeatJSON is Repeat as docs/RESULT.md names its fields.
type repeatJSON struct {
	IdempotencyKey *string `json:"idempotency_key"`
	InDoubt        *bool   `json:"in_doubt"`
	AskedAtMS      *int64  `json:"asked_at_ms"`
}

// MarshalJSON writes it as the result's JSON has it.
func (r Repeat) MarshalJSON() ([]byte, error) {
	ms := r.AskedAt.UnixMilli()
	return json.Marshal(repeatJSON{&r.IdempotencyKey, &r.InDoubt, &ms})
}

// UnmarshalJSON reads the result's `repeat`, whole: the error names the field that is missing, null
// or of another type. After an error it is the zero Repeat, which [WithRepeat] refuses. JSON's null
// changes nothing and is no error, as everywhere in Go.
func (r *Repeat) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	*r = Repeat{}
	var read repeatJSON
	var other map[string]json.RawMessage
	if err := readRecord(data, &read, &other); err != nil {
		return fmt.Errorf("flexcancel: repeat: %w", err)
	}
	switch {
	case read.IdempotencyKey == nil:
		return fieldMissing("repeat", "idempotency_key")
	case read.InDoubt == nil:
		return fieldMissing("repeat", "in_doubt")
	case read.AskedAtMS == nil:
		return fieldMissing("repeat", "asked_at_ms")
	}
	*r = Repeat{*read.IdempotencyKey, *read.InDoubt, at(read.AskedAtMS)}
	return nil
}

// Repeat gives the options that repeat this cancel: there are some where the outcome is [Unknown]
// or [NotApplied] and the arguments were usable. [WithRepeat] takes the Result itself.
func (r *Result) Repeat() (Repeat, bool) {
	var repeat Repeat
	if text := r.get().repeat; len(text) > 0 {
		// What cannot be read stays zero: nothing to repeat.
		_ = json.Unmarshal(text, &repeat)
	}
	return repeat.Repeat()
}

// Repeat is that of the [Result] beside the error.
func (e *Error) Repeat() (Repeat, bool) {
	if e == nil || e.repeat == nil {
		return Repeat{}, false
	}
	return *e.repeat, true
}
