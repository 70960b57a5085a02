// Package streams has the four streams of a fleet and the consumer of its workers, as docs/FLEET.md
// lists them.
package streams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
)

// The names of the streams.
const (
	Cancels  = "FLEX_CANCELS"
	Tries    = "FLEX_TRIES"
	Results  = "FLEX_RESULTS"
	Worklist = "FLEX_WORKLIST"
)

// AckWait is how long a worker may be silent about a message before another gets it.
const AckWait = 60 * time.Second

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
	day = 24 * time.Hour
)

// Configs are those of all streams.
func Configs(replicas int) []jetstream.StreamConfig {
	stream := func(name, subjects string, maxAge time.Duration, maxBytes int64) jetstream.StreamConfig {
		return jetstream.StreamConfig{
			Name: name, Subjects: []string{subjects}, Storage: jetstream.FileStorage, Replicas: replicas,
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
			MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxConsumers: -1, MaxAge: maxAge, MaxBytes: maxBytes,
			MaxMsgSize: message.MaxBytes, AllowDirect: true, Duplicates: 10 * time.Second,
		}
	}
	// A cancel that is too old is decided by a worker, and does not vanish.
	cancels := stream(Cancels, "flex.cancel.*.*", 0, 2*gib)
	cancels.Retention = jetstream.WorkQueuePolicy
	tries := stream(Tries, "flex.try.*.*", 9*day, 512*mib)
	tries.Discard, tries.DiscardNewPerSubject = jetstream.DiscardOld, false
	// Final is final: the engine refuses a second result.
	results := stream(Results, "flex.result.*.*.*", 30*day, 4*gib)
	results.DenyDelete = true
	return []jetstream.StreamConfig{cancels, tries, results, stream(Worklist, "flex.worklist.*.*.*", 0, 512*mib)}
}

// Ensure makes the streams that are not there, and gives those that are the present configuration.
func Ensure(ctx context.Context, js jetstream.JetStream, replicas int) error {
	for _, config := range Configs(replicas) {
		if _, err := js.CreateOrUpdateStream(ctx, config); err != nil {
			return fmt.Errorf("stream %s: %w", config.Name, err)
		}
	}
	return nil
}

// ConsumerName is that of the workers of a target.
func ConsumerName(target string) string { return "workers-" + target }

// ConsumerConfig is that of the workers of a target.
func ConsumerConfig(target string, ackWait time.Duration) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: ConsumerName(target), FilterSubject: message.CancelSubject(target, "*"),
		AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait: ackWait,
		// A worker decides what is dead.
		MaxDeliver: -1,
		// A message that waits for its next try counts: a small number would stop all others.
		MaxAckPending: 1_000_000,
	}
}

// EnsureConsumer makes the consumer of a target unless it is there. A pause stays.
func EnsureConsumer(
	ctx context.Context, js jetstream.JetStream, target string, ackWait time.Duration,
) (jetstream.Consumer, error) {
	want := ConsumerConfig(target, ackWait)
	found, err := js.Consumer(ctx, Cancels, want.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return js.CreateOrUpdateConsumer(ctx, Cancels, want)
	}
	if err != nil {
		return nil, err
	}
	is := found.CachedInfo().Config
	if is.AckWait == want.AckWait && is.MaxAckPending == want.MaxAckPending && is.MaxDeliver == want.MaxDeliver {
		return found, nil
	}
	want.PauseUntil, want.Metadata = is.PauseUntil, is.Metadata
	return js.UpdateConsumer(ctx, Cancels, want)
}
