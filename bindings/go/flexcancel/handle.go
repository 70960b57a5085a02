//go:build cgo

package flexcancel

import (
	"context"
	"runtime"
	"runtime/cgo"
	"sync/atomic"
	"time"
)

// noCopy has go vet complain of copies of what holds it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// owner is what the copies of a Client or an Outbox share: when none of them is left, the collector
// closes the handle.
type owner struct {
	handle *handle
}

// handle is one of the library's. It is freed when it was closed and the last call is over.
type handle struct {
	native uintptr
	// timeout is the deadline of a call that says nothing else.
	timeout time.Duration
	logger  cgo.Handle
	// uses counts the calls in flight, and one more until it is closed.
	uses   atomic.Int64
	closed atomic.Bool
	// free is called once, at the end.
	free func()
}

func own(h *handle, free func()) *owner {
	h.free = free
	h.uses.Store(1)
	o := &owner{h}
	runtime.AddCleanup(o, (*handle).close, h)
	return o
}

func (o *owner) close() {
	if o != nil {
		o.handle.close()
	}
}

func (h *handle) close() {
	if !h.closed.Swap(true) {
		h.release()
	}
}

// use keeps the handle until it is released; nil if it is closed.
func (o *owner) use() *handle {
	if o == nil {
		return nil
	}
	defer runtime.KeepAlive(o)
	for h := o.handle; ; {
		uses := h.uses.Load()
		if uses == 0 || h.closed.Load() {
			return nil
		}
		if h.uses.CompareAndSwap(uses, uses+1) {
			return h
		}
	}
}

func (h *handle) release() {
	if h.uses.Add(-1) == 0 {
		h.free()
	}
}

// limits are what a call's deadline depends on, beside its context and its options.
type limits struct {
	// isClosed is the message where the handle is closed.
	isClosed string
	// keeps is true if a file may keep an earlier cancel of the session.
	keeps bool
	// timeout is the library's own; that of the handle if zero.
	timeout time.Duration
	// reserve is how much of the context's time the library may leave unused.
	reserve time.Duration
}

var (
	ofClient = limits{isClosed: clientIsClosed}
	ofOutbox = limits{isClosed: outboxIsClosed, keeps: true}
)

// refuse is the error of a call that the library is not asked to make.
func (l limits) refuse(given *options, code Code, message string) error {
	refusal := given.refuse(code, message)
	if l.keeps {
		refusal.Outcome = Unknown
	}
	return refusal
}

// operation is what a call does, with the options as the library takes them.
type operation func(h *handle, options []byte, abort uintptr) nativeResult

// call makes one call. The first errors say why the context ended it, if it did; with the last one
// the library was not called.
func (o *owner) call(
	ctx context.Context, given *options, limits limits, operation operation,
) (*Result, []error, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	h := o.use()
	if h == nil {
		return nil, nil, limits.refuse(given, CodeInvalidHandle, limits.isClosed)
	}
	defer h.release()
	deadline, hasDeadline := ctx.Deadline()
	if hasDeadline {
		timeout := limits.timeout
		if timeout == 0 {
			timeout = h.timeout
		}
		given.within(time.Until(deadline), timeout)
	}
	text, err := given.text()
	if err != nil {
		return nil, nil, limits.refuse(given, CodeInvalidArgument, err.Error())
	}
	watch, ok := watch(ctx, hasDeadline && !time.Now().Before(deadline))
	if !ok {
		return nil, nil, limits.refuse(given, CodeInternal, "every handle is in use")
	}
	result := newResult(operation(h, text, watch.abort))
	watch.end()
	return result, ended(ctx, result.Code, deadline.Add(-limits.reserve), hasDeadline), nil
}

const (
	clientIsClosed = "the client is closed: Close was called, or it is nil or a zero Client; make one with New"
	outboxIsClosed = "the outbox is closed: Close was called, or it is nil or a zero Outbox; " +
		"open it with Client.OpenOutbox"
)

// asStatus is the error of an operation that is about no session.
func asStatus(result *Result, ended []error, err error) error {
	switch {
	case err != nil:
		refusal := *err.(*Error)
		return failed(refusal.Code, refusal.Message, nil)
	case result.Code == CodeOK:
		return nil
	default:
		return failed(result.Code, result.Message(), ended)
	}
}

// ended is the context's error if the context ended the call: by an abort, or by the time that it
// left, which is up a little before the context's own. The cause goes with it; only where the
// deadline was moved forward, by a reserve, there is none yet.
func ended(ctx context.Context, code Code, deadline time.Time, hasDeadline bool) []error {
	const within = 2 * time.Millisecond
	isLate := hasDeadline && time.Until(deadline) <= within &&
		(code == CodeTimeout || code == CodeAborted)
	if isLate {
		awaitDeadline(ctx)
	}
	if err := ctx.Err(); err != nil {
		if cause := context.Cause(ctx); cause != err {
			return []error{err, cause}
		}
		return []error{err}
	}
	if isLate {
		return []error{context.DeadlineExceeded}
	}
	return nil
}

// awaitDeadline waits for the end of a context whose deadline is now, because it has its cause only
// then. It waits for a tenth of a second at most: for a context's timer that is late itself.
func awaitDeadline(ctx context.Context) {
	const soon, longest = 3 * time.Millisecond, 100 * time.Millisecond
	deadline, ok := ctx.Deadline()
	if !ok || ctx.Done() == nil || ctx.Err() != nil || time.Until(deadline) > soon {
		return
	}
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
