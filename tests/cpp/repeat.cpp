/*
 * A till with a void button. Each press repeats the cancel by the repeat() of the result before.
 *
 *     repeat BASE_URL SESSION_ID TIMEOUT_MS OUTBOX_FILE
 *
 * Each line of standard input is a press: "void" calls Flex, "keep" hands the cancel to the outbox,
 * "enqueue" does so without a call. Each is answered with one line: what the cashier may say, then
 * OUTCOME and CODE by name. "flush" delivers what is due, and is answered with the result's JSON.
 */
#include "check.h"

#include <flexcancel.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

using namespace flexcancel;

static const char *words(Outcome outcome) {
    switch (outcome) {
    case Outcome::canceled:
    case Outcome::already_canceled:
        return "voided";
    case Outcome::not_cancelable:
        return "too late";
    case Outcome::not_applied:
        return "not voided";
    default:
        return "pending";
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 5, "a base URL, a session, a time, a file");
    give_up_after(120);
    const std::string id = argv[2];
    const auto [client, error] = Client::create(
        Config().api_key(KEY).base_url(argv[1]).timeout(std::chrono::milliseconds(atoi(argv[3]))));
    const auto [outbox, problem] = Outbox::open(client, OutboxOptions().path(argv[4]));
    CHECK(client && outbox, "%s", std::string(problem.json()).c_str());
    Repeat repeat;
    bool is_first = true;
    for (std::string button; std::getline(std::cin, button); is_first = false) {
        if (button == "flush") {
            const flexcancel::Status flushed = outbox.flush();
            CHECK(flushed.json().find(KEY) == std::string_view::npos, "no API key");
            std::cout << flushed.json() << std::endl;
            continue;
        }
        const Result result = is_first              ? client.cancel(id)
                              : button == "keep"    ? outbox.cancel(id, repeat)
                              : button == "enqueue" ? outbox.enqueue(id, repeat)
                                                    : client.cancel(id, repeat);
        // A value: it outlives its result.
        repeat = result.repeat();
        CHECK(result.json().find(KEY) == std::string_view::npos, "no API key");
        std::cout << words(result.outcome()) << ": " << name(result.outcome()) << ' '
                  << name(result.code()) << std::endl;
    }
    return 0;
}
