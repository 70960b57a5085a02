//go:build cgo

package flexcancel

import (
	"context"
	"fmt"
	"slices"
)

// Error is what every error of this package is.
type Error struct {
	// Outcome is that of the call; NotApplied where the library refused what it was given, and
	// Unknown where that was to repeat a cancel, or an outbox may keep a cancel of the session. An
	// operation that is about no session has none: then this is Unknown, and the error matches none
	// of ErrUnknown, ErrNotCancelable and ErrNotApplied.
	Outcome Outcome
	// Code says why.
	Code Code
	// Message is one line for a log. It never holds the API key.
	Message string
	// hasNoOutcome is true of an operation that is about no session.
	hasNoOutcome bool
	// context is why the context ended the call, if it did: its error, and its cause if that is
	// another.
	context []error
	// repeat is that of the result, if it has any.
	repeat *Repeat
}

// Error is one line for a log. It ends with the cause of the context that ended the call, if the
// caller has given it one.
func (e *Error) Error() string {
	if e == nil {
		return "flexcancel: no error"
	}
	message := e.Message
	if len(e.context) > 1 {
		message = fmt.Sprintf("%s (%v)", message, e.context[1])
	}
	if e.hasNoOutcome {
		return fmt.Sprintf("flexcancel: %s: %s", e.Code, message)
	}
	return fmt.Sprintf("flexcancel: %s (%s): %s", e.Outcome, e.Code, message)
}

// Unwrap is the context's error, and its cause, where the context ended before an outcome that
// means "voided".
func (e *Error) Unwrap() []error {
	if e == nil {
		return nil
	}
	return e.context
}

// Is finds the sentinels of this package: by the outcome or by the code.
func (e *Error) Is(target error) bool {
	sentinel, ok := target.(*sentinel)
	return ok && e != nil && sentinel.matches(e)
}

// refused is the error of what the library is not asked to do about a session.
func refused(code Code, message string) error {
	return &Error{Outcome: NotApplied, Code: code, Message: message}
}

// failed is the error of an operation that is about no session.
func failed(code Code, message string, ended []error) error {
	return &Error{Code: code, Message: message, hasNoOutcome: true, context: ended}
}

type sentinel struct {
	text    string
	matches func(*Error) bool
}

func (s *sentinel) Error() string { return "flexcancel: " + s.text }

func byOutcome(text string, outcome Outcome) error {
	return &sentinel{text, func(e *Error) bool { return !e.hasNoOutcome && e.Outcome == outcome }}
}

func isUnknown(e *Error) bool { return !e.hasNoOutcome && !e.Outcome.IsDefinite() }

// isLate is true of a context whose time is up, too: it ends a call by an abort.
func isLate(e *Error) bool {
	return e.Code == CodeTimeout || slices.Contains(e.context, context.DeadlineExceeded)
}

func byCode(text string, codes ...Code) error {
	return &sentinel{text, func(e *Error) bool {
		return slices.Contains(codes, e.Code)
	}}
}

// The sentinels, for errors.Is. An error of a call matches one of the first three, and those of the
// others that fit its code.
var (
	// An outcome that this version does not know is unknown too.
	ErrUnknown       = error(&sentinel{"the outcome is unknown", isUnknown})
	ErrNotCancelable = byOutcome("no hold is left to cancel", NotCancelable)
	ErrNotApplied    = byOutcome("surely not done", NotApplied)

	// ErrAborted is of a context that was canceled, too.
	ErrAborted = byCode("the call was aborted", CodeAborted)
	// ErrClosed is of a Client or an Outbox after its Close, and of a nil or a zero one. Nothing was
	// sent. Its Code is [CodeInvalidHandle].
	ErrClosed          = byCode("the client or the outbox is closed", CodeInvalidHandle)
	ErrInvalidArgument = byCode("an argument cannot be used", CodeInvalidArgument, CodeInvalidSessionID)
	ErrInvalidConfig   = byCode("the configuration cannot be used", CodeInvalidConfig)
	// ErrTimeout is of the context's deadline, too.
	ErrTimeout      = error(&sentinel{"the time ran out", isLate})
	ErrUnauthorized = byCode("Flex does not accept the API key", CodeUnauthorized, CodeForbidden)
	ErrNotFound     = byCode("no such session for this key", CodeNotFound)
	ErrRateLimited  = byCode("too many requests", CodeRateLimited)
)
