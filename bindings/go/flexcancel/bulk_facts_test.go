package flexcancel

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// keysOf are the JSON keys of a struct, without those of the structs within.
func keysOf(of reflect.Type) []string {
	var found []string
	for i := range of.NumField() {
		key, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		if of.Field(i).IsExported() && key != "-" {
			found = append(found, key)
		}
	}
	return found
}

func TestTheOptionsOfABulkRunAreThoseOfThePage(t *testing.T) {
	_, section, _ := strings.Cut(text(t, "docs/BULK.md"), "\n## Options\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var page []string
	for _, it := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllStringSubmatch(section, -1) {
		page = append(page, it[1])
	}
	keys := append(keysOf(reflect.TypeFor[bulkKeys]()), keysOf(reflect.TypeFor[options]())...)
	// These two are an item's own.
	keys = slices.DeleteFunc(keys, func(key string) bool {
		return key == "idempotency_key" || key == "in_doubt"
	})
	slices.Sort(page)
	slices.Sort(keys)
	if !slices.Equal(keys, page) {
		t.Errorf("%v, but the page has %v", keys, page)
	}
}

func TestEachOptionOfABulkRunSetsItsKey(t *testing.T) {
	for expected, option := range map[string]BulkOption{
		`{"concurrency":7}`:      WithConcurrency(7),
		`{"dry_run":true}`:       WithDryRun(),
		`{"in_order":false}`:     WithOrder(false),
		`{"journal":"a"}`:        WithJournal("a"),
		`{"max_unknown":0}`:      WithMaxUnknown(0),
		`{"rate_per_second":25}`: WithRate(25),
		`{"reason":"a"}`:         WithReason("a"),
		`{"verify":true}`:        WithVerify(true),
	} {
		given := new(options)
		option.bulk(given)
		found, err := given.text()
		if err != nil || string(found) != expected+"\x00" {
			t.Errorf("%s, expected %s: %v", found, expected, err)
		}
	}
}

func TestTheSummaryHasTheFieldsOfTheSchema(t *testing.T) {
	schema := text(t, "docs/result.schema.json")
	for _, key := range slices.Concat(
		keysOf(reflect.TypeFor[BulkSummary]()), keysOf(reflect.TypeFor[bulkItemView]()),
	) {
		if !strings.Contains(schema, `"`+key+`"`) {
			t.Errorf("%s is not in the schema", key)
		}
	}
}
