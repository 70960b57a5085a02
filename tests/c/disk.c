/*
 * Preloaded: the n-th write to the disk fails, and then, if asked, all after it. Only files whose
 * path holds FAIL_PATH count.
 *
 *     FAIL_AT       which one fails, from 1; 0 or nothing: none
 *     FAIL_WITH     ENOSPC or EIO
 *     FAIL_AFTER    "all": every later one too; otherwise that one only
 *     FAIL_COUNT    a file that the number of writes is written to at the end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long count;

static int is_meant(int fd) {
    const char *part = getenv("FAIL_PATH");
    char link[64], path[4096];
    ssize_t length;
    if (part == NULL)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return 0;
    path[length] = '\0';
    return strstr(path, part) != NULL;
}

/* True if this one fails; errno says how. */
static int fails(int fd) {
    const char *at = getenv("FAIL_AT"), *with = getenv("FAIL_WITH"), *after = getenv("FAIL_AFTER");
    long number, first = at != NULL ? atol(at) : 0;
    if (!is_meant(fd))
        return 0;
    number = __sync_add_and_fetch(&count, 1);
    if (first == 0 || number < first)
        return 0;
    if (number > first && (after == NULL || strcmp(after, "all") != 0))
        return 0;
    errno = with != NULL && strcmp(with, "EIO") == 0 ? EIO : ENOSPC;
    return 1;
}

__attribute__((destructor)) static void tell(void) {
    const char *file = getenv("FAIL_COUNT");
    FILE *out = file != NULL ? fopen(file, "w") : NULL;
    if (out != NULL) {
        fprintf(out, "%ld", count);
        fclose(out);
    }
}

#define REAL(type, name, parameters)                                                               \
    static type(*real) parameters;                                                                 \
    if (real == NULL)                                                                              \
        *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(ssize_t, "write", (int, const void *, size_t));
    return fails(fd) ? -1 : real(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    REAL(ssize_t, "pwrite", (int, const void *, size_t, off_t));
    return fails(fd) ? -1 : real(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    REAL(ssize_t, "pwrite64", (int, const void *, size_t, off64_t));
    return fails(fd) ? -1 : real(fd, bytes, length, at);
}

int fsync(int fd) {
    REAL(int, "fsync", (int));
    return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", (int));
    return fails(fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t length) {
    REAL(int, "ftruncate", (int, off_t));
    return fails(fd) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    REAL(int, "ftruncate64", (int, off64_t));
    return fails(fd) ? -1 : real(fd, length);
}
