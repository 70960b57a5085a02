package flexcancel_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
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
	var noRepeat *flexcancel.Repeat
	var noSale *sale
	whole := flexcancel.Repeat{IdempotencyKey: "till-7", AskedAt: time.Now()}
	noKey, noTime := whole, whole
	noKey.IdempotencyKey, noTime.AskedAt = "", time.Time{}
	for _, of := range []flexcancel.Repeatable{
		none, failed, &flexcancel.Error{}, flexcancel.Repeat{}, nil, noRepeat, noSale, noKey, noTime,
		sale{noTime}, &sale{noKey}, &flexcancel.Repeat{}, &flexcancel.Result{},
	} {
		_, err := till.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		_, kept := outbox.Cancel(context.Background(), id, flexcancel.WithRepeat(of))
		_, enqueued := outbox.Enqueue(id, flexcancel.WithRepeat(of))
		for _, err := range []error{err, kept, enqueued} {
			if !errors.Is(err, flexcancel.ErrInvalidArgument) ||
				!errors.Is(err, flexcancel.ErrUnknown) || errors.Is(err, flexcancel.ErrNotApplied) {
				t.Errorf("%#v: %v", of, err)
			}
		}
	}
	expectTruth(t, id, "held", 0, 0)
}

// sale is what a till keeps: it gives its repeat whatever is in it.
type sale struct{ kept flexcancel.Repeat }

func (s sale) Repeat() (flexcancel.Repeat, bool) { return s.kept, true }

func TestAStoredRepeatThatIsNotWholeIsRefusedByItsField(t *testing.T) {
	id := held(t)
	repeat := unknown(t, client(t, briefly), id)
	whole := map[string]any{
		"idempotency_key": repeat.IdempotencyKey, "in_doubt": true, "asked_at_ms": repeat.AskedAt.UnixMilli(),
	}
	rows := map[string]string{}
	for field := range whole {
		lacks, null, other := maps.Clone(whole), maps.Clone(whole), maps.Clone(whole)
		delete(lacks, field)
		null[field], other[field] = nil, []int{}
		for _, stored := range []map[string]any{lacks, null, other} {
			text, err := json.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			rows[string(text)] = field + ": expected"
		}
	}
	key, _ := json.Marshal(repeat.IdempotencyKey)
	rows["{}"] = "idempotency_key: expected"
	rows[`{"idempotency_key":`+string(key)+`}`] = "in_doubt: expected"
	rows[`{"idempotency_key":`+string(key)+`,"In_Doubt":false,"asked_at_ms":7}`] = "in_doubt: expected"
	rows["[]"] = "expected an object"
	// With a wrong key Flex refuses every request: a new cancel would be "not voided".
	wrong := client(t, nil)
	fault(t, fields{"fault": "status", "status": 401, "times": 1000,
		"body": `{"error":{"code":"unauthorized","message":"No."}}`})
	for text, part := range rows {
		kept := repeat
		err := json.Unmarshal([]byte(text), &kept)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, expected %s", text, err, part)
		}
		if kept != (flexcancel.Repeat{}) {
			t.Errorf("%s: a part is left: %v", text, kept)
		}
		// Somebody does not look at the error.
		_, err = wrong.Cancel(context.Background(), id, flexcancel.WithRepeat(kept))
		if !errors.Is(err, flexcancel.ErrUnknown) || !errors.Is(err, flexcancel.ErrInvalidArgument) {
			t.Errorf("%s: %v", text, err)
		}
	}
	releasedOnce(t, id)
	kept := repeat
	if err := json.Unmarshal([]byte("null"), &kept); err != nil || kept != repeat {
		t.Errorf("null changes %v: %v", kept, err)
	}
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
