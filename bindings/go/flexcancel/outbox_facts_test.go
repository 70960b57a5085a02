package flexcancel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// page is a file of the project's documentation.
func page(t *testing.T, name string) []byte {
	t.Helper()
	bytes, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

type schema struct {
	Properties map[string]struct {
		Enum []string `json:"enum"`
	} `json:"properties"`
}

// defs are what the schema of the result defines by this name.
func defs(t *testing.T, name string) schema {
	t.Helper()
	var whole struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	var def schema
	if err := json.Unmarshal(page(t, "result.schema.json"), &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(whole.Defs[name], &def); err != nil {
		t.Fatal(err)
	}
	return def
}

// exampleOf is an object with every field of the schema, none of them zero.
func exampleOf(t *testing.T, name string) (string, int) {
	t.Helper()
	fields := map[string]any{}
	for field := range defs(t, name).Properties {
		switch field {
		case "expand":
			fields[field] = []string{"customer"}
		case "in_delivery", "in_doubt":
			fields[field] = true
		case "session_id", "idempotency_key", "mode", "base_url", "state", "last_code",
			"last_message", "lease":
			fields[field] = "some"
		case "last_outcome":
			fields[field] = "canceled"
		default:
			fields[field] = 7
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), len(fields)
}

func TestEveryFieldOfAnEntryAndOfCountsIsRead(t *testing.T) {
	// What only a claim gives is in its own type.
	claim := new(OutboxClaim)
	text, _ := exampleOf(t, "entry")
	if err := json.Unmarshal([]byte(text), claim); err != nil {
		t.Fatal(err)
	}
	if claim.Lease != "some" || !claim.InDoubt || claim.ID != 7 {
		t.Errorf("%+v", claim)
	}
	for name, into := range map[string]any{"entry": new(OutboxEntry), "counts": new(OutboxCounts)} {
		text, count := exampleOf(t, name)
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
		read := reflect.ValueOf(into).Elem()
		if name == "entry" {
			count -= 2
		}
		if count < 5 || read.NumField() != count {
			t.Errorf("%s has %d of %d fields", name, read.NumField(), count)
		}
		for i := range read.NumField() {
			if read.Field(i).IsZero() {
				t.Errorf("%s of %s is not read", read.Type().Field(i).Name, name)
			}
			if at, ok := read.Field(i).Interface().(time.Time); ok && at.UnixMilli() != 7 {
				t.Errorf("%s of %s is %v", read.Type().Field(i).Name, name, at)
			}
		}
	}
}

func TestStatesAreThoseOfTheSchema(t *testing.T) {
	var found []string
	for _, state := range []OutboxState{
		OutboxStatePending, OutboxStateDelivered, OutboxStateRefused, OutboxStateExpired, OutboxStateNeedsAttention,
	} {
		found = append(found, string(state))
		if (&OutboxEntry{State: state}).IsFinal() == (state == OutboxStatePending) {
			t.Error(state)
		}
	}
	if expected := defs(t, "entry").Properties["state"].Enum; !slices.Equal(found, expected) {
		t.Errorf("%v, expected %v", found, expected)
	}
}

func TestOptionsAndFilterHaveTheKeysOfTheOutboxsPage(t *testing.T) {
	_, section, _ := strings.Cut(string(page(t, "OUTBOX.md")), "\n## Options\n")
	section, _, _ = strings.Cut(section, "\n## ")
	expected := map[string]bool{}
	for _, it := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllStringSubmatch(section, -1) {
		expected[it[1]] = true
	}
	found := map[string]bool{}
	kept := newEnqueue([]EnqueueOption{
		WithExpand("customer"), WithRepeat(Repeat{"key", true, time.UnixMilli(7)}), WithVerify(true),
		WithTimeout(time.Second), WithMaxAttempts(1), WithDeliverWithin(time.Second),
	})
	flushed := new(options)
	for _, opt := range []FlushOption{WithTimeout(time.Second), WithMax(1), WithNow()} {
		opt.flush(flushed)
	}
	claimed := new(options)
	for _, opt := range []ClaimOption{WithMax(1), WithLease(time.Second)} {
		opt.claim(claimed)
	}
	open := outboxOptions{Path: "path"}
	WithKeep(0)(&open)
	WithoutCreate()(&open)
	filter := Filter{[]OutboxState{OutboxStatePending}, new(bool), "fcs_1", 1, 1}
	for _, text := range []func() ([]byte, error){
		kept.text, flushed.text, claimed.text, open.text, filter.text,
	} {
		bytes, err := text()
		if err != nil || bytes[len(bytes)-1] != 0 {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(bytes[:len(bytes)-1], &keys); err != nil {
			t.Fatal(err)
		}
		for key := range keys {
			found[key] = true
		}
	}
	if len(expected) < 10 || !reflect.DeepEqual(found, expected) {
		t.Errorf("%v, expected %v", found, expected)
	}
}

func TestTheDefaultTimeoutOfAFlushIsThatOfTheOutboxsPage(t *testing.T) {
	_, section, _ := strings.Cut(string(page(t, "OUTBOX.md")), "\nOf a flush:\n")
	row := regexp.MustCompile("\n\\| `timeout_ms` \\| number \\| (\\d+) \\|").
		FindStringSubmatch(section)
	if row == nil || row[1] != strconv.FormatInt(defaultFlushTimeout.Milliseconds(), 10) {
		t.Errorf("%v", row)
	}
}

func TestEachCodeOfTheOutboxHasItsSentinel(t *testing.T) {
	sentinels := map[Code]error{
		CodeOutboxUnavailable: ErrOutboxUnavailable,
		CodeOutboxUnsafe:      ErrOutboxUnsafe,
		CodeOutboxIO:          ErrOutboxIO,
		CodeOutboxFull:        ErrOutboxIO,
		CodeOutboxCorrupt:     ErrOutboxCorrupt,
		CodeOutboxSchema:      ErrOutboxSchema,
		CodeOutboxBusy:        ErrOutboxBusy,
		CodeOutboxNoEntry:     ErrOutboxNoEntry,
		CodeOutboxPending:     ErrOutboxPending,
		CodeOutboxStale:       ErrOutboxStale,
		CodeOutboxExpired:     ErrOutboxExpired,
		CodeOutboxFinal:       ErrOutboxFinal,
	}
	count := 0
	for code := Code(0); code < 1000; code++ {
		if strings.HasPrefix(code.String(), "outbox_") {
			count++
		}
		for of, sentinel := range sentinels {
			err := &Error{Outcome: Unknown, Code: code}
			if err.Is(sentinel) != (sentinel == sentinels[code]) {
				t.Errorf("%s and the sentinel of %s", code, of)
			}
		}
	}
	if count != len(sentinels) {
		t.Errorf("%d of %d codes", len(sentinels), count)
	}
}
