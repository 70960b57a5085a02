package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/audit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/person"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
)

// personFlags say who does something, and why.
type personFlags struct {
	By     string `required:"" help:"Who you are."`
	Reason string `required:"" help:"Why."`
	Audit  string `default:"./fleet-data/audit.jsonl" type:"path" help:"File of JSON lines that the act is written to."`
}

// act has the person do something. What is not on the worklist is no failure of the program.
func (f *personFlags) act(q *queue.Queue, do func(*person.Acts, person.Person) error) error {
	who := person.Person{Name: f.By, Reason: f.Reason}
	if err := who.Check(); err != nil {
		return usage(err)
	}
	log, err := audit.Open(f.Audit)
	if err != nil {
		return err
	}
	err = errors.Join(do(&person.Acts{Queue: q, Audit: log}, who), log.Close())
	if errors.Is(err, queue.ErrNoNote) || errors.Is(err, queue.ErrNoWorker) {
		err = exit{exitNotVoided, err}
	}
	return err
}

// ackCommand acknowledges.
type ackCommand struct {
	queueFlags
	personFlags
	Entry token `arg:"" help:"Entry of the worklist."`
}

// Run takes an entry off the worklist. Its result stays.
func (c *ackCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		return c.act(q, func(acts *person.Acts, by person.Person) error {
			return acts.Acknowledge(e, by, c.Entry.String())
		})
	})
}

// retryCommand cancels a session again.
type retryCommand struct {
	queueFlags
	personFlags
	serviceFlags
	Entry  token  `arg:"" help:"Entry of the worklist."`
	Outbox string `required:"" type:"path" help:"File of the outbox that keeps the new cancel."`
}

// Run puts a new cancel of the session into an outbox, and takes the entry off the worklist.
func (c *retryCommand) Run(e *environment) error {
	client, outbox, err := open(c.BaseURL, c.Mode, c.Outbox)
	if err != nil {
		return err
	}
	defer client.Close()
	defer outbox.Close()
	return c.once(e, func(q *queue.Queue) error {
		return c.act(q, func(acts *person.Acts, by person.Person) error {
			kept, err := acts.Retry(e, by, c.Entry.String(), outbox)
			if kept != nil {
				fmt.Printf("entry %d of the outbox, %s\n", kept.ID, message.EntryID(kept.IdempotencyKey))
			}
			return err
		})
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
		return c.act(q, func(acts *person.Acts, by person.Person) error {
			return acts.Pause(e, by, c.Target.String(), time.Now().Add(c.For))
		})
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
		return c.act(q, func(acts *person.Acts, by person.Person) error {
			return acts.Resume(e, by, c.Target.String())
		})
	})
}
