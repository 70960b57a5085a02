/*
 * A till's void button. A thread of its own cancels the session, so the screen stays responsive
 * and the cashier can stop waiting at any time.
 *
 *     void_button SESSION_ID
 *
 * Keys: v void, a stop waiting, q quit. On a terminal they act at once, elsewhere as they are read.
 * Environment: FLEX_API_KEY (required), FLEX_BASE_URL (Flex itself, if it is not set).
 *
 * Prints lines for the cashier on stdout, and a line for the log on stderr after each call. On a
 * terminal a line with the time that the call has taken is shown meanwhile.
 * Exit code: what was said last: 0 voided, 1 too late, 2 not voided, 3 pending; 4 nothing was
 * tried, 64 wrong usage or configuration, 70 the system refused a pipe.
 */
#define _POSIX_C_SOURCE 200809L

#include <flexcancel.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { VOIDED = 0, TOO_LATE = 1, NOT_VOIDED = 2, PENDING = 3, NOT_TRIED = 4 };
enum { WRONG_USAGE = 64, NO_MEANS = 70 };
/* How often the screen shows the time, in milliseconds. */
enum { REDRAW_MS = 200 };
static const char KEYS[] = "v: void, a: stop waiting, q: quit";

/* The calls, one at a time. The worker writes `result` before it writes to the pipe, and the screen
 * reads it after it has joined the worker. */
struct calls {
    flexcancel_client *client;
    const char *session_id;
    flexcancel_result *last; /* of the call before, or NULL */
    flexcancel_abort *abort;
    flexcancel_result *result;
    int ended[2]; /* a pipe: the worker writes one byte at its end */
    pthread_t worker;
    struct timespec started;
    int is_running;
};

/* After "pending" and "not voided" the same cancel is repeated. Without `repeat` it would be a new
 * one, which does not know of the first. If there is nothing to repeat, `repeat` is NULL. */
static void *work(void *argument) {
    struct calls *calls = argument;
    const char byte = '.';
    const char *const repeat = flexcancel_result_repeat(calls->last);
    calls->result =
        flexcancel_client_cancel(calls->client, calls->session_id, repeat, calls->abort);
    while (write(calls->ended[1], &byte, 1) < 0 && errno == EINTR) {
    }
    return NULL;
}

/* Starts the call; returns 0 if there is no thread for it, and nothing is sent then. */
static int start(struct calls *calls) {
    calls->abort = flexcancel_abort_new();
    clock_gettime(CLOCK_MONOTONIC, &calls->started);
    calls->is_running = pthread_create(&calls->worker, NULL, work, calls) == 0;
    if (!calls->is_running) {
        flexcancel_abort_free(calls->abort);
        return 0;
    }
    printf("VOIDING %s (a: stop waiting)\n", calls->session_id);
    return 1;
}

/* Only the two outcomes that prove it may be called "voided". Whatever this program does not
 * know, of a newer library say, is "pending". */
static int tell_cashier(int32_t outcome) {
    switch (outcome) {
    case FLEXCANCEL_OUTCOME_CANCELED:
    case FLEXCANCEL_OUTCOME_ALREADY_CANCELED:
        puts("VOIDED: Flex has canceled the authorization; the bank may show it for some days.");
        return VOIDED;
    case FLEXCANCEL_OUTCOME_NOT_CANCELABLE:
        puts("TOO LATE TO VOID: check whether money was taken before refunding.");
        return TOO_LATE;
    case FLEXCANCEL_OUTCOME_NOT_APPLIED:
        puts("NOT VOIDED: this changed nothing; the log says why. (v: try again)");
        return NOT_VOIDED;
    default:
        puts("VOID PENDING: promise the shopper nothing yet. (v: ask again)");
        return PENDING;
    }
}

/* A line for the log. Not the result's JSON: the session in it names the shopper. */
static void log_result(const flexcancel_result *result) {
    const char *outcome = flexcancel_outcome_name(flexcancel_result_outcome(result));
    const char *code = flexcancel_code_name(flexcancel_result_code(result));
    const char *session_id = flexcancel_result_session_id(result);
    const char *key = flexcancel_result_idempotency_key(result);
    fprintf(stderr, "void_button: %s/%s: %s session: %s; idempotency key: %s\n",
            outcome != NULL ? outcome : "unknown outcome", code != NULL ? code : "unknown code",
            flexcancel_result_message(result), session_id != NULL ? session_id : "none",
            key != NULL ? key : "none");
}

