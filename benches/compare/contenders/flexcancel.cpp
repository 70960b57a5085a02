/* flexcancel from C++: one client for all threads. */
#include <flexcancel.hpp>

#include <string>

#include "contender.h"

static void *client_new(const char *url, int is_tls) {
    std::string config = R"({"api_key":")" + std::string(API_KEY) + R"(","base_url":")" + url + '"';
    if (is_tls && CA_FILE != nullptr)
        config += R"(,"ca_file":")" + std::string(CA_FILE) + '"';
    auto created = flexcancel::Client::create(config + '}');
    if (!created)
        die("flexcancel::Client::create");
    return new flexcancel::Client(std::move(created.client));
}

static void *lane_new(void *client) { return client; }

static void lane_call(void *lane) {
    const auto result = static_cast<flexcancel::Client *>(lane)->cancel(SESSION_ID);
    if (!result.is_voided())
        die(result.message().data());
    if (result.checkout_session().empty())
        die("no session");
}

static void lane_free(void *) {}

static void client_free(void *client) { delete static_cast<flexcancel::Client *>(client); }
