// Package person has what people do to a fleet. Each act names who does it and why, and is in the
// audit file before the queue changes.
package person

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/audit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// The longest texts, in characters.
const (
	MaxName   = 100
	MaxReason = 500
)

// ErrUnnamed is given for a person without a name or a reason.
var ErrUnnamed = errors.New("every act needs a name and a reason")

// Person is who does something, and why.
type Person struct{ Name, Reason string }

// Check says what is wrong with the name or the reason.
func (p Person) Check() error {
	for _, it := range []struct {
		field, text string
		most        int
	}{{"name", p.Name, MaxName}, {"reason", p.Reason, MaxReason}} {
		count := utf8.RuneCountInString(it.text)
		if strings.TrimSpace(it.text) == "" || count > it.most || !utf8.ValidString(it.text) ||
			strings.ContainsFunc(it.text, unicode.IsControl) {
			return fmt.Errorf("%s: expected 1 to %d characters on one line: %w", it.field, it.most, ErrUnnamed)
		}
	}
	return nil
}

// Acts are done on a queue, and noted in an audit file.
type Acts struct {
	Queue *queue.Queue
	Audit *audit.Log
}

// Acknowledge takes an entry off the worklist. Its result stays.
func (a *Acts) Acknowledge(ctx context.Context, p Person, entry string) error {
	note, sequence, err := a.Queue.Note(ctx, entry)
	if err != nil {
		return err
	}
	if err := a.note(p, audit.Act{What: "acknowledge", Entry: entry, SessionID: note.SessionID}); err != nil {
		return err
	}
	return a.Queue.RemoveNote(ctx, sequence)
}

// Retry puts a new cancel of an entry's session into an outbox, and takes the entry off the
// worklist. The new cancel has a key of its own and is asked for now: it releases the hold that is
// there now.
func (a *Acts) Retry(
	ctx context.Context, p Person, entry string, outbox *flexcancel.Outbox,
) (*flexcancel.OutboxEntry, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	note, sequence, err := a.Queue.Note(ctx, entry)
	if err != nil {
		return nil, err
	}
	kept, err := outbox.Enqueue(note.SessionID)
	if err != nil {
		return nil, err
	}
	err = a.note(p, audit.Act{What: "retry", Entry: entry, SessionID: note.SessionID, NewEntry: kept.ID})
	if err != nil {
		return nil, err
	}
	return kept, a.Queue.RemoveNote(ctx, sequence)
}

// Pause stops the delivery of a target's cancels. Those that are under way end.
func (a *Acts) Pause(ctx context.Context, p Person, target string, until time.Time) error {
	if err := a.note(p, audit.Act{What: "pause"}); err != nil {
		return err
	}
	return a.Queue.Pause(ctx, target, until, p.Name, p.Reason)
}

// Resume goes on with the delivery.
func (a *Acts) Resume(ctx context.Context, p Person, target string) error {
	if err := a.note(p, audit.Act{What: "resume"}); err != nil {
		return err
	}
	return a.Queue.Resume(ctx, target)
}

func (a *Acts) note(p Person, act audit.Act) error {
	if err := p.Check(); err != nil {
		return err
	}
	act.By, act.Reason = p.Name, p.Reason
	return a.Audit.Act(act)
}
