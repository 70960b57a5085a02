// The file without exceptions; see mixed.cpp.
#include <flexcancel.hpp>

#include <string>
#include <vector>

int without_exceptions(const char *config);

int without_exceptions(const char *config) {
    using namespace flexcancel;
    int events = 0;
    const auto log = [&events](Level, std::string_view) { events++; };
    const auto [client, error] = Client::create(config, log);
    const std::vector<std::string> ids{"fcs_nobody"};
    int results = 0;
    const auto done = [&results](std::uint64_t, const Result &) {
        results++;
        return true;
    };
    const Status status = client.cancel_many(ids, BulkOptions(), done);
    return client && events > 0 && results == 1 ? 0 : 3;
}
