/*
 * The outbox's class against the sandbox, in two parts, each a process of its own.
 *
 *     outbox outage BASE_URL FILE TIMEOUT_MS SESSION_ID x 4    nobody listens
 *     outbox after  BASE_URL FILE TIMEOUT_MS SESSION_ID x 4    the sandbox is back
 *
 * Of the sessions three are held, and the last is captured. Where nobody listens, a call takes as
 * long as it may.
 */
#include "check.h"

#include <flexcancel.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace flexcancel;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

static_assert(std::is_nothrow_move_constructible_v<Outbox> &&
              std::is_nothrow_move_assignable_v<Outbox> &&
              !std::is_copy_constructible_v<Outbox> && !std::is_copy_assignable_v<Outbox>);

static const char *base_url, *file;
static std::chrono::milliseconds timeout;
static char **ids;

static bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

static void expect(int line, const Result &result, Outcome outcome, Code code,
                   std::string_view part = {}) {
    const std::string json(result.json());
    const bool is_so = result.outcome() == outcome && result.code() == code && has(json, part);
    if (!is_so || has(json, KEY))
        failed(__FILE__, line, std::string(name(code)).c_str(), "%s without %s", json.c_str(),
               std::string(part).c_str());
}
#define EXPECT_RESULT(...) expect(__LINE__, __VA_ARGS__)

static void expect(int line, const Status &status, Code code, std::string_view part = {}) {
    const std::string json(status.json());
    if (status.code() != code || !has(json, part) || has(json, KEY) || has(json, "\"hold\""))
        failed(__FILE__, line, std::string(name(code)).c_str(), "%s without %s", json.c_str(),
               std::string(part).c_str());
}
#define EXPECT_STATUS(...) expect(__LINE__, __VA_ARGS__)

static Client client_of(LogHandler log = {}) {
    auto [client, error] =
        Client::create(Config().api_key(KEY).base_url(base_url).timeout(timeout), std::move(log));
    CHECK(client, "%s", std::string(error.json()).c_str());
    return std::move(client);
}

static Outbox outbox_of(const Client &client) {
    auto [outbox, error] = Outbox::open(client, OutboxOptions().keep(24h).path(file));
    CHECK(outbox && !error, "%s", std::string(error.json()).c_str());
    return std::move(outbox);
}

/* How many entries a list or a flush shows. */
static std::size_t entries_of(const Status &result) {
    std::size_t count = 0, at = 0;
    for (const auto part = "\"session_id\":\"fcs_"sv; count < 99; count++, at += part.size())
        if ((at = result.json().find(part, at)) == std::string_view::npos)
            break;
    return count;
}

