/* The callbacks of a bulk run, as C has them. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_BULK_RUN_HPP
#define FLEXCANCEL_BULK_RUN_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#if defined(__cpp_exceptions)
#include <exception>
#endif

#include "mode.hpp"
#include "result.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {
namespace detail {

/** A result that stays the library's. */
class BorrowedResult : public Result {
  public:
    explicit BorrowedResult(const flexcancel_result *borrowed) noexcept
        : Result(const_cast<flexcancel_result *>(borrowed)) {}
    BorrowedResult(const BorrowedResult &) = delete;
    BorrowedResult &operator=(const BorrowedResult &) = delete;
    ~BorrowedResult() { release(); }
};

/** What the callbacks of one bulk run work on. */
template <typename Iterator, typename Sentinel, typename Done> class BulkRun {
  public:
    BulkRun(Iterator begin, Sentinel end, Done &callback)
        : item_(std::move(begin)), end_(std::move(end)), callback_(callback) {}

    static std::int32_t FLEXCANCEL_CALL next(void *run, const char **session_id,
                                             const char **options_json) noexcept {
        return static_cast<BulkRun *>(run)->guarded(-1, [=](BulkRun &self) -> std::int32_t {
            if (!self.take())
                return 0;
            *session_id = self.session_id_.c_str();
            *options_json = self.options_.c_str();
            return 1;
        });
    }

    static std::int32_t FLEXCANCEL_CALL done(void *run, std::uint64_t number,
                                             const flexcancel_result *borrowed) noexcept {
        return static_cast<BulkRun *>(run)->guarded(1, [=](BulkRun &self) -> std::int32_t {
            const BorrowedResult result(borrowed);
            return self.pass(number, result) ? 0 : 1;
        });
    }

    /** Throws what the input or the callback has thrown. */
    void rethrow() const {
#if defined(__cpp_exceptions)
        if (thrown_ != nullptr)
            std::rethrow_exception(thrown_);
#endif
    }

  private:
    /** Nothing may be thrown through C: what is thrown ends the run, and is kept. */
    template <typename Work>
    std::int32_t guarded([[maybe_unused]] std::int32_t ending, Work work) noexcept {
#if defined(__cpp_exceptions)
        try {
            return work(*this);
        } catch (...) {
            thrown_ = std::current_exception();
            return ending;
        }
#else
        return work(*this);
#endif
    }

    /** Takes the next item; false at the end. Only then is the input moved on: it may block. */
    bool take() {
        if (is_taken_)
            ++item_;
        is_taken_ = item_ != end_;
        if (is_taken_)
            keep(*item_);
        return is_taken_;
    }

    template <typename Item> void keep(const Item &item) {
        if constexpr (std::is_convertible_v<const Item &, std::string_view>) {
            session_id_ = CText(item);
            options_ = "{}";
        } else {
            session_id_ = CText(item.session_id);
            options_ = for_c(item.options);
        }
    }

    bool pass(std::uint64_t number, const Result &result) {
        if constexpr (std::is_void_v<std::invoke_result_t<Done &, std::uint64_t, const Result &>>) {
            callback_(number, result);
            return true;
        } else {
            return static_cast<bool>(callback_(number, result));
        }
    }

    Iterator item_;
    Sentinel end_;
    Done &callback_;
    bool is_taken_ = false;
    // Borrowed by the library until it asks for the next item.
    CText session_id_;
    std::string options_;
#if defined(__cpp_exceptions)
    std::exception_ptr thrown_;
#endif
};

} // namespace detail
} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_BULK_RUN_HPP
