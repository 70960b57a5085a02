package page_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/audit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/metrics"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/page"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/person"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
)

const token = "a token that nobody guesses"

// served is a page that is served, and what it stands on.
type served struct {
	*httptest.Server
	queue *queue.Queue
	audit string
	state page.Worker
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{queue: kit.Queue(t), audit: filepath.Join(t.TempDir(), "audit.jsonl")}
	log, err := audit.Open(s.audit)
	kit.OK(t, err)
	t.Cleanup(func() { kit.OK(t, log.Close()) })
	s.Server = httptest.NewServer(page.Handler(page.Options{
		Target: kit.Target, Token: token, Acts: &person.Acts{Queue: s.queue, Audit: log},
		Worker: func() page.Worker { return s.state }, Logger: kit.Quiet,
	}))
	t.Cleanup(s.Close)
	return s
}

// ask asks with these headers, each "name: value"; what it gives has not followed a redirect.
func (s *served) ask(t *testing.T, method, path string, form url.Values, headers ...string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	kit.OK(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	kit.OK(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	kit.OK(t, err)
	return response.StatusCode, string(body), response.Header
}

const bearer = "Authorization: Bearer " + token

// noted puts an entry on the worklist.
func (s *served) noted(t *testing.T, reason string) message.Note {
	t.Helper()
	note := message.Note{
		V: message.Version, Entry: "e1", SessionID: "fcs_1", Target: kit.Target, Outcome: "not_cancelable",
		Code: "not_cancelable", Reason: reason, Till: "till 7", AtMS: 1_700_000_000_000,
	}
	kit.OK(t, s.queue.PutNote(t.Context(), note))
	return note
}

func (s *served) written(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.audit)
	kit.OK(t, err)
	return string(text)
}

func TestThePageIsForWhoKnowsTheToken(t *testing.T) {
	s := serve(t)
	s.noted(t, "refund it")
	for _, headers := range [][]string{
		nil, {"Authorization: Bearer "}, {"Authorization: Bearer wrong"}, {"Cookie: flexcancel_fleet="},
		{"Cookie: flexcancel_fleet=" + token},
	} {
		for _, path := range []string{"GET /", "POST /acknowledge", "POST /retry", "POST /pause", "POST /resume"} {
			method, path, _ := strings.Cut(path, " ")
			form := url.Values{"name": {"Ann"}, "reason": {"r"}, "entry": {"e1"}}
			code, body, header := s.ask(t, method, path, form, headers...)
			if code != http.StatusUnauthorized || strings.Contains(body, "fcs_1") || !strings.Contains(body, `name="token"`) {
				t.Errorf("%s %s %s: %d\n%s", method, path, headers, code, body)
			}
			if !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%v", header)
			}
		}
	}
	if s.written(t) != "" {
		t.Error(s.written(t))
	}
	code, _, header := s.ask(t, "POST", "/login", url.Values{"token": {"wrong"}})
	if code != http.StatusUnauthorized || header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", code, header)
	}
	code, _, header = s.ask(t, "POST", "/login", url.Values{"token": {token + "\n"}})
	cookie := header.Get("Set-Cookie")
	if code != http.StatusSeeOther || !strings.Contains(cookie, "HttpOnly") ||
		!strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, token) {
		t.Fatalf("%d %v", code, header)
	}
	value, _, _ := strings.Cut(cookie, ";")
	for _, header := range []string{"Cookie: " + value, bearer} {
		if code, body, _ := s.ask(t, "GET", "/", nil, header); code != http.StatusOK || !strings.Contains(body, "refund it") {
			t.Errorf("%d %s", code, body)
		}
	}
}

func TestItShowsWhatStopsTheDeliveryAndWhatCameOfIt(t *testing.T) {
	s := serve(t)
	_, err := streams.EnsureConsumer(t.Context(), s.queue.JetStream(), kit.Target, time.Minute)
	kit.OK(t, err)
	s.state = page.Worker{
		Name: "w1", Limit: 90, Share: 30, Workers: 3,
		Results: []metrics.ResultCount{{Outcome: "canceled", Code: "ok", Count: 1234}},
	}
	shows := func(texts ...string) {
		t.Helper()
		code, body, _ := s.ask(t, "GET", "/", nil, bearer)
		for _, text := range texts {
			if code != http.StatusOK || !strings.Contains(body, text) {
				t.Errorf("%d, no %q in %s", code, text, body)
			}
		}
	}
	shows("<b>Delivering</b>", "30.0 <small>of 90<", "<td>canceled</td>", "1234", "(w1)", "Nothing.")
	s.state.HeldUntil = time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC)
	shows("Flex asked for no requests until 2099-01-02 03:04:05 UTC")
	s.state.IsOutOfReach = true
	shows("<b>Out of reach:</b>")
	form := url.Values{"name": {"Ann"}, "reason": {"a fraud & more"}}
	if code, body, _ := s.ask(t, "POST", "/pause", form, bearer); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, body)
	}
	shows("<b>Paused</b> by Ann: a fraud &amp; more", "Resume the delivery")
	if code, body, _ := s.ask(t, "POST", "/resume", form, bearer); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, body)
	}
	s.state.IsOutOfReach, s.state.HeldUntil = false, time.Time{}
	shows("<b>Delivering</b>", "Pause the delivery")
	if lines := s.written(t); strings.Count(lines, `"by":"Ann"`) != 2 {
		t.Error(lines)
	}
}

