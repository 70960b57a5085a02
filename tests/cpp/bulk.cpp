/*
 * A bulk run: inputs of every kind, each result, and every way in which a run ends early.
 *
 *     bulk BASE_URL JOURNAL CAPTURED_SESSION_ID HELD_SESSION_ID x 40
 */
#include "check.h"

#include <flexcancel.hpp>

#include <cstdint>
#include <list>
#include <string>
#include <vector>

using namespace flexcancel;
using namespace std::chrono_literals;

using Ids = std::vector<std::string>;

static bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

static void expect(int line, const Status &status, Code code, std::string_view part = {}) {
    const std::string json(status.json());
    if (status.code() != code || !has(json, part) || has(json, KEY))
        failed(__FILE__, line, std::string(name(code)).c_str(), "%s without %s", json.c_str(),
               std::string(part).c_str());
}
#define EXPECT_STATUS(...) expect(__LINE__, __VA_ARGS__)

/* An input that can be read once, and counts how often. */
class Stream {
  public:
    struct End {};
    class Iterator {
      public:
        explicit Iterator(Stream &stream) : stream_(stream) {}
        std::string operator*() const {
            stream_.maybe_throw('*');
            return stream_.ids_[stream_.at_];
        }
        Iterator &operator++() {
            stream_.maybe_throw('+');
            stream_.at_++;
            return *this;
        }
        bool operator!=(End) const {
            stream_.maybe_throw('!');
            return stream_.at_ < stream_.ids_.size();
        }

      private:
        Stream &stream_;
    };

    explicit Stream(Ids ids, char throws = ' ') : ids_(std::move(ids)), throws_(throws) {}
    Iterator begin() { return Iterator(*this); }
    End end() { return {}; }
    std::size_t at() const { return at_; }

  private:
    void maybe_throw([[maybe_unused]] char where) const {
#if defined(__cpp_exceptions)
        if (where == throws_ && at_ == 2)
            throw std::string("the input");
#endif
    }

    Ids ids_;
    char throws_;
    std::size_t at_ = 0;
};

static void each_item_has_its_result_in_order(const Client &client, const char *captured,
                                              const std::string &held) {
    const struct {
        std::string id;
        Outcome outcome;
        Code code;
        std::string_view part;
    } rows[] = {
        {held, Outcome::canceled, Code::ok, "\"item\":{\"number\":0,\"duplicate_of\":null,"},
        {"fcs_nobody", Outcome::not_applied, Code::not_found, "\"number\":1"},
        {captured, Outcome::not_cancelable, Code::not_cancelable, "\"from_journal\":false"},
        {held, Outcome::canceled, Code::ok, "\"duplicate_of\":0"},
        {"no id", Outcome::not_applied, Code::invalid_session_id, "\"number\":4"},
        {std::string("fcs_a\0b", 7), Outcome::not_applied, Code::invalid_session_id, ""},
    };
    Ids ids;
    for (const auto &row : rows)
        ids.push_back(row.id);
    std::uint64_t told = 0;
    const Status status =
        client.cancel_many(ids, BulkOptions(), [&](std::uint64_t number, const Result &result) {
            const auto &row = rows[number];
            CHECK(number == told && result.outcome() == row.outcome && result.code() == row.code &&
                      has(result.json(), row.part),
                  "%s", result.json().data());
            told++;
        });
    EXPECT_STATUS(status, Code::ok, "\"bulk\":{\"complete\":true,\"items\":6,\"canceled\":2,");
    CHECK(told == 6 && !has(status.json(), "outcome"), "%s", status.json().data());
}

static void any_range_is_an_input(const Client &client, const std::string &id) {
    const auto count = [&](auto &&items, std::string_view options = "{}") {
        std::size_t told = 0;
        const Status status =
            client.cancel_many(items, options, [&told, &id](std::uint64_t, const Result &result) {
                CHECK(result.is_voided() && result.session_id() == id, "%s",
                      result.json().data());
                told++;
            });
        EXPECT_STATUS(status, Code::ok);
        return told;
    };
    const char *const array[] = {id.c_str(), id.c_str()};
    CHECK(count(array) == 2, "an array of C strings");
    CHECK(count(std::vector<std::string_view>{id}) == 1, "a temporary one");
    const std::list<std::string> list(3, id);
    CHECK(count(list, "{\"concurrency\":1}") == 3, "a list, with options as JSON");
    CHECK(count(Ids()) == 0, "nothing");
    Stream stream(Ids(4, id));
    CHECK(count(stream) == 4 && stream.at() == 4, "what can be read once");
}

