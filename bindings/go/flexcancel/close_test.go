package flexcancel_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestCloseLetsCallsInFlightEndAndRefusesLaterOnes(t *testing.T) {
	till, id, later := client(t, nil), held(t), held(t)
	fault(t, fields{"fault": "delay", "ms": 300})
	type end struct {
		c   *flexcancel.Result
		err error
	}
	ended := make(chan end)
	go func() {
		c, err := till.Cancel(context.Background(), id)
		ended <- end{c, err}
	}()
	until(t, "the request", func() bool { return requests(t, id) == 1 })
	for range 2 {
		if err := till.Close(); err != nil {
			t.Error(err)
		}
	}
	c, err := till.Cancel(context.Background(), later)
	if c != nil || !errors.Is(err, flexcancel.ErrClosed) || !errors.Is(err, flexcancel.ErrNotApplied) {
		t.Errorf("%v", err)
	}
	c, err = till.Retrieve(context.Background(), later)
	if c != nil || !errors.Is(err, flexcancel.ErrClosed) {
		t.Errorf("%v", err)
	}
	first := <-ended
	is(t, first.c, flexcancel.Canceled, flexcancel.CodeOK)
	expectTruth(t, id, "released", 1, 1)
	expectTruth(t, later, "held", 0, 0)
}

func TestTheZeroClientIsClosed(t *testing.T) {
	var none flexcancel.Client
	if _, err := none.Cancel(context.Background(), "fcs_1"); !errors.Is(err, flexcancel.ErrClosed) {
		t.Error(err)
	}
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}

func TestManyMayCloseWhileManyCall(t *testing.T) {
	for range 20 {
		till := client(t, nil)
		closeInUse(t, till, func(id string) (*flexcancel.Result, error) {
			return till.Cancel(context.Background(), id)
		})
	}
}

// closeInUse has many cancel while many close: each cancel is made as if nothing had happened, or
// refused.
func closeInUse(
	t *testing.T, closer io.Closer, cancel func(id string) (*flexcancel.Result, error),
) {
	t.Helper()
	ids := [8]string{}
	for i := range ids {
		ids[i] = held(t)
	}
	var all sync.WaitGroup
	for _, id := range ids {
		all.Add(2)
		go func() {
			defer all.Done()
			c, err := cancel(id)
			if err != nil && !errors.Is(err, flexcancel.ErrClosed) {
				t.Error(err)
			}
			hold, sent := "released", 1
			if c == nil {
				hold, sent = "held", 0
			}
			expectTruth(t, id, hold, sent, sent)
		}()
		go func() {
			defer all.Done()
			_ = closer.Close()
		}()
	}
	all.Wait()
}

func TestAHandlerMayCloseTheClientThatCallsIt(t *testing.T) {
	var till *flexcancel.Client
	till = client(t, func(config *flexcancel.Config) {
		config.Logger = slog.New(handler(func(slog.Record) { _ = till.Close() }))
	})
	id := held(t)
	c, err := till.Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
	if _, err := till.Cancel(context.Background(), id); !errors.Is(err, flexcancel.ErrClosed) {
		t.Error(err)
	}
}

// A logger lives as long as the library's client does, which shows when that is freed.
func TestAForgottenClientIsFreed(t *testing.T) {
	var freed atomic.Bool
	forget := func(close bool) {
		till := func() *flexcancel.Client {
			logger := slog.New(handler(func(slog.Record) {}))
			runtime.AddCleanup(logger, func(freed *atomic.Bool) { freed.Store(true) }, &freed)
			made, err := flexcancel.New(
				flexcancel.Config{APIKey: key, BaseURL: sandboxURL(t), Logger: logger})
			if err != nil {
				t.Fatal(err)
			}
			return made
		}()
		runtime.GC()
		id := held(t)
		c, _ := till.Cancel(context.Background(), id)
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if freed.Load() {
			t.Error("the logger is gone before its client")
		}
		if close {
			_ = till.Close()
		}
	}
	for _, close := range []bool{false, true} {
		freed.Store(false)
		forget(close)
		until(t, "the client's end", func() bool {
			runtime.GC()
			return freed.Load()
		})
	}
}
