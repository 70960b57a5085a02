/*
 * A till with a void button. Each press repeats the cancel by the `repeat` of the result before.
 *
 *     repeat BASE_URL SESSION_ID TIMEOUT_MS OUTBOX_FILE
 *
 * Each line of standard input is a press: "void" calls Flex, "keep" hands the cancel to the outbox,
 * "enqueue" does so without a call. Each is answered with one line: what the cashier may say, then
 * OUTCOME and CODE by name. "flush" delivers what is due, and is answered with the result's JSON.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static const char *words(int32_t outcome) {
    switch (outcome) {
    case FLEXCANCEL_OUTCOME_CANCELED:
    case FLEXCANCEL_OUTCOME_ALREADY_CANCELED:
        return "voided";
    case FLEXCANCEL_OUTCOME_NOT_CANCELABLE:
        return "too late";
    case FLEXCANCEL_OUTCOME_NOT_APPLIED:
        return "not voided";
    default:
        return "pending";
    }
}

static flexcancel_result *press(flexcancel_client *client, flexcancel_outbox *outbox,
                                const char *button, const char *id, const char *repeat) {
    if (strcmp(button, "keep\n") == 0)
        return flexcancel_outbox_cancel(outbox, id, repeat, NULL);
    if (strcmp(button, "enqueue\n") == 0)
        return flexcancel_outbox_enqueue(outbox, id, repeat);
    return flexcancel_client_cancel(client, id, repeat, NULL);
}

static void flush(flexcancel_outbox *outbox) {
    flexcancel_result *result = flexcancel_outbox_flush(outbox, NULL, NULL);
    CHECK(strstr(flexcancel_result_json(result, NULL), KEY) == NULL, "no API key");
    puts(flexcancel_result_json(result, NULL));
    fflush(stdout);
    flexcancel_result_free(result);
}

int main(int argc, char **argv) {
    char config[512], options[4096], button[16];
    flexcancel_result *last = NULL;
    flexcancel_client *client;
    flexcancel_outbox *outbox;
    CHECK(argc == 5, "a base URL, a session, a time, a file");
    give_up_after(120);
    snprintf(config, sizeof config, "{\"api_key\":\"" KEY "\",\"base_url\":\"%s\",\"timeout_ms\":%s}",
             argv[1], argv[3]);
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", argv[4]);
    client = flexcancel_client_new(config, &last);
    CHECK(client != NULL, "%s", flexcancel_result_json(last, NULL));
    outbox = flexcancel_outbox_open(client, options, &last);
    CHECK(outbox != NULL, "%s", flexcancel_result_json(last, NULL));
    while (fgets(button, sizeof button, stdin) != NULL) {
        const char *repeat = flexcancel_result_repeat(last);
        flexcancel_result *result;
        if (strcmp(button, "flush\n") == 0) {
            flush(outbox);
            continue;
        }
        CHECK(last == NULL || repeat != NULL, "%s", flexcancel_result_json(last, NULL));
        result = press(client, outbox, button, argv[2], repeat);
        flexcancel_result_free(last);
        last = result;
        CHECK(strstr(flexcancel_result_json(last, NULL), KEY) == NULL, "no API key");
        printf("%s: %s %s\n", words(flexcancel_result_outcome(last)),
               flexcancel_outcome_name(flexcancel_result_outcome(last)),
               flexcancel_code_name(flexcancel_result_code(last)));
        fflush(stdout);
    }
    flexcancel_result_free(last);
    flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}
