/*
 * A host that forks while its other threads are inside the library: no child hangs.
 *
 *     fork_busy BASE_URL FILE SESSION...
 *
 * Each child reads, cancels one session of its own, and keeps one cancel, with its parent's
 * handles. The parent goes on with them.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

static flexcancel_client *client;
static flexcancel_outbox *outbox;
static const char *base_url;
static const char *read_session;
static int is_over_now;

static int is_over(void) {
    return __atomic_load_n(&is_over_now, __ATOMIC_RELAXED);
}

static void ignore(void *data, int32_t level, const char *event, size_t length) {
    (void)data, (void)level, (void)event, (void)length;
}

/* Leaves the file to the children now and then: SQLite queues nobody who wants to write. */
static void *write_outbox(void *unused) {
    const struct timespec moment = {0, 2000000};
    while (!is_over()) {
        flexcancel_result_free(flexcancel_outbox_enqueue(outbox, "fcs_parent", NULL));
        nanosleep(&moment, NULL);
    }
    return unused;
}

static void *read_outbox(void *unused) {
    while (!is_over())
        flexcancel_result_free(flexcancel_outbox_stats(outbox));
    return unused;
}

static void *use_client(void *unused) {
    while (!is_over()) {
        flexcancel_abort *abort = flexcancel_abort_new();
        flexcancel_result_free(flexcancel_client_retrieve(client, read_session, NULL, abort));
        flexcancel_abort_trigger(abort);
        flexcancel_abort_free(abort);
    }
    return unused;
}

static void *make_handles(void *unused) {
    while (!is_over()) {
        flexcancel_client_free(client_of(base_url));
        flexcancel_client_set_log(client, ignore, NULL);
    }
    return unused;
}

static int in_child(const char *session, int number) {
    char id[32];
    flexcancel_abort *abort = flexcancel_abort_new();
    flexcancel_result *stats;
    give_up_after(30);
    snprintf(id, sizeof id, "fcs_child_%d", number);
    EXPECT(flexcancel_client_cancel(client, session, NULL, abort), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    flexcancel_abort_trigger(abort);
    EXPECT(flexcancel_client_cancel(client, session, NULL, abort), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_ABORTED);
    EXPECT(flexcancel_outbox_enqueue(outbox, id, NULL), FLEXCANCEL_OUTCOME_UNKNOWN,
           FLEXCANCEL_CODE_OK);
    stats = flexcancel_outbox_stats(outbox);
    CHECK(flexcancel_result_code(stats) == FLEXCANCEL_CODE_OK, "%s",
          flexcancel_result_json(stats, NULL));
    flexcancel_result_free(stats);
    flexcancel_abort_free(abort);
    flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}

int main(int argc, char **argv) {
    void *(*const work[])(void *) = {write_outbox, read_outbox, use_client, use_client, make_handles};
    enum { THREADS = sizeof work / sizeof *work };
    pthread_t threads[THREADS];
    char options[4096];
    int number, status;
    CHECK(argc > 4, "a base URL, a file, sessions");
    base_url = argv[1];
    read_session = argv[3];
    client = client_of(base_url);
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", argv[2]);
    outbox = flexcancel_outbox_open(client, options, NULL);
    CHECK(outbox != NULL, "%s", argv[2]);
    for (number = 0; number < THREADS; number++)
        CHECK(pthread_create(&threads[number], NULL, work[number], NULL) == 0, "a thread");
    for (number = 3; number < argc; number++) {
        pid_t child = fork();
        CHECK(child >= 0, "a child");
        if (child == 0)
            _exit(in_child(argv[number], number));
        CHECK(waitpid(child, &status, 0) == child && status == 0, "child %d: status %d", number,
              status);
    }
    __atomic_store_n(&is_over_now, 1, __ATOMIC_RELAXED);
    for (number = 0; number < THREADS; number++)
        CHECK(pthread_join(threads[number], NULL) == 0, "the thread's end");
    EXPECT(flexcancel_outbox_enqueue(outbox, "fcs_last", NULL), FLEXCANCEL_OUTCOME_UNKNOWN,
           FLEXCANCEL_CODE_OK);
    flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}
