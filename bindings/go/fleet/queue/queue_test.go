package queue_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestACancelThatIsThereUnderItsKeyIsPublished(t *testing.T) {
	q, c := kit.Queue(t), kit.Cancel(t, "fcs_1")
	kit.OK(t, q.Publish(t.Context(), c))
	c.InDoubt = true
	kit.OK(t, q.Publish(t.Context(), c))
	counts, err := q.Counts(t.Context(), kit.Target)
	kit.OK(t, err)
	if counts.Pending != 1 {
		t.Errorf("%d cancels are on the queue", counts.Pending)
	}
}

func TestACancelWithAnotherKeyIsNotPublished(t *testing.T) {
	q := kit.Queue(t)
	kit.OK(t, q.Publish(t.Context(), kit.Cancel(t, "fcs_1")))
	if err := q.Publish(t.Context(), kit.Cancel(t, "fcs_1")); !errors.Is(err, queue.ErrOtherKey) {
		t.Errorf("expected another key, found %v", err)
	}
}

// A full store is told by the same number as a subject that has its message.
func TestGivenAFullStoreThenACancelThatIsThereWithItsKeyIsNotTakenForPublished(t *testing.T) {
	js := kit.JetStream(t)
	q, err := queue.Open(t.Context(), js)
	kit.OK(t, err)
	c := kit.Cancel(t, "fcs_1")
	kit.OK(t, q.Publish(t.Context(), c))
	full := streams.Configs(1)[0]
	full.MaxBytes = 1
	full.DiscardNewPerSubject, full.MaxMsgsPerSubject = false, -1
	_, err = js.UpdateStream(t.Context(), full)
	kit.OK(t, err)
	var refusal *jetstream.APIError
	if err := q.Publish(t.Context(), c); !errors.As(err, &refusal) || refusal.ErrorCode != 10077 {
		t.Errorf("expected a full store, found %v", err)
	}
}

func TestTheFirstResultCounts(t *testing.T) {
	q, c := kit.Queue(t), kit.Cancel(t, "fcs_1")
	first := message.Result{
		V: 1, Entry: c.Entry, SessionID: c.SessionID, Target: c.Target, Outcome: flexcancel.Canceled, Worker: "a",
	}
	for _, worker := range []string{"a", "b"} {
		r := first
		r.Worker = worker
		counts, err := q.PutResult(t.Context(), r)
		kit.OK(t, err)
		if counts != first {
			t.Errorf("the result of %s counts", counts.Worker)
		}
	}
}

func TestAResultCannotBeDeleted(t *testing.T) {
	js := kit.JetStream(t)
	ack, err := js.Publish(t.Context(), message.ResultSubject("test", "fcs_1", "entry"), []byte("{}"))
	kit.OK(t, err)
	results, err := js.Stream(t.Context(), streams.Results)
	kit.OK(t, err)
	if err := results.DeleteMsg(t.Context(), ack.Sequence); err == nil {
		t.Error("it was deleted")
	}
}

func TestARemovedCancelMayBeRemovedAgain(t *testing.T) {
	js := kit.JetStream(t)
	q, err := queue.Open(t.Context(), js)
	kit.OK(t, err)
	ack, err := js.Publish(t.Context(), message.CancelSubject("test", "fcs_1"), []byte("{}"))
	kit.OK(t, err)
	for range 2 {
		kit.OK(t, q.Remove(t.Context(), ack.Sequence))
	}
	kit.OK(t, q.Remove(t.Context(), 12345))
}

func TestOneWorkerAtATimeHasASession(t *testing.T) {
	q, c, now := kit.Queue(t), kit.Cancel(t, "fcs_1"), time.Now()
	held, err := q.Claim(t.Context(), c, "a", time.Minute, now)
	kit.OK(t, err)
	if held.Tries != 1 || held.WasInDoubt {
		t.Errorf("%+v", held)
	}
	var busy *queue.BusyError
	// The clock of another worker may be ahead.
	_, err = q.Claim(t.Context(), c, "b", time.Minute, now.Add(64*time.Second))
	if !errors.As(err, &busy) || busy.Rest > time.Second {
		t.Errorf("the claim of another was passed over: %v", err)
	}
	// A claim that was not handed back leaves the cancel in doubt.
	taken, err := q.Claim(t.Context(), c, "b", time.Minute, now.Add(66*time.Second))
	kit.OK(t, err)
	if taken.Tries != 2 || !taken.WasInDoubt {
		t.Errorf("%+v", taken)
	}
	// Whose claim was taken does not write over it.
	if err := q.HandBack(t.Context(), held, false, "timeout"); !errors.Is(err, queue.ErrLostRace) {
		t.Errorf("the claim of another was written over: %v", err)
	}
}

