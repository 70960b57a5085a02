package flexcancel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// A till knows the sandbox's URL from the environment, where there is no Flex.
func till() *flexcancel.Client {
	client, err := flexcancel.New(flexcancel.Config{
		APIKey:  "fsk_test_1",
		BaseURL: os.Getenv("FLEXCANCEL_SANDBOX"),
	})
	if err != nil {
		panic(err)
	}
	return client
}

func ExampleClient_Cancel() {
	client := till()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	id := "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T"
	c, err := client.Cancel(ctx, id)
	if errors.Is(err, flexcancel.ErrUnknown) {
		// The request may have arrived: ask again, as the same cancel.
		c, err = client.Cancel(ctx, id, flexcancel.WithRepeat(c))
	}
	switch {
	case err == nil:
		fmt.Println("voided")
	case errors.Is(err, flexcancel.ErrNotCancelable):
		fmt.Println("too late:", c.Advice())
	case errors.Is(err, flexcancel.ErrNotApplied):
		fmt.Println("not voided:", errors.Is(err, flexcancel.ErrNotFound))
	default:
		fmt.Println("pending:", err)
	}
	// Output: not voided: true
}

func ExampleError() {
	_, err := flexcancel.New(flexcancel.Config{APIKey: "fsk_test_1", MaxAttempts: 11})
	var refused *flexcancel.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Outcome, refused.Code)
		fmt.Println(refused.Message)
	}
	// Output:
	// not_applied invalid_config
	// max_attempts: expected a whole number from 1 to 10, found 11
}

func ExampleClient_Cancel_aborted() {
	client := till()
	defer client.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("the cashier pressed stop"))
	c, err := client.Cancel(ctx, "fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T")
	fmt.Println(c.Outcome, c.Code, errors.Is(err, context.Canceled))
	// Output: not_applied aborted true
}
