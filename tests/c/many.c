/*
 * Many calls of every kind on one client: the memory in use at the end is that after the first.
 *
 *     many BASE_URL HELD_SESSION_ID CANCELED_SESSION_ID
 *
 * Prints the bytes in use after a tenth of the calls, and after all of them.
 */
#include "check.h"

#include <malloc.h>

static void four_calls(flexcancel_client *client, const char *held, const char *canceled) {
    flexcancel_abort *abort_handle = flexcancel_abort_new();
    flexcancel_result *error = NULL;
    EXPECT(flexcancel_client_retrieve(client, held, NULL, abort_handle),
           FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_OK);
    EXPECT(flexcancel_client_cancel(client, canceled, "{\"idempotency_key\":\"again\"}", NULL),
           FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    flexcancel_abort_trigger(abort_handle);
    EXPECT(flexcancel_client_cancel(client, held, NULL, abort_handle),
           FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_ABORTED);
    EXPECT(flexcancel_client_cancel(client, "?", NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_SESSION_ID);
    CHECK(flexcancel_client_new("{}", &error) == NULL, "no key, no client");
    flexcancel_result_free(error);
    flexcancel_abort_free(abort_handle);
}

int main(int argc, char **argv) {
    const unsigned long rounds = count_or(100000) / 4;
    flexcancel_client *client;
    unsigned long round;
    size_t first = 0;
    CHECK(argc == 4, "usage: many BASE_URL HELD_SESSION_ID CANCELED_SESSION_ID");
    give_up_after(600);
    client = client_of(argv[1]);
    for (round = 0; round < rounds; round++) {
        if (round == rounds / 10)
            first = mallinfo2().uordblks;
        four_calls(client, argv[2], argv[3]);
    }
    printf("%lu %lu\n", (unsigned long)first, (unsigned long)mallinfo2().uordblks);
    flexcancel_client_free(client);
    return 0;
}