static void an_item_has_options_of_its_own(const Client &client, const std::string &id) {
    const std::vector<BulkItem> items = {
        {id, std::string(Options().idempotency_key("receipt-7").in_doubt(false))},
        {"fcs_nobody"},
        {"fcs_other", std::string(Options().max_attempts(11))},
    };
    const Status status =
        client.cancel_many(items, {}, [&](std::uint64_t number, const Result &result) {
            const Code codes[] = {Code::ok, Code::not_found, Code::invalid_argument};
            CHECK(result.code() == codes[number], "%s", result.json().data());
            CHECK(number != 0 || result.idempotency_key() == "receipt-7", "%s",
                  result.json().data());
        });
    EXPECT_STATUS(status, Code::ok, "\"items\":3");
}

static void an_id_that_is_null_is_refused_alone(const Client &client, const std::string &id) {
    const char *const ids[] = {nullptr, id.c_str()};
    std::size_t told = 0;
    const Status status =
        client.cancel_many(ids, {}, [&](std::uint64_t number, const Result &result) {
            const Code codes[] = {Code::invalid_session_id, Code::ok};
            CHECK(result.code() == codes[number], "%s", result.json().data());
            CHECK(number != 0 || has(result.message(), "session_id: expected a string, found NULL"),
                  "%s", result.json().data());
            told++;
        });
    EXPECT_STATUS(status, Code::ok, "\"items\":2");
    CHECK(told == 2, "each has a result");
}

static void what_cannot_be_used_is_refused_by_name(const Client &client, const Ids &ids) {
    const auto refused = [&](const BulkOptions &options, std::string_view part) {
        const Status status = client.cancel_many(
            ids, options, [](std::uint64_t, const Result &) { CHECK(false, "a result"); });
        EXPECT_STATUS(status, Code::invalid_argument, part);
    };
    refused(BulkOptions().concurrency(257), "concurrency: ");
    refused(BulkOptions().rate_per_second(0), "rate_per_second: ");
    refused(BulkOptions().max_unknown(-1), "max_unknown: ");
    refused(BulkOptions().dry_run(true).journal("x"), "journal: ");
    const char *const null = nullptr;
    refused(BulkOptions().journal(null), "journal: expected a string, found 0");
    refused(BulkOptions().reason(null), "reason: expected a string, found 0");
    refused(BulkOptions().timeout(0ms), "timeout_ms: ");
    refused(BulkOptions().max_attempts(11).reason("why").verify(true), "max_attempts: ");
    refused(BulkOptions().expand({""}).in_order(false), "expand");
    refused(BulkOptions().asked_at(std::chrono::system_clock::time_point(-1us)), "asked_at_ms: ");
    const Abort abort;
    Abort moved;
    moved = Abort();
    Abort empty = std::move(moved);
    const auto none = [](std::uint64_t, const Result &) { CHECK(false, "a result"); };
    EXPECT_STATUS(client.cancel_many(ids, {}, none, moved), Code::invalid_handle, "abort: ");
    EXPECT_STATUS(Client().cancel_many(ids, {}, none), Code::invalid_handle, "client: ");
    const Status dry = client.cancel_many(
        ids, BulkOptions().dry_run(true), [](std::uint64_t, const Result &result) {
            CHECK(result.outcome() == Outcome::not_applied && result.code() == Code::ok, "%s",
                  result.json().data());
        });
    EXPECT_STATUS(dry, Code::ok);
}

