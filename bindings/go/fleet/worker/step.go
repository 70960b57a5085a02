package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

const (
	// slack is how much later than its turn a call may begin, after a 429.
	slack = 5 * time.Second
	// margin is between the end of a call and that of its claim.
	margin = 2 * time.Second
	// keepTime is how long a worker tries to write what it knows while the queue is away.
	keepTime = 30 * time.Second
	// raceWait is before a cancel that another worker has just claimed is looked at again.
	raceWait = time.Second
)

// delivery is one cancel on its way through the steps.
type delivery struct {
	*Worker
	raw      jetstream.Msg
	sequence uint64
	cancel   message.Cancel
}

// deliver takes one cancel from the queue through all steps.
func (w *Worker) deliver(ctx context.Context, raw jetstream.Msg) {
	defer w.keepAlive(raw)()
	// A probe that made no call says nothing.
	defer w.breaker.NoProbe()
	meta, err := raw.Metadata()
	if err != nil {
		w.Logger.Error("a message that is not of a stream", "error", err)
		return
	}
	d := &delivery{Worker: w, raw: raw, sequence: meta.Sequence.Stream}
	if w.breaker.Stops() {
		d.later(firstWait)
		return
	}
	c, err := message.DecodeCancel(raw.Subject(), raw.Data())
	if err == nil {
		err = w.refuses(&c)
	}
	if err != nil {
		d.setAside(ctx, err)
		return
	}
	d.cancel = c
	var busy *queue.BusyError
	switch err := d.steps(ctx); {
	case err == nil:
	case errors.As(err, &busy):
		d.later(busy.Rest)
	case errors.Is(err, queue.ErrLostRace):
		d.later(raceWait)
	default:
		w.Logger.Warn("the queue did not take a step", "session_id", c.SessionID, "error", err)
		d.later(raceWait)
	}
}

// keepAlive tells the queue that a cancel is still worked on, until what it gives is called.
func (w *Worker) keepAlive(raw jetstream.Msg) (end func()) {
	ticker, over := time.NewTicker(w.AckWait/3), make(chan struct{})
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				_ = raw.InProgress()
			}
		}
	}()
	return func() { close(over) }
}

// refuses is why a cancel is none of this worker's client.
func (w *Worker) refuses(c *message.Cancel) error {
	switch {
	case c.Target != w.Target:
		return fmt.Errorf("target: expected %s", w.Target)
	case strings.TrimRight(c.BaseURL, "/") != strings.TrimRight(w.BaseURL, "/"):
		return errors.New("base_url: it is for another service")
	case c.Mode != "" && c.Mode != w.Mode:
		return fmt.Errorf("mode: expected %s", w.Mode)
	}
	return nil
}

// setAside puts what cannot be delivered on the worklist, and off the queue.
func (d *delivery) setAside(ctx context.Context, reason error) {
	session := tail(d.raw.Subject())
	note := message.Unreadable(d.Target, session, d.raw.Data(), reason.Error(), time.Now().UnixMilli())
	err := keep(ctx, func(ctx context.Context) error { return d.Queue.PutNote(ctx, note) })
	if err == nil {
		err = keep(ctx, func(ctx context.Context) error { return d.Queue.Remove(ctx, d.sequence) })
	}
	if err != nil {
		d.Logger.Warn("a message that cannot be delivered stays on the queue", "error", err)
		d.later(firstWait)
		return
	}
	d.Logger.Warn("a message cannot be delivered", "entry", note.Entry, "reason", note.Reason)
	_ = d.raw.TermWithReason(note.Reason)
}

