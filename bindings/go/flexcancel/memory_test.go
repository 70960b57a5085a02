//go:build !race

// The race detector keeps a shadow of every page that was ever touched: what a process has then
// says nothing of what a call leaves behind.

package flexcancel_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// marginBytes is what Go's heap and glibc's may still take in 90,000 calls: 45 bytes for each,
// less than the smallest thing that a call could leave behind, which is a handle's entry.
const marginBytes = 4 << 20

// residentBytes is the memory that the process really has.
func residentBytes(t *testing.T) int {
	t.Helper()
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// isAlone is true in a process of its own, in which it has this test run. Its threads share one heap
// of glibc: the heaps of threads that are gone would count as what calls leave behind.
func isAlone(t *testing.T) bool {
	t.Helper()
	const alone = "FLEXCANCEL_TEST_ALONE"
	if os.Getenv(alone) != "" {
		return true
	}
	command := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), alone+"=1", "MALLOC_ARENA_MAX=1")
	said, err := command.CombinedOutput()
	t.Logf("%s", said)
	if err != nil || !bytes.Contains(said, []byte("--- PASS: "+t.Name())) {
		t.Error("in a process of its own:", err)
	}
	return false
}

func TestAHundredThousandCallsLeaveMemoryFlat(t *testing.T) {
	if !isAlone(t) {
		return
	}
	const total = 100_000
	till, id := client(t, nil), held(t)
	first, err := till.Cancel(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	again := flexcancel.WithIdempotencyKey(first.IdempotencyKey())
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	live, cancelLive := context.WithCancel(context.Background())
	defer cancelLive()
	var before int
	for i := range total {
		var c *flexcancel.Result
		switch i % 10 {
		case 0:
			c, err = till.Cancel(live, id, again)
		case 1, 2, 3:
			c, err = till.Retrieve(live, "not an id")
		default:
			c, err = till.Cancel(canceled, id)
		}
		if c == nil || (i%10 == 0) != (err == nil) || len(c.Message()) == 0 {
			t.Fatalf("%d: %v", i, err)
		}
		if i == total/10 {
			before = residentBytes(t)
		}
	}
	after := residentBytes(t)
	t.Logf("%d calls: %d bytes after a tenth of them, then %d", total, before, after)
	if after > before+marginBytes {
		t.Errorf("%d bytes have become %d", before, after)
	}
	if !bytes.Contains(first.JSON(), []byte(`"canceled"`)) {
		t.Errorf("%s", first.JSON())
	}
}

func TestAHundredThousandItemsLeaveMemoryFlat(t *testing.T) {
	if !isAlone(t) {
		return
	}
	const runs, itemsOfARun = 100, 1000
	till, id := client(t, nil), held(t)
	items := func(yield func(flexcancel.BulkItem) bool) {
		for i := range itemsOfARun {
			item := flexcancel.BulkItem{SessionID: "not an id"}
			switch i % 50 {
			case 0:
				item.SessionID = "fcs_nobody" + strconv.Itoa(i)
				item.Options = []flexcancel.Option{flexcancel.WithMaxAttempts(2)}
			case 1:
				item.SessionID = id
			}
			if !yield(item) {
				return
			}
		}
	}
	told := 0
	var before int
	for i := range runs {
		run := till.NewBulkRun(items, flexcancel.WithConcurrency(2))
		for item, c := range run.Results(context.Background()) {
			if told++; c == nil || len(c.Message()) == 0 || c.Outcome.IsVoided() != (item.Err == nil) {
				t.Fatalf("%+v: %v", item, c)
			}
			if i%10 == 5 && item.Number == itemsOfARun/2 {
				break
			}
		}
		if run.Err() != nil {
			t.Fatal(run.Err())
		}
		if i == runs/10 {
			before = residentBytes(t)
		}
	}
	after := residentBytes(t)
	t.Logf("%d results: %d bytes after a tenth of the runs, then %d", told, before, after)
	if after > before+marginBytes {
		t.Errorf("%d bytes have become %d", before, after)
	}
	if told < 90_000 {
		t.Errorf("%d results", told)
	}
}

// BenchmarkCancelMany is one item of a bulk run that sends nothing: what the way there and back costs.
func BenchmarkCancelMany(b *testing.B) {
	till, told := client(b, nil), 0
	ids := func(yield func(string) bool) {
		for range b.N {
			if !yield("not an id") {
				return
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range till.CancelMany(context.Background(), ids) {
		told++
	}
	if told != b.N {
		b.Errorf("%d results of %d", told, b.N)
	}
}

// BenchmarkCancel is one cancel over a connection that is open already.
func BenchmarkCancel(b *testing.B) {
	till, id := client(b, nil), held(b)
	first, err := till.Cancel(context.Background(), id)
	if err != nil {
		b.Fatal(err)
	}
	again := flexcancel.WithIdempotencyKey(first.IdempotencyKey())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := till.Cancel(context.Background(), id, again); err != nil {
			b.Fatal(err)
		}
	}
}
