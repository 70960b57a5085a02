// Package worker delivers the cancels of a queue: it claims one, tries it, and writes its result.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// Options are those of a worker.
type Options struct {
	Queue  *queue.Queue
	Client *flexcancel.Client
	// Target, BaseURL and Mode are what the client is for; a cancel for another is not tried.
	Target, BaseURL, Mode string
	// Name tells this worker from others.
	Name string
	// Concurrency is how many cancels are tried at a time.
	Concurrency int
	// Timeout is the deadline of one cancel, from its turn on.
	Timeout time.Duration
	// AckWait is how long the queue waits for a word about a cancel.
	AckWait time.Duration
	Pacer   *Pacer
	Logger  *slog.Logger
	// Told is told of what happens; its functions may be called at the same time.
	Told Observer
}

// Observer is told of what a worker does. What is nil is not told.
type Observer struct {
	// Result is told of each result that this worker has written first.
	Result func(message.Result)
	// Try is told of each call and how long it took.
	Try func(time.Duration)
	// Throttled is told of each 429, and how long Flex wants to be left alone.
	Throttled func(time.Duration)
	// Orphan is told of each cancel that the queue had forgotten.
	Orphan func()
}

// Worker is one that delivers.
type Worker struct {
	Options
	breaker Breaker
	free    chan struct{}
}

// New makes a worker.
func New(o Options) *Worker {
	return &Worker{Options: o, free: make(chan struct{}, o.Concurrency)}
}

// IsOpen is true while Flex cannot be reached.
func (w *Worker) IsOpen() bool { return w.breaker.IsOpen() }

const (
	// pullTime is how long one pull waits for cancels; a silence of half of it means that the queue
	// is away.
	pullTime = 2 * time.Second
	// retryPause is between two attempts to reach the queue.
	retryPause = 500 * time.Millisecond
)

// Run delivers until the context ends, and then lets the tries in flight end.
func (w *Worker) Run(ctx context.Context) error {
	var flying sync.WaitGroup
	defer flying.Wait()
	flying.Go(func() { w.sweep(ctx) })
	// Tries in flight outlive the context: each has its own deadline.
	trying := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		consumer, err := streams.EnsureConsumer(ctx, w.Queue.JetStream(), w.Target, w.AckWait)
		if err == nil {
			err = w.pull(ctx, consumer, func(m jetstream.Msg) {
				w.free <- struct{}{}
				flying.Go(func() {
					defer func() { <-w.free }()
					w.deliver(trying, m)
				})
			})
		}
		if err != nil && ctx.Err() == nil {
			w.Logger.Warn("the queue cannot be reached", "error", err)
			_ = sleep(ctx, retryPause)
		}
	}
	return nil
}

// pull takes as many cancels as there is room for, until an error.
func (w *Worker) pull(ctx context.Context, consumer jetstream.Consumer, start func(jetstream.Msg)) error {
	for ctx.Err() == nil {
		count, wait := w.breaker.Permit(cap(w.free)-len(w.free), time.Now())
		if held := w.Pacer.held(time.Now()); count > 0 && held > 0 {
			w.breaker.NoProbe()
			count, wait = 0, held
		}
		if count == 0 {
			_ = sleep(ctx, max(min(wait, time.Second), time.Millisecond))
			continue
		}
		batch, err := consumer.Fetch(count, jetstream.FetchMaxWait(pullTime), jetstream.FetchHeartbeat(pullTime/2))
		if err != nil {
			w.breaker.NoProbe()
			return fmt.Errorf("pull: %w", err)
		}
		found := w.drain(ctx, batch, start)
		if found == 0 {
			w.breaker.NoProbe()
		}
		if err := batch.Error(); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("pull: %w", err)
		}
	}
	return nil
}

// drain starts what a pull brings. If the worker stops, it returns the rest to the queue immediately.
func (w *Worker) drain(ctx context.Context, batch jetstream.MessageBatch, start func(jetstream.Msg)) int {
	found := 0
	for m := range batch.Messages() {
		found++
		if ctx.Err() != nil {
			_ = m.Nak()
			continue
		}
		start(m)
	}
	return found
}
