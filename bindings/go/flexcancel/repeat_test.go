package flexcancel_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAnUnknownCancelIsRepeatedByItsResultAndByItsError(t *testing.T) {
	till, id := client(t, nil), held(t)
	silence(t)
	asked := time.Now().Truncate(time.Millisecond)
	c, err := till.Cancel(context.Background(), id, flexcancel.WithTimeout(300*time.Millisecond),
		flexcancel.WithAskedAt(asked))
	if !errors.Is(err, flexcancel.ErrUnknown) {
		t.Fatal(err)
	}
	repeat, ok := c.Repeat()
	expected := flexcancel.Repeat{IdempotencyKey: c.IdempotencyKey(), InDoubt: true, AskedAt: asked}
	if !ok || !reflect.DeepEqual(repeat, expected) {
		t.Errorf("%v, expected %v: %s", repeat, expected, c.JSON())
	}
	var failed *flexcancel.Error
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if of, ok := failed.Repeat(); !ok || of != repeat {
		t.Errorf("%v, expected %v", of, repeat)
	}
	// As a till keeps it with the sale.
	text, err := json.Marshal(repeat)
	if err != nil || !strings.Contains(string(c.JSON()), `"repeat":`+string(text)) {
		t.Errorf("%s %v, expected as in %s", text, err, c.JSON())
	}
	var kept flexcancel.Repeat
	if err := json.Unmarshal(text, &kept); err != nil || kept != repeat {
		t.Errorf("%v %v", kept, err)
	}
	ask[any](t, "DELETE", "faults", nil)
	for _, of := range []flexcancel.Repeatable{c, failed, kept} {
		again, err := till.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		if err != nil || again.IdempotencyKey() != repeat.IdempotencyKey {
			t.Fatalf("%v", err)
		}
		if _, ok := again.Repeat(); ok {
			t.Errorf("what is done is not repeated: %s", again.JSON())
		}
	}
}

func TestARepetitionOfNothingIsRefusedAndAssertsNothing(t *testing.T) {
	till, id := client(t, nil), held(t)
	outbox := opened(t, till, "")
	var none *flexcancel.Result
	var failed *flexcancel.Error
	for _, of := range []flexcancel.Repeatable{none, failed, &flexcancel.Error{}, flexcancel.Repeat{}, nil} {
		_, err := till.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		_, kept := outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		_, enqueued := outbox.Enqueue(id, flexcancel.WithRepeat(of))
		for _, err := range []error{err, kept, enqueued} {
			if !errors.Is(err, flexcancel.ErrInvalidArgument) ||
				!errors.Is(err, flexcancel.ErrUnknown) || errors.Is(err, flexcancel.ErrNotApplied) {
				t.Errorf("%v", err)
			}
		}
	}
	expectTruth(t, id, "held", 0, 0)
}

func TestAClosedClientDoesNotSayNotVoidedOfACancelInDoubt(t *testing.T) {
	till := client(t, nil)
	outbox := opened(t, till, "")
	repeat := flexcancel.Repeat{IdempotencyKey: "till-7", InDoubt: true, AskedAt: time.UnixMilli(7)}
	if err := errors.Join(outbox.Close(), till.Close()); err != nil {
		t.Fatal(err)
	}
	_, plain := till.Cancel(context.Background(), "fcs_1", flexcancel.WithRepeat(repeat))
	_, kept := outbox.Cancel(context.Background(), "fcs_1", flexcancel.WithRepeat(repeat))
	for _, err := range []error{plain, kept} {
		var refused *flexcancel.Error
		if !errors.Is(err, flexcancel.ErrClosed) || !errors.As(err, &refused) ||
			!errors.Is(err, flexcancel.ErrUnknown) {
			t.Fatalf("%v", err)
		}
		if again, ok := refused.Repeat(); !ok || again != repeat {
			t.Errorf("%v, expected %v", again, repeat)
		}
	}
	_, err := till.Cancel(context.Background(), "fcs_1", flexcancel.WithIdempotencyKey("till-7"),
		flexcancel.WithInDoubt(false))
	if !errors.Is(err, flexcancel.ErrNotApplied) {
		t.Error(err)
	}
}

func TestOptionsOfARepetitionAreCheckedByTheLibrary(t *testing.T) {
	till, id := client(t, nil), held(t)
	for part, opts := range map[string][]flexcancel.Option{
		"in_doubt: ":    {flexcancel.WithInDoubt(true)},
		"asked_at_ms: ": {flexcancel.WithAskedAt(time.Time{})},
	} {
		_, err := till.Cancel(context.Background(), id, opts...)
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, expected %s", err, part)
		}
	}
	// Doubt without a key is what is left of a repetition, also where the call never came to C.
	for _, opts := range [][]flexcancel.Option{
		{flexcancel.WithInDoubt(true)}, {flexcancel.WithInDoubt(true), flexcancel.WithTimeout(1)},
	} {
		if _, err := till.Cancel(context.Background(), id, opts...); !errors.Is(err, flexcancel.ErrUnknown) {
			t.Error(err)
		}
	}
	_, err := opened(t, till, "").Enqueue(id, flexcancel.WithVerify(true))
	if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), "verify: ") {
		t.Error(err)
	}
	expectTruth(t, id, "held", 0, 0)
	c, err := till.Cancel(context.Background(), id, flexcancel.WithIdempotencyKey("till-7"),
		flexcancel.WithInDoubt(false), flexcancel.WithVerify(true), flexcancel.WithAskedAt(time.Now()))
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
}
