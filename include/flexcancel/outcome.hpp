/* Outcome, Hold, Code, Level: what a call comes to, as numbers. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_OUTCOME_HPP
#define FLEXCANCEL_OUTCOME_HPP

#include <cstdint>
#include <string_view>

#include "../flexcancel.h"
#include "mode.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * What is known of the cancel. A newer library may give a number that is not listed here: treat
 * it as unknown, and give every switch a default.
 */
enum class Outcome : std::int32_t {
    /**
     * A request may have reached Flex, or may still be sent from an outbox, and its effect is not
     * known. Asserts nothing. The till may say "pending", never "voided" and never "not voided".
     */
    unknown = FLEXCANCEL_OUTCOME_UNKNOWN,
    /**
     * Flex confirmed the cancel, or a read-back shows it. Asserts: at some moment after the cancel
     * was requested and before the call ended, no hold was left, and none had been captured since
     * the request. The till may say "voided".
     */
    canceled = FLEXCANCEL_OUTCOME_CANCELED,
    /**
     * The session was already canceled. As far as Flex reports, this call had no effect. Asserts
     * the same as `canceled`. The till may say "voided".
     */
    already_canceled = FLEXCANCEL_OUTCOME_ALREADY_CANCELED,
    /**
     * The session was captured or expired. Asserts: at some moment of the call no hold was left to
     * cancel, and no request of this cancel released one. The till may say "too late". Before a
     * refund, check whether money was captured.
     */
    not_cancelable = FLEXCANCEL_OUTCOME_NOT_CANCELABLE,
    /**
     * The cancel was certainly not done: no request of it was handed to the network, or Flex
     * refused each one. Asserts: no request of this cancel had an effect or will have one. The till
     * may say "not voided".
     */
    not_applied = FLEXCANCEL_OUTCOME_NOT_APPLIED,
};

/**
 * Why the outcome is what it is; flexcancel.h and docs/RESULT.md say what each means. A newer
 * library may give a number that is not listed here.
 */
enum class Code : std::int32_t {
    ok = FLEXCANCEL_CODE_OK,
    invalid_handle = FLEXCANCEL_CODE_INVALID_HANDLE,
    invalid_argument = FLEXCANCEL_CODE_INVALID_ARGUMENT,
    invalid_config = FLEXCANCEL_CODE_INVALID_CONFIG,
    invalid_session_id = FLEXCANCEL_CODE_INVALID_SESSION_ID,
    aborted = FLEXCANCEL_CODE_ABORTED,
    dns = FLEXCANCEL_CODE_DNS,
    connect = FLEXCANCEL_CODE_CONNECT,
    tls = FLEXCANCEL_CODE_TLS,
    timeout = FLEXCANCEL_CODE_TIMEOUT,
    connection_lost = FLEXCANCEL_CODE_CONNECTION_LOST,
    protocol = FLEXCANCEL_CODE_PROTOCOL,
    unauthorized = FLEXCANCEL_CODE_UNAUTHORIZED,
    forbidden = FLEXCANCEL_CODE_FORBIDDEN,
    not_found = FLEXCANCEL_CODE_NOT_FOUND,
    not_cancelable = FLEXCANCEL_CODE_NOT_CANCELABLE,
    rate_limited = FLEXCANCEL_CODE_RATE_LIMITED,
    rejected = FLEXCANCEL_CODE_REJECTED,
    server_error = FLEXCANCEL_CODE_SERVER_ERROR,
    mode_mismatch = FLEXCANCEL_CODE_MODE_MISMATCH,
    newer_hold = FLEXCANCEL_CODE_NEWER_HOLD,
    outbox_unavailable = FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE,
    outbox_unsafe = FLEXCANCEL_CODE_OUTBOX_UNSAFE,
    outbox_io = FLEXCANCEL_CODE_OUTBOX_IO,
    outbox_full = FLEXCANCEL_CODE_OUTBOX_FULL,
    outbox_corrupt = FLEXCANCEL_CODE_OUTBOX_CORRUPT,
    outbox_schema = FLEXCANCEL_CODE_OUTBOX_SCHEMA,
    outbox_busy = FLEXCANCEL_CODE_OUTBOX_BUSY,
    outbox_no_entry = FLEXCANCEL_CODE_OUTBOX_NO_ENTRY,
    outbox_pending = FLEXCANCEL_CODE_OUTBOX_PENDING,
    outbox_stale = FLEXCANCEL_CODE_OUTBOX_STALE,
    outbox_expired = FLEXCANCEL_CODE_OUTBOX_EXPIRED,
    outbox_final = FLEXCANCEL_CODE_OUTBOX_FINAL,
    journal_io = FLEXCANCEL_CODE_JOURNAL_IO,
    journal_invalid = FLEXCANCEL_CODE_JOURNAL_INVALID,
    journal_busy = FLEXCANCEL_CODE_JOURNAL_BUSY,
    max_unknown = FLEXCANCEL_CODE_MAX_UNKNOWN,
    internal = FLEXCANCEL_CODE_INTERNAL,
};

/** What is known of the money itself. 0, the value of anything unset, is unknown. */
enum class Hold : std::int32_t {
    /** Nothing is known about the money. */
    unknown = FLEXCANCEL_HOLD_UNKNOWN,
    /** No hold is left, because of a cancel. */
    released = FLEXCANCEL_HOLD_RELEASED,
    /** There is no hold: the session never had one, or the session expired. */
    none = FLEXCANCEL_HOLD_NONE,
    /** The money was captured, all or a part of it, and no hold is left. */
    captured = FLEXCANCEL_HOLD_CAPTURED,
    /** A hold was there when the session was last read. */
    held = FLEXCANCEL_HOLD_HELD,
};

/** How much an event matters. */
enum class Level : std::int32_t {
    /** An event whose code is not ok, or a result whose outcome is unknown. */
    warn = FLEXCANCEL_LEVEL_WARN,
    /** Any other result or warm-up. */
    info = FLEXCANCEL_LEVEL_INFO,
    /** Any other attempt. */
    debug = FLEXCANCEL_LEVEL_DEBUG,
};

/**
 * The name of an outcome as the JSON has it, like "canceled".
 *
 * Ownership: static. Empty for a number that is no outcome of the library. Threads: any.
 * Errors: none.
 */
[[nodiscard]] inline std::string_view name(Outcome outcome) noexcept {
    const char *text = flexcancel_outcome_name(static_cast<std::int32_t>(outcome));
    return text != nullptr ? text : std::string_view();
}

/**
 * The name of a code as the JSON has it, like "timeout".
 *
 * Ownership: static. Empty for a number that is no code of the library. Threads: any. Errors:
 * none.
 */
[[nodiscard]] inline std::string_view name(Code code) noexcept {
    const char *text = flexcancel_code_name(static_cast<std::int32_t>(code));
    return text != nullptr ? text : std::string_view();
}

/**
 * The name of a hold as the JSON has it, like "released".
 *
 * Ownership: static. Empty for a number that is no hold of the library. Threads: any. Errors:
 * none.
 */
[[nodiscard]] inline std::string_view name(Hold hold) noexcept {
    const char *text = flexcancel_hold_name(static_cast<std::int32_t>(hold));
    return text != nullptr ? text : std::string_view();
}

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_OUTCOME_HPP
