package queue

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
)

// Who has paused a consumer, and why, is with the consumer: each worker can tell it.
const (
	pausedBy    = "flex_paused_by"
	pauseReason = "flex_pause_reason"
)

// ErrNoWorker is given where no worker has ever worked for a target.
var ErrNoWorker = errors.New("no worker has been there yet: there is nothing to pause")

// Pause stops the delivery of a target's cancels until a time.
func (q *Queue) Pause(ctx context.Context, target string, until time.Time, by, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	name := streams.ConsumerName(target)
	consumer, err := q.js.Consumer(ctx, streams.Cancels, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return ErrNoWorker
	}
	if err != nil {
		return err
	}
	config := consumer.CachedInfo().Config
	config.Metadata = maps.Clone(config.Metadata)
	if config.Metadata == nil {
		config.Metadata = map[string]string{}
	}
	config.Metadata[pausedBy], config.Metadata[pauseReason] = by, reason
	if _, err := q.js.UpdateConsumer(ctx, streams.Cancels, config); err != nil {
		return err
	}
	_, err = q.js.PauseConsumer(ctx, streams.Cancels, name, until)
	return err
}

// Resume goes on with the delivery.
func (q *Queue) Resume(ctx context.Context, target string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := q.js.ResumeConsumer(ctx, streams.Cancels, streams.ConsumerName(target))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return ErrNoWorker
	}
	return err
}

// pause fills in the pause of a consumer.
func (c *Counts) pause(info *jetstream.ConsumerInfo, now time.Time) {
	if c.Paused = info.Paused; !c.Paused {
		return
	}
	c.PausedUntil = now.Add(info.PauseRemaining)
	c.PausedBy, c.PauseReason = info.Config.Metadata[pausedBy], info.Config.Metadata[pauseReason]
}
