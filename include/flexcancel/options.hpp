/* Options: the options of one call. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_OPTIONS_HPP
#define FLEXCANCEL_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
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
 * Setting an option again replaces it. Nothing is checked here: a call with a value that cannot
 * be used is refused with Code::invalid_argument, and its message names the option.
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
     * The options that repeat a cancel, to be set others beside: an option that `repeat` has is
     * not set again, or the call is refused.
     */
    explicit Options(const Repeat &repeat) : JsonObject(repeat.json()) {}

    /** When a person asked for this cancel; now by default. A later hold is not released. */
    Options &asked_at(std::chrono::system_clock::time_point time) {
        return millis("asked_at_ms", time);
    }
    /** Related objects to have in full in the response. Flex does not document the names. */
    Options &expand(std::initializer_list<std::string_view> names) {
        return texts("expand", names);
    }
    /** The same for names that are known at run time only. */
    Options &expand(const std::vector<std::string> &names) { return texts("expand", names); }
    /** The key that every request of this cancel carries. Set in_doubt(false) if it is new. */
    Options &idempotency_key(std::string_view key) { return text("idempotency_key", key); }
    /**
     * Whether an earlier request with this key may have reached Flex; true by default where a key
     * is set. False: this is the key's first use. True without a key is refused.
     */
    Options &in_doubt(bool is) { return truth("in_doubt", is); }
    /** The most times that the request is sent. */
    Options &max_attempts(std::int64_t count) { return number("max_attempts", count); }
    /** The deadline of the whole call. */
    Options &timeout(std::chrono::milliseconds time) { return millis("timeout_ms", time); }
    /** Whether a confirmation that does not show the release is checked by a read-back. */
    Options &verify(bool reads_back) { return truth("verify", reads_back); }
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_OPTIONS_HPP
