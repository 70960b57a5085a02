package worker

import (
	"math/rand/v2"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// Decision is what becomes of an entry after a try.
type Decision int

// The decisions, as the outbox makes them: docs/OUTBOX.md has the table.
const (
	// Again: the entry stays, and is tried again later.
	Again Decision = iota
	// Done: no hold is left.
	Done
	// ForPerson: final, and a person must look at it.
	ForPerson
)

// Decide is what becomes of an entry after a try that ended so. That a request may have reached Flex
// before does not change it: the outbox then says "needs_attention" in place of "refused".
func Decide(outcome flexcancel.Outcome, code flexcancel.Code) Decision {
	switch outcome {
	case flexcancel.Canceled, flexcancel.AlreadyCanceled:
		return Done
	case flexcancel.NotCancelable:
		return ForPerson
	}
	switch code {
	case flexcancel.CodeNewerHold, flexcancel.CodeNotCancelable, flexcancel.CodeNotFound, flexcancel.CodeRejected,
		flexcancel.CodeModeMismatch, flexcancel.CodeInvalidArgument:
		return ForPerson
	case flexcancel.CodeInvalidSessionID:
		if outcome == flexcancel.NotApplied {
			return ForPerson
		}
	}
	return Again
}

// isStoredError is true where Flex may have stored an error for the key: it answered 500 twice, and
// the hold is still there. The key is of no use any more.
func isStoredError(c *flexcancel.Result, codeBefore string) bool {
	if c.Outcome != flexcancel.Unknown || c.Code != flexcancel.CodeServerError || c.Hold() != flexcancel.HoldHeld {
		return false
	}
	count := 0
	for _, attempt := range c.Attempts() {
		if attempt.Operation == "cancel" && attempt.HTTPStatus == 500 {
			count += max(attempt.Count, 1)
		}
	}
	return count >= 2 || count == 1 && codeBefore == flexcancel.CodeServerError.String()
}

// isOutOfReach is true of a result that shows that no call can succeed, whatever its session: nothing
// could be sent, or the API key is not accepted.
func isOutOfReach(c *flexcancel.Result) bool {
	if c.Outcome != flexcancel.NotApplied && c.Outcome != flexcancel.Unknown {
		return false
	}
	switch c.Code {
	case flexcancel.CodeUnauthorized:
		return true
	case flexcancel.CodeDNS, flexcancel.CodeConnect, flexcancel.CodeTLS, flexcancel.CodeTimeout,
		flexcancel.CodeConnectionLost:
		return len(c.Attempts()) > 0 && !isSent(c)
	}
	return false
}

// isSent is true if a request of the call may have reached Flex.
func isSent(c *flexcancel.Result) bool { return requests(c) > 0 }

// requests is how many of the call's may have reached Flex.
func requests(c *flexcancel.Result) (count int) {
	for _, attempt := range c.Attempts() {
		switch attempt.Phase {
		case "preparing", "resolving", "connecting", "handshaking":
		default:
			count++
		}
	}
	return count
}

const (
	firstWait   = 5 * time.Second
	longestWait = time.Hour
)

// waitAfter is how long an entry waits for its next try: random, at least five seconds, and below a
// bound that doubles up to an hour. A wait that Flex asks for is kept up to that hour.
func waitAfter(tries int, asked time.Duration) time.Duration {
	bound := min(firstWait<<min(max(tries, 1), 20), longestWait)
	wait := firstWait + rand.N(bound-firstWait)
	return min(max(wait, asked), longestWait)
}
