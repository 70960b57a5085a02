package flexcancel_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// keys are the different idempotency keys that the session's cancels came with.
func keys(t testing.TB, id string) []string {
	t.Helper()
	type request struct {
		Target  string      `json:"target"`
		Headers [][2]string `json:"headers"`
	}
	var found []string
	for _, it := range ask[struct{ Requests []request }](t, "GET", "requests", nil).Requests {
		if !strings.Contains(it.Target, id+"/cancel") {
			continue
		}
		for _, header := range it.Headers {
			if strings.EqualFold(header[0], "Idempotency-Key") {
				found = append(found, header[1])
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// ran has the run pass on all it has, and gives its error.
func ran(run *flexcancel.BulkRun) error {
	for range run.Results(context.Background()) {
		continue
	}
	return run.Err()
}

func TestAJournalResumesARunThatWasLeft(t *testing.T) {
	till, ids := client(t, nil), manyHeld(t, 30)
	path := filepath.Join(t.TempDir(), "night.jsonl")
	run := till.NewBulkRun(flexcancel.IDs(slices.Values(ids)), flexcancel.WithJournal(path),
		flexcancel.WithReason("closing \"time\""), flexcancel.WithConcurrency(3))
	for item := range run.Results(context.Background()) {
		if item.Number == 9 {
			break
		}
	}
	if run.Summary().Complete {
		t.Fatal("nothing is left to resume")
	}
	fromJournal := 0
	for item, c := range run.Results(context.Background()) {
		if item.Err != nil || c.Hold() != flexcancel.HoldReleased {
			t.Errorf("%+v %s", item, c.JSON())
		}
		if item.FromJournal {
			fromJournal++
		}
	}
	summary := run.Summary()
	if run.Err() != nil || !summary.Complete || summary.Items != 30 || fromJournal < 10 ||
		summary.FromJournal != int64(fromJournal) {
		t.Errorf("%v %+v", run.Err(), summary)
	}
	for _, id := range ids {
		releasedOnce(t, id)
		if found := keys(t, id); len(found) != 1 {
			t.Errorf("%s has the keys %v", id, found)
		}
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `closing \"time\"`) {
		t.Errorf("%v: %.200s", err, text)
	}
}

func TestAJournalThatCannotBeUsedEndsTheRunByItsSentinel(t *testing.T) {
	till, ids := client(t, nil), manyHeld(t, 3)
	directory := t.TempDir()
	noJournal, busy := filepath.Join(directory, "text"), filepath.Join(directory, "busy")
	if err := os.WriteFile(noJournal, []byte("no journal\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := func(path string) error {
		return ran(till.NewBulkRun(flexcancel.IDs(slices.Values(ids)), flexcancel.WithJournal(path)))
	}
	if err := second(filepath.Join(directory, "none", "x")); !errors.Is(err, flexcancel.ErrJournalIO) {
		t.Error(err)
	}
	if err := second(noJournal); !errors.Is(err, flexcancel.ErrJournalInvalid) {
		t.Error(err)
	}
	if left, err := os.ReadFile(noJournal); err != nil || string(left) != "no journal\n" {
		t.Errorf("%q %v", left, err)
	}
	if count := sent(t, ids); count != 0 {
		t.Errorf("%d were sent", count)
	}
	for range till.CancelMany(context.Background(), slices.Values(manyHeld(t, 2)),
		flexcancel.WithJournal(busy)) {
		// Here the first run still has it.
		if err := second(busy); !errors.Is(err, flexcancel.ErrJournalBusy) {
			t.Error(err)
		}
		last := flexcancel.BulkItemResult{}
		for item, c := range till.CancelMany(context.Background(), slices.Values(ids),
			flexcancel.WithJournal(busy)) {
			last = item
			if c.Code != flexcancel.CodeJournalBusy || c.Outcome != flexcancel.Unknown {
				t.Errorf("%v", c)
			}
		}
		if last.Number != -1 || !errors.Is(last.Err, flexcancel.ErrJournalBusy) ||
			errors.Is(last.Err, flexcancel.ErrUnknown) {
			t.Errorf("%+v", last)
		}
	}
}

func TestAnItemWithAnotherSessionInItsPlaceEndsTheRunWhereItComes(t *testing.T) {
	till, ids, others := client(t, nil), manyHeld(t, 3), manyHeld(t, 2)
	path := filepath.Join(t.TempDir(), "night.jsonl")
	options := []flexcancel.BulkOption{flexcancel.WithJournal(path), flexcancel.WithConcurrency(1)}
	// Nothing reaches the session, so that each item is unknown and is to be sent again.
	ask[any](t, "POST", "faults",
		fields{"fault": "drop_answer", "how": "rst", "apply": false, "times": 1000})
	for item, c := range till.CancelMany(context.Background(), slices.Values(ids),
		append(options, flexcancel.WithTimeout(100*time.Millisecond))...) {
		if c.Outcome != flexcancel.Unknown {
			t.Fatalf("%+v %v", item, c)
		}
	}
	ask[any](t, "DELETE", "faults", nil)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	input := []string{ids[0], others[0], ids[2], others[1]}
	run := till.NewBulkRun(flexcancel.IDs(slices.Values(input)), options...)
	told := 0
	for item, c := range run.Results(context.Background()) {
		told++
		if item.Number != 0 || !c.Outcome.IsVoided() {
			t.Errorf("%+v %v", item, c)
		}
	}
	if err := run.Err(); told != 1 || !errors.Is(err, flexcancel.ErrJournalInvalid) || run.Summary().Complete {
		t.Errorf("%d results: %v", told, err)
	}
	releasedOnce(t, ids[0])
	for _, id := range []string{ids[2], others[0], others[1]} {
		if found := ask[truth](t, "GET", "sessions/"+id, nil); found.Hold != "held" {
			t.Errorf("%s: %+v", id, found)
		}
	}
	// What was sent is in the journal as usual; of the rest there is nothing.
	after, err := os.ReadFile(path)
	added, isLonger := strings.CutPrefix(string(after), string(before))
	if err != nil || !isLonger || !strings.Contains(added, `"outcome":"canceled"`) ||
		strings.Contains(added, others[0]) || strings.Contains(added, others[1]) {
		t.Errorf("%v: %s", err, added)
	}
	// So the right input resumes it.
	if err := ran(till.NewBulkRun(flexcancel.IDs(slices.Values(ids)), options...)); err != nil {
		t.Error(err)
	}
	for _, id := range ids {
		releasedOnce(t, id)
	}
}
