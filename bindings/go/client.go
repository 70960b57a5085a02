package flexcancel

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/cgo"
	"sync/atomic"
	"time"
)

// defaultTimeout is the library's own where the configuration says nothing; the tests compare it
// with docs/CONFIGURATION.md.
const defaultTimeout = 15 * time.Second

// Client cancels checkout sessions. It is safe for use by many goroutines; calls run side by side.
// Close it when it is not needed any more. The zero Client is a closed one.
//
// Each call that waits keeps a thread of the operating system, as cgo's calls do.
type Client struct {
	handle *handle
	// timeout is the deadline of a call that says nothing else.
	timeout time.Duration
}

// handle is the library's client. It is freed when it was closed and the last call is over.
type handle struct {
	client uintptr
	logger cgo.Handle
	// uses counts the calls in flight, and one more until the client is closed.
	uses   atomic.Int64
	closed atomic.Bool
	// free is called once, at the end.
	free func()
}

// New makes a client. It opens no connection. The error is an [*Error] that matches
// [ErrInvalidConfig]; its message names the field and what was expected.
func New(config Config) (*Client, error) {
	text, err := config.toJSON()
	if err != nil {
		return nil, refused(CodeInvalidConfig, err.Error())
	}
	timeout := config.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	return newClient(text, timeout, config.Logger)
}

// NewFromJSON makes a client from a JSON configuration as all languages share it, with the keys
// of docs/CONFIGURATION.md and times in milliseconds. Otherwise like [New].
func NewFromJSON(config string) (*Client, error) {
	var read struct {
		TimeoutMS int64 `json:"timeout_ms"`
	}
	timeout := defaultTimeout
	// The library judges the text; here only its time-out matters, where it has one.
	if json.Unmarshal([]byte(config), &read) == nil && read.TimeoutMS > 0 {
		timeout = time.Duration(read.TimeoutMS) * time.Millisecond
	}
	return newClient(config, timeout, nil)
}

func newClient(config string, timeout time.Duration, logger *slog.Logger) (*Client, error) {
	if loaded, expected := loadedABI(), expectedABI(); loaded != expected {
		return nil, refused(CodeInternal,
			fmt.Sprintf("libflexcancel has ABI %d; this package needs %d", loaded, expected))
	}
	client, answer := nativeNew(config)
	if client == 0 {
		return nil, newCancellation(answer).err(nil)
	}
	h := &handle{client: client}
	h.free = h.freeClient
	h.uses.Store(1)
	if logger != nil {
		h.logger = cgo.NewHandle(logger)
		nativeLog(client, uintptr(h.logger))
	}
	c := &Client{handle: h, timeout: timeout}
	runtime.AddCleanup(c, (*handle).close, h)
	return c, nil
}

// Close closes the client and its connections. Calls in flight go on to their end; later ones
// fail with [ErrClosed]. Closing twice has no effect. The error is always nil.
func (c *Client) Close() error {
	c.handle.close()
	return nil
}

func (h *handle) close() {
	if h != nil && !h.closed.Swap(true) {
		h.release()
	}
}

// use keeps the handle until release; false if it is closed.
func (h *handle) use() bool {
	for h != nil {
		uses := h.uses.Load()
		if uses == 0 || h.closed.Load() {
			return false
		}
		if h.uses.CompareAndSwap(uses, uses+1) {
			return true
		}
	}
	return false
}

func (h *handle) release() {
	if h.uses.Add(-1) == 0 {
		h.free()
	}
}

func (h *handle) freeClient() {
	nativeFree(h.client)
	if h.logger != 0 {
		h.logger.Delete()
	}
}

// Cancel releases the hold of a checkout session, and says whether it is released.
//
// It blocks until the outcome is definite, or the time is up: the client's, the option's or the
// context's, whichever is first. A context that is canceled ends the call at once: before
// anything was handed to the network nothing is sent, and after that the outcome is what the
// evidence allows. The context of a cancel that must not be left open is one of its own, not that
// of a request whose client may go away.
//
// The error is nil for [Canceled] and [AlreadyCanceled]. An [Unknown] cancel is repeated by
// [WithRepeat]. See the package's documentation.
func (c *Client) Cancel(ctx context.Context, sessionID string, opts ...Option) (*Cancellation, error) {
	cancellation, ended, err := c.call(ctx, opts, func(h *handle, options []byte, abort uintptr) answer {
		return nativeCall(false, h.logger == 0, h.client, nativeText(sessionID), options, abort)
	})
	if err != nil {
		return nil, err
	}
	if cancellation.Outcome.IsVoided() {
		return cancellation, nil
	}
	return cancellation, cancellation.err(ended)
}

