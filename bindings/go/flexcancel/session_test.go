package flexcancel

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// records are the package's types for those of src/api/session.
var records = map[string]reflect.Type{}

func init() {
	for _, record := range []any{
		Breakdown{}, CheckoutSession{}, CustomText{}, CustomTextMessage{}, Defaults{}, Fee{},
		LetterFee{}, NextAction{}, OpenObject{}, PaymentIntent{}, PaymentMethodOptions{},
		PlatformFees{}, ShippingDetails{}, ShippingOptions{}, SubscriptionData{}, TaxRate{},
		TotalDetails{},
	} {
		records[reflect.TypeOf(record).Name()] = reflect.TypeOf(record)
	}
}

// goType is how this package has a type of the core's.
func goType(rust string) string {
	plain := map[string]string{
		"String": "string", "i64": "*int64", "bool": "*bool",
		"Value": "json.RawMessage", "Map<String, Value>": "map[string]json.RawMessage",
	}
	if name, ok := plain[rust]; ok {
		return name
	}
	if inner, ok := strings.CutPrefix(rust, "Vec<"); ok {
		return "[]" + strings.TrimPrefix(goType(strings.TrimSuffix(inner, ">")), "*")
	}
	if inner, ok := strings.CutPrefix(rust, "Expandable<"); ok {
		const path = "github.com/flexcancel/flexcancel/bindings/go/flexcancel."
		return "*flexcancel.Expandable[" + path + strings.TrimSuffix(inner, ">") + "]"
	}
	if _, ok := records[rust]; ok {
		return "*flexcancel." + rust
	}
	return "flexcancel." + rust
}

func TestEveryRecordAndFieldIsThatOfTheCore(t *testing.T) {
	files, err := filepath.Glob("../../../src/api/session/*.rs")
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`(?ms)^record! \{\n(.*?)\n\}`)
	name := regexp.MustCompile(`pub struct (\w+)`)
	field := regexp.MustCompile(`pub (?:r#)?(\w+): Option<(.*)>,`)
	seen := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range body.FindAllStringSubmatch(string(source), -1) {
			record := name.FindStringSubmatch(it[1])[1]
			of, ok := records[record]
			if !ok {
				t.Errorf("there is no %s", record)
				continue
			}
			seen++
			expected := field.FindAllStringSubmatch(it[1], -1)
			found := fieldsOf(of)
			if len(found) != len(expected) {
				t.Errorf("%s has %d fields, expected %d", record, len(found), len(expected))
				continue
			}
			for i, expected := range expected {
				is := of.Field(found[i].index)
				if found[i].name != expected[1] || is.Type.String() != goType(expected[2]) {
					t.Errorf("%s: %s %s, expected %s %s", record, found[i].name, is.Type, expected[1],
						goType(expected[2]))
				}
			}
		}
	}
	if seen != len(records) {
		t.Errorf("%d of %d records are the core's", seen, len(records))
	}
}

func TestTheDocumentedValuesAreThoseOfTheCore(t *testing.T) {
	value := regexp.MustCompile(`(?m)^        \w+ = "(\w+)",$`)
	expected := value.FindAllStringSubmatch(text(t, "src/api/session/values.rs"), -1)
	found := regexp.MustCompile(`= "(\w+)"`).FindAllStringSubmatch(
		text(t, "bindings/go/flexcancel/session_values.go"), -1)
	if len(expected) != len(found) || len(expected) < 10 {
		t.Fatalf("%d values, expected %d", len(found), len(expected))
	}
	for i := range expected {
		if expected[i][1] != found[i][1] {
			t.Errorf("%s, expected %s", found[i][1], expected[i][1])
		}
	}
}

func read(t *testing.T, text string) *CheckoutSession {
	t.Helper()
	session := new(CheckoutSession)
	if err := json.Unmarshal([]byte(text), session); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return session
}

