/* What ends a call early, as C has it. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_STOP_HPP
#define FLEXCANCEL_STOP_HPP

#include <cstdint>
#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

#include "abort.hpp"
#include "mode.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {
namespace detail {

/** For C, NULL is no abort at all; an empty one must not make a call that nothing can end. */
inline flexcancel_abort *handle_of(const Abort &abort) noexcept {
    return abort ? abort.get() : reinterpret_cast<flexcancel_abort *>(std::uintptr_t{1});
}

#if defined(__cpp_lib_jthread)
/** Makes a call with an abort that is triggered when a stop is requested. */
template <typename Call> auto until(const std::stop_token &stop, Call call) {
    if (!stop.stop_possible())
        return call(static_cast<flexcancel_abort *>(nullptr));
    const Abort abort;
    // Its destructor waits for a trigger that is under way, so the abort outlives it.
    const std::stop_callback trigger(stop, [&abort]() noexcept { abort.trigger(); });
    return call(handle_of(abort));
}
#endif

} // namespace detail
} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_STOP_HPP
