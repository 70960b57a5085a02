/*
 * How flexcancel grows, from C.
 *
 *     growth idle URL KEY ID CALLS N…    with N idle clients, each with a connection, CALLS calls
 *                                        of one more: "N P50_NS CPU_NS RSS_KIB" a line
 *     growth long URL KEY ID CALLS STEP  CALLS calls of one client, and after each STEP of them:
 *                                        "DONE CPU_NS RSS_KIB" a line
 *
 * CPU_NS is the CPU time of one call, of this process only.
 */
#include <flexcancel.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static char config[1024];
static const char *session_id;

static void die(const char *what) {
    fprintf(stderr, "growth: %s\n", what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_ns(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return ((uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec) * 1000000000u +
           ((uint64_t)used.ru_utime.tv_usec + (uint64_t)used.ru_stime.tv_usec) * 1000u;
}

static long rss_kib(void) {
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL)
        die("/proc/self/status");
    while (kib < 0 && fgets(line, sizeof line, status) != NULL)
        (void)sscanf(line, "VmRSS: %ld kB", &kib);
    fclose(status);
    return kib;
}

static flexcancel_client *client_new(void) {
    flexcancel_client *client = flexcancel_client_new(config, NULL);
    if (client == NULL)
        die("flexcancel_client_new");
    return client;
}

static void call(flexcancel_client *client) {
    flexcancel_result *result = flexcancel_client_cancel(client, session_id, NULL, NULL);
    if (flexcancel_result_outcome(result) != FLEXCANCEL_OUTCOME_CANCELED)
        die(flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
}

static int by_size(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

static void with_idle_clients(size_t calls, int count, char **steps) {
    uint64_t *latencies = (uint64_t *)malloc(calls * sizeof *latencies);
    size_t clients = 0;
    for (int step = 0; step < count; step++) {
        /* They stay until the program ends. */
        for (size_t wanted = strtoul(steps[step], NULL, 10); clients < wanted; clients++)
            call(client_new());
        flexcancel_client *client = client_new();
        for (size_t at = 0; at < calls / 10 + 1; at++)
            call(client);
        uint64_t cpu = cpu_ns(), started = now_ns();
        for (size_t at = 0; at < calls; at++) {
            call(client);
            uint64_t now = now_ns();
            latencies[at] = now - started;
            started = now;
        }
        cpu = cpu_ns() - cpu;
        flexcancel_client_free(client);
        qsort(latencies, calls, sizeof *latencies, by_size);
        printf("%zu %llu %llu %ld\n", clients, (unsigned long long)latencies[calls / 2],
               (unsigned long long)(cpu / calls), rss_kib());
        fflush(stdout);
    }
    free(latencies);
}

static void many_calls(size_t calls, size_t step) {
    flexcancel_client *client = client_new();
    for (size_t done = 0; done < calls;) {
        uint64_t cpu = cpu_ns();
        for (size_t at = 0; at < step; at++)
            call(client);
        done += step;
        printf("%zu %llu %ld\n", done, (unsigned long long)((cpu_ns() - cpu) / step), rss_kib());
        fflush(stdout);
    }
    flexcancel_client_free(client);
}

int main(int argc, char **argv) {
    if (argc < 7)
        die("expected idle|long URL KEY ID CALLS …");
    snprintf(config, sizeof config, "{\"api_key\":\"%s\",\"base_url\":\"%s\"}", argv[3], argv[2]);
    session_id = argv[4];
    size_t calls = strtoul(argv[5], NULL, 10);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (strcmp(argv[1], "idle") == 0)
        with_idle_clients(calls, argc - 6, argv + 6);
    else
        many_calls(calls, strtoul(argv[6], NULL, 10));
    return 0;
}
