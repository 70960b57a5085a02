// Command flexcancel-fleet delivers the cancels of many tills by several workers over one queue.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// The exit codes of the project's command line.
const (
	exitOK         = 0
	exitTooLate    = 1
	exitNotVoided  = 2
	exitPending    = 3
	exitUsage      = 64
	exitUnexpected = 70
	exitOutbox     = 74
)

// commands are the program's.
type commands struct {
	Log  string `enum:"text,json" default:"text" help:"How to log to standard error: text or json."`
	Loud bool   `help:"Log each cancel, too."`

	Run      runCommand      `cmd:"" help:"Run the queue and a worker in one process."`
	Server   serverCommand   `cmd:"" help:"Run the queue alone."`
	Worker   workerCommand   `cmd:"" help:"Run a worker."`
	Streams  streamsCommand  `cmd:"" help:"Make the streams on servers of your own, or bring them up to date."`
	Forward  forwardCommand  `cmd:"" help:"Hand the entries of an outbox to the queue, and settle them."`
	Enqueue  enqueueCommand  `cmd:"" help:"Put the sessions of a file into an outbox."`
	Status   statusCommand   `cmd:"" help:"Count what is on the queue."`
	Get      getCommand      `cmd:"" help:"Show what is known of a session."`
	Worklist worklistCommand `cmd:"" help:"List what a person has to look at."`
	Ack      ackCommand      `cmd:"" help:"Note that a person has seen an entry of the worklist."`
	Retry    retryCommand    `cmd:"" help:"Cancel the session of an entry again, with a new key."`
	Pause    pauseCommand    `cmd:"" help:"Stop the delivery of all workers."`
	Resume   resumeCommand   `cmd:"" help:"Go on with the delivery."`
	Drain    drainCommand    `cmd:"" help:"Wait until the queue is empty."`
	Export   exportCommand   `cmd:"" help:"Write results as JSON lines."`
}

// exit ends the program with a code, and says why if there is a reason.
type exit struct {
	code   int
	reason error
}

func (e exit) Error() string {
	if e.reason == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.reason.Error()
}

func (e exit) Unwrap() error { return e.reason }

// usage is the end of a program that was called wrongly.
func usage(reason error) error { return exit{exitUsage, reason} }

// environment is what every command has.
type environment struct {
	context.Context
	logger *slog.Logger
}

func main() { os.Exit(run(os.Args[1:])) }

func run(arguments []string) int {
	var given commands
	parser, err := kong.New(&given, kong.Name("flexcancel-fleet"), kong.UsageOnError(),
		// Every flag can be in the environment, too: --ack-wait is FLEET_ACK_WAIT.
		kong.DefaultEnvars("FLEET"),
		kong.Description("Delivers the cancels of many tills by several workers over one queue."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "flexcancel-fleet:", err)
		return exitUnexpected
	}
	parsed, err := parser.Parse(arguments)
	if err != nil {
		fmt.Fprintln(os.Stderr, "flexcancel-fleet:", err)
		return exitUsage
	}
	// After the first signal, calls in flight end normally. A second one ends the process
	// immediately.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	defer stop()
	err = parsed.Run(&environment{ctx, given.newLogger()})
	var ended exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &ended):
		if ended.reason != nil {
			fmt.Fprintln(os.Stderr, "flexcancel-fleet:", ended.reason)
		}
		return ended.code
	}
	fmt.Fprintln(os.Stderr, "flexcancel-fleet:", err)
	switch {
	case errors.Is(err, flexcancel.ErrInvalidConfig), errors.Is(err, flexcancel.ErrInvalidArgument):
		return exitUsage
	case errors.Is(err, flexcancel.ErrOutboxIO), errors.Is(err, flexcancel.ErrOutboxUnsafe),
		errors.Is(err, flexcancel.ErrOutboxCorrupt), errors.Is(err, flexcancel.ErrOutboxSchema),
		errors.Is(err, flexcancel.ErrOutboxUnavailable):
		return exitOutbox
	}
	return exitUnexpected
}

func (c *commands) newLogger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelWarn}
	if c.Loud {
		options.Level = slog.LevelInfo
	}
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
