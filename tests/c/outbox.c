/*
 * The outbox through the C ABI: every function, right and wrong.
 *
 *     outbox BASE_URL FILE HELD_SESSION HELD_SESSION CAPTURED_SESSION
 *
 * Leaves the first session delivered by a flush, the second by a cancel, the third refused and
 * acknowledged; and nothing in the worklist.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void has(flexcancel_result *result, const char *part) {
    const char *json = flexcancel_result_json(result, NULL);
    CHECK(strstr(json, part) != NULL, "%s in %s", part, json);
    CHECK(strstr(json, KEY) == NULL, "the API key in %s", json);
}

/* Takes the result. */
static void says(flexcancel_result *result, int32_t outcome, int32_t code, const char *part) {
    has(result, part);
    EXPECT(result, outcome, code);
}

/* The same of an operation that is about no cancel: it has a code only. */
static void status(flexcancel_result *result, int32_t code, const char *part) {
    const char *json = flexcancel_result_json(result, NULL);
    CHECK(strstr(json, "\"hold\"") == NULL, "no hold in %s", json);
    CHECK(strncmp(json, "{\"code\":", 8) == 0, "no outcome in %s", json);
    says(result, FLEXCANCEL_OUTCOME_UNKNOWN, code, part);
}

/* What every function says of a handle that is none. */
static void refuse(flexcancel_outbox *outbox) {
    static const char *empty = "\"outbox\":{\"entry\":null,\"entries\":[],\"counts\":null}";
    const int32_t invalid = FLEXCANCEL_CODE_INVALID_HANDLE;
    /* The file may keep a cancel of the session. */
    says(flexcancel_outbox_cancel(outbox, "fcs_1", NULL, NULL), FLEXCANCEL_OUTCOME_UNKNOWN, invalid,
         empty);
    says(flexcancel_outbox_enqueue(outbox, "fcs_1", NULL), FLEXCANCEL_OUTCOME_UNKNOWN, invalid,
         empty);
    status(flexcancel_outbox_flush(outbox, NULL, NULL), invalid, empty);
    status(flexcancel_outbox_list(outbox, NULL), invalid, empty);
    status(flexcancel_outbox_acknowledge(outbox, 1), invalid, empty);
    status(flexcancel_outbox_withdraw(outbox, 1, "why"), invalid, empty);
    status(flexcancel_outbox_stats(outbox), invalid, empty);
    status(flexcancel_outbox_claim(outbox, NULL), invalid, empty);
    status(flexcancel_outbox_settle(outbox, 1, "{}"), invalid, empty);
    flexcancel_outbox_free(outbox);
}

/* The text of a field of the result's first entry. */
static void field(flexcancel_result *result, const char *name, char *text, size_t size) {
    char key[64];
    const char *found, *end;
    snprintf(key, sizeof key, "\"%s\":\"", name);
    found = strstr(flexcancel_result_json(result, NULL), key);
    CHECK(found != NULL, "%s in %s", key, flexcancel_result_json(result, NULL));
    found += strlen(key);
    end = strchr(found, '"');
    CHECK(end != NULL && (size_t)(end - found) < size, "%s", found);
    memcpy(text, found, (size_t)(end - found));
    text[end - found] = '\0';
}

static flexcancel_result *settle(flexcancel_outbox *outbox, int64_t entry, const char *lease,
                                 const char *key, const char *rest) {
    char settlement[1024];
    snprintf(settlement, sizeof settlement, "{\"lease\":\"%s\",\"idempotency_key\":\"%s\",%s}",
             lease, key, rest);
    return flexcancel_outbox_settle(outbox, entry, settlement);
}

