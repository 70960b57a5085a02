//go:build cgo

package flexcancel

import (
	"context"
	"time"
)

// defaultFlushTimeout is the library's own where a flush says nothing; the tests compare it with
// the table of docs/OUTBOX.md.
const defaultFlushTimeout = time.Minute

// flushReserve is with how little time left a flush begins no further try.
const flushReserve = time.Second

// Outbox keeps cancels in a file until they are delivered; the project's docs/OUTBOX.md says what
// it promises. It is safe for use by many goroutines, and its file by the processes of one till.
// Nothing is delivered unless somebody calls [Outbox.Flush]. Pass the pointer on;
// go vet complains of a copy, which is the same outbox. The zero Outbox and a nil one are closed.
type Outbox struct {
	_     noCopy
	owner *owner
}

// OpenOutbox opens the outbox in a file, and makes the file if it is not there, unless
// [WithoutCreate] is given; its directory must be there. It sends nothing. The outbox delivers
// through this client, which may be closed before it.
//
// The error is an [*Error] that matches [ErrOutboxUnsafe], [ErrOutboxIO], [ErrOutboxCorrupt],
// [ErrOutboxSchema], [ErrOutboxBusy], [ErrOutboxUnavailable], [ErrInvalidArgument] or [ErrClosed].
func (c *Client) OpenOutbox(path string, opts ...OutboxOption) (*Outbox, error) {
	given := outboxOptions{Path: path}
	for i, opt := range opts {
		if opt == nil {
			return nil, notOpened(CodeInvalidArgument, nilOption(i).Error())
		}
		opt(&given)
	}
	text, err := given.text()
	if err != nil {
		return nil, notOpened(CodeInvalidArgument, err.Error())
	}
	client := c.get().use()
	if client == nil {
		return nil, notOpened(CodeInvalidHandle, clientIsClosed)
	}
	outbox, refusal := nativeOutboxOpen(client.native, text)
	if outbox == 0 {
		client.release()
		return nil, newResult(refusal).err(nil)
	}
	return &Outbox{owner: own(&handle{native: outbox, timeout: client.timeout}, func() {
		nativeOutboxFree(outbox)
		client.release()
	})}, nil
}

// notOpened asserts nothing, because the file may keep cancels.
func notOpened(code Code, message string) error {
	return &Error{Outcome: Unknown, Code: code, Message: message}
}

// Close closes the file; the entries stay in it, and the client stays usable. Calls in flight go on
// to their end; later ones fail with [ErrClosed]. Closing twice has no effect. The error is always
// nil.
func (o *Outbox) Close() error {
	o.get().close()
	return nil
}

func (o *Outbox) get() *owner {
	if o == nil {
		return nil
	}
	return o.owner
}

// Cancel keeps a cancel in the file, then tries it at once: one call for a till.
//
// It is on the disk before its first byte is sent. A definite outcome ends the entry; anything else
// keeps it for a later flush, and the outcome is then [Unknown] even where nothing was sent,
// because it will be: [Result.Entry] is then pending. A session whose cancel is pending
// already keeps that entry and its idempotency key. Where the file cannot be written nothing is
// sent. A cancel of the client that ended [Unknown] is handed over by [WithRepeat].
//
// Context and error are those of [Client.Cancel]. A context that has ended keeps the cancel and
// sends nothing.
func (o *Outbox) Cancel(
	ctx context.Context, sessionID string, opts ...EnqueueOption,
) (*Result, error) {
	result, ended, err := o.get().call(ctx, newEnqueue(opts), ofOutbox,
		func(h *handle, options []byte, abort uintptr) nativeResult {
			return nativeOutboxCancel(h.native, nativeID(sessionID), options, abort)
		})
	if err != nil || result.Outcome.IsVoided() {
		return result, err
	}
	return result, result.err(ended)
}

// Enqueue keeps a cancel in the file for a later flush, and sends nothing. It is on the disk when
// this returns without an error. A session whose cancel is pending already keeps that entry and
// its idempotency key. [WithRepeat] hands over a cancel that ended [Unknown].
//
// After an error that matches [ErrNotApplied] the file does not hold the cancel. After any other
// error the file may hold it, or an earlier request of the cancel may have had its effect.
func (o *Outbox) Enqueue(sessionID string, opts ...EnqueueOption) (*OutboxEntry, error) {
	result, _, err := o.get().call(context.Background(), newEnqueue(opts), ofOutbox,
		func(h *handle, options []byte, _ uintptr) nativeResult {
			return nativeOutboxEnqueue(h.native, nativeID(sessionID), options)
		})
	if err == nil && result.Code != CodeOK {
		err = result.err(nil)
	}
	return result.Entry(), err
}

