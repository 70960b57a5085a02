/*
 * Cancels the sessions whose ids are the lines of the standard input, and prints one line for each:
 * its number, its id, the outcome and why. Where Flex is away it waits, and tries again by itself.
 *
 *     cc examples/bulk.c -o bulk $(pkg-config --cflags --libs flexcancel)
 *     FLEX_API_KEY=fsk_test_... ./bulk night.jsonl < ids.txt
 *
 * Started again with the same input, it resumes by the journal. Environment: FLEX_API_KEY, and
 * FLEX_BASE_URL (Flex itself, if it is not set). Exit code: 0 if the run came to its end, whatever
 * became of the sessions; 1 if it stopped early; 64 wrong usage; 78 configuration not usable.
 */
#include <flexcancel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gives the next id; the string stays until the next call. Empty lines are passed over. */
static int32_t next(void *user_data, const char **session_id, const char **options_json) {
    static char line[512];
    (void)user_data, (void)options_json;
    do {
        if (fgets(line, sizeof line, stdin) == NULL)
            return ferror(stdin) ? -1 : 0;
        /* A line that is longer than any id must not become two. */
        if (strchr(line, '\n') == NULL && !feof(stdin))
            return -1;
        line[strcspn(line, "\r\n")] = '\0';
    } while (line[0] == '\0');
    *session_id = line;
    return 1;
}

/* The result belongs to the library. It has no id where the line was no session's id: then the
 * number, which counts from 0, tells which. */
static int32_t done(void *user_data, uint64_t number, const flexcancel_result *result) {
    const char *id = flexcancel_result_session_id(result);
    (void)user_data;
    printf("%lu %s %s: %s\n", (unsigned long)number, id != NULL ? id : "(no session's id)",
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

    /* No URL and no path here has a quote or a backslash: a value stays a value. */
    if (argc != 2 || strpbrk(argv[1], "\"\\") != NULL || strlen(argv[1]) > 900) {
        fprintf(stderr, "usage: bulk JOURNAL < IDS\n");
        return 64;
    }
    if (url == NULL) {
        fputs("FLEX_BASE_URL is not set: this calls Flex itself.\n", stderr);
        url = "https://api.withflex.com";
    } else if (strpbrk(url, "\"\\") != NULL || strlen(url) > 900) {
        url = "";
    }
    snprintf(config, sizeof config, "{\"api_key_env\":\"FLEX_API_KEY\",\"base_url\":\"%s\"}", url);
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
    /* The summary comes after the lines, also where they go to a pipe or a file. */
    fflush(stdout);
    fprintf(stderr, "bulk: %s\n", flexcancel_result_json(summary, NULL));
    code = flexcancel_result_code(summary);
    flexcancel_result_free(summary);
    flexcancel_client_free(client);
    return code == FLEXCANCEL_CODE_OK ? 0 : 1;
}