/* Delivery by somebody else, of the only entry that is due. */
static void hand_over(flexcancel_outbox *outbox, flexcancel_outbox *second, int64_t entry) {
    const int32_t ok = FLEXCANCEL_CODE_OK, invalid = FLEXCANCEL_CODE_INVALID_ARGUMENT;
    const char *voided = "\"outcome\":\"canceled\",\"code\":\"ok\",\"message\":\"m\"";
    char lease[64], key[256];
    flexcancel_result *claim;
    status(flexcancel_outbox_claim(outbox, "{\"max\":0}"), invalid, "max: expected");
    status(flexcancel_outbox_claim(outbox, "{\"lease_ms\":999}"), invalid,
           "lease_ms: expected a whole number from 1000 to 86400000, found 999");
    status(flexcancel_outbox_claim(outbox, "{\"now\":true}"), invalid, "lease_ms, max");
    claim = flexcancel_outbox_claim(outbox, "{\"lease_ms\":60000,\"max\":10}");
    field(claim, "lease", lease, sizeof lease);
    field(claim, "idempotency_key", key, sizeof key);
    status(claim, ok, "\"in_doubt\":false");
    status(flexcancel_outbox_claim(second, NULL), ok, "\"entries\":[]");
    status(flexcancel_outbox_flush(second, "{\"now\":true}", NULL), ok, "\"entries\":[]");
    status(flexcancel_outbox_withdraw(second, entry, "why"), FLEXCANCEL_CODE_OUTBOX_BUSY,
           "\"in_delivery\":true");
    status(flexcancel_outbox_settle(outbox, entry, NULL), invalid,
           "settlement_json: expected a string, found NULL");
    status(flexcancel_outbox_settle(outbox, entry, "{}"), invalid, "lease: expected the lease");
    status(settle(outbox, entry, lease, key, "\"outcome\":\"done\",\"code\":\"ok\""), invalid,
           "outcome: expected one of: unknown, canceled");
    status(settle(outbox, entry, lease, key, "\"outcome\":\"unknown\",\"code\":\"0\""), invalid,
           "code: expected the name of a code");
    status(settle(outbox, entry, lease, "other", voided), invalid,
           "idempotency_key: expected the key of entry");
    status(settle(outbox, 99, lease, key, voided), FLEXCANCEL_CODE_OUTBOX_NO_ENTRY, "no entry 99");
    status(settle(second, entry, lease, key,
                  "\"outcome\":\"not_applied\",\"code\":\"rate_limited\",\"retry_after_ms\":9000"),
           ok, "\"state\":\"pending\"");
    status(settle(second, entry, lease, key, voided), ok, "\"state\":\"delivered\"");
    status(settle(outbox, entry, lease, key, voided), ok, "\"state\":\"delivered\"");
    status(settle(outbox, entry, lease, key, "\"outcome\":\"unknown\",\"code\":\"timeout\""),
           FLEXCANCEL_CODE_OUTBOX_FINAL, "\"state\":\"delivered\"");
}

static void refuse_to_open(flexcancel_client *client, const char *options, int32_t code,
                           const char *part) {
    flexcancel_result *error = NULL;
    CHECK(flexcancel_outbox_open(client, options, &error) == NULL, "%s", options);
    says(error, FLEXCANCEL_OUTCOME_UNKNOWN, code, part);
    CHECK(flexcancel_outbox_open(client, options, NULL) == NULL, "%s", options);
}

static flexcancel_outbox *open_at(flexcancel_client *client, const char *file) {
    char options[4096];
    flexcancel_result *error = NULL;
    flexcancel_outbox *outbox;
    snprintf(options, sizeof options, "{\"path\":\"%s\",\"keep_ms\":60000}", file);
    outbox = flexcancel_outbox_open(client, options, &error);
    CHECK(outbox != NULL, "%s", flexcancel_result_json(error, NULL));
    CHECK(error == NULL, "an outbox was opened, and an error besides");
    return outbox;
}

static void wrong_arguments(flexcancel_outbox *outbox, flexcancel_abort *abort) {
    const int32_t not_applied = FLEXCANCEL_OUTCOME_NOT_APPLIED;
    const int32_t unknown = FLEXCANCEL_OUTCOME_UNKNOWN;
    const int32_t invalid = FLEXCANCEL_CODE_INVALID_ARGUMENT;
    flexcancel_abort *stale = (flexcancel_abort *)outbox;
    says(flexcancel_outbox_cancel(outbox, NULL, NULL, NULL), not_applied,
         FLEXCANCEL_CODE_INVALID_SESSION_ID, "session_id: expected a string, found NULL");
    says(flexcancel_outbox_cancel(outbox, "../x", NULL, NULL), not_applied,
         FLEXCANCEL_CODE_INVALID_SESSION_ID, "session_id");
    says(flexcancel_outbox_cancel(outbox, KEY, NULL, NULL), not_applied,
         FLEXCANCEL_CODE_INVALID_SESSION_ID, "found the API key");
    /* The file was not looked at, and may keep a cancel of the session. */
    says(flexcancel_outbox_cancel(outbox, "fcs_1", "{\"deliver_within_ms\":0}", NULL), unknown,
         invalid, "deliver_within_ms: expected a whole number from 1 to 2592000000, found 0");
    says(flexcancel_outbox_cancel(outbox, "fcs_1", "", NULL), unknown, invalid,
         "expected a JSON object");
    says(flexcancel_outbox_cancel(outbox, "fcs_1", NULL, stale), unknown,
         FLEXCANCEL_CODE_INVALID_HANDLE, "abort");
    says(flexcancel_outbox_enqueue(outbox, "fcs_1", "{\"timeout_ms\":1}"), unknown, invalid,
         "timeout_ms: unknown; expected one of: asked_at_ms, "
         "deliver_within_ms, expand, idempotency_key, in_doubt");
    status(flexcancel_outbox_flush(outbox, "{\"max\":0}", abort), invalid, "max");
    status(flexcancel_outbox_flush(outbox, "\xff", abort), invalid, "expected UTF-8");
    status(flexcancel_outbox_list(outbox, "{\"states\":[\"gone\"]}"), invalid,
           "states: expected names of: pending, delivered");
    status(flexcancel_outbox_list(outbox, "{\"acknowledged\":1}"), invalid,
           "acknowledged: expected true or false, found 1");
}

