package flexcancel_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// logged has a client whose handler does this with each record.
func logged(t testing.TB, handle func(slog.Record)) *flexcancel.Client {
	return client(t, func(config *flexcancel.Config) { config.Logger = slog.New(handler(handle)) })
}

func TestEachAttemptAndEachResultIsLogged(t *testing.T) {
	var records []slog.Record
	till := logged(t, func(record slog.Record) { records = append(records, record) })
	id := held(t)
	fault(t, fields{"fault": "drop_answer", "how": "rst", "apply": false})
	c, err := till.Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil {
		t.Error(err)
	}
	attempts := c.Attempts()
	if len(records) != len(attempts)+1 || len(attempts) < 2 {
		t.Fatalf("%d records of %d attempts", len(records), len(attempts))
	}
	for i, attempt := range attempts {
		found := attributes(records[i])
		expected := slog.LevelDebug
		if attempt.Code != "ok" {
			expected = slog.LevelWarn
		}
		if records[i].Level != expected || records[i].Message == "" || found["event"] != "attempt" ||
			found["session_id"] != id || found["operation"] != attempt.Operation ||
			found["reason"] != attempt.Reason || found["code"] != attempt.Code ||
			found["idempotency_key"] != c.IdempotencyKey() {
			t.Errorf("%v %s %v", records[i].Level, records[i].Message, found)
		}
	}
	last := records[len(attempts)]
	found := attributes(last)
	if last.Level != slog.LevelInfo || last.Message != c.Message() || found["event"] != "result" ||
		found["outcome"] != "canceled" || found["hold"] != "released" {
		t.Errorf("%v %s %v", last.Level, last.Message, found)
	}
	last.Attrs(func(it slog.Attr) bool {
		if it.Key == "attempts" && it.Value.Kind() != slog.KindInt64 {
			t.Errorf("%v is no number", it)
		}
		return true
	})
}

func TestAHandlerIsAskedWhetherItIsEnabled(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelInfo}))
	till := client(t, func(config *flexcancel.Config) { config.Logger = logger.With("lane", 7) })
	if _, err := till.Cancel(context.Background(), held(t)); err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(lines) != 1 || !strings.Contains(lines[0], "level=INFO") ||
		!strings.Contains(lines[0], "lane=7") {
		t.Errorf("%q", lines)
	}
}

func TestAHandlerThatPanicsLosesItsEventsAndNothingElse(t *testing.T) {
	var panics int
	till := logged(t, func(slog.Record) {
		panics++
		panic("the disk is full")
	})
	id := held(t)
	c, err := till.Cancel(context.Background(), id)
	is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
	if err != nil || panics != 2 {
		t.Errorf("%v, %d panics", err, panics)
	}
	expectTruth(t, id, "released", 1, 1)
}

// The stack of the goroutine that calls moves while the library is running on it.
func TestAHandlerMayGrowTheStack(t *testing.T) {
	till := logged(t, func(slog.Record) { dive(5000) })
	for range 20 {
		id := held(t)
		done := make(chan *flexcancel.Result)
		go func() {
			c, _ := till.Cancel(context.Background(), id)
			done <- c
		}()
		c := <-done
		is(t, c, flexcancel.Canceled, flexcancel.CodeOK)
		if c.SessionID() != id {
			t.Errorf("%s", c.JSON())
		}
	}
}

//go:noinline
func dive(depth int) byte {
	var room [256]byte
	if depth == 0 {
		return room[0]
	}
	room[depth%256] = byte(depth)
	return dive(depth-1) + room[3]
}

func TestAHandlerMayCallTheClientAgain(t *testing.T) {
	id, other := held(t), held(t)
	var till *flexcancel.Client
	again := false
	var second *flexcancel.Result
	till = logged(t, func(slog.Record) {
		if !again {
			again = true
			second, _ = till.Cancel(context.Background(), other)
		}
	})
	first, _ := till.Cancel(context.Background(), id)
	is(t, first, flexcancel.Canceled, flexcancel.CodeOK)
	is(t, second, flexcancel.Canceled, flexcancel.CodeOK)
	expectTruth(t, other, "released", 1, 1)
}

func TestManyGoroutinesMayLogAtOnce(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	till := client(t, func(config *flexcancel.Config) { config.Logger = logger })
	var all sync.WaitGroup
	for range 50 {
		id := held(t)
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := till.Cancel(context.Background(), id); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if lines := strings.Count(text.String(), "\n"); lines < 100 {
		t.Errorf("%d lines", lines)
	}
	if strings.Contains(text.String(), key) {
		t.Error("the key is logged")
	}
}
