// Package share divides a rate among the workers of a target. Each tells the others every second
// that it is there; a 429 of one is told to all.
package share

import "time"

const (
	// beat is how often a worker says that it is there; it is gone after a silence of goneAfter.
	beat      = time.Second
	goneAfter = 3500 * time.Millisecond
	// newFor is how long a worker has newPart of the rate only: it does not know the others yet.
	newFor  = 3 * time.Second
	newPart = 0.1
	// A 429 takes the rate down to slowPart, at most once every slowEvery; without one for calm it
	// rises again, by risePart a second.
	slowPart  = 0.7
	slowEvery = time.Second
	calm      = 2 * time.Second
	risePart  = 0.05
	least     = 0.05
	// longestHold is the longest wait that Flex may ask of all.
	longestHold = time.Hour
)

// Share is what one worker knows of the others. It does no I/O, and reads no clock.
type Share struct {
	total   float64
	self    string
	started time.Time
	heard   map[string]time.Time
	last    float64
	workers int
	// factor is how much of the rate Flex takes at present; slowed is when it last fell.
	factor        float64
	slowed, risen time.Time
	heldUntil     time.Time
}

// New is that of a worker that has just begun; a total of zero is no limit.
func New(total float64, self string, now time.Time) *Share {
	return &Share{
		total: total, self: self, started: now, heard: map[string]time.Time{}, workers: 1, factor: 1,
		last: total * newPart,
	}
}

// Heard notes that a worker is there; this one, too.
func (s *Share) Heard(worker string, now time.Time) { s.heard[worker] = now }

// Slow notes a 429, and how long Flex wants to be left alone.
func (s *Share) Slow(asked time.Duration, now time.Time) {
	if until := now.Add(min(asked, longestHold)); until.After(s.heldUntil) {
		s.heldUntil = until
	}
	if now.Sub(s.slowed) >= slowEvery {
		s.factor = max(s.factor*slowPart, least)
		s.slowed, s.risen = now, now
	}
}

// Rate is how many requests a second this worker may make; zero is no limit.
func (s *Share) Rate(now time.Time) float64 {
	if now.Sub(s.slowed) >= calm {
		s.factor = min(1, s.factor*(1+risePart*now.Sub(s.risen).Seconds()))
	}
	s.risen = now
	for worker, at := range s.heard {
		if now.Sub(at) > goneAfter {
			delete(s.heard, worker)
		}
	}
	if s.total == 0 {
		s.workers = max(1, len(s.heard))
		return 0
	}
	// Who does not hear itself knows nothing of the others, either: the queue is away.
	if _, hears := s.heard[s.self]; hears {
		s.workers = len(s.heard)
		s.last = s.total / float64(s.workers)
		if now.Sub(s.started) < newFor {
			s.last = min(s.last, s.total*newPart)
		}
	}
	return s.last * s.factor
}

// Workers is how many there are.
func (s *Share) Workers() int { return s.workers }

// HeldUntil is until when Flex wants to be left alone.
func (s *Share) HeldUntil() time.Time { return s.heldUntil }
