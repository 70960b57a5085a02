package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
)

// clustered is a fleet whose queue is on three servers.
func clustered(t *testing.T) (f *fleet, servers []*process) {
	t.Helper()
	f = prepare(t)
	var urls, routes, ports []string
	for range 3 {
		urls = append(urls, "127.0.0.1:"+kit.FreePort(t))
		ports = append(ports, "127.0.0.1:"+kit.FreePort(t))
		routes = append(routes, "nats://"+ports[len(ports)-1])
	}
	for i := range 3 {
		name := fmt.Sprintf("node-%d", i)
		p := *f.server
		p.name, p.log = name, filepath.Join(f.dir, name+".log")
		p.arguments = []string{"server", "--dir", filepath.Join(f.dir, name), "--listen", urls[i], "--replicas", "3",
			"--cluster", "fleet", "--server-name", name, "--cluster-listen", ports[i], "--routes", strings.Join(routes, ",")}
		servers = append(servers, &p)
	}
	all := "nats://" + strings.Join(urls, ",nats://")
	for _, p := range append(append([]*process{}, f.workers...), f.forwarders...) {
		for i, argument := range p.arguments {
			if argument == "--nats" {
				p.arguments[i+1] = all
			}
		}
	}
	f.address = strings.TrimPrefix(all, "nats://")
	f.server, f.others = servers[0], servers[1:]
	return f, servers
}

func TestOneOfThreeServersMayDieAtAnyMoment(t *testing.T) {
	sessions, kills, seed := size(t, 600, 6)
	random := rand.New(rand.NewPCG(seed, 0))
	f, servers := clustered(t)
	f.start(t)
	began := time.Now()
	w := enqueue(t, f, sessions)
	for i := range kills {
		kit.Until(t, "more of the work", func() bool { return w.ended(t) >= i*sessions/(kills+1) })
		servers[random.IntN(len(servers))].kill(t, time.Duration(random.IntN(1000))*time.Millisecond)
		// The next one dies when this one may have caught up: a cluster stands the loss of one.
		time.Sleep(5 * time.Second)
	}
	w.group.Wait()
	kit.Until(t, "the end of the work", func() bool { return w.ended(t) == sessions })
	took := time.Since(began).Round(time.Second)
	q, left := emptied(t, f)
	if left.Results != uint64(sessions) || left.Worklist != 0 {
		t.Errorf("%d results and %d on the worklist", left.Results, left.Worklist)
	}
	w.compare(t, q)
	t.Logf("%d sessions, %d kills of one of three servers, in %v", sessions, kills, took)
	f.end(t)
}
