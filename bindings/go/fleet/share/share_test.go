package share_test

import (
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/share"
)

var start = time.Unix(1_000_000, 0)

func after(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// expect compares a rate, but for what is lost in counting.
func expect(t *testing.T, s *share.Share, now time.Time, rate float64) {
	t.Helper()
	if is := s.Rate(now); is < rate*0.999 || is > rate*1.001 {
		t.Errorf("after %v: a rate of %v, expected %v", now.Sub(start), is, rate)
	}
}

func TestTheRateIsSharedByThoseWhoAreThere(t *testing.T) {
	s := share.New(90, "a", start)
	expect(t, s, start, 9)
	for second := 1.0; second <= 10; second++ {
		for _, worker := range []string{"a", "b", "c"} {
			// One of them dies.
			if worker != "c" || second <= 5 {
				s.Heard(worker, after(second))
			}
		}
		expected := 45.0
		switch {
		case second < 3:
			expected = 9
		case second <= 8:
			expected = 30
		}
		expect(t, s, after(second), expected)
	}
	if s.Workers() != 2 {
		t.Errorf("%d workers", s.Workers())
	}
	// The queue is away: nobody is heard, not even this worker.
	expect(t, s, after(30), 45)
}

func TestA429SlowsAllAndTheRateRisesAgain(t *testing.T) {
	s := share.New(100, "a", start)
	s.Heard("a", after(9))
	expect(t, s, after(10), 100)
	s.Slow(2*time.Second, after(10))
	s.Slow(time.Second, after(10.5))
	s.Heard("a", after(11.5))
	expect(t, s, after(11.5), 70)
	if until := s.HeldUntil(); !until.Equal(after(12)) {
		t.Errorf("held until %v", until.Sub(start))
	}
	s.Heard("a", after(13))
	expect(t, s, after(12.5), 73.5)
	for second := 13.0; second < 30; second++ {
		s.Heard("a", after(second))
		s.Rate(after(second))
	}
	expect(t, s, after(30), 100)
}

func TestWithoutALimitThereIsNone(t *testing.T) {
	s := share.New(0, "a", start)
	s.Heard("a", start)
	s.Heard("b", start)
	if s.Rate(start) != 0 || s.Workers() != 2 {
		t.Errorf("%v, %d", s.Rate(start), s.Workers())
	}
	s.Slow(3*time.Second, start)
	if !s.HeldUntil().Equal(after(3)) {
		t.Error(s.HeldUntil())
	}
}
