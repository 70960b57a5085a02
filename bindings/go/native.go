package flexcancel

/*
#include <flexcancel.h>
#include <stdint.h>
#include <string.h>

// Handles are numbers to Go, so that its collector never takes one for a pointer of its own.

typedef struct {
	int32_t outcome;
	int32_t code;
	size_t len;
	// The result, where its text had no room; to be taken, or else 0.
	uintptr_t rest;
} flexgo_answer;

static void flexgo_give(flexcancel_result *result, char *buffer, size_t room,
                        flexgo_answer *answer) {
	const char *json = flexcancel_result_json(result, &answer->len);
	answer->outcome = flexcancel_result_outcome(result);
	answer->code = flexcancel_result_code(result);
	answer->rest = 0;
	if (answer->len > room) {
		answer->rest = (uintptr_t)result;
		return;
	}
	memcpy(buffer, json, answer->len);
	flexcancel_result_free(result);
}

static void flexgo_take(uintptr_t result, char *buffer, size_t room, flexgo_answer *answer) {
	flexgo_give((flexcancel_result *)result, buffer, room, answer);
}

static uintptr_t flexgo_client_new(const char *config, char *buffer, size_t room,
                                   flexgo_answer *answer) {
	flexcancel_result *error = NULL;
	flexcancel_client *client = flexcancel_client_new(config, &error);
	if (client == NULL)
		flexgo_give(error, buffer, room, answer);
	return (uintptr_t)client;
}

static void flexgo_client_free(uintptr_t client) {
	flexcancel_client_free((flexcancel_client *)client);
}

// One crossing for each call: the result's text is copied and the result freed on the way back.
// It may call back, and a callback may move the goroutine's stack: so what it is given must be on
// the heap, and it has no "noescape" below.
static void flexgo_call(int32_t retrieves, uintptr_t client, const char *id, const char *options,
                        uintptr_t abort, char *buffer, size_t room, flexgo_answer *answer) {
	flexcancel_client *c = (flexcancel_client *)client;
	flexcancel_abort *a = (flexcancel_abort *)abort;
	flexgo_give(retrieves ? flexcancel_retrieve(c, id, options, a)
	                      : flexcancel_cancel(c, id, options, a),
	            buffer, room, answer);
}

// The same for a client without a log: it calls nothing of Go's.
static void flexgo_call_quietly(int32_t retrieves, uintptr_t client, const char *id,
                                const char *options, uintptr_t abort, char *buffer, size_t room,
                                flexgo_answer *answer) {
	flexgo_call(retrieves, client, id, options, abort, buffer, room, answer);
}

static uintptr_t flexgo_warm_up(uintptr_t client, const char *options, uintptr_t abort) {
	return (uintptr_t)flexcancel_client_warm_up((flexcancel_client *)client, options,
	                                            (flexcancel_abort *)abort);
}

static uintptr_t flexgo_abort_new(void) { return (uintptr_t)flexcancel_abort_new(); }
static void flexgo_abort_trigger(uintptr_t abort) {
	flexcancel_abort_trigger((flexcancel_abort *)abort);
}
static void flexgo_abort_free(uintptr_t abort) { flexcancel_abort_free((flexcancel_abort *)abort); }

extern void flexcancelGoLog(uintptr_t logger, int32_t level, char *event, size_t len);

static void flexgo_log(void *logger, int32_t level, const char *event, size_t len) {
	flexcancelGoLog((uintptr_t)logger, level, (char *)event, len);
}

static void flexgo_set_log(uintptr_t client, uintptr_t logger) {
	flexcancel_client_set_log((flexcancel_client *)client, flexgo_log, (void *)logger);
}

static uint32_t flexgo_expected_abi(void) { return FLEXCANCEL_ABI_VERSION; }

#cgo noescape flexgo_call_quietly
#cgo nocallback flexgo_call_quietly
#cgo noescape flexgo_client_new
#cgo nocallback flexgo_client_new
#cgo noescape flexgo_take
#cgo nocallback flexgo_take
*/
import "C"

import (
	"strings"
	"sync"
	"unsafe"
)

