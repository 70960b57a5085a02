/*
 * What calls cost, in counts that are the same on any machine. Prints three numbers:
 * allocations of a warm call, bytes held by a client, bytes held by a client with a connection.
 *
 *     cost CONFIG_JSON SESSION_ID CALLS
 *
 */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <malloc.h>

/* glibc's own, behind the ones below, which the library uses too. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *memory);

static long allocations, held;

static void *taken(void *memory) {
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&held, (long)malloc_usable_size(memory), __ATOMIC_RELAXED);
    return memory;
}

void *malloc(size_t size) {
    return taken(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return taken(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size) {
    __atomic_sub_fetch(&held, (long)malloc_usable_size(old), __ATOMIC_RELAXED);
    return taken(__libc_realloc(old, size));
}

void free(void *memory) {
    __atomic_sub_fetch(&held, (long)malloc_usable_size(memory), __ATOMIC_RELAXED);
    __libc_free(memory);
}

static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    struct dirent *task;
    CHECK(tasks != NULL, "the list of threads");
    while ((task = readdir(tasks)) != NULL)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void cancel(flexcancel_client *client, const char *session_id) {
    flexcancel_result *result = flexcancel_client_cancel(client, session_id, NULL, NULL);
    /* A stateful server says of all but the first that it was canceled before. */
    const int32_t outcome = flexcancel_result_outcome(result);
    CHECK(outcome == FLEXCANCEL_OUTCOME_CANCELED || outcome == FLEXCANCEL_OUTCOME_ALREADY_CANCELED,
          "%s", flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
}

int main(int argc, char **argv) {
    flexcancel_client *other, *client;
    long before, with_client, with_connection, calls, i;
    CHECK(argc == 4, "a configuration, a session and a number of calls");
    give_up_after(120);
    calls = strtol(argv[3], NULL, 10);
    /* What is made once for each process is no client's. */
    other = flexcancel_client_new(argv[1], NULL);
    CHECK(other != NULL, "a client");
    cancel(other, argv[2]);
    cancel(other, argv[2]);
    before = held;
    client = flexcancel_client_new(argv[1], NULL);
    CHECK(client != NULL, "a client");
    with_client = held - before;
    for (i = 0; i < 10; i++)
        cancel(client, argv[2]);
    with_connection = held - before;
    before = allocations;
    for (i = 0; i < calls; i++)
        cancel(client, argv[2]);
    before = allocations - before;
    CHECK(threads() == 1, "a thread besides the caller's");
    printf("%ld %ld %ld\n", before / calls, with_client, with_connection);
    flexcancel_client_free(client);
    flexcancel_client_free(other);
    return 0;
}
