package flexcancel_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAnOutboxKeepsACancelAndDeliversItAtOnce(t *testing.T) {
	outbox, id := opened(t, client(t, nil), ""), held(t)
	c, err := outbox.Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	entry := c.Entry()
	if err != nil || entry == nil {
		t.Fatalf("%v %+v", err, entry)
	}
	if entry.SessionID != id || entry.IdempotencyKey != c.IdempotencyKey() ||
		entry.State != flexcancel.OutboxStateDelivered || !entry.IsFinal() || entry.Attempts != 1 ||
		entry.LastOutcome != flexcancel.Canceled || entry.LastCode != "ok" ||
		entry.BaseURL != sandboxURL(t) || entry.Mode != "test" {
		t.Errorf("%+v", entry)
	}
	if !isAround(entry.Created, time.Now()) ||
		entry.NotAfter.Sub(entry.Created) != 7*24*time.Hour ||
		entry.Ended.Before(entry.Created) || !entry.NextTry.IsZero() ||
		!entry.Acknowledged.IsZero() {
		t.Errorf("%+v", entry)
	}
	if found := listed(t, outbox, flexcancel.Filter{}); !reflect.DeepEqual(found[0], *entry) {
		t.Errorf("%+v is not %+v", found, entry)
	}
	expectTruth(t, id, "released", 1, 1)
}

func TestACancelOfTheClientHasNoEntry(t *testing.T) {
	till, id := client(t, nil), held(t)
	c, _ := till.Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if c.Entry() != nil {
		t.Errorf("%+v", c.Entry())
	}
}

func TestInAnOutageACancelIsKeptAndALaterOneDeliversItWithItsKey(t *testing.T) {
	outbox, id := opened(t, client(t, briefly), ""), held(t)
	end := outage(t)
	c, err := outbox.Cancel(context.Background(), id)
	is(t, c, flexcancel.Unknown, flexcancel.CodeConnect)
	if !errors.Is(err, flexcancel.ErrUnknown) || errors.Is(err, flexcancel.ErrNotApplied) {
		t.Error(err)
	}
	kept := c.Entry()
	if kept == nil || kept.State != flexcancel.OutboxStatePending || kept.IsFinal() ||
		kept.Attempts != 1 || kept.Unclear != 0 || !kept.NextTry.After(kept.Created) ||
		!kept.Ended.IsZero() || kept.LastOutcome != flexcancel.Unknown ||
		kept.LastCode != "connect" {
		t.Fatalf("%+v", kept)
	}
	end()
	expectTruth(t, id, "held", 0, 0)
	c, err = outbox.Cancel(context.Background(), id, flexcancel.WithIdempotencyKey("another"),
		flexcancel.WithTimeout(never))
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil || c.Entry().ID != kept.ID || c.IdempotencyKey() != kept.IdempotencyKey {
		t.Errorf("%v %+v", err, c.Entry())
	}
	expectTruth(t, id, "released", 1, 1)
}

func TestEnqueueSendsNothingAndFlushDelivers(t *testing.T) {
	outbox, id := opened(t, client(t, nil), ""), held(t)
	entry := enqueued(t, outbox, id, flexcancel.WithIdempotencyKey("till-"+id),
		flexcancel.WithExpand("customer"), flexcancel.WithDeliverWithin(time.Hour))
	if entry.State != flexcancel.OutboxStatePending || entry.IdempotencyKey != "till-"+id ||
		!slices.Equal(entry.Expand, []string{"customer"}) || entry.Attempts != 0 ||
		entry.NotAfter.Sub(entry.Created) != time.Hour || entry.LastCode != "" {
		t.Errorf("%+v", entry)
	}
	if again := enqueued(t, outbox, id); !reflect.DeepEqual(again, entry) {
		t.Errorf("%+v is not %+v", again, entry)
	}
	if sent := requests(t, id); sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
	counts, err := outbox.Stats()
	expected := flexcancel.OutboxCounts{Pending: 1, Due: 1, OldestPending: entry.Created}
	if err != nil || counts != expected {
		t.Errorf("%v %+v", err, counts)
	}
	flushed, err := outbox.Flush(context.Background())
	if err != nil || len(flushed.Entries) != 1 ||
		*flushed.Counts != (flexcancel.OutboxCounts{Delivered: 1}) {
		t.Fatalf("%v %+v", err, flushed)
	}
	if it := flushed.Entries[0]; it.ID != entry.ID || it.State != flexcancel.OutboxStateDelivered {
		t.Errorf("%+v", it)
	}
	expectTruth(t, id, "released", 1, 1)
	flushed, err = outbox.Flush(context.Background())
	if err != nil || len(flushed.Entries) != 0 {
		t.Errorf("%v %+v", err, flushed)
	}
}

