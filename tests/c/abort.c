/*
 * Aborts: before a call, during one, shared, freed meanwhile.
 *
 *     abort before BASE_URL SESSION_ID
 *     abort during BASE_URL SESSION_ID
 *     abort freed BASE_URL SESSION_ID
 *
 * For `during` and `freed` the server must not answer. A byte on standard input says that the
 * requests have reached it: those of CALLS calls for `during`, the first one for `freed`.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <time.h>

#define CALLS 4
/* The deadline of these calls is a minute; under valgrind a second passes quickly. */
#define PROMPTLY_MS 2000
#define FREED_TIMEOUT_MS 2000

static flexcancel_client *client;
static flexcancel_abort *abort_handle;
static const char *id;
static double triggered_ms;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void wait_until_the_server_has_the_requests(void) {
    CHECK(getchar() != EOF, "the test says when the requests have arrived");
}

static void before(void) {
    flexcancel_abort_trigger(abort_handle);
    EXPECT(flexcancel_client_cancel(client, id, NULL, abort_handle), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_ABORTED);
    /* It stays triggered, however often it is used and triggered again. */
    flexcancel_abort_trigger(abort_handle);
    EXPECT(flexcancel_client_cancel(client, id, NULL, abort_handle), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_ABORTED);
}

static void *call(void *unused) {
    flexcancel_result *result = flexcancel_client_cancel(client, id, NULL, abort_handle);
    const double waited_ms = now_ms() - triggered_ms;
    EXPECT(result, FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_ABORTED);
    CHECK(triggered_ms > 0, "no call ends before the trigger");
    CHECK(waited_ms < PROMPTLY_MS, "the wait ends promptly; it took %.0f ms", waited_ms);
    return unused;
}

static void during(void) {
    pthread_t threads[CALLS];
    flexcancel_abort *another = flexcancel_abort_new();
    int i;
    for (i = 0; i < CALLS; i++)
        CHECK(pthread_create(&threads[i], NULL, call, NULL) == 0, "a thread");
    wait_until_the_server_has_the_requests();
    /* Another's trigger must not end them; that they go on shows in what the first check in
     * `call` finds: triggered_ms is set only now. */
    flexcancel_abort_trigger(another);
    triggered_ms = now_ms();
    flexcancel_abort_trigger(abort_handle);
    for (i = 0; i < CALLS; i++)
        pthread_join(threads[i], NULL);
    EXPECT(flexcancel_client_cancel(client, id, NULL, abort_handle), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_ABORTED);
    /* The client itself is as good as before, with a fresh abort and without one. */
    flexcancel_abort_free(another);
    another = flexcancel_abort_new();
    EXPECT(flexcancel_client_cancel(client, id, NULL, another), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    EXPECT(flexcancel_client_retrieve(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_ALREADY_CANCELED,
           FLEXCANCEL_CODE_OK);
    flexcancel_abort_free(another);
}

static void *free_and_trigger(void *unused) {
    wait_until_the_server_has_the_requests();
    flexcancel_abort_free(abort_handle);
    /* Nothing is left that this could trigger: the call goes on until its own deadline. */
    flexcancel_abort_trigger(abort_handle);
    return unused;
}

static void freed(void) {
    pthread_t thread;
    char options[64];
    const double begun_ms = now_ms();
    double took_ms;
    flexcancel_result *result;
    CHECK(pthread_create(&thread, NULL, free_and_trigger, NULL) == 0, "a thread");
    snprintf(options, sizeof options, "{\"timeout_ms\":%d}", FREED_TIMEOUT_MS);
    result = flexcancel_client_cancel(client, id, options, abort_handle);
    took_ms = now_ms() - begun_ms;
    pthread_join(thread, NULL);
    EXPECT(result, FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_TIMEOUT);
    CHECK(took_ms >= FREED_TIMEOUT_MS, "the call went on; it took %.0f ms", took_ms);
    EXPECT(flexcancel_client_cancel(client, id, NULL, abort_handle), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_HANDLE);
}

int main(int argc, char **argv) {
    CHECK(argc == 4, "usage: abort before|during|freed BASE_URL SESSION_ID");
    give_up_after(120);
    client = client_of(argv[2]);
    id = argv[3];
    abort_handle = flexcancel_abort_new();
    if (strcmp(argv[1], "before") == 0)
        before();
    else if (strcmp(argv[1], "during") == 0)
        during();
    else if (strcmp(argv[1], "freed") == 0)
        freed();
    else
        CHECK(0, "before, during or freed; found %s", argv[1]);
    flexcancel_abort_free(abort_handle);
    flexcancel_client_free(client);
    return 0;
}
