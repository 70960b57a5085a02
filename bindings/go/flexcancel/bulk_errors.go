//go:build cgo

package flexcancel

// The sentinels of a bulk run, for errors.Is; docs/BULK.md says what each is about.
var (
	// ErrJournalIO is of a full disk too.
	ErrJournalIO = byCode("the journal cannot be read or written", CodeJournalIO)
	// ErrJournalInvalid: a file that is no journal, or one of another service, stays as it is, and
	// nothing is sent. An item with another session in its place ends the run where it comes: it and
	// what is after it are not sent; what is before it was sent, and is in the journal as usual. An
	// input that is too short ends so, too, after its own items.
	ErrJournalInvalid = byCode("the file is no journal, or one of another input or service",
		CodeJournalInvalid)
	ErrJournalBusy = byCode("another run uses the journal", CodeJournalBusy)
	ErrMaxUnknown  = byCode("more outcomes are unknown than allowed", CodeMaxUnknown)
)
