/*
 * Many calls of every kind on one client: the memory in use at the end is that after the first.
 *
 *     many BASE_URL HELD_SESSION_ID CANCELED_SESSION_ID
 *
 * Prints the bytes in use after a tenth of the calls, and after all of them.
 */
#include "check.h"

#include <flexcancel.hpp>

#include <malloc.h>
#include <string>

using namespace flexcancel;
using namespace std::chrono_literals;

static void expect(const Result &result, Outcome outcome, Code code) {
    CHECK(result.outcome() == outcome && result.code() == code, "%s",
          std::string(result.json()).c_str());
}

static void calls_of_every_kind(const Client &client, const char *held, const char *canceled) {
    const Abort abort;
    expect(client.retrieve(held, {}, abort), Outcome::not_applied, Code::ok);
    expect(client.cancel(canceled, Options().idempotency_key("again").timeout(60s)),
           Outcome::canceled, Code::ok);
    abort.trigger();
    expect(client.cancel(held, {}, abort), Outcome::not_applied, Code::aborted);
    expect(client.cancel("?"), Outcome::not_applied, Code::invalid_session_id);
    const char *const none[] = {"?", "?"};
    int told = 0;
    const Status run = client.cancel_many(none, BulkOptions().concurrency(1),
                                          [&told](std::uint64_t, const Result &result) {
                                              expect(result, Outcome::not_applied,
                                                     Code::invalid_session_id);
                                              return ++told == 2;
                                          });
    CHECK(run.code() == Code::aborted && told == 1, "%s", std::string(run.json()).c_str());
    expect(Client::create(Config()).error, Outcome::not_applied, Code::invalid_config);
}

int main(int argc, char **argv) {
    const unsigned long rounds = count_or(100000) / 4;
    CHECK(argc == 4, "usage: many BASE_URL HELD_SESSION_ID CANCELED_SESSION_ID");
    give_up_after(600);
    unsigned long events = 0;
    const auto [client, error] =
        Client::create(Config().api_key(KEY).base_url(argv[1]).timeout(60s),
                       [&events](Level, std::string_view) { events++; });
    CHECK(client, "%s", std::string(error.json()).c_str());
    std::size_t first = 0;
    for (unsigned long round = 0; round < rounds; round++) {
        if (round == rounds / 10)
            first = mallinfo2().uordblks;
        calls_of_every_kind(client, argv[2], argv[3]);
    }
    printf("%zu %zu\n", first, mallinfo2().uordblks);
    CHECK(events >= 2 * rounds, "the log was told");
    return 0;
}
