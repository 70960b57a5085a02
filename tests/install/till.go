// Cancels one session and prints the outcome.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func main() {
	client, err := flexcancel.New(flexcancel.Config{
		APIKeyEnv: "FLEX_API_KEY",
		BaseURL:   os.Getenv("FLEX_BASE_URL"),
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	defer client.Close()
	result, err := client.Cancel(context.Background(), os.Args[1])
	fmt.Println(result.Outcome, err)
}
