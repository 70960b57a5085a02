package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// line writes one JSON line to standard output.
func line(it any) error {
	text, err := json.Marshal(it)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s\n", text)
	return err
}

// statusCommand counts.
type statusCommand struct {
	queueFlags
	targetFlag
}

// Run shows the counts. The exit code says whether something is left to be done.
func (c *statusCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		counts, err := q.Counts(e, c.Target.String())
		if err != nil {
			return err
		}
		if err := line(counts); err != nil {
			return err
		}
		switch {
		case counts.Pending > 0:
			return exit{code: exitPending}
		case counts.Worklist > 0:
			return exit{code: exitNotVoided}
		}
		return nil
	})
}

// getCommand shows a session.
type getCommand struct {
	queueFlags
	targetFlag
	Session token `arg:"" help:"Id of the session."`
}

// Run shows the session's cancel, claim, results and entries of the worklist. The exit code is that
// of the last result; while a cancel is on the queue it is that of "pending".
func (c *getCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		code := exitNotVoided
		for r, err := range q.Results(e, c.Target.String(), c.Session.String()) {
			if err != nil {
				return err
			}
			if err := line(map[string]any{"result": r}); err != nil {
				return err
			}
			code = exitCode(r.Outcome)
		}
		for n, err := range q.Notes(e, c.Target.String(), c.Session.String()) {
			if err != nil {
				return err
			}
			if err := line(map[string]any{"worklist": n}); err != nil {
				return err
			}
		}
		claim, err := q.Claimed(e, c.Target.String(), c.Session.String())
		if err != nil {
			return err
		}
		if claim != nil {
			if err := line(map[string]any{"claim": claim}); err != nil {
				return err
			}
		}
		waiting, err := q.Waiting(e, c.Target.String(), c.Session.String())
		if err != nil {
			return err
		}
		if waiting != nil {
			code = exitPending
			shown := any(json.RawMessage(waiting))
			if !json.Valid(waiting) {
				shown = waiting
			}
			if err := line(map[string]any{"cancel": shown}); err != nil {
				return err
			}
		}
		return exit{code: code}
	})
}

func exitCode(outcome flexcancel.Outcome) int {
	switch outcome {
	case flexcancel.Canceled, flexcancel.AlreadyCanceled:
		return exitOK
	case flexcancel.NotCancelable:
		return exitTooLate
	case flexcancel.NotApplied:
		return exitNotVoided
	}
	return exitPending
}

// worklistCommand lists the worklist.
type worklistCommand struct {
	queueFlags
	targetFlag
}

// Run lists what a person has to look at.
func (c *worklistCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		return lines(q.Notes(e, c.Target.String(), "*"), func(message.Note) bool { return true })
	})
}

// lines prints those that are wanted, a line each.
func lines[T any](all iter.Seq2[T, error], isWanted func(T) bool) error {
	for one, err := range all {
		if err != nil {
			return err
		}
		if !isWanted(one) {
			continue
		}
		if err := line(one); err != nil {
			return err
		}
	}
	return nil
}

// exportCommand writes results.
type exportCommand struct {
	queueFlags
	targetFlag
	Since time.Duration `default:"24h" help:"How far back."`
}

// Run writes the results as JSON lines, in the order in which they were written.
func (c *exportCommand) Run(e *environment) error {
	from := time.Now().Add(-c.Since).UnixMilli()
	return c.once(e, func(q *queue.Queue) error {
		return lines(q.Results(e, c.Target.String(), "*"), func(r message.Result) bool { return r.AtMS >= from })
	})
}

// drainCommand waits.
type drainCommand struct {
	queueFlags
	targetFlag
	Within time.Duration `default:"1h" help:"How long to wait."`
}

// Run waits until the queue is empty.
func (c *drainCommand) Run(e *environment) error {
	return c.once(e, func(q *queue.Queue) error {
		for end := time.Now().Add(c.Within); ; {
			counts, err := q.Counts(e, c.Target.String())
			if err == nil && counts.Pending == 0 {
				return nil
			}
			if time.Now().After(end) || e.Err() != nil {
				return exit{exitPending, fmt.Errorf("%d cancels are still on the queue", counts.Pending)}
			}
			select {
			case <-e.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
}