static void a_run_ends_early(const Client &client, const Ids &ids) {
    const auto options = BulkOptions().concurrency(1);
    Stream left(ids);
    std::size_t told = 0;
    const Status status = client.cancel_many(
        left, options, [&told](std::uint64_t, const Result &) { return ++told < 3; });
    EXPECT_STATUS(status, Code::aborted, "\"complete\":false");
    CHECK(told == 3 && left.at() < ids.size(), "%zu told, %zu taken", told, left.at());

    const Abort abort;
    Stream aborted(ids);
    const Status end = client.cancel_many(
        aborted, options, [&abort](std::uint64_t, const Result &) { abort.trigger(); }, abort);
    EXPECT_STATUS(end, Code::aborted);
    CHECK(aborted.at() < ids.size(), "%zu taken", aborted.at());

#if defined(__cpp_lib_jthread)
    std::stop_source source;
    Stream stopped(ids);
    const Status stop = client.cancel_many(
        stopped, options, [&source](std::uint64_t, const Result &) { source.request_stop(); },
        source.get_token());
    EXPECT_STATUS(stop, Code::aborted);
    CHECK(stopped.at() < ids.size(), "%zu taken", stopped.at());
#endif
}

static void a_run_is_resumed_by_its_journal(const Client &client, const Ids &ids,
                                            const char *journal) {
    const auto options = BulkOptions().concurrency(2).journal(journal).reason("closing \"time\"");
    const Status first = client.cancel_many(
        ids, options, [](std::uint64_t number, const Result &) { return number < 4; });
    EXPECT_STATUS(first, Code::aborted);
    std::size_t told = 0, kept = 0;
    const Status second =
        client.cancel_many(ids, options, [&](std::uint64_t, const Result &result) {
            CHECK(result.is_voided(), "%s", result.json().data());
            told++;
            if (has(result.json(), "\"from_journal\":true"))
                kept++;
            EXPECT_STATUS(client.cancel_many(ids, options, [](auto, const auto &) {}),
                          Code::journal_busy);
        });
    EXPECT_STATUS(second, Code::ok);
    CHECK(told == ids.size() && kept >= 5, "%zu told, %zu from the journal", told, kept);
}

#if defined(__cpp_exceptions)
static void what_is_thrown_ends_the_run_and_is_thrown_again(const Client &client,
                                                            const Ids &ids) {
    const auto options = BulkOptions().concurrency(1);
    Stream input(ids);
    std::size_t told = 0;
    try {
        (void)client.cancel_many(input, options, [&told](std::uint64_t, const Result &) {
            if (++told == 2)
                throw std::vector<int>{7};
        });
        CHECK(false, "what the callback throws is lost");
    } catch (const std::vector<int> &thrown) {
        CHECK(thrown == std::vector<int>{7} && told == 2, "%zu told", told);
        CHECK(input.at() < ids.size(), "%zu taken", input.at());
    }
    for (const char where : {'*', '+', '!'}) {
        Stream throwing(ids, where);
        try {
            (void)client.cancel_many(throwing, options, [](std::uint64_t, const Result &) {});
            CHECK(false, "what the input throws at %c is lost", where);
        } catch (const std::string &thrown) {
            CHECK(thrown == "the input" && throwing.at() == 2, "%c: %zu", where, throwing.at());
        }
    }
}
#endif

int main(int argc, char **argv) {
    CHECK(argc == 44, "usage: bulk BASE_URL JOURNAL CAPTURED_SESSION_ID HELD_SESSION_ID x 40");
    give_up_after(120);
    const auto [client, error] =
        Client::create(Config().api_key(KEY).base_url(argv[1]).timeout(60s));
    CHECK(client, "%s", std::string(error.json()).c_str());
    const Ids held(argv + 4, argv + argc), few(held.begin(), held.begin() + 20);
    what_cannot_be_used_is_refused_by_name(client, held);
    each_item_has_its_result_in_order(client, argv[3], held[39]);
    any_range_is_an_input(client, held[39]);
    an_item_has_options_of_its_own(client, held[38]);
    an_id_that_is_null_is_refused_alone(client, held[37]);
    a_run_ends_early(client, few);
#if defined(__cpp_exceptions)
    what_is_thrown_ends_the_run_and_is_thrown_again(client, few);
#endif
    a_run_is_resumed_by_its_journal(client, held, argv[2]);
    return 0;
}
