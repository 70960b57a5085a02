/* Repeat: the options that repeat a cancel. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_REPEAT_HPP
#define FLEXCANCEL_REPEAT_HPP

#include <string>
#include <string_view>
#include <utility>

#include "mode.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * The options that repeat a cancel: its idempotency key, whether an earlier request may have
 * reached Flex, and when the cancel was asked for. Taken as options wherever a cancel is:
 *
 *     if (const auto repeat = result.repeat())
 *         again = client.cancel(id, repeat);
 *
 * Also outbox.cancel(id, repeat), outbox.enqueue(id, repeat), and with further options
 * client.cancel(id, Options(repeat).timeout(5s)). It owns its JSON: it outlives its result, and a
 * till may store json() with the sale and make a Repeat of it after a restart.
 *
 * An empty one converts to false. A call that is given it, or what is left of a damaged one (its
 * JSON is no object, or lacks the key), is refused with Code::invalid_argument and the outcome
 * unknown, and does not begin a new cancel.
 * Threads: as a std::string. Errors: none, but for memory.
 */
class Repeat {
  public:
    /** An empty one: there is nothing to repeat. */
    Repeat() = default;
    /** The JSON of an earlier result's `repeat`. An empty string makes an empty one. */
    explicit Repeat(std::string json) : json_(std::move(json)) {}
    /** The same. NULL, as flexcancel_result_repeat() may return, makes an empty one, too. */
    explicit Repeat(const char *json) : json_(json != nullptr ? json : "") {}

    /** False if there is nothing to repeat. Threads: any. Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return !json_.empty(); }

    /**
     * The options as a JSON object. Ownership: borrowed; valid until this object is destroyed,
     * moved or assigned to. Without an idempotency key: options that are refused. Threads: any.
     * Errors: none.
     */
    [[nodiscard]] std::string_view json() const &noexcept {
        // A repetition of nothing must not begin a new cancel: this lacks the key, too.
        return has_key() ? std::string_view(json_) : std::string_view("{\"in_doubt\":true}");
    }
    /** The same: this is taken wherever its JSON is. */
    operator std::string_view() const &noexcept { return json(); }
    /** A copy, which outlives this object: std::string stored = result.repeat(). */
    operator std::string() const { return std::string(json()); }
    /** JSON borrowed from a temporary object would dangle: keep the object, or copy its JSON. */
    std::string_view json() const && = delete;
    /** The same. */
    operator std::string_view() const && = delete;

  private:
    /** True if a string stands where the key is; whether it is one, the library says. */
    bool has_key() const noexcept {
        constexpr std::string_view name = "\"idempotency_key\"";
        const std::string_view json = json_;
        const auto found = json.find(name);
        if (found == json.npos)
            return false;
        const auto value = json.find_first_not_of(" \t\r\n:", found + name.size());
        return value != json.npos && json[value] == '"';
    }

    std::string json_;
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_REPEAT_HPP
