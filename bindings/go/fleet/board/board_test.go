package board_test

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/board"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/metrics"
)

// served are the names of the fleet's metrics that a worker serves.
func served(t *testing.T) map[string]bool {
	t.Helper()
	m := metrics.New()
	m.Result(message.Result{})
	m.Try(time.Second)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	names := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^(flexcancel_fleet_\w+)`).FindAllStringSubmatch(answer.Body.String(), -1) {
		names[match[1]] = true
	}
	return names
}

func TestTheDashboardShowsEachMetricThatExistsAndNoOther(t *testing.T) {
	var read struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(board.JSON, &read); err != nil {
		t.Fatal(err)
	}
	names, shown := served(t), map[string]bool{}
	for _, panel := range read.Panels {
		for _, target := range panel.Targets {
			for _, name := range regexp.MustCompile(`flexcancel_fleet_\w+`).FindAllString(target.Expr, -1) {
				shown[name] = true
				if !names[name] {
					t.Errorf("there is no %s", name)
				}
			}
		}
	}
	for name := range names {
		// Of a histogram the buckets are enough.
		if !shown[name] && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			t.Errorf("%s is not shown", name)
		}
	}
	if len(shown) < 13 {
		t.Errorf("%d metrics are shown", len(shown))
	}
}