static void wrong_options_are_refused_and_name_the_option() {
    const Client client = client_of();
    const auto refused = [&](const Client &of, const std::string &options, Code code,
                             std::string_view part) {
        const auto opened = Outbox::open(of, options);
        CHECK(!opened && !opened.outbox && opened.error, "%s", options.c_str());
        EXPECT_RESULT(opened.error, Outcome::unknown, code, part);
    };
    const OutboxOptions right = OutboxOptions().path(file);
    refused(Client(), right, Code::invalid_handle, "client: ");
    refused(client, "", Code::invalid_argument, "expected a JSON object");
    refused(client, file, Code::invalid_argument, "expected a JSON object");
    refused(client, OutboxOptions(), Code::invalid_argument, "path: ");
    refused(client, OutboxOptions().path(std::string(file) + '\0' + "x"), Code::invalid_argument,
            "path: ");
    refused(client, std::string(right.json()) + '\0', Code::invalid_argument, "JSON");
    refused(client, OutboxOptions().path(file).keep(-1ms), Code::invalid_argument, "keep_ms: ");
    refused(client, OutboxOptions().path("/dev/null/x"), Code::outbox_io, "\"outbox\":{");

    const Outbox outbox = outbox_of(client);
    const auto wrong = [](int line, const Result &result, std::string_view part) {
        expect(line, result, Outcome::unknown, Code::invalid_argument, part);
    };
#define REFUSED(...) wrong(__LINE__, __VA_ARGS__)
#define REFUSED_STATUS(status, part) EXPECT_STATUS(status, Code::invalid_argument, part)
    REFUSED(outbox.cancel(ids[0], EntryOptions().deliver_within(0s)), "deliver_within_ms: ");
    REFUSED(outbox.cancel(ids[0], EntryOptions().idempotency_key("a\0b"sv)), "idempotency_key: ");
    REFUSED(outbox.cancel(ids[0], EntryOptions().expand({"a\0b"sv})), "expand: ");
    REFUSED(outbox.cancel(ids[0], EntryOptions().max_attempts(11)), "max_attempts: ");
    // These say, or do not show, that they are of a repetition: nothing is said of the cancel.
    EXPECT_RESULT(outbox.cancel(ids[0], "{}\0{"sv), Outcome::unknown, Code::invalid_argument,
                  "JSON");
    EXPECT_RESULT(outbox.cancel(ids[0], Repeat()), Outcome::unknown, Code::invalid_argument,
                  "in_doubt: ");
    EXPECT_RESULT(outbox.enqueue(ids[0], EntryOptions(Repeat())), Outcome::unknown,
                  Code::invalid_argument, "in_doubt: ");
    // What came with the repeat is not replaced.
    const Repeat repeat(R"({"idempotency_key":"k","in_doubt":false,"asked_at_ms":7})");
    REFUSED(outbox.enqueue(ids[0], EntryOptions(repeat).in_doubt(false)), "in_doubt: ");
    REFUSED(outbox.enqueue(ids[0], EntryOptions().timeout(1s)), "timeout_ms: ");
    REFUSED(outbox.enqueue(ids[0], EntryOptions().verify(true)), "verify: ");
    EXPECT_RESULT(outbox.enqueue(ids[0], "{}\0{"sv), Outcome::unknown, Code::invalid_argument,
                  "JSON");
    REFUSED_STATUS(outbox.flush(FlushOptions().max(1001)), "max: ");
    REFUSED_STATUS(outbox.flush(FlushOptions().timeout(-1s)), "timeout_ms: ");
    REFUSED_STATUS(outbox.flush("{}\0{"sv), "JSON");
    REFUSED_STATUS(outbox.claim(ClaimOptions().max(0)), "max: ");
    REFUSED_STATUS(outbox.claim(ClaimOptions().lease(25h)), "lease_ms: ");
    REFUSED_STATUS(outbox.claim("{}\0{"sv), "JSON");
    REFUSED_STATUS(outbox.settle(1, Settlement()), "lease: ");
    REFUSED_STATUS(outbox.settle(1, "{}\0{"sv), "JSON");
    REFUSED_STATUS(outbox.list(ListFilter().states({"lost"})), "states: ");
    REFUSED_STATUS(outbox.list(ListFilter().after(-1)), "after: ");
    REFUSED_STATUS(outbox.list("{}\0{"sv), "JSON");
    const std::string cut = std::string(ids[0]) + '\0' + "tail";
    EXPECT_RESULT(outbox.cancel(cut), Outcome::not_applied, Code::invalid_session_id);
    EXPECT_RESULT(outbox.enqueue(cut), Outcome::not_applied, Code::invalid_session_id);
    Abort moved_from;
    const Abort other = std::move(moved_from);
    EXPECT_RESULT(outbox.cancel(ids[0], {}, moved_from), Outcome::unknown, Code::invalid_handle,
                  "abort: ");
    EXPECT_STATUS(outbox.flush({}, moved_from), Code::invalid_handle,
                  "abort: ");
    EXPECT_STATUS(outbox.acknowledge(1), Code::outbox_no_entry);
    CHECK(entries_of(outbox.list()) == 0, "what is refused is not kept");
}

static void what_is_empty_closed_or_moved_from_is_answered() {
    const auto is_answered = [](const Outbox &none) {
        CHECK(!none && none.get() == nullptr, "it is empty");
        for (const Result &result : {none.cancel(ids[0]), none.enqueue(ids[0])})
            EXPECT_RESULT(result, Outcome::unknown, Code::invalid_handle, "outbox: ");
        for (const Status &status : {none.flush(), none.list(), none.acknowledge(1),
                                     none.withdraw(1, "why"), none.stats(), none.claim(),
                                     none.settle(1, Settlement())})
            EXPECT_STATUS(status, Code::invalid_handle, "outbox: ");
    };
    Outbox first;
    is_answered(first);
    const Client client = client_of();
    first = outbox_of(client);
    Outbox second = std::move(first);
    is_answered(first);
    EXPECT_STATUS(second.stats(), Code::ok, "\"worklist\":0");
    // The file of the one that is replaced is closed.
    second = outbox_of(client);
    second.close();
    second.close();
    CHECK(!second && second.get() == nullptr, "an outbox that was closed is empty");
    is_answered(second);
}

