// Command cancel is a till's void button: it cancels one Flex checkout session and says what the
// cashier may say.
//
//	cancel SESSION_ID
//
// Environment: FLEX_API_KEY (required; only the variable's name is handed on, so the key never
// passes through this program), FLEX_BASE_URL, FLEX_CA_FILE, FLEX_TIMEOUT_MS.
//
// It prints a line for the cashier and the result's JSON on stdout, a line for the log on stderr.
// If the void is pending, the JSON's `repeat` has the options to try it again later, or for an
// outbox.
// Exit code: 0 voided, 1 too late, 2 not voided, 3 pending, 64 wrong usage. Ctrl-C ends the call
// early, and what is then known is told all the same.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

const (
	voided     = 0
	tooLate    = 1
	notVoided  = 2
	pending    = 3
	wrongUsage = 64
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if _, ok := os.LookupEnv("FLEX_API_KEY"); len(args) != 1 || !ok {
		fmt.Fprintln(os.Stderr, "usage: FLEX_API_KEY=... cancel SESSION_ID")
		return wrongUsage
	}
	baseURL, ok := os.LookupEnv("FLEX_BASE_URL")
	switch {
	case !ok:
		fmt.Fprintln(os.Stderr, "FLEX_BASE_URL is not set: this calls Flex itself.")
	case baseURL == "":
		fmt.Fprintln(os.Stderr, "FLEX_BASE_URL: expected https://HOST[:PORT][/PATH], found nothing")
		return wrongUsage
	}
	config := flexcancel.Config{
		APIKeyEnv: "FLEX_API_KEY",
		BaseURL:   baseURL,
		CAFile:    os.Getenv("FLEX_CA_FILE"),
	}
	if text, ok := os.LookupEnv("FLEX_TIMEOUT_MS"); ok {
		ms, err := strconv.ParseUint(text, 10, 31)
		if err != nil || ms == 0 {
			fmt.Fprintln(os.Stderr, "FLEX_TIMEOUT_MS: expected digits only, and more than 0")
			return wrongUsage
		}
		config.Timeout = time.Duration(ms) * time.Millisecond
	}
	// A till that serves many sales makes one client and keeps it: connections are reused.
	client, err := flexcancel.New(config)
	if err != nil {
		return tell(nil, err)
	}
	defer client.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c, err := client.Cancel(ctx, args[0])
	if errors.Is(err, flexcancel.ErrUnknown) && ctx.Err() == nil {
		// The request may have arrived: ask again, as the same cancel, before saying "pending".
		c, err = client.Cancel(ctx, args[0], flexcancel.WithRepeat(c))
	}
	return tell(c, err)
}

// tell says what may be said. Whatever this program does not know, of a newer library say, is
// "pending".
func tell(c *flexcancel.Result, err error) int {
	code, words := pending, "VOID PENDING: promise the shopper nothing yet."
	switch {
	case err == nil:
		code = voided
		words = "VOIDED: Flex has canceled the authorization; the bank may show it for some days."
	case errors.Is(err, flexcancel.ErrNotCancelable):
		code, words = tooLate, "TOO LATE TO VOID: check whether money was taken before refunding."
	case errors.Is(err, flexcancel.ErrNotApplied):
		code, words = notVoided, "NOT VOIDED: this changed nothing; the log says why."
	}
	fmt.Println(words)
	if c == nil {
		fmt.Fprintln(os.Stderr, "cancel:", err)
		return code
	}
	fmt.Printf("%s\n", c.JSON())
	fmt.Fprintf(os.Stderr, "cancel: %s: %s: %s\n", c.Code, c.Message(), c.Advice())
	return code
}
