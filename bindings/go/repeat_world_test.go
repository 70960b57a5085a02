package flexcancel_test

import (
	"context"
	"errors"
	"testing"

	flexcancel "github.com/flexcancel/flexcancel/bindings/go"
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

// outOfReach has the work done where Flex cannot be asked, in each way.
func outOfReach(t *testing.T, work func(way string)) {
	t.Helper()
	end := outage(t)
	work("a closed port")
	end()
	for way, it := range map[string]fields{
		"a 401": {"status": 401, "body": `{"error":{"code":"unauthorized","message":"No."}}`},
		"a 429": {"status": 429, "body": `{"error":{"code":"rate_limit_exceeded","message":"No."}}`},
		"a 400": {"status": 400, "body": `{"error":{"code":"invalid_request","message":"No."}}`},
	} {
		it["fault"], it["times"] = "status", 1000
		fault(t, it)
		work(way)
		ask[any](t, "DELETE", "faults", nil)
	}
}

// pending fails the test unless the till may say nothing but that.
func pending(t *testing.T, way string, c *flexcancel.Cancellation, err error) {
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
	outOfReach(t, func(way string) {
		c, err := till.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		pending(t, way, c, err)
		if again, ok := c.Repeat(); !ok || again != repeat {
			t.Errorf("%s: %v, owed %v", way, again, repeat)
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

func TestALostAnswerHandedToTheOutboxOutOfReachIsPendingAndAtLastCanceled(t *testing.T) {
	till := client(t, briefly)
	for _, status := range []int{0, 401, 429, 400} {
		id := held(t)
		outbox, repeat := opened(t, till, ""), unknown(t, till, id)
		end := func() { ask[any](t, "DELETE", "faults", nil) }
		if status == 0 {
			end = outage(t)
		} else {
			fault(t, fields{"fault": "status", "status": status, "times": 1000,
				"body": `{"error":{"code":"invalid_request","message":"No."}}`})
		}
		c, err := outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(repeat))
		pending(t, "the outbox", c, err)
		end()
		if c.Entry() == nil || c.IdempotencyKey() != repeat.IdempotencyKey {
			t.Errorf("%s", c.JSON())
		}
		c, err = outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(repeat))
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if err != nil {
			t.Error(err)
		}
		releasedOnce(t, id)
	}
}
