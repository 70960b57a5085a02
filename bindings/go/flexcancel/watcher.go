//go:build cgo

package flexcancel

import "context"

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

// end stops watching, and waits for an abort that has started.
func (w watcher) end() {
	if w.abort == 0 {
		return
	}
	if !w.stop() {
		<-w.done
	}
	nativeAbortFree(w.abort)
}
