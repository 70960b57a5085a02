//go:build cgo

package flexcancel

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// field is a documented field of a record.
type field struct {
	index int
	name  string
}

var recordFields sync.Map // reflect.Type to []field

func fieldsOf(record reflect.Type) []field {
	if known, ok := recordFields.Load(record); ok {
		return known.([]field)
	}
	var found []field
	for i := range record.NumField() {
		name, _, _ := strings.Cut(record.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			found = append(found, field{i, name})
		}
	}
	recordFields.Store(record, found)
	return found
}

// fieldMissing is the error of an object that lacks a field, or has null there.
func fieldMissing(object, field string) error {
	return fmt.Errorf("flexcancel: %s: %s: expected a value, found none", object, field)
}

// readRecord reads an object into the fields of a record, by their exact names, and keeps all other
// fields. encoding/json would take "STATUS" for "status", so a record's fields are read one by one.
// Null is like what is absent.
func readRecord(data []byte, record any, other *map[string]json.RawMessage) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return fmt.Errorf("expected an object, found %s", kind(data))
	}
	to := reflect.ValueOf(record).Elem()
	for _, field := range fieldsOf(to.Type()) {
		text, ok := members[field.name]
		if !ok {
			continue
		}
		delete(members, field.name)
		to.Field(field.index).SetZero()
		if string(text) == "null" {
			continue
		}
		if err := json.Unmarshal(text, to.Field(field.index).Addr().Interface()); err != nil {
			return within(field.name, text, err)
		}
	}
	*other = nil
	if len(members) > 0 {
		*other = members
	}
	return nil
}
