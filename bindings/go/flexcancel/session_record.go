//go:build cgo

package flexcancel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Expandable is a related object: its id, or the object itself when the request asked to expand it.
type Expandable[T any] struct {
	// ID is the id, as it came, where only that came.
	ID string
	// Object is the object, if it came expanded.
	Object *T
}

// UnmarshalJSON reads a string or an object.
func (e *Expandable[T]) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		return nil
	case bytes.HasPrefix(data, []byte(`"`)):
		return json.Unmarshal(data, &e.ID)
	case bytes.HasPrefix(data, []byte(`{`)):
		e.Object = new(T)
		return json.Unmarshal(data, e.Object)
	default:
		return fmt.Errorf("expected an id (string) or an object, found %s", kind(data))
	}
}

// MarshalJSON writes what was read back.
func (e Expandable[T]) MarshalJSON() ([]byte, error) {
	if e.Object != nil {
		return json.Marshal(e.Object)
	}
	return json.Marshal(e.ID)
}

// fieldError names the path to a field that is not as documented; it shows no value.
type fieldError struct {
	path   string
	reason string
}

func (e *fieldError) Error() string { return e.path + ": " + e.reason }

func within(name string, text []byte, err error) error {
	switch inner := err.(type) {
	case *fieldError:
		return &fieldError{name + "." + inner.path, inner.reason}
	case *json.UnmarshalTypeError:
		return &fieldError{name, fmt.Sprintf("expected %s, found %s", inner.Type, kind(text))}
	default:
		return &fieldError{name, err.Error()}
	}
}

// kind names what a JSON text is, without its value.
func kind(text []byte) string {
	switch trimmed := bytes.TrimSpace(text); {
	case len(trimmed) == 0:
		return "nothing"
	case trimmed[0] == '{':
		return "an object"
	case trimmed[0] == '[':
		return "a list"
	case trimmed[0] == '"':
		return "a text"
	case trimmed[0] == 't' || trimmed[0] == 'f':
		return "a boolean"
	case trimmed[0] == 'n':
		return "null"
	default:
		return "a number"
	}
}

// writeRecord writes the documented fields that are there, in order, and then all others.
func writeRecord(record any, other map[string]json.RawMessage) ([]byte, error) {
	var out bytes.Buffer
	write := func(name string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		out.WriteByte("{,"[min(out.Len(), 1)])
		out.Write(key)
		out.WriteByte(':')
		out.Write(text)
		return nil
	}
	value := reflect.ValueOf(record)
	for _, field := range fieldsOf(value.Type()) {
		if value := value.Field(field.index); !isAbsent(value) {
			if err := write(field.name, value.Interface()); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(other)) {
		if err := write(name, other[name]); err != nil {
			return nil, err
		}
	}
	if out.Len() == 0 {
		return []byte("{}"), nil
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// isAbsent is true of a field that was absent or null, or an empty text, which a string field
// cannot tell from an absent one. An empty list was there.
func isAbsent(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return value.IsNil()
	default:
		return value.IsZero()
	}
}
