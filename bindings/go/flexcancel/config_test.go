package flexcancel_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAConfigIsShownWithoutItsKey(t *testing.T) {
	config := flexcancel.Config{APIKey: key, Proxy: "http://till:nobodymaysee@127.0.0.1:1"}
	within := struct{ Config flexcancel.Config }{config}
	var shown strings.Builder
	for _, value := range []any{config, &config, within, []flexcancel.Config{config}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
			fmt.Fprintf(&shown, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "config", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("JSON", "config", value)
		shown.Write(log.Bytes())
	}
	fmt.Fprint(&shown, config, config.String())
	for _, encoded := range []string{key, fmt.Sprintf("%x", key), "nobodymaysee"} {
		if strings.Contains(shown.String(), encoded) {
			t.Error("a secret is shown")
		}
	}
	if !strings.Contains(shown.String(), "flexcancel.Config{…}") {
		t.Errorf("%s", shown.String())
	}
}

func TestNeitherAClientNorAnErrorShowsTheKey(t *testing.T) {
	till := client(t, nil)
	_, err := flexcancel.New(flexcancel.Config{APIKey: key, Mode: "live"})
	shown := fmt.Sprintf("%v %+v %#v %v %+v %#v", till, till, till, err, err, err)
	if strings.Contains(shown, key) {
		t.Error("the key is shown")
	}
}
