package flexcancel

// #include <flexcancel.h>
import "C"

import (
	"fmt"
	"strconv"
)

// Outcome is what is known of the cancel when the call returns. A definite outcome is never wrong.
type Outcome int32

// The outcomes. Zero, the value of anything unset, is Unknown.
const (
	// Unknown: A request may have reached Flex, or may still be sent from an outbox, and its effect
	// is not known. Asserts nothing. The till may say "pending", never "voided" and never "not
	// voided".
	Unknown Outcome = C.FLEXCANCEL_OUTCOME_UNKNOWN
	// Canceled: Flex confirmed the cancel, or a read-back shows it. Asserts: at some moment after
	// the cancel was requested and before the call ended, no hold was left, and none had been
	// captured since the request. The till may say "voided".
	Canceled Outcome = C.FLEXCANCEL_OUTCOME_CANCELED
	// AlreadyCanceled: The session was already canceled. As far as Flex reports, this call had no
	// effect. Asserts the same as canceled. The till may say "voided".
	AlreadyCanceled Outcome = C.FLEXCANCEL_OUTCOME_ALREADY_CANCELED
	// NotCancelable: The session was captured or expired. Asserts: at some moment of the call no
	// hold was left to cancel, and no request of this cancel released one. The till may say "too
	// late". Before a refund, check whether money was captured.
	NotCancelable Outcome = C.FLEXCANCEL_OUTCOME_NOT_CANCELABLE
	// NotApplied: The cancel was certainly not done: no request of it was handed to the network, or
	// Flex refused each one. Asserts: no request of this cancel had an effect or will have one. The
	// till may say "not voided".
	NotApplied Outcome = C.FLEXCANCEL_OUTCOME_NOT_APPLIED
)

// IsVoided is true of the two outcomes of which a till may say "voided".
func (o Outcome) IsVoided() bool { return o == Canceled || o == AlreadyCanceled }

// IsDefinite is true unless the outcome is Unknown, or one that this version does not know.
func (o Outcome) IsDefinite() bool { return o >= Canceled && o <= NotApplied }

// String is the outcome's name in the result's JSON, like "canceled".
func (o Outcome) String() string {
	if name := C.flexcancel_outcome_name(C.int32_t(o)); name != nil {
		return C.GoString(name)
	}
	return "outcome " + strconv.Itoa(int(o))
}

// MarshalText is the name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name.
func (o *Outcome) UnmarshalText(name []byte) error { return named(o, "an outcome", name) }

// Code says why the outcome is what it is. docs/RESULT.md has all of them.
type Code int32

// The codes: 0 is OK, 1xx the caller, 2xx the transport, 3xx the provider, 9xx the library itself.
// Those of the outbox (4xx) and of a bulk run (5xx) follow.
const (
	CodeOK Code = C.FLEXCANCEL_CODE_OK
	// CodeInvalidHandle: the Client or the Outbox is closed, nil or zero ([ErrClosed]).
	CodeInvalidHandle    Code = C.FLEXCANCEL_CODE_INVALID_HANDLE
	CodeInvalidArgument  Code = C.FLEXCANCEL_CODE_INVALID_ARGUMENT
	CodeInvalidConfig    Code = C.FLEXCANCEL_CODE_INVALID_CONFIG
	CodeInvalidSessionID Code = C.FLEXCANCEL_CODE_INVALID_SESSION_ID
	CodeAborted          Code = C.FLEXCANCEL_CODE_ABORTED
	CodeDNS              Code = C.FLEXCANCEL_CODE_DNS
	CodeConnect          Code = C.FLEXCANCEL_CODE_CONNECT
	CodeTLS              Code = C.FLEXCANCEL_CODE_TLS
	CodeTimeout          Code = C.FLEXCANCEL_CODE_TIMEOUT
	CodeConnectionLost   Code = C.FLEXCANCEL_CODE_CONNECTION_LOST
	CodeProtocol         Code = C.FLEXCANCEL_CODE_PROTOCOL
	CodeUnauthorized     Code = C.FLEXCANCEL_CODE_UNAUTHORIZED
	CodeForbidden        Code = C.FLEXCANCEL_CODE_FORBIDDEN
	CodeNotFound         Code = C.FLEXCANCEL_CODE_NOT_FOUND
	CodeNotCancelable    Code = C.FLEXCANCEL_CODE_NOT_CANCELABLE
	CodeRateLimited      Code = C.FLEXCANCEL_CODE_RATE_LIMITED
	CodeRejected         Code = C.FLEXCANCEL_CODE_REJECTED
	CodeServerError      Code = C.FLEXCANCEL_CODE_SERVER_ERROR
	CodeModeMismatch     Code = C.FLEXCANCEL_CODE_MODE_MISMATCH
	CodeNewerHold        Code = C.FLEXCANCEL_CODE_NEWER_HOLD
	CodeInternal         Code = C.FLEXCANCEL_CODE_INTERNAL
)

