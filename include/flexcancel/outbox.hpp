/* Outbox: cancels that are kept in a file until they are delivered. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_OUTBOX_HPP
#define FLEXCANCEL_OUTBOX_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "abort.hpp"
#include "client.hpp"
#include "handle.hpp"
#include "mode.hpp"
#include "outbox_options.hpp"
#include "result.hpp"
#include "stop.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * Cancels that are kept in a file until they are delivered (docs/OUTBOX.md says what it promises).
 * May be shared between threads, and its file between processes. Nothing is delivered unless
 * flush() is called.
 *
 *     auto created = Client::create(Config().api_key_env("FLEX_API_KEY"));
 *     auto opened = Outbox::open(created.client, OutboxOptions().path("outbox.db"));
 *     std::thread flusher([&opened] { const Status flushed = opened.outbox.flush(); ... });
 *
 * auto [outbox, error] = Outbox::open(...) is shorter, but C++17 has no lambda that captures
 * `outbox` then.
 *
 * Entries and counts are in `outbox` of the JSON of a Result or Status. To read them, take a JSON
 * library: docs/OUTBOX.md, "Entries in C and C++", has a worklist with nlohmann/json.
 *
 * Like every C++ object it must outlive its own calls. A log handler may close it.
 *
 * An empty outbox refuses each call with Code::invalid_handle and C's words "outbox: expected a
 * live handle". That means: the outbox was moved from, closed, or never opened. Look at
 * Opened::error.
 */
class Outbox {
  public:
    struct Opened;

    /** An empty outbox: each of its calls is refused. Outbox::open() makes one that works. */
    Outbox() = default;

    /**
     * Opens the outbox in a file: OutboxOptions, or the same as JSON. Makes the file if it is not
     * there and `create` is not false. Sends nothing.
     *
     * `client`: what delivers. Ownership: the outbox keeps what it needs of it, its log handler
     * too; the client may be closed. Threads: any. Errors: the outbox is empty, and the error is
     * unknown (the file may keep cancels) with a code that says why: outbox_unsafe, outbox_io,
     * outbox_full, outbox_corrupt (the file was quarantined; open again to begin a new one),
     * outbox_schema, outbox_busy, outbox_unavailable, or that of a wrong argument.
     */
    [[nodiscard]] static Opened open(const Client &client, detail::JsonArgument options);

#if defined(__cpp_exceptions)
    /** The same, but throws Error instead of giving an empty outbox. */
    [[nodiscard]] static Outbox open_or_throw(const Client &client, detail::JsonArgument options);
#endif

    /**
     * Keeps a cancel, then tries it at once: it is on the disk before its first byte is sent. A
     * definite outcome ends the entry. Anything else keeps it for a later flush, and is unknown,
     * because the cancel is still to come.
     *
     * `session_id`: as for Client::cancel. A session whose cancel is pending keeps that entry and
     * its idempotency key. `options`: EntryOptions, or the same as JSON; none by default. For
     * a cancel that ended unknown, its result's repeat(). `abort`: may end the try early, not the
     * keeping, and must live until this returns.
     *
     * Threads: any, also at once on one outbox. Errors: in the result, which is never empty. After
     * bad arguments, an empty outbox or an empty abort nothing is kept or sent; the outcome is
     * unknown, because the file may keep an earlier cancel of the session, and not_applied only for
     * a session's id that cannot be used, of a cancel that is not in doubt. Where the file cannot
     * be written nothing is sent.
     */
    [[nodiscard]] Result cancel(detail::TextArgument session_id,
                                detail::JsonArgument options = {}) const {
        return cancel_until(nullptr, session_id, options);
    }
    /** The same, with an abort. */
    [[nodiscard]] Result cancel(detail::TextArgument session_id, detail::JsonArgument options,
                                const Abort &abort) const {
        return cancel_until(detail::handle_of(abort), session_id, options);
    }

    /**
     * Keeps a cancel for a later flush, and sends nothing. It is on the disk when this returns.
     * The outcome is unknown, because the cancel is still to come; the code is ok. Otherwise like
     * cancel(), but `options` with max_attempts, timeout or verify are refused.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Result enqueue(detail::TextArgument session_id,
                                 detail::JsonArgument options = {}) const {
        const detail::CText id(session_id);
        const std::string json = detail::for_c(options.text());
        return Result(flexcancel_outbox_enqueue(get(), id.c_str(), json.c_str()));
    }

    /**
     * Delivers what is due, the entries that have waited longest first, until none is left, the
     * limits of `options` (FlushOptions, or the same as JSON) are reached, it is aborted, or
     * Flex cannot be reached. The code is ok, or why it ended early. `abort`: must live
     * until this returns.
     *
     * Threads: any, also at once on one outbox, and from other processes. Errors: as for cancel().
     */
    [[nodiscard]] Status flush(detail::JsonArgument options = {}) const {
        return flush_until(nullptr, options);
    }
    /** The same, with an abort. */
    [[nodiscard]] Status flush(detail::JsonArgument options, const Abort &abort) const {
        return flush_until(detail::handle_of(abort), options);
    }

#if defined(__cpp_lib_jthread)
    /**
     * The same, aborted when a stop is requested: before the call, or while it is under way. Any
     * std::jthread gives its function such a token.
     */
    [[nodiscard]] Result cancel(detail::TextArgument session_id, detail::JsonArgument options,
                                const std::stop_token &stop) const {
        return detail::until(stop, [&](flexcancel_abort *abort) {
            return cancel_until(abort, session_id, options);
        });
    }
    /** The same for a flush. */
    [[nodiscard]] Status flush(detail::JsonArgument options, const std::stop_token &stop) const {
        return detail::until(stop,
                             [&](flexcancel_abort *abort) { return flush_until(abort, options); });
    }
#endif

