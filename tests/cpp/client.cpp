/*
 * The classes: what they own, what an empty one does, how texts go in, and what is thrown.
 *
 *     client BASE_URL SESSION_ID x 6
 */
#include "check.h"

#include <flexcancel.hpp>

#include <chrono>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

using namespace flexcancel;
using namespace std::chrono_literals;

template <typename T>
constexpr bool is_move_only = std::is_nothrow_move_constructible_v<T> &&
                              std::is_nothrow_move_assignable_v<T> &&
                              !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
static_assert(is_move_only<Client> && is_move_only<Result> && is_move_only<Abort>);
static_assert(sizeof(Result) == sizeof(void *) && sizeof(Abort) == sizeof(void *));

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

static Client client_at(std::string_view base_url, LogHandler log = {}) {
    auto [client, error] =
        Client::create(Config().api_key(KEY).base_url(base_url).timeout(60s), std::move(log));
    CHECK(client && !error, "%s", std::string(error.json()).c_str());
    return std::move(client);
}

static void what_is_empty_is_answered_and_never_undefined(const char *id) {
    const Result none;
    CHECK(!none, "a default result is empty");
    EXPECT_RESULT(none, Outcome::unknown, Code::invalid_handle);
    CHECK(none.hold() == Hold::unknown && none.message().empty() && none.advice().empty(), "none");
    CHECK(none.session_id().empty() && none.idempotency_key().empty(), "none");
    CHECK(none.checkout_session().empty(), "none");
    Client empty;
    CHECK(!empty && empty.get() == nullptr, "a default client is empty");
    EXPECT_RESULT(empty.cancel(id), Outcome::not_applied, Code::invalid_handle, "client: ");
    EXPECT_RESULT(empty.retrieve(id), Outcome::not_applied, Code::invalid_handle, "client: ");
    const Status cold = empty.warm_up();
    CHECK(cold.code() == Code::invalid_handle && has(cold.message(), "client: "), "%s",
          cold.message().data());
    empty.close();
    empty.close();
}

static void what_is_moved_from_is_empty(const char *base_url, const char *id) {
    Client first = client_at(base_url);
    Client second = std::move(first);
    EXPECT_RESULT(first.cancel(id), Outcome::not_applied, Code::invalid_handle);
    Result here = second.cancel(id);
    const std::string_view json = here.json();
    Result there = std::move(here);
    CHECK(there.json().data() == json.data(), "the text moves with its result");
    EXPECT_RESULT(here, Outcome::unknown, Code::invalid_handle);
    EXPECT_RESULT(there, Outcome::canceled, Code::ok, "\"hold\":\"released\"");
    CHECK(there.is_voided() && !here.is_voided(), "only what is released is voided");
    here = std::move(there);
    here = second.retrieve(id);
    EXPECT_RESULT(here, Outcome::already_canceled, Code::ok);
    second = client_at(base_url);
    EXPECT_RESULT(second.cancel(id), Outcome::already_canceled, Code::ok);
    second.close();
    second.close();
    EXPECT_RESULT(second.cancel(id), Outcome::not_applied, Code::invalid_handle);

    Abort abort;
    const Abort moved = std::move(abort);
    CHECK(moved && !abort, "an abort moves");
    abort.trigger();
    first = client_at(base_url);
    const Status warm = first.warm_up(Options().timeout(30s));
    CHECK(warm.code() == Code::ok && has(warm.advice(), "a connection waits"), "%s",
          warm.message().data());
    CHECK(!has(warm.json(), "outcome"), "%s", warm.json().data());
    const Status none = first.warm_up({}, abort);
    CHECK(none.code() == Code::invalid_handle && has(none.message(), "abort: "), "%s",
          none.message().data());
    EXPECT_RESULT(first.retrieve(id, {}, moved), Outcome::already_canceled, Code::ok);
    // An empty abort could not end the call: it is refused.
    EXPECT_RESULT(first.retrieve(id, {}, abort), Outcome::not_applied, Code::invalid_handle,
                  "abort: ");
    moved.trigger();
    moved.trigger();
    EXPECT_RESULT(first.cancel(id, {}, moved), Outcome::not_applied, Code::aborted);
}

