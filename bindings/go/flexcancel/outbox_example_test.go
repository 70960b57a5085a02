package flexcancel_test

import (
	"context"
	"fmt"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// A till that has no network keeps the cancel, and says "pending" meanwhile.
func ExampleClient_OpenOutbox() {
	client, err := flexcancel.New(flexcancel.Config{APIKeyEnv: "FLEX_API_KEY"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	outbox, err := client.OpenOutbox("/var/lib/till/outbox.db")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer outbox.Close()

	c, err := outbox.Cancel(context.Background(), "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T")
	switch {
	case err == nil:
		fmt.Println("voided")
	case c != nil && c.Entry() != nil && !c.Entry().IsFinal():
		fmt.Println("pending: the outbox delivers it later")
	default:
		fmt.Println(err)
	}

	// Every minute or so:
	if _, err := outbox.Flush(context.Background()); err != nil {
		fmt.Println(err)
	}
	worklist, err := outbox.Worklist()
	if err != nil {
		fmt.Println(err)
	}
	for _, entry := range worklist {
		fmt.Println(entry.SessionID, entry.State, entry.LastMessage)
	}
}
