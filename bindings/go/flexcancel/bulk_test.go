package flexcancel_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// manyHeld are sessions whose money is held.
func manyHeld(t testing.TB, count int) []string {
	t.Helper()
	ids := make([]string, count)
	for i := range ids {
		ids[i] = held(t)
	}
	return ids
}

// counted gives these, and notes how many were taken.
func counted(ids []string, taken *int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, id := range ids {
			*taken++
			if !yield(id) {
				return
			}
		}
	}
}

// sent is how many of the sessions a cancel has come for. None may have come twice.
func sent(t testing.TB, ids []string) int {
	t.Helper()
	count := 0
	for _, id := range ids {
		received := ask[truth](t, "GET", "sessions/"+id, nil).CancelsReceived
		if received > 1 {
			t.Errorf("%s was sent %d times", id, received)
		}
		count += received
	}
	return count
}

func TestEachItemOfABulkRunHasItsResultInOrder(t *testing.T) {
	type row struct {
		id, expected string
		number       int64
		duplicateOf  *int64
	}
	var rows []row
	add := func(id string, outcome flexcancel.Outcome, code flexcancel.Code, of *int64) {
		rows = append(rows, row{id, fmt.Sprintf("%s/%s", outcome, code), int64(len(rows)), of})
	}
	for i := range 8 {
		first := int64(len(rows))
		add(held(t), flexcancel.Canceled, flexcancel.CodeOK, nil)
		add(fmt.Sprintf("fcs_nobody%d", i), flexcancel.NotApplied, flexcancel.CodeNotFound, nil)
		add(captured(t), flexcancel.NotCancelable, flexcancel.CodeNotCancelable, nil)
		add(rows[first].id, flexcancel.Canceled, flexcancel.CodeOK, &first)
		add(fmt.Sprintf("no id %d", i), flexcancel.NotApplied, flexcancel.CodeInvalidSessionID, nil)
	}
	ids := func(yield func(string) bool) {
		for _, row := range rows {
			if !yield(row.id) {
				return
			}
		}
	}
	run := client(t, nil).NewBulkRun(flexcancel.IDs(ids), flexcancel.WithConcurrency(4))
	var found int
	for item, c := range run.Results(context.Background()) {
		row := rows[found]
		found++
		if is := fmt.Sprintf("%s/%s", c.Outcome, c.Code); is != row.expected {
			t.Errorf("%d: %s, expected %s: %s", item.Number, is, row.expected, c.JSON())
		}
		sameFirst := (item.DuplicateOf == nil) == (row.duplicateOf == nil) &&
			(item.DuplicateOf == nil || *item.DuplicateOf == *row.duplicateOf)
		if item.Number != row.number || item.SessionID != row.id || !sameFirst || item.FromJournal {
			t.Errorf("%+v, expected %+v", item, row)
		}
		var err *flexcancel.Error
		if errors.As(item.Err, &err) == c.Outcome.IsVoided() || (err == nil) != (item.Err == nil) {
			t.Errorf("%s beside %v", c.Outcome, item.Err)
		}
		if err != nil && (err.Outcome != c.Outcome || err.Code != c.Code || err.Message != c.Message()) {
			t.Errorf("%v beside %v", err, c)
		}
	}
	if found != len(rows) || run.Err() != nil {
		t.Errorf("%d results of %d: %v", found, len(rows), run.Err())
	}
	summary := run.Summary()
	if summary.Message == "" {
		t.Error("no message")
	}
	summary.Message, summary.Elapsed = "", 0
	expected := flexcancel.BulkSummary{
		Complete: true, Items: 40, Canceled: 16, NotCancelable: 8, NotApplied: 16, Duplicates: 8,
	}
	if summary != expected {
		t.Errorf("%+v, expected %+v", summary, expected)
	}
	for i := 0; i < len(rows); i += 5 {
		expectTruth(t, rows[i].id, "released", 1, 1)
	}
}

func TestResultsComeAsTheCallsEndIfOrderIsNotKept(t *testing.T) {
	ids := manyHeld(t, 6)
	// The first request is delayed, so that the others end before it.
	fault(t, fields{"fault": "delay", "ms": 1500, "times": 1})
	var numbers []int64
	for item, c := range client(t, nil).CancelMany(context.Background(), slices.Values(ids),
		flexcancel.WithOrder(false), flexcancel.WithConcurrency(2)) {
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		numbers = append(numbers, item.Number)
	}
	if slices.IsSorted(numbers) || len(numbers) != 6 {
		t.Errorf("%v", numbers)
	}
	slices.Sort(numbers)
	if !slices.Equal(numbers, []int64{0, 1, 2, 3, 4, 5}) {
		t.Errorf("%v", numbers)
	}
}

func TestABreakEndsTheRunAndWaits(t *testing.T) {
	ids := manyHeld(t, 60)
	taken, told := 0, 0
	run := client(t, nil).NewBulkRun(flexcancel.IDs(counted(ids, &taken)),
		flexcancel.WithConcurrency(2))
	for range run.Results(context.Background()) {
		if told++; told == 5 {
			break
		}
	}
	summary := run.Summary()
	// What was sent has ended within the run; the server may still read what was on the wire.
	count := int64(sent(t, ids))
	if told != 5 || count < 5 || count > min(summary.Items, 5+2*5) || taken >= len(ids) {
		t.Errorf("%d told, %d sent, %d taken", told, count, taken)
	}
	if run.Err() != nil || summary.Complete || summary.Code != flexcancel.CodeAborted {
		t.Errorf("%v %+v", run.Err(), summary)
	}
	// Each range is a run of its own.
	for item, c := range run.Results(context.Background()) {
		if !c.Outcome.IsVoided() || item.Err != nil {
			t.Errorf("%+v %v", item, c)
		}
	}
	if run.Err() != nil || !run.Summary().Complete {
		t.Errorf("%v %+v", run.Err(), run.Summary())
	}
}

