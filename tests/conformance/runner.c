/*
 * Makes the calls of the conformance vectors through flexcancel.h: one call a line on standard
 * input, one response a line on standard output, until the input ends.
 *
 *     OPERATION <tab> CONFIG_JSON <tab> SESSION_ID <tab> OPTIONS_JSON <tab> ABORT
 *     OUTCOME_NUMBER <tab> CODE_NUMBER <tab> RESULT_JSON
 */
#include <flexcancel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATION, CONFIG, SESSION_ID, OPTIONS, ABORT, FIELDS };

/* Cuts a line at its tabs, in place. */
static int split(char *line, char *field[FIELDS]) {
    int count;
    line[strcspn(line, "\n")] = '\0';
    for (count = 0; count < FIELDS && line != NULL; count++) {
        field[count] = line;
        line = strchr(line, '\t');
        if (line != NULL)
            *line++ = '\0';
    }
    return count == FIELDS && line == NULL;
}

/* Reads a line of any length into *line, which has room for *room bytes. Returns 0 at the end. */
static int read_line(char **line, size_t *room) {
    size_t length = 0;
    for (;;) {
        if (*room - length < 2) {
            *room = *room == 0 ? 4096 : *room * 2;
            *line = realloc(*line, *room);
            if (*line == NULL)
                abort();
        }
        if (fgets(*line + length, (int)(*room - length), stdin) == NULL)
            return length != 0;
        length += strlen(*line + length);
        if ((*line)[length - 1] == '\n')
            return 1;
    }
}

static flexcancel_result *call(char *field[FIELDS]) {
    flexcancel_result *result = NULL;
    flexcancel_client *client = flexcancel_client_new(field[CONFIG], &result);
    flexcancel_abort *abort_handle = NULL;
    if (client == NULL)
        return result;
    if (strcmp(field[ABORT], "before") == 0) {
        abort_handle = flexcancel_abort_new();
        flexcancel_abort_trigger(abort_handle);
    }
    result = strcmp(field[OPERATION], "cancel") == 0
                 ? flexcancel_client_cancel(client, field[SESSION_ID], field[OPTIONS], abort_handle)
                 : flexcancel_client_retrieve(client, field[SESSION_ID], field[OPTIONS],
                                              abort_handle);
    flexcancel_abort_free(abort_handle);
    flexcancel_client_free(client);
    return result;
}

int main(void) {
    char *line = NULL, *field[FIELDS];
    size_t room = 0;
    while (read_line(&line, &room)) {
        flexcancel_result *result;
        if (!split(line, field)) {
            fprintf(stderr, "expected %d fields\n", FIELDS);
            return 1;
        }
        result = call(field);
        printf("%ld\t%ld\t%s\n", (long)flexcancel_result_outcome(result),
               (long)flexcancel_result_code(result), flexcancel_result_json(result, NULL));
        fflush(stdout);
        flexcancel_result_free(result);
    }
    free(line);
    return 0;
}
