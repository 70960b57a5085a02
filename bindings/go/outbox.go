package flexcancel

import (
	"context"
	"runtime"
	"time"
)

// defaultFlushTimeout is the library's own where a flush says nothing; the tests compare it with
// the table of docs/OUTBOX.md.
const defaultFlushTimeout = time.Minute

// flushReserve is with how little time left a flush begins no further try.
const flushReserve = time.Second

// Outbox keeps cancels in a file until they are delivered; the project's docs/OUTBOX.md says what
// it promises. It is safe for use by many goroutines, and its file by the processes of one till.
// Nothing is delivered unless somebody calls [Outbox.Flush]. The zero Outbox is a closed one.
type Outbox struct {
	outbox uintptr
	// handle is that of the client, as this outbox uses it.
	handle *handle
	// timeout is the deadline of a cancel that says nothing else.
	timeout time.Duration
}

// OpenOutbox opens the outbox in a file, and makes the file if it is not there; its directory must
// be. It sends nothing. The outbox delivers through this client, which may be closed before it.
//
// The error is an [*Error] that matches [ErrOutboxUnsafe], [ErrOutboxIO], [ErrOutboxCorrupt],
// [ErrOutboxSchema], [ErrOutboxBusy], [ErrOutboxUnavailable], [ErrInvalidArgument] or [ErrClosed].
func (c *Client) OpenOutbox(path string, opts ...OutboxOption) (*Outbox, error) {
	defer runtime.KeepAlive(c)
	given := outboxOptions{Path: path}
	for _, opt := range opts {
		opt(&given)
	}
	text, err := given.text()
	if err != nil {
		return nil, refused(CodeInvalidArgument, err.Error())
	}
	client := c.handle
	if client == nil || !client.use() {
		return nil, refused(CodeInvalidHandle, "the client is closed")
	}
	outbox, answer := nativeOutboxOpen(client.client, text)
	if outbox == 0 {
		client.release()
		return nil, newCancellation(answer).err(nil)
	}
	h := &handle{client: client.client, free: func() {
		nativeOutboxClose(outbox)
		client.release()
	}}
	h.uses.Store(1)
	o := &Outbox{outbox, h, c.timeout}
	runtime.AddCleanup(o, (*handle).close, h)
	return o, nil
}

// Close closes the file; the entries stay in it, and the client stays usable. Calls in flight go on
// to their end; later ones fail with [ErrClosed]. Closing twice has no effect. The error is always
// nil.
func (o *Outbox) Close() error {
	if o.handle != nil {
		o.handle.close()
	}
	return nil
}

// Cancel keeps a cancel in the file, then tries it at once: one call for a till.
//
// It is on the disk before its first byte is sent. A definite outcome ends the entry; anything else
// keeps it for a later flush, and the outcome is then [Unknown] even where nothing was sent,
// because it will be: [Cancellation.Entry] is then pending. A session whose cancel is pending
// already keeps that entry and its idempotency key. Where the file cannot be written nothing is
// sent. A cancel of the client that ended [Unknown] is handed over by [WithRepeat].
//
// Context and error are those of [Client.Cancel]. A context that has ended keeps the cancel and
// sends nothing.
func (o *Outbox) Cancel(
	ctx context.Context, sessionID string, opts ...KeepOption,
) (*Cancellation, error) {
	cancellation, err := o.call(ctx, o.timeout, 0, newKeep(opts),
		func(text []byte, abort uintptr) answer {
			return nativeOutboxCancel(o.outbox, nativeText(sessionID), text, abort)
		})
	if cancellation != nil && cancellation.Outcome.IsVoided() {
		return cancellation, nil
	}
	return cancellation, err
}

// Enqueue keeps a cancel in the file for a later flush, and sends nothing. It is on the disk when
// this returns without an error. A session whose cancel is pending already keeps that entry and
// its idempotency key. [WithRepeat] hands over a cancel that ended [Unknown].
//
// After an error that matches [ErrNotApplied] the file does not hold the cancel. After any other
// error the file may hold it, or an earlier request of the cancel may have had its effect.
func (o *Outbox) Enqueue(sessionID string, opts ...KeepOption) (*Entry, error) {
	given := newKeep(opts)
	text, err := given.text()
	if err != nil {
		return nil, given.refuse(CodeInvalidArgument, err.Error())
	}
	view, err := o.ask(nil, func() answer {
		return nativeOutboxEnqueue(o.outbox, nativeText(sessionID), text)
	})
	return view.Entry, err
}

// Flushed is what a flush came to.
type Flushed struct {
	// Entries are those that were tried, as they stand now.
	Entries []Entry
	// Counts is how many entries there are now; nil if they could not be read.
	Counts *Counts
}

