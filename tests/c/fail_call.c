/*
 * Preloaded: the n-th call to the system fails, with an error that this call can have. It sees the
 * calls of every library, those that do not go through libc too, from torture_begin on.
 *
 *     FAIL_CALL     the name of the calls of which one fails; nothing: all kinds count
 *     FAIL_AT       which one of them fails, from 1; 0 or nothing: none
 *     FAIL_WITH     which of the errors that the call can have, from 0; beyond the last: none
 *     FAIL_AFTER    "all": every later call of the same kind too, where a system may stay like that;
 *                   "kill": the process is killed in place of the call; otherwise that one only
 *     FAIL_LOG      a file; as soon as one fails, it has a line "FAILED NAME ERRNO"; where none is to
 *                   fail, in the end a line "NAME COUNT" for each, with the number of its errors
 *
 * A filter of the kernel (seccomp) turns each call into the signal SIGSYS; its handler lets the
 * call fail, or makes it from the one address that the filter lets pass.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#if !defined(__x86_64__)
#error "written for x86-64 only: the registers of a call to the system"
#endif

enum { MOST_ERRORS = 5, MOST_CALLS = 100000, THREAD = -1 };

/* A call, and what it may fail with. */
static const struct call {
    const char *name;
    int number;
    int errors[MOST_ERRORS];
} calls[] = {
    {"pthread_create", THREAD, {EAGAIN}},
    {"socket", SYS_socket, {EMFILE, ENOBUFS, EACCES}},
    {"connect", SYS_connect, {ECONNREFUSED, EADDRNOTAVAIL, ENETUNREACH, EAGAIN}},
    {"sendto", SYS_sendto, {EINTR, EAGAIN, ECONNRESET, EPIPE, ENOBUFS}},
    {"recvfrom", SYS_recvfrom, {EINTR, EAGAIN, ECONNRESET, ETIMEDOUT, ENOMEM}},
    {"shutdown", SYS_shutdown, {ENOTCONN}},
    {"setsockopt", SYS_setsockopt, {ENOBUFS}},
    {"getsockopt", SYS_getsockopt, {ENOBUFS}},
    {"getsockname", SYS_getsockname, {ENOBUFS}},
    {"ioctl", SYS_ioctl, {ENOMEM}},
    {"poll", SYS_poll, {EINTR, ENOMEM}},
    {"ppoll", SYS_ppoll, {EINTR, ENOMEM}},
    {"openat", SYS_openat, {EMFILE, EACCES, ENOMEM, EINTR, EIO}},
    {"open", SYS_open, {EMFILE, EACCES, ENOMEM, EINTR, EIO}},
    {"close", SYS_close, {EINTR, EIO}},
    {"read", SYS_read, {EINTR, EIO}},
    {"pread64", SYS_pread64, {EINTR, EIO}},
    {"pwrite64", SYS_pwrite64, {EINTR, EIO, ENOSPC}},
    {"fsync", SYS_fsync, {EIO, ENOSPC, EINTR}},
    {"fdatasync", SYS_fdatasync, {EIO, ENOSPC, EINTR}},
    {"ftruncate", SYS_ftruncate, {EIO, ENOSPC, EINTR}},
    {"unlink", SYS_unlink, {EACCES, EIO}},
    {"unlinkat", SYS_unlinkat, {EACCES, EIO}},
    {"stat", SYS_stat, {EACCES, ENOMEM, EIO}},
    {"lstat", SYS_lstat, {EACCES, ENOMEM, EIO}},
    {"newfstatat", SYS_newfstatat, {EACCES, ENOMEM, EIO}},
    {"statx", SYS_statx, {EACCES, ENOMEM, EIO, ENOSYS}},
    {"fstat", SYS_fstat, {ENOMEM, EIO}},
    {"access", SYS_access, {EACCES, ENOMEM, EIO}},
    {"readlink", SYS_readlink, {EACCES, ENOMEM, EIO}},
    {"mknodat", SYS_mknodat, {ENOSPC, EACCES, EIO}},
    {"fchmodat", SYS_fchmodat, {EPERM, EIO}},
    {"fchmod", SYS_fchmod, {EPERM, EIO}},
    {"renameat", SYS_renameat, {ENOSPC, EIO}},
    {"renameat2", SYS_renameat2, {EINVAL, ENOSPC, EIO}},
    {"linkat", SYS_linkat, {EPERM, EIO}},
    {"flock", SYS_flock, {EINTR, ENOLCK}},
    {"fcntl", SYS_fcntl, {EAGAIN, EINTR, ENOLCK, EIO}},
    {"getrandom", SYS_getrandom, {EINTR}},
    {"mmap", SYS_mmap, {ENOMEM}},
    {"mprotect", SYS_mprotect, {ENOMEM}},
};
enum { KINDS = sizeof calls / sizeof *calls };

static long count, counts[KINDS], fail_at;
static int fail_with, fails_after, kills, has_begun;
static const struct call *fail_call, *failed_call;
static int failed_with;
static int log_file = -1;
static unsigned char made[MOST_CALLS];

