//go:build cgo

package flexcancel

import (
	"iter"
	"time"
)

// BulkItem is one session of the input of a bulk run.
type BulkItem struct {
	SessionID string
	// Options are of this session's call only, like [WithRepeat]; they go before those of the run.
	Options []Option
}

// IDs makes items of session ids, one by one as they are wanted: IDs(slices.Values(ids)).
func IDs(ids iter.Seq[string]) iter.Seq[BulkItem] {
	return func(yield func(BulkItem) bool) {
		for id := range ids {
			if !yield(BulkItem{SessionID: id}) {
				return
			}
		}
	}
}

// BulkItemResult says which item of a bulk run a [Result] is about, and has its error.
type BulkItemResult struct {
	// Number is the item's place in the input, from 0.
	Number int64
	// SessionID is the session's id as it was given, also where it was not usable.
	SessionID string
	// DuplicateOf is the Number of the first item with the same session: that one was sent, and this
	// one was not. Nil for that one.
	DuplicateOf *int64
	// FromJournal is true if an earlier run with the same journal had ended the item.
	FromJournal bool
	// Err is what [Client.Cancel] would have given beside the Result: nil for [Canceled] and
	// [AlreadyCanceled]. After [WithDryRun] it is that of [Client.Retrieve].
	Err error
}

// bulkItemView is named as docs/RESULT.md has it.
type bulkItemView struct {
	DuplicateOf *int64 `json:"duplicate_of"`
	FromJournal bool   `json:"from_journal"`
}

// BulkSummary says how a bulk run ended.
type BulkSummary struct {
	// Code is [CodeOK] if the run came to the end of its input, or says why not.
	Code Code `json:"-"`
	// Message is one line for a log.
	Message string `json:"-"`
	// Elapsed is how long the run took, in whole milliseconds.
	Elapsed time.Duration `json:"-"`
	// Complete is true if every item of the input has ended.
	Complete bool `json:"complete"`
	// Items is how many have ended; the five outcomes add up to it.
	Items           int64 `json:"items"`
	Canceled        int64 `json:"canceled"`
	AlreadyCanceled int64 `json:"already_canceled"`
	NotCancelable   int64 `json:"not_cancelable"`
	NotApplied      int64 `json:"not_applied"`
	Unknown         int64 `json:"unknown"`
	// Duplicates are items whose session an earlier item had; they are in the other numbers, too.
	Duplicates int64 `json:"duplicates"`
	// FromJournal are items that an earlier run had ended; they are in the other numbers, too.
	FromJournal int64 `json:"from_journal"`
	// RateLimitedResponses is how many responses were a 429.
	RateLimitedResponses int64 `json:"rate_limited_responses"`
}
