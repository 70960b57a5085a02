// Package forwarder hands the entries of a till's outbox to the queue, and settles them when their
// results come back. The outbox stays the truth: what the queue loses is handed over again.
package forwarder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// Options are those of a forwarder.
type Options struct {
	Outbox *flexcancel.Outbox
	Queue  *queue.Queue
	// Till names the till.
	Till string
	// Target is where entries of no known mode go.
	Target string
	// Lease is how long the queue has an entry before it is handed over again.
	Lease time.Duration
	// Every is how often to look for entries that are due.
	Every  time.Duration
	Logger *slog.Logger
}

const (
	// batch is how many entries are claimed at a time, and maxHanded how many may be on the queue.
	batch     = 500
	maxHanded = 20_000
	// publishers is how many entries are published at a time.
	publishers = 16
	// firstAsk is when a result is asked for that was not told of; the time doubles up to longestAsk.
	firstAsk   = 5 * time.Second
	longestAsk = time.Minute
)

// handed is an entry that is on its way.
type handed struct {
	claim  flexcancel.OutboxClaim
	cancel message.Cancel
	// until is when its lease is over.
	until time.Time
	// isPublished is true if it is on the queue's disk.
	isPublished bool
	nextAsk     time.Time
	pause       time.Duration
}

// Forwarder is one of a till.
type Forwarder struct {
	Options
	// handed are the entries on their way, by the subjects of their results.
	handed map[string]*handed
}

// New makes a forwarder.
func New(o Options) *Forwarder { return &Forwarder{Options: o, handed: map[string]*handed{}} }

// Run forwards until the context ends.
func (f *Forwarder) Run(ctx context.Context) error {
	told := make(chan *nats.Msg, maxHanded)
	heard, err := f.Queue.JetStream().Conn().ChanSubscribe(message.SettledSubject(f.Till), told)
	if err != nil {
		return err
	}
	defer func() { _ = heard.Unsubscribe() }()
	ticker := time.NewTicker(f.Every)
	defer ticker.Stop()
	for isTime := true; ; {
		if isTime {
			if err := f.claim(); err != nil {
				f.Logger.Warn("the outbox gave no entries", "error", err)
			}
		}
		f.publish(ctx)
		f.settle(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			isTime = true
		case m := <-told:
			isTime = false
			f.hear(m)
		}
		for range len(told) {
			f.hear(<-told)
		}
	}
}

// hear notes that a result is there.
func (f *Forwarder) hear(m *nats.Msg) {
	if it := f.handed[string(m.Data)]; it != nil {
		it.nextAsk = time.Time{}
	}
}

// claim takes what is due. A lease that is over is left to the next claim.
func (f *Forwarder) claim() error {
	now := time.Now()
	for subject, it := range f.handed {
		if now.After(it.until) {
			delete(f.handed, subject)
		}
	}
	room := min(batch, maxHanded-len(f.handed))
	if room <= 0 {
		return nil
	}
	claims, err := f.Outbox.Claim(flexcancel.WithMax(room), flexcancel.WithLease(f.Lease))
	for _, claim := range claims {
		c := f.message(claim)
		it := &handed{claim: claim, cancel: c, until: now.Add(f.Lease), pause: firstAsk}
		it.nextAsk = now.Add(firstAsk)
		if claim.InDoubt {
			// It may have been on the queue before, and have its result.
			it.nextAsk = time.Time{}
		}
		f.handed[message.ResultSubject(c.Target, c.SessionID, c.Entry)] = it
	}
	return err
}

func (f *Forwarder) message(claim flexcancel.OutboxClaim) message.Cancel {
	target := claim.Mode
	if target == "" {
		target = f.Target
	}
	return message.Cancel{
		V: message.Version, SessionID: claim.SessionID, IdempotencyKey: claim.IdempotencyKey,
		Target: target, BaseURL: claim.BaseURL, Mode: claim.Mode, Expand: claim.Expand,
		AskedAtMS: claim.AskedAt.UnixMilli(), NotAfterMS: claim.NotAfter.UnixMilli(),
		InDoubt: claim.InDoubt, Till: f.Till, OutboxEntry: claim.ID,
		Entry: message.EntryID(claim.IdempotencyKey),
	}
}

// publish puts what is claimed on the queue.
func (f *Forwarder) publish(ctx context.Context) {
	var group sync.WaitGroup
	free := make(chan struct{}, publishers)
	var failures atomic.Int64
	var first atomic.Pointer[error]
	for _, it := range f.handed {
		if it.isPublished || it.cancel.InDoubt && it.nextAsk.IsZero() {
			continue
		}
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			if err := f.Queue.Publish(ctx, it.cancel); err != nil {
				failures.Add(1)
				first.CompareAndSwap(nil, &err)
				return
			}
			it.isPublished = true
		})
	}
	group.Wait()
	if count := failures.Load(); count > 0 && ctx.Err() == nil {
		f.Logger.Warn("entries are not on the queue yet", "count", count, "error", *first.Load())
	}
}

// settle asks for the results that may be there.
func (f *Forwarder) settle(ctx context.Context) {
	for subject, it := range f.handed {
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if now.Before(it.nextAsk) {
			continue
		}
		it.nextAsk, it.pause = now.Add(it.pause), min(2*it.pause, longestAsk)
		r, err := f.Queue.Result(ctx, it.cancel.Target, it.cancel.SessionID, it.cancel.Entry)
		if err != nil {
			f.Logger.Warn("a result cannot be read yet", "outbox_entry", it.claim.ID, "error", err)
			return
		}
		if r == nil {
			continue
		}
		isOver, err := f.settleOne(it.claim, *r)
		if err != nil {
			f.Logger.Warn("an entry is not settled", "outbox_entry", it.claim.ID, "error", err)
		}
		if isOver {
			delete(f.handed, subject)
		}
	}
}

// settleOne tells the outbox what became of an entry; true if there is nothing more to tell it.
func (f *Forwarder) settleOne(claim flexcancel.OutboxClaim, r message.Result) (bool, error) {
	entry, err := f.Outbox.Settle(claim.ID, claim.Lease, Settlement(r))
	switch {
	case err == nil:
		f.Logger.Info("an entry is settled", "outbox_entry", claim.ID, "session_id", claim.SessionID,
			"outcome", r.Outcome.String(), "code", r.Code.String(), "state", string(entry.State))
		return true, nil
	case errors.Is(err, flexcancel.ErrOutboxFinal), errors.Is(err, flexcancel.ErrOutboxNoEntry):
		// It has ended in another way, or was forgotten: what is final stays final.
		return true, fmt.Errorf("the outbox does not take the result: %w", err)
	default:
		return false, err
	}
}

// Settlement is what a result means for the outbox. Its own table decides.
func Settlement(r message.Result) flexcancel.Settlement {
	code := r.Code
	if r.NeedsPerson && r.Outcome == flexcancel.Unknown && code == flexcancel.CodeServerError {
		// Flex has stored an error for the key. The outbox would try it again; a person must look.
		code = flexcancel.CodeRejected
	}
	return flexcancel.Settlement{
		IdempotencyKey: r.IdempotencyKey, Outcome: r.Outcome, Code: code.String(), Message: r.Message,
	}
}
