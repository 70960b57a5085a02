/* The owner of a handle. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_HANDLE_HPP
#define FLEXCANCEL_HANDLE_HPP

#include <memory>

#include "../flexcancel.h"
#include "mode.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {
namespace detail {

/** Frees a handle when its owner goes. */
struct Free {
    void operator()(flexcancel_client *client) const noexcept { flexcancel_client_free(client); }
    void operator()(flexcancel_result *result) const noexcept { flexcancel_result_free(result); }
    void operator()(flexcancel_abort *abort) const noexcept { flexcancel_abort_free(abort); }
    void operator()(flexcancel_outbox *outbox) const noexcept { flexcancel_outbox_free(outbox); }
};

template <typename Handle> using Owned = std::unique_ptr<Handle, Free>;

} // namespace detail
} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_HANDLE_HPP
