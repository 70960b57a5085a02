package message

import (
	"encoding/json"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// Claim says who tries the cancel of a session, and what was tried before.
type Claim struct {
	Entry string `json:"entry"`
	// Tries is how many tries were begun, this one too.
	Tries int `json:"tries"`
	// InDoubt is true if a request of these tries may have reached Flex.
	InDoubt bool   `json:"in_doubt"`
	Worker  string `json:"worker"`
	// UntilMS is when the claim is over, by the clock of its worker; 0 if it was handed back.
	UntilMS int64 `json:"until_ms"`
	// LastCode is that of the try before, by its name.
	LastCode string `json:"last_code,omitempty"`
}

// Result is what became of an entry. There is one for each, and it never changes.
type Result struct {
	V              int                `json:"v"`
	Entry          string             `json:"entry"`
	SessionID      string             `json:"session_id"`
	IdempotencyKey string             `json:"idempotency_key"`
	Target         string             `json:"target"`
	Outcome        flexcancel.Outcome `json:"outcome"`
	Code           flexcancel.Code    `json:"code"`
	Hold           flexcancel.Hold    `json:"hold"`
	Message        string             `json:"message"`
	// NeedsPerson is true if the entry is on the worklist.
	NeedsPerson bool   `json:"needs_person"`
	Tries       int    `json:"tries"`
	Worker      string `json:"worker"`
	Till        string `json:"till"`
	OutboxEntry int64  `json:"outbox_entry"`
	AtMS        int64  `json:"at_ms"`
}

// Subject is where it is.
func (r *Result) Subject() string { return ResultSubject(r.Target, r.SessionID, r.Entry) }

// Note is an entry that a person has to look at, or a message that nobody could read.
type Note struct {
	V              int    `json:"v"`
	Entry          string `json:"entry"`
	SessionID      string `json:"session_id"`
	Target         string `json:"target"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	Outcome        string `json:"outcome,omitempty"`
	Code           string `json:"code"`
	// Reason is one line for a person.
	Reason      string `json:"reason"`
	Till        string `json:"till,omitempty"`
	OutboxEntry int64  `json:"outbox_entry,omitempty"`
	AtMS        int64  `json:"at_ms"`
	// Original is the beginning of a message that nobody could read.
	Original []byte `json:"original,omitempty"`
}

// CodeUnreadable is the code of a message that nobody could read, or that is for another service.
const CodeUnreadable = "unreadable"

// maxOriginal is how much of a message that nobody could read is kept.
const maxOriginal = 2048

// Unreadable is the note of a message that cannot be delivered. Its session is that of the subject.
func Unreadable(target, session string, data []byte, reason string, atMS int64) Note {
	return Note{
		V: Version, Entry: hashed(data), SessionID: session, Target: target, Code: CodeUnreadable,
		Reason: reason, AtMS: atMS, Original: data[:min(len(data), maxOriginal)],
	}
}

// Subject is where it waits.
func (n *Note) Subject() string { return NoteSubject(n.Target, n.SessionID, n.Entry) }

// Encode writes a claim, a result or a note.
func Encode[T Claim | Result | Note](it T) ([]byte, error) { return json.Marshal(it) }

// Decode reads one.
func Decode[T Claim | Result | Note](data []byte) (T, error) {
	var it T
	err := json.Unmarshal(data, &it)
	return it, err
}
