package flexcancel

// #include <stddef.h>
// #include <stdint.h>
import "C"

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"runtime/cgo"
	"slices"
	"unsafe"
)

// flexcancelGoLog receives one event on the goroutine that makes the call. Nothing that goes wrong
// here may reach the library: a logger that panics loses the event, not the outcome.
//
//export flexcancelGoLog
func flexcancelGoLog(logger C.uintptr_t, level C.int32_t, event *C.char, length C.size_t) {
	defer func() { _ = recover() }()
	target := cgo.Handle(logger).Value().(*slog.Logger)
	at := slogLevel(int32(level))
	if !target.Enabled(context.Background(), at) {
		return
	}
	logEvent(target, at, unsafe.Slice((*byte)(unsafe.Pointer(event)), int(length)))
}

func slogLevel(level int32) slog.Level {
	switch level {
	case 2:
		return slog.LevelWarn
	case 3:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

func logEvent(target *slog.Logger, level slog.Level, event []byte) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(event, &fields) != nil {
		return
	}
	var message string
	_ = json.Unmarshal(fields["message"], &message)
	delete(fields, "message")
	delete(fields, "level")
	attributes := make([]slog.Attr, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var text string
		var number int64
		if value := fields[name]; string(value) == "null" {
			continue
		} else if json.Unmarshal(value, &number) == nil {
			attributes = append(attributes, slog.Int64(name, number))
		} else if json.Unmarshal(value, &text) == nil {
			attributes = append(attributes, slog.String(name, text))
		}
	}
	target.LogAttrs(context.Background(), level, message, attributes...)
}
