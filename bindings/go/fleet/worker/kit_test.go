package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/worker"
)

// told is what a worker has told.
type told struct {
	sync.Mutex
	results        []message.Result
	tries, orphans int
}

// counts is how many results, tries and orphans it has told until now.
func (s *told) counts() (results, tries, orphans int) {
	s.Lock()
	defer s.Unlock()
	return len(s.results), s.tries, s.orphans
}

// options are those of a worker of this queue.
func options(t *testing.T, q *queue.Queue) (worker.Options, *told) {
	t.Helper()
	seen := new(told)
	return worker.Options{
		Queue: q, Client: kit.Client(t), Target: kit.Target, BaseURL: kit.Sandbox(t).URL, Mode: "test",
		Name: "w", Concurrency: 16, Timeout: 5 * time.Second, AckWait: 30 * time.Second,
		Pacer: worker.NewPacer(0), Logger: kit.Quiet,
		Told: worker.Observer{
			Result: func(r message.Result) { seen.Lock(); seen.results = append(seen.results, r); seen.Unlock() },
			Try:    func(time.Duration) { seen.Lock(); seen.tries++; seen.Unlock() },
			Orphan: func() { seen.Lock(); seen.orphans++; seen.Unlock() },
		},
	}, seen
}

// run runs a worker until the test is over or what it gives is called.
func run(t *testing.T, o worker.Options) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- worker.New(o).Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		kit.OK(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func counts(t *testing.T, q *queue.Queue) queue.Counts {
	t.Helper()
	found, err := q.Counts(t.Context(), kit.Target)
	kit.OK(t, err)
	return found
}

// isEmpty is true of a queue with no cancel and no claim.
func isEmpty(t *testing.T, q *queue.Queue) func() bool {
	return func() bool {
		found, err := q.Counts(t.Context(), kit.Target)
		return err == nil && found.Pending == 0 && found.Claims == 0
	}
}

func result(t *testing.T, q *queue.Queue, c message.Cancel) message.Result {
	t.Helper()
	found, err := q.Result(t.Context(), c.Target, c.SessionID, c.Entry)
	kit.OK(t, err)
	if found == nil {
		t.Fatalf("%s has no result", c.SessionID)
	}
	return *found
}

func truth(t *testing.T, id string) sandbox.Truth {
	t.Helper()
	found, err := kit.Sandbox(t).Truth(id)
	kit.OK(t, err)
	return found
}