func TestABreakOfCancelManyGivesNothingMore(t *testing.T) {
	told := 0
	for item := range client(t, nil).CancelMany(context.Background(), slices.Values(manyHeld(t, 9))) {
		if told++; item.Number == 2 {
			break
		}
	}
	if told != 3 {
		t.Errorf("%d results", told)
	}
}

func TestAContextThatEndsEndsTheRun(t *testing.T) {
	ids := manyHeld(t, 40)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	told, taken := 0, 0
	var last flexcancel.BulkItemResult
	for item, c := range client(t, nil).CancelMany(ctx, counted(ids, &taken),
		flexcancel.WithConcurrency(2)) {
		if told++; told == 3 {
			silence(t)
			cancel(errShopperLeft)
		}
		if item.Err != nil && (!errors.Is(item.Err, context.Canceled) ||
			!errors.Is(item.Err, errShopperLeft) || !errors.Is(item.Err, flexcancel.ErrAborted)) {
			t.Errorf("%d: %v %v", item.Number, c, item.Err)
		}
		last = item
	}
	if last.Number != -1 || taken >= len(ids) || errors.Is(last.Err, flexcancel.ErrUnknown) {
		t.Errorf("%+v, %d taken", last, taken)
	}
	for _, expected := range []error{context.Canceled, errShopperLeft, flexcancel.ErrAborted} {
		if !errors.Is(last.Err, expected) {
			t.Errorf("%v is not %v", last.Err, expected)
		}
	}
}

func TestAnItemInFlightWhenTheContextEndsHasTheContextsError(t *testing.T) {
	ids := manyHeld(t, 1)
	silence(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	timer := time.AfterFunc(100*time.Millisecond, func() { cancel(errShopperLeft) })
	defer timer.Stop()
	run := client(t, nil).NewBulkRun(flexcancel.IDs(slices.Values(ids)))
	told := 0
	for item, c := range run.Results(ctx) {
		told++
		is(t, c, flexcancel.Unknown, flexcancel.CodeAborted)
		for _, expected := range []error{
			flexcancel.ErrUnknown, flexcancel.ErrAborted, context.Canceled, errShopperLeft,
		} {
			if !errors.Is(item.Err, expected) {
				t.Errorf("%v is not %v", item.Err, expected)
			}
		}
	}
	if told != 1 {
		t.Errorf("%d results", told)
	}
}

func TestAContextThatHasEndedSendsNothingOfABulkRun(t *testing.T) {
	ids := manyHeld(t, 3)
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, ctx := range []context.Context{canceled, late{context.Background()}} {
		run := client(t, nil).NewBulkRun(flexcancel.IDs(slices.Values(ids)))
		for item, c := range run.Results(ctx) {
			if c.Outcome != flexcancel.NotApplied || !errors.Is(item.Err, flexcancel.ErrAborted) {
				t.Errorf("%v %v", c, item.Err)
			}
		}
		if !errors.Is(run.Err(), flexcancel.ErrAborted) || run.Summary().Complete {
			t.Errorf("%v", run.Err())
		}
	}
	if count := sent(t, ids); count != 0 {
		t.Errorf("%d were sent", count)
	}
}

func TestANilContextNeverEndsABulkRun(t *testing.T) {
	var none context.Context
	for item, c := range client(t, nil).CancelMany(none, slices.Values(manyHeld(t, 2))) {
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if item.Err != nil {
			t.Error(item.Err)
		}
	}
}

func TestTheClientMayBeClosedDuringABulkRun(t *testing.T) {
	till, told := client(t, nil), 0
	for item, c := range till.CancelMany(context.Background(), slices.Values(manyHeld(t, 30)),
		flexcancel.WithConcurrency(2)) {
		if told++; told == 1 {
			_ = till.Close()
		}
		if c.Outcome != flexcancel.Canceled {
			t.Errorf("%+v %v", item, c)
		}
	}
	if told != 30 {
		t.Errorf("%d results", told)
	}
}

func TestABulkRunIsLoggedByManyThreads(t *testing.T) {
	var results atomic.Int64
	till := logged(t, func(record slog.Record) {
		if attributes(record)["event"] == "result" {
			results.Add(1)
		}
		if strings.Contains(record.Message, "never") {
			panic("a handler may panic")
		}
	})
	run := till.NewBulkRun(flexcancel.IDs(slices.Values(manyHeld(t, 40))),
		flexcancel.WithConcurrency(8))
	for item := range run.Results(context.Background()) {
		if item.Err != nil {
			t.Error(item.Err)
		}
	}
	if results.Load() != 40 {
		t.Errorf("%d results are logged", results.Load())
	}
}

func TestARateIsKept(t *testing.T) {
	started := time.Now()
	for item := range client(t, nil).CancelMany(context.Background(), slices.Values(manyHeld(t, 20)),
		flexcancel.WithRate(20)) {
		if item.Err != nil {
			t.Error(item.Err)
		}
	}
	// 20 at 20 per second; the first may come at once, and a tenth of a second is made up for.
	if took := time.Since(started); took < 800*time.Millisecond {
		t.Errorf("%v", took)
	}
}
