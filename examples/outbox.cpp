/*
 * A till that loses no void, in C++17: its cancels are kept in a file until they are delivered,
 * and its shift ends when a person has seen each that could not be. The same as outbox.c.
 *
 *     outbox void SESSION_ID [REPEAT]   keeps the cancel, then tries it
 *     outbox close                      ends the shift: delivers what it can, shows what is left
 *     outbox seen ENTRY_ID              a person has seen that entry
 *
 * REPEAT takes over a cancel that another program began and that ended unknown: the `repeat` of
 * its result's JSON. Without it the outbox would begin a new cancel, which does not know of the
 * first.
 *
 * Environment: FLEX_API_KEY; FLEX_BASE_URL, the service (Flex itself, if it is not set); or, in
 * their place, FLEX_CONFIG, the client's configuration as JSON; FLEX_OUTBOX, the outbox's
 * ({"path":"outbox.db"}).
 *
 * Prints lines for people on stdout, and for each result a line for the log on stderr. Exit code of
 * void: 0 voided, 1 too late, 2 not voided, 3 pending; of close: 0 nothing is left, 1 there is
 * something to see, 3 nothing to see but not all is delivered; of all: 2 it cannot be done, 64 wrong
 * usage.
 */
#include <flexcancel.hpp>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace {

using flexcancel::Code, flexcancel::FlushOptions, flexcancel::Outbox, flexcancel::Repeat;
using flexcancel::Result, flexcancel::Status;

enum ExitCode { done = 0, not_yet = 1, not_done = 2, pending_void = 3, wrong_usage = 64 };

std::string variable(const char *name, std::string_view otherwise) {
    const char *value = std::getenv(name);
    return std::string(value != nullptr ? value : otherwise);
}

/* The client's configuration. Config escapes what stands in a value, so that it stays a value. */
std::string configuration() {
    auto config = flexcancel::Config().api_key_env("FLEX_API_KEY");
    const char *const json = std::getenv("FLEX_CONFIG"), *const url = std::getenv("FLEX_BASE_URL");
    if (json != nullptr)
        return json;
    if (url != nullptr)
        config.base_url(url);
    else
        std::cerr << "FLEX_BASE_URL is not set: this calls Flex itself.\n";
    return std::string(config.json());
}

void log_text(std::string_view before, std::string_view text) {
    if (!text.empty())
        std::cerr << before << text;
}

/* Logs a result or a status, and gives its code. Not its JSON: that names the shopper. What went
 * well needs no advice. */
template <typename Told> Code logged(const Told &result) {
    const auto advice = result.code() == Code::ok ? std::string_view() : result.advice();
    std::cerr << "outbox: " << flexcancel::name(result.code()) << ':';
    log_text(" ", result.message());
    log_text("; ", advice);
    if constexpr (std::is_same_v<Told, Result>) {
        log_text(advice.empty() ? "; session: " : " session: ", result.session_id());
        log_text("; idempotency key: ", result.idempotency_key());
    }
    std::cerr << '\n';
    return result.code();
}

/* What stands behind a field in the JSON. Quotes within texts are escaped there, so what is looked
 * for is found as a field's name only. Empty if it is not there. A till with a JSON library reads
 * the result with that. */
std::string_view after(const Status &result, std::string_view field) {
    const std::string_view json = result.json();
    const auto at = json.find(field);
    return at != json.npos ? json.substr(at + field.size()) : std::string_view();
}

template <typename Number> std::optional<Number> read(std::string_view text) {
    Number number = 0;
    const auto error = std::from_chars(text.data(), text.data() + text.size(), number).ec;
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

/* A text of a result as it stands there. */
std::string_view text(const Status &result, std::string_view field) {
    const std::string_view rest = after(result, field);
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != '"')
        end += rest[end] == '\\' ? 2 : 1;
    return rest.substr(0, end);
}

/* Only the two outcomes that prove it may be called "voided". `repeat`: empty, or the options of
 * the cancel that is taken over; what cannot be used as such is refused, and nothing is said. */
ExitCode void_sale(const Outbox &outbox, std::string_view session_id, const Repeat &repeat) {
    const Result result = repeat ? outbox.cancel(session_id, repeat) : outbox.cancel(session_id);
    if (logged(result) == Code::invalid_argument && repeat) {
        std::cerr << "outbox: REPEAT: expected the `repeat` of a result\n";
        return wrong_usage;
    }
    switch (result.outcome()) {
    case flexcancel::Outcome::canceled:
    case flexcancel::Outcome::already_canceled:
        std::cout << "VOIDED: Flex has canceled the authorization; "
                     "the bank may show it for some days.\n";
        return done;
    case flexcancel::Outcome::not_cancelable:
        std::cout << "TOO LATE TO VOID: check whether money was taken before refunding.\n";
        return not_yet;
    case flexcancel::Outcome::not_applied:
        std::cout << "NOT VOIDED: this changed nothing; the log says why.\n";
        return not_done;
    default:
        std::cout << "VOID PENDING: promise the shopper nothing yet.\n";
        /* The file may lack it, because its disk is full, say: it is to be repeated by hand. */
        if (const auto again = result.repeat();
            again && !read<std::int64_t>(after(result, R"("outbox":{"entry":{"id":)")))
            std::cout << "NOT IN THE OUTBOX: void it again with this REPEAT: " << again.json()
                      << '\n';
        return pending_void;
    }
}

