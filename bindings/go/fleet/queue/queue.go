// Package queue reads and writes the streams of a fleet, by the rules that keep a cancel from being
// lost or done twice. It decides nothing about a cancel.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
)

// callTime is how long one request to the queue may take.
const callTime = 5 * time.Second

// Queue is the streams of a fleet.
type Queue struct {
	js                                jetstream.JetStream
	cancels, tries, results, worklist jetstream.Stream
}

// Open finds the streams of workers and of people.
func Open(ctx context.Context, js jetstream.JetStream) (*Queue, error) {
	q, err := OpenTill(ctx, js)
	if err != nil {
		return nil, err
	}
	if q.tries, err = js.Stream(ctx, streams.Tries); err != nil {
		return nil, fmt.Errorf("stream %s: %w", streams.Tries, err)
	}
	if q.worklist, err = js.Stream(ctx, streams.Worklist); err != nil {
		return nil, fmt.Errorf("stream %s: %w", streams.Worklist, err)
	}
	return q, nil
}

// OpenTill finds the streams that a till needs: cancels and results.
func OpenTill(ctx context.Context, js jetstream.JetStream) (*Queue, error) {
	q := &Queue{js: js}
	var err error
	if q.cancels, err = js.Stream(ctx, streams.Cancels); err != nil {
		return nil, fmt.Errorf("stream %s: %w", streams.Cancels, err)
	}
	if q.results, err = js.Stream(ctx, streams.Results); err != nil {
		return nil, fmt.Errorf("stream %s: %w", streams.Results, err)
	}
	return q, nil
}

// JetStream is the connection's.
func (q *Queue) JetStream() jetstream.JetStream { return q.js }

// ErrOtherKey is given where the session has a cancel with another key on the queue.
var ErrOtherKey = errors.New("the session has a cancel with another key on the queue")

// Publish hands a cancel over. Without an error it is on the queue's disk: written now, or there
// already under the same key.
func (q *Queue) Publish(ctx context.Context, c message.Cancel) error {
	data, err := c.Encode()
	if err != nil {
		return err
	}
	err = q.put(ctx, c.Subject(), data)
	if !isThereAlready(err) {
		return err
	}
	raw, err := last(ctx, q.cancels, c.Subject())
	if err != nil || raw == nil {
		return errors.Join(errors.New("the session's cancel has just left the queue"), err)
	}
	// What cannot be read has another key.
	var there struct {
		IdempotencyKey string `json:"idempotency_key"`
	}
	if json.Unmarshal(raw.Data, &there) != nil || there.IdempotencyKey != c.IdempotencyKey {
		return ErrOtherKey
	}
	return nil
}

// PutResult writes the result of an entry, and gives the one that counts: the first.
func (q *Queue) PutResult(ctx context.Context, r message.Result) (message.Result, error) {
	data, err := message.Encode(r)
	if err != nil {
		return r, err
	}
	if err = q.put(ctx, r.Subject(), data); !isThereAlready(err) {
		return r, err
	}
	first, err := q.Result(ctx, r.Target, r.SessionID, r.Entry)
	if err != nil {
		return r, err
	}
	if first == nil {
		return r, errors.New("the first result cannot be read")
	}
	return *first, nil
}

// Result is that of an entry; nil if there is none.
func (q *Queue) Result(ctx context.Context, target, session, entry string) (*message.Result, error) {
	raw, err := last(ctx, q.results, message.ResultSubject(target, session, entry))
	if raw == nil {
		return nil, err
	}
	result, err := message.Decode[message.Result](raw.Data)
	if err != nil {
		return nil, fmt.Errorf("the result of %s: %w", entry, err)
	}
	return &result, nil
}

// PutNote puts an entry on the worklist, unless it is there.
func (q *Queue) PutNote(ctx context.Context, n message.Note) error {
	data, err := message.Encode(n)
	if err != nil {
		return err
	}
	if err = q.put(ctx, n.Subject(), data); isThereAlready(err) {
		return nil
	}
	return err
}

// Remove takes a cancel off the queue, by its sequence. One that is gone is no error.
func (q *Queue) Remove(ctx context.Context, sequence uint64) error {
	return remove(ctx, q.cancels, sequence)
}

func (q *Queue) put(ctx context.Context, subject string, data []byte, opts ...jetstream.PublishOpt) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := q.js.Publish(ctx, subject, data, opts...)
	return err
}

// isThereAlready tells a subject that has its message from a full store: both have one number, and
// only the text tells them apart.
func isThereAlready(err error) bool {
	var refusal *jetstream.APIError
	return errors.As(err, &refusal) && strings.Contains(refusal.Description, "maximum messages per subject")
}

// last is the message under a subject; nil if there is none.
func last(ctx context.Context, stream jetstream.Stream, subject string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	raw, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	return raw, err
}

func remove(ctx context.Context, stream jetstream.Stream, sequence uint64) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := stream.DeleteMsg(ctx, sequence)
	if isGone(err) {
		return nil
	}
	return err
}

// isGone is true of the refusal to delete what is not there: the client keeps its text only.
func isGone(err error) bool {
	if !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return errors.Is(err, jetstream.ErrMsgNotFound)
	}
	return slices.ContainsFunc([]string{"no message found", "deleted message", "not found", "store EOF"},
		func(text string) bool { return strings.Contains(err.Error(), text) })
}
