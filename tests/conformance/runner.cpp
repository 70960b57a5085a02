/*
 * Makes the calls of the conformance vectors through flexcancel.hpp: one call a line on standard
 * input, one response a line on standard output, until the input ends.
 *
 *     OPERATION <tab> CONFIG_JSON <tab> SESSION_ID <tab> OPTIONS_JSON <tab> ABORT
 *     OUTCOME_NUMBER <tab> CODE_NUMBER <tab> RESULT_JSON
 */
#include <flexcancel.hpp>

#include <array>
#include <iostream>
#include <string>

namespace {

enum Field { operation, config, session_id, options, abort_when, fields };

using Call = std::array<std::string_view, fields>;

/* Cuts a line at its tabs. */
bool split(std::string_view line, Call &call) {
    for (int field = 0; field < fields; field++) {
        const auto tab = line.find('\t');
        if ((tab == std::string_view::npos) != (field + 1 == fields))
            return false;
        call[static_cast<std::size_t>(field)] = line.substr(0, tab);
        line.remove_prefix(field + 1 == fields ? line.size() : tab + 1);
    }
    return true;
}

flexcancel::Result make(const Call &call) {
    auto [client, error] = flexcancel::Client::create(call[config]);
    if (!client)
        return std::move(error);
    const bool is_cancel = call[operation] == "cancel";
    if (call[abort_when] != "before")
        return is_cancel ? client.cancel(call[session_id], call[options])
                         : client.retrieve(call[session_id], call[options]);
    const flexcancel::Abort abort;
    abort.trigger();
    return is_cancel ? client.cancel(call[session_id], call[options], abort)
                     : client.retrieve(call[session_id], call[options], abort);
}

} // namespace

int main() {
    Call call;
    for (std::string line; std::getline(std::cin, line);) {
        if (!split(line, call)) {
            std::cerr << "expected " << fields << " fields\n";
            return 1;
        }
        const auto result = make(call);
        std::cout << static_cast<std::int32_t>(result.outcome()) << '\t'
                  << static_cast<std::int32_t>(result.code()) << '\t' << result.json()
                  << std::endl;
    }
    return 0;
}
