/*
 * Cancels the sessions whose ids are the lines of the standard input, and prints one line for each.
 *
 *     cc bulk.c -lflexcancel -o bulk
 *     FLEX_API_KEY=fsk_test_... ./bulk night.jsonl < ids.txt
 *
 * Started again with the same input, it resumes by the journal. Exit code: 0 if the run came to its
 * end, 1 if it stopped early.
 */
#include <flexcancel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gives the next id; the string stays until the next call. */
static int32_t next(void *user_data, const char **session_id, const char **options_json) {
    static char line[512];
    (void)user_data, (void)options_json;
    if (fgets(line, sizeof line, stdin) == NULL)
        return ferror(stdin) ? -1 : 0;
    line[strcspn(line, "\r\n")] = '\0';
    *session_id = line;
    return 1;
}

/* The result belongs to the library. */
static int32_t done(void *user_data, uint64_t number, const flexcancel_result *result) {
    const char *id = flexcancel_result_session_id(result);
    (void)user_data;
    printf("%lu %s %s: %s\n", (unsigned long)number, id != NULL ? id : "?",
           flexcancel_outcome_name(flexcancel_result_outcome(result)),
           flexcancel_result_message(result));
    return 0;
}

int main(int argc, char **argv) {
    const char *url = getenv("FLEX_BASE_URL");
    char config[1024], options[1024];
    flexcancel_result *error = NULL, *summary;
    flexcancel_client *client;
    int code;

    if (argc != 2) {
        fprintf(stderr, "usage: bulk JOURNAL < IDS\n");
        return 64;
    }
    snprintf(config, sizeof config, "{\"api_key_env\":\"FLEX_API_KEY\",\"base_url\":\"%s\"}",
             url != NULL ? url : "https://api.withflex.com");
    client = flexcancel_client_new(config, &error);
    if (client == NULL) {
        fprintf(stderr, "bulk: %s\n", flexcancel_result_message(error));
        flexcancel_result_free(error);
        return 78;
    }
    /* At most half of the account's limit: live traffic keeps the rest. */
    snprintf(options, sizeof options,
             "{\"journal\":\"%s\",\"rate_per_second\":25,\"reason\":\"closing time\"}", argv[1]);
    summary = flexcancel_client_cancel_many(client, options, next, done, NULL, NULL);
    fprintf(stderr, "bulk: %s\n", flexcancel_result_json(summary, NULL));
    code = flexcancel_result_code(summary);
    flexcancel_result_free(summary);
    flexcancel_client_free(client);
    return code == FLEXCANCEL_CODE_OK ? 0 : 1;
}
