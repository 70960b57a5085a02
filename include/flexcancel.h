/*
 * flexcancel: release the hold on a shopper's HSA/FSA card (Flex), and tell the truth about
 * whether it is released.
 *
 * Handles are never dereferenced: NULL, garbage, a handle of the wrong type and one that was
 * freed are answered with FLEXCANCEL_CODE_INVALID_HANDLE, never with undefined behaviour.
 * Strings that go in are NUL-terminated UTF-8 and not kept. Strings that come out are borrowed
 * from a result, or static: there is no string to free. Every function may be called from any
 * thread. No function installs a signal handler or prints; the environment is read only
 * where the configuration says so.
 *
 * Made by cbindgen from src/ffi; do not edit.
 */


#ifndef FLEXCANCEL_H
#define FLEXCANCEL_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header. flexcancel_version() tells that of the library. */
#define FLEXCANCEL_VERSION "0.1.0"
#define FLEXCANCEL_VERSION_MAJOR 0
#define FLEXCANCEL_VERSION_MINOR 1
#define FLEXCANCEL_VERSION_PATCH 0

/* On Windows define FLEXCANCEL_STATIC to link the static library. */
#if defined(_WIN32)
#  define FLEXCANCEL_CALL __cdecl
#  if defined(FLEXCANCEL_STATIC)
#    define FLEXCANCEL_API
#  else
#    define FLEXCANCEL_API __declspec(dllimport)
#  endif
#else
#  define FLEXCANCEL_CALL
#  if defined(__GNUC__)
#    define FLEXCANCEL_API __attribute__((visibility("default")))
#  else
#    define FLEXCANCEL_API
#  endif
#endif

/**
 * A request may have reached Flex and the truth could not be read back in time. Asserts
 * nothing. The till may say "pending", never "voided", never "not voided".
 */
#define FLEXCANCEL_OUTCOME_UNKNOWN 0

/**
 * Flex confirmed the cancel, or a read-back shows it. Asserts: at a moment between the
 * asking and the end of the call no hold was left, and none was captured. The till may
 * say "voided".
 */
#define FLEXCANCEL_OUTCOME_CANCELED 1

/**
 * The session was canceled, and as far as Flex says this call had no effect. Asserts the
 * same as `canceled`. The till may say "voided".
 */
#define FLEXCANCEL_OUTCOME_ALREADY_CANCELED 2

/**
 * Captured or expired. Asserts: at a moment of the call no hold was left to cancel, and
 * no request of this cancel released one. The till may say "too late"; check before
 * refunding.
 */
#define FLEXCANCEL_OUTCOME_NOT_CANCELABLE 3

/**
 * Surely not done: no request of this cancel was handed to the network, or Flex refused
 * it with an error code of its own. Asserts: no request of this cancel had an effect or
 * will have one. The till may say "not voided".
 */
#define FLEXCANCEL_OUTCOME_NOT_APPLIED 4

/**
 * Nothing is known.
 */
#define FLEXCANCEL_HOLD_UNKNOWN 0

/**
 * No hold is left, because of a cancel.
 */
#define FLEXCANCEL_HOLD_RELEASED 1

/**
 * There is no hold: the session never had one, or expired.
 */
#define FLEXCANCEL_HOLD_NONE 2

/**
 * The money was captured.
 */
#define FLEXCANCEL_HOLD_CAPTURED 3

/**
 * The hold is still there.
 */
#define FLEXCANCEL_HOLD_HELD 4

/**
 * Nothing went wrong.
 */
#define FLEXCANCEL_CODE_OK 0

/**
 * A handle that is NULL, garbage, freed, or of another type.
 */
#define FLEXCANCEL_CODE_INVALID_HANDLE 100

/**
 * An argument or option that cannot be used; the message names it.
 */
#define FLEXCANCEL_CODE_INVALID_ARGUMENT 101

/**
 * A configuration that cannot be used; the message names the field.
 */
#define FLEXCANCEL_CODE_INVALID_CONFIG 102

/**
 * A session id that is not 1 to 255 characters of `[A-Za-z0-9_-]`.
 */
#define FLEXCANCEL_CODE_INVALID_SESSION_ID 103

/**
 * The caller's abort handle was triggered.
 */