func TestAnActNeedsANameAndAReasonAndIsWrittenDown(t *testing.T) {
	s := serve(t)
	note := s.noted(t, "<script>alert(1)</script>")
	if _, body, _ := s.ask(t, "GET", "/", nil, bearer); strings.Contains(body, "<script>alert") ||
		!strings.Contains(body, "till till 7") {
		t.Error(body)
	}
	for _, it := range []struct {
		path, name, reason, entry string
		code                      int
		said                      string
	}{
		{"/acknowledge", "", "r", note.Entry, http.StatusBadRequest, "name: expected 1 to 100 characters"},
		{"/acknowledge", "Ann", " ", note.Entry, http.StatusBadRequest, "reason: expected 1 to 500 characters"},
		{"/acknowledge", "Ann\nBob", "r", note.Entry, http.StatusBadRequest, "name: expected"},
		{"/acknowledge", "Ann", strings.Repeat("r", 501), note.Entry, http.StatusBadRequest, "reason: expected"},
		{"/acknowledge", "Ann", "r", "another", http.StatusConflict, "the worklist has no such entry"},
		{"/acknowledge", "Ann", "r", "*", http.StatusConflict, "the worklist has no such entry"},
		{"/retry", "Ann", "r", note.Entry, http.StatusBadRequest, "flexcancel-fleet retry"},
		{"/pause", "Ann", "r", "", http.StatusConflict, "nothing to pause"},
	} {
		form := url.Values{"name": {it.name}, "reason": {it.reason}, "entry": {it.entry}}
		code, body, _ := s.ask(t, "POST", it.path, form, bearer)
		if code != it.code || !strings.Contains(body, it.said) || !strings.Contains(body, note.SessionID) {
			t.Errorf("%+v: %d %s", it, code, body)
		}
	}
	if lines := s.written(t); strings.Contains(lines, "acknowledge") {
		t.Error(lines)
	}
	form := url.Values{"name": {"Ann"}, "reason": {"refunded"}, "entry": {note.Entry}}
	code, body, _ := s.ask(t, "POST", "/acknowledge", form, bearer, "Sec-Fetch-Site: cross-site")
	if code != http.StatusForbidden {
		t.Errorf("%d %s", code, body)
	}
	if _, _, err := s.queue.Note(t.Context(), note.Entry); err != nil {
		t.Errorf("another site has pressed the button: %v", err)
	}
	if code, body, _ := s.ask(t, "POST", "/acknowledge", form, bearer); code != http.StatusSeeOther {
		t.Errorf("%d %s", code, body)
	}
	if _, body, _ := s.ask(t, "GET", "/", nil, bearer); strings.Contains(body, note.SessionID) {
		t.Error(body)
	}
	if lines := s.written(t); !strings.Contains(lines, `"kind":"acknowledge"`) || !strings.Contains(lines, `"reason":"refunded"`) {
		t.Error(lines)
	}
}

func TestWithoutAQueueThePageSaysSo(t *testing.T) {
	s := serve(t)
	s.queue.JetStream().Conn().Close()
	code, body, _ := s.ask(t, "GET", "/", nil, bearer)
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "The queue does not answer") {
		t.Errorf("%d %s", code, body)
	}
}

func TestATokensFileIsForThisUserAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	made, err := page.Token(path)
	kit.OK(t, err)
	info, err := os.Stat(path)
	kit.OK(t, err)
	if again, err := page.Token(path); err != nil || again != made || len(made) < 26 || info.Mode().Perm() != 0o600 {
		t.Errorf("%q %q %v %v", made, again, info.Mode(), err)
	}
	kit.OK(t, os.Chmod(path, 0o640))
	if _, err := page.Token(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	kit.OK(t, os.WriteFile(path, []byte("short\n"), 0o600))
	kit.OK(t, os.Chmod(path, 0o600))
	if _, err := page.Token(path); err == nil || !strings.Contains(err.Error(), "at least 16 characters") {
		t.Error(err)
	}
}
