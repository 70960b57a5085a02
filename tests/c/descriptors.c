/*
 * A host without a free descriptor: nothing is sent, and with one it works again.
 *
 *     descriptors BASE_URL SESSION_ID
 */
#define _XOPEN_SOURCE 700
#include "check.h"

#include <fcntl.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
    struct rlimit few;
    flexcancel_client *client;
    int taken[64];
    int count = 0;
    CHECK(argc == 3, "a base URL and a session");
    give_up_after(60);
    client = client_of(argv[1]);
    CHECK(getrlimit(RLIMIT_NOFILE, &few) == 0, "the limit");
    few.rlim_cur = 32;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0, "a lower limit");
    while (count < 64 && (taken[count] = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    CHECK(count > 0 && count < 64, "%d descriptors", count);
    EXPECT(flexcancel_client_cancel(client, argv[2], "{\"timeout_ms\":300}", NULL),
           FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_CONNECT);
    while (count > 0)
        close(taken[--count]);
    EXPECT(flexcancel_client_cancel(client, argv[2], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    flexcancel_client_free(client);
    return 0;
}
