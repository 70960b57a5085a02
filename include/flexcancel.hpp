/*
 * flexcancel for C++17 and newer: the classes Client, Result, Abort and Outbox over flexcancel.h.
 *
 *     auto [client, error] = Client::create(Config().api_key_env("FLEX_API_KEY"));
 *     auto result = client ? client.cancel(session_id) : std::move(error);
 *     if (const auto repeat = result.repeat(); repeat && result.outcome() == Outcome::unknown)
 *         result = client.cancel(session_id, repeat);
 *     if (result.is_voided()) ...
 *
 * A lambda of C++17 cannot capture `client` then. Where one uses it, a thread for instance:
 * auto created = Client::create(...), and created.client.
 *
 * Header-only. Link libflexcancel; nothing else is needed, no exceptions and no RTTI either.
 *
 * Errors are values: what went wrong is in the Result. Only the functions whose names say so throw
 * (create_or_throw, open_or_throw, or_throw), and they exist only where exceptions are enabled.
 * Memory that cannot be had is reported as in every standard container: by std::bad_alloc, or by
 * the end of the program without exceptions. In a call that is before anything is sent.
 *
 * Each object owns one handle of the library and frees it. All are move-only. One that was moved
 * from, closed, or could not be made is empty: it converts to false, and using it is defined: a
 * call is refused with Code::invalid_handle and sends nothing, a result is unknown. The message is
 * then C's: "client: expected a live handle". It means: the client is empty, look at the error that
 * came with it (Created::error, Opened::error).
 *
 * Keep a result in a variable before its texts are read: client.cancel(id).message() would borrow
 * from a result that is about to go, and does not compile ("use of deleted function"). Write
 * const auto result = client.cancel(id); and then result.message().
 *
 * Strings go in as std::string_view and are copied; they need no NUL at their end. A string with a
 * NUL in it is never cut short: the library refuses it wherever a NUL cannot be meant. It also
 * refuses a const char * that is NULL, for instance std::getenv() of a variable that is not set:
 * the message names the field, like "base_url: expected a string, found 0". The word nullptr does
 * not compile. A std::string or std::string_view that the program itself makes of NULL is as
 * undefined as ever.
 *
 * Options are made in place, or are JSON in any string. A std::string_view of temporary options
 * would dangle, and does not compile. A std::string of options is a copy of their JSON. A function
 * that passes options on takes them as const Options & or const std::string &.
 *
 * What this header does not have is in the result's JSON (docs/RESULT.md): Result::json().
 */
#ifndef FLEXCANCEL_HPP
#define FLEXCANCEL_HPP

#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "flexcancel.hpp needs C++17 or newer"
#endif

#include <string_view>

#include "flexcancel/abort.hpp"
#include "flexcancel/bulk.hpp"
#include "flexcancel/client.hpp"
#include "flexcancel/config.hpp"
#include "flexcancel/mode.hpp"
#include "flexcancel/options.hpp"
#include "flexcancel/outbox.hpp"
#include "flexcancel/outbox_options.hpp"
#include "flexcancel/outcome.hpp"
#include "flexcancel/repeat.hpp"
#include "flexcancel/result.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * The version of the library that is loaded, like "1.2.3"; FLEXCANCEL_VERSION is that of the
 * headers.
 *
 * Ownership: static. Threads: any. Errors: none.
 */
[[nodiscard]] inline std::string_view version() noexcept { return flexcancel_version(); }

/**
 * True if the library that is loaded is one that these headers were made for. A program asks
 * once, at its start, and uses nothing else of the library if not.
 *
 * Threads: any. Errors: none.
 */
[[nodiscard]] inline bool is_compatible() noexcept {
    return flexcancel_abi_version() == FLEXCANCEL_ABI_VERSION;
}

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_HPP
