/*
 * How promptly calls end, on any system: by an abort at a random moment, or by their deadline.
 *
 *     waits abort CONFIG_JSON SESSION_ID CALLS MAX_DELAY_MS
 *     waits deadline CONFIG_JSON SESSION_ID CALLS MAX_TIMEOUT_MS
 *
 * The server must not answer. Prints how late the calls returned, in milliseconds: the median, the
 * 99th percentile and the latest; then how many handles the process has open beyond those after
 * a first call, which is not counted.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <time.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <fcntl.h>
#endif

#define MOST_CALLS 10000

static double late_ms[MOST_CALLS];

struct trigger {
    flexcancel_abort *abort_handle;
    double after_ms, at_ms;
};

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void sleep_ms(double ms) {
    struct timespec time;
    time.tv_sec = (time_t)(ms / 1e3);
    time.tv_nsec = (long)((ms - (double)time.tv_sec * 1e3) * 1e6);
    nanosleep(&time, NULL);
}

static double below(double bound) {
    return bound * (double)rand() / (double)RAND_MAX;
}

static long open_handles(void) {
#if defined(_WIN32)
    DWORD count = 0;
    CHECK(GetProcessHandleCount(GetCurrentProcess(), &count), "the number of handles");
    return (long)count;
#else
    /* Not by /proc, which a folder with another system does not have. */
    long count = 0;
    int descriptor;
    for (descriptor = 0; descriptor < 4096; descriptor++)
        if (fcntl(descriptor, F_GETFD) != -1)
            count++;
    return count;
#endif
}

static void *trigger_later(void *data) {
    struct trigger *trigger = data;
    sleep_ms(trigger->after_ms);
    trigger->at_ms = now_ms();
    flexcancel_abort_trigger(trigger->abort_handle);
    return NULL;
}

/* How late a call ends that is aborted. */
static double aborted(flexcancel_client *client, const char *id, double max_delay_ms) {
    struct trigger trigger = {flexcancel_abort_new(), below(max_delay_ms), 0};
    pthread_t thread;
    flexcancel_result *result;
    double ended_ms;
    CHECK(pthread_create(&thread, NULL, trigger_later, &trigger) == 0, "a thread");
    result = flexcancel_client_cancel(client, id, NULL, trigger.abort_handle);
    ended_ms = now_ms();
    pthread_join(thread, NULL);
    CHECK(flexcancel_result_code(result) == FLEXCANCEL_CODE_ABORTED, "aborted: %s",
          flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
    flexcancel_abort_free(trigger.abort_handle);
    return ended_ms - trigger.at_ms;
}

/* How late a call ends whose deadline comes. */
static double timed_out(flexcancel_client *client, const char *id, double max_timeout_ms) {
    const int timeout_ms = 1 + (int)below(max_timeout_ms);
    char options[64];
    double begun_ms, ended_ms;
    flexcancel_result *result;
    snprintf(options, sizeof options, "{\"timeout_ms\":%d}", timeout_ms);
    begun_ms = now_ms();
    result = flexcancel_client_cancel(client, id, options, NULL);
    ended_ms = now_ms();
    CHECK(flexcancel_result_code(result) == FLEXCANCEL_CODE_TIMEOUT, "a timeout: %s",
          flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
    return ended_ms - begun_ms - timeout_ms;
}

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    double (*call)(flexcancel_client *, const char *, double);
    flexcancel_result *error = NULL;
    flexcancel_client *client;
    long calls, i, handles;
    CHECK(argc == 6, "waits abort|deadline CONFIG_JSON SESSION_ID CALLS MAX_MS");
    give_up_after(600);
    call = strcmp(argv[1], "abort") == 0 ? aborted : timed_out;
    client = flexcancel_client_new(argv[2], &error);
    CHECK(client != NULL, "%s", flexcancel_result_json(error, NULL));
    calls = strtol(argv[4], NULL, 10);
    CHECK(calls > 0 && calls <= MOST_CALLS, "%ld calls", calls);
    /* What is made on first use, such as the list of trusted roots, is not counted. */
    flexcancel_result_free(flexcancel_client_cancel(client, argv[3], "{\"timeout_ms\":2000}", NULL));
    handles = open_handles();
    for (i = 0; i < calls; i++)
        late_ms[i] = call(client, argv[3], strtod(argv[5], NULL));
    handles = open_handles() - handles;
    flexcancel_client_free(client);
    qsort(late_ms, (size_t)calls, sizeof *late_ms, compare);
    printf("%.1f %.1f %.1f %ld\n", late_ms[calls / 2], late_ms[calls * 99 / 100],
           late_ms[calls - 1], handles);
    return 0;
}