    /**
     * Hands the entries that are due over to somebody else for delivery: those that a flush would
     * try, in the same order, within the limits of `options` (ClaimOptions, or the same as JSON).
     * Sends nothing. Until the lease ends nobody else delivers them. Each has `lease` and
     * `in_doubt`. The code is ok.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Status claim(detail::JsonArgument options = {}) const {
        const std::string json = detail::for_c(options.text());
        return Status(flexcancel_outbox_claim(get(), json.c_str()));
    }

    /**
     * Notes how the delivery of a claimed entry ended: `settlement` (Settlement, or the same as
     * JSON). The entry becomes what it would have become by a flush. `entry_id`: the entry's `id`.
     * It is the last word: nothing more may be sent under the lease, even if this result is lost.
     * What is final stays as it is. The code is ok, outbox_final for an entry that had ended in
     * another way, outbox_busy if the lease has ended and somebody else delivers the entry now,
     * or outbox_no_entry.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Status settle(std::int64_t entry_id, detail::JsonArgument settlement) const {
        const std::string json = detail::for_c(settlement.text());
        return Status(flexcancel_outbox_settle(get(), entry_id, json.c_str()));
    }

    /**
     * Shows entries, in the order of their numbers: those that `filter` says (ListFilter, or the
     * same as JSON), all by default. Changes nothing. The code is ok.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Status list(detail::JsonArgument filter = {}) const {
        const std::string json = detail::for_c(filter.text());
        return Status(flexcancel_outbox_list(get(), json.c_str()));
    }

    /**
     * Notes that a person has seen an entry that is final: it leaves the worklist. `entry_id`: the
     * entry's `id`. Doing so again has no effect. The code is ok,
     * outbox_no_entry, or outbox_pending for one that is not final yet and stays as it is.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Status acknowledge(std::int64_t entry_id) const {
        return Status(flexcancel_outbox_acknowledge(get(), entry_id));
    }

    /**
     * Ends a pending entry for good, because a person says so: it is not delivered any more, and is
     * acknowledged. `entry_id`: the entry's `id`. `reason`: 1 to 200 bytes, kept as its message.
     * What is final stays as it is. The code is ok, outbox_no_entry, or outbox_busy while somebody
     * delivers the entry.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Status withdraw(std::int64_t entry_id, detail::TextArgument reason) const {
        const detail::CText text(reason);
        return Status(flexcancel_outbox_withdraw(get(), entry_id, text.c_str()));
    }

    /**
     * Counts the entries. Changes nothing. The code is ok.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Status stats() const { return Status(flexcancel_outbox_stats(get())); }

    /**
     * Frees the outbox; its entries stay in the file, and the outbox is empty then. Closing again
     * has no effect. The destructor does the same. Nothing can be lost here. Threads: not while
     * another thread uses this object. Errors: none.
     */
    void close() noexcept { handle_.reset(); }

    /** False for an empty outbox. Threads: as for close(). Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

    /**
     * The handle, for functions of flexcancel.h. Ownership: borrowed. NULL: of an empty outbox.
     * Threads: any. Errors: none.
     */
    [[nodiscard]] flexcancel_outbox *get() const noexcept { return handle_.get(); }

  private:
    // The handler may close this outbox, and must outlive the call all the same.
    Result cancel_until(flexcancel_abort *abort, const detail::TextArgument &session_id,
                        const detail::JsonArgument &options) const {
        const std::shared_ptr<LogHandler> log = log_;
        const detail::CText id(session_id);
        const std::string json = detail::for_c(options.text());
        return Result(flexcancel_outbox_cancel(get(), id.c_str(), json.c_str(), abort));
    }
    Status flush_until(flexcancel_abort *abort, const detail::JsonArgument &options) const {
        const std::shared_ptr<LogHandler> log = log_;
        const std::string json = detail::for_c(options.text());
        return Status(flexcancel_outbox_flush(get(), json.c_str(), abort));
    }

    // That of the client, which may go first. Before the handle, so that it goes after it.
    std::shared_ptr<LogHandler> log_;
    detail::Owned<flexcancel_outbox> handle_;
};

/**
 * An outbox, or why there is none: auto [outbox, error] = Outbox::open(...). C++17 does not let a
 * lambda capture such names; where one uses the outbox: auto opened = Outbox::open(...), and then
 * opened.outbox.
 */
struct Outbox::Opened {
    /** Empty if there is an error. */
    Outbox outbox;
    /** Empty if there is an outbox. */
    Result error;

    /** True if there is an outbox. Threads: any. Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(outbox); }
};

inline Outbox::Opened Outbox::open(const Client &client, detail::JsonArgument options) {
    Opened opened;
    const std::string json = detail::for_c(options.text());
    flexcancel_result *error = nullptr;
    opened.outbox.handle_.reset(flexcancel_outbox_open(client.get(), json.c_str(), &error));
    opened.outbox.log_ = client.log_;
    opened.error = Result(error);
    return opened;
}

#if defined(__cpp_exceptions)
inline Outbox Outbox::open_or_throw(const Client &client, detail::JsonArgument options) {
    Opened opened = open(client, options.text());
    if (!opened)
        throw Error(opened.error);
    return std::move(opened.outbox);
}
#endif

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_OUTBOX_HPP