static void errors_are_values(const char *base_url) {
    const auto refused = [](const std::string &config, std::string_view part) {
        const auto created = Client::create(config);
        CHECK(!created && !created.client && created.error, "%s", config.c_str());
        EXPECT_RESULT(created.error, Outcome::not_applied, Code::invalid_config, part);
    };
    refused("", "expected a JSON object");
    refused(R"({"api_key":)", "expected a JSON object, found no valid JSON at line 1 column 11");
    refused(Config(), "api_key: expected exactly one of");
    refused(Config().api_key(KEY).timeout(0ms), "timeout_ms: expected a whole number");
    refused(Config().api_key(KEY).mode("live"), "mode: expected \\\"test\\\"");
    refused(Config().api_key(KEY).base_url("http://example.com"), "base_url: expected");
    const auto [client, error] = Client::create(
        Config().api_key("none").api_key(KEY).base_url(base_url).trust("bundled").verify(true));
    CHECK(client && !error, "a key that is set again is replaced: %.*s",
          static_cast<int>(error.json().size()), error.json().data());
}

static void every_sign_is_escaped_and_a_nul_is_refused(const char *base_url, const char *id) {
    using namespace std::string_view_literals;
    Options options;
    CHECK(options.json() == "{}", "no options");
    options.expand({"a\"b", "c\\d", "\x01\x1f\t"sv, "€"}).timeout(1s).max_attempts(3);
    options.idempotency_key("k").idempotency_key("\"},{\"");
    const char *const expected = "{\"expand\":[\"a\\\"b\",\"c\\\\d\",\"\\u0001\\u001f\\u0009\","
                                 "\"€\"],\"timeout_ms\":1000,\"max_attempts\":3,"
                                 "\"idempotency_key\":\"\\\"},{\\\"\"}";
    CHECK(options.json() == expected, "%s", std::string(options.json()).c_str());

    Options repeating(Repeat(R"({"idempotency_key":"k","in_doubt":false,"asked_at_ms":7})"));
    CHECK(repeating.timeout(1s).timeout(2s).json() ==
              R"({"idempotency_key":"k","in_doubt":false,"asked_at_ms":7,"timeout_ms":2000})",
          "%s", std::string(repeating.json()).c_str());
    const std::chrono::system_clock::time_point early(-1us), late(1999us);
    const std::string before_1970 = Options().asked_at(early);
    CHECK(before_1970 == R"({"asked_at_ms":-1})", "it is never rounded up");
    const std::string both = Options().in_doubt(true).asked_at(late).verify(false);
    CHECK(both == R"({"in_doubt":true,"asked_at_ms":1,"verify":false})",
          "a truth and a point in time");

    const Client client = client_at(base_url);
    const auto refused = [&](const Options &wrong, std::string_view part) {
        EXPECT_RESULT(client.cancel(id, wrong), Outcome::not_applied, Code::invalid_argument, part);
    };
    // These say, or do not show, that they are of a repetition: nothing is said of the cancel.
    const auto in_doubt = [&](const Options &wrong) {
        EXPECT_RESULT(client.cancel(id, wrong), Outcome::unknown, Code::invalid_argument,
                      "in_doubt: ");
    };
    in_doubt(Options().in_doubt(true));
    in_doubt(Options(Repeat()));
    refused(Options().asked_at(early), "asked_at_ms: ");
    // What came with the repeat is not replaced, and what is set twice is not guessed.
    const Repeat repeat(R"({"idempotency_key":"k","in_doubt":false,"asked_at_ms":7})");
    refused(Options(repeat).idempotency_key("other"), "idempotency_key: ");
    refused(Options(repeat).asked_at(late), "asked_at_ms: ");
    // One of the two says that it is in doubt.
    EXPECT_RESULT(client.cancel(id, Options(repeat).in_doubt(true)), Outcome::unknown,
                  Code::invalid_argument, "in_doubt: expected once");
    EXPECT_RESULT(client.cancel(id, Repeat()), Outcome::unknown, Code::invalid_argument,
                  "in_doubt: ");
    refused(Options().idempotency_key("a\0b"sv), "idempotency_key: ");
    refused(Options().expand({"customer"sv, "a\0b"sv}), "expand: ");
    refused(Options().timeout(-1ms), "timeout_ms: ");
    refused(Options().max_attempts(11), "max_attempts: ");
    refused(Options().expand(std::vector<std::string>(33, "n")), "expand: ");

    EXPECT_RESULT(client.retrieve(id, Options().idempotency_key("k")), Outcome::not_applied,
                  Code::invalid_argument, "idempotency_key: ");

    const std::string cut = std::string(id) + '\0' + "tail";
    EXPECT_RESULT(client.cancel(cut), Outcome::not_applied, Code::invalid_session_id);
    EXPECT_RESULT(client.cancel(id, "{}\0{"sv), Outcome::unknown, Code::invalid_argument);
    const std::string config = Config().api_key(KEY);
    EXPECT_RESULT(Client::create(config + '\0').error, Outcome::not_applied, Code::invalid_config,
                  "expected a JSON object, found no valid JSON");
    EXPECT_RESULT(Client::create(Config().api_key(KEY).user_agent("a\0b"sv)).error,
                  Outcome::not_applied, Code::invalid_config, "user_agent: ");
}

