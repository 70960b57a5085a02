/*
 * A host full of signals: a timer each millisecond, handled without SA_RESTART, interrupts every
 * wait; and a broken connection raises no SIGPIPE.
 *
 *     signals BASE_URL SESSION_ID...
 */
#define _XOPEN_SOURCE 700
#include "check.h"

#include <signal.h>
#include <time.h>

static volatile sig_atomic_t ticks;
static volatile sig_atomic_t pipes;

static void on_tick(int number) {
    (void)number;
    ticks++;
}

static void on_pipe(int number) {
    (void)number;
    pipes++;
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(number, &action, NULL) == 0, "a handler for signal %d", number);
}

int main(int argc, char **argv) {
    /* Real time, not the program's own: it is the waits that must be hit. */
    struct itimerspec each_ms = {{0, 1000000}, {0, 1000000}};
    struct sigevent event;
    struct sigaction kept;
    timer_t timer;
    flexcancel_client *client;
    int i;
    CHECK(argc > 2, "a base URL and sessions");
    give_up_after(60);
    handle(SIGUSR1, on_tick);
    handle(SIGPIPE, on_pipe);
    client = client_of(argv[1]);
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "a timer");
    CHECK(timer_settime(timer, 0, &each_ms, NULL) == 0, "a running timer");
    for (i = 2; i < argc; i++)
        EXPECT(flexcancel_client_cancel(client, argv[i], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
               FLEXCANCEL_CODE_OK);
    flexcancel_client_free(client);
    CHECK(ticks > 10, "only %d signals came", (int)ticks);
    CHECK(pipes == 0, "%d times SIGPIPE", (int)pipes);
    CHECK(sigaction(SIGPIPE, NULL, &kept) == 0 && kept.sa_handler == on_pipe,
          "the host's handler is where it was");
    return 0;
}