#define FLEXCANCEL_CODE_ABORTED 104

/**
 * The host name could not be resolved.
 */
#define FLEXCANCEL_CODE_DNS 200

/**
 * No connection to the host, or to the proxy before it.
 */
#define FLEXCANCEL_CODE_CONNECT 201

/**
 * The TLS handshake failed: certificate, name, version, or this machine's clock.
 */
#define FLEXCANCEL_CODE_TLS 202

/**
 * The deadline, or the time to connect, ran out.
 */
#define FLEXCANCEL_CODE_TIMEOUT 203

/**
 * The connection broke while the request was under way.
 */
#define FLEXCANCEL_CODE_CONNECTION_LOST 204

/**
 * The answer could not be understood or trusted.
 */
#define FLEXCANCEL_CODE_PROTOCOL 205

/**
 * Flex does not accept the API key (401).
 */
#define FLEXCANCEL_CODE_UNAUTHORIZED 300

/**
 * The API key may not do this (403).
 */
#define FLEXCANCEL_CODE_FORBIDDEN 301

/**
 * No such session for this key (404): check the id and the mode.
 */
#define FLEXCANCEL_CODE_NOT_FOUND 302

/**
 * Flex says that the session's state leaves nothing to cancel.
 */
#define FLEXCANCEL_CODE_NOT_CANCELABLE 303

/**
 * Too many requests (429).
 */
#define FLEXCANCEL_CODE_RATE_LIMITED 304

/**
 * Flex refused the request for another reason.
 */
#define FLEXCANCEL_CODE_REJECTED 305

/**
 * Flex failed (5xx), or did not say that nothing was done (408, 409, 423, 424, 425, 499).
 */
#define FLEXCANCEL_CODE_SERVER_ERROR 306

/**
 * The answer is of test mode where live was expected, or the other way round.
 */
#define FLEXCANCEL_CODE_MODE_MISMATCH 307

/**
 * The session may hold money that was authorized after the cancel was asked for; that hold is
 * not touched.
 */
#define FLEXCANCEL_CODE_NEWER_HOLD 308

/**
 * This library was built without the outbox.
 */
#define FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE 400

/**
 * The outbox's file or its directory is not safe: not this user's own, a link, or writable by
 * others; the message says which.
 */
#define FLEXCANCEL_CODE_OUTBOX_UNSAFE 401

/**
 * The outbox's file cannot be read or written.
 */
#define FLEXCANCEL_CODE_OUTBOX_IO 402

/**
 * The disk that the outbox's file is on is full.
 */
#define FLEXCANCEL_CODE_OUTBOX_FULL 403

/**
 * The outbox's file is damaged; the message says where it was set aside.
 */
#define FLEXCANCEL_CODE_OUTBOX_CORRUPT 404

/**
 * The file is no outbox, or that of a newer version of this library.
 */
#define FLEXCANCEL_CODE_OUTBOX_SCHEMA 405

/**
 * Somebody else has the file, or delivers the entry, for longer than the call waits.
 */
#define FLEXCANCEL_CODE_OUTBOX_BUSY 406

/**
 * The outbox has no such entry.
 */
#define FLEXCANCEL_CODE_OUTBOX_NO_ENTRY 407

/**
 * The entry is still pending, and cannot be acknowledged.
 */
#define FLEXCANCEL_CODE_OUTBOX_PENDING 408

/**
 * The session may hold money that was authorized after the cancel was asked for.
 */
#define FLEXCANCEL_CODE_OUTBOX_STALE 409

/**
 * The entry's time to be delivered ran out.
 */
#define FLEXCANCEL_CODE_OUTBOX_EXPIRED 410

/**
 * A defect of this library, contained.
 */
#define FLEXCANCEL_CODE_INTERNAL 900

/**
 * Log level: something to look at: a failed attempt, an outcome that is not known.
 */
#define FLEXCANCEL_LEVEL_WARN 2

/**
 * Log level: a result.
 */
#define FLEXCANCEL_LEVEL_INFO 3

/**
 * Log level: an attempt that brought an answer.
 */
#define FLEXCANCEL_LEVEL_DEBUG 4

/**
 * Grows with every change that an existing program would notice; the number in the shared
 * library's name (libflexcancel.so.0).
 */
