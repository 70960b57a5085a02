package flexcancel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Reading by field: an answer is walked through once, and each value goes to where it belongs.
// encoding/json would read it once for each level, and take "STATUS" for "status". What comes in is
// JSON already, as json.Unmarshaler's contract and the library have it; anything else ends the walk.

// field is a documented field of a record.
type field struct {
	index int
	name  string
}

// fields are those of a record.
type fields struct {
	inOrder []field
	indexes map[string]int
}

var recordFields sync.Map // reflect.Type to *fields

func fieldsOf(record reflect.Type) *fields {
	if known, ok := recordFields.Load(record); ok {
		return known.(*fields)
	}
	found := &fields{indexes: make(map[string]int)}
	for i := range record.NumField() {
		name, _, _ := strings.Cut(record.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			found.inOrder = append(found.inOrder, field{i, name})
			found.indexes[name] = i
		}
	}
	recordFields.Store(record, found)
	return found
}

// readFields reads an object into the fields of a struct, by their exact names, and hands over what
// has no field.
func readFields(data []byte, record any, other func(name string, value []byte)) error {
	to := reflect.ValueOf(record).Elem()
	indexes := fieldsOf(to.Type()).indexes
	var wrong error
	isObject := eachMember(data, func(name, value []byte) bool {
		index, ok := indexes[string(name)]
		if !ok {
			other(string(name), value)
			return true
		}
		if err := readValue(value, to.Field(index)); err != nil {
			wrong = within(string(name), value, err)
		}
		return wrong == nil
	})
	if !isObject {
		return fmt.Errorf("expected an object, found %s", kind(data))
	}
	return wrong
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

// readValue reads a value. Null is like what is absent: the zero value.
func readValue(text []byte, value reflect.Value) error {
	if string(text) == "null" {
		value.SetZero()
		return nil
	}
	switch value.Kind() {
	case reflect.Pointer:
		made := reflect.New(value.Type().Elem())
		if err := readValue(text, made.Elem()); err != nil {
			return err
		}
		value.Set(made)
		return nil
	case reflect.String:
		if plain, ok := plainText(text); ok {
			value.SetString(string(plain))
			return nil
		}
	case reflect.Bool:
		if is := string(text) == "true"; is || string(text) == "false" {
			value.SetBool(is)
			return nil
		}
	case reflect.Int, reflect.Int64:
		if number, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			value.SetInt(number)
			return nil
		}
	case reflect.Struct:
		if record, ok := value.Addr().Interface().(json.Unmarshaler); ok {
			return record.UnmarshalJSON(text)
		}
	case reflect.Slice:
		if value.Type() == rawMessage {
			value.SetBytes(bytes.Clone(text))
			return nil
		}
		if value.Type().Elem().Kind() == reflect.Struct && bytes.HasPrefix(text, []byte("[")) {
			return readList(text, value)
		}
	}
	return json.Unmarshal(text, value.Addr().Interface())
}

func readList(text []byte, value reflect.Value) error {
	list := reflect.MakeSlice(value.Type(), 0, 0)
	var wrong error
	eachElement(text, func(text []byte) bool {
		list = reflect.Append(list, reflect.Zero(value.Type().Elem()))
		wrong = readValue(text, list.Index(list.Len()-1))
		return wrong == nil
	})
	value.Set(list)
	return wrong
}

// plainText is what stands between the quotes, if it is a text in which every byte is itself.
func plainText(text []byte) ([]byte, bool) {
	if len(text) < 2 || text[0] != '"' {
		return nil, false
	}
	inner := text[1 : len(text)-1]
	return inner, bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner)
}

// eachMember walks through an object for as long as visit says so. False if it is none.
func eachMember(object []byte, visit func(name, value []byte) bool) bool {
	rest := trim(object)
	if !bytes.HasPrefix(rest, []byte("{")) {
		return false
	}
	for rest = rest[1:]; ; rest = rest[1:] {
		key, after := cutValue(rest)
		if len(key) < 2 {
			return true
		}
		name, ok := plainText(key)
		if !ok {
			var text string
			if json.Unmarshal(key, &text) != nil {
				return true
			}
			name = []byte(text)
		}
		after = trim(after)
		if !bytes.HasPrefix(after, []byte(":")) {
			return true
		}
		value, after := cutValue(after[1:])
		if len(value) == 0 || !visit(name, value) {
			return true
		}
		rest = trim(after)
		if !bytes.HasPrefix(rest, []byte(",")) {
			return true
		}
	}
}

// eachElement walks through a list for as long as visit says so.
func eachElement(list []byte, visit func(value []byte) bool) {
	for rest := list[1:]; ; rest = rest[1:] {
		value, after := cutValue(rest)
		if len(value) == 0 || !visit(value) {
			return
		}
		rest = trim(after)
		if !bytes.HasPrefix(rest, []byte(",")) {
			return
		}
	}
}

func trim(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	return text
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// cutValue cuts off the value that text begins with.
func cutValue(text []byte) (value, after []byte) {
	text = trim(text)
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			at += lengthOfText(text[at:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
			if depth < 0 {
				return text[:at], text[at:]
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return text[:at], text[at:]
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return text[:at+1], text[at+1:]
		}
	}
	return text, nil
}

// lengthOfText is that of the text that begins here, with its quotes.
func lengthOfText(text []byte) int {
	for at := 1; at < len(text); at++ {
		switch text[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
	return len(text)
}
