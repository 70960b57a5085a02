package flexcancel_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestOptionsOfABulkRunThatCannotBeUsedAreRefusedByName(t *testing.T) {
	till, ids := client(t, nil), manyHeld(t, 2)
	for field, opt := range map[string]flexcancel.BulkOption{
		"concurrency":     flexcancel.WithConcurrency(257),
		"rate_per_second": flexcancel.WithRate(0),
		"max_unknown":     flexcancel.WithMaxUnknown(-1),
		"journal":         flexcancel.WithJournal("\xff"),
		"reason":          flexcancel.WithReason("\xff"),
		"timeout_ms":      flexcancel.WithTimeout(10),
		"max_attempts":    flexcancel.WithMaxAttempts(11),
		"idempotency_key": flexcancel.WithIdempotencyKey("k"),
	} {
		run := till.NewBulkRun(flexcancel.IDs(slices.Values(ids)), opt)
		err := ran(run)
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), field) ||
			errors.Is(err, flexcancel.ErrNotApplied) {
			t.Errorf("%s: %v", field, err)
		}
		if summary := run.Summary(); summary.Code != flexcancel.CodeInvalidArgument || summary.Items > 0 {
			t.Errorf("%s: %+v", field, summary)
		}
	}
	if err := ran(till.NewBulkRun(flexcancel.IDs(slices.Values(ids)), flexcancel.WithDryRun(),
		flexcancel.WithJournal("x"))); !errors.Is(err, flexcancel.ErrInvalidArgument) {
		t.Error(err)
	}
	if count := sent(t, ids); count != 0 {
		t.Errorf("%d were sent", count)
	}
}

func TestAnItemHasOptionsOfItsOwn(t *testing.T) {
	till, ids := client(t, nil), manyHeld(t, 4)
	items := []flexcancel.BulkItem{
		{SessionID: ids[0], Options: []flexcancel.Option{
			flexcancel.WithIdempotencyKey("key-of-the-sale"), flexcancel.WithInDoubt(false),
		}},
		{SessionID: ids[1], Options: []flexcancel.Option{flexcancel.WithTimeout(10)}},
		{SessionID: ids[2], Options: []flexcancel.Option{flexcancel.WithRepeat(nil)}},
		{SessionID: ids[3], Options: []flexcancel.Option{flexcancel.WithMaxAttempts(11)}},
		{SessionID: "fcs_a\x00b"},
	}
	expected := []struct {
		outcome flexcancel.Outcome
		code    flexcancel.Code
		part    string
	}{
		{flexcancel.Canceled, flexcancel.CodeOK, ""},
		{flexcancel.NotApplied, flexcancel.CodeInvalidArgument, "write the unit"},
		{flexcancel.Unknown, flexcancel.CodeInvalidArgument, "repeat: expected"},
		{flexcancel.NotApplied, flexcancel.CodeInvalidArgument, "max_attempts: expected"},
		{flexcancel.NotApplied, flexcancel.CodeInvalidSessionID, "session_id"},
	}
	run := till.NewBulkRun(slices.Values(items))
	found := 0
	for item, c := range run.Results(context.Background()) {
		row := expected[item.Number]
		is(t, c, row.outcome, row.code)
		var err *flexcancel.Error
		if row.part == "" {
			if c.IdempotencyKey() != "key-of-the-sale" || item.Err != nil {
				t.Errorf("%s %v", c.JSON(), item.Err)
			}
		} else if !errors.As(item.Err, &err) || err.Outcome != row.outcome || err.Code != row.code ||
			!strings.Contains(err.Message, row.part) {
			t.Errorf("%d: %v", item.Number, item.Err)
		} else if says := messageOf(t, c); err.Message != c.Message() || err.Message != says {
			t.Errorf("%d: %q and %q beside %q", item.Number, c.Message(), says, err.Message)
		} else if _, ok := c.Repeat(); ok {
			t.Errorf("%s", c.JSON())
		}
		found++
	}
	if found != len(items) || run.Err() != nil {
		t.Errorf("%d %v", found, run.Err())
	}
	if count := sent(t, ids); count != 1 {
		t.Errorf("%d were sent", count)
	}
}

// messageOf is the message in the result's JSON, which must be whole.
func messageOf(t *testing.T, c *flexcancel.Result) string {
	t.Helper()
	var read struct {
		Message string `json:"message"`
		Advice  string `json:"advice"`
		Item    *struct{ Number *int64 }
	}
	if err := json.Unmarshal(c.JSON(), &read); err != nil || read.Advice != c.Advice() ||
		read.Item == nil || read.Item.Number == nil {
		t.Errorf("%s: %v", c.JSON(), err)
	}
	return read.Message
}

func TestADryRunOnlyRetrieves(t *testing.T) {
	ids := manyHeld(t, 3)
	ids[1] = captured(t)
	for item, c := range client(t, nil).CancelMany(context.Background(), slices.Values(ids),
		flexcancel.WithDryRun()) {
		expected := flexcancel.NotApplied
		if item.Number == 1 {
			expected = flexcancel.NotCancelable
		}
		is(t, c, expected, flexcancel.CodeOK)
		if item.Err != nil {
			t.Error(item.Err)
		}
	}
	if count := sent(t, ids); count != 0 {
		t.Errorf("%d were sent", count)
	}
}

func TestTooManyUnknownOutcomesEndTheRun(t *testing.T) {
	ids := manyHeld(t, 20)
	silence(t)
	run := client(t, nil).NewBulkRun(flexcancel.IDs(slices.Values(ids)),
		flexcancel.WithMaxUnknown(1), flexcancel.WithConcurrency(1), flexcancel.WithMaxAttempts(1),
		flexcancel.WithTimeout(100*time.Millisecond))
	for item, c := range run.Results(context.Background()) {
		if c.Outcome != flexcancel.Unknown || !errors.Is(item.Err, flexcancel.ErrUnknown) {
			t.Errorf("%v %v", c, item.Err)
		}
		if _, ok := c.Repeat(); !ok {
			t.Errorf("%s", c.JSON())
		}
	}
	if err := run.Err(); !errors.Is(err, flexcancel.ErrMaxUnknown) || errors.Is(err, flexcancel.ErrUnknown) {
		t.Error(err)
	}
	if summary := run.Summary(); summary.Unknown != 2 || summary.Code != flexcancel.CodeMaxUnknown {
		t.Errorf("%+v", summary)
	}
}
