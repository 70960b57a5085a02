//go:build cgo

package flexcancel

import (
	"encoding/json"
	"iter"
	"time"
)

// BulkItem is one session of the input of a bulk run.
type BulkItem struct {
	SessionID string
	// Options are of this session's call only, like [WithRepeat]; they go before those of the run.
	Options []Option
}

// IDs makes items of session ids, one by one as they are wanted: IDs(slices.Values(ids)). It is nil
// for nil.
func IDs(ids iter.Seq[string]) iter.Seq[BulkItem] {
	if ids == nil {
		return nil
	}
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
	Code Code `json:"code"`
	// Message is one line for a log.
	Message string `json:"message"`
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

// bulkSummary is BulkSummary as the library's JSON has it under the name bulk: the first three fields
// stand beside that.
type bulkSummary BulkSummary

// MarshalJSON writes it with the names of the result's JSON, in one object.
func (s BulkSummary) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		bulkSummary
		ElapsedMS int64 `json:"elapsed_ms"`
	}{bulkSummary(s), s.Elapsed.Milliseconds()})
}

// UnmarshalJSON reads what MarshalJSON writes. The error names the code where it is missing or null:
// without one a run that was stopped would look like one that came to its end. JSON's null changes
// nothing.
func (s *BulkSummary) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	*s = BulkSummary{}
	var read struct {
		bulkSummary
		Code      *Code `json:"code"`
		ElapsedMS int64 `json:"elapsed_ms"`
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	if read.Code == nil {
		return fieldMissing("summary", "code")
	}
	*s = BulkSummary(read.bulkSummary)
	s.Code, s.Elapsed = *read.Code, time.Duration(read.ElapsedMS)*time.Millisecond
	return nil
}
