package worker_test

import (
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/worker"
)

func TestAnOpenBreakerLetsOneProbeThroughAfterPausesThatDouble(t *testing.T) {
	var breaker worker.Breaker
	now := time.Unix(0, 0)
	if count, _ := breaker.Permit(32, now); count != 32 {
		t.Errorf("%d may be pulled at the start", count)
	}
	breaker.After(true, now)
	// Tries that had begun before.
	breaker.After(true, now)
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		pause := time.Duration(seconds) * time.Second
		if count, wait := breaker.Permit(32, now); count != 0 || wait != pause {
			t.Errorf("%d at once, or after %v; expected after %v", count, wait, pause)
		}
		if !breaker.Stops() {
			t.Error("what was pulled before is tried")
		}
		now = now.Add(pause)
		if count, _ := breaker.Permit(32, now); count != 1 {
			t.Errorf("%d probes", count)
		}
		if count, _ := breaker.Permit(32, now); count != 0 {
			t.Errorf("%d probes beside the first", count)
		}
		breaker.After(true, now)
	}
	now = now.Add(time.Minute)
	breaker.Permit(1, now)
	// There was nothing to probe with: the next one probes.
	breaker.NoProbe()
	if count, _ := breaker.Permit(32, now); count != 1 || !breaker.IsOpen() {
		t.Errorf("%d probes after none", count)
	}
	breaker.After(false, now)
	if count, _ := breaker.Permit(32, now); count != 32 || breaker.IsOpen() {
		t.Errorf("%d may be pulled after a probe that succeeded", count)
	}
}
