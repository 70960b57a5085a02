//go:build cgo

package flexcancel

import (
	"errors"
	"unicode/utf8"
)

// BulkOption is an option of [Client.CancelMany] and [Client.NewBulkRun]: one of those below, or an
// [Option], which then counts for each call: [WithTimeout], [WithVerify], [WithMaxAttempts],
// [WithExpand] or [WithAskedAt]. The library refuses any other Option by name; an idempotency key
// is an item's own.
type BulkOption interface{ bulk(*options) }

func (o Option) bulk(to *options) { o(to) }

type bulkOption func(*options)

func (o bulkOption) bulk(to *options) { o(to) }

// bulkKeys are of a bulk run only.
type bulkKeys struct {
	Concurrency   *int    `json:"concurrency,omitempty"`
	DryRun        *bool   `json:"dry_run,omitempty"`
	InOrder       *bool   `json:"in_order,omitempty"`
	Journal       *string `json:"journal,omitempty"`
	MaxUnknown    *int    `json:"max_unknown,omitempty"`
	RatePerSecond *int    `json:"rate_per_second,omitempty"`
	Reason        *string `json:"reason,omitempty"`
}

// check refuses what JSON would change: another journal than the one that was given must not be
// written.
func (k *bulkKeys) check() error {
	switch {
	case k.Journal != nil && !utf8.ValidString(*k.Journal):
		return errors.New("journal: expected UTF-8")
	case k.Reason != nil && !utf8.ValidString(*k.Reason):
		return errors.New("reason: expected UTF-8")
	}
	return nil
}

// WithConcurrency is the most calls at a time, 1 to 256; 16 unless given. Each keeps a thread of
// the operating system while the run lasts.
func WithConcurrency(calls int) BulkOption {
	return bulkOption(func(to *options) { to.Concurrency = &calls })
}

// WithRate is the most requests per second of this run, 1 to 10000, besides the client's own
// RatePerSecond. Half of the account's limit at most leaves live traffic the rest.
func WithRate(perSecond int) BulkOption {
	return bulkOption(func(to *options) { to.RatePerSecond = &perSecond })
}

// WithJournal keeps in this file what was sent and what became of it. A run with the same input and
// the same journal resumes the earlier one: what has ended is not sent again.
func WithJournal(path string) BulkOption {
	return bulkOption(func(to *options) { to.Journal = &path })
}

// WithReason is why the sessions are canceled; it is written to the journal's first line.
func WithReason(reason string) BulkOption {
	return bulkOption(func(to *options) { to.Reason = &reason })
}

// WithOrder says whether results come in the order of the input, as they do unless given; false
// has them come as the calls end.
func WithOrder(keeps bool) BulkOption {
	return bulkOption(func(to *options) { to.InOrder = &keeps })
}

// WithMaxUnknown stops the run, with [ErrMaxUnknown], after more [Unknown] outcomes than this.
func WithMaxUnknown(count int) BulkOption {
	return bulkOption(func(to *options) { to.MaxUnknown = &count })
}

// WithDryRun only retrieves each session, and so shows what a run would do. The outcomes and errors
// are then those of [Client.Retrieve]. Not together with a journal.
func WithDryRun() BulkOption {
	return bulkOption(func(to *options) {
		dry := true
		to.DryRun = &dry
	})
}
