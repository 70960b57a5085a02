/* Options: the options of one call. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_OPTIONS_HPP
#define FLEXCANCEL_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "mode.hpp"
#include "repeat.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * The options of one call, written as JSON. Made in place:
 *
 *     client.cancel(id, Options().timeout(5s).idempotency_key(receipt).in_doubt(false));
 *
 * A key that was not used before needs in_doubt(false). A cancel that ended unknown is repeated by
 * its result, with further options by Options(result.repeat()):
 *
 *     client.cancel(id, result.repeat());
 *
 * Setting an option again replaces it, but not one that came with a Repeat. Nothing is checked
 * here: a call with a value that cannot be used is refused with Code::invalid_argument, and its
 * message names the option.
 *
 * A retrieve takes expand, max_attempts and timeout, and refuses the others.
 *
 * Threads: as a std::string. Errors: none, but for memory.
 */
class Options : public detail::JsonObject<Options> {
  public:
    /** No options. */
    Options() = default;
    /**
     * The options that repeat a cancel: idempotency_key, in_doubt and asked_at. Others may be set
     * in addition. Setting one of these three does not replace it, because it belongs to the cancel
     * that is repeated: the call is refused with Code::invalid_argument and names the option.
     */
    explicit Options(const Repeat &repeat) : JsonObject(repeat.json()) {}

    /** When a person asked for this cancel; now by default. A later hold is not released. */
    Options &asked_at(std::chrono::system_clock::time_point time) & {
        return millis("asked_at_ms", time);
    }
    Options asked_at(std::chrono::system_clock::time_point time) && {
        return std::move(asked_at(time));
    }
    /** Related objects to have in full in the response. Flex does not document the names. */
    Options &expand(std::initializer_list<detail::TextArgument> names) & {
        return texts("expand", names);
    }
    Options expand(std::initializer_list<detail::TextArgument> names) && {
        return std::move(expand(names));
    }
    /** The same for names that are known at run time only. */
    Options &expand(const std::vector<std::string> &names) & { return texts("expand", names); }
    Options expand(const std::vector<std::string> &names) && { return std::move(expand(names)); }
    /** The key that every request of this cancel carries. Set in_doubt(false) if it is new. */
    Options &idempotency_key(detail::TextArgument key) & { return text("idempotency_key", key); }
    Options idempotency_key(detail::TextArgument key) && { return std::move(idempotency_key(key)); }
    /**
     * Whether an earlier request with this key may have reached Flex; true by default where a key
     * is set. False: this is the key's first use. True without a key is refused.
     */
    Options &in_doubt(bool is) & { return truth("in_doubt", is); }
    Options in_doubt(bool is) && { return std::move(in_doubt(is)); }
    /** The most times that the request is sent. */
    Options &max_attempts(std::int64_t count) & { return number("max_attempts", count); }
    Options max_attempts(std::int64_t count) && { return std::move(max_attempts(count)); }
    /** The deadline of the whole call. */
    Options &timeout(std::chrono::milliseconds time) & { return millis("timeout_ms", time); }
    Options timeout(std::chrono::milliseconds time) && { return std::move(timeout(time)); }
    /** Whether a confirmation that does not show the release is checked by a read-back. */
    Options &verify(bool reads_back) & { return truth("verify", reads_back); }
    Options verify(bool reads_back) && { return std::move(verify(reads_back)); }
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_OPTIONS_HPP
