/*
 * A till that is made to be killed: does what its arguments say through an outbox, and writes
 * down, unbuffered, what it is about to do and what it was told.
 *
 *     outbox_till BASE_URL FILE TIMEOUT_MS COMMAND...
 *
 * Commands: cancel:SESSION_ID, enqueue:SESSION_ID, flush, stats; claim (one entry), deliver (the
 * same, and cancels its session by the client), hand (every entry, and settles them), die. Lines:
 * "begin COMMAND", "end COMMAND RESULT_JSON", and first "ready".
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

/* Ends this process as a power cut does: nothing is flushed, closed or freed. */
#ifdef _WIN32
#include <windows.h>
static void die(void) { TerminateProcess(GetCurrentProcess(), 9); }
#else
#include <signal.h>
static void die(void) { raise(SIGKILL); }
#endif

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

/* Copies the text of the next such field; returns where it ends. */
static const char *copy(const char *at, const char *name, char end, char *text, size_t size) {
    char key[64];
    const char *stop;
    snprintf(key, sizeof key, "\"%s\":", name);
    at = strstr(at, key);
    CHECK(at != NULL, "%s", key);
    at += strlen(key) + (end == '"');
    stop = strchr(at, end);
    CHECK(stop != NULL && (size_t)(stop - at) < size, "%s", at);
    memcpy(text, at, (size_t)(stop - at));
    text[stop - at] = '\0';
    return stop;
}

/* Claims as a forwarder, cancels as its worker, and settles. */
static flexcancel_result *hand_over(flexcancel_client *client, flexcancel_outbox *outbox,
                                    const char *command) {
    int is_hand = strcmp(command, "hand") == 0;
    const char *options = is_hand ? "{\"lease_ms\":1000}" : "{\"lease_ms\":60000,\"max\":1}";
    flexcancel_result *claim = flexcancel_outbox_claim(outbox, options);
    const char *at = flexcancel_result_json(claim, NULL);
    while (strcmp(command, "claim") != 0 && (at = strstr(at, "{\"id\":")) != NULL) {
        char session[300], key[300], asked[32], lease[64], in_doubt[8], text[1024];
        int64_t id = strtoll(at + strlen("{\"id\":"), NULL, 10);
        flexcancel_result *done;
        at = copy(at, "session_id", '"', session, sizeof session);
        at = copy(at, "idempotency_key", '"', key, sizeof key);
        at = copy(at, "asked_at_ms", ',', asked, sizeof asked);
        at = copy(at, "lease", '"', lease, sizeof lease);
        at = copy(at, "in_doubt", '}', in_doubt, sizeof in_doubt);
        snprintf(text, sizeof text,
                 "{\"idempotency_key\":\"%s\",\"asked_at_ms\":%s,\"in_doubt\":%s}", key, asked,
                 in_doubt);
        done = flexcancel_client_cancel(client, session, text, NULL);
        snprintf(text, sizeof text,
                 "{\"lease\":\"%s\",\"idempotency_key\":\"%s\",\"outcome\":\"%s\",\"code\":\"%s\"}",
                 lease, key, flexcancel_outcome_name(flexcancel_result_outcome(done)),
                 flexcancel_code_name(flexcancel_result_code(done)));
        flexcancel_result_free(done);
        if (is_hand)
            flexcancel_result_free(flexcancel_outbox_settle(outbox, id, text));
    }
    return claim;
}

static flexcancel_result *run(flexcancel_client *client, flexcancel_outbox *outbox,
                              const char *command) {
    if (strcmp(command, "claim") == 0 || strcmp(command, "deliver") == 0 ||
        strcmp(command, "hand") == 0)
        return hand_over(client, outbox, command);
    if (strcmp(command, "die") == 0)
        die();
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
        result = run(client, outbox, argv[number]);
        say("end", argv[number], flexcancel_result_json(result, NULL));
        flexcancel_result_free(result);
    }
    if (outbox != NULL)
        flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}
