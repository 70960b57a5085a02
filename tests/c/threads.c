/*
 * Threads that share everything.
 *
 *     threads share BASE_URL SESSION_IDS
 *     threads pull-away BASE_URL SESSION_IDS RESULTS
 *
 * SESSION_IDS is a file with one id a line. `share`: 8 threads cancel all of them through one
 * client; each must be canceled. `pull-away`: meanwhile another thread keeps freeing the client
 * and triggering and freeing the abort that they use, and puts new ones in place. What each call
 * came to is written to RESULTS, as "ID OUTCOME CODE", for the test to compare with the truth.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

#define THREADS 8
#define MOST_IDS 10000
#define ID_SIZE 64

static const char *base_url;
static char ids[MOST_IDS][ID_SIZE];
static size_t id_count;
static FILE *results;

/* What the threads share. The lock guards these variables, never a call of the library. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t progress = PTHREAD_COND_INITIALIZER;
static flexcancel_client *client;
static flexcancel_abort *abort_handle;
static size_t next_id, calls_ended, times_pulled_away;

static void read_ids(const char *path) {
    FILE *file = fopen(path, "r");
    CHECK(file != NULL, "%s can be read", path);
    while (id_count < MOST_IDS && fgets(ids[id_count], ID_SIZE, file) != NULL) {
        char *end = strchr(ids[id_count++], '\n');
        CHECK(end != NULL, "each id has a line of at most %d characters", ID_SIZE - 2);
        *end = '\0';
    }
    CHECK(id_count > 0 && feof(file), "%s holds 1 to %d ids", path, MOST_IDS);
    fclose(file);
}

/* The next id that nobody has taken; NULL when there is none. */
static const char *take_id(void) {
    const char *id;
    pthread_mutex_lock(&lock);
    id = next_id < id_count ? ids[next_id++] : NULL;
    pthread_mutex_unlock(&lock);
    return id;
}

static void *cancel_and_expect(void *unused) {
    const char *id;
    while ((id = take_id()) != NULL) {
        flexcancel_result *result = flexcancel_client_cancel(client, id, NULL, NULL);
        CHECK(strstr(flexcancel_result_json(result, NULL), id) != NULL,
              "the result is that of %s, not of another thread: %s", id,
              flexcancel_result_json(result, NULL));
        EXPECT(result, FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    }
    return unused;
}

static void *cancel_and_note(void *unused) {
    const char *id;
    while ((id = take_id()) != NULL) {
        flexcancel_client *current_client;
        flexcancel_abort *current_abort;
        flexcancel_result *result;
        pthread_mutex_lock(&lock);
        current_client = client, current_abort = abort_handle;
        pthread_mutex_unlock(&lock);
        /* From here on both may be freed at any moment. */
        result = flexcancel_client_cancel(current_client, id, NULL, current_abort);
        pthread_mutex_lock(&lock);
        fprintf(results, "%s %ld %ld\n", id, (long)flexcancel_result_outcome(result),
                (long)flexcancel_result_code(result));
        calls_ended++;
        pthread_cond_signal(&progress);
        pthread_mutex_unlock(&lock);
        flexcancel_result_free(result);
    }
    return unused;
}

/* After every few calls the client and the abort are exchanged, and the old ones taken from the
 * calls that use them at that moment: freed, and in turn triggered before or after that. */
static void *pull_away(void *unused) {
    size_t seen = 0;
    for (;;) {
        flexcancel_client *old_client, *new_client = client_of(base_url);
        flexcancel_abort *old_abort, *new_abort = flexcancel_abort_new();
        int is_over;
        pthread_mutex_lock(&lock);
        while (calls_ended < seen + 4 && calls_ended < id_count)
            pthread_cond_wait(&progress, &lock);
        seen = calls_ended;
        is_over = calls_ended == id_count;
        old_client = client, old_abort = abort_handle;
        client = new_client, abort_handle = new_abort;
        times_pulled_away++;
        pthread_mutex_unlock(&lock);
        flexcancel_client_free(old_client);
        if (times_pulled_away % 2 == 0)
            flexcancel_abort_trigger(old_abort);
        flexcancel_abort_free(old_abort);
        flexcancel_abort_trigger(old_abort);
        flexcancel_client_free(old_client);
        if (is_over)
            return unused;
    }
}

static void run(void *(*work)(void *), int with_pull_away) {
    pthread_t threads[THREADS], puller;
    int i;
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0, "a thread");
    if (with_pull_away)
        CHECK(pthread_create(&puller, NULL, pull_away, NULL) == 0, "a thread");
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (with_pull_away)
        pthread_join(puller, NULL);
}

int main(int argc, char **argv) {
    const int is_shared = argc == 4 && strcmp(argv[1], "share") == 0;
    CHECK(is_shared || (argc == 5 && strcmp(argv[1], "pull-away") == 0),
          "usage: threads share|pull-away BASE_URL SESSION_IDS [RESULTS]");
    give_up_after(300);
    base_url = argv[2];
    read_ids(argv[3]);
    client = client_of(base_url);
    abort_handle = flexcancel_abort_new();
    if (is_shared) {
        run(cancel_and_expect, 0);
    } else {
        results = fopen(argv[4], "w");
        CHECK(results != NULL, "%s can be written", argv[4]);
        run(cancel_and_note, 1);
        CHECK(calls_ended == id_count, "every call ended");
        CHECK(times_pulled_away > 1, "client and abort were pulled away from calls");
        CHECK(fclose(results) == 0, "%s is written", argv[4]);
    }
    flexcancel_client_free(client);
    flexcancel_abort_free(abort_handle);
    return 0;
}
