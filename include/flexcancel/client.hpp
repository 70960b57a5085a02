/* Client: a configured client, and the operations. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_CLIENT_HPP
#define FLEXCANCEL_CLIENT_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "abort.hpp"
#include "bulk_run.hpp"
#include "handle.hpp"
#include "mode.hpp"
#include "outcome.hpp"
#include "result.hpp"
#include "stop.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * Is told of every event of a client: each attempt and each result, as a JSON object
 * (docs/RESULT.md, "Log events"). The string is valid until the handler returns. It never holds the
 * API key or the session. Its `message` may repeat words of the provider, which may name a person;
 * outcome, code, hold, session_id, idempotency_key and request_id are safe for any log.
 *
 * It runs on the thread that makes the call, before that call returns, on several threads at once
 * if calls do; in a bulk run on threads of the library. It may use any function of this header.
 * What it throws is dropped: a log must not change what is said of money.
 */
using LogHandler = std::function<void(Level level, std::string_view event_json)>;

/**
 * A configured client. May be shared between threads: calls run side by side. A till makes one
 * and keeps it, so that connections are used again.
 *
 * Like every C++ object it must outlive its own calls; other threads end theirs, by an Abort if
 * need be, before it goes. A log handler may close its own client.
 *
 * An empty client refuses each call with Code::invalid_handle and C's words "client: expected a
 * live handle". It was moved from, closed, or never made: look at Created::error.
 */
class Client {
  public:
    struct Created;

    /** An empty client: each of its calls is refused. Client::create() makes one that works. */
    Client() = default;

    /**
     * Makes a client from a configuration: Config, or the same as JSON. Opens no connection.
     * `log`, if given, is told of every event of this client; it lives until the client and every
     * Outbox opened with it are gone, and every call has returned.
     *
     * For a lambda, name the whole: C++17 has no lambda that captures a structured binding.
     *
     *     auto created = Client::create(Config().api_key_env("FLEX_API_KEY"));
     *     std::thread call([&created] { created.client.cancel(...); });
     *
     * Ownership: the configuration is not kept, except for the API key, which is wiped when the
     * client is gone. Threads: any. Errors: the client is empty, and the error is
     * not_applied/invalid_config with a message that names the field and what was expected.
     */
    [[nodiscard]] static Created create(detail::JsonArgument config_json, LogHandler log = {});

#if defined(__cpp_exceptions)
    /** The same, but throws Error instead of giving an empty client. */
    [[nodiscard]] static Client create_or_throw(detail::JsonArgument config_json,
                                                LogHandler log = {});
#endif

    /**
     * Releases the hold of a checkout session, and says whether it is released. Blocks until the
     * outcome is definite or the deadline has come.
     *
     * `session_id`: 1 to 255 characters of [A-Za-z0-9_-]. `options`: Options, or the same as
     * JSON; none by default. To repeat a cancel, its result's repeat(). `abort`: may end the call
     * early, and must live until it returns. A NULL of type const char * is refused, as an id and
     * as options.
     *
     * Threads: any, also at once on one client. Errors: in the result, which is never empty. After
     * bad arguments, an empty client or an empty abort nothing is sent; the outcome is not_applied,
     * or unknown for a cancel that is, or may be, in doubt.
     */
    [[nodiscard]] Result cancel(detail::TextArgument session_id,
                                detail::JsonArgument options = {}) const {
        return call(flexcancel_client_cancel, session_id, options, nullptr);
    }
    /** The same, with an abort. */
    [[nodiscard]] Result cancel(detail::TextArgument session_id, detail::JsonArgument options,
                                const Abort &abort) const {
        return call(flexcancel_client_cancel, session_id, options, detail::handle_of(abort));
    }

