package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// A cancel that a person repeats on the page goes through an outbox of its own to its result.
func TestWhatAPersonRepeatsOnThePageIsDelivered(t *testing.T) {
	dir, box := t.TempDir(), kit.Sandbox(t)
	address := "127.0.0.1:" + kit.FreePort(t)
	data := filepath.Join(dir, "data")
	server, get := started(t, "run", "--dir", data, "--listen", address, "--base-url", box.URL,
		"--http", "127.0.0.1:0", "--timeout", "5s", "--name", "w 1")
	if shown := get("/"); !strings.Contains(shown, `name="token"`) {
		t.Fatal(shown)
	}
	token, err := os.ReadFile(filepath.Join(data, "page-token"))
	kit.OK(t, err)

	captured := kit.Held(t)
	kit.OK(t, box.Act(captured, "capture"))
	file, outbox := filepath.Join(dir, "ids.csv"), filepath.Join(dir, "outbox.db")
	kit.OK(t, os.WriteFile(file, []byte(captured+"\n"), 0o600))
	ends(t, exitPending, "enqueue", "--file", file, "--outbox", outbox, "--base-url", box.URL)
	forwarder := program(t, "", "forward", "--nats", "nats://"+address, "--outbox", outbox, "--base-url", box.URL)
	kit.OK(t, forwarder.Start())
	t.Cleanup(func() {
		_ = forwarder.Process.Kill()
		_ = forwarder.Wait()
	})

	// entry is the one on the page that is not the given one; empty while there is none.
	entry := func(not string) string {
		request, err := http.NewRequestWithContext(t.Context(), "GET", get(""), nil)
		kit.OK(t, err)
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		text := body(t, request)
		if strings.Contains(text, "hunter2") {
			t.Error("the API key is shown")
		}
		_, rest, _ := strings.Cut(text, `name="entry" value="`)
		found, _, _ := strings.Cut(rest, `"`)
		if found == not || !strings.Contains(text, captured) {
			return ""
		}
		return found
	}
	first := ""
	kit.Until(t, "the entry on the page", func() bool {
		first = entry("")
		return first != ""
	})
	form := url.Values{"entry": {first}, "name": {"Ann"}, "reason": {"the terminal was right"}}
	request, err := http.NewRequestWithContext(t.Context(), "POST", get("")+"retry", strings.NewReader(form.Encode()))
	kit.OK(t, err)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body(t, request)
	kit.Until(t, "the result of the second cancel", func() bool {
		return entry(first) != ""
	})
	lines := ends(t, exitOK, "export", "--nats", "nats://"+address)
	if strings.Count(lines, captured) != 2 || !strings.Contains(lines, `"till":"w 1"`) {
		t.Error(lines)
	}
	kit.OK(t, server.Process.Signal(os.Interrupt))
	kit.OK(t, server.Wait())
	client, kept, err := open(box.URL, "test", filepath.Join(data, "retries.db"))
	kit.OK(t, err)
	defer client.Close()
	defer kept.Close()
	entries, err := kept.List(flexcancel.Filter{})
	kit.OK(t, err)
	if len(entries) != 1 || entries[0].SessionID != captured || !entries[0].IsFinal() {
		t.Errorf("%+v", entries)
	}
}
