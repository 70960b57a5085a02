/*
 * flexcancel: releases the hold on a shopper's HSA/FSA card (Flex), and reports whether the hold
 * is released.
 *
 * Handles are never dereferenced. NULL, garbage, a handle of the wrong type and a freed handle
 * produce FLEXCANCEL_CODE_INVALID_HANDLE, never undefined behaviour. A string argument is
 * NUL-terminated UTF-8; the library keeps no pointer to it. A returned string is borrowed from a
 * result or static: no string needs to be freed. Every function is thread-safe. No function
 * installs a signal handler or prints. Environment variables are read only if the configuration
 * asks for it.
 *
 * Made by cbindgen from src/ffi; do not edit.
 */


#ifndef FLEXCANCEL_H
#define FLEXCANCEL_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header. flexcancel_version() returns the version of the library. */
#define FLEXCANCEL_VERSION "0.1.0"
#define FLEXCANCEL_VERSION_MAJOR 0
#define FLEXCANCEL_VERSION_MINOR 1
#define FLEXCANCEL_VERSION_PATCH 0

/* Only Linux is tested. On Windows, define FLEXCANCEL_STATIC to link the static library. */
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
 * A request may have reached Flex, and its effect could not be determined in time. Asserts
 * nothing. The till may say "pending", never "voided" and never "not voided".
 */
#define FLEXCANCEL_OUTCOME_UNKNOWN 0

/**
 * Flex confirmed the cancel, or a read-back shows it. Asserts: at some moment after the cancel was
 * requested and before the call ended, no hold was left and none was captured. The till may say
 * "voided".
 */
#define FLEXCANCEL_OUTCOME_CANCELED 1

/**
 * The session was already canceled, and as far as Flex reports this call had no effect. Asserts
 * the same as `canceled`. The till may say "voided".
 */
#define FLEXCANCEL_OUTCOME_ALREADY_CANCELED 2

/**
 * Captured or expired. Asserts: at some moment of the call no hold was left to cancel, and no
 * request of this cancel released one. The till may say "too late"; check before a refund.
 */
#define FLEXCANCEL_OUTCOME_NOT_CANCELABLE 3

/**
 * Certainly not done: no request of this cancel was handed to the network, or Flex refused it with
 * its own error code. Asserts: no request of this cancel had or will have an effect. The till may
 * say "not voided".
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
 * The handle is NULL, garbage, freed or of another type.
 */
#define FLEXCANCEL_CODE_INVALID_HANDLE 100

/**
 * An argument or an option is not usable; the message names it.
 */
#define FLEXCANCEL_CODE_INVALID_ARGUMENT 101

/**
 * The configuration is not usable; the message names the field.
 */
#define FLEXCANCEL_CODE_INVALID_CONFIG 102

/**
 * The session id is not 1 to 255 characters of `[A-Za-z0-9_-]`.
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
 * No connection to the host or to the proxy could be opened.
 */
#define FLEXCANCEL_CODE_CONNECT 201

/**
 * The TLS handshake failed: certificate, name, version, or this machine's clock.
 */
#define FLEXCANCEL_CODE_TLS 202

/**
 * The deadline or the connect timeout was reached.
 */
#define FLEXCANCEL_CODE_TIMEOUT 203

/**
 * The connection was lost while the request was in flight.
 */
#define FLEXCANCEL_CODE_CONNECTION_LOST 204

/**
 * The response could not be understood or trusted.
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
 * Flex reports that the session's state leaves nothing to cancel.
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
 * Flex failed (5xx), or did not report that nothing was done (408, 409, 423, 424, 425, 499).
 */
#define FLEXCANCEL_CODE_SERVER_ERROR 306

/**
 * The response is of test mode where live was expected, or the other way round.
 */
#define FLEXCANCEL_CODE_MODE_MISMATCH 307

/**
 * The session may hold money that was authorized after the cancel was requested; that hold is not
 * touched.
 */
#define FLEXCANCEL_CODE_NEWER_HOLD 308

/**
 * This library was built without the outbox.
 */
#define FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE 400

/**
 * The outbox's file or its directory is not safe: it belongs to another user, is a link, or is
 * writable by others. The message says which.
 */
