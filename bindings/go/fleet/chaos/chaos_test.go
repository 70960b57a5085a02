// Package chaos_test kills the parts of a fleet at any moment, and compares what came of it with the
// truth.
package chaos_test

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// number is what the environment asks for.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	given, err := strconv.Atoi(text)
	kit.OK(t, err)
	return given
}

// till is an outbox as its own program sees it.
func till(t *testing.T, path string) *flexcancel.Outbox {
	t.Helper()
	client, err := flexcancel.New(flexcancel.Config{APIKey: sandbox.Key, BaseURL: kit.Sandbox(t).URL})
	kit.OK(t, err)
	outbox, err := client.OpenOutbox(path)
	kit.OK(t, err)
	t.Cleanup(func() {
		kit.OK(t, outbox.Close())
		kit.OK(t, client.Close())
	})
	return outbox
}

// faults are what goes wrong with Flex; each is of one request or connection.
var faults = []sandbox.Fields{
	{"fault": "drop_answer", "how": "rst"},
	{"fault": "drop_answer", "how": "rst", "apply": false},
	{"fault": "drop_answer", "how": "stall"},
	{"fault": "cut_answer", "at": 20, "how": "fin"},
	{"fault": "cut_request", "at": 30, "how": "rst"},
	{"fault": "status", "status": 503},
	{"fault": "status", "status": 502},
	{"fault": "status", "status": 429, "headers": [][]string{{"Retry-After", "1"}}},
	{"fault": "close_before_read"},
	{"fault": "delay", "ms": 300},
	{"fault": "truncated"},
}

// inject has one of twenty requests go wrong, until what it gives is called; it tells how many.
func inject(t *testing.T, random *rand.Rand) (end func() int) {
	t.Helper()
	box, over, count := kit.Sandbox(t), make(chan struct{}), 0
	var group sync.WaitGroup
	before, err := box.Counts()
	kit.OK(t, err)
	group.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(50 * time.Millisecond):
			}
			now, err := box.Counts()
			if err != nil {
				t.Error(err)
				return
			}
			served := now.Cancel + now.Retrieve - before.Cancel - before.Retrieve
			for ; count < served/20; count++ {
				if err := box.Fault(faults[random.IntN(len(faults))]); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	return func() int {
		close(over)
		group.Wait()
		kit.OK(t, box.NoFaults())
		return count
	}
}

// work is what the tills of a fleet have to be done.
type work struct {
	fleet   *fleet
	tills   []*flexcancel.Outbox
	entries []map[string]*flexcancel.OutboxEntry
	group   sync.WaitGroup
}

