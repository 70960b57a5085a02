package flexcancel

/*
#include <flexcancel.h>
#include <stdint.h>
#include <string.h>

// Handles are numbers to Go, so that its collector never takes one for a pointer of its own.

enum { MESSAGE, ADVICE, SESSION_ID, IDEMPOTENCY_KEY, REPEAT, CHECKOUT_SESSION, JSON, TEXTS };

// What Go takes of a result, in one crossing.
typedef struct {
	int32_t outcome, code, hold;
	// The texts stand in the buffer one after another.
	size_t len[TEXTS];
	// The result, where its texts had no room; to be taken, or else 0.
	uintptr_t rest;
	// Set by who asks: the result stays the library's, and is not freed.
	int32_t is_borrowed;
} flexgo_result;

static void flexgo_give(flexcancel_result *result, char *buffer, size_t room,
                        flexgo_result *given) {
	const char *texts[TEXTS] = {
		flexcancel_result_message(result),          flexcancel_result_advice(result),
		flexcancel_result_session_id(result),       flexcancel_result_idempotency_key(result),
		flexcancel_result_repeat(result),           flexcancel_result_checkout_session(result),
		flexcancel_result_json(result, NULL),
	};
	size_t total = 0;
	for (int i = 0; i < TEXTS; i++)
		total += given->len[i] = texts[i] != NULL ? strlen(texts[i]) : 0;
	given->outcome = flexcancel_result_outcome(result);
	given->code = flexcancel_result_code(result);
	given->hold = flexcancel_result_hold(result);
	given->rest = 0;
	if (total > room) {
		given->rest = (uintptr_t)result;
		return;
	}
	for (int i = 0; i < TEXTS; buffer += given->len[i++])
		if (given->len[i] > 0)
			memcpy(buffer, texts[i], given->len[i]);
	if (!given->is_borrowed)
		flexcancel_result_free(result);
}

static void flexgo_take(uintptr_t result, char *buffer, size_t room, flexgo_result *given) {
	flexgo_give((flexcancel_result *)result, buffer, room, given);
}

static uintptr_t flexgo_client_new(const char *config, char *buffer, size_t room,
                                   flexgo_result *given) {
	flexcancel_result *error = NULL;
	flexcancel_client *client = flexcancel_client_new(config, &error);
	if (client == NULL)
		flexgo_give(error, buffer, room, given);
	return (uintptr_t)client;
}

static void flexgo_client_free(uintptr_t client) {
	flexcancel_client_free((flexcancel_client *)client);
}

// One crossing for each call: the result's texts are copied and the result freed on the way back.
// It may call back, and a callback may move the goroutine's stack: so what it is given must be on
// the heap, and it has no "noescape" below.
static void flexgo_call(int32_t retrieves, uintptr_t client, const char *id, const char *options,
                        uintptr_t abort, char *buffer, size_t room, flexgo_result *given) {
	flexcancel_client *c = (flexcancel_client *)client;
	flexcancel_abort *a = (flexcancel_abort *)abort;
	flexgo_give(retrieves ? flexcancel_client_retrieve(c, id, options, a)
	                      : flexcancel_client_cancel(c, id, options, a),
	            buffer, room, given);
}

// The same for a client without a log: it calls nothing of Go's.
static void flexgo_call_without_callback(int32_t retrieves, uintptr_t client, const char *id,
                                         const char *options, uintptr_t abort, char *buffer,
                                         size_t room, flexgo_result *given) {
	flexgo_call(retrieves, client, id, options, abort, buffer, room, given);
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

#cgo noescape flexgo_call_without_callback
#cgo nocallback flexgo_call_without_callback
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

// roomForResult is enough for most results, so that they need no second crossing.
const roomForResult = 32 << 10

// nativeResult is what the library's result says; a text that it does not have is empty.
type nativeResult struct {
	outcome                            Outcome
	code                               Code
	hold                               Hold
	message, advice                    string
	sessionID, idempotencyKey          string
	repeat, checkoutSession, wholeJSON []byte
}

var buffers = sync.Pool{New: func() any { return new([roomForResult]byte) }}

// Version is the version of the library that is loaded, like "1.2.3".
func Version() string { return C.GoString(C.flexcancel_version()) }

func loadedABI() uint32   { return uint32(C.flexcancel_abi_version()) }
func expectedABI() uint32 { return uint32(C.flexgo_expected_abi()) }

// nativeText ends a text for C. A NUL within would cut it; the control character in its place is
// refused by the library, as a NUL would be, wherever a text goes in.
func nativeText(text string) []byte {
	return append([]byte(strings.ReplaceAll(text, "\x00", "\x01")), 0)
}

// maxSessionID is the most bytes of a session's id; a test compares it with the library's.
const maxSessionID = 255

// nativeID is a session's id for C. Of one that is too long the library would say how C has it; what
// is in its place is refused with the bounds of an id.
func nativeID(id string) []byte {
	if len(id) > maxSessionID {
		id = "\x01"
	}
	return nativeText(id)
}

func nativeNew(config string) (uintptr, nativeResult) {
	text := nativeText(config)
	buffer := buffers.Get().(*[roomForResult]byte)
	defer buffers.Put(buffer)
	var given C.flexgo_result
	client := C.flexgo_client_new(chars(text), chars(buffer[:]), roomForResult, &given)
	if client != 0 {
		return uintptr(client), nativeResult{}
	}
	return 0, take(&given, buffer)
}

func nativeFree(client uintptr) { C.flexgo_client_free(C.uintptr_t(client)) }

func nativeCall(retrieves, hasCallback bool, client uintptr, id, options []byte, abort uintptr) nativeResult {
	buffer := buffers.Get().(*[roomForResult]byte)
	defer buffers.Put(buffer)
	var operation C.int32_t
	if retrieves {
		operation = 1
	}
	c, a := C.uintptr_t(client), C.uintptr_t(abort)
	if !hasCallback {
		// A variable of its own, which can be on the stack: nothing calls back into Go here.
		var given C.flexgo_result
		C.flexgo_call_without_callback(operation, c, chars(id), chars(options), a,
			chars(buffer[:]), roomForResult, &given)
		return take(&given, buffer)
	}
	var given C.flexgo_result
	C.flexgo_call(operation, c, chars(id), chars(options), a, chars(buffer[:]), roomForResult, &given)
	return take(&given, buffer)
}

func nativeWarmUp(client uintptr, options []byte, abort uintptr) nativeResult {
	return takeResult(uintptr(C.flexgo_warm_up(C.uintptr_t(client), chars(options),
		C.uintptr_t(abort))))
}

// takeResult takes a result, and frees it.
func takeResult(result uintptr) nativeResult { return readResult(result, C.flexgo_result{}) }

// copyResult takes what a result says, and leaves it to its owner.
func copyResult(result uintptr) nativeResult {
	return readResult(result, C.flexgo_result{is_borrowed: 1})
}

func readResult(result uintptr, given C.flexgo_result) nativeResult {
	buffer := buffers.Get().(*[roomForResult]byte)
	defer buffers.Put(buffer)
	C.flexgo_take(C.uintptr_t(result), chars(buffer[:]), roomForResult, &given)
	return take(&given, buffer)
}

// take copies the texts out of the buffer, or fetches those that had no room there.
func take(given *C.flexgo_result, buffer *[roomForResult]byte) nativeResult {
	total := 0
	for _, length := range given.len {
		total += int(length)
	}
	texts := make([]byte, total)
	if given.rest == 0 {
		copy(texts, buffer[:])
	} else {
		C.flexgo_take(given.rest, chars(texts), C.size_t(total), given)
	}
	next := func(text int) []byte {
		length := int(given.len[text])
		found := texts[:length:length]
		texts = texts[length:]
		return found
	}
	return nativeResult{
		outcome:         Outcome(given.outcome),
		code:            Code(given.code),
		hold:            Hold(given.hold),
		message:         string(next(C.MESSAGE)),
		advice:          string(next(C.ADVICE)),
		sessionID:       string(next(C.SESSION_ID)),
		idempotencyKey:  string(next(C.IDEMPOTENCY_KEY)),
		repeat:          next(C.REPEAT),
		checkoutSession: next(C.CHECKOUT_SESSION),
		wholeJSON:       next(C.JSON),
	}
}

func chars(text []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(text)))
}

func nativeAbort() uintptr             { return uintptr(C.flexgo_abort_new()) }
func nativeTrigger(abort uintptr)      { C.flexgo_abort_trigger(C.uintptr_t(abort)) }
func nativeAbortFree(abort uintptr)    { C.flexgo_abort_free(C.uintptr_t(abort)) }
func nativeLog(client, logger uintptr) { C.flexgo_set_log(C.uintptr_t(client), C.uintptr_t(logger)) }
