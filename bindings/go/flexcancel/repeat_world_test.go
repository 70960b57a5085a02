package flexcancel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// unknown is a first call of which nobody knows that it released the hold.
func unknown(t *testing.T, till *flexcancel.Client, id string) flexcancel.Repeat {
	t.Helper()
	ask[any](t, "POST", "faults",
		fields{"fault": "drop_answer", "how": "rst", "times": 1000, "operation": "cancel"})
	fault(t, fields{"fault": "status", "status": 503, "times": 1000, "operation": "retrieve"})
	c, err := till.Cancel(context.Background(), id)
	ask[any](t, "DELETE", "faults", nil)
	repeat, ok := c.Repeat()
	if !errors.Is(err, flexcancel.ErrUnknown) || !ok || !repeat.InDoubt {
		t.Fatalf("%v %s", err, c.JSON())
	}
	releasedOnce(t, id)
	return repeat
}

func releasedOnce(t *testing.T, id string) {
	t.Helper()
	found := ask[truth](t, "GET", "sessions/"+id, nil)
	if found.Hold != "released" || len(found.CancelsApplied) != 1 {
		t.Errorf("%+v", found)
	}
}

// outOfReach has the work done for each way in which Flex cannot be asked: begin makes it so, until
// the end that it gives.
func outOfReach(t *testing.T, work func(way string, begin func() (end func()))) {
	t.Helper()
	work("a closed port", func() func() { return outage(t) })
	for way, it := range map[string]fields{
		"a 401": {"status": 401, "body": `{"error":{"code":"unauthorized","message":"No."}}`},
		"a 429": {"status": 429, "body": `{"error":{"code":"rate_limit_exceeded","message":"No."}}`},
		"a 400": {"status": 400, "body": `{"error":{"code":"invalid_request","message":"No."}}`},
	} {
		it["fault"], it["times"] = "status", 1000
		work(way, func() func() {
			fault(t, it)
			return func() { ask[any](t, "DELETE", "faults", nil) }
		})
	}
}

// pending fails the test unless the till may say nothing but that.
func pending(t *testing.T, way string, c *flexcancel.Result, err error) {
	t.Helper()
	if c == nil || c.Outcome != flexcancel.Unknown || !errors.Is(err, flexcancel.ErrUnknown) ||
		errors.Is(err, flexcancel.ErrNotApplied) {
		t.Fatalf("%s: %v", way, err)
	}
}

func TestALostAnswerRepeatedOutOfReachIsPendingAndAtLastCanceled(t *testing.T) {
	till, id := client(t, briefly), held(t)
	repeat := unknown(t, till, id)
	var of flexcancel.Repeatable = repeat
	outOfReach(t, func(way string, begin func() (end func())) {
		end := begin()
		c, err := till.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		end()
		pending(t, way, c, err)
		if again, ok := c.Repeat(); !ok || again != repeat {
			t.Errorf("%s: %v, expected %v", way, again, repeat)
		}
		of = c
	})
	c, err := client(t, nil).Cancel(context.Background(), id, flexcancel.WithRepeat(of))
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
	releasedOnce(t, id)
}

func TestALostAnswerEnqueuedAndFlushedOutOfReachIsUnknownAndAtLastCanceled(t *testing.T) {
	till := client(t, briefly)
	outOfReach(t, func(way string, begin func() (end func())) {
		id, outbox := held(t), opened(t, till, "")
		repeat := unknown(t, till, id)
		enqueued(t, outbox, id, flexcancel.WithRepeat(repeat))
		end := begin()
		flushed, err := outbox.Flush(context.Background())
		end()
		if len(flushed.Entries) != 1 || errors.Is(err, flexcancel.ErrNotApplied) {
			t.Fatalf("%s: %+v %v", way, flushed, err)
		}
		entry, state := flushed.Entries[0], flexcancel.OutboxStatePending
		if way == "a 400" {
			state = flexcancel.OutboxStateNeedsAttention
		}
		if entry.State != state || entry.LastOutcome != flexcancel.Unknown {
			t.Fatalf("%s: %+v", way, entry)
		}
		said := fmt.Sprintf("%v %s", err, entry.LastMessage)
		if strings.Contains(strings.ToLower(said), "not voided") {
			t.Errorf("%s: %s", way, said)
		}
		c, err := outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(repeat),
			flexcancel.WithTimeout(never))
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if err != nil {
			t.Error(err)
		}
		releasedOnce(t, id)
	})
}

func TestALostAnswerHandedToTheOutboxOutOfReachIsPendingAndAtLastCanceled(t *testing.T) {
	till := client(t, briefly)
	outOfReach(t, func(way string, begin func() (end func())) {
		id := held(t)
		outbox, repeat := opened(t, till, ""), unknown(t, till, id)
		end := begin()
		c, err := outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(repeat))
		end()
		pending(t, way, c, err)
		if c.Entry() == nil || c.IdempotencyKey() != repeat.IdempotencyKey {
			t.Errorf("%s", c.JSON())
		}
		c, err = outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(repeat))
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if err != nil {
			t.Error(err)
		}
		releasedOnce(t, id)
	})
}
