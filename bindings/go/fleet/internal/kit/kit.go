// Package kit has what the tests of a fleet share.
package kit

import (
	"crypto/rand"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/server"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// Never is a time that no test waits for.
const Never = 2 * time.Minute

// Target is that of every test.
const Target = "test"

// Quiet is a logger that says nothing.
var Quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// OK fails the test at an error.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Queue is an embedded queue of its own, with its streams.
func Queue(t testing.TB) *queue.Queue {
	t.Helper()
	js := JetStream(t)
	q, err := queue.Open(t.Context(), js)
	OK(t, err)
	return q
}

// JetStream is an embedded queue of its own, with its streams.
func JetStream(t testing.TB) jetstream.JetStream {
	t.Helper()
	embedded, err := server.Start(server.Options{Dir: t.TempDir(), Logger: Quiet})
	OK(t, err)
	t.Cleanup(func() { OK(t, embedded.Stop()) })
	js, err := connect.Open(connect.Options{Embedded: embedded, Logger: Quiet})
	OK(t, err)
	t.Cleanup(js.Conn().Close)
	OK(t, streams.Ensure(t.Context(), js, 1))
	return js
}

// Sandbox is the one that runs.
func Sandbox(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	found, err := sandbox.Find()
	OK(t, err)
	return found
}

// Held is a session whose money is held.
func Held(t testing.TB) string {
	t.Helper()
	id, err := Sandbox(t).Held()
	OK(t, err)
	return id
}

// Client is one of the sandbox.
func Client(t testing.TB) *flexcancel.Client {
	t.Helper()
	client, err := flexcancel.New(flexcancel.Config{APIKey: sandbox.Key, BaseURL: Sandbox(t).URL})
	OK(t, err)
	t.Cleanup(func() { OK(t, client.Close()) })
	return client
}

var entries atomic.Int64

// Cancel is one of a session that was asked for just now, with a key of its own.
func Cancel(t testing.TB, session string) message.Cancel {
	t.Helper()
	key := rand.Text()
	now := time.Now()
	return message.Cancel{
		V: message.Version, SessionID: session, IdempotencyKey: key, Entry: message.EntryID(key),
		Target: Target, BaseURL: Sandbox(t).URL, Mode: "test", AskedAtMS: now.UnixMilli(),
		NotAfterMS: now.Add(time.Hour).UnixMilli(), Till: "till-1", OutboxEntry: entries.Add(1),
	}
}

// Until waits for what must come about, however busy the machine is.
func Until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(Never); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came about: %s", what)
		}
	}
}

// given are the ports that this process has given to somebody.
var given sync.Map

// FreePort is a port of loopback that nobody listens on, and that is given once. It is none of those
// that a system takes for outgoing connections: one of these may have it by the time it is used.
func FreePort(t testing.TB) string {
	t.Helper()
	const from, to = 20_000, 32_000
	for range to - from {
		port := strconv.Itoa(from + mathrand.IntN(to-from))
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			continue
		}
		OK(t, listener.Close())
		if _, was := given.LoadOrStore(port, true); !was {
			return port
		}
	}
	t.Fatalf("no port from %d to %d is free", from, to)
	return ""
}