// The codes 4xx: the outbox.
const (
	CodeOutboxUnavailable Code = C.FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE
	CodeOutboxUnsafe      Code = C.FLEXCANCEL_CODE_OUTBOX_UNSAFE
	CodeOutboxIO          Code = C.FLEXCANCEL_CODE_OUTBOX_IO
	CodeOutboxFull        Code = C.FLEXCANCEL_CODE_OUTBOX_FULL
	CodeOutboxCorrupt     Code = C.FLEXCANCEL_CODE_OUTBOX_CORRUPT
	CodeOutboxSchema      Code = C.FLEXCANCEL_CODE_OUTBOX_SCHEMA
	CodeOutboxBusy        Code = C.FLEXCANCEL_CODE_OUTBOX_BUSY
	CodeOutboxNoEntry     Code = C.FLEXCANCEL_CODE_OUTBOX_NO_ENTRY
	CodeOutboxPending     Code = C.FLEXCANCEL_CODE_OUTBOX_PENDING
	CodeOutboxStale       Code = C.FLEXCANCEL_CODE_OUTBOX_STALE
	CodeOutboxExpired     Code = C.FLEXCANCEL_CODE_OUTBOX_EXPIRED
	CodeOutboxFinal       Code = C.FLEXCANCEL_CODE_OUTBOX_FINAL
)

// The codes 5xx: a bulk run and its journal.
const (
	CodeJournalIO      Code = C.FLEXCANCEL_CODE_JOURNAL_IO
	CodeJournalInvalid Code = C.FLEXCANCEL_CODE_JOURNAL_INVALID
	CodeJournalBusy    Code = C.FLEXCANCEL_CODE_JOURNAL_BUSY
	CodeMaxUnknown     Code = C.FLEXCANCEL_CODE_MAX_UNKNOWN
)

// String is the code's name in the result's JSON, like "timeout".
func (c Code) String() string {
	if name := C.flexcancel_code_name(C.int32_t(c)); name != nil {
		return C.GoString(name)
	}
	return "code " + strconv.Itoa(int(c))
}

// MarshalText is the name.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a name.
func (c *Code) UnmarshalText(name []byte) error { return named(c, "a code", name) }

// Hold is what is known of the money itself.
type Hold int32

// The holds. Zero, the value of anything unset, is HoldUnknown; a library newer than this package
// may know more.
const (
	HoldUnknown  Hold = C.FLEXCANCEL_HOLD_UNKNOWN
	HoldReleased Hold = C.FLEXCANCEL_HOLD_RELEASED
	HoldNone     Hold = C.FLEXCANCEL_HOLD_NONE
	HoldCaptured Hold = C.FLEXCANCEL_HOLD_CAPTURED
	HoldHeld     Hold = C.FLEXCANCEL_HOLD_HELD
)

// String is the hold's name in the result's JSON, like "released".
func (h Hold) String() string {
	if name := C.flexcancel_hold_name(C.int32_t(h)); name != nil {
		return C.GoString(name)
	}
	return "hold " + strconv.Itoa(int(h))
}

// MarshalText is the name.
func (h Hold) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads a name.
func (h *Hold) UnmarshalText(name []byte) error { return named(h, "a hold", name) }

// lastNumber is the last that a code may have.
const lastNumber = 999

// named sets the number whose String is the name.
func named[N interface {
	~int32
	String() string
}](number *N, what string, name []byte) error {
	for n := N(0); n <= lastNumber; n++ {
		if n.String() == string(name) {
			*number = n
			return nil
		}
	}
	return fmt.Errorf("flexcancel: expected the name of %s, found %q", what, name)
}