/* As of std::getenv() for a variable that is not set. */
static void what_is_null_is_refused_by_name(const char *base_url, const char *id) {
    const char *const null = nullptr;
    const auto refused = [](const Config &config, std::string_view part) {
        EXPECT_RESULT(Client::create(config).error, Outcome::not_applied, Code::invalid_config,
                      part);
    };
    EXPECT_RESULT(Client::create(null).error, Outcome::not_applied, Code::invalid_config,
                  "expected a JSON object");
    refused(Config().api_key(null), "api_key: expected a string, found 0");
    refused(Config().api_key_env(null), "api_key_env: expected a string, found 0");
    refused(Config().api_key_file(null), "api_key_file: expected a string");
    refused(Config().api_key(KEY).base_url(null), "base_url: expected a string, found 0");
    refused(Config().api_key(KEY).ca_file(null), "ca_file: expected a string");
    refused(Config().api_key(KEY).mode(null), "mode: expected a string");
    refused(Config().api_key(KEY).proxy(null), "proxy: expected a string");
    refused(Config().api_key(KEY).trust(null), "trust: expected a string");
    refused(Config().api_key(KEY).user_agent(null), "user_agent: expected a string");

    const Client client = client_at(base_url);
    const char *const found = "session_id: expected a string, found NULL";
    EXPECT_RESULT(client.cancel(null), Outcome::not_applied, Code::invalid_session_id, found);
    EXPECT_RESULT(client.retrieve(null), Outcome::not_applied, Code::invalid_session_id, found);
    char *const writable = nullptr;
    EXPECT_RESULT(client.cancel(writable, {}, Abort()), Outcome::not_applied,
                  Code::invalid_session_id, found);
    EXPECT_RESULT(client.cancel(id, Options().idempotency_key(null)), Outcome::not_applied,
                  Code::invalid_argument, "idempotency_key: expected a string, found 0");
    EXPECT_RESULT(client.cancel(id, Options().expand({"customer", null})), Outcome::not_applied,
                  Code::invalid_argument, "expand: expected a list of strings");
    // It may be what is left of the options of a repetition, so nothing is said of the cancel.
    EXPECT_RESULT(client.cancel(id, null), Outcome::unknown, Code::invalid_argument,
                  "expected a JSON object");
    EXPECT_RESULT(client.cancel(id, Repeat(null)), Outcome::unknown, Code::invalid_argument,
                  "in_doubt: ");
    const Status cold = client.warm_up(null);
    CHECK(cold.code() == Code::invalid_argument, "%s", cold.message().data());
}

/* In place, kept, or as JSON in any string; and a temporary lives as long as what is made of it. */
static void options_go_in_in_each_form(const char *base_url) {
    const Client client = client_at(base_url);
    const auto refused = [](const Result &result) {
        EXPECT_RESULT(result, Outcome::not_applied, Code::invalid_argument, "timeout_ms: ");
    };
    const char *const json = R"({"timeout_ms":0})";
    const std::string text = json;
    refused(client.cancel("fcs_0", json));
    refused(client.cancel("fcs_0", R"({"timeout_ms":0})"));
    refused(client.cancel("fcs_0", text));
    refused(client.cancel("fcs_0", std::string_view(text)));
    refused(client.cancel("fcs_0", Options().timeout(0ms)));
    refused(client.cancel("fcs_0", Options().verify(true).timeout(0ms).max_attempts(1)));
    Options kept;
    refused(client.cancel("fcs_0", kept.max_attempts(1).timeout(0ms)));
    refused(client.cancel("fcs_0", kept));

    CHECK(&kept.timeout(1s) == &kept, "a setter of an object returns that object");
    const auto &lives_on = Options().timeout(0ms).max_attempts(1);
    refused(client.cancel("fcs_0", lives_on));
    const std::string copy = Options().timeout(0ms);
    CHECK(copy == text, "%s", copy.c_str());
    const BulkItem item{"fcs_0", Options().timeout(0ms)};
    CHECK(item.options == text, "%s", item.options.c_str());
    const std::string_view borrowed = lives_on;
    CHECK(borrowed.data() == lives_on.json().data(), "of an object that stays it is borrowed");
}