static void what_cannot_be_delivered_is_kept() {
    const Outbox outbox = outbox_of(client_of()); // Whose client goes at once.
    EXPECT_RESULT(outbox.enqueue(ids[0], EntryOptions().deliver_within(48h)), Outcome::unknown,
                  Code::ok, "\"attempts\":0,");
    EXPECT_STATUS(outbox.flush(), Code::connect, ids[0]);
    const auto first_use = EntryOptions().idempotency_key("receipt-1").in_doubt(false);
    EXPECT_RESULT(outbox.cancel(ids[1], first_use), Outcome::unknown, Code::connect,
                  "\"state\":\"pending\"");
    const std::string longer = std::string(ids[2]) + "tail";
    const auto id = std::string_view(longer).substr(0, longer.size() - 4);
    EXPECT_RESULT(outbox.enqueue(id), Outcome::unknown, Code::ok, "\"id\":3,");
    EXPECT_RESULT(outbox.enqueue(id), Outcome::unknown, Code::ok, "\"id\":3,");
    EXPECT_STATUS(outbox.acknowledge(3), Code::outbox_pending, "\"id\":3,");
    EXPECT_STATUS(outbox.withdraw(3, ""), Code::invalid_argument, "reason: expected");
    const char *const null = nullptr;
    EXPECT_STATUS(outbox.withdraw(3, null), Code::invalid_argument, "reason: expected");
    EXPECT_STATUS(outbox.list(ListFilter().session_id(null)), Code::invalid_argument,
                  "session_id: expected a string, found 0");
    EXPECT_STATUS(outbox.list(null), Code::invalid_argument, "expected a JSON object");
    EXPECT_RESULT(outbox.enqueue(null), Outcome::not_applied, Code::invalid_session_id,
                  "session_id: expected a string, found NULL");
    EXPECT_RESULT(Outbox::open(client_of(), OutboxOptions().path(null)).error,
                  Outcome::unknown, Code::invalid_argument, "path: expected a string, found 0");
    EXPECT_STATUS(outbox.withdraw(77, "why"), Code::outbox_no_entry);
    const Abort abort;
    abort.trigger();
    EXPECT_STATUS(outbox.flush({}, abort), Code::aborted, "\"entries\":[]");
#if defined(__cpp_lib_jthread)
    std::stop_source stop;
    EXPECT_RESULT(outbox.cancel(ids[0], {}, stop.get_token()), Outcome::unknown, Code::connect);
    stop.request_stop();
    EXPECT_RESULT(outbox.cancel(ids[0], {}, stop.get_token()), Outcome::unknown, Code::aborted);
    EXPECT_STATUS(outbox.flush({}, stop.get_token()), Code::aborted);
#endif
    EXPECT_STATUS(outbox.stats(), Code::ok, "\"pending\":3");
}

static void what_was_kept_is_delivered_and_the_log_is_told(const Outbox &outbox) {
    EXPECT_STATUS(outbox.list(), Code::ok, "\"receipt-1\"");
    CHECK(entries_of(outbox.list()) == 3, "a process ends, and its entries stay");
    // Both wait for their next try; but a till that asks again does not have to.
    const Abort abort;
    EXPECT_RESULT(outbox.cancel(ids[0], {}, abort), Outcome::canceled, Code::ok,
                  "\"state\":\"delivered\"");
    EXPECT_RESULT(outbox.cancel(ids[1], EntryOptions().idempotency_key("receipt-2")),
                  Outcome::canceled, Code::ok, "\"idempotency_key\":\"receipt-1\"");
    const Status flushed = outbox.flush(FlushOptions().max(10).timeout(30s));
    EXPECT_STATUS(flushed, Code::ok, "\"delivered\":3");
    CHECK(entries_of(flushed) == 1 && has(flushed.json(), ids[2]), "%s", flushed.json().data());
}

static void a_claim_is_settled(const Outbox &outbox) {
    EXPECT_RESULT(outbox.enqueue("fcs_elsewhere"), Outcome::unknown, Code::ok, "\"id\":6,");
    const Status claimed = outbox.claim(ClaimOptions().lease(10min).max(1));
    EXPECT_STATUS(claimed, Code::ok, "\"in_doubt\":false");
    CHECK(entries_of(claimed) == 1, "%s", claimed.json().data());
    const auto value = [&claimed](std::string_view field) {
        const std::string key = "\"" + std::string(field) + "\":\"";
        const std::size_t at = claimed.json().find(key);
        CHECK(at != std::string_view::npos, "%s", claimed.json().data());
        const auto rest = claimed.json().substr(at + key.size());
        return std::string(rest.substr(0, rest.find('"')));
    };
    EXPECT_STATUS(outbox.claim(), Code::ok, "\"entries\":[]");
    EXPECT_STATUS(outbox.withdraw(6, "why"), Code::outbox_busy);
    Settlement settlement;
    settlement.lease(value("lease")).outcome(Outcome::not_applied).code(Code::rate_limited);
    settlement.message("slow down").retry_after(1min).idempotency_key("another");
    EXPECT_STATUS(outbox.settle(6, settlement), Code::invalid_argument, "idempotency_key: ");
    settlement.idempotency_key(value("idempotency_key"));
    EXPECT_STATUS(outbox.settle(77, settlement), Code::outbox_no_entry);
    EXPECT_STATUS(outbox.settle(6, settlement), Code::ok, "\"last_message\":\"slow down\"");
    settlement.outcome(Outcome::canceled).code(Code::ok);
    EXPECT_STATUS(outbox.settle(6, settlement), Code::ok, "\"state\":\"delivered\"");
    settlement.outcome(Outcome::not_applied).code(Code::rejected);
    EXPECT_STATUS(outbox.settle(6, settlement), Code::outbox_final, "\"state\":\"delivered\"");
}

