/* BulkOptions, BulkItem: many cancels in one call. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_BULK_HPP
#define FLEXCANCEL_BULK_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "mode.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * The options of Client::cancel_many, written as JSON. Made in place:
 *
 *     client.cancel_many(ids, BulkOptions().rate_per_second(25).journal("night.jsonl"), done);
 *
 * Setting one again replaces it. Nothing is checked here: a run with a value that cannot be used is
 * refused with Code::invalid_argument, and its message names the option. docs/BULK.md has the
 * defaults and bounds. Threads: as a std::string. Errors: none, but for memory.
 */
class BulkOptions : public detail::JsonObject<BulkOptions> {
  public:
    /** When the cancels were requested; by default when an item is taken from the input. */
    BulkOptions &asked_at(std::chrono::system_clock::time_point time) & {
        return millis("asked_at_ms", time);
    }
    BulkOptions asked_at(std::chrono::system_clock::time_point time) && {
        return std::move(asked_at(time));
    }
    /** The most calls at a time; each has a thread while the run lasts. */
    BulkOptions &concurrency(std::int64_t calls) & { return number("concurrency", calls); }
    BulkOptions concurrency(std::int64_t calls) && { return std::move(concurrency(calls)); }
    /** Whether each session is only retrieved, which shows what a run would do. */
    BulkOptions &dry_run(bool is) & { return truth("dry_run", is); }
    BulkOptions dry_run(bool is) && { return std::move(dry_run(is)); }
    /** Related objects to have in full in the response. Flex does not document the names. */
    BulkOptions &expand(std::initializer_list<detail::TextArgument> names) & {
        return texts("expand", names);
    }
    BulkOptions expand(std::initializer_list<detail::TextArgument> names) && {
        return std::move(expand(names));
    }
    /** The same for names that are known at run time only. */
    BulkOptions &expand(const std::vector<std::string> &names) & { return texts("expand", names); }
    BulkOptions expand(const std::vector<std::string> &names) && {
        return std::move(expand(names));
    }
    /** Whether results come in the order of the input; true by default. */
    BulkOptions &in_order(bool is) & { return truth("in_order", is); }
    BulkOptions in_order(bool is) && { return std::move(in_order(is)); }
    /** The file that keeps what was sent and what became of it, so that a run can be resumed. */
    BulkOptions &journal(detail::TextArgument file) & { return text("journal", file); }
    BulkOptions journal(detail::TextArgument file) && { return std::move(journal(file)); }
    /** The most times that one request is sent. */
    BulkOptions &max_attempts(std::int64_t count) & { return number("max_attempts", count); }
    BulkOptions max_attempts(std::int64_t count) && { return std::move(max_attempts(count)); }
    /** The run stops after more unknown outcomes than this. */
    BulkOptions &max_unknown(std::int64_t count) & { return number("max_unknown", count); }
    BulkOptions max_unknown(std::int64_t count) && { return std::move(max_unknown(count)); }
    /** The most requests per second of this run. */
    BulkOptions &rate_per_second(std::int64_t count) & { return number("rate_per_second", count); }
    BulkOptions rate_per_second(std::int64_t count) && { return std::move(rate_per_second(count)); }
    /** Why the sessions are canceled; written to the journal's first line. */
    BulkOptions &reason(detail::TextArgument why) & { return text("reason", why); }
    BulkOptions reason(detail::TextArgument why) && { return std::move(reason(why)); }
    /** The deadline of each call, from when its turn has come. */
    BulkOptions &timeout(std::chrono::milliseconds time) & { return millis("timeout_ms", time); }
    BulkOptions timeout(std::chrono::milliseconds time) && { return std::move(timeout(time)); }
    /** Whether a confirmation that does not show the release is checked by a read-back. */
    BulkOptions &verify(bool reads_back) & { return truth("verify", reads_back); }
    BulkOptions verify(bool reads_back) && { return std::move(verify(reads_back)); }
};

/** A session with options of its own: BulkItem{id, Options().timeout(5s)}. */
struct BulkItem {
    /** The session's id. */
    std::string session_id;
    /** The options of its call, as for Client::cancel(); none by default. */
    std::string options = "{}";
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_BULK_HPP
