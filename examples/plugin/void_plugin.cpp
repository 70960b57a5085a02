/*
 * A plugin of a point of sale, in C++17. The host loads it with dlopen, and may unload it. Nothing
 * that C++ throws leaves it, and it exports one symbol.
 */
#include "void_plugin.h"

#include <flexcancel.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

namespace {

void copy(std::string_view text, char *to, unsigned long size) noexcept {
    if (to != nullptr && size > 0)
        std::snprintf(to, size, "%.*s", static_cast<int>(text.size()), text.data());
}

void *open(const char *base_url, char *error, unsigned long error_size) noexcept try {
    auto config = flexcancel::Config().api_key_env("FLEX_API_KEY");
    if (base_url != nullptr)
        config.base_url(base_url);
    auto created = flexcancel::Client::create(config);
    copy(created.error.message(), error, error_size);
    if (!created.client)
        return nullptr;
    return std::make_unique<flexcancel::Client>(std::move(created.client)).release();
} catch (...) {
    copy("out of memory", error, error_size);
    return nullptr;
}

/* Only the two outcomes that prove it may be called "done". */
void_answer answer_of(flexcancel::Outcome outcome) noexcept {
    switch (outcome) {
    case flexcancel::Outcome::canceled:
    case flexcancel::Outcome::already_canceled:
        return VOID_DONE;
    case flexcancel::Outcome::not_cancelable:
        return VOID_TOO_LATE;
    case flexcancel::Outcome::not_applied:
        return VOID_NOT_DONE;
    default:
        return VOID_PENDING;
    }
}

/* A request whose response was lost may have arrived: an unknown outcome is asked about once more,
 * as the same cancel, within the same time. */
void_answer void_sale(void *plugin, const char *session_id, unsigned timeout_ms, char *reason,
                      unsigned long reason_size) noexcept try {
    using std::chrono::milliseconds;
    const auto &client = *static_cast<const flexcancel::Client *>(plugin);
    const milliseconds half(timeout_ms / 2 + 1);
    auto result = client.cancel(session_id, flexcancel::Options().timeout(half));
    const auto repeat = result.repeat();
    if (result.outcome() == flexcancel::Outcome::unknown && repeat)
        result = client.cancel(session_id, flexcancel::Options(repeat).timeout(half));
    copy(result.message(), reason, reason_size);
    return answer_of(result.outcome());
} catch (...) {
    // The request may have been sent before.
    copy("out of memory", reason, reason_size);
    return VOID_PENDING;
}

void close(void *plugin) noexcept { delete static_cast<flexcancel::Client *>(plugin); }

constexpr struct void_plugin table = {open, void_sale, close};

} // namespace

extern "C" __attribute__((visibility("default"))) const struct void_plugin *void_plugin(void) {
    return &table;
}
