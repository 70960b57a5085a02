/* flexcancel from C: one client for all threads. */
#include <flexcancel.h>

#include "contender.h"

static void *client_new(const char *url, int is_tls) {
    char config[1024], ca[512] = "";
    /* The first client has the defaults; the others trust the server's authority. */
    if (is_tls && CA_FILE != NULL)
        snprintf(ca, sizeof ca, ",\"ca_file\":\"%s\"", CA_FILE);
    snprintf(config, sizeof config, "{\"api_key\":\"%s\",\"base_url\":\"%s\"%s}", API_KEY, url, ca);
    flexcancel_client *client = flexcancel_client_new(config, NULL);
    if (client == NULL)
        die("flexcancel_client_new");
    return client;
}

static void *lane_new(void *client) { return client; }

static void lane_call(void *lane) {
    flexcancel_result *result =
        flexcancel_client_cancel((flexcancel_client *)lane, SESSION_ID, NULL, NULL);
    if (flexcancel_result_outcome(result) != FLEXCANCEL_OUTCOME_CANCELED)
        die(flexcancel_result_message(result));
    if (flexcancel_result_checkout_session(result) == NULL)
        die("no session");
    flexcancel_result_free(result);
}

static void lane_free(void *lane) { (void)lane; }

static void client_free(void *client) { flexcancel_client_free((flexcancel_client *)client); }