// Retrieve reads a session with its payment intents, and says what may be said of the void:
// [AlreadyCanceled], [NotCancelable], [NotApplied] (as of now it can be canceled; a cancel that is
// still on its way may release it yet) or [Unknown]. It changes nothing. The error is nil where the
// session was read ([CodeOK]).
func (c *Client) Retrieve(ctx context.Context, sessionID string, opts ...Option) (*Cancellation, error) {
	return c.look(ctx, opts, func(h *handle, options []byte, abort uintptr) answer {
		return nativeCall(true, h.logger == 0, h.client, nativeText(sessionID), options, abort)
	})
}

// WarmUp opens a connection ahead of time, beside those that are there, and sends nothing; the next
// call finds it, if it comes within the client's MaxIdle. Of the options only [WithTimeout] is for
// this. The outcome is always [NotApplied]; the error is nil where a connection waits.
func (c *Client) WarmUp(ctx context.Context, opts ...Option) (*Cancellation, error) {
	return c.look(ctx, opts, func(h *handle, options []byte, abort uintptr) answer {
		return nativeWarmUp(h.client, options, abort)
	})
}

// look makes a call whose code alone tells whether it went well.
func (c *Client) look(ctx context.Context, opts []Option, operation operation) (*Cancellation, error) {
	cancellation, ended, err := c.call(ctx, opts, operation)
	if err != nil {
		return nil, err
	}
	if cancellation.Code == CodeOK {
		return cancellation, nil
	}
	return cancellation, cancellation.err(ended)
}

// operation is what a call does, with the options as the library takes them.
type operation func(h *handle, options []byte, abort uintptr) answer

// call makes one call. The first errors say why the context ended it, if it did.
func (c *Client) call(
	ctx context.Context, opts []Option, operation operation,
) (*Cancellation, []error, error) {
	defer runtime.KeepAlive(c)
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	h := c.handle
	if !h.use() {
		return nil, nil, o.refuse(CodeInvalidHandle, "the client is closed")
	}
	defer h.release()
	deadline, hasDeadline := ctx.Deadline()
	var text []byte
	if len(opts) > 0 || hasDeadline {
		if hasDeadline {
			o.within(time.Until(deadline), c.timeout)
		}
		var err error
		if text, err = o.text(); err != nil {
			return nil, nil, o.refuse(CodeInvalidArgument, err.Error())
		}
	}
	watch, ok := watch(ctx, hasDeadline && !time.Now().Before(deadline))
	if !ok {
		return nil, nil, o.refuse(CodeInternal, "every handle is in use")
	}
	cancellation := newCancellation(operation(h, text, watch.abort))
	watch.end()
	return cancellation, ended(ctx, cancellation.Code, deadline, hasDeadline), nil
}

// ended is the context's error if the context ended the call: by an abort, or by the time that it
// left, which is up a little before the context's own. The cause goes with it.
func ended(ctx context.Context, code Code, deadline time.Time, hasDeadline bool) []error {
	if err := ctx.Err(); err != nil {
		if cause := context.Cause(ctx); cause != err {
			return []error{err, cause}
		}
		return []error{err}
	}
	const within = 2 * time.Millisecond
	if hasDeadline && time.Until(deadline) <= within && (code == CodeTimeout || code == CodeAborted) {
		return []error{context.DeadlineExceeded}
	}
	return nil
}

// watcher aborts a call when its context ends.
type watcher struct {
	abort uintptr
	stop  func() bool
	done  chan struct{}
}

// watch begins to watch; a context that never ends costs nothing. isLate is true of a deadline that
// has passed, which the context itself may tell a little later. False if there is no handle left.
func watch(ctx context.Context, isLate bool) (watcher, bool) {
	if ctx.Done() == nil && !isLate {
		return watcher{}, true
	}
	abort, done := nativeAbort(), make(chan struct{})
	if abort == 0 {
		return watcher{}, false
	}
	if isLate || ctx.Err() != nil {
		// Before the call, so that surely nothing is sent.
		nativeTrigger(abort)
		return watcher{abort: abort, stop: func() bool { return true }}, true
	}
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		nativeTrigger(abort)
	})
	return watcher{abort, stop, done}, true
}

// end stops watching, and waits for an abort that has begun.
func (w watcher) end() {
	if w.abort == 0 {
		return
	}
	if !w.stop() {
		<-w.done
	}
	nativeAbortFree(w.abort)
}

func refused(code Code, message string) error {
	return &Error{Outcome: NotApplied, Code: code, Message: message}
}