// roomForAnswer is enough for most results, so that they need no second crossing.
const roomForAnswer = 16 << 10

type answer struct {
	outcome Outcome
	code    Code
	json    []byte
}

var buffers = sync.Pool{New: func() any { return new([roomForAnswer]byte) }}

// Version is the version of the library that is loaded, like "1.2.3".
func Version() string { return C.GoString(C.flexcancel_version()) }

func loadedABI() uint32   { return uint32(C.flexcancel_abi_version()) }
func expectedABI() uint32 { return uint32(C.flexgo_expected_abi()) }

// nativeText ends a text for C. A NUL within would cut it; the control character in its place is
// refused by the library, as a NUL would be, wherever a text goes in.
func nativeText(text string) []byte {
	bytes := make([]byte, len(text)+1)
	copy(bytes, text)
	if strings.IndexByte(text, 0) >= 0 {
		for i := range text {
			if text[i] == 0 {
				bytes[i] = 1
			}
		}
	}
	return bytes
}

func nativeNew(config string) (uintptr, answer) {
	text := nativeText(config)
	buffer := buffers.Get().(*[roomForAnswer]byte)
	defer buffers.Put(buffer)
	var given C.flexgo_answer
	client := C.flexgo_client_new(chars(text), room(buffer), roomForAnswer, &given)
	if client != 0 {
		return uintptr(client), answer{}
	}
	return 0, take(&given, buffer)
}

func nativeFree(client uintptr) { C.flexgo_client_free(C.uintptr_t(client)) }

func nativeCall(retrieves, quietly bool, client uintptr, id, options []byte, abort uintptr) answer {
	buffer := buffers.Get().(*[roomForAnswer]byte)
	defer buffers.Put(buffer)
	var operation C.int32_t
	if retrieves {
		operation = 1
	}
	c, a := C.uintptr_t(client), C.uintptr_t(abort)
	if quietly {
		// A variable of its own, which can be on the stack: nothing calls back into Go here.
		var given C.flexgo_answer
		C.flexgo_call_quietly(operation, c, chars(id), chars(options), a, room(buffer),
			roomForAnswer, &given)
		return take(&given, buffer)
	}
	var given C.flexgo_answer
	C.flexgo_call(operation, c, chars(id), chars(options), a, room(buffer), roomForAnswer, &given)
	return take(&given, buffer)
}

func nativeWarmUp(client uintptr, options []byte, abort uintptr) answer {
	return answerOf(uintptr(C.flexgo_warm_up(C.uintptr_t(client), chars(options),
		C.uintptr_t(abort))))
}

// answerOf is the answer in a result, which it frees.
func answerOf(result uintptr) answer {
	buffer := buffers.Get().(*[roomForAnswer]byte)
	defer buffers.Put(buffer)
	var given C.flexgo_answer
	C.flexgo_take(C.uintptr_t(result), room(buffer), roomForAnswer, &given)
	return take(&given, buffer)
}

// take copies the text out of the buffer, or fetches one that had no room there.
func take(given *C.flexgo_answer, buffer *[roomForAnswer]byte) answer {
	taken := answer{outcome: Outcome(given.outcome), code: Code(given.code)}
	taken.json = make([]byte, int(given.len))
	if given.rest == 0 {
		copy(taken.json, buffer[:])
		return taken
	}
	text := (*C.char)(unsafe.Pointer(unsafe.SliceData(taken.json)))
	C.flexgo_take(given.rest, text, C.size_t(len(taken.json)), given)
	return taken
}

func chars(text []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(text)))
}

func room(buffer *[roomForAnswer]byte) *C.char {
	return (*C.char)(unsafe.Pointer(buffer))
}

func nativeAbort() uintptr             { return uintptr(C.flexgo_abort_new()) }
func nativeTrigger(abort uintptr)      { C.flexgo_abort_trigger(C.uintptr_t(abort)) }
func nativeAbortFree(abort uintptr)    { C.flexgo_abort_free(C.uintptr_t(abort)) }
func nativeLog(client, logger uintptr) { C.flexgo_set_log(C.uintptr_t(client), C.uintptr_t(logger)) }
