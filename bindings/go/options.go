package flexcancel

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Option is an option of one call; it goes before the client's configuration.
type Option func(*options)

type options struct {
	Expand         []string `json:"expand,omitempty"`
	IdempotencyKey *string  `json:"idempotency_key,omitempty"`
	TimeoutMS      *int64   `json:"timeout_ms,omitempty"`
	MaxAttempts    *int     `json:"max_attempts,omitempty"`
}

// WithExpand asks for related objects in full in the answer. Flex does not document the names.
func WithExpand(names ...string) Option {
	return func(o *options) { o.Expand = append(o.Expand, names...) }
}

// WithIdempotencyKey is the key that every send of this cancel carries; one is made if it is not
// given. Give the key of an earlier result to repeat that cancel. Refused by Retrieve.
func WithIdempotencyKey(key string) Option {
	return func(o *options) { o.IdempotencyKey = &key }
}

// WithTimeout is the deadline of this call, in whole milliseconds; less than one counts as one,
// and zero is refused. Where the context has a deadline too, the earlier one counts.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) {
		ms := millis(timeout)
		if ms == nil {
			ms = new(int64)
		}
		o.TimeoutMS = ms
	}
}

// WithMaxAttempts is the most times that this cancel is sent.
func WithMaxAttempts(count int) Option {
	return func(o *options) { o.MaxAttempts = &count }
}

// within sets the time that the context leaves, unless the call has less anyway.
func (o *options) within(left, configured time.Duration) {
	if o.TimeoutMS != nil {
		configured = time.Duration(*o.TimeoutMS) * time.Millisecond
	}
	if left < configured {
		ms := max(left.Milliseconds(), 1)
		o.TimeoutMS = &ms
	}
}

// text is nil for no options: the library takes NULL for that. What is not UTF-8 is refused here,
// because encoding/json would put another character in its place.
func (o *options) text() ([]byte, error) {
	for i, name := range o.Expand {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("expand[%d]: expected UTF-8", i)
		}
	}
	if o.IdempotencyKey != nil && !utf8.ValidString(*o.IdempotencyKey) {
		return nil, errors.New("idempotency_key: expected UTF-8")
	}
	if len(o.Expand) == 0 && o.IdempotencyKey == nil && o.TimeoutMS == nil && o.MaxAttempts == nil {
		return nil, nil
	}
	bytes, err := json.Marshal(o)
	return append(bytes, 0), err
}
