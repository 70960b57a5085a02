/*
 * A till that is made to be killed: does what its arguments say through an outbox, and writes
 * down, unbuffered, what it is about to do and what it was told.
 *
 *     outbox_till BASE_URL FILE TIMEOUT_MS COMMAND...
 *
 * Commands: cancel:SESSION_ID, enqueue:SESSION_ID, flush, stats. Lines: "begin COMMAND",
 * "end COMMAND RESULT_JSON", and first "ready".
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void say(const char *word, const char *command, const char *json) {
    size_t size = strlen(word) + strlen(command) + strlen(json) + 4;
    char *line = malloc(size);
    int length;
    CHECK(line != NULL, "memory");
    length = snprintf(line, size, "%s %s %s\n", word, command, json);
    /* In one piece: a line is there or it is not. */
    CHECK(write(STDOUT_FILENO, line, (size_t)length) == length, "a line");
    free(line);
}

static flexcancel_result *run(flexcancel_outbox *outbox, const char *command) {
    if (strncmp(command, "cancel:", 7) == 0)
        return flexcancel_outbox_cancel(outbox, command + 7, NULL, NULL);
    if (strncmp(command, "enqueue:", 8) == 0)
        return flexcancel_outbox_enqueue(outbox, command + 8, NULL);
    if (strcmp(command, "flush") == 0)
        return flexcancel_outbox_flush(outbox, "{\"max\":1000}", NULL);
    return flexcancel_outbox_stats(outbox);
}

int main(int argc, char **argv) {
    char config[512], options[4096];
    flexcancel_result *result = NULL;
    flexcancel_client *client;
    flexcancel_outbox *outbox;
    int number;
    CHECK(argc >= 4, "a base URL, a file, a time");
    give_up_after(120);
    snprintf(config, sizeof config, "{\"api_key\":\"" KEY "\",\"base_url\":\"%s\",\"timeout_ms\":%s}",
             argv[1], argv[3]);
    client = flexcancel_client_new(config, &result);
    CHECK(client != NULL, "%s", flexcancel_result_json(result, NULL));
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", argv[2]);
    say("ready", "", "");
    outbox = flexcancel_outbox_open(client, options, &result);
    if (outbox == NULL)
        say("end", "open", flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
    for (number = 4; number < argc && outbox != NULL; number++) {
        say("begin", argv[number], "");
        result = run(outbox, argv[number]);
        say("end", argv[number], flexcancel_result_json(result, NULL));
        flexcancel_result_free(result);
    }
    if (outbox != NULL)
        flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}
