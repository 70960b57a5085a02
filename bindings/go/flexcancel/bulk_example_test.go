package flexcancel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func ExampleClient_CancelMany() {
	client := till()
	defer client.Close()
	ids := []string{"fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T", "no id"}
	for item, c := range client.CancelMany(context.Background(), slices.Values(ids),
		flexcancel.WithRate(25)) {
		switch {
		case item.Err == nil:
			fmt.Println(item.SessionID, "voided")
		case errors.Is(item.Err, flexcancel.ErrUnknown):
			fmt.Println(item.SessionID, "pending:", c.Advice())
		default:
			fmt.Println(item.SessionID, c.Outcome, c.Code)
		}
	}
	// Output:
	// fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T not_applied not_found
	// no id not_applied invalid_session_id
}

// A run that is started again with the same journal goes on where the first one ended.
func ExampleBulkRun() {
	client := till()
	defer client.Close()
	directory, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	ids := []string{"fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T"}
	run := client.NewBulkRun(flexcancel.IDs(slices.Values(ids)),
		flexcancel.WithJournal(filepath.Join(directory, "night.jsonl")),
		flexcancel.WithReason("closing time"))
	for range 2 {
		for item, c := range run.Results(context.Background()) {
			fmt.Println(item.SessionID, c.Outcome, item.FromJournal)
		}
		if err := run.Err(); err != nil {
			fmt.Println("start it again:", err)
		}
		fmt.Println(run.Summary().Items, run.Summary().NotApplied)
	}
	// Output:
	// fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T not_applied false
	// 1 1
	// fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T not_applied true
	// 1 1
}
