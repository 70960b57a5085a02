package flexcancel

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// fill sets every field to what is not zero, and no two of a kind to the same.
func fill(t *testing.T, value reflect.Value, count *int64) {
	t.Helper()
	*count++
	switch to := value.Addr().Interface().(type) {
	case *time.Time:
		*to = time.UnixMilli(1700000000000 + *count)
		return
	case *time.Duration:
		*to = time.Duration(*count) * time.Millisecond
		return
	case *Outcome:
		*to = NotApplied
		return
	case *Code:
		*to = CodeMaxUnknown
		return
	}
	switch value.Kind() {
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64:
		value.SetInt(*count)
	case reflect.String:
		value.SetString(fmt.Sprintf("so <me> \u00e4 %d", *count))
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(t, value.Index(0), count)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(t, value.Elem(), count)
	case reflect.Struct:
		for i := range value.NumField() {
			fill(t, value.Field(i), count)
		}
	default:
		t.Fatalf("no value for a %s", value.Type())
	}
}

// namesOf are the fields of an object.
func namesOf(t *testing.T, text []byte) []string {
	t.Helper()
	var read map[string]json.RawMessage
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(read))
}

func TestWhatIsWrittenAsJSONIsReadBackTheSame(t *testing.T) {
	for _, zero := range []any{
		Repeat{}, Attempt{}, OutboxEntry{}, OutboxClaim{}, OutboxCounts{}, BulkSummary{}, FlushResult{},
		Settlement{}, Filter{}, ProviderError{},
	} {
		of := reflect.TypeOf(zero)
		full := reflect.New(of)
		fill(t, full.Elem(), new(int64))
		for _, value := range []any{zero, full.Elem().Interface()} {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatalf("%s: %v", of, err)
			}
			read := reflect.New(of)
			if err := json.Unmarshal(text, read.Interface()); err != nil {
				t.Errorf("%s: %v", of, err)
			}
			if found := read.Elem().Interface(); !reflect.DeepEqual(found, value) {
				t.Errorf("%s: %+v, expected %+v: %s", of, found, value, text)
			}
			// Null changes nothing.
			if err := json.Unmarshal([]byte("null"), read.Interface()); err != nil ||
				!reflect.DeepEqual(read.Elem().Interface(), value) {
				t.Errorf("%s: null makes it %+v: %v", of, read.Elem(), err)
			}
		}
	}
}

func TestWhatIsWrittenAsJSONHasTheNamesOfTheSchema(t *testing.T) {
	for name, row := range map[string]struct {
		value any
		lacks []string
	}{
		"repeat":  {Repeat{}, nil},
		"attempt": {Attempt{}, nil},
		"entry":   {OutboxClaim{}, nil},
		"counts":  {OutboxCounts{}, nil},
		"bulk":    {BulkSummary{}, []string{"code", "elapsed_ms", "message"}},
	} {
		text, err := json.Marshal(row.value)
		if err != nil {
			t.Fatal(err)
		}
		// A summary has three fields that stand beside "bulk" in the library's JSON.
		expected := slices.Sorted(maps.Keys(defs(t, name).Properties))
		expected = slices.Sorted(slices.Values(append(expected, row.lacks...)))
		if found := namesOf(t, text); !slices.Equal(found, expected) {
			t.Errorf("%s: %v, expected %v", name, found, expected)
		}
	}
	entry, err := json.Marshal([]OutboxEntry{{}})
	if err != nil || strings.Contains(string(entry), `"lease"`) {
		t.Errorf("%s %v", entry, err)
	}
}

func TestAClaimOrASummaryWhoseWorstIsMissingIsNotRead(t *testing.T) {
	for text, row := range map[string]struct {
		into  any
		field string
	}{
		`{"id":7,"lease":"some"}`:                   {new(OutboxClaim), "in_doubt"},
		`{"id":7,"lease":"some","in_doubt":null}`:   {new(OutboxClaim), "in_doubt"},
		`{"id":7,"in_doubt":false}`:                 {new(OutboxClaim), "lease"},
		`{"ID":7,"Lease":"some","InDoubt":true}`:    {new(OutboxClaim), "in_doubt"},
		`{"complete":false,"items":7}`:              {new(BulkSummary), "code"},
		`{"complete":false,"items":7,"code":null}`:  {new(BulkSummary), "code"},
		`{"complete":false,"items":7,"code":"new"}`: {new(BulkSummary), "code"},
	} {
		err := json.Unmarshal([]byte(text), row.into)
		if err == nil || !strings.Contains(err.Error(), row.field) {
			t.Errorf("%s: %v, expected %s", text, err, row.field)
		}
		if !reflect.ValueOf(row.into).Elem().IsZero() {
			t.Errorf("%s: a part is left: %+v", text, row.into)
		}
	}
}

// An error that is read back has nothing to repeat, and must not look as if it had.
func TestAnErrorThatIsReadBackIsNotRepeated(t *testing.T) {
	text, err := json.Marshal(&Error{Outcome: Unknown, Code: CodeTimeout, repeat: &Repeat{"key", true, time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	read := new(Error)
	if err := json.Unmarshal(text, read); err != nil || read.Code != CodeTimeout || !errors.Is(read, ErrUnknown) {
		t.Errorf("%s: %v", text, err)
	}
	given := newOptions([]Option{WithRepeat(read)})
	if _, err := given.text(); err == nil {
		t.Error("it is a new cancel")
	}
}
