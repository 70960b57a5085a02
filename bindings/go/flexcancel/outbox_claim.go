//go:build cgo

package flexcancel

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"
)

// OutboxClaim is an entry that somebody else is to deliver.
type OutboxClaim struct {
	OutboxEntry
	// Lease goes with the entry, and comes back with its result.
	Lease string
	// InDoubt is true if a request may have reached Flex before the claim: deliver it with
	// [WithInDoubt].
	InDoubt bool
}

// claimJSON is OutboxClaim as docs/OUTBOX.md names its fields.
type claimJSON struct {
	entryJSON
	Lease   *string `json:"lease"`
	InDoubt *bool   `json:"in_doubt"`
}

// MarshalJSON writes it as the result's JSON has it.
func (c OutboxClaim) MarshalJSON() ([]byte, error) {
	return json.Marshal(claimJSON{c.toJSON(), &c.Lease, &c.InDoubt})
}

// UnmarshalJSON reads one of the result's entries. The error names the lease or in_doubt where it is
// missing or null: a claim of which nobody knows that is not to be delivered. JSON's null changes
// nothing.
func (c *OutboxClaim) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	*c = OutboxClaim{}
	var read claimJSON
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	switch {
	case read.Lease == nil:
		return fieldMissing("claim", "lease")
	case read.InDoubt == nil:
		return fieldMissing("claim", "in_doubt")
	}
	c.fromJSON(&read.entryJSON)
	c.Lease, c.InDoubt = *read.Lease, *read.InDoubt
	return nil
}

// Settlement is how somebody else's delivery of an entry ended: of all requests under the lease.
type Settlement struct {
	// IdempotencyKey is the entry's; the result of another cancel settles nothing.
	IdempotencyKey string
	// Outcome is what is known of the cancel. NotApplied asserts that no request under the lease
	// had an effect or will have one.
	Outcome Outcome
	// Code says why, by its name in the result's JSON.
	Code string
	// Message says so in words; the entry keeps the first 512 bytes.
	Message string
	// RetryAfter is how long Flex has asked to be left alone, if it has; an hour at most counts.
	RetryAfter time.Duration
}

// Claim hands the entries that are due over to somebody else for delivery, those that have waited
// longest first: what a [Outbox.Flush] would try. It sends nothing. The claim is on the disk when
// this returns.
//
// Until the lease ends ([WithLease]) nobody else delivers these entries. Those that were not
// settled by then are due again, and in doubt. A client without an API key (any text of its own,
// such as "no-key") claims the entries of its BaseURL of either mode.
func (o *Outbox) Claim(opts ...ClaimOption) ([]OutboxClaim, error) {
	given := collect(opts, ClaimOption.claim)
	text, unusable := given.text()
	result, err := o.result(unusable, func(outbox uintptr) nativeResult {
		return nativeOutboxClaim(outbox, text)
	})
	if err != nil {
		return nil, err
	}
	var view struct {
		Outbox struct {
			Entries []OutboxClaim `json:"entries"`
		} `json:"outbox"`
	}
	if err := json.Unmarshal(result.JSON(), &view); err != nil {
		return nil, failed(CodeInternal, err.Error(), nil)
	}
	return view.Outbox.Entries, nil
}

// Settle notes how the delivery of a claimed entry ended; the entry becomes what it would have
// become by a flush. The entry as it is now is there also beside an error. It is the last word:
// nothing more may be sent under the lease, even if nobody knows whether this was noted.
//
// A result that comes after the end of the lease counts, too. The error matches [ErrOutboxBusy] if
// somebody else delivers the entry now (settle it again later), [ErrOutboxFinal] if it has already
// ended in another way, [ErrOutboxNoEntry], or [ErrInvalidArgument]; nothing was changed then.
func (o *Outbox) Settle(entryID int64, lease string, s Settlement) (*OutboxEntry, error) {
	text, unusable := s.text(lease)
	result, err := o.result(unusable, func(outbox uintptr) nativeResult {
		return nativeOutboxSettle(outbox, entryID, text)
	})
	return result.Entry(), err
}

// text of a settlement; what JSON would change on the way is refused here.
func (s Settlement) text(lease string) ([]byte, error) {
	for _, field := range []struct{ name, text string }{
		{"lease", lease}, {"idempotency_key", s.IdempotencyKey}, {"code", s.Code},
	} {
		if !utf8.ValidString(field.text) {
			return nil, errors.New(field.name + ": expected UTF-8")
		}
	}
	bytes, err := json.Marshal(struct {
		Lease          string `json:"lease"`
		IdempotencyKey string `json:"idempotency_key"`
		Outcome        string `json:"outcome"`
		Code           string `json:"code"`
		Message        string `json:"message"`
		RetryAfterMS   *int64 `json:"retry_after_ms,omitempty"`
	}{lease, s.IdempotencyKey, s.Outcome.String(), s.Code, s.Message, millis(s.RetryAfter)})
	return append(bytes, 0), err
}
