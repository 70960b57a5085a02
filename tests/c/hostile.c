/*
 * A host that gets every handle wrong: whatever it passes, it gets a response, and nothing else
 * is harmed.
 *
 *     hostile BASE_URL SESSION_ID
 *
 * Of all calls here only the very last reaches the server; the test looks at that too.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

#define THREADS 4

static const char *base_url;

/* What every function must leave as it is. */
static flexcancel_client *client;
static flexcancel_abort *abort_handle;
static flexcancel_result *result;
static const char *result_text;

static int32_t code_of(const flexcancel_result *bad) {
    return flexcancel_result_code(bad);
}

static void expect_bad_call(flexcancel_result *given, const char *what, uintptr_t value) {
    CHECK(given != NULL, "%s of %#lx", what, (unsigned long)value);
    CHECK(flexcancel_result_outcome(given) == FLEXCANCEL_OUTCOME_NOT_APPLIED, "%s of %#lx: %s",
          what, (unsigned long)value, flexcancel_result_json(given, NULL));
    CHECK(code_of(given) == FLEXCANCEL_CODE_INVALID_HANDLE, "%s of %#lx: %s", what,
          (unsigned long)value, flexcancel_result_json(given, NULL));
    flexcancel_result_free(given);
}

/* Never called: no client has it. */
static void never(void *user_data, int32_t level, const char *event_json, size_t len) {
    (void)user_data, (void)level, (void)len;
    CHECK(0, "a callback was called: %s", event_json);
}

static void give_to_result_functions(uintptr_t value) {
    flexcancel_result *bad = (flexcancel_result *)value;
    size_t len = 0;
    const char *json = flexcancel_result_json(bad, &len);
    CHECK(flexcancel_result_outcome(bad) == FLEXCANCEL_OUTCOME_UNKNOWN, "outcome of %#lx",
          (unsigned long)value);
    CHECK(code_of(bad) == FLEXCANCEL_CODE_INVALID_HANDLE, "code of %#lx", (unsigned long)value);
    CHECK(json == flexcancel_result_json(NULL, NULL), "the JSON of %#lx is the static text",
          (unsigned long)value);
    CHECK(len == strlen(json), "the JSON of %#lx has its length", (unsigned long)value);
    flexcancel_result_free(bad);
}

static void give_to_abort_functions(uintptr_t value) {
    flexcancel_abort *bad = (flexcancel_abort *)value;
    flexcancel_abort_trigger(bad);
    flexcancel_abort_free(bad);
    if (value != 0) {
        expect_bad_call(flexcancel_client_cancel(client, "s", NULL, bad),
                        "cancel with abort", value);
        expect_bad_call(flexcancel_client_retrieve(client, "s", NULL, bad),
                        "retrieve with abort", value);
    }
}

static void give_to_client_functions(uintptr_t value) {
    flexcancel_client *bad = (flexcancel_client *)value;
    CHECK(flexcancel_client_set_log(bad, never, NULL) == FLEXCANCEL_CODE_INVALID_HANDLE,
          "set_log of %#lx", (unsigned long)value);
    expect_bad_call(flexcancel_client_cancel(bad, "s", NULL, NULL), "cancel with client", value);
    expect_bad_call(flexcancel_client_retrieve(bad, "s", NULL, NULL),
                    "retrieve with client", value);
    flexcancel_client_free(bad);
}

static void give_to_all(uintptr_t value) {
    give_to_result_functions(value);
    give_to_abort_functions(value);
    give_to_client_functions(value);
}

static void make_live(void) {
    client = client_of(base_url);
    abort_handle = flexcancel_abort_new();
    CHECK(abort_handle != NULL, "an abort is made");
    result = flexcancel_client_cancel(client, "not an id", NULL, NULL);
    result_text = flexcancel_result_json(result, NULL);
}

