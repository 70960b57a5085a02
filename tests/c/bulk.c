/*
 * Many cancels in one call, from C.
 *
 *     bulk BASE_URL rules ID...                the rules of the two callbacks and of the arguments
 *     bulk BASE_URL run JOURNAL THREADS ID...  a run with a journal; prints NUMBER OUTCOME for each
 */
#include "check.h"

#include <stdint.h>

struct input {
    char **ids;
    int count, taken, told;
    const char *options_json;   /* for each session */
    int ends_early_at;          /* next gives -1 here */
    int leaves_at;              /* done gives 1 here */
    flexcancel_abort *abort;    /* triggered by done at leaves_at, in place of leaving */
    flexcancel_client *client;  /* done makes a call of its own */
    int prints;
    uint64_t last_number;
    int32_t last_outcome, last_code;
};

static int32_t next(void *user_data, const char **session_id, const char **options_json) {
    struct input *input = user_data;
    CHECK(*options_json == NULL, "no options unless they are given");
    if (input->taken == input->ends_early_at)
        return -1;
    if (input->taken == input->count)
        return 0;
    *session_id = input->ids[input->taken++];
    *options_json = input->options_json;
    return 1;
}

static int32_t done(void *user_data, uint64_t number, const flexcancel_result *result) {
    struct input *input = user_data;
    CHECK(strstr(flexcancel_result_json(result, NULL), KEY) == NULL, "no key");
    CHECK(strstr(flexcancel_result_json(result, NULL), "\"item\":{\"number\":") != NULL, "its item");
    input->last_number = number;
    input->last_outcome = flexcancel_result_outcome(result);
    input->last_code = flexcancel_result_code(result);
    if (input->prints) {
        printf("%lu %s\n", (unsigned long)number, flexcancel_outcome_name(input->last_outcome));
        fflush(stdout);
    }
    if (input->client != NULL) {
        flexcancel_result *own =
            flexcancel_client_retrieve(input->client, input->ids[number], NULL, NULL);
        CHECK(flexcancel_result_code(own) == FLEXCANCEL_CODE_OK, "%s",
              flexcancel_result_json(own, NULL));
        flexcancel_result_free(own);
    }
    if (++input->told != input->leaves_at)
        return 0;
    if (input->abort == NULL)
        return 1;
    flexcancel_abort_trigger(input->abort);
    return 0;
}

/* Takes the result, which must have this code. */
static void expect_code(flexcancel_result *result, int32_t code, const char *what) {
    CHECK(flexcancel_result_code(result) == code, "%s: %s", what,
          flexcancel_result_json(result, NULL));
    CHECK(flexcancel_result_outcome(result) == FLEXCANCEL_OUTCOME_UNKNOWN, "it has no outcome");
    CHECK(strstr(flexcancel_result_json(result, NULL), "\"bulk\":{") != NULL, "%s: the counts", what);
    flexcancel_result_free(result);
}

static struct input input_of(char **ids, int count) {
    struct input input = {0};
    input.ids = ids, input.count = count;
    input.ends_early_at = input.leaves_at = -1;
    return input;
}

