/*
 * Threads that share an outbox, which is pulled away from them.
 *
 *     outbox_threads BASE_URL FILE SESSION_ID...
 *
 * Four threads cancel or enqueue the sessions, one flushes and one reads, while another keeps
 * opening the file anew, and frees the outbox that the calls use, its client and their abort,
 * triggered in turn. A call that finds them gone is made again. In the end every session is kept.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

enum { CALLS_FOR_A_PULL = 4 };

static const char *base_url, *path;
static char **ids;

/* What the threads share. The lock guards these variables, never a call of the library. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t progress = PTHREAD_COND_INITIALIZER;
static flexcancel_client *client;
static flexcancel_outbox *outbox;
static flexcancel_abort *abort_handle;
static int id_count, next_id, calls_ended, times_pulled_away;

static flexcancel_outbox *open_with(flexcancel_client *with) {
    char options[4096];
    flexcancel_result *error = NULL;
    flexcancel_outbox *opened;
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", path);
    opened = flexcancel_outbox_open(with, options, &error);
    CHECK(opened != NULL, "%s", flexcancel_result_json(error, NULL));
    return opened;
}

/*
 * A number of a session that nobody has taken; -1 when there is none. Waits where the calls would
 * run ahead of the thread that pulls the outbox away: on a busy machine they would end before it.
 */
static int take(void) {
    int number;
    pthread_mutex_lock(&lock);
    while (next_id < id_count && next_id >= CALLS_FOR_A_PULL * (times_pulled_away + 2))
        pthread_cond_wait(&progress, &lock);
    number = next_id < id_count ? next_id++ : -1;
    pthread_mutex_unlock(&lock);
    return number;
}

static void look(flexcancel_outbox **current_outbox, flexcancel_abort **current_abort) {
    pthread_mutex_lock(&lock);
    *current_outbox = outbox, *current_abort = abort_handle;
    pthread_mutex_unlock(&lock);
}

/* True if the outbox keeps the cancel. Takes the result. */
static int is_kept(flexcancel_result *result) {
    const int32_t outcome = flexcancel_result_outcome(result), code = flexcancel_result_code(result);
    CHECK(outcome == FLEXCANCEL_OUTCOME_CANCELED || outcome == FLEXCANCEL_OUTCOME_UNKNOWN, "%s",
          flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
    return code != FLEXCANCEL_CODE_INVALID_HANDLE;
}

static void *call(void *unused) {
    flexcancel_outbox *current;
    flexcancel_abort *current_abort;
    int number;
    while ((number = take()) >= 0) {
        do
            look(&current, &current_abort);
        while (!is_kept(number % 2 == 0
                            ? flexcancel_outbox_cancel(current, ids[number], NULL, current_abort)
                            : flexcancel_outbox_enqueue(current, ids[number], NULL)));
        pthread_mutex_lock(&lock);
        calls_ended++;
        pthread_cond_broadcast(&progress);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

/* Waits until so many more calls have ended; false when all have. */
static int has_more(int *seen, int more) {
    int is_over;
    pthread_mutex_lock(&lock);
    while (calls_ended < *seen + more && calls_ended < id_count)
        pthread_cond_wait(&progress, &lock);
    *seen = calls_ended;
    is_over = calls_ended == id_count;
    pthread_mutex_unlock(&lock);
    return !is_over;
}

static void *flush(void *unused) {
    flexcancel_outbox *current;
    flexcancel_abort *current_abort;
    int seen = 0;
    while (has_more(&seen, 1)) {
        look(&current, &current_abort);
        flexcancel_result_free(flexcancel_outbox_flush(current, "{\"max\":3}", current_abort));
    }
    return unused;
}

static void *read_all(void *unused) {
    flexcancel_outbox *current;
    flexcancel_abort *current_abort;
    int seen = 0;
    while (has_more(&seen, 1)) {
        look(&current, &current_abort);
        flexcancel_result_free(flexcancel_outbox_stats(current));
        flexcancel_result_free(flexcancel_outbox_list(current, NULL));
    }
    return unused;
}

static void *pull_away(void *unused) {
    int seen = 0;
    while (has_more(&seen, CALLS_FOR_A_PULL)) {
        int is_aborted;
        flexcancel_client *old_client, *new_client = client_of(base_url);
        flexcancel_outbox *old_outbox, *new_outbox = open_with(new_client);
        flexcancel_abort *old_abort, *new_abort = flexcancel_abort_new();
        pthread_mutex_lock(&lock);
        old_client = client, old_outbox = outbox, old_abort = abort_handle;
        client = new_client, outbox = new_outbox, abort_handle = new_abort;
        is_aborted = ++times_pulled_away % 2 == 0;
        pthread_cond_broadcast(&progress);
        pthread_mutex_unlock(&lock);
        flexcancel_client_free(old_client);
        flexcancel_outbox_free(old_outbox);
        if (is_aborted)
            flexcancel_abort_trigger(old_abort);
        flexcancel_abort_free(old_abort);
    }
    return unused;
}

int main(int argc, char **argv) {
    void *(*const work[])(void *) = {call, call, call, call, flush, read_all, pull_away};
    enum { THREADS = sizeof work / sizeof *work };
    pthread_t threads[THREADS];
    int number;
    CHECK(argc > 3, "usage: outbox_threads BASE_URL FILE SESSION_ID...");
    give_up_after(300);
    base_url = argv[1], path = argv[2], ids = argv + 3, id_count = argc - 3;
    client = client_of(base_url);
    outbox = open_with(client);
    abort_handle = flexcancel_abort_new();
    for (number = 0; number < THREADS; number++)
        CHECK(pthread_create(&threads[number], NULL, work[number], NULL) == 0, "a thread");
    for (number = 0; number < THREADS; number++)
        CHECK(pthread_join(threads[number], NULL) == 0, "the thread's end");
    CHECK(times_pulled_away > 1, "the outbox was pulled away from calls");
    flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    flexcancel_abort_free(abort_handle);
    return 0;
}
