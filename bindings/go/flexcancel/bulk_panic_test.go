package flexcancel_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// leftBy runs until the input's third item, or the third result, leaves in this way; it gives what
// was recovered, and the sessions.
func leftBy(t *testing.T, inInput bool, leave func()) (recovered any, ids []string) {
	t.Helper()
	till := client(t, nil)
	ids = manyHeld(t, 40)
	given, told, hasReturned := 0, 0, false
	input := func(yield func(string) bool) {
		for _, id := range ids {
			if given++; inInput && given == 3 {
				leave()
			}
			if !yield(id) {
				return
			}
		}
	}
	over := make(chan struct{})
	run := till.NewBulkRun(flexcancel.IDs(input), flexcancel.WithConcurrency(2))
	go func() {
		defer close(over)
		defer func() { recovered = recover() }()
		for range run.Results(context.Background()) {
			if told++; !inInput && told == 3 {
				leave()
			}
		}
		hasReturned = true
	}()
	<-over
	if hasReturned || given == len(ids) {
		t.Errorf("%v, %d given, %d told", hasReturned, given, told)
	}
	summary := run.Summary()
	if summary.Complete || summary.Code != flexcancel.CodeAborted {
		t.Errorf("%+v", summary)
	}
	// What was sent has ended within the run. (The server may still read what was on the wire when
	// the run was aborted, so that two counts of it may differ.)
	if count := int64(sent(t, ids)); count > summary.Items || count > 20 {
		t.Errorf("%d are sent, %d have ended", count, summary.Items)
	}
	// The client is as usable as before.
	for item := range till.CancelMany(context.Background(), slices.Values(ids)) {
		if item.Err != nil {
			t.Errorf("%+v", item)
		}
	}
	return recovered, ids
}

func TestAPanicInTheLoopOrTheInputEndsTheRunAndGoesOn(t *testing.T) {
	type reason struct{ int }
	for _, inInput := range []bool{false, true} {
		recovered, _ := leftBy(t, inInput, func() { panic(reason{7}) })
		if recovered != (reason{7}) {
			t.Errorf("in the input: %v: %v", inInput, recovered)
		}
	}
}

func TestGoexitInTheLoopOrTheInputEndsTheRunAndTheGoroutine(t *testing.T) {
	for _, inInput := range []bool{false, true} {
		if recovered, _ := leftBy(t, inInput, runtime.Goexit); recovered != nil {
			t.Errorf("in the input: %v: %v", inInput, recovered)
		}
	}
}

// A run that is left in any way leaves no goroutine behind.
func TestABulkRunLeavesNoGoroutine(t *testing.T) {
	till, ids := client(t, nil), manyHeld(t, 4)
	before := runtime.NumGoroutine()
	for range 50 {
		for range till.CancelMany(context.Background(), slices.Values(ids)) {
			break
		}
	}
	until(t, "the end of the goroutines", func() bool { return runtime.NumGoroutine() <= before })
}
