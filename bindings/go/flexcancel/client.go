//go:build cgo

package flexcancel

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/cgo"
	"time"
)

// defaultTimeout is the library's own where the configuration says nothing; the tests compare it
// with docs/CONFIGURATION.md.
const defaultTimeout = 15 * time.Second

// Client cancels checkout sessions. It is safe for use by many goroutines; calls run side by side.
// Close it when it is not needed any more. Pass the pointer on; go vet complains of a copy, which
// is the same client. The zero Client and a nil one are closed.
//
// Each call that waits keeps a thread of the operating system, as cgo's calls do.
type Client struct {
	_     noCopy
	owner *owner
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
	client, refusal := nativeNew(config)
	if client == 0 {
		return nil, newResult(refusal).err(nil)
	}
	h := &handle{native: client, timeout: timeout}
	if logger != nil {
		h.logger = cgo.NewHandle(logger)
		nativeLog(client, uintptr(h.logger))
	}
	return &Client{owner: own(h, func() {
		nativeFree(client)
		if h.logger != 0 {
			h.logger.Delete()
		}
	})}, nil
}

// Close closes the client and its connections. Calls in flight go on to their end; later ones
// fail with [ErrClosed]. Closing twice has no effect. The error is always nil.
func (c *Client) Close() error {
	c.get().close()
	return nil
}

func (c *Client) get() *owner {
	if c == nil {
		return nil
	}
	return c.owner
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
func (c *Client) Cancel(ctx context.Context, sessionID string, opts ...Option) (*Result, error) {
	result, ended, err := c.call(ctx, sessionID, false, opts)
	if err != nil || result.Outcome.IsVoided() {
		return result, err
	}
	return result, result.err(ended)
}

// Retrieve reads a session with its payment intents, and says what may be said of the void:
// [AlreadyCanceled], [NotCancelable], [NotApplied] (as of now it can be canceled; a cancel that is
// still on its way may release it yet) or [Unknown]. It changes nothing. The error is nil where the
// session was read ([CodeOK]).
func (c *Client) Retrieve(ctx context.Context, sessionID string, opts ...Option) (*Result, error) {
	result, ended, err := c.call(ctx, sessionID, true, opts)
	if err != nil || result.Code == CodeOK {
		return result, err
	}
	return result, result.err(ended)
}

func (c *Client) call(
	ctx context.Context, sessionID string, retrieves bool, opts []Option,
) (*Result, []error, error) {
	given := newOptions(opts)
	return c.get().call(ctx, given, ofClient, func(h *handle, options []byte, abort uintptr) nativeResult {
		return nativeCall(retrieves, h.logger != 0, h.native, nativeID(sessionID), options, abort)
	})
}

// WarmUp opens a connection ahead of time, beside those that are there, and sends nothing; the next
// call finds it, if it comes within the client's MaxIdle. Of the options only [WithTimeout] is for
// this. The error is nil where a connection waits; it has a code, and no outcome.
func (c *Client) WarmUp(ctx context.Context, opts ...Option) error {
	result, ended, err := c.get().call(ctx, newOptions(opts), ofClient,
		func(h *handle, options []byte, abort uintptr) nativeResult {
			return nativeWarmUp(h.native, options, abort)
		})
	return asStatus(result, ended, err)
}
