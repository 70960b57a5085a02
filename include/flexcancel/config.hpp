/* Config: the configuration of a client. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_CONFIG_HPP
#define FLEXCANCEL_CONFIG_HPP

#include <chrono>
#include <cstdint>
#include <utility>

#include "mode.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/**
 * A client's configuration, written as JSON. Made in place:
 *
 *     Client::create(Config().api_key_env("FLEX_API_KEY").timeout(10s));
 *
 * docs/CONFIGURATION.md says what each key means, and its default. Setting one again replaces it.
 * Nothing is checked here: Client::create refuses what cannot be used, and names the key. So it
 * does for NULL, as std::getenv() of an unset variable: "base_url: expected a string, found 0". An
 * API key stays in this object's memory; api_key_env and api_key_file keep it out of there.
 *
 * Threads: as a std::string. Errors: none, but for memory.
 */
class Config : public detail::JsonObject<Config> {
  public:
    Config &api_key(detail::TextArgument key) & { return text("api_key", key); }
    Config api_key(detail::TextArgument key) && { return std::move(api_key(key)); }
    Config &api_key_env(detail::TextArgument variable) & { return text("api_key_env", variable); }
    Config api_key_env(detail::TextArgument variable) && {
        return std::move(api_key_env(variable));
    }
    Config &api_key_file(detail::TextArgument path) & { return text("api_key_file", path); }
    Config api_key_file(detail::TextArgument path) && { return std::move(api_key_file(path)); }
    Config &base_url(detail::TextArgument url) & { return text("base_url", url); }
    Config base_url(detail::TextArgument url) && { return std::move(base_url(url)); }
    Config &ca_file(detail::TextArgument path) & { return text("ca_file", path); }
    Config ca_file(detail::TextArgument path) && { return std::move(ca_file(path)); }
    Config &connect_attempts(std::int64_t count) & { return number("connect_attempts", count); }
    Config connect_attempts(std::int64_t count) && { return std::move(connect_attempts(count)); }
    Config &connect_timeout(std::chrono::milliseconds time) & {
        return millis("connect_timeout_ms", time);
    }
    Config connect_timeout(std::chrono::milliseconds time) && {
        return std::move(connect_timeout(time));
    }
    Config &dns_ttl(std::chrono::milliseconds time) & { return millis("dns_ttl_ms", time); }
    Config dns_ttl(std::chrono::milliseconds time) && { return std::move(dns_ttl(time)); }
    Config &max_attempts(std::int64_t count) & { return number("max_attempts", count); }
    Config max_attempts(std::int64_t count) && { return std::move(max_attempts(count)); }
    Config &max_idle(std::chrono::milliseconds time) & { return millis("max_idle_ms", time); }
    Config max_idle(std::chrono::milliseconds time) && { return std::move(max_idle(time)); }
    Config &mode(detail::TextArgument test_or_live) & { return text("mode", test_or_live); }
    Config mode(detail::TextArgument test_or_live) && { return std::move(mode(test_or_live)); }
    Config &proxy(detail::TextArgument proxy) & { return text("proxy", proxy); }
    Config proxy(detail::TextArgument proxy) && { return std::move(this->proxy(proxy)); }
    Config &rate_per_second(std::int64_t rate) & { return number("rate_per_second", rate); }
    Config rate_per_second(std::int64_t rate) && { return std::move(rate_per_second(rate)); }
    Config &timeout(std::chrono::milliseconds time) & { return millis("timeout_ms", time); }
    Config timeout(std::chrono::milliseconds time) && { return std::move(timeout(time)); }
    Config &trust(detail::TextArgument system_or_bundled) & {
        return text("trust", system_or_bundled);
    }
    Config trust(detail::TextArgument system_or_bundled) && {
        return std::move(trust(system_or_bundled));
    }
    Config &user_agent(detail::TextArgument agent) & { return text("user_agent", agent); }
    Config user_agent(detail::TextArgument agent) && { return std::move(user_agent(agent)); }
    Config &verify(bool reads_back) & { return truth("verify", reads_back); }
    Config verify(bool reads_back) && { return std::move(verify(reads_back)); }
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_CONFIG_HPP
