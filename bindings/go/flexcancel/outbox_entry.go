//go:build cgo

package flexcancel

import (
	"encoding/json"
	"time"
)

// OutboxState is where an entry of an outbox stands. All but OutboxStatePending are final.
type OutboxState string

// The states; a library newer than this package may know more.
const (
	// OutboxStatePending: to be delivered by a flush.
	OutboxStatePending OutboxState = "pending"
	// OutboxStateDelivered: no hold is left.
	OutboxStateDelivered OutboxState = "delivered"
	// OutboxStateRefused: not cancelable, or Flex refused it; check before refunding.
	OutboxStateRefused OutboxState = "refused"
	// OutboxStateExpired: its time ran out, and it surely had no effect.
	OutboxStateExpired OutboxState = "expired"
	// OutboxStateNeedsAttention: a person must look at the session.
	OutboxStateNeedsAttention OutboxState = "needs_attention"
)

// OutboxEntry is a cancel that an outbox keeps, as it stood when it was read. Its times are whole
// milliseconds of this machine's clock; the zero time is one that has not come.
type OutboxEntry struct {
	// ID is its number in the file; never used again.
	ID int64
	// SessionID is the session to cancel.
	SessionID string
	// IdempotencyKey is the one key that every send of it carries.
	IdempotencyKey string
	// Expand is what Flex is asked to have in full in its response.
	Expand []string
	// Mode is "test" or "live"; empty if the client that made it did not know.
	Mode string
	// BaseURL is the service that it is for.
	BaseURL string
	// State is where it stands.
	State OutboxState
	// Created is when it was made.
	Created time.Time
	// AskedAt is when the cancel was asked for; a hold that was made later is not released.
	AskedAt time.Time
	// NotAfter is from when on it is not delivered any more.
	NotAfter time.Time
	// NextTry is before when a flush passes it over; zero if it is final.
	NextTry time.Time
	// Attempts is how many attempts were made to deliver it.
	Attempts int
	// Unclear is how many of these attempts may have reached Flex without a clear response; one that
	// is under way, or was cut off, counts.
	Unclear int
	// InDelivery is true while somebody delivers it, or may still do so.
	InDelivery bool
	// LastOutcome is what is known of this cancel since the last attempt; Unknown before the first.
	LastOutcome Outcome
	// LastCode says why, by its name in the result's JSON; empty before the first attempt.
	LastCode string
	// LastMessage says so in words; empty before the first attempt.
	LastMessage string
	// Ended is when it became final; zero if it is pending.
	Ended time.Time
	// Acknowledged is when a person acknowledged it; zero if nobody has.
	Acknowledged time.Time
}

// IsFinal is true of an entry that is not delivered any more, and does not change any more.
func (e *OutboxEntry) IsFinal() bool { return e != nil && e.State != OutboxStatePending }

// entryJSON is OutboxEntry as docs/OUTBOX.md names its fields.
type entryJSON struct {
	ID             int64       `json:"id"`
	SessionID      string      `json:"session_id"`
	IdempotencyKey string      `json:"idempotency_key"`
	Expand         []string    `json:"expand"`
	Mode           *string     `json:"mode"`
	BaseURL        string      `json:"base_url"`
	State          OutboxState `json:"state"`
	CreatedMS      *int64      `json:"created_ms"`
	AskedAtMS      *int64      `json:"asked_at_ms"`
	NotAfterMS     *int64      `json:"not_after_ms"`
	NextTryMS      *int64      `json:"next_try_ms"`
	Attempts       int         `json:"attempts"`
	Unclear        int         `json:"unclear"`
	InDelivery     bool        `json:"in_delivery"`
	LastOutcome    *string     `json:"last_outcome"`
	LastCode       *string     `json:"last_code"`
	LastMessage    *string     `json:"last_message"`
	EndedMS        *int64      `json:"ended_ms"`
	AcknowledgedMS *int64      `json:"acknowledged_ms"`
}

func (e *OutboxEntry) toJSON() entryJSON {
	written := entryJSON{e.ID, e.SessionID, e.IdempotencyKey, e.Expand, orNull(e.Mode), e.BaseURL,
		e.State, since(e.Created), since(e.AskedAt), since(e.NotAfter), since(e.NextTry), e.Attempts,
		e.Unclear, e.InDelivery, nil, orNull(e.LastCode), orNull(e.LastMessage), since(e.Ended),
		since(e.Acknowledged)}
	if e.Expand == nil {
		written.Expand = []string{}
	}
	// Unknown without a code is that of an entry before its first attempt.
	if e.LastOutcome != Unknown || e.LastCode != "" {
		written.LastOutcome = orNull(e.LastOutcome.String())
	}
	return written
}

