package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
)

// TestMain is the program itself where a test has started it as that.
func TestMain(m *testing.M) {
	if os.Getenv("FLEET_TEST_PROGRAM") != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// program is a command of this program, with an API key or without.
func program(t *testing.T, key string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], arguments...)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "FLEET_TEST_PROGRAM=1", "FLEX_API_KEY="+key)
	return command
}

// ends fails the test unless the command ends with the code; it gives what was said.
func ends(t *testing.T, code int, arguments ...string) string {
	t.Helper()
	command := program(t, "", arguments...)
	said, err := command.CombinedOutput()
	if is := command.ProcessState.ExitCode(); is != code {
		t.Fatalf("%s: %d, expected %d: %v\n%s", arguments, is, code, err, said)
	}
	return string(said)
}

// started is the program when it has said where its metrics are; what it gives asks it, or gives its
// URL for no path.
func started(t *testing.T, arguments ...string) (command *exec.Cmd, get func(path string) string) {
	t.Helper()
	command = program(t, sandbox.Key, arguments...)
	said := new(bytes.Buffer)
	output, err := command.StdoutPipe()
	kit.OK(t, err)
	command.Stderr = said
	kit.OK(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if strings.Contains(said.String(), "hunter2") {
			t.Error("the API key is shown")
		}
	})
	text := ""
	buffer := make([]byte, 1000)
	for !strings.Contains(text, "/metrics\n") {
		count, err := output.Read(buffer)
		text += string(buffer[:count])
		if err != nil {
			t.Fatalf("%v: %s %s", err, text, said)
		}
	}
	_, url, _ := strings.Cut(text, "metrics on ")
	url = strings.TrimSuffix(strings.TrimSpace(url), "/metrics")
	return command, func(path string) string {
		if path == "" {
			return url + "/"
		}
		request, err := http.NewRequestWithContext(t.Context(), "GET", url+path, nil)
		kit.OK(t, err)
		return body(t, request)
	}
}

