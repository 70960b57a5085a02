package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/audit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
)

// personFlags say who does something, and why.
type personFlags struct {
	By     string `required:"" help:"Who you are."`
	Reason string `required:"" help:"Why."`
	Audit  string `default:"./fleet-data/audit.jsonl" type:"path" help:"File of JSON lines that the act is written to."`
}

// act writes what the person does before it is done.
func (f *personFlags) act(act audit.Act) error {
	act.By, act.Reason = f.By, f.Reason
	log, err := audit.Open(f.Audit)
	if err != nil {
		return err
	}
	return errors.Join(log.Act(act), log.Close())
}

// find is an entry of the worklist.
func find(e *environment, q *queue.Queue, entry string) (message.Note, uint64, error) {
	note, sequence, err := q.Note(e, entry)
	if errors.Is(err, queue.ErrNoNote) {
		err = exit{exitNotVoided, err}
	}
	return note, sequence, err
}

// ackCommand acknowledges.
type ackCommand struct {
	queueFlags
	personFlags
	Entry string `arg:"" help:"Entry of the worklist."`
}

// Run takes an entry off the worklist. Its result stays.
func (c *ackCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		note, sequence, err := find(e, q, c.Entry)
		if err != nil {
			return err
		}
		err = c.act(audit.Act{What: "acknowledge", Entry: c.Entry, SessionID: note.SessionID})
		if err != nil {
			return err
		}
		return q.RemoveNote(e, sequence)
	})
}

// retryCommand cancels a session again.
type retryCommand struct {
	queueFlags
	personFlags
	serviceFlags
	Entry  string `arg:"" help:"Entry of the worklist."`
	Outbox string `required:"" type:"path" help:"File of the outbox that keeps the new cancel."`
}

// Run puts a new cancel of the session into an outbox, and takes the entry off the worklist. The new
// cancel has a key of its own and is asked for now: it releases the hold that is there now.
func (c *retryCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		note, sequence, err := find(e, q, c.Entry)
		if err != nil {
			return err
		}
		client, outbox, err := open(c.BaseURL, c.Mode, c.Outbox)
		if err != nil {
			return err
		}
		defer client.Close()
		defer outbox.Close()
		kept, err := outbox.Enqueue(note.SessionID)
		if err != nil {
			return err
		}
		err = c.act(audit.Act{What: "retry", Entry: c.Entry, SessionID: note.SessionID, NewEntry: kept.ID})
		if err != nil {
			return err
		}
		fmt.Printf("entry %d of the outbox, %s\n", kept.ID, message.EntryID(kept.IdempotencyKey))
		return q.RemoveNote(e, sequence)
	})
}

// pauseCommand pauses.
type pauseCommand struct {
	queueFlags
	targetFlag
	personFlags
	For time.Duration `default:"8760h" help:"For how long, unless it is resumed."`
}

// Run stops the delivery. Cancels that are under way end.
func (c *pauseCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		if err := c.act(audit.Act{What: "pause"}); err != nil {
			return err
		}
		_, err := q.JetStream().PauseConsumer(e, streams.Cancels, streams.ConsumerName(c.Target), time.Now().Add(c.For))
		return err
	})
}

// resumeCommand resumes.
type resumeCommand struct {
	queueFlags
	targetFlag
	personFlags
}

// Run goes on with the delivery.
func (c *resumeCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		if err := c.act(audit.Act{What: "resume"}); err != nil {
			return err
		}
		_, err := q.JetStream().ResumeConsumer(e, streams.Cancels, streams.ConsumerName(c.Target))
		return err
	})
}
