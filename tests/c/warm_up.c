/*
 * A client that is warmed up, in the parent and again in a forked child: each cancels on the
 * connection that it opened ahead of time.
 *
 *     warm_up BASE_URL SESSION_ID SESSION_ID
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <sys/wait.h>

static void warm(flexcancel_client *client) {
    EXPECT(flexcancel_client_warm_up(client, "{\"timeout_ms\":30000}", NULL),
           FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_OK);
}

static void refused(void) {
    flexcancel_abort *abort = flexcancel_abort_new();
    EXPECT(flexcancel_client_warm_up(NULL, NULL, NULL), FLEXCANCEL_OUTCOME_UNKNOWN,
           FLEXCANCEL_CODE_INVALID_HANDLE);
    EXPECT(flexcancel_client_warm_up((flexcancel_client *)abort, NULL, NULL),
           FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_INVALID_HANDLE);
    flexcancel_abort_free(abort);
}

int main(int argc, char **argv) {
    flexcancel_client *client;
    pid_t child;
    int status = -1;
    CHECK(argc == 4, "a base URL and two sessions");
    give_up_after(60);
    refused();
    client = client_of(argv[1]);
    EXPECT(flexcancel_client_warm_up(client, "{\"expand\":[\"x\"]}", NULL),
           FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_INVALID_ARGUMENT);
    EXPECT(flexcancel_client_warm_up(client, "{", NULL), FLEXCANCEL_OUTCOME_UNKNOWN,
           FLEXCANCEL_CODE_INVALID_ARGUMENT);
    warm(client);
    child = fork();
    CHECK(child >= 0, "a child");
    if (child == 0) {
        warm(client);
        EXPECT(flexcancel_client_cancel(client, argv[2], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
               FLEXCANCEL_CODE_OK);
        flexcancel_client_free(client);
        return 0;
    }
    CHECK(waitpid(child, &status, 0) == child, "the child ends");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child canceled its session");
    EXPECT(flexcancel_client_cancel(client, argv[3], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    flexcancel_client_free(client);
    return 0;
}
