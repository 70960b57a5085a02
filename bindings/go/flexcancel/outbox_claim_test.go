package flexcancel_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// forwarder is an outbox on this file of a program that has no API key.
func forwarder(t *testing.T, path string) *flexcancel.Outbox {
	t.Helper()
	return opened(t, client(t, func(config *flexcancel.Config) { config.APIKey = "no-key" }), path)
}

// claimed is the only entry that is due.
func claimed(
	t *testing.T, outbox *flexcancel.Outbox, opts ...flexcancel.ClaimOption,
) flexcancel.OutboxClaim {
	t.Helper()
	claims, err := outbox.Claim(opts...)
	if err != nil || len(claims) != 1 {
		t.Fatalf("%v %+v", err, claims)
	}
	return claims[0]
}

func TestAClaimIsDeliveredBySomebodyElseAndSettled(t *testing.T) {
	path, id, worker := file(t), held(t), client(t, nil)
	kept := enqueued(t, opened(t, worker, path), id)
	outbox := forwarder(t, path)
	claim := claimed(t, outbox)
	if len(claim.Lease) != 32 || claim.InDoubt || !claim.InDelivery || claim.Attempts != 1 ||
		claim.SessionID != id || claim.IdempotencyKey != kept.IdempotencyKey ||
		!claim.AskedAt.Equal(kept.AskedAt) || claim.BaseURL != sandboxURL(t) || claim.Mode != "test" {
		t.Errorf("%+v", claim)
	}
	if more, err := outbox.Claim(); err != nil || len(more) != 0 {
		t.Errorf("%v %+v", err, more)
	}
	if sent := requests(t, id); sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
	c, _ := worker.Cancel(context.Background(), id,
		flexcancel.WithIdempotencyKey(claim.IdempotencyKey), flexcancel.WithInDoubt(claim.InDoubt),
		flexcancel.WithAskedAt(claim.AskedAt))
	settlement := flexcancel.Settlement{
		IdempotencyKey: claim.IdempotencyKey, Outcome: c.Outcome, Code: c.Code.String(),
		Message: c.Message(),
	}
	entry, err := outbox.Settle(claim.ID, claim.Lease, settlement)
	if err != nil || entry.State != flexcancel.OutboxStateDelivered || entry.InDelivery ||
		entry.LastOutcome != flexcancel.Canceled || entry.LastMessage != c.Message() {
		t.Errorf("%v %+v", err, entry)
	}
	again, err := outbox.Settle(claim.ID, claim.Lease, settlement)
	if err != nil || !reflect.DeepEqual(again, entry) {
		t.Errorf("%v %+v", err, again)
	}
	settlement.Outcome, settlement.Code = flexcancel.NotApplied, "rejected"
	again, err = outbox.Settle(claim.ID, claim.Lease, settlement)
	if !errors.Is(err, flexcancel.ErrOutboxFinal) || !reflect.DeepEqual(again, entry) {
		t.Errorf("%v %+v", err, again)
	}
	expectTruth(t, id, "released", 1, 1)
}

func TestALeaseThatEndsLeavesTheEntryInDoubtAndItsLateResultWaitsForTheNextOne(t *testing.T) {
	const short = time.Second
	path, id := file(t), held(t)
	outbox := opened(t, client(t, nil), path)
	enqueued(t, outbox, id)
	first := claimed(t, outbox, flexcancel.WithLease(short), flexcancel.WithMax(1))
	var second []flexcancel.OutboxClaim
	until(t, "the end of the lease", func() bool {
		claims, err := outbox.Claim(flexcancel.WithLease(short))
		if err != nil {
			t.Fatal(err)
		}
		second = claims
		return len(claims) == 1
	})
	if !second[0].InDoubt || second[0].Lease == first.Lease || second[0].Unclear != 2 {
		t.Errorf("%+v", second)
	}
	late := flexcancel.Settlement{
		IdempotencyKey: first.IdempotencyKey, Outcome: flexcancel.NotApplied, Code: "rate_limited",
		RetryAfter: time.Minute,
	}
	entry, err := outbox.Settle(first.ID, first.Lease, late)
	if !errors.Is(err, flexcancel.ErrOutboxBusy) || entry == nil || !entry.InDelivery {
		t.Errorf("%v %+v", err, entry)
	}
	until(t, "the end of the second lease", func() bool {
		entry, err = outbox.Settle(first.ID, first.Lease, late)
		return !errors.Is(err, flexcancel.ErrOutboxBusy)
	})
	if err != nil || entry.State != flexcancel.OutboxStatePending || entry.Unclear != 2 ||
		entry.LastCode != "rate_limited" || time.Until(entry.NextTry) < 50*time.Second {
		t.Errorf("%v %+v", err, entry)
	}
}

// A loop that flushes until nothing is pending would not end.
func TestAFlushDoesNotTryWhatSomebodyDeliversEvenNow(t *testing.T) {
	outbox, id := opened(t, client(t, nil), ""), held(t)
	enqueued(t, outbox, id)
	claimed(t, outbox)
	flushed, err := outbox.Flush(context.Background(), flexcancel.WithNow())
	if err != nil || len(flushed.Entries) != 0 || flushed.Counts.Due != 0 || flushed.Counts.Pending != 1 {
		t.Errorf("%v %+v", err, flushed)
	}
	expectTruth(t, id, "held", 0, 0)
}

func TestWhatCannotBeClaimedOrSettledIsNamed(t *testing.T) {
	outbox := opened(t, client(t, nil), "")
	enqueued(t, outbox, held(t))
	for field, opt := range map[string]flexcancel.ClaimOption{
		"max": flexcancel.WithMax(0), "lease_ms": flexcancel.WithLease(25 * time.Hour),
	} {
		claims, err := outbox.Claim(opt)
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), field) ||
			claims != nil {
			t.Errorf("%s: %v %+v", field, err, claims)
		}
	}
	claim := claimed(t, outbox)
	right := flexcancel.Settlement{IdempotencyKey: claim.IdempotencyKey, Code: "timeout"}
	for field, change := range map[string]func(lease *string, s *flexcancel.Settlement){
		"lease":           func(lease *string, _ *flexcancel.Settlement) { *lease = "" },
		"idempotency_key": func(_ *string, s *flexcancel.Settlement) { s.IdempotencyKey = "other" },
		"outcome":         func(_ *string, s *flexcancel.Settlement) { s.Outcome = 77 },
		"code":            func(_ *string, s *flexcancel.Settlement) { s.Code = "\xff" },
		"retry_after_ms":  func(_ *string, s *flexcancel.Settlement) { s.RetryAfter = -time.Second },
	} {
		lease, wrong := claim.Lease, right
		change(&lease, &wrong)
		entry, err := outbox.Settle(claim.ID, lease, wrong)
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), field) ||
			entry != nil {
			t.Errorf("%s: %v %+v", field, err, entry)
		}
	}
	if entry, err := outbox.Settle(99, claim.Lease, right); entry != nil ||
		!errors.Is(err, flexcancel.ErrOutboxNoEntry) {
		t.Errorf("%v %+v", err, entry)
	}
	if listed := listed(t, outbox, flexcancel.Filter{}); !listed[0].InDelivery {
		t.Errorf("%+v", listed)
	}
}