/* How a delivery ended: its code, how many are still to be delivered, and how many of these are of
 * another service or mode. The numbers are not there if the outbox cannot be read. */
struct Delivery {
    Code code;
    std::optional<std::int64_t> pending, foreign;
};

/* Delivers what it can: the first flush also what waits for its next try. Shows why a flush
 * ended early, and its advice. */
Delivery deliver(const Outbox &outbox) {
    for (bool is_first = true;; is_first = false) {
        const Status result = outbox.flush(FlushOptions().now(is_first));
        const auto count = [&](std::string_view name) {
            return read<std::int64_t>(after(result, name));
        };
        if (logged(result) != Code::ok)
            std::cout << "THE DELIVERY ENDED EARLY: " << result.message() << "; "
                      << result.advice() << '\n';
        else if (count("\"due\":").value_or(0) > 0)
            continue;
        return {result.code(), count("\"pending\":"), count("\"foreign\":")};
    }
}

/* Shows the worklist, entry by entry. Gives how many there are; nothing if the outbox cannot be
 * read. */
std::optional<std::uint64_t> show_worklist(const Outbox &outbox) {
    auto next = flexcancel::ListFilter::worklist().max(1);
    for (std::uint64_t count = 0;; count++) {
        const Status result = outbox.list(next);
        if (logged(result) != Code::ok)
            return std::nullopt;
        const auto entry = read<std::int64_t>(after(result, "\"entries\":[{\"id\":"));
        if (!entry)
            return count;
        std::cout << "LOOK AT " << *entry << ": " << text(result, "\"session_id\":\"") << " is "
                  << text(result, "\"state\":\"") << ": " << text(result, "\"last_message\":\"")
                  << '\n';
        next.after(*entry);
    }
}

ExitCode close_shift(const Outbox &outbox) {
    const auto [code, pending, foreign] = deliver(outbox);
    const auto to_see = pending && foreign ? show_worklist(outbox) : std::nullopt;
    if (!to_see) {
        std::cout << "SHIFT NOT CLOSED: the outbox cannot be read; the log says why.\n";
        return not_done;
    }
    if (*pending > *foreign)
        std::cout << "TO BE DELIVERED: " << *pending - *foreign
                  << "; these voids are pending, and stay in the outbox.\n";
    if (*foreign > 0)
        std::cout << "OF ANOTHER SERVICE OR MODE: " << *foreign
                  << "; this key never delivers them.\n";
    if (*to_see > 0) {
        std::cout << "SHIFT NOT CLOSED: " << *to_see << " to be seen.\n";
        return not_yet;
    }
    if (*pending > 0 || code != Code::ok) {
        std::cout << "SHIFT CLOSED, BUT NOT ALL IS DELIVERED: "
                     "the lines above say what is left.\n";
        return pending_void;
    }
    std::cout << "SHIFT CLOSED: nothing is left to be seen.\n";
    return done;
}

ExitCode seen(const Outbox &outbox, std::string_view entry_id) {
    const auto entry = read<std::int64_t>(entry_id);
    if (!entry || entry_id.find_first_not_of("-0123456789") != entry_id.npos) {
        std::cerr << "ENTRY_ID: expected a number\n";
        return wrong_usage;
    }
    const bool is_noted = logged(outbox.acknowledge(*entry)) == Code::ok;
    std::cout << (is_noted ? "SEEN.\n" : "NOT NOTED: the log says why.\n");
    return is_noted ? done : not_done;
}

/* How many arguments there may be is a matter of the command. */
bool is_usable(std::string_view command, int argc) {
    if (command == "void")
        return argc == 3 || argc == 4;
    return command == "seen" ? argc == 3 : command == "close" && argc == 2;
}

} // namespace

int main(int argc, char **argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (!is_usable(command, argc)) {
        std::cerr << "usage: outbox void SESSION_ID [REPEAT] | close | seen ENTRY_ID\n";
        return wrong_usage;
    }
    if (!flexcancel::is_compatible()) {
        std::cerr << "outbox: made for another ABI than flexcancel " << flexcancel::version()
                  << '\n';
        return not_done;
    }
    const auto config = configuration();
    const std::string options = variable("FLEX_OUTBOX", R"({"path":"outbox.db"})");
    const auto created = flexcancel::Client::create(config);
    const auto opened = created ? Outbox::open(created.client, options) : Outbox::Opened();
    if (!opened) {
        logged(created ? opened.error : created.error);
        std::cout << "NOT DONE: there is no outbox; the log says why.\n";
        return not_done;
    }
    if (command == "void")
        return void_sale(opened.outbox, argv[2], Repeat(argc > 3 ? argv[3] : ""));
    return command == "close" ? close_shift(opened.outbox) : seen(opened.outbox, argv[2]);
}
