package flexcancel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

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

func TestATimeBelowAMillisecondIsShownAsItIs(t *testing.T) {
	till := client(t, nil)
	_, ofOption := till.Cancel(context.Background(), "fcs_1", flexcancel.WithTimeout(-1))
	_, ofLong := till.Cancel(context.Background(), "fcs_1", flexcancel.WithTimeout(-time.Millisecond))
	_, ofKeep := till.OpenOutbox(file(t), flexcancel.WithKeep(-1))
	rows := map[string]error{
		"timeout_ms: expected at least 1ms, found -1ns": ofOption,
		"keep_ms: expected at least 1ms, found -1ns":    ofKeep,
		"from 1 to 600000, found -1":                    ofLong,
	}
	for expected, config := range map[string]flexcancel.Config{
		"timeout_ms: expected at least 1ms, found -1ns":           {Timeout: -1},
		"timeout_ms: expected at least 1ms, found 10ns":           {Timeout: 10},
		"connect_timeout_ms: expected at least 1ms, found -999µs": {ConnectTimeout: -999 * time.Microsecond},
		"max_idle_ms: expected at least 1ms, found 7ns":           {MaxIdle: 7},
	} {
		config.APIKey = key
		_, rows[expected] = flexcancel.New(config)
	}
	for expected, err := range rows {
		if err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%v, expected %s", err, expected)
		}
	}
	// To these two any negative time means never.
	made, err := flexcancel.New(flexcancel.Config{APIKey: key, MaxIdle: -1, DNSTTL: -1})
	if err != nil {
		t.Fatal(err)
	}
	_ = made.Close()
}