// enqueue has both tills enqueue so many sessions, while the test goes on.
func enqueue(t *testing.T, f *fleet, sessions int) *work {
	t.Helper()
	w := &work{fleet: f, tills: []*flexcancel.Outbox{till(t, f.outboxes[0]), till(t, f.outboxes[1])}}
	for _, outbox := range w.tills {
		entries := map[string]*flexcancel.OutboxEntry{}
		w.entries = append(w.entries, entries)
		w.group.Go(func() {
			for range sessions / len(w.tills) {
				id, err := kit.Sandbox(t).Held()
				if err != nil {
					t.Error(err)
					return
				}
				if entries[id], err = outbox.Enqueue(id); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return w
}

// ended is how many entries have become final.
func (w *work) ended(t *testing.T) (count int) {
	t.Helper()
	for _, outbox := range w.tills {
		counts, err := outbox.Stats()
		kit.OK(t, err)
		count += counts.Delivered + counts.Refused + counts.Expired + counts.NeedsAttention
	}
	return count
}

// emptied is the queue of the fleet when it is empty, and what is left on it.
func emptied(t *testing.T, f *fleet) (q *queue.Queue, left queue.Counts) {
	t.Helper()
	js, err := connect.Open(connect.Options{URL: "nats://" + f.address, Logger: kit.Quiet})
	kit.OK(t, err)
	t.Cleanup(js.Conn().Close)
	kit.Until(t, "an empty queue", func() bool {
		if q, err = queue.Open(t.Context(), js); err != nil {
			return false
		}
		left, err = q.Counts(t.Context(), kit.Target)
		return err == nil && left.Pending == 0
	})
	return q, left
}

// size is how many sessions a run has, how many kills, and what draws them; it tells all three, so
// that a run can be repeated.
func size(t *testing.T, sessions, kills int) (int, int, uint64) {
	t.Helper()
	sessions, kills = number(t, "FLEET_SESSIONS", sessions), number(t, "FLEET_KILLS", kills)
	seed := uint64(number(t, "FLEET_SEED", int(time.Now().UnixNano()%1_000_000)))
	t.Logf("FLEET_SESSIONS=%d FLEET_KILLS=%d FLEET_SEED=%d", sessions, kills, seed)
	return sessions, kills, seed
}

// Killed at any moment, a fleet loses no cancel and does none twice.
func TestGivenKillsAndFaultsThenEachCancelHasOneResultAndOneEffect(t *testing.T) {
	sessions, kills, seed := size(t, 2000, 10)
	random := rand.New(rand.NewPCG(seed, 0))
	f := prepare(t)
	f.start(t)
	began := time.Now()
	endFaults := inject(t, rand.New(rand.NewPCG(seed, 1)))
	w := enqueue(t, f, sessions)
	// Each kill comes when a further part of the work is done, so that all come amid it.
	victims := f.all()
	for i := range kills {
		kit.Until(t, "more of the work", func() bool { return w.ended(t) >= i*sessions/(kills+1) })
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		victim := victims[random.IntN(len(victims))]
		if i%3 == 0 {
			victim = f.server
		}
		victim.kill(t, time.Duration(random.IntN(500))*time.Millisecond)
	}
	w.group.Wait()
	kit.Until(t, "the end of the work", func() bool { return w.ended(t) == sessions })
	took := time.Since(began).Round(time.Second)
	injected := endFaults()
	q, left := emptied(t, f)
	if left.Results != uint64(sessions) || left.Worklist != 0 {
		t.Errorf("%d results and %d on the worklist", left.Results, left.Worklist)
	}
	w.compare(t, q)
	t.Logf("%d sessions, %d kills (server %d), %d faults, in %v", sessions, kills, f.server.kills, injected, took)
	f.end(t)
}

// The outboxes are the truth: what the queue loses is handed over again.
func TestGivenAQueueThatIsLostMidwayThenNothingIsLost(t *testing.T) {
	const sessions = 600
	f := prepare(t)
	f.start(t)
	w := enqueue(t, f, sessions)
	kit.Until(t, "a third of the work", func() bool { return w.ended(t) >= sessions/3 })
	f.server.killAnd(t, func() { kit.OK(t, os.RemoveAll(filepath.Join(f.dir, "queue"))) })
	w.group.Wait()
	kit.Until(t, "the end of the work", func() bool { return w.ended(t) == sessions })
	emptied(t, f)
	w.compare(t, nil)
	f.end(t)
}

// A session may be authorized again between the request of its cancel and its delivery.
func TestGivenHoldsThatAreMadeAnewBeforeTheDeliveryThenNoneIsReleased(t *testing.T) {
	sessions := number(t, "FLEET_REAUTHORIZED", 100)
	f := prepare(t)
	w := enqueue(t, f, sessions)
	w.group.Wait()
	// Flex tells times in whole seconds: a hold of the same second may be the old one.
	time.Sleep(2 * time.Second)
	for _, entries := range w.entries {
		for id := range entries {
			kit.OK(t, kit.Sandbox(t).Act(id, "cancel"))
			kit.OK(t, kit.Sandbox(t).Act(id, "reauth"))
		}
	}
	// Up to this age a cancel is sent without a look at its session; docs/FLEET.md says so.
	time.Sleep(6 * time.Second)
	f.start(t)
	for i := range 4 {
		kit.Until(t, "more of the work", func() bool { return w.ended(t) >= i*sessions/5 })
		f.all()[i].kill(t, 0)
	}
	kit.Until(t, "the end of the work", func() bool { return w.ended(t) == sessions })
	_, left := emptied(t, f)
	if left.Worklist != uint64(sessions) {
		t.Errorf("%d are on the worklist", left.Worklist)
	}
	released := 0
	for _, entries := range w.entries {
		for id := range entries {
			is, err := kit.Sandbox(t).Truth(id)
			kit.OK(t, err)
			if is.Hold != "held" {
				released++
			}
		}
	}
	if released != 0 {
		t.Errorf("%d new holds were released", released)
	}
	t.Logf("%d sessions that were authorized again, %d new holds released, %d on the worklist", sessions, released, left.Worklist)
	f.end(t)
}

// compare holds outboxes, results, audit files and the truth against each other. Without a queue
// the results are not looked at.
func (w *work) compare(t *testing.T, q *queue.Queue) {
	t.Helper()
	written := audited(t, w.fleet)
	lost, doubled, keys := 0, 0, 0
	for i, outbox := range w.tills {
		for id, entry := range w.entries[i] {
			is, err := kit.Sandbox(t).Truth(id)
			kit.OK(t, err)
			if is.Hold != "released" || len(is.CancelsApplied) == 0 {
				lost++
				t.Errorf("lost: %s %+v", id, is)
				continue
			}
			if len(is.CancelsApplied) != 1 {
				doubled++
				t.Errorf("a second effect: %s %+v", id, is)
			}
			if is.CancelsApplied[0].IdempotencyKey != entry.IdempotencyKey {
				keys++
				t.Errorf("another key: %s %+v, expected %s", id, is, entry.IdempotencyKey)
			}
			if q != nil {
				r, err := q.Result(t.Context(), kit.Target, id, message.EntryID(entry.IdempotencyKey))
				kit.OK(t, err)
				if r == nil || !r.Outcome.IsVoided() {
					t.Errorf("the result of %s is %+v", id, r)
				}
				if written[message.EntryID(entry.IdempotencyKey)] > 1 {
					t.Errorf("a second result of %s was written", id)
				}
			}
			found, err := outbox.List(flexcancel.Filter{SessionID: id})
			kit.OK(t, err)
			if len(found) != 1 || found[0].State != flexcancel.OutboxStateDelivered {
				t.Errorf("the outbox has %+v of %s", found, id)
			}
		}
	}
	t.Logf("lost %d, second effects %d, other keys %d", lost, doubled, keys)
}

// audited counts the results that workers have written, by entry.
func audited(t *testing.T, f *fleet) map[string]int {
	t.Helper()
	written := map[string]int{}
	for _, path := range f.audits {
		file, err := os.Open(path)
		kit.OK(t, err)
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			var line struct{ Kind, Entry string }
			// A line may have been cut off by a kill.
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Kind == "result" {
				written[line.Entry]++
			}
		}
		kit.OK(t, lines.Err())
		kit.OK(t, file.Close())
	}
	return written
}