#define FLEXCANCEL_CODE_OUTBOX_UNSAFE 401

/**
 * The outbox's file cannot be read or written.
 */
#define FLEXCANCEL_CODE_OUTBOX_IO 402

/**
 * The disk with the outbox's file is full.
 */
#define FLEXCANCEL_CODE_OUTBOX_FULL 403

/**
 * The outbox's file is damaged; the message has the name to which it was renamed.
 */
#define FLEXCANCEL_CODE_OUTBOX_CORRUPT 404

/**
 * The file is not an outbox, or belongs to a newer version of this library.
 */
#define FLEXCANCEL_CODE_OUTBOX_SCHEMA 405

/**
 * Another process or thread uses the file, or delivers the entry, for longer than the call waits.
 */
#define FLEXCANCEL_CODE_OUTBOX_BUSY 406

/**
 * The outbox has no such entry.
 */
#define FLEXCANCEL_CODE_OUTBOX_NO_ENTRY 407

/**
 * The entry is still pending and cannot be acknowledged.
 */
#define FLEXCANCEL_CODE_OUTBOX_PENDING 408

/**
 * The session may hold money that was authorized after the cancel was requested.
 */
#define FLEXCANCEL_CODE_OUTBOX_STALE 409

/**
 * The entry's delivery time ended, or a person withdrew it.
 */
#define FLEXCANCEL_CODE_OUTBOX_EXPIRED 410

/**
 * A defect of this library. The call ended safely.
 */
#define FLEXCANCEL_CODE_INTERNAL 900

/**
 * Log level: a failed attempt, or an outcome that is not known.
 */
#define FLEXCANCEL_LEVEL_WARN 2

/**
 * Log level: a result.
 */
#define FLEXCANCEL_LEVEL_INFO 3

/**
 * Log level: an attempt with a response.
 */
#define FLEXCANCEL_LEVEL_DEBUG 4

/**
 * The ABI version. It increases with every incompatible change, and is the number in the shared
 * library's name (libflexcancel.so.0).
 */
#define FLEXCANCEL_ABI_VERSION 0

/**
 * Ends calls early, from any thread. One abort handle may serve many calls. It stays triggered: it
 * also ends every call that receives it later.
 */
typedef struct flexcancel_abort flexcancel_abort;

/**
 * A configured client. Thread-safe; concurrent calls allowed.
 */
typedef struct flexcancel_client flexcancel_client;

/**
 * An outbox (store-and-forward, SAF): cancels that are kept in a file until they are delivered.
 * Thread-safe; several processes may open the same file. docs/OUTBOX.md lists its guarantees.
 */
typedef struct flexcancel_outbox flexcancel_outbox;

/**
 * The result of a call: a code, texts, and an outcome if the call was about a session. Immutable;
 * several threads may read it concurrently.
 */
typedef struct flexcancel_result flexcancel_result;

/**
 * Receives one log event of a client.
 *
 * `user_data`: the pointer that was passed to flexcancel_client_set_log. `level`: 2 (warn), 3
 * (info) or 4 (debug). `event_json`: a NUL-terminated JSON object of `len` bytes, valid until the
 * callback returns. Its field `event` is `attempt`, `result` or `warm_up`; docs/RESULT.md
 * describes the other fields. No event contains an API key.
 *
 * The callback runs on the thread that makes the call, before the call returns. The library holds
 * no lock while the callback runs, so the callback may call any function of this library, even on
 * the same client. It must not throw an exception or call longjmp.
 */