static void rules(flexcancel_client *client, char **ids, int count) {
    flexcancel_abort *abort = flexcancel_abort_new();
    struct input input = input_of(ids, count);
    char *odd[3];

    expect_code(flexcancel_client_cancel_many(NULL, NULL, next, done, &input, NULL),
                FLEXCANCEL_CODE_INVALID_HANDLE, "no client");
    expect_code(flexcancel_client_cancel_many(client, NULL, NULL, done, &input, NULL),
                FLEXCANCEL_CODE_INVALID_ARGUMENT, "no next");
    expect_code(flexcancel_client_cancel_many(client, NULL, next, NULL, &input, NULL),
                FLEXCANCEL_CODE_INVALID_ARGUMENT, "no done");
    expect_code(flexcancel_client_cancel_many(client, "{\"threads\":3}", next, done, &input, NULL),
                FLEXCANCEL_CODE_INVALID_ARGUMENT, "an unknown option");
    expect_code(flexcancel_client_cancel_many(client, "\xff", next, done, &input, NULL),
                FLEXCANCEL_CODE_INVALID_ARGUMENT, "no UTF-8");
    expect_code(flexcancel_client_cancel_many(client, NULL, next, done, &input,
                                              (flexcancel_abort *)client),
                FLEXCANCEL_CODE_INVALID_HANDLE, "another handle in the abort's place");
    CHECK(input.taken == 0 && input.told == 0, "nothing was asked for");

    expect_code(flexcancel_client_cancel_many(client, NULL, next, done, &input, NULL),
                FLEXCANCEL_CODE_OK, "an empty input");

    /* Strings that are no session, and options that are none. */
    odd[0] = NULL, odd[1] = "no id", odd[2] = KEY;
    input = input_of(odd, 3);
    expect_code(flexcancel_client_cancel_many(client, NULL, next, done, &input, NULL),
                FLEXCANCEL_CODE_OK, "odd sessions");
    CHECK(input.told == 3 && input.last_number == 2, "each was told");
    CHECK(input.last_code == FLEXCANCEL_CODE_INVALID_SESSION_ID, "why");
    input = input_of(ids, count > 0 ? 1 : 0);
    input.options_json = "{\"timeout\":1}";
    expect_code(flexcancel_client_cancel_many(client, NULL, next, done, &input, NULL),
                FLEXCANCEL_CODE_OK, "odd options");
    CHECK(count == 0 || input.last_code == FLEXCANCEL_CODE_INVALID_ARGUMENT, "why");

    /* Each of the ways to end a run early. */
    input = input_of(ids, count);
    input.ends_early_at = 5;
    expect_code(flexcancel_client_cancel_many(client, "{\"concurrency\":2}", next, done, &input, NULL),
                FLEXCANCEL_CODE_ABORTED, "next ends it");
    CHECK(input.taken == 5 && input.told <= 5, "%d told of %d taken", input.told, input.taken);
    input = input_of(ids, count);
    input.leaves_at = 3;
    expect_code(flexcancel_client_cancel_many(client, NULL, next, done, &input, NULL),
                FLEXCANCEL_CODE_ABORTED, "done ends it");
    CHECK(input.told == 3, "%d told", input.told);
    input = input_of(ids, count);
    input.leaves_at = 4, input.abort = abort;
    expect_code(flexcancel_client_cancel_many(client, NULL, next, done, &input, abort),
                FLEXCANCEL_CODE_ABORTED, "the abort ends it");
    CHECK(input.told == input.taken, "each that was taken is told: %d of %d", input.told, input.taken);
    flexcancel_abort_free(abort);

    /* The library may be called from a callback. */
    input = input_of(ids, count);
    input.client = client;
    expect_code(flexcancel_client_cancel_many(client, "{\"concurrency\":3}", next, done, &input, NULL),
                FLEXCANCEL_CODE_OK, "calls within the callback");
    CHECK(input.told == count, "%d told of %d", input.told, count);
    CHECK(count == 0 || input.last_outcome == FLEXCANCEL_OUTCOME_CANCELED ||
              input.last_outcome == FLEXCANCEL_OUTCOME_ALREADY_CANCELED,
          "voided");
}

int main(int argc, char **argv) {
    flexcancel_client *client;
    give_up_after(300);
    CHECK(argc > 2, "usage: bulk BASE_URL rules|run ...");
    client = client_of(argv[1]);
    if (strcmp(argv[2], "rules") == 0) {
        rules(client, argv + 3, argc - 3);
    } else {
        char options[4096];
        struct input input = input_of(argv + 5, argc - 5);
        flexcancel_result *summary;
        input.prints = 1;
        snprintf(options, sizeof options,
                 "{\"journal\":\"%s\",\"concurrency\":%s,\"timeout_ms\":400}", argv[3], argv[4]);
        summary = flexcancel_client_cancel_many(client, options, next, done, &input, NULL);
        printf("%s\n", flexcancel_result_json(summary, NULL));
        CHECK(flexcancel_result_code(summary) == FLEXCANCEL_CODE_OK, "%s",
              flexcancel_result_json(summary, NULL));
        flexcancel_result_free(summary);
    }
    flexcancel_client_free(client);
    return 0;
}