func (e *OutboxEntry) fromJSON(read *entryJSON) {
	if len(read.Expand) == 0 {
		read.Expand = nil
	}
	*e = OutboxEntry{read.ID, read.SessionID, read.IdempotencyKey, read.Expand, orEmpty(read.Mode),
		read.BaseURL, read.State, at(read.CreatedMS), at(read.AskedAtMS), at(read.NotAfterMS),
		at(read.NextTryMS), read.Attempts, read.Unclear, read.InDelivery,
		outcomeNamed(orEmpty(read.LastOutcome)), orEmpty(read.LastCode), orEmpty(read.LastMessage),
		at(read.EndedMS), at(read.AcknowledgedMS)}
}

// MarshalJSON writes it as the result's JSON has it.
func (e OutboxEntry) MarshalJSON() ([]byte, error) { return json.Marshal(e.toJSON()) }

// UnmarshalJSON reads one of the result's entries. JSON's null changes nothing.
func (e *OutboxEntry) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var read entryJSON
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	e.fromJSON(&read)
	return nil
}

// OutboxCounts is how many entries an outbox has; of every service and mode together, unless said.
type OutboxCounts struct {
	// Pending and the next four are how many are in that state.
	Pending        int
	Delivered      int
	Refused        int
	Expired        int
	NeedsAttention int
	// Worklist is how many [Outbox.Worklist] gives.
	Worklist int
	// Due is how many are pending for this client's service and mode, and would be tried now.
	Due int
	// Foreign is how many are pending for another service or mode.
	Foreign int
	// OldestPending is when the oldest pending one was made; zero if none is pending.
	OldestPending time.Time
}

// countsJSON is OutboxCounts as docs/OUTBOX.md names its fields.
type countsJSON struct {
	Pending         int    `json:"pending"`
	Delivered       int    `json:"delivered"`
	Refused         int    `json:"refused"`
	Expired         int    `json:"expired"`
	NeedsAttention  int    `json:"needs_attention"`
	Worklist        int    `json:"worklist"`
	Due             int    `json:"due"`
	Foreign         int    `json:"foreign"`
	OldestPendingMS *int64 `json:"oldest_pending_ms"`
}

// MarshalJSON writes it as the result's JSON has it.
func (c OutboxCounts) MarshalJSON() ([]byte, error) {
	return json.Marshal(countsJSON{c.Pending, c.Delivered, c.Refused, c.Expired, c.NeedsAttention,
		c.Worklist, c.Due, c.Foreign, since(c.OldestPending)})
}

// UnmarshalJSON reads the result's counts. JSON's null changes nothing.
func (c *OutboxCounts) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var read countsJSON
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*c = OutboxCounts{read.Pending, read.Delivered, read.Refused, read.Expired, read.NeedsAttention,
		read.Worklist, read.Due, read.Foreign, at(read.OldestPendingMS)}
	return nil
}

// outboxView is the result's field of that name.
type outboxView struct {
	Entry   *OutboxEntry  `json:"entry"`
	Entries []OutboxEntry `json:"entries"`
	Counts  *OutboxCounts `json:"counts"`
}

// Entry is the outbox's entry that an [Outbox.Cancel] was about, as it stood at its end; nil if
// the outbox does not keep the cancel, or the call was none of an outbox.
func (r *Result) Entry() *OutboxEntry { return r.outbox().Entry }

// outbox is empty for a call that was none of an outbox.
func (r *Result) outbox() outboxView { return r.detail().Outbox }

// outcomeNamed is Unknown for a name that this version does not know.
func outcomeNamed(name string) Outcome {
	for outcome := Canceled; outcome.IsDefinite(); outcome++ {
		if outcome.String() == name {
			return outcome
		}
	}
	return Unknown
}

// at is a point in time as the library tells it; zero for null.
func at(ms *int64) time.Time {
	if ms == nil || time.UnixMilli(*ms).IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(*ms)
}

// since is the reverse of at.
func since(at time.Time) *int64 {
	if at.IsZero() {
		return nil
	}
	ms := at.UnixMilli()
	return &ms
}

// orNull is nil for an empty text, which the library's JSON has as null.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// orEmpty is the reverse of orNull.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