/* Ends a call whose worker has written its byte, or will. */
static int end(struct calls *calls) {
    char byte;
    pthread_join(calls->worker, NULL);
    while (read(calls->ended[0], &byte, 1) < 0 && errno == EINTR) {
    }
    calls->is_running = 0;
    flexcancel_abort_free(calls->abort);
    flexcancel_result_free(calls->last);
    calls->last = calls->result;
    log_result(calls->last);
    return tell_cashier(flexcancel_result_outcome(calls->last));
}

static void show_time(const struct calls *calls) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("\r%.1f s \r", (double)(now.tv_sec - calls->started.tv_sec) +
                            (double)(now.tv_nsec - calls->started.tv_nsec) / 1e9);
}

/* The screen: waits for a key or for the end of the call, whichever comes first. */
static int run(struct calls *calls, int is_terminal) {
    struct pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {calls->ended[0], POLLIN, 0}};
    int said = NOT_TRIED;
    char key = '?';
    for (;;) {
        const int is_shown = calls->is_running && is_terminal;
        fflush(stdout);
        if (poll(waits, 2, is_shown ? REDRAW_MS : -1) < 0) {
            if (errno == EINTR)
                continue;
            key = 'q';
        } else if (calls->is_running && waits[1].revents != 0) {
            said = end(calls);
            continue;
        } else if (waits[0].revents == 0) {
            show_time(calls);
            continue;
        } else if (read(STDIN_FILENO, &key, 1) != 1) {
            key = 'q'; /* nobody is there any more */
        }
        if (key == 'v' && !calls->is_running && !start(calls)) {
            puts("NOT VOIDED: the till has no thread; nothing was sent.");
            said = said == NOT_TRIED ? NOT_VOIDED : said;
        } else if (key == 'a' && calls->is_running) {
            flexcancel_abort_trigger(calls->abort);
        } else if (key == '?') {
            puts(KEYS);
        } else if (key == 'q') {
            if (calls->is_running) {
                flexcancel_abort_trigger(calls->abort);
                said = end(calls);
            }
            return said;
        }
    }
}

static flexcancel_client *make_client(void) {
    const char *const url = getenv("FLEX_BASE_URL");
    char config[2200] = "{\"api_key_env\":\"FLEX_API_KEY\"}";
    flexcancel_result *error = NULL;
    flexcancel_client *client;
    if (url == NULL) {
        fputs("FLEX_BASE_URL is not set: this calls Flex itself.\n", stderr);
    } else if (*url == '\0' || strlen(url) > 2048 || strpbrk(url, "\"\\\n") != NULL) {
        fputs("void_button: FLEX_BASE_URL: expected https://HOST[:PORT][/PATH]\n", stderr);
        return NULL;
    } else {
        snprintf(config, sizeof config, "{\"api_key_env\":\"FLEX_API_KEY\",\"base_url\":\"%s\"}",
                 url);
    }
    client = flexcancel_client_new(config, &error);
    if (client == NULL)
        fprintf(stderr, "void_button: %s\n", flexcancel_result_message(error));
    flexcancel_result_free(error);
    return client;
}

int main(int argc, char **argv) {
    struct calls calls = {0};
    struct termios before, at_once;
    const int is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    int said = NO_MEANS;
    if (argc != 2 || getenv("FLEX_API_KEY") == NULL) {
        fputs("usage: FLEX_API_KEY=... void_button SESSION_ID\n", stderr);
        return WRONG_USAGE;
    }
    calls.session_id = argv[1];
    calls.client = make_client();
    if (calls.client == NULL)
        return WRONG_USAGE;
    if (pipe(calls.ended) != 0) {
        perror("void_button: pipe");
        flexcancel_client_free(calls.client);
        return NO_MEANS;
    }
    if (is_terminal) {
        at_once = before;
        at_once.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &at_once);
    }
    puts(KEYS);
    said = run(&calls, is_terminal);
    if (is_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    close(calls.ended[0]);
    close(calls.ended[1]);
    flexcancel_result_free(calls.last);
    flexcancel_client_free(calls.client);
    return said;
}