// body is that of the response.
func body(t *testing.T, request *http.Request) string {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	kit.OK(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	kit.OK(t, err)
	return string(text)
}

func TestWrongUsageIsToldAndNothingIsDone(t *testing.T) {
	for _, arguments := range [][]string{
		{}, {"no-such-command"}, {"forward"}, {"run", "--mode", "both"}, {"run", "--replicas", "2"},
		{"enqueue", "--file", "/nowhere", "--outbox", filepath.Join(t.TempDir(), "o.db")},
		{"run"}, {"worker"}, {"get", "*"}, {"get", "fcs_1", "--target", ">"}, {"export", "--target", "te.st"},
		{"ack", "*", "--by", "Ann", "--reason", "r"}, {"retry", "", "--by", "Ann", "--reason", "r", "--outbox", "o.db"},
		{"worker", "--http", "127.0.0.1:0", "--page-token", "t"}, {"worker", "--retries", "r.db"},
	} {
		ends(t, exitUsage, arguments...)
	}
	for _, command := range []string{"run", "worker"} {
		if said := ends(t, exitUsage, command); !strings.Contains(said, "FLEX_API_KEY") {
			t.Error(said)
		}
	}
	t.Setenv("FLEET_ACK_WAIT", "1ms")
	if said := ends(t, exitUsage, "worker"); !strings.Contains(said, "FLEX_API_KEY") {
		t.Error(said)
	}
	t.Setenv("FLEET_ACK_WAIT", "soon")
	if said := ends(t, exitUsage, "worker"); !strings.Contains(said, "FLEET_ACK_WAIT") {
		t.Error(said)
	}
	if said := ends(t, exitOutbox, "enqueue", "--file", "-", "--outbox", "/nowhere/o.db"); said == "" {
		t.Error("nothing was said")
	}
}

// From a file of sessions to results, by the program alone.
func TestACancelGoesFromAFileThroughTheOutboxAndTheQueueToItsResult(t *testing.T) {
	dir, box := t.TempDir(), kit.Sandbox(t)
	kit.OK(t, os.Chmod(dir, 0o700))
	address := "127.0.0.1:" + kit.FreePort(t)
	url := "nats://" + address
	server, get := started(t, "run", "--dir", filepath.Join(dir, "data"), "--listen", address,
		"--base-url", box.URL, "--http", "127.0.0.1:0", "--timeout", "5s")
	voided, captured := kit.Held(t), kit.Held(t)
	kit.OK(t, box.Act(captured, "capture"))
	file, outbox := filepath.Join(dir, "ids.csv"), filepath.Join(dir, "outbox.db")
	kit.OK(t, os.WriteFile(file, []byte(voided+",a comment\n"+captured+"\n"), 0o600))

	said := ends(t, exitPending, "enqueue", "--file", file, "--outbox", outbox, "--base-url", box.URL)
	if !strings.Contains(said, "2 in the outbox, 0 refused") {
		t.Error(said)
	}
	forwarder := program(t, "", "forward", "--nats", url, "--outbox", outbox, "--base-url", box.URL, "--till", "t 1")
	kit.OK(t, forwarder.Start())
	t.Cleanup(func() { _ = forwarder.Process.Kill() })
	both := func() bool { return strings.Count(ends(t, exitOK, "export", "--nats", url), "\n") == 2 }
	kit.Until(t, "two results", both)
	ends(t, exitOK, "drain", "--nats", url)
	ends(t, exitOK, "get", voided, "--nats", url)
	ends(t, exitTooLate, "get", captured, "--nats", url)
	ends(t, exitNotVoided, "get", "fcs_nobody", "--nats", url)
	ends(t, exitNotVoided, "status", "--nats", url)

	var note message.Note
	kit.OK(t, json.Unmarshal([]byte(ends(t, exitOK, "worklist", "--nats", url)), &note))
	if note.SessionID != captured || note.Code != "not_cancelable" || note.Till != "t 1" {
		t.Errorf("%+v", note)
	}
	audit := filepath.Join(dir, "data", "audit.jsonl")
	person := []string{"--nats", url, "--audit", audit, "--by", "Ann", "--reason", "refunded"}
	ends(t, exitNotVoided, append([]string{"ack", "nothing"}, person...)...)
	ends(t, exitOK, append([]string{"ack", note.Entry}, person...)...)
	ends(t, exitOK, "status", "--nats", url)
	lines, err := os.ReadFile(audit)
	kit.OK(t, err)
	if strings.Count(string(lines), `"kind":"result"`) != 2 ||
		strings.Count(string(lines), `"kind":"acknowledge"`) != 1 || !strings.Contains(string(lines), `"by":"Ann"`) {
		t.Errorf("%s", lines)
	}
	page := ""
	kit.Until(t, "the metrics of an empty queue", func() bool {
		page = get("/metrics")
		return strings.Contains(page, "flexcancel_fleet_pending 0") && strings.Contains(page, "flexcancel_fleet_worklist 0")
	})
	for _, line := range []string{
		`flexcancel_fleet_results_total{code="ok",outcome="canceled"} 1`, "flexcancel_fleet_tries_total 2",
		"flexcancel_fleet_workers 1", "flexcancel_fleet_paused 0", "flexcancel_fleet_breaker_open 0",
		"flexcancel_fleet_orphans 0", "flexcancel_fleet_oldest_pending_seconds 0", "flexcancel_fleet_rate_limit 0",
		"flexcancel_fleet_rate_share 0", "flexcancel_fleet_throttled_total 0", "flexcancel_fleet_call_seconds_count 2",
		"flexcancel_fleet_store_bytes ",
	} {
		if !strings.Contains(page, "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
	for _, secret := range []string{voided, captured, "hunter2"} {
		if strings.Contains(page, secret) || secret == "hunter2" && strings.Contains(string(lines), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	for _, command := range []*exec.Cmd{forwarder, server} {
		kit.OK(t, command.Process.Signal(os.Interrupt))
		kit.OK(t, command.Wait())
	}
}

func TestAPauseHoldsTheDeliveryUntilItIsResumed(t *testing.T) {
	dir := t.TempDir()
	address := "127.0.0.1:" + kit.FreePort(t)
	url := "nats://" + address
	_, get := started(t, "run", "--dir", dir, "--listen", address, "--base-url", kit.Sandbox(t).URL,
		"--http", "127.0.0.1:0")
	person := []string{"--nats", url, "--audit", filepath.Join(dir, "audit.jsonl"), "--by", "Ann", "--reason", "fraud"}
	kit.Until(t, "a worker", func() bool { return strings.Contains(get("/metrics"), "flexcancel_fleet_workers 1") })
	ends(t, exitOK, append([]string{"pause"}, person...)...)
	kit.Until(t, "the pause in the metrics", func() bool { return strings.Contains(get("/metrics"), "flexcancel_fleet_paused 1") })
	if said := ends(t, exitOK, "status", "--nats", url); !strings.Contains(said, `"paused":true`) {
		t.Error(said)
	}
	ends(t, exitOK, append([]string{"resume"}, person...)...)
	kit.Until(t, "the end of the pause", func() bool { return strings.Contains(get("/metrics"), "flexcancel_fleet_paused 0") })
}

func TestGivenARunningServerThenASecondOneOnItsDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	started(t, "run", "--dir", dir, "--listen", "none", "--base-url", kit.Sandbox(t).URL, "--http", "127.0.0.1:0")
	begun := time.Now()
	said := ends(t, exitUnexpected, "server", "--dir", dir, "--listen", "none")
	if !strings.Contains(said, "another server uses") || time.Since(begun) > kit.Never {
		t.Error(said)
	}
}

func TestOffLoopbackAServerWithoutUsersIsRefused(t *testing.T) {
	said := ends(t, exitUnexpected, "server", "--dir", t.TempDir(), "--listen", "0.0.0.0:0")
	if !strings.Contains(said, "TLS and users are required") {
		t.Error(said)
	}
}
