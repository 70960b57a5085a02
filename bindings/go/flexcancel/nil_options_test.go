package flexcancel_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestANilOptionIsRefusedByItsPlaceAndAssertsNothing(t *testing.T) {
	till, id, ctx := client(t, nil), held(t), context.Background()
	outbox := opened(t, till, "")
	var none flexcancel.Option
	var nowhere *flexcancel.Option
	timeout, verify := flexcancel.WithTimeout(time.Second), flexcancel.WithVerify(true)
	_, ofCancel := till.Cancel(ctx, id, nil)
	_, ofSecond := till.Cancel(ctx, id, verify, none)
	_, ofRetrieve := till.Retrieve(ctx, id, none)
	_, ofKeeping := outbox.Cancel(ctx, id, nil)
	_, ofNone := outbox.Cancel(ctx, id, none)
	_, ofPointer := outbox.Cancel(ctx, id, nowhere)
	_, ofNoneThere := outbox.Enqueue(id, &none)
	_, ofEnqueue := outbox.Enqueue(id, timeout, nil)
	_, ofFlush := outbox.Flush(ctx, timeout, flexcancel.MaxOption(nil))
	_, ofNilFlush := outbox.Flush(ctx, nil)
	_, ofClaim := outbox.Claim(nil)
	_, ofOpening := till.OpenOutbox(file(t), flexcancel.WithoutCreate(), nil)
	var ofItem, ofMany error
	items := []flexcancel.BulkItem{{SessionID: id, Options: []flexcancel.Option{verify, nil}}}
	run := till.NewBulkRun(slices.Values(items))
	for item, c := range run.Results(ctx) {
		ofItem = item.Err
		is(t, c, flexcancel.Unknown, flexcancel.CodeInvalidArgument)
	}
	ids := slices.Values([]string{id})
	for item := range till.CancelMany(ctx, ids, verify, none) {
		ofMany = item.Err
	}
	ofRun := ran(till.NewBulkRun(flexcancel.IDs(ids), nil))
	for name, row := range map[string]struct {
		err        error
		place      string
		isOfCancel bool
	}{
		"Cancel":                    {ofCancel, "options[0]", true},
		"Cancel, the second":        {ofSecond, "options[1]", true},
		"Retrieve":                  {ofRetrieve, "options[0]", true},
		"Outbox.Cancel":             {ofKeeping, "options[0]", true},
		"Outbox.Cancel, an Option":  {ofNone, "options[0]", true},
		"Outbox.Cancel, a pointer":  {ofPointer, "options[0]", true},
		"Enqueue, a pointer to nil": {ofNoneThere, "options[0]", true},
		"Enqueue":                   {ofEnqueue, "options[1]", true},
		"an item":                   {ofItem, "options[1]", true},
		"Flush, a MaxOption":        {ofFlush, "options[1]", false},
		"Flush":                     {ofNilFlush, "options[0]", false},
		"Claim":                     {ofClaim, "options[0]", false},
		"WarmUp":                    {till.WarmUp(ctx, nil), "options[0]", false},
		"CancelMany":                {ofMany, "options[1]", false},
		"NewBulkRun":                {ofRun, "options[0]", false},
	} {
		says := row.err != nil && strings.Contains(row.err.Error(), row.place+": expected an Option, found nil")
		if !says || !errors.Is(row.err, flexcancel.ErrInvalidArgument) ||
			errors.Is(row.err, flexcancel.ErrUnknown) != row.isOfCancel ||
			errors.Is(row.err, flexcancel.ErrNotApplied) {
			t.Errorf("%s: %v", name, row.err)
		}
	}
	// The file that is not opened may keep cancels.
	if !errors.Is(ofOpening, flexcancel.ErrInvalidArgument) || !errors.Is(ofOpening, flexcancel.ErrUnknown) ||
		!strings.Contains(ofOpening.Error(), "options[1]: expected an Option, found nil") {
		t.Error(ofOpening)
	}
	expectTruth(t, id, "held", 0, 0)
	if entries := listed(t, outbox, flexcancel.Filter{}); len(entries) != 0 {
		t.Errorf("%+v", entries)
	}
}

func TestANilInputOfABulkRunIsRefusedByItsName(t *testing.T) {
	till := client(t, nil)
	for _, err := range []error{ran(till.NewBulkRun(nil)), ran(till.NewBulkRun(flexcancel.IDs(nil)))} {
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), "items: expected") {
			t.Error(err)
		}
	}
	told := 0
	for item, c := range till.CancelMany(context.Background(), nil) {
		told++
		if item.Number != -1 || !errors.Is(item.Err, flexcancel.ErrInvalidArgument) ||
			c.Code != flexcancel.CodeInvalidArgument {
			t.Errorf("%+v %v", item, c)
		}
	}
	if told != 1 {
		t.Errorf("%d results", told)
	}
}
