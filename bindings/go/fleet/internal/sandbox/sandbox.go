// Package sandbox asks a running flex-sandbox for sessions, for faults and for the truth.
package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Key is the API key of every test. Nothing that a fleet shows may hold it.
const Key = "fsk_test_hunter2"

// Sandbox is one that runs.
type Sandbox struct{ URL string }

// Find gives the sandbox that `cargo test` or a person has started.
func Find() (*Sandbox, error) {
	url := os.Getenv("FLEXCANCEL_SANDBOX")
	if url == "" {
		return nil, fmt.Errorf("FLEXCANCEL_SANDBOX is not set: expected the URL of a running flex-sandbox")
	}
	return &Sandbox{url}, nil
}

// Fields are those of a JSON object.
type Fields = map[string]any

// Truth is what really happened to a session.
type Truth struct {
	Hold            string `json:"hold"`
	CancelsReceived int    `json:"cancels_received"`
	CancelsApplied  []struct {
		IdempotencyKey string   `json:"idempotency_key"`
		Released       []string `json:"released"`
	} `json:"cancels_applied"`
}

// Held makes a session whose money is held.
func (s *Sandbox) Held() (string, error) {
	var made struct {
		ID string `json:"checkout_session_id"`
	}
	err := s.ask("POST", "sessions", Fields{"paid": true}, &made)
	return made.ID, err
}

// Act has somebody else do something to a session.
func (s *Sandbox) Act(id, action string) error {
	return s.ask("POST", "sessions/"+id+"/"+action, Fields{}, nil)
}

// Truth is that of a session.
func (s *Sandbox) Truth(id string) (Truth, error) {
	var truth Truth
	err := s.ask("GET", "sessions/"+id, nil, &truth)
	return truth, err
}

// Fault has something go wrong.
func (s *Sandbox) Fault(fault Fields) error { return s.ask("POST", "faults", fault, nil) }

// NoFaults has nothing more go wrong.
func (s *Sandbox) NoFaults() error { return s.ask("DELETE", "faults", nil, nil) }

// Counts is how many requests were served.
type Counts struct {
	Retrieve    int `json:"retrieve"`
	Cancel      int `json:"cancel"`
	RateLimited int `json:"rate_limited"`
}

// Counts are those since the sandbox began.
func (s *Sandbox) Counts() (Counts, error) {
	var counts Counts
	err := s.ask("GET", "counts", nil, &counts)
	return counts, err
}

// attempts are how often the sandbox is asked: a fault of connections may hit those of a test.
const attempts = 5

func (s *Sandbox) ask(method, path string, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	var err error
	for range attempts {
		var said []byte
		var status string
		if said, status, err = s.once(method, path, text); err != nil {
			continue
		}
		if status[0] != '2' {
			return fmt.Errorf("%s %s: %s %s", method, path, status, said)
		}
		if answer == nil {
			return nil
		}
		return json.Unmarshal(said, answer)
	}
	return err
}

func (s *Sandbox) once(method, path string, body []byte) (said []byte, status string, err error) {
	request, err := http.NewRequest(method, s.URL+"/__sandbox/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	said, err = io.ReadAll(response.Body)
	return said, response.Status, err
}
