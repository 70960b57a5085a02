//go:build cgo

package flexcancel

// The sentinels of the outbox, for errors.Is; docs/OUTBOX.md says what each is about.
var (
	ErrOutboxUnavailable = byCode("the library has no outbox", CodeOutboxUnavailable)
	ErrOutboxUnsafe      = byCode("the outbox's file is not safe", CodeOutboxUnsafe)
	// ErrOutboxIO is of a full disk too.
	ErrOutboxIO = byCode("the outbox's file cannot be read or written",
		CodeOutboxIO, CodeOutboxFull)
	// ErrOutboxCorrupt: the damaged file was quarantined; open again to begin a new one.
	ErrOutboxCorrupt = byCode("the outbox's file is damaged", CodeOutboxCorrupt)
	ErrOutboxSchema  = byCode("the file is no outbox, or a newer one", CodeOutboxSchema)
	ErrOutboxBusy    = byCode("somebody else has the outbox's file or the entry", CodeOutboxBusy)
	ErrOutboxNoEntry = byCode("the outbox has no such entry", CodeOutboxNoEntry)
	ErrOutboxPending = byCode("the entry is still pending", CodeOutboxPending)
	// ErrOutboxStale: a person must say whether the hold that is there now is to go.
	ErrOutboxStale   = byCode("a newer hold may be there", CodeOutboxStale)
	ErrOutboxExpired = byCode("the entry's time ran out", CodeOutboxExpired)
	// ErrOutboxFinal: the result that was to settle the entry came too late, and may be dropped.
	ErrOutboxFinal = byCode("the entry has ended in another way", CodeOutboxFinal)
)
