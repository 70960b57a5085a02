package flexcancel

// #include <stdint.h>
// #include <stdlib.h>
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// bulkCall is one call of the library on a goroutine of its own. What the library asks for is
// handed to the goroutine of the caller, so that the caller's code never runs above a frame of C:
// there a panic, or runtime.Goexit, would skip the end of the run.
type bulkCall struct {
	asks    chan bulkAsk
	answers chan bulkAnswer
	// isAsked is true while the library waits for an answer.
	isAsked bool
	// summary is there once asks is closed.
	summary nativeResult
	// What the library has borrowed until it asks for the next item.
	sessionID, options *C.char
}

// bulkAsk asks for the next item or, where there is a result, whether to go on.
type bulkAsk struct {
	number int64
	result *nativeResult
}

// bulkAnswer has the status that a callback gives, and an item's texts for C.
type bulkAnswer struct {
	status             int32
	sessionID, options []byte
}

var (
	bulkGoOn = bulkAnswer{status: 0}
	bulkNone = bulkAnswer{status: 0}
	bulkStop = bulkAnswer{status: -1}
)

func startBulk(client uintptr, options []byte, abort uintptr) *bulkCall {
	call := &bulkCall{asks: make(chan bulkAsk), answers: make(chan bulkAnswer)}
	go func() {
		defer close(call.asks)
		handle := cgo.NewHandle(call)
		defer handle.Delete()
		call.summary = nativeCancelMany(client, options, uintptr(handle), abort)
		call.lend(nil, nil)
	}()
	return call
}

// ask waits for what the library asks for next; false when the run has ended.
func (c *bulkCall) ask() (bulkAsk, bool) {
	ask, ok := <-c.asks
	c.isAsked = ok
	return ask, ok
}

func (c *bulkCall) answer(answer bulkAnswer) {
	c.isAsked = false
	c.answers <- answer
}

// end has the library end the run, if it has not yet, and waits for that.
func (c *bulkCall) end() {
	for {
		if c.isAsked {
			c.answer(bulkStop)
		}
		if _, ok := c.ask(); !ok {
			return
		}
	}
}

// lend frees what was lent before.
func (c *bulkCall) lend(sessionID, options []byte) {
	C.free(unsafe.Pointer(c.sessionID))
	C.free(unsafe.Pointer(c.options))
	c.sessionID, c.options = lent(sessionID), lent(options)
}

func lent(text []byte) *C.char {
	if text == nil {
		return nil
	}
	return (*C.char)(C.CBytes(text))
}

//export flexcancelGoNext
func flexcancelGoNext(handle C.uintptr_t, sessionID, options **C.char) C.int32_t {
	call := cgo.Handle(handle).Value().(*bulkCall)
	call.asks <- bulkAsk{}
	answer := <-call.answers
	call.lend(answer.sessionID, answer.options)
	*sessionID, *options = call.sessionID, call.options
	return C.int32_t(answer.status)
}

//export flexcancelGoDone
func flexcancelGoDone(handle C.uintptr_t, number C.uint64_t, result C.uintptr_t) C.int32_t {
	call := cgo.Handle(handle).Value().(*bulkCall)
	copied := copyResult(uintptr(result))
	call.asks <- bulkAsk{int64(number), &copied}
	return C.int32_t((<-call.answers).status)
}
