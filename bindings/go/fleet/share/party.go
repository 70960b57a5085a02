package share

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Party is a worker's part among the others.
type Party struct {
	mutex sync.Mutex
	share *Share
	conn  *nats.Conn
	name  string
	alive string
	slow  string
	log   *slog.Logger
}

// Join is the part of a worker that has just begun.
func Join(conn *nats.Conn, target, name string, total float64, log *slog.Logger) *Party {
	return &Party{
		share: New(total, name, time.Now()), conn: conn, name: name, log: log,
		alive: "flex.fleet.alive." + target, slow: "flex.fleet.slow." + target,
	}
}

// Run tells the others of this worker, and hears of them, until the context ends. Each beat it gives
// the rate that this worker may have.
func (p *Party) Run(ctx context.Context, give func(perSecond float64, heldUntil time.Time)) error {
	heard, err := p.conn.Subscribe(p.alive, func(m *nats.Msg) {
		p.with(func(s *Share) { s.Heard(string(m.Data), time.Now()) })
	})
	if err != nil {
		return err
	}
	defer func() { _ = heard.Unsubscribe() }()
	slowed, err := p.conn.Subscribe(p.slow, func(m *nats.Msg) {
		ms, err := strconv.ParseInt(string(m.Data), 10, 64)
		if err != nil || ms < 0 {
			return
		}
		p.with(func(s *Share) { s.Slow(time.Duration(ms)*time.Millisecond, time.Now()) })
		p.now(give)
	})
	if err != nil {
		return err
	}
	defer func() { _ = slowed.Unsubscribe() }()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		if err := p.conn.Publish(p.alive, []byte(p.name)); err != nil {
			p.log.Debug("the other workers do not hear of this one", "error", err)
		}
		p.now(give)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (p *Party) now(give func(float64, time.Time)) {
	p.with(func(s *Share) { give(s.Rate(time.Now()), s.HeldUntil()) })
}

func (p *Party) with(do func(*Share)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	do(p.share)
}

// Slow tells all workers of a 429, this one first.
func (p *Party) Slow(asked time.Duration) {
	p.with(func(s *Share) { s.Slow(asked, time.Now()) })
	if err := p.conn.Publish(p.slow, strconv.AppendInt(nil, asked.Milliseconds(), 10)); err != nil {
		p.log.Debug("the other workers do not hear of a 429", "error", err)
	}
}

// Rate is what this worker may have now, and until when Flex wants to be left alone.
func (p *Party) Rate() (perSecond float64, heldUntil time.Time) {
	p.now(func(rate float64, until time.Time) { perSecond, heldUntil = rate, until })
	return perSecond, heldUntil
}

// Workers is how many there are.
func (p *Party) Workers() (count int) {
	p.with(func(s *Share) { count = s.Workers() })
	return count
}
