/*
 * The host ends while calls are under way: main returns, and nothing crashes or hangs.
 *
 *     exit BASE_URL SESSION_ID
 *
 * The server must not answer. A byte on standard input says that the requests have reached it.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

#define CALLS 4

static flexcancel_client *client;
static const char *id;

static void *call(void *unused) {
    (void)unused;
    flexcancel_result_free(flexcancel_client_cancel(client, id, NULL, NULL));
    return NULL;
}

int main(int argc, char **argv) {
    int i;
    CHECK(argc == 3, "a base URL and a session");
    give_up_after(60);
    client = client_of(argv[1]);
    id = argv[2];
    for (i = 0; i < CALLS; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, call, NULL) == 0, "a thread");
        CHECK(pthread_detach(thread) == 0, "a detached thread");
    }
    CHECK(getchar() != EOF, "the test says when the requests have arrived");
    return 0;
}
