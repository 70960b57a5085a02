package chaos_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
)

// metric is a gauge of a worker; -1 while it is not there.
func metric(address, name string) float64 {
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return -1
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		var value float64
		rest, is := strings.CutPrefix(lines.Text(), "flexcancel_fleet_"+name+" ")
		if _, err := fmt.Sscan(rest, &value); is && err == nil {
			return value
		}
	}
	return -1
}

// Against a sandbox that takes 100 requests a second, three workers make 90 together. Most sessions are read first,
// because their cancels have waited.
func TestThreeWorkersShareTheRateAndTakeOverThatOfOneThatDies(t *testing.T) {
	const sessions, limit, workers = 1500, 90, 3
	f := prepare(t)
	f.forwarders = nil
	first := *f.workers[0]
	f.workers = nil
	var addresses []string
	for i := range workers {
		p := first
		p.name = fmt.Sprintf("paced-%d", i)
		p.log = strings.Replace(first.log, first.name, p.name, 1)
		addresses = append(addresses, "127.0.0.1:"+kit.FreePort(t))
		p.arguments = append(append([]string{}, first.arguments...), "--name", p.name, "--rate", fmt.Sprint(limit),
			"--http", addresses[i], "--concurrency", "32")
		f.workers = append(f.workers, &p)
	}
	var ids []string
	for range sessions {
		ids = append(ids, kit.Held(t))
	}
	before, err := kit.Sandbox(t).Counts()
	kit.OK(t, err)
	f.server.start(t)
	js, err := connect.Open(connect.Options{URL: "nats://" + f.address, Logger: kit.Quiet})
	kit.OK(t, err)
	t.Cleanup(js.Conn().Close)
	var q *queue.Queue
	kit.OK(t, connect.Ready(t.Context(), kit.Quiet, func(ctx context.Context) (err error) {
		q, err = queue.Open(ctx, js)
		return err
	}))
	for _, id := range ids {
		kit.OK(t, q.Publish(t.Context(), kit.Cancel(t, id)))
	}
	// The server is there already.
	began := time.Now()
	for _, p := range f.workers {
		p.start(t)
	}
	t.Cleanup(func() {
		for _, p := range f.all() {
			_ = p.running.Process.Kill()
			_ = p.running.Wait()
		}
	})
	kit.Until(t, "equal shares", func() bool {
		for _, address := range addresses {
			if metric(address, "rate_share") != limit/workers {
				return false
			}
		}
		return true
	})
	left, err := emptiedOf(t, q)
	kit.OK(t, err)
	took := time.Since(began)
	after, err := kit.Sandbox(t).Counts()
	kit.OK(t, err)
	refused := after.RateLimited - before.RateLimited
	if left.Results != sessions || refused > 10 {
		t.Errorf("%d results, %d responses with 429", left.Results, refused)
	}
	requests := after.Cancel + after.Retrieve - before.Cancel - before.Retrieve
	if rate := float64(requests) / took.Seconds(); rate > limit*1.05 {
		t.Errorf("%.1f requests a second", rate)
	}
	kit.OK(t, f.workers[0].running.Process.Kill())
	died := time.Now()
	kit.Until(t, "the share of two", func() bool {
		return metric(addresses[1], "rate_share") == limit/2 && metric(addresses[2], "rate_share") == limit/2
	})
	back := time.Since(died)
	t.Logf("%d cancels by %d requests in %.1f s, %d responses with 429, the share of the dead is taken over after %.1f s",
		sessions, requests, took.Seconds(), refused, back.Seconds())
	if back > 5*time.Second {
		t.Errorf("the share was taken over after %v", back)
	}
}

// emptiedOf is what is left on a queue when it is empty.
func emptiedOf(t *testing.T, q *queue.Queue) (left queue.Counts, err error) {
	t.Helper()
	kit.Until(t, "an empty queue", func() bool {
		left, err = q.Counts(t.Context(), kit.Target)
		return err == nil && left.Pending == 0
	})
	return left, err
}
