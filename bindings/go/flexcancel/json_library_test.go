package flexcancel_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// sameJSON fails the test unless the value is written as the library has written it.
func sameJSON(t *testing.T, value any, library json.RawMessage) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var found, expected any
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(library, &expected); err != nil {
		t.Fatal(err)
	}
	if expected == nil || !reflect.DeepEqual(found, expected) {
		t.Errorf("%s, expected %s", text, library)
	}
}

func TestAnEntryAndAttemptsAreWrittenAsTheLibraryHasThem(t *testing.T) {
	outbox := opened(t, client(t, briefly), "")
	for range 2 {
		c, _ := outbox.Cancel(context.Background(), held(t), flexcancel.WithExpand("customer"))
		var library struct {
			Attempts json.RawMessage
			Outbox   struct{ Entry json.RawMessage }
		}
		if err := json.Unmarshal(c.JSON(), &library); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, c.Entry(), library.Outbox.Entry)
		sameJSON(t, c.Attempts(), library.Attempts)
		// The second one is pending, and its attempt has no response.
		silence(t)
	}
}

// A claim that a worker keeps as JSON must not lose that it is in doubt.
func TestAClaimThatIsKeptAsJSONIsStillInDoubt(t *testing.T) {
	path, id := file(t), held(t)
	outbox := opened(t, client(t, briefly), path)
	silence(t)
	if _, err := outbox.Cancel(context.Background(), id); err == nil {
		t.Fatal("the response was to be lost")
	}
	ask[any](t, "DELETE", "faults", nil)
	var claim flexcancel.OutboxClaim
	until(t, "a claim", func() bool {
		claims, err := outbox.Claim(flexcancel.WithLease(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if len(claims) == 1 {
			claim = claims[0]
		}
		return len(claims) == 1
	})
	text, err := json.Marshal(claim)
	if err != nil {
		t.Fatal(err)
	}
	var kept flexcancel.OutboxClaim
	if err := json.Unmarshal(text, &kept); err != nil || !reflect.DeepEqual(kept, claim) || !kept.InDoubt {
		t.Errorf("%+v, expected %+v: %v", kept, claim, err)
	}
	wrong := client(t, nil)
	fault(t, fields{"fault": "status", "status": 401, "times": 1000,
		"body": `{"error":{"code":"unauthorized","message":"No."}}`})
	c, err := wrong.Cancel(context.Background(), kept.SessionID, flexcancel.WithAskedAt(kept.AskedAt),
		flexcancel.WithIdempotencyKey(kept.IdempotencyKey), flexcancel.WithInDoubt(kept.InDoubt))
	pending(t, "a 401", c, err)
	releasedOnce(t, id)
}