/* It was to repeat a cancel, which may have had its effect: no new one begins. */
static void what_is_left_of_a_repetition_is_refused(const char *base_url, const char *id) {
    const Client client = client_at(base_url);
    const auto refused = [&](const detail::JsonArgument &options) {
        EXPECT_RESULT(client.cancel(id, options.text()), Outcome::unknown, Code::invalid_argument);
    };
    const std::string whole = R"({"idempotency_key":"k","in_doubt":true,"asked_at_ms":7})";
    for (std::size_t begin = 0; begin < whole.size(); begin++)
        for (std::size_t size = 0; begin + size <= whole.size(); size++) {
            if (size == whole.size())
                continue; // nothing is missing
            const Repeat left(whole.substr(begin, size));
            refused(left);
            refused(Options(left).timeout(1s));
            refused(EntryOptions(left).timeout(1s));
        }
    for (const char *left :
         {"{}", "x{}y", "null", " ", R"({"in_doubt":false})", R"({"asked_at_ms":7})",
          R"({"idempotency_key":null,"in_doubt":null})", R"(x{"idempotency_key":"k"}y)",
          "\xef\xbb\xbf{\"idempotency_key\":\"k\"}"}) {
        refused(Repeat(left));
        refused(Options(Repeat(left)).timeout(1s));
    }
    refused("");
    // With its key it is passed on as it is, and what is set beside it is named.
    EXPECT_RESULT(client.cancel(id, Options(Repeat(whole)).timeout(0ms)), Outcome::unknown,
                  Code::invalid_argument, "timeout_ms: ");
    const std::string stored = Repeat(whole);
    CHECK(stored == whole && has(std::string(Repeat()), "in_doubt"), "%s", stored.c_str());
    Options options{Repeat(whole)};
    const Options taken = std::move(options);
    CHECK(taken.json() == whole, "%s", taken.json().data());
    refused(options);
    refused(options.timeout(1s));
    options = taken;
    CHECK(options.json() == whole, "it can be used again");
    EntryOptions entry;
    const EntryOptions entry_taken = std::move(entry.timeout(1s));
    refused(entry);
}

static void options_arrive(const char *base_url, const char *id) {
    const Client client = client_at(base_url);
    const auto result = client.cancel(id, Options()
                                              .expand({"payment_intent"})
                                              .idempotency_key("receipt-1")
                                              .in_doubt(false)
                                              .asked_at(std::chrono::system_clock::now())
                                              .verify(true)
                                              .timeout(30s));
    EXPECT_RESULT(result, Outcome::canceled, Code::ok, "\"idempotency_key\":\"receipt-1\"");
    CHECK(!result.repeat(), "what is done is not repeated");
    CHECK(result.idempotency_key() == "receipt-1" && result.session_id() == id, "%s",
          result.json().data());
    const std::string_view session = result.checkout_session();
    CHECK(has(session, "\"payment_intent\":{"), "expanded: %s", session.data());
    CHECK(has(result.json(), std::string("\"checkout_session\":").append(session) + ","), "%s",
          result.json().data());
    CHECK(result.hold() == Hold::released && name(result.hold()) == "released", "the hold");
    CHECK(has(result.json(), result.message()) && has(result.json(), result.advice()), "%s",
          result.message().data());
    CHECK(!result.message().empty() && !result.advice().empty(), "both have something to say");
    CHECK(result.json().data()[result.json().size()] == '\0', "the text ends with NUL");
    // A part of a longer text is an id, too.
    const std::string longer = std::string(id) + "tail";
    EXPECT_RESULT(client.cancel(std::string_view(longer).substr(0, std::strlen(id))),
                  Outcome::already_canceled, Code::ok);
}

/* Options that repeat a cancel are those of its result, and stay when the result has gone. */
static void a_result_tells_how_it_is_repeated(const char *base_url) {
    CHECK(!Result().repeat() && !Repeat(""), "nothing to repeat");
    Abort abort;
    abort.trigger();
    const Client client = client_at(base_url);
    Repeat repeat;
    {
        const Result result =
            client.cancel("fcs_0", Options().idempotency_key("k\"1").in_doubt(false), abort);
        EXPECT_RESULT(result, Outcome::not_applied, Code::aborted);
        repeat = result.repeat();
        CHECK(repeat && has(result.json(), std::string("\"repeat\":") + std::string(repeat.json())),
              "%s", result.json().data());
    }
    CHECK(has(repeat.json(), R"({"idempotency_key":"k\"1","in_doubt":false,"asked_at_ms":1)"), "%s",
          std::string(repeat.json()).c_str());
    EXPECT_RESULT(client.cancel("fcs_0", repeat), Outcome::not_applied, Code::not_found,
                  repeat.json());
    EXPECT_RESULT(client.cancel("fcs_0", Options(Repeat(std::string(repeat))).max_attempts(1)),
                  Outcome::not_applied, Code::not_found, repeat.json());
}

