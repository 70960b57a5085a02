/* Options: the options of one call. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_OPTIONS_HPP
#define FLEXCANCEL_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

namespace flexcancel {

/**
 * The options of one call, written as JSON. Made in place:
 *
 *     client.cancel(id, Options().timeout(5s).idempotency_key(receipt));
 *
 * Setting an option again replaces it. Nothing is checked here: a call with a value that cannot
 * be used is refused with Code::invalid_argument, and its message names the option. Whoever sets
 * the idempotency key need not read it from the result to repeat an unknown cancel.
 *
 * Threads: as a std::string. Errors: none, but for memory.
 */
class Options : public detail::JsonObject<Options> {
  public:
    /** Related objects to have in full in the answer. Flex does not document the names. */
    Options &expand(std::initializer_list<std::string_view> names) {
        return texts("expand", names);
    }
    /** The same for names that are known at run time only. */
    Options &expand(const std::vector<std::string> &names) { return texts("expand", names); }
    /** The key that every send of this cancel carries. Refused for a retrieve. */
    Options &idempotency_key(std::string_view key) { return text("idempotency_key", key); }
    /** The most times that the request is sent. */
    Options &max_attempts(std::int64_t count) { return number("max_attempts", count); }
    /** The deadline of the whole call. */
    Options &timeout(std::chrono::milliseconds time) { return millis("timeout_ms", time); }
};

} // namespace flexcancel

#endif // FLEXCANCEL_OPTIONS_HPP
