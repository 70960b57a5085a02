/* Status, Result: what a call came to. Error: the same as an exception. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_RESULT_HPP
#define FLEXCANCEL_RESULT_HPP

#include <cstddef>
#include <string_view>
#include <utility>
#if defined(__cpp_exceptions)
#include <memory>
#include <stdexcept>
#include <string>
#endif

#include "handle.hpp"
#include "mode.hpp"
#include "outcome.hpp"
#include "repeat.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

class Result;

#if defined(__cpp_exceptions)
/**
 * Thrown by the functions whose names say so: what a Result was, kept in an exception. what() is
 * "OUTCOME/CODE: MESSAGE". It never holds the API key. Like message() it may repeat the provider's
 * words.
 */
class Error : public std::runtime_error {
  public:
    /** Takes what the result says. Ownership: none changes hands. Errors: none, but for memory. */
    explicit Error(const Result &result);

    /** The outcome. Threads: any. Errors: none. */
    [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
    /** The code. Threads: any. Errors: none. */
    [[nodiscard]] Code code() const noexcept { return code_; }
    /**
     * The result's JSON. Ownership: borrowed; valid as long as this exception or a copy of it.
     * Threads: any. Errors: none.
     */
    [[nodiscard]] std::string_view json() const &noexcept { return kept_->first; }
    /** A string borrowed from an exception that is about to go is of no use: keep the exception. */
    std::string_view json() const && = delete;
    /** As Result::repeat(). Threads: any. Errors: none, but for memory. */
    [[nodiscard]] Repeat repeat() const { return kept_->second; }

  private:
    Outcome outcome_;
    Code code_;
    // Shared, because an exception is copied and must not throw then.
    std::shared_ptr<const std::pair<std::string, Repeat>> kept_;
};
#endif

/**
 * What a call came to that is about no session, or about many: a warm-up, a bulk run, or an
 * outbox's flush, list, acknowledge or stats. It asserts nothing of a cancel. Immutable; may be
 * read from several threads at once. An empty one is invalid_handle: it was made by default, was
 * moved from, or is the error of something that could be made. Its json() says so; its other texts
 * are empty.
 */
class Status {
  public:
    /** An empty status. */
    Status() = default;
    /**
     * Takes a result of the C API. Ownership: taken. NULL: makes an empty status. Threads: any.
     * Errors: none.
     */
    explicit Status(flexcancel_result *taken) noexcept : handle_(taken) {}

    /** Code::ok, or why it did not go well. Threads: any, also at once. Errors: none. */
    [[nodiscard]] Code code() const noexcept {
        return static_cast<Code>(flexcancel_result_code(handle_.get()));
    }

    /**
     * What happened, in one line. It holds no API key, but may repeat words of the provider, which
     * may name a person: docs/RESULT.md, "Log events", has the fields that are safe for any log. A
     * NUL within it is given as U+FFFD. NUL-terminated.
     *
     * Ownership: borrowed; valid until this object, or the one that it was moved to, is destroyed
     * or assigned to. Of an empty one: empty, although its json() has a message and an advice.
     * Threads: any, also at once. Errors: none.
     */
    [[nodiscard]] std::string_view message() const &noexcept {
        return text(flexcancel_result_message);
    }
    /** What to do now, in one line for a person. Otherwise like message(). */
    [[nodiscard]] std::string_view advice() const &noexcept {
        return text(flexcancel_result_advice);
    }
    /**
     * Everything about the call as a JSON object on one line (docs/RESULT.md): the outbox's
     * entries, and of a Result the attempts too. It holds no API key. `checkout_session` in it may
     * name the shopper, and `message` and `provider_error` may repeat words of the provider, which
     * may name a person. For a log that others read take the fields that are safe for any log
     * (docs/RESULT.md, "Log events"). NUL-terminated. Of an empty one: a static string that says
     * invalid_handle. Otherwise like message().
     */
    [[nodiscard]] std::string_view json() const &noexcept {
        std::size_t length = 0;
        const char *text = flexcancel_result_json(handle_.get(), &length);
        return {text, length};
    }
    /**
     * A string borrowed from an object that is about to go is of no use. So
     * std::cout << client.cancel(id).message() is "use of deleted function". Keep the result in a
     * variable: const auto result = client.cancel(id); std::cout << result.message();
     */
    std::string_view message() const && = delete;
    /** The same. */
    std::string_view advice() const && = delete;
    /** The same. */
    std::string_view json() const && = delete;

