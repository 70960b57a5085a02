/* Config: the configuration of a client. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_CONFIG_HPP
#define FLEXCANCEL_CONFIG_HPP

#include <chrono>
#include <cstdint>
#include <string_view>

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
 * Nothing is checked here: Client::create refuses what cannot be used, and names the key. An API
 * key stays in this object's memory; api_key_env and api_key_file keep it out of there.
 *
 * Threads: as a std::string. Errors: none, but for memory.
 */
class Config : public detail::JsonObject<Config> {
  public:
    Config &api_key(std::string_view key) { return text("api_key", key); }
    Config &api_key_env(std::string_view variable) { return text("api_key_env", variable); }
    Config &api_key_file(std::string_view path) { return text("api_key_file", path); }
    Config &base_url(std::string_view url) { return text("base_url", url); }
    Config &ca_file(std::string_view path) { return text("ca_file", path); }
    Config &connect_attempts(std::int64_t count) { return number("connect_attempts", count); }
    Config &connect_timeout(std::chrono::milliseconds time) {
        return millis("connect_timeout_ms", time);
    }
    Config &dns_ttl(std::chrono::milliseconds time) { return millis("dns_ttl_ms", time); }
    Config &max_attempts(std::int64_t count) { return number("max_attempts", count); }
    Config &max_idle(std::chrono::milliseconds time) { return millis("max_idle_ms", time); }
    Config &mode(std::string_view test_or_live) { return text("mode", test_or_live); }
    Config &proxy(std::string_view proxy) { return text("proxy", proxy); }
    Config &rate_per_second(std::int64_t rate) { return number("rate_per_second", rate); }
    Config &timeout(std::chrono::milliseconds time) { return millis("timeout_ms", time); }
    Config &trust(std::string_view system_or_bundled) { return text("trust", system_or_bundled); }
    Config &user_agent(std::string_view agent) { return text("user_agent", agent); }
    Config &verify(bool reads_back) { return truth("verify", reads_back); }
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_CONFIG_HPP
