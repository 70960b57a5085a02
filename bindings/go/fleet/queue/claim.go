package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
)

// maxSkew is how far the clocks of two workers may differ.
const maxSkew = 5 * time.Second

// Held is a claim that this worker has.
type Held struct {
	message.Claim
	// WasInDoubt is true if a request of an earlier try may have reached Flex.
	WasInDoubt bool
	// CodeBefore is that of the try before.
	CodeBefore string
	subject    string
	sequence   uint64
}

// BusyError is given for a session that another claim is on.
type BusyError struct{ Rest time.Duration }

func (e *BusyError) Error() string { return fmt.Sprintf("claimed for %v more", e.Rest) }

// ErrLostRace is given where another worker was faster.
var ErrLostRace = errors.New("another worker has just claimed the session")

// Claim notes on the queue's disk that this worker tries a cancel, before anything of it is sent.
// Until the claim is over nobody else tries it; after that the cancel is in doubt.
func (q *Queue) Claim(
	ctx context.Context, c message.Cancel, worker string, within time.Duration, now time.Time,
) (*Held, error) {
	held := &Held{subject: message.TrySubject(c.Target, c.SessionID), WasInDoubt: c.InDoubt}
	raw, err := last(ctx, q.tries, held.subject)
	if err != nil {
		return nil, err
	}
	if raw != nil {
		before, err := message.Decode[message.Claim](raw.Data)
		if err != nil {
			// What somebody else wrote there says nothing: whatever may have been sent.
			before = message.Claim{Entry: c.Entry, InDoubt: true}
		}
		if rest := time.UnixMilli(before.UntilMS).Add(maxSkew).Sub(now); before.UntilMS != 0 && rest > 0 {
			return nil, &BusyError{rest}
		}
		held.sequence = raw.Sequence
		if before.Entry == c.Entry {
			held.Tries, held.CodeBefore = before.Tries, before.LastCode
			held.WasInDoubt = held.WasInDoubt || before.InDoubt
		}
	}
	// A claim that is never handed back is a try that nobody knows the end of.
	held.Claim = message.Claim{
		Entry: c.Entry, Tries: held.Tries + 1, InDoubt: true, Worker: worker,
		UntilMS: now.Add(within).UnixMilli(), LastCode: held.CodeBefore,
	}
	if err := q.write(ctx, held); err != nil {
		return nil, err
	}
	return held, nil
}

// HandBack ends a claim whose try was not the last one. The cancel is in doubt if a request of it
// may have reached Flex.
func (q *Queue) HandBack(ctx context.Context, held *Held, inDoubt bool, code string) error {
	held.UntilMS, held.InDoubt, held.LastCode = 0, inDoubt, code
	return q.write(ctx, held)
}

// Forget removes the claim on a cancel that has its result.
func (q *Queue) Forget(ctx context.Context, held *Held) error {
	return remove(ctx, q.tries, held.sequence)
}

func (q *Queue) write(ctx context.Context, held *Held) error {
	data, err := message.Encode(held.Claim)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ack, err := q.js.Publish(ctx, held.subject, data, jetstream.WithExpectLastSequencePerSubject(held.sequence))
	var refusal *jetstream.APIError
	if errors.As(err, &refusal) && refusal.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return ErrLostRace
	}
	if err == nil {
		held.sequence = ack.Sequence
	}
	return err
}