func TestAFlushThatFindsTheWayClosedSaysSoAndKeepsEverything(t *testing.T) {
	outbox, ids := opened(t, client(t, briefly), ""), []string{held(t), held(t)}
	for _, id := range ids {
		enqueued(t, outbox, id)
	}
	end := outage(t)
	flushed, err := outbox.Flush(context.Background())
	end()
	var failed *flexcancel.Error
	if !errors.As(err, &failed) || failed.Code != flexcancel.CodeConnect {
		t.Errorf("%v", err)
	}
	if len(flushed.Entries) != 1 || flushed.Counts.Pending != 2 || flushed.Counts.Due != 1 {
		t.Errorf("%+v %+v", flushed.Entries, flushed.Counts)
	}
	for _, id := range ids {
		expectTruth(t, id, "held", 0, 0)
	}
}

func TestAFlushTriesNoMoreThanItMay(t *testing.T) {
	outbox := opened(t, client(t, nil), "")
	for range 3 {
		enqueued(t, outbox, held(t))
	}
	flushed, err := outbox.Flush(context.Background(), flexcancel.WithMax(2))
	if err != nil || len(flushed.Entries) != 2 || flushed.Counts.Pending != 1 {
		t.Errorf("%v %+v", err, flushed)
	}
}

func TestAShiftEndsWithAnEmptyWorklist(t *testing.T) {
	outbox, id := opened(t, client(t, nil), ""), captured(t)
	pending := enqueued(t, outbox, id)
	if worklist, err := outbox.Worklist(); err != nil || len(worklist) != 0 {
		t.Errorf("%v %+v", err, worklist)
	}
	entry, err := outbox.Acknowledge(pending.ID)
	if !errors.Is(err, flexcancel.ErrOutboxPending) || !reflect.DeepEqual(entry, pending) {
		t.Errorf("%v %+v", err, entry)
	}
	entry, err = outbox.Acknowledge(77)
	if !errors.Is(err, flexcancel.ErrOutboxNoEntry) || entry != nil {
		t.Errorf("%v %+v", err, entry)
	}
	if _, err := outbox.Flush(context.Background()); err != nil {
		t.Error(err)
	}
	worklist, err := outbox.Worklist()
	if err != nil || len(worklist) != 1 || worklist[0].ID != pending.ID ||
		worklist[0].State != flexcancel.OutboxStateRefused ||
		worklist[0].LastOutcome != flexcancel.NotCancelable {
		t.Fatalf("%v %+v", err, worklist)
	}
	for range 2 {
		entry, err = outbox.Acknowledge(pending.ID)
		if err != nil || !isAround(entry.Acknowledged, time.Now()) {
			t.Errorf("%v %+v", err, entry)
		}
	}
	counts, err := outbox.Stats()
	if err != nil || counts != (flexcancel.OutboxCounts{Refused: 1}) {
		t.Errorf("%v %+v", err, counts)
	}
	if worklist, err := outbox.Worklist(); err != nil || len(worklist) != 0 {
		t.Errorf("%v %+v", err, worklist)
	}
}