// steps are those of a cancel that can be read.
func (d *delivery) steps(ctx context.Context) error {
	c := d.cancel
	known, err := d.Queue.Result(ctx, c.Target, c.SessionID, c.Entry)
	if err != nil {
		return err
	}
	if known != nil {
		return d.finish(ctx, *known, nil)
	}
	turn := d.Pacer.take(time.Now())
	wait := time.Until(turn.at)
	if wait > longestTurn {
		turn.giveBack()
		d.later(wait)
		return nil
	}
	// The call ends before the claim does, by this worker's own clock.
	within := wait + slack + d.Timeout + margin
	latest := time.Now().Add(wait + slack)
	held, err := d.Queue.Claim(ctx, c, d.Name, within, time.Now())
	if err != nil {
		turn.giveBack()
		return err
	}
	if !time.Now().Before(c.NotAfter()) {
		turn.giveBack()
		return d.end(ctx, held, d.tooLate(held))
	}
	isTurn, err := d.Pacer.await(ctx, turn, latest)
	if err != nil {
		return err
	}
	if !isTurn {
		asked := d.Pacer.held(time.Now())
		return d.again(ctx, held, held.WasInDoubt, flexcancel.CodeRateLimited, asked)
	}
	calling, stop := context.WithDeadline(ctx, latest.Add(d.Timeout))
	defer stop()
	return d.after(ctx, held, d.try(calling, held))
}

// try makes the call.
func (d *delivery) try(ctx context.Context, held *queue.Held) *flexcancel.Result {
	c := d.cancel
	options := []flexcancel.Option{
		flexcancel.WithIdempotencyKey(c.IdempotencyKey), flexcancel.WithInDoubt(held.WasInDoubt),
		flexcancel.WithAskedAt(c.AskedAt()), flexcancel.WithTimeout(d.Timeout),
	}
	if len(c.Expand) > 0 {
		options = append(options, flexcancel.WithExpand(c.Expand...))
	}
	began := time.Now()
	result, err := d.Client.Cancel(ctx, c.SessionID, options...)
	d.Told.try(time.Since(began))
	d.Pacer.spend(requests(result)-1, time.Now())
	if result == nil {
		d.Logger.Error("the library made no call", "session_id", c.SessionID, "error", err)
	}
	return result
}

// after decides what becomes of the entry.
func (d *delivery) after(ctx context.Context, held *queue.Held, c *flexcancel.Result) error {
	if c == nil {
		return d.again(ctx, held, held.WasInDoubt, flexcancel.CodeInternal, 0)
	}
	d.breaker.After(isOutOfReach(c), time.Now())
	asked, _ := c.RetryAfter()
	if c.HTTPStatus() == 429 {
		d.Told.throttled(max(asked, time.Second))
	}
	decision := Decide(c.Outcome, c.Code)
	if isStoredError(c, held.CodeBefore) {
		decision = ForPerson
	}
	if decision == Again {
		// What the call says of itself holds for earlier requests, too: it was told of the doubt.
		inDoubt := held.WasInDoubt || c.Outcome != flexcancel.NotApplied
		return d.again(ctx, held, inDoubt, c.Code, asked)
	}
	return d.end(ctx, held, d.result(held, c.Outcome, c.Code, c.Hold(), c.Message(), decision))
}

// again hands the claim back, and leaves the cancel to a later try.
func (d *delivery) again(
	ctx context.Context, held *queue.Held, inDoubt bool, code flexcancel.Code, asked time.Duration,
) error {
	err := keep(ctx, func(ctx context.Context) error {
		return d.Queue.HandBack(ctx, held, inDoubt, code.String())
	})
	d.Logger.Info("a cancel is tried again later", "session_id", d.cancel.SessionID,
		"code", code.String(), "tries", held.Tries)
	d.later(waitAfter(held.Tries, asked))
	if err != nil {
		d.Logger.Warn("a claim could not be handed back; it ends by itself", "error", err)
	}
	return nil
}

// tooLate is the result of a cancel whose time is over, as the outbox decides.
func (d *delivery) tooLate(held *queue.Held) message.Result {
	outcome := flexcancel.NotApplied
	if held.WasInDoubt {
		outcome = flexcancel.Unknown
	}
	held.Tries--
	return d.result(held, outcome, flexcancel.CodeOutboxExpired, flexcancel.HoldUnknown,
		"the time to deliver the cancel is over", ForPerson)
}

