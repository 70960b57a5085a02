package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
)

// node is one of three servers, with its addresses.
type node struct {
	name, dir, listen, clusterListen string
	routes                           []string
}

// ours is the command of a node by this program.
func ours(_ *testing.T, p process, n node) process {
	p.arguments = []string{"server", "--dir", n.dir, "--listen", n.listen, "--replicas", "3", "--cluster", "fleet",
		"--server-name", n.name, "--cluster-listen", n.clusterListen, "--routes", strings.Join(n.routes, ",")}
	return p
}

// upstream is the command of a node by nats-server itself, with the settings of docs/FLEET.md.
func upstream(t *testing.T, p process, n node) process {
	t.Helper()
	p.program = filepath.Join(filepath.Dir(n.dir), "nats-server")
	if _, err := os.Stat(p.program); err != nil {
		said, err := exec.Command("go", "build", "-o", p.program, "github.com/nats-io/nats-server/v2").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	path := n.dir + ".conf"
	kit.OK(t, os.WriteFile(path, fmt.Appendf(nil, `server_name: %q
listen: %q
jetstream { store_dir: %q, max_file_store: 8GB, sync_interval: always }
cluster { name: "fleet", listen: %q, routes: [%s] }
`, n.name, n.listen, n.dir, n.clusterListen, strings.Join(n.routes, ", ")), 0o600))
	p.arguments = []string{"-c", path}
	return p
}

// clustered is a fleet whose queue is on three servers.
func clustered(t *testing.T, command func(*testing.T, process, node) process) (f *fleet, servers []*process) {
	t.Helper()
	f = prepare(t)
	var nodes []node
	var urls, routes []string
	for i := range 3 {
		name := fmt.Sprintf("node-%d", i)
		n := node{name: name, dir: filepath.Join(f.dir, name), listen: "127.0.0.1:" + kit.FreePort(t),
			clusterListen: "127.0.0.1:" + kit.FreePort(t)}
		nodes, urls, routes = append(nodes, n), append(urls, n.listen), append(routes, "nats://"+n.clusterListen)
	}
	for _, n := range nodes {
		n.routes = routes
		p := command(t, *f.server, n)
		p.name, p.log = n.name, n.dir+".log"
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
	f, servers := clustered(t, ours)
	f.start(t)
	killOneAtATime(t, f, servers, 600, 6)
}

// The servers are the upstream program, as it is at the version of go.mod.
func TestOneOfThreePlainServersMayDieAtAnyMoment(t *testing.T) {
	f, servers := clustered(t, upstream)
	f.start(t)
	// A server that did not start would be waited for.
	ctx, stop := context.WithTimeout(t.Context(), kit.Never)
	defer stop()
	command := exec.CommandContext(ctx, f.workers[0].program, "streams", "--nats", "nats://"+f.address, "--replicas", "3")
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, said, servers[0].said(t))
	}
	killOneAtATime(t, f, servers, 200, 2)
}

func killOneAtATime(t *testing.T, f *fleet, servers []*process, sessions, kills int) {
	t.Helper()
	sessions, kills, seed := size(t, sessions, kills)
	random := rand.New(rand.NewPCG(seed, 0))
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
