package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/forwarder"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// noKey stands for the API key where nothing is sent to Flex.
const noKey = "no-key"

// open opens the outbox of a till, for what sends nothing. With no mode it is for both.
func open(baseURL, mode, path string) (*flexcancel.Client, *flexcancel.Outbox, error) {
	client, err := flexcancel.New(flexcancel.Config{APIKey: noKey, BaseURL: baseURL, Mode: mode})
	if err != nil {
		return nil, nil, err
	}
	outbox, err := client.OpenOutbox(path)
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return client, outbox, nil
}

// forwardCommand hands the entries of an outbox to the queue.
type forwardCommand struct {
	queueFlags
	serviceFlags
	Outbox string        `required:"" type:"path" help:"File of the till's outbox."`
	Till   string        `help:"Name of the till; its host otherwise."`
	Lease  time.Duration `default:"15m" help:"How long the queue has an entry before it is handed over again."`
	Every  time.Duration `default:"1s" help:"How often to look for entries that are due."`
}

// Run forwards until a signal.
func (c *forwardCommand) Run(e *environment) error {
	if c.Every <= 0 {
		return usage(errors.New("--every: expected more than 0s"))
	}
	client, outbox, err := open(c.BaseURL, "", c.Outbox)
	if err != nil {
		return err
	}
	defer client.Close()
	defer outbox.Close()
	if c.Till == "" {
		if c.Till, err = os.Hostname(); err != nil {
			return err
		}
	}
	js, err := c.connect(e)
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	var found *queue.Queue
	err = connect.Ready(e, e.logger, func(ctx context.Context) (err error) {
		found, err = queue.OpenTill(ctx, js)
		return err
	})
	if err != nil {
		return err
	}
	return forwarder.New(forwarder.Options{
		Outbox: outbox, Queue: found, Till: c.Till, Target: c.Mode, Lease: c.Lease, Every: c.Every,
		Logger: e.logger,
	}).Run(e)
}

// enqueueCommand puts sessions into an outbox.
type enqueueCommand struct {
	serviceFlags
	File   string `required:"" help:"CSV or text file with a session in the first column of each line; - is standard input."`
	Outbox string `required:"" type:"path" help:"File of the outbox."`
}

// Run enqueues every session, and says which could not be.
func (c *enqueueCommand) Run(e *environment) error {
	client, outbox, err := open(c.BaseURL, c.Mode, c.Outbox)
	if err != nil {
		return err
	}
	defer client.Close()
	defer outbox.Close()
	input := os.Stdin
	if c.File != "-" {
		if input, err = os.Open(c.File); err != nil {
			return usage(err)
		}
		defer input.Close()
	}
	return enqueueAll(e, outbox, input)
}

func enqueueAll(e *environment, outbox *flexcancel.Outbox, input io.Reader) error {
	lines := csv.NewReader(input)
	lines.FieldsPerRecord = -1
	kept, refused := 0, 0
	for e.Err() == nil {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return usage(err)
		}
		id := strings.TrimSpace(fields[0])
		if _, err := outbox.Enqueue(id); errors.Is(err, flexcancel.ErrInvalidArgument) {
			fmt.Fprintf(os.Stderr, "%q: %v\n", id, err)
			refused++
			continue
		} else if err != nil {
			return fmt.Errorf("%d are in the outbox; then: %w", kept, err)
		}
		kept++
	}
	fmt.Printf("%d in the outbox, %d refused\n", kept, refused)
	if refused > 0 {
		return exit{code: exitNotVoided}
	}
	return exit{code: exitPending}
}
