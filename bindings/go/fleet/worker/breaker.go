package worker

import (
	"sync"
	"time"
)

const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// Breaker is whether Flex can be reached. While it is open nothing is pulled; after each pause one
// cancel is tried as a probe.
type Breaker struct {
	mutex    sync.Mutex
	isOpen   bool
	isProbed bool
	failures int
	until    time.Time
}

// Permit is how many of so many cancels may be pulled now; if none, how long to wait.
func (b *Breaker) Permit(free int, now time.Time) (count int, wait time.Duration) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case !b.isOpen:
		return free, 0
	case b.isProbed:
		return 0, firstPause / 10
	case now.Before(b.until):
		return 0, b.until.Sub(now)
	}
	b.isProbed = true
	return 1, 0
}

// NoProbe says that there was nothing to probe with.
func (b *Breaker) NoProbe() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.isProbed = false
}

// Stops is true while a cancel that was pulled before must not be tried.
func (b *Breaker) Stops() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.isOpen && !b.isProbed
}

// IsOpen is true while Flex cannot be reached.
func (b *Breaker) IsOpen() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.isOpen
}

// After notes how a try ended.
func (b *Breaker) After(isOutOfReach bool, now time.Time) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case !isOutOfReach:
		b.isOpen, b.isProbed, b.failures = false, false, 0
	// Tries that had begun before it opened say nothing new.
	case !b.isOpen || b.isProbed:
		pause := min(firstPause<<min(b.failures, 8), longestPause)
		b.isOpen, b.isProbed, b.failures, b.until = true, false, b.failures+1, now.Add(pause)
	}
}
