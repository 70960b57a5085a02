//go:build cgo

package flexcancel

import (
	"context"
	"errors"
	"iter"
	"time"
)

// BulkRun cancels many sessions, several at a time. It is used like a bufio.Scanner: range over
// [BulkRun.Results], then ask [BulkRun.Err] and [BulkRun.Summary]. Each range is a run of its own.
// It is for one goroutine at a time.
type BulkRun struct {
	client  *Client
	items   iter.Seq[BulkItem]
	opts    []BulkOption
	summary *Result
	err     error
}

// NewBulkRun makes a run over these items; [IDs] makes them of session ids. Nothing happens until
// [BulkRun.Results] is ranged over. A run of nil items ends with [ErrInvalidArgument].
func (c *Client) NewBulkRun(items iter.Seq[BulkItem], opts ...BulkOption) *BulkRun {
	return &BulkRun{client: c, items: items, opts: opts}
}

// CancelMany cancels every session of the input, several at a time, and gives one result for each;
// the project's docs/BULK.md describes it.
//
//	for item, c := range client.CancelMany(ctx, slices.Values(ids), flexcancel.WithRate(25)) {
//		fmt.Println(item.SessionID, c.Outcome, item.Err)
//	}
//
// Input and loop body run on the goroutine that ranges, in turn, while calls are under way. A
// break, a panic or runtime.Goexit in either of them, and the end of the context, end the run:
// nothing new is sent, and the calls in flight are aborted and waited for. After a break no more
// results come; after the end of the context those come of what was in flight.
//
// Where the run itself ends before the input does, other than by the loop, a last pair says why:
// its Number is -1, its Err has a code and no outcome, and it is about no session. [Client.NewBulkRun]
// has this in [BulkRun.Err] instead, and says how many had which outcome.
func (c *Client) CancelMany(
	ctx context.Context, ids iter.Seq[string], opts ...BulkOption,
) iter.Seq2[BulkItemResult, *Result] {
	return func(yield func(BulkItemResult, *Result) bool) {
		run := c.NewBulkRun(IDs(ids), opts...)
		for item, result := range run.Results(ctx) {
			if !yield(item, result) {
				return
			}
		}
		if run.err != nil {
			yield(BulkItemResult{Number: -1, Err: run.err}, run.summary)
		}
	}
}

// Results runs while it is ranged over, and gives one result for each item. How it ends early is
// as for [Client.CancelMany]; the loop does not see why: [BulkRun.Err] says it.
func (r *BulkRun) Results(ctx context.Context) iter.Seq2[BulkItemResult, *Result] {
	if ctx == nil {
		ctx = context.Background()
	}
	return func(yield func(BulkItemResult, *Result) bool) {
		given := collect(r.opts, BulkOption.bulk)
		h := r.client.get().use()
		if h == nil {
			r.refuse(CodeInvalidHandle, clientIsClosed)
			return
		}
		defer h.release()
		text, err := given.text()
		if err == nil && r.items == nil {
			err = errors.New("items: expected a sequence of sessions, found nil")
		}
		if err != nil {
			r.refuse(CodeInvalidArgument, err.Error())
			return
		}
		deadline, hasDeadline := ctx.Deadline()
		watch, ok := watch(ctx, hasDeadline && !time.Now().Before(deadline))
		if !ok {
			r.refuse(CodeInternal, "every handle is in use")
			return
		}
		defer watch.end()
		loop := bulkLoop{
			call:   startBulk(h.native, text, watch.abort),
			dryRun: given.DryRun != nil,
			yield:  yield,
			open:   map[int64]openItem{},
			ended: func(code Code) []error {
				if code != CodeAborted {
					return nil
				}
				return ended(ctx, code, deadline, hasDeadline)
			},
		}
		defer r.end(&loop)
		loop.run(r.items)
	}
}

// end waits for the end of the run, however the loop has been left.
func (r *BulkRun) end(loop *bulkLoop) {
	loop.call.end()
	r.summary, r.err = newResult(loop.call.summary), nil
	if r.summary.Code != CodeOK && !loop.isLeft {
		r.err = failed(r.summary.Code, r.summary.Message(), loop.ended(r.summary.Code))
	}
}

// refuse ends a run that the library is not asked for.
func (r *BulkRun) refuse(code Code, message string) {
	r.summary = newResult(nativeResult{code: code, message: message})
	r.err = failed(code, message, nil)
}

// Err says why the last run ended before its input did. It is nil where every item has a result,
// and where the loop was left by a break. The results of items have errors of their own
// ([BulkItemResult.Err]). An [*Error] with a code and no outcome.
func (r *BulkRun) Err() error { return r.err }

// Summary says how the last run ended, and how many items had which outcome. It is zero before.
func (r *BulkRun) Summary() BulkSummary {
	summary := BulkSummary(r.summary.detail().Bulk)
	if r.summary != nil {
		summary.Code, summary.Message = r.summary.Code, r.summary.Message()
		summary.Elapsed = r.summary.Elapsed()
	}
	return summary
}
