package flexcancel_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

var errShopperLeft = errors.New("the shopper left")

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	till, id := client(t, nil), held(t)
	canceled, cancel := context.WithCancelCause(context.Background())
	cancel(errShopperLeft)
	passed, cancelPassed := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer cancelPassed()
	for _, row := range []struct {
		ctx      context.Context
		expected []error
	}{
		{canceled, []error{context.Canceled, errShopperLeft}},
		{passed, []error{context.DeadlineExceeded, flexcancel.ErrTimeout}},
		{late{context.Background()}, []error{context.DeadlineExceeded, flexcancel.ErrTimeout}},
	} {
		c, err := till.Cancel(row.ctx, id)
		is(t, c, flexcancel.NotApplied, flexcancel.CodeAborted)
		for _, expected := range append(row.expected, flexcancel.ErrAborted, flexcancel.ErrNotApplied) {
			if !errors.Is(err, expected) {
				t.Errorf("%v is not %v", err, expected)
			}
		}
		if tries := c.Attempts(); len(tries) != 1 || tries[0].Phase != "preparing" {
			t.Errorf("%s", c.JSON())
		}
	}
	if sent := requests(t, id); sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
	expectTruth(t, id, "held", 0, 0)
}

// late is a context whose deadline has passed and whose timer is not up yet.
type late struct{ context.Context }

func (late) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func TestAContextCanceledMidwayEndsTheCallAtOnceAndTheOutcomeStands(t *testing.T) {
	till, id := client(t, nil), held(t)
	silence(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	var at time.Time
	timer := time.AfterFunc(100*time.Millisecond, func() {
		at = time.Now()
		cancel(errShopperLeft)
	})
	defer timer.Stop()
	c, err := till.Cancel(ctx, id)
	after := time.Since(at)
	t.Logf("returned %v after the context was canceled", after)
	is(t, c, flexcancel.Unknown, flexcancel.CodeAborted)
	for _, expected := range []error{
		flexcancel.ErrUnknown, flexcancel.ErrAborted, context.Canceled, errShopperLeft,
	} {
		if !errors.Is(err, expected) {
			t.Errorf("%v is not %v", err, expected)
		}
	}
	// 50 ms are expected on a machine at rest; the deadline is a minute, so that any later end is far
	// from it.
	if after > 5*time.Second {
		t.Errorf("%v", after)
	}
	expectTruth(t, id, "released", 1, 1)
}

func TestOfContextOptionAndConfigurationTheSmallestTimeCounts(t *testing.T) {
	const small = 150 * time.Millisecond
	for _, row := range []struct {
		name                    string
		config, option, context time.Duration
	}{
		{"the context's", never, never, small},
		{"the context's without an option", never, 0, small},
		{"the context's and the default", 0, 0, small},
		{"the option's", never, small, never},
		{"the option's, longer than the configuration's", time.Millisecond, small, never},
		{"the configuration's", small, 0, never},
	} {
		t.Run(row.name, func(t *testing.T) {
			till := client(t, func(config *flexcancel.Config) { config.Timeout = row.config })
			id := held(t)
			silence(t)
			ctx, cancel := context.WithTimeout(context.Background(), row.context)
			defer cancel()
			var opts []flexcancel.Option
			if row.option != 0 {
				opts = append(opts, flexcancel.WithTimeout(row.option))
			}
			began := time.Now()
			c, err := till.Cancel(ctx, id, opts...)
			took := time.Since(began)
			if c == nil || c.Outcome != flexcancel.Unknown {
				t.Fatalf("%v", err)
			}
			if took < small-10*time.Millisecond || took > never/2 {
				t.Errorf("it took %v", took)
			}
			// Of the context's own time only the context's error tells.
			if errors.Is(err, context.DeadlineExceeded) != (row.context == small) {
				t.Error(err)
			}
			if !errors.Is(err, flexcancel.ErrTimeout) && !errors.Is(err, flexcancel.ErrAborted) {
				t.Error(err)
			}
		})
	}
}

func TestTheCauseOfADeadlineIsKept(t *testing.T) {
	till, id := client(t, nil), held(t)
	ctx, cancel := context.WithTimeoutCause(context.Background(), 0, errShopperLeft)
	defer cancel()
	_, err := till.Cancel(ctx, id)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errShopperLeft) {
		t.Error(err)
	}
	expectTruth(t, id, "held", 0, 0)
}

// The library's own time is up just before the context's, and then the context has no cause yet.
func TestTheCauseOfADeadlineThatEndsACallMidwayIsKept(t *testing.T) {
	till := client(t, nil)
	outbox := opened(t, till, "")
	fault(t, fields{"fault": "delay", "ms": 500, "times": 1000})
	for name, call := range map[string]func(context.Context, string) error{
		"Cancel": func(ctx context.Context, id string) error {
			_, err := till.Cancel(ctx, id)
			return err
		},
		"Retrieve": func(ctx context.Context, id string) error {
			_, err := till.Retrieve(ctx, id)
			return err
		},
		"Outbox.Cancel": func(ctx context.Context, id string) error {
			_, err := outbox.Cancel(ctx, id)
			return err
		},
	} {
		for range 20 {
			ctx, cancel := context.WithTimeoutCause(context.Background(), 30*time.Millisecond, errShopperLeft)
			err := call(ctx, held(t))
			cancel()
			for _, expected := range []error{
				flexcancel.ErrUnknown, flexcancel.ErrTimeout, context.DeadlineExceeded, errShopperLeft,
			} {
				if !errors.Is(err, expected) {
					t.Errorf("%s: %v is not %v", name, err, expected)
				}
			}
		}
	}
}

func TestAContextThatEndsAfterAGoodEndIsNoError(t *testing.T) {
	till, id := client(t, nil), held(t)
	ctx, cancel := context.WithTimeout(context.Background(), never)
	c, err := till.Cancel(ctx, id)
	cancel()
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
}

// Whichever is first, the response or the abort: the outcome is true, and the two never meet in a
// handle that is freed.
func TestAnAbortThatRacesTheAnswerLeavesATrueOutcome(t *testing.T) {
	till := client(t, nil)
	for i := range 100 {
		id := held(t)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			for range i % 20 {
				runtime.Gosched()
			}
			cancel()
		}()
		c, err := till.Cancel(ctx, id)
		cancel()
		truth := ask[truth](t, "GET", "sessions/"+id, nil)
		released := truth.Hold == "released"
		switch {
		case c.Outcome == flexcancel.Canceled && (!released || err != nil),
			c.Outcome == flexcancel.NotApplied && (released || !errors.Is(err, context.Canceled)),
			c.Outcome == flexcancel.Unknown && !errors.Is(err, context.Canceled),
			c.Outcome == flexcancel.AlreadyCanceled, c.Outcome == flexcancel.NotCancelable:
			t.Fatalf("%v %+v %s", err, truth, c.JSON())
		}
	}
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	till := client(t, nil)
	before := runtime.NumGoroutine()
	for range 50 {
		id := held(t)
		ctx, cancel := context.WithTimeout(context.Background(), never)
		defer cancel()
		if _, err := till.Cancel(ctx, id); err != nil {
			t.Fatal(err)
		}
		canceled, cancelNow := context.WithCancel(context.Background())
		cancelNow()
		if _, err := till.Cancel(canceled, id); err == nil {
			t.Fatal("a canceled context is no success")
		}
	}
	until(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}
