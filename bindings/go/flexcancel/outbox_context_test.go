package flexcancel_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAContextThatHasEndedKeepsTheCancelAndSendsNothing(t *testing.T) {
	outbox := opened(t, client(t, nil), "")
	left := errors.New("the shopper left")
	canceled, cancel := context.WithCancelCause(context.Background())
	cancel(left)
	passed, cancelPassed := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer cancelPassed()
	for _, row := range []struct {
		ctx      context.Context
		expected []error
	}{
		{canceled, []error{context.Canceled, left}},
		{passed, []error{context.DeadlineExceeded}},
	} {
		id := held(t)
		c, err := outbox.Cancel(row.ctx, id)
		for _, expected := range append(row.expected, flexcancel.ErrUnknown) {
			if !errors.Is(err, expected) {
				t.Errorf("%v is not %v", err, expected)
			}
		}
		// Of a deadline that has passed the time may tell before the abort does.
		if !errors.Is(err, flexcancel.ErrAborted) && !errors.Is(err, flexcancel.ErrTimeout) {
			t.Error(err)
		}
		if entry := c.Entry(); entry == nil || entry.State != flexcancel.OutboxStatePending ||
			entry.Unclear != 0 {
			t.Errorf("%+v", entry)
		}
		flushed, err := outbox.Flush(row.ctx)
		if len(flushed.Entries) != 0 || !errors.Is(err, flexcancel.ErrAborted) ||
			!errors.Is(err, row.expected[0]) {
			t.Errorf("%v %+v", err, flushed)
		}
		expectTruth(t, id, "held", 0, 0)
		if sent := requests(t, id); sent != 0 {
			t.Errorf("%d requests were sent", sent)
		}
	}
}

func TestAContextCanceledMidwayEndsTheTryAndTheEntryIsUnclear(t *testing.T) {
	outbox, first, second := opened(t, client(t, nil), ""), held(t), held(t)
	silence(t)
	during := func(id string, call func(context.Context) error) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan error)
		go func() { ended <- call(ctx) }()
		until(t, "the request", func() bool { return requests(t, id) == 1 })
		cancel()
		return <-ended
	}
	err := during(first, func(ctx context.Context) error {
		_, err := outbox.Cancel(ctx, first)
		return err
	})
	if !errors.Is(err, flexcancel.ErrAborted) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	enqueued(t, outbox, second)
	err = during(second, func(ctx context.Context) error {
		_, err := outbox.Flush(ctx)
		return err
	})
	if !errors.Is(err, flexcancel.ErrAborted) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, entry := range listed(t, outbox, flexcancel.Filter{}) {
		if entry.State != flexcancel.OutboxStatePending || entry.Unclear != 1 ||
			entry.LastCode != "aborted" {
			t.Errorf("%+v", entry)
		}
	}
}

func TestOfContextOptionAndConfigurationTheSmallestTimeEndsATry(t *testing.T) {
	const small = 150 * time.Millisecond
	for _, row := range []struct {
		name                    string
		config, option, context time.Duration
	}{
		{"the context's", never, never, small},
		{"the context's without an option", never, 0, small},
		{"the option's", never, small, never},
		{"the configuration's", small, 0, never},
	} {
		t.Run(row.name, func(t *testing.T) {
			till := client(t, func(config *flexcancel.Config) { config.Timeout = row.config })
			outbox, id := opened(t, till, ""), held(t)
			silence(t)
			ctx, cancel := context.WithTimeout(context.Background(), row.context)
			defer cancel()
			var opts []flexcancel.EnqueueOption
			if row.option != 0 {
				opts = append(opts, flexcancel.WithTimeout(row.option))
			}
			c, err := outbox.Cancel(ctx, id, opts...)
			if c == nil || c.Outcome != flexcancel.Unknown ||
				c.Entry().State != flexcancel.OutboxStatePending || c.Elapsed() > never/2 {
				t.Fatalf("%v", err)
			}
			// Of the context's own time only the context's error tells.
			if errors.Is(err, context.DeadlineExceeded) != (row.context == small) {
				t.Error(err)
			}
		})
	}
}

// A flush begins no try with less than a second left, and returns before the context is at its end.
func TestAFlushThatTheContextsDeadlineEndsSaysSo(t *testing.T) {
	outbox := opened(t, client(t, nil), "")
	for range 2 {
		enqueued(t, outbox, held(t))
	}
	for _, row := range []struct {
		context  time.Duration
		option   flexcancel.FlushOption
		expected bool
	}{
		{900 * time.Millisecond, flexcancel.WithTimeout(never), true},
		{never, flexcancel.WithTimeout(900 * time.Millisecond), false},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), row.context)
		enqueued(t, outbox, held(t))
		flushed, err := outbox.Flush(ctx, row.option)
		cancel()
		if !errors.Is(err, flexcancel.ErrTimeout) || len(flushed.Entries) != 1 ||
			errors.Is(err, context.DeadlineExceeded) != row.expected {
			t.Errorf("%v %+v", err, flushed)
		}
	}
}