static void the_worklist_is_worked_off(const Outbox &outbox) {
    EXPECT_RESULT(outbox.cancel(ids[3]), Outcome::not_cancelable, Code::not_cancelable,
                  "\"state\":\"refused\"");
    EXPECT_RESULT(outbox.cancel("fcs_nowhere"), Outcome::not_applied, Code::not_found,
                  "\"state\":\"needs_attention\"");
    EXPECT_STATUS(outbox.list(ListFilter::worklist().max(1)), Code::ok, ids[3]);
    const Status rest = outbox.list(ListFilter::worklist().after(4));
    CHECK(entries_of(rest) == 1 && has(rest.json(), "fcs_nowhere"), "%s", rest.json().data());
    CHECK(entries_of(outbox.list(ListFilter().states({"delivered"}))) == 3, "three delivered");
    CHECK(entries_of(outbox.list(ListFilter().session_id(ids[3]))) == 1, "one of this session");
    EXPECT_STATUS(outbox.stats(), Code::ok, "\"worklist\":2");
    EXPECT_STATUS(outbox.acknowledge(4), Code::ok, ids[3]);
    EXPECT_STATUS(outbox.acknowledge(5), Code::ok, "fcs_nowhere");
    EXPECT_STATUS(outbox.acknowledge(5), Code::ok, "fcs_nowhere");
    CHECK(entries_of(outbox.list(ListFilter::worklist())) == 0, "nothing is left to look at");
    const std::vector<std::string> all = {"refused", "expired", "needs_attention"};
    CHECK(entries_of(outbox.list(ListFilter().states(all).acknowledged(true))) == 2, "both");
}

/* The handler destroys the outbox, and itself with it, as far as the outbox knows. */
static void a_log_handler_may_close_the_outbox_whose_client_is_gone() {
    auto told = std::make_shared<int>(0);
    const std::weak_ptr<int> handler = told;
    Outbox closing;
    closing = outbox_of(client_of([&closing, told](Level, std::string_view event) {
        CHECK(!has(event, KEY), "%s", std::string(event).c_str());
        closing = Outbox();
        ++*told;
    }));
    told.reset();
    CHECK(!handler.expired(), "the handler outlives its client");
    EXPECT_RESULT(closing.cancel(ids[0]), Outcome::already_canceled, Code::ok);
    CHECK(!closing && handler.expired(), "and goes with the outbox");
}

#if defined(__cpp_exceptions)
static void what_throws_says_so_in_its_name() {
    try {
        (void)Outbox::open_or_throw(client_of(), OutboxOptions().path(""));
        CHECK(false, "an outbox of nothing");
    } catch (const Error &error) {
        CHECK(error.code() == Code::invalid_argument && has(error.json(), "path: "), "%s",
              error.what());
    }
    const Outbox outbox = Outbox::open_or_throw(client_of(), OutboxOptions().path(file));
    EXPECT_STATUS(outbox.stats(), Code::ok);
}
#endif

int main(int argc, char **argv) {
    CHECK(argc == 9, "usage: outbox outage|after BASE_URL FILE TIMEOUT_MS SESSION_ID x 4");
    give_up_after(120);
    base_url = argv[2];
    file = argv[3];
    timeout = std::chrono::milliseconds(std::atoi(argv[4]));
    ids = argv + 5;
    if (argv[1] == "outage"sv) {
        wrong_options_are_refused_and_name_the_option();
        what_is_empty_closed_or_moved_from_is_answered();
        what_cannot_be_delivered_is_kept();
        return 0;
    }
    int events = 0;
    Client client = client_of([&events](Level, std::string_view) { events++; });
    Outbox outbox = outbox_of(client);
    client.close();
    what_was_kept_is_delivered_and_the_log_is_told(outbox);
    CHECK(events >= 6, "three attempts and three results, not %d", events);
    the_worklist_is_worked_off(outbox);
    a_claim_is_settled(outbox);
    outbox.close();
    CHECK(!outbox, "closed");
    a_log_handler_may_close_the_outbox_whose_client_is_gone();
#if defined(__cpp_exceptions)
    what_throws_says_so_in_its_name();
#endif
    return 0;
}