#define FLEXCANCEL_ABI_VERSION 0

/**
 * Ends calls early, from any thread. Sticky and shareable: one abort may serve many calls, and
 * once triggered it ends each call that is given it.
 */
typedef struct flexcancel_abort flexcancel_abort;

/**
 * A configured client. May be shared between threads; calls run side by side.
 */
typedef struct flexcancel_client flexcancel_client;

/**
 * Cancels kept in a file until they are delivered. May be shared between threads, and its file
 * between processes. docs/OUTBOX.md says what it promises.
 */
typedef struct flexcancel_outbox flexcancel_outbox;

/**
 * What a call came to: an outcome, if it was about a session, a code, and texts. Immutable; may
 * be read from several threads at once.
 */
typedef struct flexcancel_result flexcancel_result;

/**
 * Receives one event of a client.
 *
 * `user_data` is what was given with the callback; `level` is 2 (warn), 3 (info) or 4 (debug);
 * `event_json` is a JSON object of `len` bytes, NUL-terminated, valid only until the callback
 * returns: `event` is `attempt`, `result` or `warm_up`, the other fields are named as in docs/RESULT.md. No
 * event ever holds an API key.
 *
 * It runs on the thread that makes the call, before that call returns, and no lock is held: it
 * may use any function of this library, also on the same client. It must not throw or longjmp.
 */
