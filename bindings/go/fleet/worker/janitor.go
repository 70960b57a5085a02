package worker

import (
	"context"
	"strings"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
)

const sweepEvery = time.Hour

// sweep looks for orphans at the start and every hour.
func (w *Worker) sweep(ctx context.Context) {
	for {
		pause := sweepEvery
		if count, err := w.Sweep(ctx); err != nil && ctx.Err() == nil {
			w.Logger.Warn("could not look for orphans", "error", err)
			pause = time.Minute
		} else if count > 0 {
			w.Logger.Warn("cancels that the queue had forgotten", "count", count)
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// Sweep finds the cancels that the queue has forgotten: they are there, and the workers'
// acknowledgements are past them. One with a result is removed; another is published again.
func (w *Worker) Sweep(ctx context.Context) (count int, err error) {
	floor, err := w.Queue.AckFloor(ctx, w.Target)
	if err != nil {
		return 0, err
	}
	for raw, err := range w.Queue.Cancels(ctx, w.Target) {
		if err != nil {
			return count, err
		}
		if raw.Sequence > floor {
			return count, nil
		}
		count++
		w.Told.orphan()
		if c, err := message.DecodeCancel(raw.Subject, raw.Data); err == nil {
			result, err := w.Queue.Result(ctx, w.Target, tail(raw.Subject), c.Entry)
			if err != nil {
				return count, err
			}
			if result != nil {
				if err := w.Queue.Remove(ctx, raw.Sequence); err != nil {
					return count, err
				}
				continue
			}
		}
		if err := w.Queue.Republish(ctx, raw); err != nil {
			return count, err
		}
	}
	return count, nil
}

func tail(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }
