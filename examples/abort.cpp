/*
 * A void button that never blocks the screen, in C++17: a thread cancels one Flex checkout session,
 * the screen goes on meanwhile, and Enter ends the wait.
 *
 *     abort SESSION_ID
 *
 *     c++ -std=c++17 -pthread examples/abort.cpp -o abort $(pkg-config --cflags --libs flexcancel)
 *
 * Environment: FLEX_API_KEY (required; only the variable's name is handed on, so the key never
 * passes through this program), FLEX_BASE_URL (Flex itself, if it is not set).
 *
 * Prints a dot five times a second while it waits, then a line for the cashier on stdout, a line
 * for the log on stderr. An abort does not undo a cancel: its request may have arrived, and then
 * the void is pending. The next line is then the result's `repeat`, the options to try it again
 * later, or for the outbox (outbox.cpp takes them).
 * Exit code: 0 voided, 1 too late, 2 not voided, 3 pending, 64 wrong usage.
 */
#include <flexcancel.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;

enum ExitCode { voided = 0, too_late = 1, not_voided = 2, pending = 3, wrong_usage = 64 };

/* What has happened, as other threads tell the screen. */
struct Events {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_enter_pressed = false;
    bool has_ended = false;

    void tell(bool Events::*event) {
        const std::lock_guard<std::mutex> lock(mutex);
        this->*event = true;
        changed.notify_one();
    }
};

/* Nothing ends a thread that reads the keyboard, so it is left to itself and shares the events. */
void watch_keyboard(const std::shared_ptr<Events> &events) {
    std::thread([events] {
        std::string line;
        if (std::getline(std::cin, line))
            events->tell(&Events::is_enter_pressed);
    }).detach();
}

/* The screen: draws until the call has ended. To trigger an abort again has no effect. */
void draw(Events &events, const flexcancel::Abort &abort) {
    std::cout << "VOIDING (Enter: stop waiting) " << std::flush;
    std::unique_lock<std::mutex> lock(events.mutex);
    while (!events.has_ended) {
        std::cout << '.' << std::flush;
        events.changed.wait_for(lock, 200ms);
        if (events.is_enter_pressed)
            abort.trigger();
    }
    std::cout << '\n';
}

/* Only the two outcomes that prove it may be called "voided". Whatever this program does not
 * know, of a newer library say, is "pending". */
ExitCode tell_cashier(const flexcancel::Result &result) {
    switch (result.outcome()) {
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
        if (const auto repeat = result.repeat())
            std::cout << repeat.json() << '\n';
        return pending;
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2 || std::getenv("FLEX_API_KEY") == nullptr) {
        std::cerr << "usage: FLEX_API_KEY=... abort SESSION_ID\n";
        return wrong_usage;
    }
    if (!flexcancel::is_compatible()) {
        std::cerr << "abort: made for another ABI than flexcancel " << flexcancel::version()
                  << '\n';
        return not_voided;
    }
    auto config = flexcancel::Config().api_key_env("FLEX_API_KEY").timeout(30s);
    if (const char *const url = std::getenv("FLEX_BASE_URL"))
        config.base_url(url);
    else
        std::cerr << "FLEX_BASE_URL is not set: this calls Flex itself.\n";

    /* Not auto [client, error]: the lambda uses the client. Some compilers let a lambda capture a
     * structured binding; the standard of C++17 does not. */
    auto created = flexcancel::Client::create(config);
    flexcancel::Result result = std::move(created.error);
    if (created.client) {
        const flexcancel::Abort abort;
        const auto events = std::make_shared<Events>();
        watch_keyboard(events);
        std::thread call([&] {
            result = created.client.cancel(argv[1], {}, abort);
            events->tell(&Events::has_ended);
        });
        draw(*events, abort);
        call.join();
    }
    const ExitCode exit_code = tell_cashier(result);
    std::cerr << "abort: " << flexcancel::name(result.code()) << ": " << result.message() << "; "
              << result.advice() << " session: " << result.session_id()
              << "; idempotency key: " << result.idempotency_key() << '\n';
    return exit_code;
}
