//go:build cgo

package flexcancel

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"
)

// OutboxOption is an option of [Client.OpenOutbox].
type OutboxOption func(*outboxOptions)

type outboxOptions struct {
	Path   string `json:"path"`
	Create *bool  `json:"create,omitempty"`
	KeepMS *int64 `json:"keep_ms,omitempty"`
	// unusable is why an option cannot be handed over, if one cannot.
	unusable error
}

// WithoutCreate has opening fail with [ErrOutboxIO] if the file is not there; otherwise it is made.
func WithoutCreate() OutboxOption {
	return func(o *outboxOptions) { o.Create = new(bool) }
}

// WithKeep is how long delivered and acknowledged entries stay in the file after their end; 30 days
// unless given. A flush forgets older ones.
func WithKeep(keep time.Duration) OutboxOption {
	return func(o *outboxOptions) { o.KeepMS, o.unusable = orZero(keep), tooShort("keep_ms", keep) }
}

// EnqueueOption is an option of [Outbox.Cancel] or [Outbox.Enqueue]: [WithDeliverWithin], or an
// [Option]. The library refuses, by name, an Option that makes no sense there.
type EnqueueOption interface{ enqueue(*options) }

// FlushOption is an option of [Outbox.Flush]: [WithMax], [WithNow], or [WithTimeout]. The library
// refuses any other [Option] by name.
type FlushOption interface{ flush(*options) }

func (o Option) enqueue(to *options) { o(to) }
func (o Option) flush(to *options)   { o(to) }

type enqueueOption func(*options)

func (o enqueueOption) enqueue(to *options) { o(to) }

type flushOption func(*options)

func (o flushOption) flush(to *options) { o(to) }

// ClaimOption is an option of [Outbox.Claim]: [WithMax] or [WithLease].
type ClaimOption interface{ claim(*options) }

type claimOption func(*options)

func (o claimOption) claim(to *options) { o(to) }

// MaxOption is an option of [Outbox.Flush] and of [Outbox.Claim].
type MaxOption func(*options)

func (o MaxOption) flush(to *options) { o(to) }
func (o MaxOption) claim(to *options) { o(to) }

// WithDeliverWithin is how long an outbox tries to deliver a cancel; 7 days unless given.
func WithDeliverWithin(within time.Duration) EnqueueOption {
	return enqueueOption(func(to *options) { to.DeliverWithinMS = to.time("deliver_within_ms", within) })
}

// WithMax is the most entries that a flush tries or a claim takes; 100 unless given, at most 1000.
func WithMax(count int) MaxOption {
	return func(to *options) { to.Max = &count }
}

// WithLease is how long nobody else delivers what was claimed; a quarter of an hour unless given,
// from a second to a day.
func WithLease(lease time.Duration) ClaimOption {
	return claimOption(func(to *options) { to.LeaseMS = to.time("lease_ms", lease) })
}

// WithNow has a flush try entries, too, that wait for their next try. It does not try those that
// somebody delivers: the entry of a process that was killed is free again after the timeout of its
// call and ten seconds.
func WithNow() FlushOption {
	return flushOption(func(to *options) {
		now := true
		to.Now = &now
	})
}

// Filter is which entries [Outbox.List] gives; what is left zero lets every entry through.
type Filter struct {
	// States has the states of which one must be the entry's.
	States []OutboxState
	// Acknowledged is whether a person must have acknowledged the entry, or must not have.
	Acknowledged *bool
	// SessionID is the session that the entry must be about.
	SessionID string
	// After is the number that the entry's must be greater than: where the list before ended.
	After int64
	// Max is the most entries of one list; 100 unless given, at most 1000.
	Max int
}

// text of a filter; what JSON would change on the way is refused here.
func (f Filter) text() ([]byte, error) {
	if !utf8.ValidString(f.SessionID) {
		return nil, errors.New("session_id: expected UTF-8")
	}
	bytes, err := json.Marshal(struct {
		States       []OutboxState `json:"states,omitempty"`
		Acknowledged *bool         `json:"acknowledged,omitempty"`
		SessionID    string        `json:"session_id,omitempty"`
		After        int64         `json:"after,omitempty"`
		Max          int           `json:"max,omitempty"`
	}(f))
	return append(bytes, 0), err
}

// text of the options; another path than the one that was given must not be opened.
func (o outboxOptions) text() ([]byte, error) {
	if o.unusable != nil {
		return nil, o.unusable
	}
	if !utf8.ValidString(o.Path) {
		return nil, errors.New("path: expected UTF-8")
	}
	bytes, err := json.Marshal(o)
	return append(bytes, 0), err
}

// orZero is millis for a time that was given, where zero is a time too.
func orZero(d time.Duration) *int64 {
	if ms := millis(d); ms != nil {
		return ms
	}
	return new(int64)
}
