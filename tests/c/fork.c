/*
 * A forked child: opens its own connection, and leaves the parent's alone.
 *
 *     fork BASE_URL SESSION_ID SESSION_ID SESSION_ID
 *
 * The parent cancels the first, the child the second, and the parent the third.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <sys/wait.h>

int main(int argc, char **argv) {
    flexcancel_client *client;
    pid_t child;
    int status = -1;
    CHECK(argc == 5, "a base URL and three sessions");
    give_up_after(60);
    client = client_of(argv[1]);
    EXPECT(flexcancel_client_cancel(client, argv[2], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    child = fork();
    CHECK(child >= 0, "a child");
    if (child == 0) {
        EXPECT(flexcancel_client_cancel(client, argv[3], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
               FLEXCANCEL_CODE_OK);
        flexcancel_client_free(client);
        return 0;
    }
    CHECK(waitpid(child, &status, 0) == child, "the child ends");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child canceled its session");
    EXPECT(flexcancel_client_cancel(client, argv[4], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    flexcancel_client_free(client);
    return 0;
}