/* Proves that the live objects are what they were, without a word to the server. */
static void prove_live(const char *after) {
    size_t len = 0;
    CHECK(code_of(result) == FLEXCANCEL_CODE_INVALID_SESSION_ID, "the result lives after %s",
          after);
    CHECK(flexcancel_result_json(result, &len) == result_text, "its text stays after %s", after);
    CHECK(strlen(result_text) == len, "its text is whole after %s", after);
    CHECK(flexcancel_client_set_log(client, NULL, NULL) == FLEXCANCEL_CODE_OK,
          "the client lives after %s", after);
    /* The handles are checked before the id: this one shows that the abort is alive too. */
    EXPECT(flexcancel_client_cancel(client, "not an id", NULL, abort_handle),
           FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_INVALID_SESSION_ID);
}

static void given_null_everywhere(void) {
    flexcancel_result *error = (flexcancel_result *)(uintptr_t)1;
    give_to_all(0);
    expect_bad_call(flexcancel_client_cancel(NULL, NULL, NULL, NULL), "cancel", 0);
    expect_bad_call(flexcancel_client_retrieve(NULL, NULL, NULL, NULL), "retrieve", 0);
    EXPECT(flexcancel_client_cancel(client, NULL, NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_SESSION_ID);
    EXPECT(flexcancel_client_retrieve(client, NULL, NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_SESSION_ID);
    CHECK(flexcancel_client_new(NULL, NULL) == NULL, "no configuration, no client");
    CHECK(flexcancel_client_new(NULL, &error) == NULL, "no configuration, no client");
    EXPECT(error, FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_INVALID_CONFIG);
    CHECK(flexcancel_client_set_log(NULL, NULL, NULL) == FLEXCANCEL_CODE_INVALID_HANDLE,
          "no client, no log");
    prove_live("NULL everywhere");
}

static void given_garbage(void) {
    static int a_real_pointer;
    const uintptr_t garbage[] = {
        1, 2, 3, 5, 7, UINTPTR_MAX, UINTPTR_MAX - 1, UINTPTR_MAX / 2, (uintptr_t)&a_real_pointer,
        (uintptr_t)result_text, (uintptr_t)&client, (uintptr_t)INTPTR_MIN,
    };
    size_t i;
    for (i = 0; i < sizeof garbage / sizeof *garbage; i++)
        give_to_all(garbage[i]);
    prove_live("garbage");
}

static void given_the_wrong_type(void) {
    give_to_result_functions((uintptr_t)client);
    give_to_result_functions((uintptr_t)abort_handle);
    give_to_abort_functions((uintptr_t)client);
    give_to_abort_functions((uintptr_t)result);
    give_to_client_functions((uintptr_t)abort_handle);
    give_to_client_functions((uintptr_t)result);
    prove_live("handles of the wrong type");
}

/* Handles that differ from a live one in one or two bits. There is one live object of each type,
 * so none of them may be of use. (Such a one may stand for the library's own placeholder for a
 * result, which is unknown/internal and cannot be freed: so only the outcome is checked.) */
static void given_forged_handles(void) {
    const uintptr_t live[] = {(uintptr_t)client, (uintptr_t)abort_handle, (uintptr_t)result};
    const unsigned bits = sizeof(uintptr_t) * 8;
    size_t i;
    unsigned a, b;
    for (i = 0; i < sizeof live / sizeof *live; i++)
        for (a = 0; a < bits; a++)
            for (b = a; b < bits; b++) {
                uintptr_t forged = live[i] ^ (uintptr_t)1 << a;
                if (b != a)
                    forged ^= (uintptr_t)1 << b;
                if (forged == live[0] || forged == live[1] || forged == live[2])
                    continue;
                CHECK(flexcancel_result_outcome((flexcancel_result *)forged) ==
                          FLEXCANCEL_OUTCOME_UNKNOWN,
                      "bits %u and %u of live handle %lu", a, b, (unsigned long)i);
                CHECK(flexcancel_client_set_log((flexcancel_client *)forged, never, NULL) ==
                          FLEXCANCEL_CODE_INVALID_HANDLE,
                      "bits %u and %u of live handle %lu", a, b, (unsigned long)i);
                flexcancel_abort_trigger((flexcancel_abort *)forged);
                flexcancel_result_free((flexcancel_result *)forged);
                flexcancel_abort_free((flexcancel_abort *)forged);
                flexcancel_client_free((flexcancel_client *)forged);
                CHECK(flexcancel_client_set_log(client, NULL, NULL) == FLEXCANCEL_CODE_OK,
                      "the client lives after bits %u and %u of live handle %lu", a, b,
                      (unsigned long)i);
            }
    prove_live("forged handles");
}

static void given_freed_handles(void) {
    flexcancel_client *old_client = client_of(base_url);
    flexcancel_abort *old_abort = flexcancel_abort_new();
    flexcancel_result *old_result = flexcancel_client_cancel(NULL, NULL, NULL, NULL);
    int i;
    flexcancel_client_free(old_client);
    flexcancel_abort_free(old_abort);
    flexcancel_result_free(old_result);
    /* Each round frees them once more, while others come and go in their slots. */
    for (i = 0; i < 100; i++) {
        flexcancel_abort *others[3];
        int j;
        give_to_all((uintptr_t)old_client);
        give_to_all((uintptr_t)old_abort);
        give_to_all((uintptr_t)old_result);
        for (j = 0; j < 3; j++)
            others[j] = flexcancel_abort_new();
        for (j = 0; j < 3; j++)
            flexcancel_abort_free(others[j]);
    }
    prove_live("freed handles");
}

struct share {
    uint64_t seed;
    unsigned long count;
};

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One thread's share of the random handles. To make and free a result is what takes long here,
 * so each value is given to cancel as one of its handles and to retrieve as the other. */
static void *give_random_handles(void *share) {
    const struct share *mine = share;
    uint64_t state = mine->seed;
    unsigned long i;
    for (i = 0; i < mine->count; i++) {
        /* A failure shows the value, and the sequence is the same each time. */
        const uintptr_t value = (uintptr_t)next_random(&state);
        flexcancel_client *bad = (flexcancel_client *)value;
        flexcancel_abort *bad_abort = (flexcancel_abort *)value;
        give_to_result_functions(value);
        flexcancel_abort_trigger(bad_abort);
        flexcancel_abort_free(bad_abort);
        CHECK(flexcancel_client_set_log(bad, never, NULL) == FLEXCANCEL_CODE_INVALID_HANDLE,
              "set_log of %#lx", (unsigned long)value);
        flexcancel_client_free(bad);
        if (i % 2 == 0) {
            expect_bad_call(flexcancel_client_cancel(bad, "s", NULL, NULL), "cancel", value);
            expect_bad_call(flexcancel_client_retrieve(client, "s", NULL, bad_abort),
                            "retrieve", value);
        } else {
            expect_bad_call(flexcancel_client_retrieve(bad, "s", NULL, NULL), "retrieve", value);
            expect_bad_call(flexcancel_client_cancel(client, "s", NULL, bad_abort),
                            "cancel", value);
        }
    }
    return NULL;
}

static void given_random_handles(unsigned long count) {
    struct share shares[THREADS];
    pthread_t threads[THREADS];
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    int i;
    for (i = 0; i < THREADS; i++) {
        shares[i].seed = next_random(&seed);
        shares[i].count = (count + THREADS - 1) / THREADS;
        CHECK(pthread_create(&threads[i], NULL, give_random_handles, &shares[i]) == 0, "a thread");
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    prove_live("random handles");
}

int main(int argc, char **argv) {
    CHECK(argc == 3, "usage: hostile BASE_URL SESSION_ID");
    give_up_after(300);
    base_url = argv[1];
    make_live();
    prove_live("they were made");

    given_null_everywhere();
    given_garbage();
    given_the_wrong_type();
    given_forged_handles();
    given_freed_handles();
    given_random_handles(count_or(1000000));

    prove_live("all of it");
    EXPECT(flexcancel_client_cancel(client, argv[2], NULL, abort_handle),
           FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    flexcancel_abort_trigger(abort_handle);
    EXPECT(flexcancel_client_cancel(client, argv[2], NULL, abort_handle),
           FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_ABORTED);
    flexcancel_result_free(result);
    flexcancel_abort_free(abort_handle);
    flexcancel_client_free(client);
    return 0;
}