func (d *delivery) result(
	held *queue.Held, outcome flexcancel.Outcome, code flexcancel.Code, hold flexcancel.Hold, text string,
	decision Decision,
) message.Result {
	c := d.cancel
	return message.Result{
		V: message.Version, Entry: c.Entry, SessionID: c.SessionID, IdempotencyKey: c.IdempotencyKey,
		Target: c.Target, Outcome: outcome, Code: code, Hold: hold, Message: text,
		NeedsPerson: decision == ForPerson, Tries: held.Tries, Worker: d.Name, Till: c.Till,
		OutboxEntry: c.OutboxEntry, AtMS: time.Now().UnixMilli(),
	}
}

// end writes the result: first what a person has to look at, so that no result is without it.
func (d *delivery) end(ctx context.Context, held *queue.Held, r message.Result) error {
	if r.NeedsPerson {
		note := message.Note{
			V: message.Version, Entry: r.Entry, SessionID: r.SessionID, Target: r.Target,
			IdempotencyKey: r.IdempotencyKey, Outcome: r.Outcome.String(), Code: r.Code.String(),
			Reason: r.Message, Till: r.Till, OutboxEntry: r.OutboxEntry, AtMS: r.AtMS,
		}
		if err := keep(ctx, func(ctx context.Context) error { return d.Queue.PutNote(ctx, note) }); err != nil {
			return err
		}
	}
	var first message.Result
	err := keep(ctx, func(ctx context.Context) (err error) {
		first, err = d.Queue.PutResult(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	if first == r {
		d.Told.result(r)
	}
	return d.finish(ctx, first, held)
}

// finish takes a cancel that has its result off the queue: by its sequence, then by an
// acknowledgement, because that alone has left cancels behind; and its claim last.
func (d *delivery) finish(ctx context.Context, r message.Result, held *queue.Held) error {
	err := keep(ctx, func(ctx context.Context) error { return d.Queue.Remove(ctx, d.sequence) })
	if err != nil {
		return err
	}
	acking, stop := context.WithTimeout(ctx, keepTime)
	defer stop()
	if err := d.raw.DoubleAck(acking); err != nil {
		d.Logger.Debug("the queue did not hear of the end of a cancel; it is gone all the same", "error", err)
	}
	settled := message.SettledSubject(r.Till)
	if err := d.Queue.JetStream().Conn().Publish(settled, []byte(r.Subject())); err != nil {
		d.Logger.Debug("the till was not told; it asks by itself", "error", err)
	}
	if held == nil {
		return nil
	}
	return d.Queue.Forget(ctx, held)
}

// later has the queue bring the cancel again after a while.
func (d *delivery) later(wait time.Duration) {
	if err := d.raw.NakWithDelay(max(wait, time.Millisecond)); err != nil {
		d.Logger.Debug("the queue brings the cancel again by itself", "error", err)
	}
}

// keep does what must be on the queue's disk, over and over while the queue is away.
func keep(ctx context.Context, do func(context.Context) error) error {
	ctx, stop := context.WithTimeout(ctx, keepTime)
	defer stop()
	for {
		err := do(ctx)
		if err == nil || errors.Is(err, queue.ErrLostRace) || sleep(ctx, retryPause) != nil {
			return err
		}
	}
}

func (o *Observer) result(r message.Result) {
	if o.Result != nil {
		o.Result(r)
	}
}

func (o *Observer) try(took time.Duration) {
	if o.Try != nil {
		o.Try(took)
	}
}

func (o *Observer) throttled(asked time.Duration) {
	if o.Throttled != nil {
		o.Throttled(asked)
	}
}

func (o *Observer) orphan() {
	if o.Orphan != nil {
		o.Orphan()
	}
}