func TestAnEntryWhoseTimeIsOverExpiresAndSurelyHadNoEffect(t *testing.T) {
	outbox, id := opened(t, client(t, nil), ""), held(t)
	entry := enqueued(t, outbox, id, flexcancel.WithDeliverWithin(time.Millisecond))
	untilOver(t, *entry)
	if _, err := outbox.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	worklist, err := outbox.Worklist()
	if err != nil || len(worklist) != 1 || worklist[0].State != flexcancel.OutboxStateExpired {
		t.Errorf("%v %+v", err, worklist)
	}
	expectTruth(t, id, "held", 0, 0)
}

func TestAFilterLetsThroughWhatItSays(t *testing.T) {
	outbox := opened(t, client(t, nil), "")
	first := enqueued(t, outbox, captured(t))
	if _, err := outbox.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	second, third := enqueued(t, outbox, held(t)), enqueued(t, outbox, held(t))
	yes, no := true, false
	if _, err := outbox.Acknowledge(first.ID); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		filter   flexcancel.Filter
		expected []*flexcancel.OutboxEntry
	}{
		{flexcancel.Filter{}, []*flexcancel.OutboxEntry{first, second, third}},
		{flexcancel.Filter{States: []flexcancel.OutboxState{flexcancel.OutboxStateRefused}},
			[]*flexcancel.OutboxEntry{first}},
		{flexcancel.Filter{Acknowledged: &yes}, []*flexcancel.OutboxEntry{first}},
		{flexcancel.Filter{Acknowledged: &no}, []*flexcancel.OutboxEntry{second, third}},
		{flexcancel.Filter{SessionID: second.SessionID}, []*flexcancel.OutboxEntry{second}},
		{flexcancel.Filter{SessionID: "fcs_other"}, nil},
		{flexcancel.Filter{After: second.ID}, []*flexcancel.OutboxEntry{third}},
		{flexcancel.Filter{Max: 2}, []*flexcancel.OutboxEntry{first, second}},
	} {
		found := listed(t, outbox, row.filter)
		isExpected := func(found flexcancel.OutboxEntry, expected *flexcancel.OutboxEntry) bool {
			return found.ID == expected.ID
		}
		if !slices.EqualFunc(found, row.expected, isExpected) {
			t.Errorf("%+v gives %+v", row.filter, found)
		}
	}
}

func TestAPersonEndsAPendingEntryWithAReason(t *testing.T) {
	outbox := opened(t, client(t, nil), "")
	pending, err := outbox.Enqueue("fcs_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := outbox.Withdraw(pending.ID, ""); !errors.Is(err, flexcancel.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := outbox.Withdraw(77, "why"); !errors.Is(err, flexcancel.ErrOutboxNoEntry) {
		t.Error(err)
	}
	entry, err := outbox.Withdraw(pending.ID, "sold by hand")
	if err != nil || entry.State != flexcancel.OutboxStateExpired ||
		entry.LastMessage != "withdrawn: sold by hand" || entry.Acknowledged.IsZero() {
		t.Errorf("%v %+v", err, entry)
	}
}

func TestTheWorklistIsWholeHoweverLongItIs(t *testing.T) {
	const many = 1100
	outbox := opened(t, client(t, nil), "")
	var all sync.WaitGroup
	for g := range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := g; i < many; i += 16 {
				id := "fcs_" + strconv.Itoa(i)
				if _, err := outbox.Enqueue(id, flexcancel.WithDeliverWithin(time.Millisecond)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	untilOver(t, listed(t, outbox, flexcancel.Filter{Max: 1000})...)
	untilOver(t, listed(t, outbox, flexcancel.Filter{After: 1000})...)
	until(t, "the end of all entries", func() bool {
		flushed, err := outbox.Flush(context.Background(), flexcancel.WithMax(1000))
		return err == nil && flushed.Counts.Expired == many
	})
	worklist, err := outbox.Worklist()
	if err != nil || len(worklist) != many {
		t.Fatalf("%v, %d entries", err, len(worklist))
	}
	for i, entry := range worklist {
		if entry.ID != int64(i+1) {
			t.Fatalf("entry %d is at %d", entry.ID, i)
		}
	}
}
