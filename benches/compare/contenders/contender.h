/*
 * What the contenders in C and C++ share: commands in, latencies out.
 *
 *     PROGRAM PLAIN_URL TLS_URL CA_FILE API_KEY SESSION_ID
 *
 * At its start it makes its first client and prints "ready". Then it answers each line
 * "warm|cold plain|tls THREADS CALLS BUDGET_MS" with one of numbers: the process's CPU time, the
 * time from the first call's begin to the last one's end, and the latency of each call, in ns.
 *
 * Warm: one client, each thread's connection open before the clock starts. Cold: each call makes
 * a client, calls, and frees it, all inside its latency.
 */
#ifndef CONTENDER_H
#define CONTENDER_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#define WARM_UP_CALLS 20
#define MOST_THREADS 256

static const char *API_KEY, *SESSION_ID, *CA_FILE;

/* What each contender brings. */
static void *client_new(const char *url, int is_tls);    /* what the threads share */
static void *lane_new(void *client);                     /* what one thread holds */
static void lane_call(void *lane);                       /* checks the answer, or ends the program */
static void lane_free(void *lane);
static void client_free(void *client);

static inline void die(const char *what) {
    fprintf(stderr, "contender: %s\n", what);
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t cpu_ns(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return ((uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec) * 1000000000u +
           ((uint64_t)used.ru_utime.tv_usec + (uint64_t)used.ru_stime.tv_usec) * 1000u;
}

/* A random idempotency key of 32 characters and a NUL. */
static inline void make_key(char key[33]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        die("no random numbers");
    for (int at = 0; at < 16; at++) {
        key[2 * at] = digits[random[at] >> 4];
        key[2 * at + 1] = digits[random[at] & 15];
    }
    key[32] = '\0';
}

struct run {
    const char *url;
    int is_warm, is_tls;
    size_t calls;
    uint64_t budget_ns;
    void *client;
    pthread_barrier_t ready, go;
};

struct worker {
    struct run *run;
    pthread_t thread;
    uint64_t *latencies;
    size_t count;
};

static inline void cold_call(const struct run *run) {
    void *client = client_new(run->url, run->is_tls);
    void *lane = lane_new(client);
    lane_call(lane);
    lane_free(lane);
    client_free(client);
}

static inline void *work(void *argument) {
    struct worker *worker = (struct worker *)argument;
    struct run *run = worker->run;
    void *lane = NULL;
    if (run->is_warm) {
        lane = lane_new(run->client);
        for (int call = 0; call < WARM_UP_CALLS; call++)
            lane_call(lane);
    } else {
        cold_call(run);
    }
    pthread_barrier_wait(&run->ready);
    pthread_barrier_wait(&run->go);
    uint64_t started = now_ns(), end = started + run->budget_ns;
    while (worker->count < run->calls && started < end) {
        if (run->is_warm)
            lane_call(lane);
        else
            cold_call(run);
        uint64_t now = now_ns();
        worker->latencies[worker->count++] = now - started;
        started = now;
    }
    if (lane != NULL)
        lane_free(lane);
    return NULL;
}

static inline void measure(struct run *run, size_t threads) {
    struct worker *workers = (struct worker *)calloc(threads, sizeof *workers);
    pthread_barrier_init(&run->ready, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&run->go, NULL, (unsigned)threads + 1);
    run->client = run->is_warm ? client_new(run->url, run->is_tls) : NULL;
    for (size_t at = 0; at < threads; at++) {
        workers[at].run = run;
        workers[at].latencies = (uint64_t *)malloc(run->calls * sizeof(uint64_t));
        if (pthread_create(&workers[at].thread, NULL, work, &workers[at]) != 0)
            die("no thread");
    }
    pthread_barrier_wait(&run->ready);
    uint64_t cpu = cpu_ns(), started = now_ns();
    pthread_barrier_wait(&run->go);
    for (size_t at = 0; at < threads; at++)
        pthread_join(workers[at].thread, NULL);
    uint64_t wall = now_ns() - started;
    printf("%llu %llu", (unsigned long long)(cpu_ns() - cpu), (unsigned long long)wall);
    for (size_t at = 0; at < threads; at++) {
        for (size_t call = 0; call < workers[at].count; call++)
            printf(" %llu", (unsigned long long)workers[at].latencies[call]);
        free(workers[at].latencies);
    }
    printf("\n");
    fflush(stdout);
    if (run->client != NULL)
        client_free(run->client);
    pthread_barrier_destroy(&run->ready);
    pthread_barrier_destroy(&run->go);
    free(workers);
}

int main(int argc, char **argv) {
    if (argc != 6)
        die("expected PLAIN_URL TLS_URL CA_FILE API_KEY SESSION_ID");
    API_KEY = argv[4];
    SESSION_ID = argv[5];
    void *first = client_new(argv[2], 1);
    printf("ready\n");
    fflush(stdout);
    client_free(first);
    CA_FILE = argv[3];

    char line[128], mode[8], scheme[8];
    size_t threads, calls;
    unsigned budget_ms;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "%7s %7s %zu %zu %u", mode, scheme, &threads, &calls, &budget_ms) != 5 ||
            threads < 1 || threads > MOST_THREADS)
            die("a command that cannot be read");
        struct run run;
        memset(&run, 0, sizeof run);
        run.is_warm = strcmp(mode, "warm") == 0;
        run.is_tls = strcmp(scheme, "tls") == 0;
        run.url = argv[run.is_tls ? 2 : 1];
        run.calls = calls;
        run.budget_ns = (uint64_t)budget_ms * 1000000u;
        measure(&run, threads);
    }
    return 0;
}

#endif
