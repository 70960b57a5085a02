// A file with exceptions in a program that has one without. What its callbacks throw is dropped or
// comes back, as the headers say, whichever file the linker sees first.
#include <flexcancel.hpp>

#include <stdexcept>
#include <string>
#include <vector>

int without_exceptions(const char *config);

int main(int argc, char **argv) {
    using namespace flexcancel;
    if (argc != 4)
        return 64;
    const auto log = [](Level, std::string_view) { throw std::runtime_error("of a log"); };
    const auto [client, error] = Client::create(argv[1], log);
    if (!client || client.cancel(argv[2]).outcome() != Outcome::canceled)
        return 1;
    const std::vector<std::string> ids{argv[3]};
    bool is_back = false;
    try {
        const auto done = [](std::uint64_t, const Result &) -> bool {
            throw std::runtime_error("of a callback");
        };
        const Status status = client.cancel_many(ids, BulkOptions(), done);
    } catch (const std::runtime_error &) {
        is_back = true;
    }
    return is_back ? without_exceptions(argv[1]) : 2;
}
