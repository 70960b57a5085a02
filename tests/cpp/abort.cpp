/*
 * A call that is blocked ends when it is told to: by an Abort from another thread, and where the
 * language has it by a stop token.
 *
 *     abort BASE_URL SESSION_ID
 *
 * The server answers nothing but what the last call asks for. Each byte on standard input says
 * that one more request has reached it.
 */
#include "check.h"

#include <flexcancel.hpp>

#include <chrono>
#include <thread>

using namespace flexcancel;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/* The deadline of these calls is a minute; under valgrind a second passes quickly. */
constexpr auto promptly = 2s;

static const char *id;
static Clock::time_point triggered;

static void wait_until_the_server_has_a_request() {
    CHECK(getchar() != EOF, "the test says when a request has arrived");
}

static void expect(const Result &result, Outcome outcome, Code code) {
    CHECK(result.outcome() == outcome && result.code() == code, "%s",
          std::string(result.json()).c_str());
}

static void expect_prompt_end(const Result &result) {
    const auto waited = Clock::now() - triggered;
    expect(result, Outcome::unknown, Code::aborted);
    CHECK(triggered != Clock::time_point(), "no call ends before the trigger");
    CHECK(waited < promptly, "the wait ends promptly");
    triggered = {};
}

static void by_an_abort(const Client &client) {
    const Abort abort;
    std::thread call([&] { expect_prompt_end(client.cancel(id, {}, abort)); });
    wait_until_the_server_has_a_request();
    triggered = Clock::now();
    abort.trigger();
    call.join();
}

#if defined(__cpp_lib_jthread)
static void by_a_stop_token(const Client &client) {
    std::jthread call([&](const std::stop_token &stop) {
        expect_prompt_end(client.cancel(id, Options().timeout(60s), stop));
        expect(client.cancel(id, {}, stop), Outcome::not_applied, Code::aborted);
        expect(client.retrieve(id, {}, stop), Outcome::unknown, Code::aborted);
    });
    wait_until_the_server_has_a_request();
    triggered = Clock::now();
    call.request_stop();
    call.join();
}
#endif

int main(int argc, char **argv) {
    CHECK(argc == 3, "usage: abort BASE_URL SESSION_ID");
    give_up_after(120);
    id = argv[2];
    const auto [client, error] =
        Client::create(Config().api_key(KEY).base_url(argv[1]).timeout(60s));
    CHECK(client, "%s", std::string(error.json()).c_str());
    by_an_abort(client);
#if defined(__cpp_lib_jthread)
    by_a_stop_token(client);
    // A token that nobody can stop is none, and one that nobody stops does nothing.
    expect(client.retrieve(id, {}, std::stop_token()), Outcome::not_applied, Code::ok);
    const std::stop_source source;
    expect(client.cancel(id, {}, source.get_token()), Outcome::canceled, Code::ok);
#else
    expect(client.cancel(id), Outcome::canceled, Code::ok);
#endif
    return 0;
}