    /**
     * Reads a checkout session back, with its payment intents. Changes nothing. The outcome says
     * what may be said of the void: already_canceled (the hold is released), not_cancelable
     * (captured or expired), not_applied (as of now it can be canceled; a cancel that is still on
     * its way may release it yet), unknown. hold() says where the money is. Otherwise
     * like cancel(), but with fewer Options.
     *
     * Threads, errors: as for cancel().
     */
    [[nodiscard]] Result retrieve(detail::TextArgument session_id,
                                  detail::JsonArgument options = {}) const {
        return call(flexcancel_client_retrieve, session_id, options, nullptr);
    }
    /** The same, with an abort. */
    [[nodiscard]] Result retrieve(detail::TextArgument session_id, detail::JsonArgument options,
                                  const Abort &abort) const {
        return call(flexcancel_client_retrieve, session_id, options, detail::handle_of(abort));
    }

    /**
     * Opens a connection ahead of time, beside those that are there, and sends nothing. The next
     * call finds it, if it comes within `max_idle_ms`. Blocks until the connection stands or the
     * deadline has come; tries once. Of the options only the timeout is for this.
     *
     * Threads: any, also at once: each opens a connection. Errors: in the status, whose code says
     * why there is no connection.
     */
    [[nodiscard]] Status warm_up(detail::JsonArgument options = {}) const {
        return open(options, nullptr);
    }
    /** The same, with an abort. */
    [[nodiscard]] Status warm_up(detail::JsonArgument options, const Abort &abort) const {
        return open(options, detail::handle_of(abort));
    }

    /**
     * Cancels many checkout sessions, several at a time, and passes one result for each to `done`.
     * Blocks until the input ends, `done` ends the run, or an abort is triggered.
     *
     * `items`: any range of strings or of BulkItem, for instance a std::vector<std::string>. It is
     * read as the run goes on, and may be an endless one. `options`: BulkOptions, or the same as
     * JSON. `done`: is called with (std::uint64_t number, const Result &result), the place in the
     * input and the result, which is valid until `done` returns. It may return nothing, or false to
     * end the run: then the calls in flight are aborted and waited for, and no more results come.
     *
     * Threads: any. Input and `done` are used on the calling thread only, one at a time; a log
     * handler is called on threads of the library, too. Errors: in the status, whose code says why
     * the run ended before its input did; its JSON has `bulk`, the number of sessions by outcome.
     * What the input or `done` throws ends the run, and is thrown again when it has ended.
     */
    template <typename Items, typename Done>
    [[nodiscard]] Status cancel_many(Items &&items, detail::JsonArgument options,
                                     Done &&done) const {
        return run(items, options, done, nullptr);
    }
    /** The same, with an abort. */
    template <typename Items, typename Done>
    [[nodiscard]] Status cancel_many(Items &&items, detail::JsonArgument options, Done &&done,
                                     const Abort &abort) const {
        return run(items, options, done, detail::handle_of(abort));
    }

#if defined(__cpp_lib_jthread)
    /** The same, aborted when a stop is requested. */
    template <typename Items, typename Done>
    [[nodiscard]] Status cancel_many(Items &&items, detail::JsonArgument options, Done &&done,
                                     const std::stop_token &stop) const {
        return detail::until(
            stop, [&](flexcancel_abort *abort) { return run(items, options, done, abort); });
    }
    /**
     * A cancel, aborted when a stop is requested: before the call, or while it is under way. Any
     * std::jthread gives its function such a token.
     */
    [[nodiscard]] Result cancel(detail::TextArgument session_id, detail::JsonArgument options,
                                const std::stop_token &stop) const {
        return detail::until(stop, [&](flexcancel_abort *abort) {
            return call(flexcancel_client_cancel, session_id, options, abort);
        });
    }
    /** The same for a retrieve. */
    [[nodiscard]] Result retrieve(detail::TextArgument session_id, detail::JsonArgument options,
                                  const std::stop_token &stop) const {
        return detail::until(stop, [&](flexcancel_abort *abort) {
            return call(flexcancel_client_retrieve, session_id, options, abort);
        });
    }
#endif

    /**
     * Frees the client and closes its connections; the client is empty then. Closing again has no
     * effect. The destructor does the same. Threads: not while another thread uses this object.
     * Errors: none.
     */
    void close() noexcept { handle_.reset(); }