int main(int argc, char **argv) {
    const int32_t unknown = FLEXCANCEL_OUTCOME_UNKNOWN, ok = FLEXCANCEL_CODE_OK;
    flexcancel_client *client;
    flexcancel_outbox *outbox, *second;
    flexcancel_abort *abort = flexcancel_abort_new();
    CHECK(argc == 6, "a base URL, a file, three sessions");
    give_up_after(120);
    client = client_of(argv[1]);
    refuse(NULL);
    refuse((flexcancel_outbox *)client);
    refuse_to_open(client, NULL, FLEXCANCEL_CODE_INVALID_ARGUMENT, "options_json");
    refuse_to_open(client, "{}", FLEXCANCEL_CODE_INVALID_ARGUMENT, "path: expected the path");
    refuse_to_open(client, "{\"path\":\"/nowhere/outbox\"}", FLEXCANCEL_CODE_OUTBOX_IO, "/nowhere");
    refuse_to_open(NULL, "{\"path\":\"/nowhere/outbox\"}", FLEXCANCEL_CODE_INVALID_HANDLE,
                   "client");

    outbox = open_at(client, argv[2]);
    second = open_at(client, argv[2]);
    /* It keeps what it needs of the client. */
    flexcancel_client_free(client);
    wrong_arguments(outbox, abort);
    status(flexcancel_outbox_list(outbox, NULL), ok, "\"entries\":[]");

    says(flexcancel_outbox_enqueue(outbox, argv[3], "{\"idempotency_key\":\"k-1\"}"), unknown, ok,
         "\"state\":\"pending\"");
    says(flexcancel_outbox_enqueue(second, argv[3], NULL), unknown, ok,
         "\"idempotency_key\":\"k-1\"");
    status(flexcancel_outbox_acknowledge(outbox, 1), FLEXCANCEL_CODE_OUTBOX_PENDING,
           "\"acknowledged_ms\":null");
    status(flexcancel_outbox_acknowledge(outbox, -1), FLEXCANCEL_CODE_OUTBOX_NO_ENTRY,
           "no entry -1");
    status(flexcancel_outbox_withdraw(outbox, 1, NULL), FLEXCANCEL_CODE_INVALID_ARGUMENT,
           "reason: expected a string, found NULL");
    status(flexcancel_outbox_withdraw(outbox, 1, ""), FLEXCANCEL_CODE_INVALID_ARGUMENT,
           "reason: expected 1 to 200 bytes");
    status(flexcancel_outbox_withdraw(outbox, -1, "why"), FLEXCANCEL_CODE_OUTBOX_NO_ENTRY,
           "no entry -1");
    says(flexcancel_outbox_cancel(outbox, argv[4], "{\"timeout_ms\":30000}", NULL),
         FLEXCANCEL_OUTCOME_CANCELED, ok, "\"state\":\"delivered\"");
    says(flexcancel_outbox_cancel(outbox, argv[5], NULL, NULL), FLEXCANCEL_OUTCOME_NOT_CANCELABLE,
         FLEXCANCEL_CODE_NOT_CANCELABLE, "\"state\":\"refused\"");

    flexcancel_abort_trigger(abort);
    status(flexcancel_outbox_flush(outbox, NULL, abort), FLEXCANCEL_CODE_ABORTED,
           "\"pending\":1");
    flexcancel_abort_free(abort);
    status(flexcancel_outbox_flush(second, "{\"max\":10,\"timeout_ms\":30000}", NULL), ok,
           "\"entries\":[{\"id\":1,");
    status(flexcancel_outbox_stats(outbox), ok, "\"delivered\":2,\"refused\":1,");
    status(flexcancel_outbox_list(outbox, "{\"states\":[\"refused\"],\"acknowledged\":false}"), ok,
           argv[5]);
    status(flexcancel_outbox_acknowledge(outbox, 3), ok, "\"state\":\"refused\"");
    status(flexcancel_outbox_acknowledge(outbox, 3), ok, "\"state\":\"refused\"");
    status(flexcancel_outbox_stats(outbox), ok, "\"worklist\":0,\"due\":0,\"foreign\":0,");

    says(flexcancel_outbox_enqueue(outbox, "fcs_withdrawn", NULL), unknown, ok, "\"id\":4,");
    status(flexcancel_outbox_withdraw(outbox, 4, "sold"), ok, "\"state\":\"expired\"");
    status(flexcancel_outbox_stats(outbox), ok, "\"worklist\":0,\"due\":0,\"foreign\":0,");

    says(flexcancel_outbox_enqueue(outbox, "fcs_elsewhere", NULL), unknown, ok, "\"id\":5,");
    hand_over(outbox, second, 5);

    flexcancel_outbox_free(second);
    flexcancel_outbox_free(outbox);
    refuse(outbox);
    return 0;
}
