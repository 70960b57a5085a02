package worker_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/worker"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// named are the codes that a cell of the table names.
func named(t *testing.T, cell string) []flexcancel.Code {
	t.Helper()
	var codes []flexcancel.Code
	for _, match := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
		var code flexcancel.Code
		kit.OK(t, code.UnmarshalText([]byte(match[1])))
		codes = append(codes, code)
	}
	return codes
}

// every code that a call can end with.
func every() []flexcancel.Code {
	var codes []flexcancel.Code
	for code := flexcancel.Code(0); code < 400; code++ {
		if !strings.HasPrefix(code.String(), "code ") {
			codes = append(codes, code)
		}
	}
	return codes
}

func TestAWorkerDecidesAsTheOutboxDoes(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/OUTBOX.md")
	kit.OK(t, err)
	_, table, found := strings.Cut(string(page), "| outcome | code | unclear before |")
	if !found {
		t.Fatal("the page has no such table")
	}
	type key struct {
		outcome flexcancel.Outcome
		code    flexcancel.Code
	}
	states, rest := map[key]string{}, map[flexcancel.Outcome]string{}
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) != 7 {
			break
		}
		var outcome flexcancel.Outcome
		kit.OK(t, outcome.UnmarshalText([]byte(strings.Trim(cells[1], " `"))))
		codes := named(t, cells[2])
		if strings.Contains(cells[2], "any") {
			rest[outcome] = cells[4]
		}
		for _, code := range codes {
			states[key{outcome, code}] = cells[4]
		}
	}
	if len(rest) != 5 || len(states) < 20 {
		t.Fatalf("the table was not read: %d, %d", len(rest), len(states))
	}
	for outcome := range rest {
		for _, code := range every() {
			state, ok := states[key{outcome, code}]
			if !ok {
				state = rest[outcome]
			}
			expected := worker.ForPerson
			switch {
			case strings.Contains(state, "delivered"):
				expected = worker.Done
			case strings.Contains(state, "pending"):
				expected = worker.Again
			}
			if is := worker.Decide(outcome, code); is != expected {
				t.Errorf("%s, %s: %d, but the page says %s", outcome, code, is, state)
			}
		}
	}
}