static void the_log_is_told_and_changes_nothing(const char *base_url, const char *id,
                                                const char *other_id) {
    std::map<Level, int> told;
    Client client = client_at(base_url, [&](Level level, std::string_view event) {
        CHECK(has(event, id) && !has(event, KEY), "%s", std::string(event).c_str());
        told[level]++;
#if defined(__cpp_exceptions)
        throw 1;
#endif
    });
    // The handler stays where it is when its client moves.
    Client moved = std::move(client);
    EXPECT_RESULT(moved.cancel(id), Outcome::canceled, Code::ok);
    CHECK(told[Level::debug] == 1 && told[Level::info] == 1, "an attempt and a result");

    // A handler that destroys its own client, and itself with it, as far as the client knows.
    auto alive = std::make_shared<int>(0);
    const std::weak_ptr<int> handler = alive;
    Client closing;
    closing = client_at(base_url, [&closing, alive](Level, std::string_view) {
        closing = Client();
        ++*alive;
    });
    alive.reset();
    EXPECT_RESULT(closing.cancel(other_id), Outcome::canceled, Code::ok);
    CHECK(!closing && handler.expired(), "the handler goes with its client");
}

#if defined(__cpp_exceptions)
static void what_throws_says_so_in_its_name(const char *base_url, const char *id) {
    try {
        (void)Client::create_or_throw(Config().api_key(KEY).max_attempts(99));
        CHECK(false, "a client of nothing");
    } catch (const std::runtime_error &error) {
        CHECK(has(error.what(), "not_applied/invalid_config: max_attempts: expected "), "%s",
              error.what());
        CHECK(!has(error.what(), KEY), "%s", error.what());
    }
    const Client client =
        Client::create_or_throw(Config().api_key(KEY).base_url(base_url).timeout(60s));
    const Result result = client.cancel(id).or_throw();
    CHECK(result.or_throw().json() == result.json(), "a result that is kept is passed on");
    try {
        (void)client.cancel("fcs_0").or_throw();
        CHECK(false, "a session that nobody knows is voided");
    } catch (const Error &error) {
        const Error copy = error;
        CHECK(copy.outcome() == Outcome::not_applied && copy.code() == Code::not_found, "%s",
              copy.what());
        CHECK(copy.json().find("{\"outcome\":\"not_applied\"") == 0, "%s", copy.what());
        CHECK(has(copy.json(), std::string(copy.repeat())), "%s", copy.what());
    }
    try {
        (void)Result().or_throw();
        CHECK(false, "an empty result is voided");
    } catch (const Error &error) {
        CHECK(error.outcome() == Outcome::unknown, "%s", error.what());
    }
}
#endif

static void names_and_versions() {
    CHECK(name(Outcome::already_canceled) == "already_canceled", "an outcome has its name");
    CHECK(name(Code::mode_mismatch) == "mode_mismatch", "a code has its name");
    CHECK(name(static_cast<Outcome>(99)).empty() && name(static_cast<Code>(99)).empty(),
          "what is not known has none");
    CHECK(version() == FLEXCANCEL_VERSION && is_compatible(), "header and library are the same");
}

int main(int argc, char **argv) {
    CHECK(argc == 8, "usage: client BASE_URL SESSION_ID x 6");
    give_up_after(120);
    names_and_versions();
    what_is_empty_is_answered_and_never_undefined(argv[2]);
    errors_are_values(argv[1]);
    every_sign_is_escaped_and_a_nul_is_refused(argv[1], argv[2]);
    what_is_moved_from_is_empty(argv[1], argv[3]);
    what_is_null_is_refused_by_name(argv[1], argv[2]);
    options_go_in_in_each_form(argv[1]);
    what_is_left_of_a_repetition_is_refused(argv[1], argv[2]);
    options_arrive(argv[1], argv[4]);
    a_result_tells_how_it_is_repeated(argv[1]);
    the_log_is_told_and_changes_nothing(argv[1], argv[5], argv[6]);
#if defined(__cpp_exceptions)
    what_throws_says_so_in_its_name(argv[1], argv[7]);
#else
    EXPECT_RESULT(client_at(argv[1]).cancel(argv[7]), Outcome::canceled, Code::ok);
#endif
    return 0;
}
