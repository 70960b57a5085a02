/*
 * A till without a JSON parser: prints what each accessor says of a cancel, and the JSON last.
 *
 *     result BASE_URL SESSION_ID
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

typedef const char *(FLEXCANCEL_CALL *accessor)(const flexcancel_result *);

static const struct {
    const char *name;
    accessor get;
} texts[] = {
    {"message", flexcancel_result_message},
    {"advice", flexcancel_result_advice},
    {"session_id", flexcancel_result_session_id},
    {"idempotency_key", flexcancel_result_idempotency_key},
    {"repeat", flexcancel_result_repeat},
    {"checkout_session", flexcancel_result_checkout_session},
};
#define TEXTS (sizeof texts / sizeof *texts)

static const char *json_of(const flexcancel_result *result) {
    return flexcancel_result_json(result, NULL);
}

/* Every text at once, for the first time: the address of each. */
static void *read_all(void *result) {
    const char **found = malloc((TEXTS + 1) * sizeof *found);
    size_t i;
    CHECK(found != NULL, "memory for the test");
    for (i = 0; i < TEXTS; i++)
        found[i] = texts[i].get(result);
    found[TEXTS] = json_of(result);
    return found;
}

static void given_no_result(const flexcancel_result *none) {
    size_t i;
    for (i = 0; i < TEXTS; i++)
        CHECK(texts[i].get(none) == NULL, "the %s of no result", texts[i].name);
    CHECK(flexcancel_result_hold(none) == FLEXCANCEL_HOLD_UNKNOWN, "the hold of no result");
    CHECK(flexcancel_result_outcome(none) == FLEXCANCEL_OUTCOME_UNKNOWN, "the same");
    CHECK(flexcancel_result_code(none) == FLEXCANCEL_CODE_INVALID_HANDLE, "the same");
}

int main(int argc, char **argv) {
    flexcancel_client *client;
    flexcancel_result *result;
    pthread_t threads[4];
    void *found[4];
    size_t i;
    CHECK(argc == 3, "usage: result BASE_URL SESSION_ID");
    give_up_after(60);
    client = client_of(argv[1]);
    result = flexcancel_client_cancel(client, argv[2], NULL, NULL);
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, read_all, result) == 0, "a thread");
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], &found[i]) == 0, "a thread");
    for (i = 0; i < 4; i++) {
        CHECK(memcmp(found[i], found[0], (TEXTS + 1) * sizeof(char *)) == 0, "one text each");
        if (i > 0)
            free(found[i]);
    }
    free(found[0]);
    flexcancel_client_free(client);
    printf("outcome %s\n", flexcancel_outcome_name(flexcancel_result_outcome(result)));
    printf("code %s\n", flexcancel_code_name(flexcancel_result_code(result)));
    printf("hold %s\n", flexcancel_hold_name(flexcancel_result_hold(result)));
    for (i = 0; i < TEXTS; i++) {
        const char *text = texts[i].get(result);
        if (text != NULL)
            printf("%s %s\n", texts[i].name, text);
    }
    puts(json_of(result));
    given_no_result(NULL);
    given_no_result((flexcancel_result *)(void *)argv);
    flexcancel_result_free(result);
    given_no_result(result);
    return 0;
}
