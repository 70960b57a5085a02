package flexcancel

/*
#include <flexcancel.h>
#include <stdint.h>

extern int32_t flexcancelGoNext(uintptr_t run, char **session_id, char **options);
extern int32_t flexcancelGoDone(uintptr_t run, uint64_t number, uintptr_t result);

static int32_t flexgo_next(void *run, const char **session_id, const char **options) {
	return flexcancelGoNext((uintptr_t)run, (char **)session_id, (char **)options);
}

static int32_t flexgo_done(void *run, uint64_t number, const flexcancel_result *result) {
	return flexcancelGoDone((uintptr_t)run, number, (uintptr_t)result);
}

static uintptr_t flexgo_cancel_many(uintptr_t client, const char *options, uintptr_t run,
                                    uintptr_t abort) {
	return (uintptr_t)flexcancel_client_cancel_many((flexcancel_client *)client, options,
	                                                flexgo_next, flexgo_done, (void *)run,
	                                                (flexcancel_abort *)abort);
}
*/
import "C"

// nativeCancelMany blocks until the run has ended; run is the handle of its bulkCall.
func nativeCancelMany(client uintptr, options []byte, run, abort uintptr) nativeResult {
	return takeResult(uintptr(C.flexgo_cancel_many(C.uintptr_t(client), chars(options),
		C.uintptr_t(run), C.uintptr_t(abort))))
}
