// Package message has what travels through a fleet: cancels, the claims of workers on them, their
// results, and what a person has to look at. All are JSON; none holds the API key.
package message

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
)

// Version is that of every message of this package.
const Version = 1

// MaxBytes is the most that a message may have; the queue refuses more.
const MaxBytes = 8192

// idBytes is how much of the hash of an idempotency key names an entry.
const idBytes = 16

var (
	base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	// isToken is true of what can be a token of a subject, and so of a session's id.
	isToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`).MatchString
	// isKey is true of an idempotency key as the library takes it.
	isKey = regexp.MustCompile(`^[!-~]{1,255}$`).MatchString
)

// IsToken is true of what can be a token of a subject. Other text from outside, "*" for one, would
// be a pattern there, and mean what nobody has named.
func IsToken(text string) bool { return isToken(text) }

// EntryID names a cancel by its idempotency key, which itself is no token of a subject.
func EntryID(idempotencyKey string) string { return hashed([]byte(idempotencyKey)) }

func hashed(data []byte) string {
	sum := sha256.Sum256(data)
	return base32Lower.EncodeToString(sum[:idBytes])
}

// Token is the name itself where it can be a token of a subject, and a hash of it otherwise.
func Token(name string) string {
	if len(name) <= 64 && isToken(name) {
		return name
	}
	return hashed([]byte(name))
}

// CancelSubject is where a cancel waits. There is one cancel of a session at a time.
func CancelSubject(target, session string) string { return subject("cancel", target, session) }

// TrySubject is where the claim on a session's cancel is.
func TrySubject(target, session string) string { return subject("try", target, session) }

// ResultSubject is where the one result of an entry is.
func ResultSubject(target, session, entry string) string {
	return subject("result", target, session, entry)
}

// NoteSubject is where an entry waits for a person.
func NoteSubject(target, session, entry string) string {
	return subject("worklist", target, session, entry)
}

// SettledSubject is where the forwarder of a till hears that a result is there. It is not kept.
func SettledSubject(till string) string { return subject("settled", Token(till)) }

func subject(tokens ...string) string { return "flex." + strings.Join(tokens, ".") }