// FlushResult is what a flush came to.
type FlushResult struct {
	// Entries are those that were tried, as they stand now.
	Entries []OutboxEntry
	// Counts is how many entries there are now; nil if they could not be read.
	Counts *OutboxCounts
}

// Flush delivers what is due, the entries that have waited longest first.
//
// It ends when none is left, [WithMax] were tried, the time is up ([WithTimeout], one minute unless
// given, or the context's if that is earlier), the context is canceled, or Flex cannot be
// reached. The error says why it ended before nothing was left to try; what was flushed
// is there beside it, and nil only where the library was not called.
//
// It begins no try with less than a second left. Where that is of the context's time, the error
// matches [context.DeadlineExceeded] before the context ends, and then has no cause of it.
//
// Entries may be left pending without an error: those that wait for their next try ([WithNow] has
// them tried, too), and those that somebody delivers. The entry of a process that was killed is free
// again after the timeout of its call and ten seconds; no option shortens that. So a loop of
// flushes goes on while Counts.Due is above zero, not while Counts.Pending is.
func (o *Outbox) Flush(ctx context.Context, opts ...FlushOption) (*FlushResult, error) {
	given := collect(opts, FlushOption.flush)
	flushes := limits{isClosed: outboxIsClosed, timeout: defaultFlushTimeout, reserve: flushReserve}
	result, ended, err := o.get().call(ctx, given, flushes,
		func(h *handle, options []byte, abort uintptr) nativeResult {
			return nativeOutboxFlush(h.native, options, abort)
		})
	if err != nil {
		return nil, asStatus(nil, nil, err)
	}
	view := result.outbox()
	return &FlushResult{view.Entries, view.Counts}, asStatus(result, ended, nil)
}

// List gives entries, in the order of their numbers. It changes nothing.
func (o *Outbox) List(filter Filter) ([]OutboxEntry, error) {
	text, err := filter.text()
	view, err := o.ask(err, func(outbox uintptr) nativeResult { return nativeOutboxList(outbox, text) })
	return view.Entries, err
}

// Worklist gives every entry that a person has to look at: refused, expired or in need of
// attention, and not acknowledged. A shift ends when it is empty.
func (o *Outbox) Worklist() ([]OutboxEntry, error) {
	const page = 1000
	acknowledged := false
	filter := Filter{
		States:       []OutboxState{OutboxStateRefused, OutboxStateExpired, OutboxStateNeedsAttention},
		Acknowledged: &acknowledged,
		Max:          page,
	}
	var all []OutboxEntry
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
func (o *Outbox) Acknowledge(entryID int64) (*OutboxEntry, error) {
	view, err := o.ask(nil, func(outbox uintptr) nativeResult {
		return nativeOutboxAcknowledge(outbox, entryID)
	})
	return view.Entry, err
}

// Withdraw ends a pending entry for good, because a person says so: it is not delivered any more,
// and is acknowledged. The reason, of 1 to 200 bytes, is kept as its message. What is final stays
// as it is. The error matches [ErrOutboxNoEntry], or [ErrOutboxBusy] while somebody delivers the
// entry, which is there beside the error.
func (o *Outbox) Withdraw(entryID int64, reason string) (*OutboxEntry, error) {
	view, err := o.ask(nil, func(outbox uintptr) nativeResult {
		return nativeOutboxWithdraw(outbox, entryID, nativeText(reason))
	})
	return view.Entry, err
}

// Stats counts the entries. It changes nothing. The counts are zero beside an error.
func (o *Outbox) Stats() (OutboxCounts, error) {
	view, err := o.ask(nil, nativeOutboxStats)
	if view.Counts == nil {
		return OutboxCounts{}, err
	}
	return *view.Counts, err
}

// ask has the outbox do something that sends nothing. An error that there is already is given back.
func (o *Outbox) ask(unusable error, operation func(outbox uintptr) nativeResult) (outboxView, error) {
	result, err := o.result(unusable, operation)
	return result.outbox(), err
}

// result is the same, as the library gives it; nil where the library was not called.
func (o *Outbox) result(unusable error, operation func(outbox uintptr) nativeResult) (*Result, error) {
	if unusable != nil {
		return nil, failed(CodeInvalidArgument, unusable.Error(), nil)
	}
	h := o.get().use()
	if h == nil {
		return nil, failed(CodeInvalidHandle, outboxIsClosed, nil)
	}
	defer h.release()
	result := newResult(operation(h.native))
	return result, asStatus(result, nil, nil)
}

func newEnqueue(opts []EnqueueOption) *options { return collect(opts, EnqueueOption.enqueue) }
