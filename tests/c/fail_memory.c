/*
 * Preloaded: the n-th allocation fails with ENOMEM, from torture_begin on.
 *
 *     FAIL_AT       which one fails, from 1; 0 or nothing: none
 *     FAIL_AFTER    "all": every later one too; otherwise that one only
 *     FAIL_LOG      a file; as soon as one fails, it has a line "FAILED PLACE 12"; where none is to
 *                   fail, in the end a line "PLACE 1" for each
 *
 * PLACE is the object whose code asked for the memory, and the offset of that code in it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PLACES = 200000 };

/* Of glibc, which calls no interposed function from these. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static long count, fail_at;
static int fails_after, has_begun, log_file = -1;
static void *places[MOST_PLACES];

static void write_place(const char *word, void *place, const char *end) {
    char line[512];
    Dl_info info;
    int length;
    if (dladdr(place, &info) == 0)
        memset(&info, 0, sizeof info);
    length = snprintf(line, sizeof line, "%s%s+%#lx %s\n", word,
                      info.dli_fname != NULL ? strrchr(info.dli_fname, '/') + 1 : "?",
                      (unsigned long)((char *)place - (char *)info.dli_fbase), end);
    if (log_file >= 0 && write(log_file, line, (size_t)length) != length)
        _exit(1);
}

static int fails(void *place) {
    long number;
    if (!has_begun)
        return 0;
    number = __sync_add_and_fetch(&count, 1);
    if (fail_at == 0) {
        if (number <= MOST_PLACES)
            places[number - 1] = place;
        return 0;
    }
    if (number < fail_at || (number > fail_at && !fails_after))
        return 0;
    if (number == fail_at)
        write_place("FAILED ", place, "12");
    errno = ENOMEM;
    return 1;
}

#define FAILS() fails(__builtin_return_address(0))

void *malloc(size_t size) {
    return FAILS() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    return FAILS() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    return FAILS() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    return FAILS() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return FAILS() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **made, size_t alignment, size_t size) {
    void *block = FAILS() ? NULL : __libc_memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *made = block;
    return 0;
}

/* Called by the program when there is nothing but the library left to fail. */
void torture_begin(void) {
    const char *at = getenv("FAIL_AT"), *after = getenv("FAIL_AFTER"), *log = getenv("FAIL_LOG");
    fail_at = at != NULL ? atol(at) : 0;
    fails_after = after != NULL && strcmp(after, "all") == 0;
    if (log != NULL)
        log_file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    has_begun = 1;
}

__attribute__((destructor)) static void tell(void) {
    long number;
    has_begun = 0;
    for (number = 0; number < count && number < MOST_PLACES && fail_at == 0; number++)
        write_place("", places[number], "1");
}
