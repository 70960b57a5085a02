/* Abort: ends calls early. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_ABORT_HPP
#define FLEXCANCEL_ABORT_HPP

#include "handle.hpp"
#include "mode.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * Ends calls early, from any thread. Sticky and shareable: one abort may serve many calls, and
 * once triggered it ends each call that is given it.
 */
class Abort {
  public:
    /**
     * Makes an abort that is not triggered. Threads: any. Errors: if every handle of the library
     * is in use, it is empty, and a call that is given it is refused.
     */
    Abort() noexcept : handle_(flexcancel_abort_new()) {}

    /**
     * Ends every call that was given this abort, now and later. A call aborted before its request
     * was handed to the network sends nothing and is not_applied/aborted. Triggering again has no
     * effect. May lose the race against a call that is just completing.
     *
     * Threads: any, also while calls use it. Not for signal handlers. Errors: none; of an empty
     * abort: no effect.
     */
    void trigger() const noexcept { flexcancel_abort_trigger(handle_.get()); }

    /** False for an empty abort. Threads: any. Errors: none. */
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

    /**
     * The handle, for functions of flexcancel.h. Ownership: borrowed. NULL: of an empty abort,
     * which C takes for "no abort". Threads: any. Errors: none.
     */
    [[nodiscard]] flexcancel_abort *get() const noexcept { return handle_.get(); }

  private:
    detail::Owned<flexcancel_abort> handle_;
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_ABORT_HPP
