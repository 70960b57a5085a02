package flexcancel

/*
#include <flexcancel.h>
#include <stdint.h>

// Handles are numbers to Go, results too. A delivery may call back into Go, and every operation
// waits for the disk: so there is no "noescape" here, and a result is taken by a second crossing.

static uintptr_t flexgo_outbox_open(uintptr_t client, const char *options, uintptr_t *error) {
	flexcancel_result *why = NULL;
	uintptr_t outbox =
		(uintptr_t)flexcancel_outbox_open((flexcancel_client *)client, options, &why);
	*error = (uintptr_t)why;
	return outbox;
}

static uintptr_t flexgo_outbox_cancel(uintptr_t outbox, const char *id, const char *options,
                                      uintptr_t abort) {
	return (uintptr_t)flexcancel_outbox_cancel((flexcancel_outbox *)outbox, id, options,
	                                           (flexcancel_abort *)abort);
}

static uintptr_t flexgo_outbox_enqueue(uintptr_t outbox, const char *id, const char *options) {
	return (uintptr_t)flexcancel_outbox_enqueue((flexcancel_outbox *)outbox, id, options);
}

static uintptr_t flexgo_outbox_flush(uintptr_t outbox, const char *options, uintptr_t abort) {
	return (uintptr_t)flexcancel_outbox_flush((flexcancel_outbox *)outbox, options,
	                                          (flexcancel_abort *)abort);
}

static uintptr_t flexgo_outbox_claim(uintptr_t outbox, const char *options) {
	return (uintptr_t)flexcancel_outbox_claim((flexcancel_outbox *)outbox, options);
}

static uintptr_t flexgo_outbox_settle(uintptr_t outbox, int64_t entry, const char *settlement) {
	return (uintptr_t)flexcancel_outbox_settle((flexcancel_outbox *)outbox, entry, settlement);
}

static uintptr_t flexgo_outbox_list(uintptr_t outbox, const char *filter) {
	return (uintptr_t)flexcancel_outbox_list((flexcancel_outbox *)outbox, filter);
}

static uintptr_t flexgo_outbox_acknowledge(uintptr_t outbox, int64_t entry) {
	return (uintptr_t)flexcancel_outbox_acknowledge((flexcancel_outbox *)outbox, entry);
}

static uintptr_t flexgo_outbox_withdraw(uintptr_t outbox, int64_t entry, const char *reason) {
	return (uintptr_t)flexcancel_outbox_withdraw((flexcancel_outbox *)outbox, entry, reason);
}

static uintptr_t flexgo_outbox_stats(uintptr_t outbox) {
	return (uintptr_t)flexcancel_outbox_stats((flexcancel_outbox *)outbox);
}

static void flexgo_outbox_free(uintptr_t outbox) {
	flexcancel_outbox_free((flexcancel_outbox *)outbox);
}
*/
import "C"

func nativeOutboxOpen(client uintptr, options []byte) (uintptr, nativeResult) {
	var why C.uintptr_t
	outbox := C.flexgo_outbox_open(C.uintptr_t(client), chars(options), &why)
	if outbox != 0 {
		return uintptr(outbox), nativeResult{}
	}
	return 0, takeResult(uintptr(why))
}

func nativeOutboxCancel(outbox uintptr, id, options []byte, abort uintptr) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_cancel(C.uintptr_t(outbox), chars(id), chars(options),
		C.uintptr_t(abort))))
}

func nativeOutboxEnqueue(outbox uintptr, id, options []byte) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_enqueue(C.uintptr_t(outbox), chars(id),
		chars(options))))
}

func nativeOutboxFlush(outbox uintptr, options []byte, abort uintptr) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_flush(C.uintptr_t(outbox), chars(options),
		C.uintptr_t(abort))))
}

func nativeOutboxClaim(outbox uintptr, options []byte) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_claim(C.uintptr_t(outbox), chars(options))))
}

func nativeOutboxSettle(outbox uintptr, entry int64, settlement []byte) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_settle(C.uintptr_t(outbox), C.int64_t(entry),
		chars(settlement))))
}

func nativeOutboxList(outbox uintptr, filter []byte) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_list(C.uintptr_t(outbox), chars(filter))))
}

func nativeOutboxAcknowledge(outbox uintptr, entry int64) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_acknowledge(C.uintptr_t(outbox), C.int64_t(entry))))
}

func nativeOutboxWithdraw(outbox uintptr, entry int64, reason []byte) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_withdraw(C.uintptr_t(outbox), C.int64_t(entry),
		chars(reason))))
}

func nativeOutboxStats(outbox uintptr) nativeResult {
	return takeResult(uintptr(C.flexgo_outbox_stats(C.uintptr_t(outbox))))
}

func nativeOutboxFree(outbox uintptr) { C.flexgo_outbox_free(C.uintptr_t(outbox)) }