func TestAClaimThatWasHandedBackTellsWhatIsKnown(t *testing.T) {
	q, now := kit.Queue(t), time.Now()
	for _, inDoubt := range []bool{false, true} {
		c := kit.Cancel(t, "fcs_1")
		held, err := q.Claim(t.Context(), c, "a", time.Minute, now)
		kit.OK(t, err)
		kit.OK(t, q.HandBack(t.Context(), held, inDoubt, "server_error"))
		again, err := q.Claim(t.Context(), c, "b", time.Minute, now)
		kit.OK(t, err)
		if again.Tries != 2 || again.WasInDoubt != inDoubt || again.CodeBefore != "server_error" {
			t.Errorf("%+v", again)
		}
		kit.OK(t, q.Forget(t.Context(), again))
		// Another cancel of the session begins anew.
		other, err := q.Claim(t.Context(), kit.Cancel(t, "fcs_1"), "a", time.Minute, now)
		kit.OK(t, err)
		if other.Tries != 1 || other.WasInDoubt {
			t.Errorf("%+v", other)
		}
		kit.OK(t, q.Forget(t.Context(), other))
	}
}

func TestAClaimThatCannotBeReadLeavesTheCancelInDoubt(t *testing.T) {
	q, c := kit.Queue(t), kit.Cancel(t, "fcs_1")
	_, err := q.JetStream().Publish(t.Context(), message.TrySubject(c.Target, c.SessionID), []byte("{"))
	kit.OK(t, err)
	held, err := q.Claim(t.Context(), c, "a", time.Minute, time.Now())
	kit.OK(t, err)
	if !held.WasInDoubt {
		t.Errorf("%+v", held)
	}
}

func TestOfManyWorkersOneClaims(t *testing.T) {
	q := kit.Queue(t)
	const sessions, workers = 20, 8
	for i := range sessions {
		c, ends := kit.Cancel(t, fmt.Sprintf("fcs_%d", i)), make(chan error, workers)
		for range workers {
			go func() {
				_, err := q.Claim(t.Context(), c, "w", time.Minute, time.Now())
				ends <- err
			}()
		}
		claims := 0
		for range workers {
			err := <-ends
			var busy *queue.BusyError
			switch {
			case err == nil:
				claims++
			case !errors.Is(err, queue.ErrLostRace) && !errors.As(err, &busy):
				t.Error(err)
			}
		}
		if claims != 1 {
			t.Errorf("%d workers have claimed it", claims)
		}
	}
}

func TestAnEntryIsOnTheWorklistOnceUntilItIsTakenOff(t *testing.T) {
	q := kit.Queue(t)
	note := message.Unreadable("test", "fcs_1", []byte("{"), "a syntax error", 1)
	for range 2 {
		kit.OK(t, q.PutNote(t.Context(), note))
	}
	count := 0
	for found, err := range q.Notes(t.Context(), kit.Target, "*") {
		kit.OK(t, err)
		if count++; found.Reason != note.Reason || string(found.Original) != "{" {
			t.Errorf("%+v", found)
		}
	}
	found, sequence, err := q.Note(t.Context(), note.Entry)
	kit.OK(t, err)
	kit.OK(t, q.RemoveNote(t.Context(), sequence))
	_, _, err = q.Note(t.Context(), note.Entry)
	if count != 1 || found.Entry != note.Entry || !errors.Is(err, queue.ErrNoNote) {
		t.Errorf("%d entries, %+v, %v", count, found, err)
	}
}

func TestTheStreamsAreAsTheDocumentSays(t *testing.T) {
	js := kit.JetStream(t)
	// To make sure of them again changes nothing, and makes those that are gone.
	kit.OK(t, js.DeleteStream(t.Context(), streams.Tries))
	kit.OK(t, streams.Ensure(t.Context(), js, 1))
	for _, config := range streams.Configs(1) {
		stream, err := js.Stream(t.Context(), config.Name)
		kit.OK(t, err)
		is := stream.CachedInfo().Config
		if is.MaxMsgsPerSubject != 1 || is.MaxMsgSize != 8192 || is.Discard != config.Discard ||
			is.DiscardNewPerSubject != config.DiscardNewPerSubject || is.MaxAge != config.MaxAge ||
			is.MaxBytes != config.MaxBytes || is.DenyDelete != (config.Name == streams.Results) ||
			(is.Retention == jetstream.WorkQueuePolicy) != (config.Name == streams.Cancels) ||
			is.PersistMode != jetstream.DefaultPersistMode {
			t.Errorf("%s: %+v", config.Name, is)
		}
	}
}

func TestAPauseStaysWhenAWorkerConnects(t *testing.T) {
	js := kit.JetStream(t)
	_, err := streams.EnsureConsumer(t.Context(), js, kit.Target, time.Minute)
	kit.OK(t, err)
	until := time.Now().Add(time.Hour)
	_, err = js.PauseConsumer(t.Context(), streams.Cancels, streams.ConsumerName(kit.Target), until)
	kit.OK(t, err)
	for _, ackWait := range []time.Duration{time.Minute, time.Second} {
		consumer, err := streams.EnsureConsumer(t.Context(), js, kit.Target, ackWait)
		kit.OK(t, err)
		info, err := consumer.Info(t.Context())
		kit.OK(t, err)
		if !info.Paused || info.Config.AckWait != ackWait {
			t.Errorf("%v: %+v", ackWait, info)
		}
	}
}

func TestAHugeMessageIsRefused(t *testing.T) {
	js := kit.JetStream(t)
	_, err := js.Publish(t.Context(), "flex.cancel.test.fcs_1", []byte(strings.Repeat("x", message.MaxBytes+1)))
	if err == nil {
		t.Error("it was taken")
	}
}
