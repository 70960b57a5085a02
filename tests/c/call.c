/*
 * One cancel with any configuration; prints the result.
 *
 *     call CONFIG_JSON SESSION_ID
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

int main(int argc, char **argv) {
    flexcancel_result *result = NULL;
    flexcancel_client *client;
    CHECK(argc == 3, "a configuration and a session");
    give_up_after(60);
    client = flexcancel_client_new(argv[1], &result);
    if (client != NULL)
        result = flexcancel_client_cancel(client, argv[2], NULL, NULL);
    puts(flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
    flexcancel_client_free(client);
    return 0;
}
