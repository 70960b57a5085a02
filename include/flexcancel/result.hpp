/* Result: what a call came to. Error: the same as an exception. Part of flexcancel.hpp. */
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
#include "outcome.hpp"
#include "repeat.hpp"

namespace flexcancel {

class Result;

#if defined(__cpp_exceptions)
/**
 * Thrown by the functions whose names say so: what a Result was, kept in an exception. what() is
 * "OUTCOME/CODE: " and the result's JSON, on one line. It never holds the API key.
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
     * The result's JSON. Ownership: borrowed; valid as long as this exception. Threads: any.
     * Errors: none.
     */
    [[nodiscard]] std::string_view json() const noexcept {
        return std::string_view(what()).substr(json_at_);
    }
    /** As Result::repeat(). Threads: any. Errors: none, but for memory. */
    [[nodiscard]] Repeat repeat() const { return *repeat_; }

  private:
    Outcome outcome_;
    Code code_;
    std::size_t json_at_;
    // Shared, because an exception is copied and must not throw then.
    std::shared_ptr<const Repeat> repeat_;
};
#endif

/**
 * What a call came to: an outcome, a code, and everything as JSON. Immutable; may be read from
 * several threads at once. An empty one is unknown/invalid_handle.
 */
class Result {
  public:
    /** An empty result. */
    Result() = default;
    /**
     * Takes a result of the C API. Ownership: taken. NULL: makes an empty result. Threads: any.
     * Errors: none.
     */
    explicit Result(flexcancel_result *taken) noexcept : handle_(taken) {}

    /** What is known of the cancel. Threads: any, also at once. Errors: none. */
    [[nodiscard]] Outcome outcome() const noexcept {
        return static_cast<Outcome>(flexcancel_result_outcome(handle_.get()));
    }

    /** Why. Threads: any, also at once. Errors: none. */
    [[nodiscard]] Code code() const noexcept {
        return static_cast<Code>(flexcancel_result_code(handle_.get()));
    }

    /**
     * True if the hold is surely released: canceled or already_canceled. Then, and only then, may
     * the till say "voided". False says nothing but that: it may be too late, not voided, or
     * unknown. Threads: any, also at once. Errors: none.
     */
    [[nodiscard]] bool is_voided() const noexcept {
        return outcome() == Outcome::canceled || outcome() == Outcome::already_canceled;
    }

    /**
     * Everything about the call as a JSON object on one line (docs/RESULT.md): message, advice,
     * hold, idempotency_key, attempts, checkout_session. It holds no API key and is fit for a
     * log. NUL-terminated at its end.
     *
     * Ownership: borrowed; valid until this result, or the one that it was moved to, is destroyed
     * or assigned to. Of an empty result: a static text of the same shape. Threads: any, also at
     * once. Errors: none.
     */
    [[nodiscard]] std::string_view json() const &noexcept {
        std::size_t length = 0;
        const char *text = flexcancel_result_json(handle_.get(), &length);
        return {text, length};
    }
    /** A text borrowed from a result that is about to go is of no use: keep the result. */
    std::string_view json() const && = delete;

    /**
     * The options that repeat this cancel: to be given to Client::cancel, or to Outbox::cancel or
     * Outbox::enqueue. Empty unless the outcome is unknown or not_applied and the arguments were
     * usable. Ownership: a copy, which outlives this result. Threads: any, also at once. Errors:
     * none, but for memory.
     */
    [[nodiscard]] Repeat repeat() const {
        const char *json = flexcancel_result_repeat(handle_.get());
        return json != nullptr ? Repeat(json) : Repeat();
    }

    /** False for an empty result. Threads: any. Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

    /**
     * The handle, for functions of flexcancel.h. Ownership: borrowed. NULL: of an empty result.
     * Threads: any. Errors: none.
     */
    [[nodiscard]] const flexcancel_result *get() const noexcept { return handle_.get(); }

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

  private:
    detail::Owned<flexcancel_result> handle_;
};

#if defined(__cpp_exceptions)
inline Error::Error(const Result &result)
    : std::runtime_error(std::string(name(result.outcome())) + "/" +
                         std::string(name(result.code())) + ": " + std::string(result.json())),
      outcome_(result.outcome()), code_(result.code()),
      json_at_(name(outcome_).size() + name(code_).size() + 3),
      repeat_(std::make_shared<const Repeat>(result.repeat())) {}
#endif

} // namespace flexcancel

#endif // FLEXCANCEL_RESULT_HPP
