//go:build cgo

package flexcancel

// The sentinels of a bulk run, for errors.Is; docs/BULK.md says what each is about.
var (
	// ErrJournalIO is of a full disk too.
	ErrJournalIO = byCode("the journal cannot be read or written", CodeJournalIO)
	// ErrJournalInvalid: the file stays as it is, and nothing more was sent.
	ErrJournalInvalid = byCode("the file is no journal, or one of another input or service",
		CodeJournalInvalid)
	ErrJournalBusy = byCode("another run uses the journal", CodeJournalBusy)
	ErrMaxUnknown  = byCode("more outcomes are unknown than allowed", CodeMaxUnknown)
)
