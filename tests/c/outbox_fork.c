/*
 * A till that forks with its outbox open: both sides go on with it.
 *
 *     outbox_fork BASE_URL FILE SESSION SESSION SESSION
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <sys/wait.h>

static void keep(flexcancel_outbox *outbox, const char *id) {
    EXPECT(flexcancel_outbox_enqueue(outbox, id, NULL), FLEXCANCEL_OUTCOME_UNKNOWN,
           FLEXCANCEL_CODE_OK);
}

int main(int argc, char **argv) {
    char options[4096];
    flexcancel_client *client;
    flexcancel_outbox *outbox;
    int status;
    pid_t child;
    CHECK(argc == 6, "a base URL, a file, three sessions");
    give_up_after(60);
    client = client_of(argv[1]);
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", argv[2]);
    outbox = flexcancel_outbox_open(client, options, NULL);
    CHECK(outbox != NULL, "%s", argv[2]);
    keep(outbox, argv[3]);
    child = fork();
    CHECK(child >= 0, "a child");
    if (child == 0) {
        keep(outbox, argv[4]);
        flexcancel_outbox_free(outbox);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the child's status %d", status);
    keep(outbox, argv[5]);
    flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}