/* The one address from which calls pass the filter. */
long torture_call(long number, long a, long b, long c, long d, long e, long f);
extern const char torture_called[];
__asm__(".text\n"
        ".globl torture_call, torture_called\n"
        ".hidden torture_call, torture_called\n"
        ".type torture_call, @function\n"
        "torture_call:\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n"
        "    mov %r9, %r8\n"
        "    mov 8(%rsp), %r9\n"
        "    syscall\n"
        "torture_called:\n"
        "    ret\n");

static void write_log(const char *text, size_t length) {
    if (log_file >= 0)
        torture_call(SYS_write, log_file, (long)text, (long)length, 0, 0, 0);
}

static void note(const struct call *call, int error) {
    char line[64];
    int length = snprintf(line, sizeof line, "FAILED %s %d\n", call->name, error);
    write_log(line, (size_t)length);
}

/* What this call fails with; 0: it does not. */
static int error_of(const struct call *call) {
    const long number = __sync_add_and_fetch(&count, 1);
    const long of_kind = __sync_add_and_fetch(&counts[call - calls], 1);
    int error;
    if (number <= MOST_CALLS)
        made[number - 1] = (unsigned char)(call - calls);
    if (call == failed_call && fails_after)
        return failed_with;
    if (fail_call == NULL ? number != fail_at : call != fail_call || of_kind != fail_at)
        return 0;
    error = call->errors[fail_with];
    if (error == 0)
        return 0;
    note(call, kills ? 0 : error);
    if (kills)
        torture_call(SYS_kill, torture_call(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0, 0);
    /* A system that interrupts or puts off every call makes nobody go on. */
    if (error != EINTR && error != EAGAIN) {
        failed_with = error;
        failed_call = call;
    }
    return error;
}

/* Of what fcntl does, only to lock can fail like this. */
static int is_counted(const greg_t *registers) {
    return registers[REG_RAX] != SYS_fcntl ||
           (registers[REG_RSI] == F_SETLK &&
            ((const struct flock *)registers[REG_RDX])->l_type != F_UNLCK);
}

static void on_call(int signal, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const long number = registers[REG_RAX];
    int kind, error = 0;
    (void)signal, (void)info;
    for (kind = 0; kind < KINDS && calls[kind].number != number; kind++)
        ;
    if (kind < KINDS && is_counted(registers))
        error = error_of(&calls[kind]);
    /* A file is closed whatever the call says. */
    if (error == 0 || number == SYS_close)
        registers[REG_RAX] =
            torture_call(number, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                         registers[REG_R10], registers[REG_R8], registers[REG_R9]);
    if (error != 0)
        registers[REG_RAX] = -error;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int error = has_begun ? error_of(&calls[0]) : 0;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return error != 0 ? error : real(thread, attributes, start, argument);
}

static void install(void) {
    struct sock_filter filter[2 * KINDS + 16], *next = filter;
    struct sock_fprog program = {0, filter};
    struct sigaction action;
    const uint64_t called = (uint64_t)(uintptr_t)torture_called;
    int kind;
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
    *next++ = (struct sock_filter)LOAD(arch);
    *next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    *next++ = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
    *next++ = (struct sock_filter)LOAD(instruction_pointer);
    *next++ = (struct sock_filter)UNLESS((uint32_t)called, 3);
    *next++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           offsetof(struct seccomp_data, instruction_pointer) + 4);
    *next++ = (struct sock_filter)UNLESS((uint32_t)(called >> 32), 1);
    *next++ = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
    *next++ = (struct sock_filter)LOAD(nr);
    for (kind = 1; kind < KINDS; kind++) {
        *next++ = (struct sock_filter)UNLESS((uint32_t)calls[kind].number, 1);
        *next++ = (struct sock_filter)RETURN(SECCOMP_RET_TRAP);
    }
    *next++ = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
    program.len = (unsigned short)(next - filter);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_call;
    action.sa_flags = SA_SIGINFO;
    if (sigaction(SIGSYS, &action, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("seccomp");
        _exit(1);
    }
}

/* Called by the program when there is nothing but the library left to fail. */
void torture_begin(void) {
    const char *name = getenv("FAIL_CALL"), *at = getenv("FAIL_AT"), *with = getenv("FAIL_WITH"),
               *after = getenv("FAIL_AFTER"), *log = getenv("FAIL_LOG");
    int kind;
    for (kind = 0; name != NULL && kind < KINDS; kind++)
        if (strcmp(calls[kind].name, name) == 0)
            fail_call = &calls[kind];
    fail_at = at != NULL ? atol(at) : 0;
    fail_with = with != NULL ? atoi(with) : 0;
    fails_after = after != NULL && strcmp(after, "all") == 0;
    kills = after != NULL && strcmp(after, "kill") == 0;
    if (fail_with >= MOST_ERRORS)
        fail_at = 0;
    if (log != NULL)
        log_file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    install();
    has_begun = 1;
}

__attribute__((destructor)) static void tell(void) {
    long number;
    for (number = 0; number < count && number < MOST_CALLS && fail_at == 0; number++) {
        const struct call *call = &calls[made[number]];
        char line[64];
        int errors = 0, length;
        while (errors < MOST_ERRORS && call->errors[errors] != 0)
            errors++;
        length = snprintf(line, sizeof line, "%s %d\n", call->name, errors);
        write_log(line, (size_t)length);
    }
}
