package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
)

// each gives the messages of a stream that match a subject, in order. An error ends it.
func each(
	ctx context.Context, stream jetstream.Stream, subject string, from uint64,
) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for next := max(from, 1); ; {
			raw, err := nextOf(ctx, stream, subject, next)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return
			}
			if !yield(raw, err) || err != nil {
				return
			}
			next = raw.Sequence + 1
		}
	}
}

func nextOf(
	ctx context.Context, stream jetstream.Stream, subject string, from uint64,
) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return stream.GetMsg(ctx, from, jetstream.WithGetMsgSubject(subject))
}

// Cancels gives the cancels of a target that are on the queue.
func (q *Queue) Cancels(ctx context.Context, target string) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return each(ctx, q.cancels, message.CancelSubject(target, "*"), 1)
}

// Waiting is the cancel of a session that is on the queue, as it is; nil if there is none.
func (q *Queue) Waiting(ctx context.Context, target, session string) ([]byte, error) {
	raw, err := last(ctx, q.cancels, message.CancelSubject(target, session))
	if raw == nil {
		return nil, err
	}
	return raw.Data, err
}

// Claimed is the claim on a session; nil if there is none.
func (q *Queue) Claimed(ctx context.Context, target, session string) (*message.Claim, error) {
	raw, err := last(ctx, q.tries, message.TrySubject(target, session))
	if raw == nil {
		return nil, err
	}
	claim, err := message.Decode[message.Claim](raw.Data)
	return &claim, err
}

// Results gives the results of a session; of every session for "*".
func (q *Queue) Results(ctx context.Context, target, session string) iter.Seq2[message.Result, error] {
	return decoded[message.Result](each(ctx, q.results, message.ResultSubject(target, session, "*"), 1))
}

// Notes gives what a person has to look at.
func (q *Queue) Notes(ctx context.Context, target, session string) iter.Seq2[message.Note, error] {
	return decoded[message.Note](each(ctx, q.worklist, message.NoteSubject(target, session, "*"), 1))
}

// ErrNoNote is given for an entry that is not on the worklist.
var ErrNoNote = errors.New("the worklist has no such entry")

// Note is an entry of the worklist, of any target.
func (q *Queue) Note(ctx context.Context, entry string) (message.Note, uint64, error) {
	if !message.IsToken(entry) {
		return message.Note{}, 0, ErrNoNote
	}
	for raw, err := range each(ctx, q.worklist, message.NoteSubject("*", "*", entry), 1) {
		if err != nil {
			return message.Note{}, 0, err
		}
		note, err := message.Decode[message.Note](raw.Data)
		return note, raw.Sequence, err
	}
	return message.Note{}, 0, ErrNoNote
}

// RemoveNote takes an entry off the worklist.
func (q *Queue) RemoveNote(ctx context.Context, sequence uint64) error {
	return remove(ctx, q.worklist, sequence)
}

func decoded[T message.Result | message.Note](
	raws iter.Seq2[*jetstream.RawStreamMsg, error],
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for raw, err := range raws {
			var it T
			if err == nil {
				it, err = message.Decode[T](raw.Data)
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

// Counts is how much there is of what.
type Counts struct {
	// Pending cancels are on the queue; InDelivery of them are with a worker or wait for their next try.
	Pending    uint64 `json:"pending"`
	InDelivery int    `json:"in_delivery"`
	Claims     uint64 `json:"claims"`
	Results    uint64 `json:"results"`
	Worklist   uint64 `json:"worklist"`
	// StoreBytes is what the streams take.
	StoreBytes uint64 `json:"store_bytes"`
	// Oldest is when the oldest pending cancel came; zero if there is none.
	Oldest time.Time `json:"oldest,omitzero"`
	Paused bool      `json:"paused"`
	// PausedUntil, PausedBy and PauseReason are those of the pause.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	PausedBy    string    `json:"paused_by,omitempty"`
	PauseReason string    `json:"pause_reason,omitempty"`
}

// Counts of all targets together; what is in delivery, and the pause, are of one.
func (q *Queue) Counts(ctx context.Context, target string) (Counts, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var counts Counts
	for stream, number := range map[jetstream.Stream]*uint64{
		q.cancels: &counts.Pending, q.tries: &counts.Claims, q.results: &counts.Results,
		q.worklist: &counts.Worklist,
	} {
		info, err := stream.Info(ctx)
		if err != nil {
			return counts, fmt.Errorf("stream info: %w", err)
		}
		*number = info.State.Msgs
		counts.StoreBytes += info.State.Bytes
		if stream == q.cancels && info.State.Msgs > 0 {
			counts.Oldest = info.State.FirstTime
		}
	}
	consumer, err := q.js.Consumer(ctx, streams.Cancels, streams.ConsumerName(target))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return counts, nil
	}
	if err != nil {
		return counts, err
	}
	info := consumer.CachedInfo()
	counts.InDelivery = info.NumAckPending
	counts.pause(info, time.Now())
	return counts, nil
}

// AckFloor is the sequence up to which the workers of a target have acknowledged every cancel.
func (q *Queue) AckFloor(ctx context.Context, target string) (uint64, error) {
	consumer, err := q.js.Consumer(ctx, streams.Cancels, streams.ConsumerName(target))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return consumer.CachedInfo().AckFloor.Stream, nil
}

// Republish takes a cancel off the queue and puts it there again, as a new one. Where it cannot be
// put there, its outbox publishes it again.
func (q *Queue) Republish(ctx context.Context, raw *jetstream.RawStreamMsg) error {
	if err := q.Remove(ctx, raw.Sequence); err != nil {
		return err
	}
	if err := q.put(ctx, raw.Subject, raw.Data); !isThereAlready(err) {
		return err
	}
	return nil
}
