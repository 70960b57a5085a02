package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

const key = "fsk_test_hunter2"

// office is a running service with its own outbox, and the sandbox that `cargo test --test go` has
// started.
type office struct {
	t       *testing.T
	service *service
	url     string
	log     *bytes.Buffer
}

func open(t *testing.T) *office {
	t.Helper()
	t.Setenv("BACKOFFICE_TEST_KEY", key)
	client, err := flexcancel.New(flexcancel.Config{APIKeyEnv: "BACKOFFICE_TEST_KEY", BaseURL: sandboxURL(t)})
	if err != nil {
		t.Fatal(err)
	}
	outbox, err := client.OpenOutbox(filepath.Join(t.TempDir(), "voids.db"))
	if err != nil {
		t.Fatal(err)
	}
	log := new(bytes.Buffer)
	service := &service{outbox, slog.New(slog.NewTextHandler(log, nil)), time.Second}
	server := httptest.NewServer(service.routes())
	t.Cleanup(func() {
		server.Close()
		outbox.Close()
		client.Close()
		if strings.Contains(log.String(), "hunter2") {
			t.Error("the API key is in the log")
		}
	})
	return &office{t, service, server.URL, log}
}

func sandboxURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("FLEXCANCEL_SANDBOX")
	if url == "" {
		t.Fatal("FLEXCANCEL_SANDBOX is not set: expected the URL of a running flex-sandbox")
	}
	return url
}

// ask gives the status and the body of a response.
func ask(t *testing.T, ctx context.Context, method, url, body string) (int, map[string]any, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if len(text) > 0 && json.Unmarshal(text, &read) != nil {
		t.Fatalf("%s %s: %s", method, url, text)
	}
	return response.StatusCode, read, nil
}

func (o *office) ask(method, path string) (int, map[string]any) {
	o.t.Helper()
	status, body, err := ask(o.t, context.Background(), method, o.url+path, "")
	if err != nil {
		o.t.Fatal(err)
	}
	return status, body
}

func sandbox(t *testing.T, method, path, body string) map[string]any {
	t.Helper()
	status, read, err := ask(t, context.Background(), method, sandboxURL(t)+"/__sandbox/"+path, body)
	if err != nil || status/100 != 2 {
		t.Fatal(status, err)
	}
	return read
}

func held(t *testing.T) string {
	return sandbox(t, "POST", "sessions", `{"paid":true}`)["checkout_session_id"].(string)
}

// fault has something go wrong until mended.
func fault(t *testing.T, fault string) {
	t.Helper()
	sandbox(t, "POST", "faults", fault)
	t.Cleanup(func() { mend(t) })
}

func mend(t *testing.T) {
	sandbox(t, "DELETE", "faults", "")
}

func expectReleasedOnce(t *testing.T, id string) {
	t.Helper()
	truth := sandbox(t, "GET", "sessions/"+id, "")
	if applied := truth["cancels_applied"].([]any); truth["hold"] != "released" || len(applied) != 1 {
		t.Errorf("%v", truth)
	}
}

func (o *office) expect(method, path string, status int, part string) {
	o.t.Helper()
	found, body := o.ask(method, path)
	if text := fmt.Sprint(body); found != status || !strings.Contains(text, part) {
		o.t.Errorf("%s %s: %d %s, expected %d and %q", method, path, found, text, status, part)
	}
}

func TestAVoidWhoseResponseIsLostIsPendingUntilItIsDelivered(t *testing.T) {
	office, id := open(t), held(t)
	fault(t, `{"fault":"drop_answer","how":"rst","times":100,"operation":"cancel"}`)
	fault(t, `{"fault":"status","status":503,"headers":[],"body":"","times":100,"operation":"retrieve"}`)
	office.expect("POST", "/sessions/"+id+"/void", 202, "unknown")
	office.expect("GET", "/voids", 200, "pending:1")
	mend(t)
	office.service.deliver(context.Background(), flexcancel.WithNow())
	office.expect("GET", "/voids", 200, "pending:0")
	office.expect("POST", "/sessions/"+id+"/void", 200, "already_canceled")
	expectReleasedOnce(t, id)
}

func TestACallerThatHangsUpEndsTheAttemptAndNotTheVoid(t *testing.T) {
	office, id := open(t), held(t)
	fault(t, `{"fault":"drop_answer","how":"stall","times":100}`)
	ctx, hangUp := context.WithCancel(context.Background())
	go func() {
		for received := 0.0; received == 0; {
			received = sandbox(t, "GET", "sessions/"+id, "")["cancels_received"].(float64)
		}
		hangUp()
	}()
	started := time.Now()
	if _, _, err := ask(t, ctx, "POST", office.url+"/sessions/"+id+"/void", ""); err == nil {
		t.Error("an answer came")
	}
	// The attempt has ended when its entry is not in delivery any more.
	for attempted := false; !attempted; {
		entries, err := office.service.outbox.List(flexcancel.Filter{})
		if err != nil || time.Since(started) > time.Minute {
			t.Fatal(entries, err)
		}
		attempted = len(entries) == 1 && entries[0].Attempts == 1 && !entries[0].InDelivery
	}
	mend(t)
	office.service.deliver(context.Background(), flexcancel.WithNow())
	office.expect("GET", "/voids", 200, "pending:0")
	expectReleasedOnce(t, id)
}

func TestACapturedSessionIsTooLateAndStaysListedUntilSomebodyHasLooked(t *testing.T) {
	office, id := open(t), held(t)
	sandbox(t, "POST", "sessions/"+id+"/capture", "{}")
	office.expect("POST", "/sessions/"+id+"/void", 409, "not_cancelable")
	office.expect("GET", "/voids", 200, id)
	office.expect("POST", "/voids/1/seen", 204, "")
	office.expect("GET", "/voids", 200, "worklist:[]")
	office.expect("POST", "/voids/7/seen", 404, "")
	office.expect("POST", "/voids/x/seen", 400, "expected a number")
}

func TestItServesUntilItsContextEnds(t *testing.T) {
	office, id := open(t), held(t)
	t.Setenv("BACKOFFICE_ADDR", "127.0.0.1:0")
	told, log := io.Pipe()
	office.service.log = slog.New(slog.NewJSONHandler(log, nil))
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- serve(ctx, office.service) }()
	var line struct{ URL string }
	lines := json.NewDecoder(told)
	if err := lines.Decode(&line); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, io.MultiReader(lines.Buffered(), told))
	status, body, err := ask(t, ctx, "POST", line.URL+"/sessions/"+id+"/void", "")
	if status != http.StatusOK || err != nil {
		t.Error(status, body, err)
	}
	expectReleasedOnce(t, id)
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(line.URL); err == nil {
		t.Error("it still listens")
	}
}

func TestASessionIDThatIsNoneIsRefusedAndNothingIsKept(t *testing.T) {
	office := open(t)
	office.expect("POST", "/sessions/a%20b/void", 400, "invalid_session_id")
	office.expect("GET", "/voids", 200, "pending:0")
}

func TestAClosedOutboxIsSaid(t *testing.T) {
	office := open(t)
	office.service.outbox.Close()
	office.expect("POST", "/sessions/fcs_x/void", 503, "closed")
	office.expect("GET", "/voids", 503, "closed")
}
