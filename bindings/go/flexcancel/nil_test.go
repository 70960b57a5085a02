package flexcancel_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestANilClientOrOutboxAndAZeroOneAreClosed(t *testing.T) {
	ctx := context.Background()
	for _, till := range []*flexcancel.Client{nil, {}} {
		_, ofCancel := till.Cancel(ctx, "fcs_1")
		_, ofRetrieve := till.Retrieve(ctx, "fcs_1")
		_, ofOpening := till.OpenOutbox("outbox.db")
		run := till.NewBulkRun(flexcancel.IDs(slices.Values([]string{"fcs_1"})))
		ofRun := ran(run)
		if summary := run.Summary(); summary.Code != flexcancel.CodeInvalidHandle || summary.Items != 0 {
			t.Errorf("%+v", summary)
		}
		for _, err := range []error{ofCancel, ofRetrieve, ofOpening, till.WarmUp(ctx), ofRun} {
			if !errors.Is(err, flexcancel.ErrClosed) || !says(err, "the client is closed: Close was called, ") {
				t.Error(err)
			}
		}
		if err := till.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, outbox := range []*flexcancel.Outbox{nil, {}} {
		_, ofCancel := outbox.Cancel(ctx, "fcs_1")
		_, ofEnqueue := outbox.Enqueue("fcs_1")
		_, ofFlush := outbox.Flush(ctx)
		_, ofList := outbox.List(flexcancel.Filter{})
		_, ofWorklist := outbox.Worklist()
		_, ofAcknowledge := outbox.Acknowledge(1)
		_, ofStats := outbox.Stats()
		_, ofClaim := outbox.Claim()
		_, ofSettle := outbox.Settle(1, "", flexcancel.Settlement{})
		for _, err := range []error{
			ofCancel, ofEnqueue, ofFlush, ofList, ofWorklist, ofAcknowledge, ofStats, ofClaim,
			ofSettle,
		} {
			if !errors.Is(err, flexcancel.ErrClosed) || !says(err, "the outbox is closed: Close was called, ") {
				t.Error(err)
			}
		}
		if err := outbox.Close(); err != nil {
			t.Error(err)
		}
	}
}

// says is true of an error in the language of Go, with this text.
func says(err error, text string) bool {
	said := err.Error()
	return strings.Contains(said, text) && !strings.Contains(said, "NULL") &&
		!strings.Contains(strings.ReplaceAll(said, "invalid_handle", ""), "handle")
}

func TestANilResultErrorOrEntrySaysNothing(t *testing.T) {
	var r *flexcancel.Result
	texts := r.Message() + r.Advice() + r.SessionID() + r.IdempotencyKey()
	_, isRepeated := r.Repeat()
	_, isAsked := r.RetryAfter()
	if texts != "" || isRepeated || isAsked || r.Hold() != flexcancel.HoldUnknown || r.Retryable() {
		t.Error("a nil result says something")
	}
	if r.Elapsed() != 0 || r.HTTPStatus() != 0 || r.ProviderError() != nil || r.Attempts() != nil {
		t.Error("a nil result says something")
	}
	if r.JSON() != nil || r.RawSession() != nil || r.Entry() != nil {
		t.Error("a nil result says something")
	}
	if _, err := r.Session(); !errors.Is(err, flexcancel.ErrNoSession) {
		t.Error(err)
	}
	if text, err := json.Marshal(r); err != nil || string(text) != "null" || r.String() != "no result" {
		t.Errorf("%s %v %v", text, err, r)
	}
	var e *flexcancel.Error
	if e.Error() == "" || e.Unwrap() != nil || errors.Is(e, flexcancel.ErrUnknown) {
		t.Error("a nil error is one")
	}
	if _, ok := e.Repeat(); ok {
		t.Error("a nil error is repeated")
	}
	if (&flexcancel.BulkRun{}).Summary() != (flexcancel.BulkSummary{}) {
		t.Error("a run that was not begun says something")
	}
	if (*flexcancel.OutboxEntry)(nil).IsFinal() {
		t.Error("a nil entry is final")
	}
}

func TestANilContextNeverEnds(t *testing.T) {
	till, id := client(t, nil), held(t)
	var none context.Context
	if err := till.WarmUp(none); err != nil {
		t.Error(err)
	}
	result, _ := till.Cancel(none, id)
	is(t, result, flexcancel.Canceled, flexcancel.CodeOK)
}

// copyOf is a copy that go vet does not see.
func copyOf[T any](of *T) T { return *of }

func TestACopyKeepsTheClientOpenWhenTheOriginalIsCollected(t *testing.T) {
	id := held(t)
	var gone atomic.Bool
	copied := func() flexcancel.Client {
		made, err := flexcancel.New(flexcancel.Config{APIKey: key, BaseURL: sandboxURL(t)})
		if err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(made, func(gone *atomic.Bool) { gone.Store(true) }, &gone)
		return copyOf(made)
	}()
	until(t, "the original's end", func() bool {
		runtime.GC()
		return gone.Load()
	})
	result, _ := copied.Cancel(context.Background(), id)
	is(t, result, flexcancel.Canceled, flexcancel.CodeOK)
	_ = copied.Close()
}
