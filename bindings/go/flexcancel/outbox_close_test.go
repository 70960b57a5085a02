package flexcancel_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestCloseOfAnOutboxLetsCallsInFlightEndAndTheClientStaysUsable(t *testing.T) {
	till, id, later := client(t, nil), held(t), held(t)
	outbox := opened(t, till, "")
	fault(t, fields{"fault": "delay", "ms": 300})
	type end struct {
		c   *flexcancel.Result
		err error
	}
	ended := make(chan end)
	go func() {
		c, err := outbox.Cancel(context.Background(), id)
		ended <- end{c, err}
	}()
	until(t, "the request", func() bool { return requests(t, id) == 1 })
	for range 2 {
		if err := outbox.Close(); err != nil {
			t.Error(err)
		}
	}
	refusesEverything(t, outbox, later)
	first := <-ended
	is(t, first.c, flexcancel.Canceled, flexcancel.CodeOK)
	if entry := first.c.Entry(); entry == nil || entry.State != flexcancel.OutboxStateDelivered {
		t.Errorf("%+v", entry)
	}
	expectTruth(t, later, "held", 0, 0)
	c, _ := till.Cancel(context.Background(), later)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
}

// refusesEverything fails the test unless the outbox is closed.
func refusesEverything(t *testing.T, outbox *flexcancel.Outbox, id string) {
	t.Helper()
	for name, call := range map[string]func() error{
		"Cancel": func() error {
			c, err := outbox.Cancel(context.Background(), id)
			if c != nil {
				t.Errorf("%s", c.JSON())
			}
			return err
		},
		"Enqueue": func() error { _, err := outbox.Enqueue(id); return err },
		"Flush": func() error {
			flushed, err := outbox.Flush(context.Background())
			if flushed != nil {
				t.Errorf("%+v", flushed)
			}
			return err
		},
		"List":        func() error { _, err := outbox.List(flexcancel.Filter{}); return err },
		"Worklist":    func() error { _, err := outbox.Worklist(); return err },
		"Acknowledge": func() error { _, err := outbox.Acknowledge(1); return err },
		"Stats":       func() error { _, err := outbox.Stats(); return err },
		"Claim":       func() error { _, err := outbox.Claim(); return err },
		"Settle": func() error {
			_, err := outbox.Settle(1, "", flexcancel.Settlement{})
			return err
		},
	} {
		err := call()
		// Only what is about one cancel says anything of it; and the file may keep one.
		isOfCancel := name == "Cancel" || name == "Enqueue"
		if !errors.Is(err, flexcancel.ErrClosed) ||
			errors.Is(err, flexcancel.ErrUnknown) != isOfCancel ||
			errors.Is(err, flexcancel.ErrNotApplied) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheZeroOutboxIsClosed(t *testing.T) {
	var none flexcancel.Outbox
	refusesEverything(t, &none, "fcs_1")
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}

func TestAClosedClientOpensNoOutbox(t *testing.T) {
	till := client(t, nil)
	_ = till.Close()
	outbox, err := till.OpenOutbox(file(t))
	if outbox != nil || !errors.Is(err, flexcancel.ErrClosed) {
		t.Error(err)
	}
}

func TestAnOutboxDeliversAndLogsAlsoAfterItsClientIsClosed(t *testing.T) {
	var events atomic.Int32
	till := client(t, func(config *flexcancel.Config) {
		config.Logger = slog.New(handler(func(slog.Record) { events.Add(1) }))
	})
	outbox, first, second := opened(t, till, ""), held(t), held(t)
	enqueued(t, outbox, first)
	_ = till.Close()
	runtime.GC()
	if _, err := outbox.Flush(context.Background()); err != nil {
		t.Error(err)
	}
	if c, err := outbox.Cancel(context.Background(), second); err != nil {
		t.Error(err, c)
	}
	expectTruth(t, first, "released", 1, 1)
	expectTruth(t, second, "released", 1, 1)
	if events.Load() < 4 {
		t.Errorf("%d events of two deliveries", events.Load())
	}
}

func TestAHandlerMayUseAndCloseTheOutboxThatCallsIt(t *testing.T) {
	var outbox *flexcancel.Outbox
	till := client(t, func(config *flexcancel.Config) {
		config.Logger = slog.New(handler(func(slog.Record) {
			if _, err := outbox.Stats(); err != nil && !errors.Is(err, flexcancel.ErrClosed) {
				t.Error(err)
			}
			_ = outbox.Close()
		}))
	})
	outbox = opened(t, till, "")
	id := held(t)
	c, err := outbox.Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
	expectTruth(t, id, "released", 1, 1)
}

// A logger lives as long as the library's client does, and that as long as its outbox.
func TestAForgottenOutboxIsClosedAndLetsItsClientGo(t *testing.T) {
	var freed atomic.Bool
	path, id := file(t), held(t)
	func() {
		logger := slog.New(handler(func(slog.Record) {}))
		runtime.AddCleanup(logger, func(freed *atomic.Bool) { freed.Store(true) }, &freed)
		till, err := flexcancel.New(
			flexcancel.Config{APIKey: key, BaseURL: sandboxURL(t), Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		outbox, err := till.OpenOutbox(path)
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		c, _ := outbox.Cancel(context.Background(), id)
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if freed.Load() {
			t.Error("the logger is gone before its outbox")
		}
	}()
	until(t, "the outbox's end", func() bool {
		runtime.GC()
		return freed.Load()
	})
}

func TestManyGoroutinesMayUseTwoOutboxesOfOneFile(t *testing.T) {
	const each = 10
	path := file(t)
	outboxes := [2]*flexcancel.Outbox{
		opened(t, client(t, nil), path), opened(t, client(t, nil), path),
	}
	var ids []string
	for range 4 * each {
		ids = append(ids, held(t))
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			mine, other := outboxes[g%2], outboxes[(g+1)%2]
			for i, id := range ids[g*each : (g+1)*each] {
				if i%2 == 0 {
					c, err := mine.Cancel(context.Background(), id)
					if err != nil && !errors.Is(err, flexcancel.ErrOutboxBusy) {
						t.Error(err, c)
					}
					continue
				}
				if _, err := mine.Enqueue(id); err != nil {
					t.Error(err)
				}
				if _, err := other.Flush(context.Background()); err != nil {
					t.Error(err)
				}
				if _, err := other.List(flexcancel.Filter{SessionID: id}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	if _, err := outboxes[0].Flush(context.Background()); err != nil {
		t.Error(err)
	}
	counts, err := outboxes[1].Stats()
	if err != nil || counts != (flexcancel.OutboxCounts{Delivered: 4 * each}) {
		t.Errorf("%v %+v", err, counts)
	}
	for _, id := range ids {
		expectTruth(t, id, "released", 1, 1)
	}
}

func TestManyMayCloseAnOutboxWhileManyUseIt(t *testing.T) {
	till := client(t, nil)
	for range 10 {
		outbox := opened(t, till, "")
		closeInUse(t, outbox, func(id string) (*flexcancel.Result, error) {
			return outbox.Cancel(context.Background(), id)
		})
	}
}
