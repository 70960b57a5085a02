package message_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
)

func cancel() message.Cancel {
	key := "a key with.dots>and*stars"
	key = strings.ReplaceAll(key, " ", "_")
	return message.Cancel{
		V: 1, SessionID: "fcs_1", IdempotencyKey: key, Target: "live", BaseURL: "https://api.example.com",
		Mode: "live", AskedAtMS: 1, NotAfterMS: 2, Till: "till 7", OutboxEntry: 3, Entry: message.EntryID(key),
	}
}

func TestAnEntryIsNamedByTheHashOfItsKey(t *testing.T) {
	// printf key | openssl dgst -sha256 -binary | head -c 16 | base32
	if is := message.EntryID("key"); is != "fryock32azdpsitz6qt4pm4oom" {
		t.Error(is)
	}
	if message.EntryID("key") == message.EntryID("Key") {
		t.Error("two keys have one entry")
	}
}

func TestACancelIsReadAsItWasWritten(t *testing.T) {
	c := cancel()
	data, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := message.DecodeCancel("flex.cancel.live.fcs_1", data)
	if err != nil || read.IdempotencyKey != c.IdempotencyKey || read.Subject() != c.Subject() || read.Till != c.Till {
		t.Error(read, err)
	}
}

func TestWhatIsWrongWithACancelIsTold(t *testing.T) {
	for field, change := range map[string]func(*message.Cancel){
		"v":               func(c *message.Cancel) { c.V = 2 },
		"session_id":      func(c *message.Cancel) { c.SessionID = "a.b" },
		"idempotency_key": func(c *message.Cancel) { c.IdempotencyKey = "" },
		"entry":           func(c *message.Cancel) { c.Entry = "other" },
		"target":          func(c *message.Cancel) { c.Target = "test" },
		"base_url":        func(c *message.Cancel) { c.BaseURL = "" },
		"mode":            func(c *message.Cancel) { c.Mode = "both" },
		"asked_at_ms":     func(c *message.Cancel) { c.AskedAtMS = 0 },
		"not_after_ms":    func(c *message.Cancel) { c.NotAfterMS = -1 },
		"till":            func(c *message.Cancel) { c.Till = "" },
	} {
		c := cancel()
		change(&c)
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = message.DecodeCancel("flex.cancel.live.fcs_1", data)
		if err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, text := range []string{"", "{", "null", "[]", "7", `{"v":"1"}`, `{"v":1,"session_id":7}`, "\xff"} {
		if _, err := message.DecodeCancel("flex.cancel.live.fcs_1", []byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	huge := cancel()
	huge.Expand = []string{strings.Repeat("x", message.MaxBytes)}
	if _, err := huge.Encode(); err == nil || !strings.Contains(err.Error(), "8192") {
		t.Error(err)
	}
}

func TestATillsNameIsAToken(t *testing.T) {
	if message.Token("till-7") != "till-7" {
		t.Error("a plain name was changed")
	}
	for _, odd := range []string{"till 7", "a.b", ">", "*", strings.Repeat("x", 65)} {
		if is := message.Token(odd); len(is) != 26 {
			t.Errorf("%q: %q", odd, is)
		}
	}
}
