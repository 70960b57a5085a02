package flexcancel

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestGivenAContextEndedForACauseThenBothTheContextsErrorAndTheCauseAreFound(t *testing.T) {
	client, err := New(Config{APIKey: "fsk_test_hunter2", BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cause := errors.New("the shopper left")
	ctx, end := context.WithCancelCause(context.Background())
	end(cause)
	result, err := client.Cancel(ctx, "fcs_1")
	if result == nil || result.Outcome != NotApplied || result.Code != CodeAborted {
		t.Fatalf("expected not_applied/aborted, found %v", err)
	}
	for _, wanted := range []error{context.Canceled, cause, ErrAborted, ErrNotApplied} {
		if !errors.Is(err, wanted) {
			t.Errorf("%v is not found in %v", wanted, err)
		}
	}
	if !strings.HasSuffix(err.Error(), " (the shopper left)") {
		t.Errorf("the cause is not in %q", err)
	}
}