typedef void (FLEXCANCEL_CALL *flexcancel_log_callback)(void *user_data,
                                                        int32_t level,
                                                        const char *event_json,
                                                        size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the loaded library, for example "1.2.3". FLEXCANCEL_VERSION is the
 * version of the header.
 *
 * Ownership: static; do not free it. Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_version(void);

/**
 * Returns the ABI version of the loaded library. Do not use the library if it differs from the
 * FLEXCANCEL_ABI_VERSION that the program was compiled with.
 *
 * Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API uint32_t FLEXCANCEL_CALL flexcancel_abi_version(void);

/**
 * Returns the name of a code (FLEXCANCEL_CODE_*) as it is in the result's JSON, for example
 * "timeout".
 *
 * Ownership: static; do not free it. NULL: returned for a number that is not a code. Threads:
 * thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_code_name(int32_t code);

/**
 * Returns the name of an outcome (FLEXCANCEL_OUTCOME_*) as it is in the result's JSON, for example
 * "canceled".
 *
 * Ownership: static; do not free it. NULL: returned for a number that is not an outcome. Threads:
 * thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_outcome_name(int32_t outcome);

/**
 * Returns the name of a hold (FLEXCANCEL_HOLD_*) as it is in the result's JSON, for example
 * "released".
 *
 * Ownership: static; do not free it. NULL: returned for a number that is not a hold. Threads:
 * thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_hold_name(int32_t hold);

/**
 * Creates an abort handle that is not triggered.
 *
 * Ownership: the caller owns the handle; free it with flexcancel_abort_free. Threads: thread-safe.
 * Errors: returns NULL if the table of handles is full.
 */
FLEXCANCEL_API flexcancel_abort *FLEXCANCEL_CALL flexcancel_abort_new(void);

/**
 * Ends every call in flight that received this abort handle, and every later call that receives
 * it.
 *
 * A waiting call returns at once. A cancel that is aborted before its request was handed to the
 * network sends nothing. Its result is then not_applied/aborted, but its outcome is unknown if the
 * cancel is in doubt or in an outbox. A call that is about to return may still return its normal
 * result. Triggering again has no effect.
 *
 * Ownership: not transferred; the handle may be freed when this function has returned. NULL or any
 * other invalid handle: no effect. Threads: thread-safe, even while calls use the handle. Do not
 * call it in a signal handler: it takes a lock. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_abort_trigger(flexcancel_abort *abort);

/**
 * Frees an abort handle without triggering it. A call that received it continues, and can no
 * longer be aborted.
 *
 * Ownership: transferred to the library. NULL, a freed handle or any other invalid handle: no
 * effect. Threads: thread-safe, even while calls use the handle. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_abort_free(flexcancel_abort *abort);

/**
 * Returns the outcome: one of FLEXCANCEL_OUTCOME_*.
 *
 * Only calls about a session have one: a client's cancel and retrieve, and an outbox's cancel and
 * enqueue. For any other operation this function returns FLEXCANCEL_OUTCOME_UNKNOWN, which asserts
 * nothing; use flexcancel_result_code instead.
 *
 * Ownership: not transferred. NULL or any other invalid handle: returns
 * FLEXCANCEL_OUTCOME_UNKNOWN. Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API int32_t FLEXCANCEL_CALL flexcancel_result_outcome(const flexcancel_result *result);

/**
 * Returns the code: one of FLEXCANCEL_CODE_*. It is the reason for the outcome.
 *
 * Ownership: not transferred. NULL or any other invalid handle: returns
 * FLEXCANCEL_CODE_INVALID_HANDLE. Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API int32_t FLEXCANCEL_CALL flexcancel_result_code(const flexcancel_result *result);

/**
 * Returns what is known about the money: one of FLEXCANCEL_HOLD_*.
 *
 * Ownership: not transferred. NULL or any other invalid handle: returns FLEXCANCEL_HOLD_UNKNOWN.
 * Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API int32_t FLEXCANCEL_CALL flexcancel_result_hold(const flexcancel_result *result);

/**
 * Returns what happened, in one line for a log. NUL-terminated UTF-8. A NUL within the message is
 * replaced by U+FFFD; the JSON contains it unchanged.
 *
 * Ownership: borrowed from the result, and valid until the result is freed. NULL or any other
 * invalid handle: returns NULL. Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_message(const flexcancel_result *result);

/**
 * Returns what to do now, in one line for a person. NUL-terminated UTF-8.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_advice(const flexcancel_result *result);

/**
 * Returns the session id that was passed to the call. NUL-terminated. Also returns NULL if the id
 * was not usable.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_session_id(const flexcancel_result *result);

/**
 * Returns the idempotency key that every cancel request of this call carried. NUL-terminated. Also
 * returns NULL if there was no key.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_idempotency_key(const flexcancel_result *result);

/**
 * Returns the session as a JSON object, exactly as Flex wrote it. NUL-terminated UTF-8. Also
 * returns NULL if no response contained the session.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_result_message.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_checkout_session(const flexcancel_result *result);

/**
 * Returns the whole result as a JSON object. docs/RESULT.md describes it.
 *
 * `len`: NULL, or receives the length of the text in bytes, without the terminating NUL.
 *
 * Ownership: borrowed from the result, and valid until the result is freed. NULL or any other
 * invalid handle: returns a static text of the same shape with the code invalid_handle; never
 * returns NULL. Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_json(const flexcancel_result *result, size_t *len);

/**
 * Returns the options that repeat this cancel, as a JSON object: the same idempotency key, whether
 * an earlier request may have reached Flex, and when the cancel was requested.
 *
 * Pass it as `options_json` to flexcancel_client_cancel, flexcancel_outbox_cancel or
 * flexcancel_outbox_enqueue. A result has such options if its outcome is unknown or not_applied
 * and the arguments of the call were usable.
 *
 * Ownership: borrowed from the result, and valid until the result is freed. NULL or any other
 * invalid handle: returns NULL. Also returns NULL if there is nothing to repeat; a NULL
 * `options_json` starts a new cancel. Threads: thread-safe. Errors: none.
 */
FLEXCANCEL_API const char *FLEXCANCEL_CALL flexcancel_result_repeat(const flexcancel_result *result);

/**
 * Frees a result and the texts that were borrowed from it.
 *
 * Ownership: transferred to the library. NULL, a freed result or any other invalid handle: no
 * effect. Threads: thread-safe, but no thread may read a text of this result during this call or
 * later. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_result_free(flexcancel_result *result);

/**
 * Creates a client from a JSON configuration. docs/CONFIGURATION.md describes every key. Opens no
 * connection.
 *
 * `config_json`: NUL-terminated UTF-8, at most 64 KiB. The library keeps the settings, but no copy
 * of the text. The API key is erased from memory when the client and every outbox that was opened
 * with it are freed. `error`: NULL, or receives NULL on success and a result
 * (not_applied/invalid_config) on failure. The message of that result names the field and what was
 * expected.
 *
 * Ownership: the caller owns the client and the error result; free them with
 * flexcancel_client_free and flexcancel_result_free. NULL: a NULL `config_json` is an error.
 * Threads: thread-safe. Errors: returns NULL, and `*error` has the reason.
 */
FLEXCANCEL_API
flexcancel_client *FLEXCANCEL_CALL flexcancel_client_new(const char *config_json,
                                                         flexcancel_result **error);

/**
 * Frees a client and closes its connections. A call in flight on another thread is not affected.
 *
 * Ownership: transferred to the library. NULL, a freed client or any other invalid handle: no
 * effect. Threads: thread-safe, even while calls use the client. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_client_free(flexcancel_client *client);

/**
 * Sets the client's log callback, replacing any previous one. NULL disables logging.
 *
 * Ownership: not transferred. `user_data` must stay valid until another callback is set, or until
 * the client and every outbox that was opened with it are freed. In both cases it must also stay
 * valid until every call that started earlier has returned, because a call in flight keeps the
 * callback that it started with. NULL: `user_data` may be NULL. Threads: thread-safe; concurrent
 * calls may run the callback concurrently. Errors: returns FLEXCANCEL_CODE_OK, or
 * FLEXCANCEL_CODE_INVALID_HANDLE for an invalid client.
 */
FLEXCANCEL_API
int32_t FLEXCANCEL_CALL flexcancel_client_set_log(flexcancel_client *client,
                                                  flexcancel_log_callback callback,
                                                  void *user_data);

/**
 * Releases the hold of a checkout session, and reports whether it is released.
 *
 * Blocks until the outcome is definite or the deadline (`timeout_ms`) is reached. `session_id`: 1
 * to 255 characters of [A-Za-z0-9_-]. `options_json`: NULL, or a JSON object of at most 64 KiB
 * with any of `asked_at_ms`, `expand`, `idempotency_key`, `in_doubt`, `max_attempts`,
 * `timeout_ms`, `verify`; docs/CONFIGURATION.md describes them. To repeat a cancel, pass the text
 * from flexcancel_result_repeat. `abort`: NULL, or a handle that can end the call early. The
 * library keeps no pointer to an argument after the call.
 *
 * Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `client` or `session_id` is an error. Threads: thread-safe; concurrent calls on
 * one client allowed. The client and the abort handle may be freed during the call. Errors: in the
 * result. If an argument or a handle is not usable, nothing is sent. The outcome is then
 * not_applied, or unknown if the cancel is in doubt.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_client_cancel(flexcancel_client *client,
                                                            const char *session_id,
                                                            const char *options_json,
                                                            flexcancel_abort *abort);

/**
 * Reads a checkout session with its payment intents. Changes nothing.
 *
 * The outcome says what the till may say about the void: already_canceled (the hold is released),
 * not_cancelable (captured or expired), not_applied (the session can be canceled now, but a cancel
 * in flight may still release its hold) or unknown. The hold says where the money is. The options
 * `asked_at_ms`, `idempotency_key`, `in_doubt` and `verify` are refused. Everything else is as for
 * flexcancel_client_cancel.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_client_cancel.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_client_retrieve(flexcancel_client *client,
                                                              const char *session_id,
                                                              const char *options_json,
                                                              flexcancel_abort *abort);

/**
 * Opens one more connection for a later call. Performs DNS, TCP and TLS set-up without sending a
 * request. A call that starts within `max_idle_ms` uses the connection.
 *
 * Blocks until the connection is open or the deadline is reached. Makes one attempt.
 * `options_json`: NULL, or a JSON object with `timeout_ms`. `abort`: NULL, or a handle that can
 * end the operation early. The result has a code and no outcome: ok, or the reason why there is no
 * connection.
 *
 * Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `client` is an error. Threads: thread-safe; each concurrent call opens its own
 * connection. Errors: in the result.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_client_warm_up(flexcancel_client *client,
                                                             const char *options_json,
                                                             flexcancel_abort *abort);

/**
 * Opens an outbox in a file. Creates the file if it does not exist and `create` is not false.
 * Sends nothing.
 *
 * `client`: delivers the cancels. The client may be freed while the outbox is open.
 * `options_json`: a JSON object of at most 64 KiB with `path` (required), `create` (true by
 * default) and `keep_ms`. `error`: NULL, or receives NULL on success and a result (not_applied) on
 * failure. Its code is outbox_unsafe, outbox_io, outbox_full, outbox_corrupt (the file was
 * renamed; open again to create a new one), outbox_schema (the file is not an outbox, or belongs
 * to a newer version; it is not changed), outbox_busy or outbox_unavailable.
 *
 * Ownership: the caller owns the outbox and the error result; free them with
 * flexcancel_outbox_free and flexcancel_result_free. NULL: a NULL `client` or `options_json` is an
 * error. Threads: thread-safe. Errors: returns NULL, and `*error` has the reason.
 */
FLEXCANCEL_API
flexcancel_outbox *FLEXCANCEL_CALL flexcancel_outbox_open(flexcancel_client *client,
                                                          const char *options_json,
                                                          flexcancel_result **error);

/**
 * Writes a cancel to the outbox and tries to deliver it.
 *
 * The cancel is on the disk before its first byte is sent. A definite outcome completes the entry.
 * Otherwise the entry is kept for a later flush, and the outcome is unknown, even if nothing was
 * sent yet. If a cancel of the same session is pending, its entry and its idempotency key are
 * used. `options_json`: NULL, or a JSON object with any of `asked_at_ms`, `deliver_within_ms`,
 * `expand`, `idempotency_key`, `in_doubt`, `max_attempts`, `timeout_ms`, `verify`. To take over a
 * cancel that ended unknown, pass the text from flexcancel_result_repeat. The result's
 * `outbox.entry` is the entry. Everything else is as for flexcancel_client_cancel.
 *
 * Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `outbox` or `session_id` is an error. Threads: thread-safe; concurrent calls on
 * one outbox allowed. Errors: in the result. If the file cannot be written, nothing is sent.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_cancel(flexcancel_outbox *outbox,
                                                            const char *session_id,
                                                            const char *options_json,
                                                            flexcancel_abort *abort);

/**
 * Writes a cancel to the outbox for a later flush. Sends nothing.
 *
 * The cancel is on the disk when this function returns. The outcome is unknown, because the cancel
 * was not sent yet; the code is ok. If a cancel of the same session is pending, its entry and its
 * idempotency key are kept. `options_json`: NULL, or a JSON object with any of `asked_at_ms`,
 * `deliver_within_ms`, `expand`, `idempotency_key`, `in_doubt`. To take over a cancel that ended
 * unknown, pass the text from flexcancel_result_repeat.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_cancel.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_enqueue(flexcancel_outbox *outbox,
                                                             const char *session_id,
                                                             const char *options_json);

/**
 * Delivers the entries that are due. The entry that has waited longest is delivered first.
 *
 * Ends when no entry is left, `max` entries were tried, the deadline (`timeout_ms`) is reached,
 * the abort handle is triggered, or Flex cannot be reached. `options_json`: NULL, or a JSON object
 * with any of `timeout_ms`, `max` and `now` (true: also tries entries that wait for their next
 * attempt). `abort`: NULL, or a handle that can end the flush early. The result's `outbox.entries`
 * are the tried entries in their new state. `outbox.counts` counts all entries. The result has a
 * code and no outcome: ok, or the reason why the flush ended early.
 *
 * Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `outbox` is an error. Threads: thread-safe; several threads and several
 * processes may use one outbox concurrently. Errors: in the result.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_flush(flexcancel_outbox *outbox,
                                                           const char *options_json,
                                                           flexcancel_abort *abort);

/**
 * Lists entries in the order of their ids. Changes nothing.
 *
 * `filter_json`: NULL, or a JSON object with any of `states` (a list of names), `acknowledged`
 * (true or false), `session_id`, `after` (the id at which the previous list ended) and `max`. The
 * worklist at the end of a shift is `{"states":["refused","expired","needs_attention"],
 * "acknowledged":false}`. The result's `outbox.entries` are the entries.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_list(flexcancel_outbox *outbox,
                                                          const char *filter_json);

/**
 * Records that a person has seen a final entry. The entry leaves the worklist.
 *
 * `entry_id`: the `id` of the entry. Acknowledging again has no effect. The result's
 * `outbox.entry` is the entry. The code is ok, outbox_no_entry, or outbox_pending. An entry that
 * is pending is not changed.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_acknowledge(flexcancel_outbox *outbox,
                                                                 int64_t entry_id);

/**
 * Ends a pending entry by the decision of a person. The entry is not delivered any more.
 *
 * `entry_id`: the `id` of the entry. `reason`: 1 to 200 bytes without control characters; it
 * becomes the message of the entry. The entry becomes needs_attention if a request of it may have
 * reached Flex, and expired otherwise. It is also acknowledged. A final entry stays unchanged. The
 * result's `outbox.entry` is the entry. The code is ok, outbox_no_entry, or outbox_busy while the
 * entry is being delivered.
 *
 * Ownership: the caller owns the result; free it with flexcancel_result_free. NULL: never
 * returned; a NULL `outbox` or `reason` is an error. Threads: thread-safe. Errors: in the result.
 */
FLEXCANCEL_API
flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_withdraw(flexcancel_outbox *outbox,
                                                              int64_t entry_id,
                                                              const char *reason);

/**
 * Counts the entries. Changes nothing. The result's `outbox.counts` are the counts.
 *
 * Ownership, NULL, threads, errors: as for flexcancel_outbox_flush.
 */
FLEXCANCEL_API flexcancel_result *FLEXCANCEL_CALL flexcancel_outbox_stats(flexcancel_outbox *outbox);

/**
 * Frees an outbox. Its entries stay in the file. A call in flight on another thread is not
 * affected. The file is closed when the last such call has ended.
 *
 * Every entry is already on the disk, so this function cannot lose an entry and reports no error.
 *
 * Ownership: transferred to the library. NULL, a freed outbox or any other invalid handle: no
 * effect. Threads: thread-safe, even while calls use the outbox. Errors: none.
 */
FLEXCANCEL_API void FLEXCANCEL_CALL flexcancel_outbox_free(flexcancel_outbox *outbox);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FLEXCANCEL_H */
