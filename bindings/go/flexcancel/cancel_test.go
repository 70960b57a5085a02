package flexcancel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAHeldSessionIsCanceledOnce(t *testing.T) {
	till, id := client(t, nil), held(t)
	first, err := till.Cancel(context.Background(), id)
	is(t, first, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil || first.Hold() != flexcancel.HoldReleased || first.SessionID() != id {
		t.Errorf("%v %s", err, first.JSON())
	}
	attempts := first.Attempts()
	if len(attempts) != 1 || attempts[0].Operation != "cancel" || attempts[0].HTTPStatus != 200 ||
		attempts[0].RequestID == "" || attempts[0].Phase != "complete" {
		t.Errorf("%+v", attempts)
	}
	if first.HTTPStatus() != 200 || first.IdempotencyKey() == "" || first.Message() == "" ||
		first.Advice() == "" || first.ProviderError() != nil {
		t.Errorf("%s", first.JSON())
	}
	again, err := till.Cancel(context.Background(), id)
	is(t, again, flexcancel.AlreadyCanceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
	expectTruth(t, id, "released", 2, 1)
}

func TestACapturedSessionIsTooLate(t *testing.T) {
	till, id := client(t, nil), captured(t)
	c, err := till.Cancel(context.Background(), id)
	is(t, c, flexcancel.NotCancelable, flexcancel.CodeNotCancelable)
	if !errors.Is(err, flexcancel.ErrNotCancelable) {
		t.Error(err)
	}
	c, err = till.Retrieve(context.Background(), id)
	is(t, c, flexcancel.NotCancelable, flexcancel.CodeOK)
	if err != nil || c.Hold() != flexcancel.HoldCaptured {
		t.Errorf("%v %s", err, c.JSON())
	}
	expectTruth(t, id, "captured", 1, 0)
}

func TestALostAnswerWithoutTimeToLookIsUnknownAndTheHoldMayBeGone(t *testing.T) {
	till, id := client(t, nil), held(t)
	silence(t)
	c, err := till.Cancel(context.Background(), id, flexcancel.WithTimeout(300*time.Millisecond))
	if c == nil || c.Outcome != flexcancel.Unknown || !errors.Is(err, flexcancel.ErrUnknown) {
		t.Fatalf("%v", err)
	}
	expectTruth(t, id, "released", 1, 1)
	ask[any](t, "DELETE", "faults", nil)
	again, err := till.Cancel(context.Background(), id, flexcancel.WithRepeat(c))
	is(t, again, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil || again.IdempotencyKey() != c.IdempotencyKey() {
		t.Errorf("%v %s", err, again.JSON())
	}
	// In doubt, it reads first, and has nothing to send.
	expectTruth(t, id, "released", 1, 1)
}

func TestARetrieveReadsAndChangesNothing(t *testing.T) {
	till, id := client(t, nil), held(t)
	c, err := till.Retrieve(context.Background(), id, flexcancel.WithExpand("payment_intent"))
	is(t, c, flexcancel.NotApplied, flexcancel.CodeOK)
	if err != nil || c.Hold() != flexcancel.HoldHeld {
		t.Errorf("%v %s", err, c.JSON())
	}
	expectTruth(t, id, "held", 0, 0)
	c, err = till.Retrieve(context.Background(), "fcs_none")
	is(t, c, flexcancel.Unknown, flexcancel.CodeNotFound)
	if !errors.Is(err, flexcancel.ErrNotFound) {
		t.Error(err)
	}
}

func TestAWarmUpOpensAConnectionAndSendsNothing(t *testing.T) {
	till, id := client(t, nil), held(t)
	if err := till.WarmUp(context.Background(), flexcancel.WithTimeout(never)); err != nil {
		t.Error(err)
	}
	expectTruth(t, id, "held", 0, 0)
	if _, err := till.Cancel(context.Background(), id); err != nil {
		t.Error(err)
	}
	expectTruth(t, id, "released", 1, 1)
	nobody := client(t, func(c *flexcancel.Config) { c.BaseURL = "http://127.0.0.1:1" })
	err := nobody.WarmUp(context.Background())
	var found *flexcancel.Error
	if !errors.As(err, &found) || found.Code != flexcancel.CodeConnect {
		t.Error(err)
	}
	// It says nothing of any cancel.
	if errors.Is(err, flexcancel.ErrNotApplied) || errors.Is(err, flexcancel.ErrUnknown) {
		t.Error(err)
	}
}

func TestARefusalIsToldWithWhatTheProviderSaid(t *testing.T) {
	till, id := client(t, nil), held(t)
	fault(t, fields{
		"fault": "status", "status": 429, "headers": [][2]string{{"Retry-After", "70"}},
		"body": `{"error":{"code":"slow_down","message":"not so fast"}}`,
	})
	// Too little time for the wait, and so for a read-back.
	c, err := till.Cancel(context.Background(), id, flexcancel.WithTimeout(2*time.Second))
	is(t, c, flexcancel.NotApplied, flexcancel.CodeRateLimited)
	wait, asked := c.RetryAfter()
	said := c.ProviderError()
	if !errors.Is(err, flexcancel.ErrRateLimited) || !asked || wait.Seconds() != 70 || said == nil ||
		said.Code != "slow_down" || said.Message != "not so fast" || !c.Retryable() {
		t.Errorf("%v %s", err, c.JSON())
	}
	expectTruth(t, id, "held", 0, 0)
}

func TestAThousandGoroutinesOnOneClientCancelEachItsOwn(t *testing.T) {
	const count = 1000
	till := client(t, nil)
	ids := make([]string, count)
	for i := range ids {
		ids[i] = held(t)
	}
	found := make([]string, count)
	var all sync.WaitGroup
	for i, id := range ids {
		all.Add(1)
		go func() {
			defer all.Done()
			ctx, cancel := context.WithTimeout(context.Background(), never)
			defer cancel()
			c, err := till.Cancel(ctx, id)
			found[i] = fmt.Sprint(c.Outcome, err, c.SessionID())
		}()
	}
	all.Wait()
	for i, id := range ids {
		if expected := fmt.Sprint(flexcancel.Canceled, error(nil), id); found[i] != expected {
			t.Fatalf("%s, expected %s", found[i], expected)
		}
		expectTruth(t, id, "released", 1, 1)
	}
}

func TestAnAnswerLongerThanTheBufferArrivesWhole(t *testing.T) {
	note := strings.Repeat("a note ", 5000)
	made := ask[map[string]string](t, "POST", "sessions",
		fields{"paid": true, "metadata": fields{"note": note}})
	id := made["checkout_session_id"]
	c, err := client(t, nil).Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	session, err2 := c.Session()
	if err != nil || err2 != nil || string(session.Metadata["note"]) != `"`+note+`"` {
		t.Errorf("%v %v, %d bytes", err, err2, len(c.JSON()))
	}
}
