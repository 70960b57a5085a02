package forwarder_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/forwarder"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// outbox is a new one of the sandbox.
func outbox(t *testing.T) *flexcancel.Outbox {
	t.Helper()
	dir := t.TempDir()
	kit.OK(t, os.Chmod(dir, 0o700))
	opened, err := kit.Client(t).OpenOutbox(filepath.Join(dir, "outbox.db"))
	kit.OK(t, err)
	t.Cleanup(func() { kit.OK(t, opened.Close()) })
	return opened
}

// run forwards until the test is over or what it gives is called.
func run(t *testing.T, o forwarder.Options) (stop func()) {
	t.Helper()
	o.Till, o.Target, o.Every, o.Logger = "till-1", kit.Target, 20*time.Millisecond, kit.Quiet
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- forwarder.New(o).Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		kit.OK(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func enqueued(t *testing.T, outbox *flexcancel.Outbox, id string) *flexcancel.OutboxEntry {
	t.Helper()
	entry, err := outbox.Enqueue(id)
	kit.OK(t, err)
	return entry
}

// waiting is the cancel of a session when it is on the queue.
func waiting(t *testing.T, q *queue.Queue, id string) message.Cancel {
	t.Helper()
	var data []byte
	kit.Until(t, "a cancel on the queue", func() (is bool) {
		var err error
		data, err = q.Waiting(t.Context(), kit.Target, id)
		kit.OK(t, err)
		return data != nil
	})
	c, err := message.DecodeCancel(message.CancelSubject(kit.Target, id), data)
	kit.OK(t, err)
	return c
}

func result(c message.Cancel, outcome flexcancel.Outcome, code flexcancel.Code) message.Result {
	return message.Result{
		V: 1, Entry: c.Entry, SessionID: c.SessionID, IdempotencyKey: c.IdempotencyKey, Target: c.Target,
		Outcome: outcome, Code: code, Message: "so", Till: c.Till, OutboxEntry: c.OutboxEntry,
	}
}

// end has a result come, and tells the till.
func end(t *testing.T, q *queue.Queue, r message.Result) {
	t.Helper()
	_, err := q.PutResult(t.Context(), r)
	kit.OK(t, err)
	kit.OK(t, q.JetStream().Conn().Publish(message.SettledSubject(r.Till), []byte(r.Subject())))
}

// untilState waits until the outbox has the session's entry in a state.
func untilState(t *testing.T, outbox *flexcancel.Outbox, id string, state flexcancel.OutboxState) flexcancel.OutboxEntry {
	t.Helper()
	var found []flexcancel.OutboxEntry
	kit.Until(t, "an entry that is "+string(state), func() bool {
		var err error
		found, err = outbox.List(flexcancel.Filter{SessionID: id})
		kit.OK(t, err)
		return len(found) == 1 && found[0].State == state
	})
	return found[0]
}

func TestAnEntryIsPublishedAndSettledByItsResult(t *testing.T) {
	q, o := kit.Queue(t), outbox(t)
	voided, late := enqueued(t, o, "fcs_1"), enqueued(t, o, "fcs_2")
	run(t, forwarder.Options{Outbox: o, Queue: q, Lease: time.Minute})
	c := waiting(t, q, "fcs_1")
	if c.IdempotencyKey != voided.IdempotencyKey || c.OutboxEntry != voided.ID || c.InDoubt || c.Mode != "test" ||
		c.AskedAtMS != voided.AskedAt.UnixMilli() || c.NotAfterMS != voided.NotAfter.UnixMilli() {
		t.Errorf("%+v of %+v", c, voided)
	}
	end(t, q, result(c, flexcancel.Canceled, flexcancel.CodeOK))
	end(t, q, result(waiting(t, q, "fcs_2"), flexcancel.NotCancelable, flexcancel.CodeNotCancelable))
	untilState(t, o, "fcs_1", flexcancel.OutboxStateDelivered)
	if entry := untilState(t, o, "fcs_2", flexcancel.OutboxStateRefused); entry.ID != late.ID || entry.LastMessage != "so" {
		t.Errorf("%+v", entry)
	}
}

func TestGivenAQueueThatWasLostThenTheEntryIsPublishedAgainUnderItsKey(t *testing.T) {
	q, o := kit.Queue(t), outbox(t)
	entry := enqueued(t, o, "fcs_1")
	run(t, forwarder.Options{Outbox: o, Queue: q, Lease: 2 * time.Second})
	waiting(t, q, "fcs_1")
	cancels, err := q.JetStream().Stream(t.Context(), "FLEX_CANCELS")
	kit.OK(t, err)
	kit.OK(t, cancels.Purge(t.Context()))
	if c := waiting(t, q, "fcs_1"); c.IdempotencyKey != entry.IdempotencyKey || !c.InDoubt {
		t.Errorf("%+v", c)
	}
}

func TestGivenAResultOfAnEarlierForwarderThenTheEntryIsSettledAndNotPublished(t *testing.T) {
	q, o := kit.Queue(t), outbox(t)
	enqueued(t, o, "fcs_1")
	stop := run(t, forwarder.Options{Outbox: o, Queue: q, Lease: 2 * time.Second})
	c := waiting(t, q, "fcs_1")
	stop()
	cancels, err := q.JetStream().Stream(t.Context(), "FLEX_CANCELS")
	kit.OK(t, err)
	kit.OK(t, cancels.Purge(t.Context()))
	end(t, q, result(c, flexcancel.Canceled, flexcancel.CodeOK))
	run(t, forwarder.Options{Outbox: o, Queue: q, Lease: time.Minute})
	untilState(t, o, "fcs_1", flexcancel.OutboxStateDelivered)
	if data, err := q.Waiting(t.Context(), kit.Target, "fcs_1"); data != nil || err != nil {
		t.Errorf("it was published again: %s %v", data, err)
	}
}

func TestGivenACancelOfAnotherTillThenTheEntryWaitsForItsEnd(t *testing.T) {
	q, o := kit.Queue(t), outbox(t)
	other := kit.Cancel(t, "fcs_1")
	kit.OK(t, q.Publish(t.Context(), other))
	entry := enqueued(t, o, "fcs_1")
	run(t, forwarder.Options{Outbox: o, Queue: q, Lease: time.Minute})
	enqueued(t, o, "fcs_2")
	waiting(t, q, "fcs_2")
	if c := waiting(t, q, "fcs_1"); c.IdempotencyKey != other.IdempotencyKey {
		t.Errorf("the other cancel is gone: %+v", c)
	}
	cancels, err := q.JetStream().Stream(t.Context(), "FLEX_CANCELS")
	kit.OK(t, err)
	kit.OK(t, cancels.DeleteMsg(t.Context(), 1))
	if c := waiting(t, q, "fcs_1"); c.IdempotencyKey != entry.IdempotencyKey {
		t.Errorf("%+v", c)
	}
}

func TestAnErrorThatFlexHasStoredNeedsAttention(t *testing.T) {
	q, o := kit.Queue(t), outbox(t)
	enqueued(t, o, "fcs_1")
	run(t, forwarder.Options{Outbox: o, Queue: q, Lease: time.Minute})
	r := result(waiting(t, q, "fcs_1"), flexcancel.Unknown, flexcancel.CodeServerError)
	r.NeedsPerson = true
	end(t, q, r)
	untilState(t, o, "fcs_1", flexcancel.OutboxStateNeedsAttention)
}
