package chaos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
)

// program is the program of this module, as it is now.
func program(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flexcancel-fleet")
	said, err := exec.Command("go", "build", "-o", path, "../cmd/flexcancel-fleet").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return path
}

// process is a part of the fleet that is killed and started again.
type process struct {
	name      string
	program   string
	arguments []string
	log       string
	running   *exec.Cmd
	kills     int
}

func (p *process) start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	kit.OK(t, err)
	defer log.Close()
	command := exec.Command(p.program, p.arguments...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "FLEX_API_KEY="+sandbox.Key)
	kit.OK(t, command.Start())
	p.running = command
}

// kill ends it at any instruction, and starts it again after a pause.
func (p *process) kill(t *testing.T, pause time.Duration) {
	t.Helper()
	p.killAnd(t, func() { time.Sleep(pause) })
}

// killAnd ends it at any instruction, has something done, and starts it again.
func (p *process) killAnd(t *testing.T, do func()) {
	t.Helper()
	kit.OK(t, p.running.Process.Kill())
	_ = p.running.Wait()
	p.kills++
	do()
	p.start(t)
}

// end ends it in good order.
func (p *process) end(t testing.TB) {
	t.Helper()
	kit.OK(t, p.running.Process.Signal(os.Interrupt))
	if err := p.running.Wait(); err != nil {
		t.Errorf("%s ended badly: %v\n%s", p.name, err, p.said(t))
	}
}

func (p *process) said(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	kit.OK(t, err)
	return string(text)
}

// fleet is a queue, workers and forwarders as processes of their own.
type fleet struct {
	dir, address string
	server       *process
	// others are the other servers of a cluster.
	workers, forwarders, others []*process
	outboxes, audits            []string
}

// prepare is a fleet of two workers, and two tills with an outbox each, that has not begun.
func prepare(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{dir: t.TempDir(), address: "127.0.0.1:" + kit.FreePort(t)}
	made := program(t)
	add := func(name string, arguments ...string) *process {
		return &process{name: name, program: made, arguments: arguments, log: filepath.Join(f.dir, name+".log")}
	}
	url, service := "nats://"+f.address, kit.Sandbox(t).URL
	f.server = add("server", "server", "--dir", filepath.Join(f.dir, "queue"), "--listen", f.address)
	for i := range 2 {
		name := fmt.Sprintf("worker-%d", i)
		f.audits = append(f.audits, filepath.Join(f.dir, name+".jsonl"))
		f.workers = append(f.workers, add(name, "worker", "--nats", url, "--base-url", service,
			"--name", name, "--timeout", "3s", "--ack-wait", "6s", "--audit", f.audits[i]))
		till := fmt.Sprintf("till-%d", i)
		f.outboxes = append(f.outboxes, filepath.Join(f.dir, till+".db"))
		f.forwarders = append(f.forwarders, add(till, "forward", "--nats", url, "--base-url", service,
			"--till", till, "--outbox", f.outboxes[i], "--lease", "10s", "--every", "250ms"))
	}
	return f
}

// start starts every part. Where the test fails, it shows the ends of their logs.
func (f *fleet) start(t *testing.T) {
	t.Helper()
	for _, p := range f.all() {
		p.start(t)
		t.Cleanup(func() {
			_ = p.running.Process.Kill()
			_ = p.running.Wait()
			if t.Failed() {
				said := p.said(t)
				t.Logf("%s:\n%s", p.name, said[max(0, len(said)-3000):])
			}
		})
	}
}

func (f *fleet) all() []*process {
	return slices.Concat([]*process{f.server}, f.others, f.workers, f.forwarders)
}

// end ends all in good order: tills and workers first. No log holds the API key.
func (f *fleet) end(t *testing.T) {
	t.Helper()
	all := f.all()
	for i := len(all) - 1; i >= 0; i-- {
		all[i].end(t)
	}
	for _, p := range all {
		if strings.Contains(p.said(t), "hunter2") {
			t.Errorf("the log of %s shows the API key", p.name)
		}
	}
}
