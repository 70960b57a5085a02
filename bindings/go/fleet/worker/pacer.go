package worker

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// longestTurn is how far ahead a cancel may take its turn; a later one goes back to the queue.
const longestTurn = 30 * time.Second

// Pacer gives each cancel its turn. A cancel that makes further requests, because its session is read
// first or it is repeated, delays the turns after it.
type Pacer struct {
	limiter *rate.Limiter
	// heldUntil is until when Flex wants to be left alone, in Unix milliseconds.
	heldUntil atomic.Int64
}

// NewPacer gives so many turns a second; zero is no limit.
func NewPacer(perSecond float64) *Pacer {
	p := &Pacer{limiter: rate.NewLimiter(rate.Inf, 1)}
	p.Set(perSecond, time.Time{})
	return p
}

// Set changes the rate, and says until when Flex wants to be left alone.
func (p *Pacer) Set(perSecond float64, heldUntil time.Time) {
	limit, burst := rate.Inf, 1
	if perSecond > 0 {
		limit, burst = rate.Limit(perSecond), max(1, int(perSecond/10))
	}
	if p.limiter.Limit() != limit {
		p.limiter.SetLimit(limit)
		p.limiter.SetBurst(burst)
	}
	if !heldUntil.IsZero() {
		p.heldUntil.Store(heldUntil.UnixMilli())
	}
}

// held is how long Flex still wants to be left alone.
func (p *Pacer) held(now time.Time) time.Duration {
	return time.UnixMilli(p.heldUntil.Load()).Sub(now)
}

// turn is a cancel's turn that was taken.
type turn struct {
	reservation *rate.Reservation
	at          time.Time
}

// take takes the next turn. While Flex wants to be left alone, turns follow each other from the end
// of that on, so that not all of them come at once then.
func (p *Pacer) take(now time.Time) turn {
	from := now.Add(max(p.held(now), 0))
	reservation := p.limiter.ReserveN(from, 1)
	return turn{reservation, from.Add(reservation.DelayFrom(from))}
}

// spend counts requests that were made without a turn of their own.
func (p *Pacer) spend(requests int, now time.Time) {
	for range requests {
		p.limiter.ReserveN(now, 1)
	}
}

// giveBack leaves the turn to others.
func (t turn) giveBack() { t.reservation.Cancel() }

// await waits for a turn. If Flex has asked to be left alone meanwhile, another turn is taken; false
// if that is not before the end.
func (p *Pacer) await(ctx context.Context, t turn, end time.Time) (bool, error) {
	for {
		if t.at.After(end) {
			t.giveBack()
			return false, nil
		}
		if err := sleep(ctx, time.Until(t.at)); err != nil {
			return false, err
		}
		now := time.Now()
		if p.held(now) <= 0 {
			return true, nil
		}
		t = p.take(now)
	}
}

// sleep waits, unless the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
