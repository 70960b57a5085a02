package flexcancel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAResultIsShownAsWordsAndWritesItsJSON(t *testing.T) {
	till, id := client(t, nil), held(t)
	result, err := till.Cancel(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%s", "%d", "%#v"} {
		if shown := fmt.Sprintf(verb, result); shown != "canceled (ok): "+result.Message() {
			t.Errorf("%s: %s", verb, shown)
		}
	}
	text, err := json.Marshal(result)
	if err != nil || !strings.HasPrefix(string(text), `{"outcome":"canceled","code":"ok",`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestNumbersAreWrittenByNameAndReadBack(t *testing.T) {
	type all struct {
		Outcome flexcancel.Outcome
		Code    flexcancel.Code
		Hold    flexcancel.Hold
	}
	given := all{flexcancel.NotApplied, flexcancel.CodeOutboxStale, flexcancel.HoldHeld}
	text, err := json.Marshal(given)
	if err != nil || string(text) != `{"Outcome":"not_applied","Code":"outbox_stale","Hold":"held"}` {
		t.Fatalf("%s %v", text, err)
	}
	var read all
	if err := json.Unmarshal(text, &read); err != nil || read != given {
		t.Errorf("%v %v", read, err)
	}
	for _, wrong := range []string{`{"Outcome":"voided"}`, `{"Code":"x"}`, `{"Hold":""}`} {
		if err := json.Unmarshal([]byte(wrong), &read); err == nil {
			t.Error(wrong)
		}
	}
}

func TestATimeWithoutItsUnitIsRefused(t *testing.T) {
	for field, config := range map[string]flexcancel.Config{
		"timeout_ms":         {Timeout: 10},
		"connect_timeout_ms": {ConnectTimeout: 999 * time.Microsecond},
		"max_idle_ms":        {MaxIdle: 1},
		"dns_ttl_ms":         {DNSTTL: 30},
	} {
		config.APIKey = key
		_, err := flexcancel.New(config)
		if !errors.Is(err, flexcancel.ErrInvalidConfig) || !strings.Contains(err.Error(), field+": expected at least 1ms") {
			t.Errorf("%s: %v", field, err)
		}
	}
	till, id := client(t, nil), held(t)
	box, err := till.OpenOutbox(t.TempDir() + "/outbox.db")
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	ctx := context.Background()
	_, ofCancel := till.Cancel(ctx, id, flexcancel.WithTimeout(10))
	_, ofEnqueue := box.Enqueue(id, flexcancel.WithDeliverWithin(7))
	_, ofFlush := box.Flush(ctx, flexcancel.WithTimeout(60))
	_, ofKeep := till.OpenOutbox(t.TempDir()+"/other.db", flexcancel.WithKeep(30))
	for _, err := range []error{ofCancel, ofEnqueue, ofFlush, ofKeep} {
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), "expected at least 1ms, found") {
			t.Error(err)
		}
	}
	expectTruth(t, id, "held", 0, 0)
}
