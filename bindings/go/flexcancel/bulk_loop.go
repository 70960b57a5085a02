//go:build cgo

package flexcancel

import "iter"

// bulkLoop answers what the library asks for, on the goroutine that ranges over the results.
type bulkLoop struct {
	call   *bulkCall
	dryRun bool
	yield  func(BulkItemResult, *Result) bool
	// open has the items that were taken from the input and have no result yet; taken counts all.
	open  map[int64]openItem
	taken int64
	// ended is why the context ended a call with this code, if it did.
	ended func(Code) []error
	// isLeft is true after a break.
	isLeft bool
}

type openItem struct {
	sessionID string
	// refusal is the error of an item whose options cannot be handed over.
	refusal error
}

// run takes an item whenever the library wants one, until it wants none any more.
func (l *bulkLoop) run(items iter.Seq[BulkItem]) {
	if !l.wantsItem() {
		return
	}
	for item := range items {
		l.give(item)
		if !l.wantsItem() {
			return
		}
	}
	l.call.answer(bulkNone)
	for l.wantsItem() {
		l.call.answer(bulkNone)
	}
}

// wantsItem passes results on until the library asks for an item; false when the run is over.
func (l *bulkLoop) wantsItem() bool {
	for {
		ask, ok := l.call.ask()
		if !ok {
			return false
		}
		if ask.result == nil {
			return true
		}
		if !l.pass(ask.number, newResult(*ask.result)) {
			l.isLeft = true
			return false
		}
		l.call.answer(bulkGoOn)
	}
}

func (l *bulkLoop) give(item BulkItem) {
	given := newOptions(item.Options)
	text, err := given.text()
	open := openItem{sessionID: item.SessionID}
	if err != nil {
		open.refusal = given.refuse(CodeInvalidArgument, err.Error())
		text = unusableOptions(open.refusal.(*Error).Outcome)
	}
	l.open[l.taken] = open
	l.taken++
	l.call.answer(bulkAnswer{1, nativeID(item.SessionID), text})
}

// unusableOptions are refused by the library with this outcome.
func unusableOptions(outcome Outcome) []byte {
	if outcome == NotApplied {
		return nativeText(`{"unusable":true}`)
	}
	return nativeText(`{"unusable":true,"idempotency_key":"in-doubt"}`)
}

func (l *bulkLoop) pass(number int64, result *Result) bool {
	open := l.open[number]
	delete(l.open, number)
	if open.refusal != nil && result.Code == CodeInvalidArgument {
		// The library has refused what stood in place of the options.
		result = result.withMessage(open.refusal.(*Error).Message)
	}
	view := result.detail().Item
	item := BulkItemResult{
		Number:      number,
		SessionID:   open.sessionID,
		DuplicateOf: view.DuplicateOf,
		FromJournal: view.FromJournal,
		Err:         open.refusal,
	}
	isGood := result.Outcome.IsVoided() || l.dryRun && result.Code == CodeOK
	if item.Err == nil && !isGood {
		item.Err = result.err(l.ended(result.Code))
	}
	return l.yield(item, result)
}