    /** False for an empty one. Threads: any. Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

    /**
     * The handle, for functions of flexcancel.h. Ownership: borrowed. NULL: of an empty one.
     * Threads: any. Errors: none.
     */
    [[nodiscard]] const flexcancel_result *get() const noexcept { return handle_.get(); }

  protected:
    using Accessor = const char *(FLEXCANCEL_CALL *)(const flexcancel_result *);

    /** A string of the C API; empty for NULL. */
    std::string_view text(Accessor accessor) const noexcept {
        const char *text = accessor(handle_.get());
        return text != nullptr ? text : std::string_view();
    }

    /** Gives the handle up: for a result that is borrowed. */
    void release() noexcept { static_cast<void>(handle_.release()); }

  private:
    detail::Owned<flexcancel_result> handle_;
};

/**
 * What a call about a session came to: a Status with an outcome. An empty one is
 * unknown/invalid_handle, and asserts nothing.
 */
class Result : public Status {
  public:
    using Status::Status;

    /** What is known of the cancel. Threads: any, also at once. Errors: none. */
    [[nodiscard]] Outcome outcome() const noexcept {
        return static_cast<Outcome>(flexcancel_result_outcome(get()));
    }

    /** What is known of the money itself. Threads: any, also at once. Errors: none. */
    [[nodiscard]] Hold hold() const noexcept {
        return static_cast<Hold>(flexcancel_result_hold(get()));
    }

    /**
     * True if the hold is surely released: canceled or already_canceled. Then, and only then, may
     * the till say "voided". False says nothing but that: it may be too late, not voided, or
     * unknown. Threads: any, also at once. Errors: none.
     */
    [[nodiscard]] bool is_voided() const noexcept {
        return outcome() == Outcome::canceled || outcome() == Outcome::already_canceled;
    }

    /** The session's id as it was passed; empty if it was not usable. Otherwise like message(). */
    [[nodiscard]] std::string_view session_id() const &noexcept {
        return text(flexcancel_result_session_id);
    }
    /** The key that every send carried; empty if there was none. Otherwise like message(). */
    [[nodiscard]] std::string_view idempotency_key() const &noexcept {
        return text(flexcancel_result_idempotency_key);
    }
    /**
     * The session as a JSON object, exactly as Flex wrote it; empty if no response brought it.
     * Otherwise like message().
     */
    [[nodiscard]] std::string_view checkout_session() const &noexcept {
        return text(flexcancel_result_checkout_session);
    }
    /** As for message(): "use of deleted function" means: keep the result in a variable. */
    std::string_view session_id() const && = delete;
    /** The same. */
    std::string_view idempotency_key() const && = delete;
    /** The same. */
    std::string_view checkout_session() const && = delete;

    /**
     * The options that repeat this cancel: to be given to Client::cancel, or to Outbox::cancel or
     * Outbox::enqueue. Empty unless the outcome is unknown or not_applied and the arguments were
     * usable. Ownership: a copy, which outlives this result. Threads: any, also at once. Errors:
     * none, but for memory.
     */
    [[nodiscard]] Repeat repeat() const {
        const char *json = flexcancel_result_repeat(get());
        return json != nullptr ? Repeat(json) : Repeat();
    }

#if defined(__cpp_exceptions)
    /**
     * This result, if it is_voided(). Otherwise throws Error; `unknown` too, which is no failure
     * but a void that is pending: see Error::outcome().
     *
     * Ownership: the result is passed on. Threads: any. Errors: throws Error.
     */
    Result or_throw() && {
        if (!is_voided())
            throw Error(*this);
        return std::move(*this);
    }
    /** The same for a result that is kept. */
    const Result &or_throw() const & {
        if (!is_voided())
            throw Error(*this);
        return *this;
    }
#endif
};

#if defined(__cpp_exceptions)
inline Error::Error(const Result &result)
    : std::runtime_error(std::string(name(result.outcome())) + "/" +
                         std::string(name(result.code())) + ": " + std::string(result.message())),
      outcome_(result.outcome()), code_(result.code()),
      kept_(
          std::make_shared<const std::pair<std::string, Repeat>>(result.json(), result.repeat())) {}
#endif

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_RESULT_HPP
