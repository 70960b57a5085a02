//go:build cgo

package flexcancel

import (
	"encoding/json"
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

// Repeat gives itself. It is false for the zero Repeat.
func (r Repeat) Repeat() (Repeat, bool) { return r, r.IdempotencyKey != "" }

// repeatJSON is Repeat as docs/RESULT.md names its fields.
type repeatJSON struct {
	IdempotencyKey string `json:"idempotency_key"`
	InDoubt        bool   `json:"in_doubt"`
	AskedAtMS      int64  `json:"asked_at_ms"`
}

// MarshalJSON writes it as the result's JSON has it.
func (r Repeat) MarshalJSON() ([]byte, error) {
	return json.Marshal(repeatJSON{r.IdempotencyKey, r.InDoubt, r.AskedAt.UnixMilli()})
}

// UnmarshalJSON reads the result's `repeat`.
func (r *Repeat) UnmarshalJSON(data []byte) error {
	var read repeatJSON
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*r = Repeat{read.IdempotencyKey, read.InDoubt, time.UnixMilli(read.AskedAtMS)}
	return nil
}

// Repeat gives the options that repeat this cancel: there are some where the outcome is [Unknown]
// or [NotApplied] and the arguments were usable. [WithRepeat] takes the Result itself.
func (r *Result) Repeat() (Repeat, bool) {
	var repeat Repeat
	text := r.get().repeat
	ok := len(text) > 0 && json.Unmarshal(text, &repeat) == nil
	return repeat, ok
}

// Repeat is that of the [Result] beside the error.
func (e *Error) Repeat() (Repeat, bool) {
	if e == nil || e.repeat == nil {
		return Repeat{}, false
	}
	return *e.repeat, true
}
