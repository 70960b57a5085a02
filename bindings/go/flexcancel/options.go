//go:build cgo

package flexcancel

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"
)

// Option is an option of one call; it goes before the client's configuration. A call with a nil
// option is refused with [ErrInvalidArgument], by its place, and asserts nothing ([Unknown]): it may
// be what is left of a [WithRepeat]. So are the nil options of every other kind.
type Option func(*options)

type options struct {
	Expand         []string `json:"expand,omitempty"`
	IdempotencyKey *string  `json:"idempotency_key,omitempty"`
	InDoubt        *bool    `json:"in_doubt,omitempty"`
	AskedAtMS      *int64   `json:"asked_at_ms,omitempty"`
	Verify         *bool    `json:"verify,omitempty"`
	TimeoutMS      *int64   `json:"timeout_ms,omitempty"`
	MaxAttempts    *int     `json:"max_attempts,omitempty"`
	outboxKeys
	bulkKeys
	// unusable is why an option cannot be handed over, if one cannot.
	unusable error
	// lost is the same of what may have been to repeat a cancel, whose doubt is lost with it.
	lost error
}

// outboxKeys are of an outbox's calls only.
type outboxKeys struct {
	DeliverWithinMS *int64 `json:"deliver_within_ms,omitempty"`
	LeaseMS         *int64 `json:"lease_ms,omitempty"`
	Max             *int   `json:"max,omitempty"`
	Now             *bool  `json:"now,omitempty"`
}

func newOptions(opts []Option) *options {
	return collect(opts, func(opt Option, to *options) { opt(to) })
}

// collect has each option set what it is about. A nil one may be what is left of a WithRepeat.
func collect[O any](opts []O, set func(O, *options)) *options {
	given := new(options)
	for i, opt := range opts {
		if isNil(opt) {
			given.lost = nilOption(i)
		} else {
			set(opt, given)
		}
	}
	return given
}

func nilOption(i int) error {
	return fmt.Errorf("options[%d]: expected an Option, found nil", i)
}

// isNil is true of nil, and of what holds or points to nothing else.
func isNil(of any) bool {
	value := reflect.ValueOf(of)
	for value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return value.IsNil()
	default:
		return false
	}
}

// WithExpand asks for related objects in full in the response. Flex does not document the names.
func WithExpand(names ...string) Option {
	return func(o *options) { o.Expand = append(o.Expand, names...) }
}

// WithRepeat repeats a cancel that ended [Unknown], or that was [NotApplied], as the same cancel:
//
//	c, err := client.Cancel(ctx, id)
//	if errors.Is(err, flexcancel.ErrUnknown) {
//		c, err = client.Cancel(ctx, id, flexcancel.WithRepeat(c))
//	}
//
// It sets the idempotency key, whether an earlier request may have reached Flex, and when the
// cancel was asked for. [Outbox.Cancel] and [Outbox.Enqueue] take it, too: so is an unknown cancel
// handed over. If there is nothing to repeat (also for nil, a nil pointer, and a [Repeat] without
// a key or without AskedAt), the call is refused with [ErrInvalidArgument] and asserts nothing
// ([Unknown]): a new cancel in its place would not know of the earlier request.
func WithRepeat(of Repeatable) Option {
	return func(o *options) {
		repeat, ok := Repeat{}, false
		if !isNil(of) {
			repeat, ok = of.Repeat()
		}
		if ok {
			repeat, ok = repeat.Repeat()
		}
		if !ok {
			o.lost = errors.New("repeat: expected a cancel that can be repeated")
			return
		}
		WithIdempotencyKey(repeat.IdempotencyKey)(o)
		WithInDoubt(repeat.InDoubt)(o)
		WithAskedAt(repeat.AskedAt)(o)
	}
}

// WithIdempotencyKey is the key that every request of this cancel carries; one is made if it is
// not given. To repeat a cancel, use [WithRepeat]; with a key of one's own that was not used
// before, add WithInDoubt(false). Refused by Retrieve.
func WithIdempotencyKey(key string) Option {
	return func(o *options) { o.IdempotencyKey = &key }
}

// WithInDoubt says whether an earlier request with this idempotency key may have reached Flex;
// true unless given, where a key is. A call in doubt reads the session before it sends anything,
// and is never [NotApplied]. Refused by Retrieve, and true without a key by Cancel.
func WithInDoubt(is bool) Option {
	return func(o *options) { o.InDoubt = &is }
}

// WithAskedAt is when a person asked for this cancel, by this machine's clock; now unless given. A
// hold that was made later is not released ([CodeNewerHold]). Refused by Retrieve.
func WithAskedAt(at time.Time) Option {
	return func(o *options) {
		ms := at.UnixMilli()
		o.AskedAtMS = &ms
	}
}

// WithVerify says whether a confirmation that does not itself show the release is checked by one
// read-back; as the client's Config unless given. Refused by Retrieve.
func WithVerify(reads bool) Option {
	return func(o *options) { o.Verify = &reads }
}

// WithTimeout is the deadline of this call, in whole milliseconds; less than one is refused. Where
// the context has a deadline too, the earlier one counts.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.TimeoutMS = o.time("timeout_ms", timeout) }
}

// WithMaxAttempts is the most times that this cancel is sent.
func WithMaxAttempts(count int) Option {
	return func(o *options) { o.MaxAttempts = &count }
}

// time is a time that was given, where zero is a time too.
func (o *options) time(field string, d time.Duration) *int64 {
	if err := tooShort(field, d); err != nil {
		o.unusable = err
	}
	return orZero(d)
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
	if o.lost != nil {
		return nil, o.lost
	}
	if o.unusable != nil {
		return nil, o.unusable
	}
	for i, name := range o.Expand {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("expand[%d]: expected UTF-8", i)
		}
	}
	if o.IdempotencyKey != nil && !utf8.ValidString(*o.IdempotencyKey) {
		return nil, errors.New("idempotency_key: expected UTF-8")
	}
	if err := o.bulkKeys.check(); err != nil {
		return nil, err
	}
	bytes, err := json.Marshal(o)
	if string(bytes) == "{}" {
		return nil, nil
	}
	return append(bytes, 0), err
}

// refuse is the error of a call that the library is not asked to make. Nothing was sent; but an
// earlier request that such a call was to repeat may have had its effect.
func (o *options) refuse(code Code, message string) *Error {
	refusal := &Error{Outcome: NotApplied, Code: code, Message: message}
	// Doubt without a key is what is left of a repetition.
	if o.lost != nil || o.InDoubt != nil && *o.InDoubt && o.IdempotencyKey == nil {
		refusal.Outcome = Unknown
		return refusal
	}
	// A key that no request can carry was never used.
	isUsed := o.IdempotencyKey != nil && utf8.ValidString(*o.IdempotencyKey)
	if isUsed && (o.InDoubt == nil || *o.InDoubt) {
		refusal.Outcome = Unknown
		refusal.repeat = &Repeat{IdempotencyKey: *o.IdempotencyKey, InDoubt: true, AskedAt: time.Now()}
		if o.AskedAtMS != nil {
			refusal.repeat.AskedAt = time.UnixMilli(*o.AskedAtMS)
		}
	}
	return refusal
}
