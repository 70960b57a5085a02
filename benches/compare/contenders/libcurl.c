/* libcurl and cJSON as their manuals have it: one easy handle for each thread, used again. */
#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "contender.h"

struct client {
    char url[512];
    int is_tls;
};

struct lane {
    CURL *easy;
    char authorization[256];
    char *body;
    size_t length, room;
};

static size_t collect(char *data, size_t size, size_t count, void *user_data) {
    struct lane *lane = (struct lane *)user_data;
    size_t more = size * count;
    if (lane->length + more + 1 > lane->room) {
        lane->room = 2 * (lane->length + more + 1);
        lane->body = (char *)realloc(lane->body, lane->room);
        if (lane->body == NULL)
            return 0;
    }
    memcpy(lane->body + lane->length, data, more);
    lane->length += more;
    lane->body[lane->length] = '\0';
    return more;
}

static void *client_new(const char *url, int is_tls) {
    static int is_initialized;
    if (!is_initialized)
        curl_global_init(CURL_GLOBAL_DEFAULT);
    is_initialized = 1;
    struct client *client = (struct client *)calloc(1, sizeof *client);
    snprintf(client->url, sizeof client->url, "%s/v1/checkout/sessions/%s/cancel", url, SESSION_ID);
    client->is_tls = is_tls;
    if (CA_FILE == NULL) {
        /* The first client is one that could call. */
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, client->url);
        curl_easy_cleanup(easy);
    }
    return client;
}

static void *lane_new(void *shared) {
    struct client *client = (struct client *)shared;
    struct lane *lane = (struct lane *)calloc(1, sizeof *lane);
    CURL *easy = lane->easy = curl_easy_init();
    if (easy == NULL)
        die("curl_easy_init");
    snprintf(lane->authorization, sizeof lane->authorization, "Authorization: Bearer %s", API_KEY);
    curl_easy_setopt(easy, CURLOPT_URL, client->url);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 15000L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, lane);
    if (client->is_tls)
        curl_easy_setopt(easy, CURLOPT_CAINFO, CA_FILE);
    return lane;
}

static void lane_call(void *held) {
    struct lane *lane = (struct lane *)held;
    char key[33], idempotency_key[64];
    make_key(key);
    snprintf(idempotency_key, sizeof idempotency_key, "Idempotency-Key: %s", key);
    struct curl_slist *headers = curl_slist_append(NULL, lane->authorization);
    headers = curl_slist_append(headers, idempotency_key);
    curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, headers);
    lane->length = 0;
    CURLcode code = curl_easy_perform(lane->easy);
    if (code != CURLE_OK)
        die(curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);

    cJSON *answer = cJSON_ParseWithLength(lane->body, lane->length);
    cJSON *session = cJSON_GetObjectItemCaseSensitive(answer, "checkout_session");
    const char *state =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(session, "status"));
    if (status != 200 || state == NULL || strcmp(state, "open") != 0)
        die("not the answer that was expected");
    cJSON_Delete(answer);
}

static void lane_free(void *held) {
    struct lane *lane = (struct lane *)held;
    curl_easy_cleanup(lane->easy);
    free(lane->body);
    free(lane);
}

static void client_free(void *client) { free(client); }