typedef void (FLEXCANCEL_CALL *flexcancel_log_callback)(void *user_data,
                                                        int32_t level,
                                                        const char *event_json,
                                                        size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that is loaded, like "1.2.3"; compare it with
 * FLEXCANCEL_VERSION, which is that of the header.
 *
 * Ownership: static; never freed. Threads: any. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_version(void);

/**
 * The ABI version of the library that is loaded; a program made for another
 * FLEXCANCEL_ABI_VERSION must not use it.
 *
 * Threads: any. Errors: none.
 */
FLEXCANCEL_API uint32_t FLEXCANCEL_CALL flexcancel_abi_version(void);

/**
 * The name of a code (FLEXCANCEL_CODE_*) as the result's JSON has it, like "timeout".
 *
 * Ownership: static; never freed. NULL: returned for a number that is no code. Threads: any.
 * Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_code_name(int32_t code);

/**
 * The name of an outcome (FLEXCANCEL_OUTCOME_*) as the result's JSON has it, like "canceled".
 *
 * Ownership: static; never freed. NULL: returned for a number that is no outcome. Threads: any.
 * Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_outcome_name(int32_t outcome);

/**
 * The name of a hold (FLEXCANCEL_HOLD_*) as the result's JSON has it, like "released".
 *
 * Ownership: static; never freed. NULL: returned for a number that is no hold. Threads: any.
 * Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_hold_name(int32_t hold);

/**
 * Makes an abort that is not triggered.
 *
 * Ownership: the caller's; free it with flexcancel_abort_free. Threads: any. Errors: NULL if
 * every handle is in use.
 */
FLEXCANCEL_API flexcancel_abort *FLEXCANCEL_CALL flexcancel_abort_new(void);

/**
 * Ends every call that was given this abort, now and later.
 *
 * A call that is waiting returns at once; a call aborted before its request was handed to the
 * network sends nothing and is not_applied/aborted. Triggering again has no effect. May lose
 * the race against a call that is just completing, which then returns what it found.
 *
 * Ownership: none changes hands; the abort need only live during this function. NULL or any
 * other invalid handle: no effect. Threads: any, also while calls use it. Not for signal
 * handlers: it takes a lock. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_abort_trigger(flexcancel_abort *abort);

/**
 * Frees an abort. Does not trigger it: a call that was given it goes on, and can then no
 * longer be aborted.
 *
 * Ownership: taken. NULL, an abort freed before, or any other invalid handle: no effect.
 * Threads: any, also while calls use it. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_abort_free(flexcancel_abort *abort);

/**
 * The outcome: one of FLEXCANCEL_OUTCOME_*.
 *
 * Only what is about a session has one: a client's cancel and retrieve, and an outbox's cancel and
 * enqueue. Of every other operation this is FLEXCANCEL_OUTCOME_UNKNOWN, which asserts nothing: its
 * code says how it went.
 *
 * Ownership: none changes hands. NULL or any other invalid handle: FLEXCANCEL_OUTCOME_UNKNOWN.
 * Threads: any, also at once. Errors: none.
 */
FLEXCANCEL_API int32_t FLEXCANCEL_CALL flexcancel_result_outcome(const flexcancel_result *result);

/**
 * The code, which says why: one of FLEXCANCEL_CODE_*.
 *
 * Ownership: none changes hands. NULL or any other invalid handle:
 * FLEXCANCEL_CODE_INVALID_HANDLE. Threads: any, also at once. Errors: none.
 */
FLEXCANCEL_API int32_t FLEXCANCEL_CALL flexcancel_result_code(const flexcancel_result *result);

/**
 * What is known of the money itself: one of FLEXCANCEL_HOLD_*.
 *
 * Ownership: none changes hands. NULL or any other invalid handle: FLEXCANCEL_HOLD_UNKNOWN.
 * Threads: any, also at once. Errors: none.
 */
FLEXCANCEL_API int32_t FLEXCANCEL_CALL flexcancel_result_hold(const flexcancel_result *result);

/**
 * What happened, in one line for a log: NUL-terminated UTF-8. A NUL within it is given as U+FFFD;
 * the JSON has it as it is.
 *
 * Ownership: borrowed from the result; valid until the result is freed. NULL or any other
 * invalid handle: returns NULL. Threads: any, also at once. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_message(const flexcancel_result *result);

/**
 * What to do now, in one line for a person: NUL-terminated UTF-8.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_advice(const flexcancel_result *result);

/**
 * The session's id as it was passed; NUL-terminated. Also NULL where it was not usable.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_session_id(const flexcancel_result *result);

/**
 * The key that every send of this cancel carried; NUL-terminated. Also NULL if there was none to
 * send.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_idempotency_key(const flexcancel_result *result);

/**
 * The session as a JSON object, exactly as Flex wrote it; NUL-terminated UTF-8. Also NULL if no
 * answer brought the session.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_checkout_session(const flexcancel_result *result);

/**
 * Everything about the call as a JSON object, as docs/RESULT.md describes it.
 *
 * `len`, unless NULL, is set to the text's length in bytes, without the NUL that ends it.
 * Ownership: borrowed from the result; valid until the result is freed. NULL or any other
 * invalid handle: a static text of the same shape that says invalid_handle; never NULL.
 * Threads: any, also at once. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_json(const flexcancel_result *result, size_t *len);

/**
 * The options that repeat this cancel, as a JSON object: the same idempotency key, whether an
 * earlier request may have reached Flex, and when the cancel was asked for.
 *
 * Pass it as `options_json` to flexcancel_client_cancel, or to the outbox's cancel or enqueue. The
 * result has such options when its outcome is unknown or not_applied and the call's arguments
 * were usable.
 *
 * Ownership: borrowed from the result; valid until the result is freed. NULL or any other
 * invalid handle: returns NULL. Also NULL if there is nothing to repeat; as `options_json`, NULL
 * begins a cancel of its own. Threads: any. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_repeat(const flexcancel_result *result);

/**
 * Frees a result, and with it the texts that it gave.
 *
 * Ownership: taken. NULL, a result freed before, or any other invalid handle: no effect.
 * Threads: any, but not while another thread still reads a text. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_result_free(flexcancel_result *result);

/**
 * Makes a client from a JSON configuration (docs/CONFIGURATION.md has every key).
 *
 * Opens no connection. `config_json`: NUL-terminated UTF-8, at most 64 KiB; not kept, except
 * for the API key, which is wiped when the client is gone. `error`, unless NULL, is set to NULL
 * if all went well, or else to a result (not_applied/invalid_config) whose message names the
 * field and what was expected.
 *
 * Ownership: client and error result are the caller's; free them with flexcancel_client_free
 * and flexcancel_result_free. NULL: a NULL `config_json` is an error like any other. Threads:
 * any. Errors: NULL is returned, and `*error` says why.
 */
FLEXCANCEL_API
flexcancel_client *FLEXCANCEL_CALL flexcancel_client_new(const char *config_json,
                                                         flexcancel_result **error);

/**
 * Frees a client and closes its connections. A call in flight on another thread keeps what it
 * needs and ends as if nothing had happened.
 *
 * Ownership: taken. NULL, a client freed before, or any other invalid handle: no effect.
 * Threads: any, also while calls use it. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_client_free(flexcancel_client *client);

/**
 * Has the callback told of every later event of this client, in place of the one before; a NULL
 * callback ends that.
 *
 * Ownership: none changes hands. `user_data` must live until this client is freed and every
 * outbox that was opened with it is closed, or until it has another callback; and until every
 * call that began before that has returned: a call in flight keeps the callback it began with.
 * NULL: `user_data` may be NULL. Threads: any; the callback may run on several threads at once if
 * calls do. Errors: returns FLEXCANCEL_CODE_OK, or FLEXCANCEL_CODE_INVALID_HANDLE for a client
 * that is NULL or otherwise invalid.
 */
FLEXCANCEL_API
int32_t FLEXCANCEL_CALL flexcancel_client_set_log(flexcancel_client *client,
                                                  flexcancel_log_callback callback,
                                                  void *user_data);

/**
 * Releases the hold of a checkout session, and says whether it is released.
 *
 * Blocks until the outcome is definite or the deadline (`timeout_ms`) has come, whichever is
 * first. `session_id`: 1 to 255 characters of [A-Za-z0-9_-]. `options_json`: NULL, or a JSON
 * object with any of `asked_at_ms`, `expand`, `idempotency_key`, `in_doubt`, `max_attempts`,
 * `timeout_ms`, `verify`, at most 64 KiB; to repeat a cancel, what flexcancel_result_repeat gives.
 * `abort`: NULL, or an abort that may end the call early. Nothing that is passed is kept.
 *
 * Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `client` or `session_id` is an error like any other. Threads: any, also at
 * once on one client; client and abort may be freed meanwhile. Errors: in the result. After
 * bad arguments and handles nothing is sent; the outcome is not_applied, or unknown for a cancel in
 * doubt.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_client_cancel(flexcancel_client *client,
                                                            const char *session_id,
                                                            const char *options_json,
                                                            flexcancel_abort *abort);

/**
 * Reads a checkout session back, with its payment intents. Changes nothing.
 *
 * The outcome says what may be said of the void: already_canceled (the hold is released),
 * not_cancelable (captured or expired), not_applied (as of now it can be canceled; a cancel that
 * is still on its way may release it yet), unknown. The result's `hold` says where the money is.
 * Otherwise like flexcancel_client_cancel; the options `asked_at_ms`, `idempotency_key`,
 * `in_doubt` and `verify` are refused.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_client_cancel.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_client_retrieve(flexcancel_client *client,
                                                              const char *session_id,
                                                              const char *options_json,
                                                              flexcancel_abort *abort);

/**
 * Opens a connection ahead of time, beside those that are there: resolves, connects, shakes
 * hands, and sends nothing. The next call finds it, if it comes within `max_idle_ms`.
 *
 * Blocks until the connection stands or the deadline has come; tries once. `options_json`: NULL,
 * or a JSON object with `timeout_ms`. `abort`: NULL, or an abort that may end it early. The
 * code is ok, or says why there is no connection; there is no outcome.
 *
 * Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `client` is an error like any other. Threads: any, also at once on one
 * client: each opens a connection. Errors: in the result.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_client_warm_up(flexcancel_client *client,
                                                             const char *options_json,
                                                             flexcancel_abort *abort);

/**
 * Opens the outbox in a file, and makes the file if it is not there. Sends nothing.
 *
 * `client`: what delivers; the outbox keeps it, so it may be freed. `options_json`: a JSON
 * object with `path` (required) and `keep_ms`, at most 64 KiB. `error`, unless NULL, is set to
 * NULL if all went well, or else to a result (not_applied) whose code says why:
 * outbox_unsafe, outbox_io, outbox_full, outbox_corrupt (the file was set aside; open again to
 * begin a new one), outbox_schema, outbox_busy, outbox_unavailable.
 *
 * Ownership: outbox and error result are the caller's; free them with flexcancel_outbox_free
 * and flexcancel_result_free. NULL: a NULL `client` or `options_json` is an error like any
 * other. Threads: any. Errors: NULL is returned, and `*error` says why.
 */
FLEXCANCEL_API
flexcancel_outbox *FLEXCANCEL_CALL flexcancel_outbox_open(flexcancel_client *client,
                                                          const char *options_json,
                                                          flexcancel_result **error);

/**
 * Keeps a cancel in the outbox, then tries it at once: one call for a till.
 *
 * The intent is on the disk before the first byte is sent. A definite outcome ends the entry.
 * Anything else keeps it for a later flush, and the outcome is then unknown even where nothing
 * was sent, because it will be. A session whose cancel is pending already keeps that entry and
 * its idempotency key. `options_json`: NULL, or a JSON object with any of `asked_at_ms`,
 * `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`, `max_attempts`, `timeout_ms`,
 * `verify`; for a cancel that ended unknown, what flexcancel_result_repeat gives. Otherwise like
 * flexcancel_client_cancel; the result's `outbox.entry` is the entry.
 *
 * Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `outbox` or `session_id` is an error like any other. Threads: any, also at
 * once on one outbox. Errors: in the result. Where the file cannot be written nothing is sent.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_cancel(flexcancel_outbox *outbox,
                                                            const char *session_id,
                                                            const char *options_json,
                                                            flexcancel_abort *abort);

/**
 * Keeps a cancel in the outbox for a later flush, and sends nothing.
 *
 * It is on the disk when this returns. The outcome is unknown, because the cancel is still to
 * come; the code is ok. A session whose cancel is pending already keeps that entry and its
 * idempotency key. `options_json`: NULL, or a JSON object with any of `asked_at_ms`,
 * `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`; for a cancel that ended unknown,
 * what flexcancel_result_repeat gives.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_cancel.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_enqueue(flexcancel_outbox *outbox,
                                                             const char *session_id,
                                                             const char *options_json);

/**
 * Delivers what is due, the entries that have waited longest first.
 *
 * Ends when none is left, `max` were tried, the deadline (`timeout_ms`) has come, the abort is
 * triggered, or the way to Flex turns out to be closed. `options_json`: NULL, or a JSON object
 * with any of `timeout_ms`, `max`. The result's `outbox.entries` are the entries that were
 * tried, as they stand now, and `outbox.counts` counts all. The
 * code is ok, or why the flush ended early; there is no outcome.
 *
 * Ownership: the result is the caller's; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `outbox` is an error like any other; a NULL `abort` is none. Threads: any,
 * also at once on one outbox, and from other processes. Errors: in the result.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_flush(flexcancel_outbox *outbox,
                                                           const char *options_json,
                                                           flexcancel_abort *abort);

/**
 * Lists entries, in the order of their numbers. Changes nothing.
 *
 * `filter_json`: NULL, or a JSON object with any of `states` (a list of names), `acknowledged`
 * (true or false), `session_id`, `after` (a number: where the list before ended), `max`. The
 * worklist of a shift is `{"states":["refused","expired","needs_attention"],
 * "acknowledged":false}`. The result's `outbox.entries` are the entries.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_list(flexcancel_outbox *outbox,
                                                          const char *filter_json);

/**
 * Notes that a person has seen an entry that is final: it leaves the worklist.
 *
 * `entry_id`: the entry's `id`. Doing so again has no effect. The result's `outbox.entry` is
 * the entry; its code is ok, outbox_no_entry, or outbox_pending for an entry that is not final
 * yet and stays as it is.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_acknowledge(flexcancel_outbox *outbox,
                                                                 int64_t entry_id);

/**
 * Counts the entries. Changes nothing. The result's `outbox.counts` are the counts.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
 */
FLEXCANCEL_API flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_stats(flexcancel_outbox *outbox);

/**
 * Frees an outbox. Its entries stay in the file. A call in flight on another thread keeps what it
 * needs and ends as if nothing had happened; the file is closed when the last such call has ended.
 *
 * What was kept is on the disk already, so nothing can be lost here and there is no error to
 * report.
 *
 * Ownership: taken. NULL, an outbox freed before, or any other invalid handle: no effect.
 * Threads: any, also while calls use it. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_outbox_free(flexcancel_outbox *outbox);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FLEXCANCEL_H */
