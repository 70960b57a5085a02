package flexcancel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// key is the API key of every test. Nothing that the package shows may hold it.
const key = "fsk_test_hunter2"

// never is a deadline that no test waits for.
const never = time.Minute

// admin leaves no goroutine of an idle connection behind.
var admin = http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

type fields = map[string]any

// sandboxURL is that of the sandbox that `cargo test --test go` or a person has started.
func sandboxURL(t testing.TB) string {
	t.Helper()
	url := os.Getenv("FLEXCANCEL_SANDBOX")
	if url == "" {
		t.Fatal("FLEXCANCEL_SANDBOX is not set: expected the URL of a running flex-sandbox")
	}
	return url
}

// ask has the sandbox do something, and reads its response.
func ask[Answer any](t testing.TB, method, path string, body any) Answer {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, sandboxURL(t)+"/__sandbox/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	response, err := admin.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %s %v", method, path, response.Status, said, err)
	}
	var answer Answer
	if len(said) > 0 {
		if err := json.Unmarshal(said, &answer); err != nil {
			t.Fatalf("%s %s: %s: %v", method, path, said, err)
		}
	}
	return answer
}

// held is a session whose money is held.
func held(t testing.TB) string {
	t.Helper()
	made := ask[map[string]string](t, "POST", "sessions", fields{"paid": true})
	return made["checkout_session_id"]
}

func captured(t testing.TB) string {
	t.Helper()
	id := held(t)
	ask[any](t, "POST", "sessions/"+id+"/capture", fields{})
	return id
}

type truth struct {
	Hold            string `json:"hold"`
	CancelsReceived int    `json:"cancels_received"`
	CancelsApplied  []any  `json:"cancels_applied"`
}

// expectTruth fails the test unless the session is so in truth.
func expectTruth(t testing.TB, id, hold string, received, applied int) {
	t.Helper()
	found := ask[truth](t, "GET", "sessions/"+id, nil)
	is := [3]any{found.Hold, found.CancelsReceived, len(found.CancelsApplied)}
	if expected := [3]any{hold, received, applied}; is != expected {
		t.Errorf("the truth of %s is %v, expected %v", id, is, expected)
	}
}

// fault has something go wrong until the test is over.
func fault(t testing.TB, fault fields) {
	t.Helper()
	ask[any](t, "POST", "faults", fault)
	t.Cleanup(func() { ask[any](t, "DELETE", "faults", nil) })
}

// silence has the next request take effect or not, and never be answered.
func silence(t testing.TB) {
	t.Helper()
	fault(t, fields{"fault": "drop_answer", "how": "stall", "times": 100})
}

// requests is how many have come at Flex's own routes, about this session.
func requests(t testing.TB, id string) int {
	t.Helper()
	type request struct {
		Target string `json:"target"`
	}
	count := 0
	for _, it := range ask[struct{ Requests []request }](t, "GET", "requests", nil).Requests {
		if bytes.Contains([]byte(it.Target), []byte(id)) {
			count++
		}
	}
	return count
}

func client(t testing.TB, change func(*flexcancel.Config)) *flexcancel.Client {
	t.Helper()
	config := flexcancel.Config{APIKey: key, BaseURL: sandboxURL(t), Timeout: never}
	if change != nil {
		change(&config)
	}
	made, err := flexcancel.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := made.Close(); err != nil {
			t.Error(err)
		}
	})
	return made
}

// is fails the test unless the call came to this.
func is(
	t testing.TB, c *flexcancel.Result, outcome flexcancel.Outcome, code flexcancel.Code,
) {
	t.Helper()
	if c == nil {
		t.Fatalf("no result, expected %s/%s", outcome, code)
	}
	if c.Outcome != outcome || c.Code != code {
		t.Fatalf("%s/%s, expected %s/%s: %s", c.Outcome, c.Code, outcome, code, c.JSON())
	}
}

// until waits for what must come about, however busy the machine is.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(never); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came about: %s", what)
		}
	}
}

// handler is a slog.Handler made of one function.
type handler func(slog.Record)

func (handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(_ context.Context, record slog.Record) error {
	h(record)
	return nil
}

func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h handler) WithGroup(string) slog.Handler      { return h }

// attributes of a record, as text.
func attributes(record slog.Record) map[string]string {
	found := map[string]string{}
	record.Attrs(func(it slog.Attr) bool {
		found[it.Key] = fmt.Sprint(it.Value.Any())
		return true
	})
	return found
}
