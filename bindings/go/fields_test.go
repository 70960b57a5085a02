package flexcancel

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzFields compares the walk through an object with encoding/json's.
func FuzzFields(f *testing.F) {
	for _, file := range []string{"response-example.json", "response-expanded.json"} {
		f.Add([]byte(text(f, "tests/data/"+file)))
	}
	for _, object := range []string{
		`{}`, ` { } `, `[]`, `null`, `"{"`, `7`, ``, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":}`,
		`{"a":1,"a":2}`, `{"\u0061":1,"\"":2,"\\":3,"":4}`, "{\"\xff\":\"\xff\"}", `{"a":"}]\"\\"}`,
		"{\r\n\t\"a\" : [ 1 , { \"b\" : \"]\" } ] , \"c\" : -1.5e+9 }", `{"a":[[[{"b":{}}]]],"c":true}`,
		`{"status":"\ud83d\ude00\ud800","amount_total":-0,"test_mode":null,"fees":[null,{"amount":1}]}`,
	} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		found := map[string]json.RawMessage{}
		isObject := eachMember(object, func(name, value []byte) bool {
			found[string(name)] = value
			return true
		})
		// What is no JSON never comes here; it must only not bring the program down.
		_ = new(CheckoutSession).UnmarshalJSON(object)
		var owed map[string]json.RawMessage
		if !json.Valid(object) {
			return
		}
		isOwed := json.Unmarshal(object, &owed) == nil && owed != nil
		if isObject != isOwed || isOwed && !reflect.DeepEqual(found, owed) {
			t.Errorf("%q is read as %q, owed %q", object, found, owed)
		}
	})
}