// Flush delivers what is due, the entries that have waited longest first.
//
// It ends when none is left, [WithMax] were tried, the time is up ([WithTimeout], one minute unless
// given, or the context's if that is earlier), the context is canceled, or the way to Flex turns
// out to be closed. The error says why it ended before nothing was left to try; what was flushed
// is there beside it, and nil only where the library was not called.
func (o *Outbox) Flush(ctx context.Context, opts ...FlushOption) (*Flushed, error) {
	result, err := o.call(ctx, defaultFlushTimeout, flushReserve, newFlush(opts),
		func(text []byte, abort uintptr) answer {
			return nativeOutboxFlush(o.outbox, text, abort)
		})
	if result == nil {
		return nil, err
	}
	view := result.outbox()
	flushed := &Flushed{view.Entries, view.Counts}
	if result.Code == CodeOK {
		return flushed, nil
	}
	return flushed, err
}

// List gives entries, in the order of their numbers. It changes nothing.
func (o *Outbox) List(filter Filter) ([]Entry, error) {
	text, err := filter.text()
	view, err := o.ask(err, func() answer { return nativeOutboxList(o.outbox, text) })
	return view.Entries, err
}

// Worklist gives every entry that a person has to look at: refused, expired or in need of
// attention, and not acknowledged. A shift ends when it is empty.
func (o *Outbox) Worklist() ([]Entry, error) {
	const page = 1000
	acknowledged := false
	filter := Filter{
		States:       []EntryState{EntryRefused, EntryExpired, EntryNeedsAttention},
		Acknowledged: &acknowledged,
		Max:          page,
	}
	var all []Entry
	for {
		entries, err := o.List(filter)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
		if len(entries) < page {
			return all, nil
		}
		filter.After = entries[page-1].ID
	}
}

// Acknowledge notes that a person has seen an entry that is final: it leaves the worklist. Doing so
// again has no effect. The error matches [ErrOutboxNoEntry], or [ErrOutboxPending] for an entry
// that is not final yet, which stays as it is and is there beside the error.
func (o *Outbox) Acknowledge(entryID int64) (*Entry, error) {
	view, err := o.ask(nil, func() answer { return nativeOutboxAcknowledge(o.outbox, entryID) })
	return view.Entry, err
}

// Stats counts the entries. It changes nothing. The counts are zero beside an error.
func (o *Outbox) Stats() (Counts, error) {
	view, err := o.ask(nil, func() answer { return nativeOutboxStats(o.outbox) })
	if view.Counts == nil {
		return Counts{}, err
	}
	return *view.Counts, err
}

// use keeps the outbox open until its handle is released; false if it is closed.
func (o *Outbox) use() bool { return o.handle != nil && o.handle.use() }

const outboxIsClosed = "the outbox is closed"

// ask has the outbox do something that sends nothing. An error that there is already is given back.
func (o *Outbox) ask(unusable error, operation func() answer) (outboxView, error) {
	defer runtime.KeepAlive(o)
	if unusable != nil {
		return outboxView{}, refused(CodeInvalidArgument, unusable.Error())
	}
	if !o.use() {
		return outboxView{}, refused(CodeInvalidHandle, outboxIsClosed)
	}
	defer o.handle.release()
	result := newCancellation(operation())
	if result.Code == CodeOK {
		return result.outbox(), nil
	}
	return result.outbox(), result.err(nil)
}

// call has the outbox send something, until the context ends. The error is what it came to, also
// where that is a success. reserve is how much of the context's time the library may leave unused.
func (o *Outbox) call(
	ctx context.Context, configured, reserve time.Duration, given *outboxCall,
	operation func(text []byte, abort uintptr) answer,
) (*Cancellation, error) {
	defer runtime.KeepAlive(o)
	if !o.use() {
		return nil, given.refuse(CodeInvalidHandle, outboxIsClosed)
	}
	defer o.handle.release()
	deadline, hasDeadline := ctx.Deadline()
	if hasDeadline {
		given.within(time.Until(deadline), configured)
	}
	text, err := given.text()
	if err != nil {
		return nil, given.refuse(CodeInvalidArgument, err.Error())
	}
	watch, ok := watch(ctx, hasDeadline && !time.Now().Before(deadline))
	if !ok {
		return nil, given.refuse(CodeInternal, "every handle is in use")
	}
	result := newCancellation(operation(text, watch.abort))
	watch.end()
	return result, result.err(ended(ctx, result.Code, deadline.Add(-reserve), hasDeadline))
}
