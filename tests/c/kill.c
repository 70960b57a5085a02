/*
 * Preloaded: the process is killed at its n-th call to the system that reads, writes or waits for
 * a file or a socket. The call itself is not made: what the call before it did is all that is
 * left.
 *
 *     KILL_AT       which one, from 1; 0 or nothing: none
 *     KILL_COUNT    a file that the number of calls is written to at the end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;
static long kill_at;

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("KILL_AT");
    kill_at = at != NULL ? atol(at) : 0;
}

__attribute__((destructor)) static void tell(void) {
    const char *file = getenv("KILL_COUNT");
    long number = calls;
    FILE *out = file != NULL ? fopen(file, "w") : NULL;
    if (out != NULL) {
        fprintf(out, "%ld", number);
        fclose(out);
    }
}

static void count(void) {
    if (__sync_add_and_fetch(&calls, 1) == kill_at)
        kill(getpid(), SIGKILL);
}

/* Defines a function that counts, and then does what it does without us. */
#define COUNTED(type, name, parameters, arguments)                                                 \
    type name parameters {                                                                         \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        count();                                                                                   \
        return real arguments;                                                                     \
    }

COUNTED(ssize_t, write, (int fd, const void *bytes, size_t length), (fd, bytes, length))
COUNTED(ssize_t, pwrite, (int fd, const void *bytes, size_t length, off_t at),
        (fd, bytes, length, at))
COUNTED(ssize_t, pwrite64, (int fd, const void *bytes, size_t length, off64_t at),
        (fd, bytes, length, at))
COUNTED(int, fsync, (int fd), (fd))
COUNTED(int, fdatasync, (int fd), (fd))
COUNTED(int, ftruncate, (int fd, off_t length), (fd, length))
COUNTED(int, ftruncate64, (int fd, off64_t length), (fd, length))
COUNTED(int, unlink, (const char *path), (path))
COUNTED(int, close, (int fd), (fd))
COUNTED(int, connect, (int fd, const struct sockaddr *address, socklen_t length),
        (fd, address, length))
COUNTED(ssize_t, send, (int fd, const void *bytes, size_t length, int flags),
        (fd, bytes, length, flags))
COUNTED(ssize_t, recv, (int fd, void *bytes, size_t length, int flags), (fd, bytes, length, flags))
COUNTED(int, poll, (struct pollfd *fds, nfds_t number, int timeout_ms), (fds, number, timeout_ms))
