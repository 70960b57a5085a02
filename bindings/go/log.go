package flexcancel

// #include <stddef.h>
// #include <stdint.h>
import "C"

import (
	"context"
	"encoding/json"
	"log/slog"
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
	for name, value := range fields {
		var plain any
		if json.Unmarshal(value, &plain) == nil && plain != nil {
			attributes = append(attributes, slog.Any(name, plain))
		}
	}
	slices.SortFunc(attributes, func(a, b slog.Attr) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	target.LogAttrs(context.Background(), level, message, attributes...)
}
