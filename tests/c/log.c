/*
 * The log callback: where it runs, what it is told, and what it may do.
 *
 *     log BASE_URL EVENTS SESSION_ID x 8
 *
 * The first response of the server is a refusal that repeats the API key. Every event of the calls
 * that are watched as a whole is written to EVENTS, one a line, for the test to read as JSON.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

/* What a callback is given as its user data, and what it saw. */
struct watch {
    flexcancel_client *client;
    pthread_t caller;
    const char *id;
    int attempts, results;
};

static FILE *events;

static void check_event(struct watch *watch, int32_t level, const char *event_json, size_t len) {
    const int is_attempt = strstr(event_json, "\"event\":\"attempt\"") != NULL;
    const int is_result = strstr(event_json, "\"event\":\"result\"") != NULL;
    CHECK(watch != NULL, "the user data is passed");
    CHECK(pthread_equal(pthread_self(), watch->caller), "the callback runs on the caller's thread");
    CHECK(strlen(event_json) == len, "the text is as long as is said");
    CHECK(strstr(event_json, KEY) == NULL, "no API key in %s", event_json);
    CHECK(is_attempt + is_result == 1, "an attempt or a result: %s", event_json);
    CHECK(level >= FLEXCANCEL_LEVEL_WARN && level <= FLEXCANCEL_LEVEL_DEBUG, "level %ld",
          (long)level);
    CHECK(strstr(event_json, watch->id) != NULL, "the event is about %s: %s", watch->id,
          event_json);
    watch->attempts += is_attempt;
    watch->results += is_result;
}

static void write_down(void *user_data, int32_t level, const char *event_json, size_t len) {
    check_event(user_data, level, event_json, len);
    fprintf(events, "%s\n", event_json);
}

static void count(void *user_data, int32_t level, const char *event_json, size_t len) {
    check_event(user_data, level, event_json, len);
}

static void never(void *user_data, int32_t level, const char *event_json, size_t len) {
    (void)user_data, (void)level, (void)len;
    CHECK(0, "a callback is called that was replaced: %s", event_json);
}

static void set_log(flexcancel_client *client, flexcancel_log_callback callback, void *user_data) {
    CHECK(flexcancel_client_set_log(client, callback, user_data) == FLEXCANCEL_CODE_OK,
          "the callback is taken");
}

static struct watch watch_of(flexcancel_client *client, const char *id) {
    struct watch watch;
    memset(&watch, 0, sizeof watch);
    watch.client = client, watch.id = id, watch.caller = pthread_self();
    return watch;
}

static void a_refusal_that_repeats_the_key(flexcancel_client *client, const char *id) {
    struct watch watch = watch_of(client, id);
    set_log(client, write_down, &watch);
    EXPECT(flexcancel_client_cancel(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_REJECTED);
    /* The cancel, and the read-back of what was refused. */
    CHECK(watch.attempts == 2 && watch.results == 1, "%d attempts, %d results", watch.attempts,
          watch.results);
}

static void a_cancel(flexcancel_client *client, const char *id) {
    struct watch watch = watch_of(client, id);
    set_log(client, write_down, &watch);
    EXPECT(flexcancel_client_cancel(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    CHECK(watch.attempts == 1 && watch.results == 1, "%d attempts, %d results", watch.attempts,
          watch.results);
}

static void *cancel_on_this_thread(void *user_data) {
    struct watch *watch = user_data;
    watch->caller = pthread_self();
    set_log(watch->client, count, watch);
    EXPECT(flexcancel_client_cancel(watch->client, watch->id, NULL, NULL),
           FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    return NULL;
}

static void on_another_thread(flexcancel_client *client, const char *id) {
    struct watch watch = watch_of(client, id);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, cancel_on_this_thread, &watch) == 0, "a thread");
    pthread_join(thread, NULL);
    CHECK(watch.attempts == 1 && watch.results == 1, "%d attempts, %d results", watch.attempts,
          watch.results);
}

static void replaced_and_ended(flexcancel_client *client, const char *first, const char *second) {
    struct watch watch = watch_of(client, first);
    set_log(client, never, NULL);
    set_log(client, count, &watch);
    EXPECT(flexcancel_client_cancel(client, first, NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    CHECK(watch.results == 1, "the callback in place is told");
    set_log(client, never, NULL);
    set_log(client, NULL, NULL);
    EXPECT(flexcancel_client_cancel(client, second, NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
}

/* In the callback: a whole call on the same client, whose events come to the next callback. */
static struct watch inner;

static void cancel_within(void *user_data, int32_t level, const char *event_json, size_t len) {
    struct watch *watch = user_data;
    check_event(watch, level, event_json, len);
    if (watch->results == 0) {
        set_log(watch->client, count, &inner);
        EXPECT(flexcancel_client_cancel(watch->client, inner.id, NULL, NULL),
               FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    }
}

static void a_callback_that_cancels(flexcancel_client *client, const char *outer_id,
                                    const char *inner_id) {
    struct watch outer = watch_of(client, outer_id);
    inner = watch_of(client, inner_id);
    set_log(client, cancel_within, &outer);
    EXPECT(flexcancel_client_cancel(client, outer_id, NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    CHECK(outer.attempts == 1 && outer.results == 1,
          "a call keeps the callback it began with: %d attempts, %d results", outer.attempts,
          outer.results);
    CHECK(inner.attempts == 1 && inner.results == 1,
          "the call in the callback has the new one: %d attempts, %d results", inner.attempts,
          inner.results);
}

static void free_within(void *user_data, int32_t level, const char *event_json, size_t len) {
    struct watch *watch = user_data;
    check_event(watch, level, event_json, len);
    flexcancel_client_free(watch->client);
    CHECK(flexcancel_client_set_log(watch->client, NULL, NULL) == FLEXCANCEL_CODE_INVALID_HANDLE,
          "the client is freed");
}

static void a_callback_that_frees_the_client(const char *base_url, const char *id) {
    flexcancel_client *client = client_of(base_url);
    struct watch watch = watch_of(client, id);
    set_log(client, free_within, &watch);
    EXPECT(flexcancel_client_cancel(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    CHECK(watch.attempts == 1 && watch.results == 1, "%d attempts, %d results", watch.attempts,
          watch.results);
    EXPECT(flexcancel_client_cancel(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_HANDLE);
}

int main(int argc, char **argv) {
    flexcancel_client *client;
    CHECK(argc == 11, "usage: log BASE_URL EVENTS SESSION_ID x 8");
    give_up_after(120);
    client = client_of(argv[1]);
    events = fopen(argv[2], "w");
    CHECK(events != NULL, "%s can be written", argv[2]);
    a_refusal_that_repeats_the_key(client, argv[3]);
    a_cancel(client, argv[4]);
    on_another_thread(client, argv[5]);
    replaced_and_ended(client, argv[6], argv[7]);
    a_callback_that_cancels(client, argv[8], argv[9]);
    a_callback_that_frees_the_client(argv[1], argv[10]);
    CHECK(fclose(events) == 0, "%s is written", argv[2]);
    flexcancel_client_free(client);
    return 0;
}
