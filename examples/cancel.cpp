/*
 * A till's void button in C++17: cancels one Flex checkout session and says what the cashier may
 * say. The same as cancel.c.
 *
 *     cancel SESSION_ID
 *
 * Environment: FLEX_API_KEY (required; only the variable's name is handed on, so the key never
 * passes through this program), FLEX_BASE_URL, FLEX_CA_FILE, FLEX_TIMEOUT_MS.
 *
 * Prints a line for the cashier and the result's JSON on stdout, a line for the log on stderr. If
 * the void is pending, the JSON's `repeat` has the options to try it again later, or for the
 * outbox (outbox.cpp takes them).
 * Exit code: 0 voided, 1 too late, 2 not voided, 3 pending, 64 wrong usage.
 */
#include <flexcancel.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

enum ExitCode { voided = 0, too_late = 1, not_voided = 2, pending = 3, wrong_usage = 64 };

std::optional<std::string_view> variable(const char *name) {
    const char *value = std::getenv(name);
    return value != nullptr ? std::optional<std::string_view>(value) : std::nullopt;
}

/* What the environment says. Config escapes what stands in a value, so that it stays a value. */
std::optional<flexcancel::Config> make_config() {
    flexcancel::Config config;
    config.api_key_env("FLEX_API_KEY");
    if (const auto url = variable("FLEX_BASE_URL"))
        config.base_url(*url);
    else
        std::cerr << "FLEX_BASE_URL is not set: this calls Flex itself.\n";
    if (const auto path = variable("FLEX_CA_FILE"))
        config.ca_file(*path);
    if (const auto text = variable("FLEX_TIMEOUT_MS")) {
        const char *const end = text->data() + text->size();
        std::uint32_t milliseconds = 0;
        const auto [rest, error] = std::from_chars(text->data(), end, milliseconds);
        if (error != std::errc() || rest != end) {
            std::cerr << "FLEX_TIMEOUT_MS: expected digits only\n";
            return std::nullopt;
        }
        config.timeout(std::chrono::milliseconds(milliseconds));
    }
    return config;
}

/* Cancels the session. A request whose response was lost may have arrived: an unknown outcome is
 * asked about once more, as the same cancel, before the cashier hears "pending". */
flexcancel::Result void_sale(const flexcancel::Client &client, std::string_view session_id) {
    flexcancel::Result result = client.cancel(session_id);
    if (result.outcome() == flexcancel::Outcome::unknown)
        if (const auto repeat = result.repeat())
            result = client.cancel(session_id, repeat);
    return result;
}

/* Only the two outcomes that prove it may be called "voided". Whatever this program does not
 * know, of a newer library say, is "pending". */
ExitCode tell_cashier(flexcancel::Outcome outcome) {
    switch (outcome) {
    case flexcancel::Outcome::canceled:
    case flexcancel::Outcome::already_canceled:
        std::cout << "VOIDED: Flex has canceled the authorization; "
                     "the bank may show it for some days.\n";
        return voided;
    case flexcancel::Outcome::not_cancelable:
        std::cout << "TOO LATE TO VOID: check whether money was taken before refunding.\n";
        return too_late;
    case flexcancel::Outcome::not_applied:
        std::cout << "NOT VOIDED: this changed nothing; the log says why.\n";
        return not_voided;
    default:
        std::cout << "VOID PENDING: promise the shopper nothing yet.\n";
        return pending;
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2 || !variable("FLEX_API_KEY")) {
        std::cerr << "usage: FLEX_API_KEY=... cancel SESSION_ID\n";
        return wrong_usage;
    }
    if (!flexcancel::is_compatible()) {
        std::cerr << "cancel: made for another ABI than flexcancel " << flexcancel::version()
                  << '\n';
        return not_voided;
    }
    const auto config = make_config();
    if (!config)
        return wrong_usage;

    /* A till that serves many sales makes one client and keeps it: connections are reused. */
    auto [client, error] = flexcancel::Client::create(*config);

    /* From here on a configuration that was refused is a result like any other. */
    const flexcancel::Result result = client ? void_sale(client, argv[1]) : std::move(error);
    const ExitCode exit_code = tell_cashier(result.outcome());
    std::cout << result.json() << '\n';
    /* Not the JSON: the session in it names the shopper. */
    std::cerr << "cancel: " << flexcancel::name(result.code()) << ": " << result.message() << ' '
              << result.advice() << " session: " << result.session_id()
              << "; idempotency key: " << result.idempotency_key() << '\n';
    return exit_code;
}
