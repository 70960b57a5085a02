package flexcancel_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// file is one that is not there yet, in a directory that nobody else may write to.
func file(t testing.TB) string {
	t.Helper()
	directory := t.TempDir()
	if err := os.Chmod(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(directory, "outbox.db")
}

// opened is an outbox of this client; with no path, in a file of its own.
func opened(
	t testing.TB, till *flexcancel.Client, path string, opts ...flexcancel.OutboxOption,
) *flexcancel.Outbox {
	t.Helper()
	if path == "" {
		path = file(t)
	}
	outbox, err := till.OpenOutbox(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := outbox.Close(); err != nil {
			t.Error(err)
		}
	})
	return outbox
}

// enqueued is the entry of a cancel that is kept.
func enqueued(
	t testing.TB, outbox *flexcancel.Outbox, id string, opts ...flexcancel.EnqueueOption,
) *flexcancel.OutboxEntry {
	t.Helper()
	entry, err := outbox.Enqueue(id, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// untilOver waits until the entries' time to be delivered is over: by the clock that tells their
// age, which, in whole milliseconds as they are, may be one behind the wall's.
func untilOver(t testing.TB, entries ...flexcancel.OutboxEntry) {
	t.Helper()
	for _, entry := range entries {
		end := entry.NotAfter.Add(2 * time.Millisecond)
		until(t, "the end of an entry's time", func() bool { return time.Now().After(end) })
	}
}

// listed are all entries that the filter lets through.
func listed(
	t testing.TB, outbox *flexcancel.Outbox, filter flexcancel.Filter,
) []flexcancel.OutboxEntry {
	t.Helper()
	entries, err := outbox.List(filter)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// outage closes the sandbox's port, until what it gives is called or the test is over. Only the
// connection that closed it can open it again.
func outage(t testing.TB) (end func()) {
	t.Helper()
	line := &http.Transport{MaxConnsPerHost: 1}
	over := http.Client{Transport: line}
	do := func(method string) {
		request, err := http.NewRequest(method, sandboxURL(t)+"/__sandbox/outage",
			bytes.NewReader([]byte("{}")))
		if err != nil {
			t.Fatal(err)
		}
		response, err := over.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if said, err := io.ReadAll(response.Body); err != nil || response.StatusCode/100 != 2 {
			t.Fatalf("%s %s %v", response.Status, said, err)
		}
	}
	do("POST")
	ended := false
	end = func() {
		if !ended {
			ended = true
			do("DELETE")
			line.CloseIdleConnections()
		}
	}
	t.Cleanup(end)
	return end
}

// briefly is how long a client tries in an outage, which it would do until its deadline.
func briefly(config *flexcancel.Config) { config.Timeout = 500 * time.Millisecond }

// isAround is true of two points in time of one test.
func isAround(at, other time.Time) bool {
	between := at.Sub(other)
	return between > -never && between < never
}
