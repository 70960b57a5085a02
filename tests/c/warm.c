/*
 * Two cancels, each between marks on standard error: what the second does is counted.
 *
 *     warm BASE_URL SESSION_ID SESSION_ID
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void mark(const char *text) {
    CHECK(write(STDERR_FILENO, text, strlen(text)) == (ssize_t)strlen(text), "a mark");
}

int main(int argc, char **argv) {
    flexcancel_client *client;
    flexcancel_result *result;
    CHECK(argc == 4, "a base URL and two sessions");
    client = client_of(argv[1]);
    EXPECT(flexcancel_client_cancel(client, argv[2], NULL, NULL), FLEXCANCEL_OUTCOME_CANCELED,
           FLEXCANCEL_CODE_OK);
    mark("[the second begins]");
    result = flexcancel_client_cancel(client, argv[3], NULL, NULL);
    mark("[the second ends]");
    EXPECT(result, FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    flexcancel_client_free(client);
    return 0;
}