    /** False for an empty client. Threads: as for close(). Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

    /**
     * The handle, for functions of flexcancel.h; but flexcancel_client_set_log would end the log
     * handler's work. Ownership: borrowed. NULL: of an empty client. Threads: any. Errors: none.
     */
    [[nodiscard]] flexcancel_client *get() const noexcept { return handle_.get(); }

  private:
    friend class Outbox; // Its calls tell the log handler, too.

    using Operation = flexcancel_result *(FLEXCANCEL_CALL *)(flexcancel_client *, const char *,
                                                             const char *, flexcancel_abort *);

    Result call(Operation operation, const detail::TextArgument &session_id,
                const detail::JsonArgument &options, flexcancel_abort *abort) const {
        // The handler may close this client, and must outlive the call all the same.
        const std::shared_ptr<LogHandler> log = log_;
        const detail::CText id(session_id);
        const std::string json = detail::for_c(options.text());
        return Result(operation(handle_.get(), id.c_str(), json.c_str(), abort));
    }

    Status open(const detail::JsonArgument &options, flexcancel_abort *abort) const {
        const std::shared_ptr<LogHandler> log = log_;
        const std::string json = detail::for_c(options.text());
        return Status(flexcancel_client_warm_up(handle_.get(), json.c_str(), abort));
    }

    template <typename Items, typename Done>
    Status run(Items &items, const detail::JsonArgument &options, Done &done,
               flexcancel_abort *abort) const {
        using Run = detail::BulkRun<decltype(std::begin(items)), decltype(std::end(items)), Done>;
        const std::shared_ptr<LogHandler> log = log_;
        const std::string json = detail::for_c(options.text());
        Run callbacks(std::begin(items), std::end(items), done);
        Status status(flexcancel_client_cancel_many(handle_.get(), json.c_str(), Run::next,
                                                    Run::done, &callbacks, abort));
        callbacks.rethrow();
        return status;
    }

    static void FLEXCANCEL_CALL tell(void *handler, std::int32_t level, const char *event_json,
                                     std::size_t length) noexcept {
        const auto &log = *static_cast<const LogHandler *>(handler);
#if defined(__cpp_exceptions)
        try {
            log(static_cast<Level>(level), {event_json, length});
        } catch (...) {
        }
#else
        log(static_cast<Level>(level), {event_json, length});
#endif
    }

    // Before the handle, so that it goes after it.
    std::shared_ptr<LogHandler> log_;
    detail::Owned<flexcancel_client> handle_;
};

/**
 * A client, or why there is none: auto [client, error] = Client::create(...). C++17 does not let a
 * lambda capture such names; where one uses the client: auto created = Client::create(...), and
 * then created.client.
 */
struct Client::Created {
    /** Empty if there is an error. */
    Client client;
    /** Empty if there is a client. */
    Result error;

    /** True if there is a client. Threads: any. Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(client); }
};

inline Client::Created Client::create(detail::JsonArgument config_json, LogHandler log) {
    Created created;
    if (log)
        created.client.log_ = std::make_shared<LogHandler>(std::move(log));
    std::string config = detail::for_c(config_json.text());
    flexcancel_result *error = nullptr;
    created.client.handle_.reset(flexcancel_client_new(config.c_str(), &error));
    created.error = Result(error);
    // It may hold the API key; through volatile, so that the compiler does not leave it out.
    volatile char *byte = config.data();
    for (std::size_t left = config.size(); left > 0; --left)
        *byte++ = '\0';
    if (created.client.log_ != nullptr && created.client)
        flexcancel_client_set_log(created.client.get(), tell, created.client.log_.get());
    return created;
}

#if defined(__cpp_exceptions)
inline Client Client::create_or_throw(detail::JsonArgument config_json, LogHandler log) {
    Created created = create(config_json.text(), std::move(log));
    if (!created)
        throw Error(created.error);
    return std::move(created.client);
}
#endif

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_CLIENT_HPP