func written(t *testing.T, session *CheckoutSession) string {
	t.Helper()
	text, err := json.Marshal(session)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// value is a JSON text as its value, with every digit of its numbers.
func value(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var found any
	if err := decoder.Decode(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFlexsOwnExamplesAreTypedAndWrittenBack(t *testing.T) {
	for _, file := range []string{"response-example.json", "response-expanded.json"} {
		var outer struct {
			Session json.RawMessage `json:"checkout_session"`
		}
		if err := json.Unmarshal([]byte(text(t, "tests/data/"+file)), &outer); err != nil {
			t.Fatal(err)
		}
		session := read(t, string(outer.Session))
		if back := written(t, session); !reflect.DeepEqual(
			value(t, back), value(t, string(outer.Session))) {
			t.Errorf("%s is written back as %s", file, back)
		}
		if len(session.Other) != 0 || session.Status != SessionStatusOpen ||
			session.CaptureMethod != CaptureMethodAutomatic || session.Mode != SessionModePayment ||
			*session.AmountTotal != 0 || *session.TestMode || session.Customer.ID != "string" ||
			session.ShippingDetails.PostalCode != "94107" ||
			session.Defaults.FirstName != "John" {
			t.Errorf("%s: %+v", file, session)
		}
	}
}

func TestWhatFlexAddsLaterIsKept(t *testing.T) {
	const text = `{"amount_total":4999,"mode":"OPEN","payment_intent":{"payment_intent_id":"fpi_1",` +
		`"amount":4999,"status":"melted","newer":1},"status":"frozen",` +
		`"captures":["fcap_1",{"id":"fcap_2"}],"Status":"open",` +
		`"far":[1E400,-0.0,0.10000000000000000000000001],"new":{"a":[1,null]},` +
		`"when":123456789012345678901234567890}`
	session := read(t, text)
	if session.Status != "frozen" || session.Mode != "OPEN" || *session.AmountTotal != 4999 {
		t.Errorf("%+v", session)
	}
	intent := session.PaymentIntent.Object
	if intent.PaymentIntentID != "fpi_1" || intent.Status != "melted" || *intent.Amount != 4999 ||
		string(intent.Other["newer"]) != "1" {
		t.Errorf("%+v", intent)
	}
	first, second := session.Captures[0], session.Captures[1]
	if first.ID != "fcap_1" || first.Object != nil || string(second.Object.Other["id"]) != `"fcap_2"` {
		t.Errorf("%+v %+v", first, second)
	}
	if string(session.Other["when"]) != "123456789012345678901234567890" ||
		string(session.Other["Status"]) != `"open"` || len(session.Other) != 4 {
		t.Errorf("%s", session.Other)
	}
	if back := written(t, session); !reflect.DeepEqual(value(t, back), value(t, text)) {
		t.Errorf("%s", back)
	}
}

func TestAFieldOfAnotherTypeIsNamedAndItsValueIsNot(t *testing.T) {
	for _, row := range [][2]string{
		{`{"amount_total":49.99}`, "amount_total: expected int64, found a number"},
		{`{"amount_total":123456789012345678901234567890}`, "amount_total: expected int64, "},
		{`{"tax_rate":{"amount":"nobodymaysee"}}`, "tax_rate.amount: expected int64, found a text"},
		{`{"fees":[{"amount":true}]}`, "fees.amount: expected int64, found a boolean"},
		{`{"status":5}`, "status: expected"},
		{`{"customer":[]}`, "customer: expected an id (string) or an object, found a list"},
		{`{"defaults":"nobodymaysee"}`, "defaults: expected an object, found a text"},
		{`[]`, "expected an object, found a list"},
	} {
		err := json.Unmarshal([]byte(row[0]), new(CheckoutSession))
		if err == nil || !strings.HasPrefix(err.Error(), row[1]) {
			t.Errorf("%v, expected %s", err, row[1])
		} else if strings.Contains(err.Error(), "nobodymaysee") {
			t.Error("the value is shown")
		}
	}
}

func TestASessionThatIsNotAsDocumentedLeavesTheOutcome(t *testing.T) {
	odd := newResult(nativeResult{outcome: Canceled, checkoutSession: []byte(`{"amount_total":"1"}`)})
	if session, err := odd.Session(); session != nil || err == nil || odd.Outcome != Canceled ||
		string(odd.RawSession()) != `{"amount_total":"1"}` {
		t.Errorf("%v %v", session, err)
	}
	for _, none := range []*Result{newResult(nativeResult{outcome: Canceled}), nil} {
		session, err := none.Session()
		if session != nil || !errors.Is(err, ErrNoSession) || none.RawSession() != nil {
			t.Errorf("%v %v", session, err)
		}
	}
}
