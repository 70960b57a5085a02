/*
 * A till that loses no void: its cancels are kept in a file until they are delivered, and its
 * shift ends when a person has seen each that could not be.
 *
 *     outbox void SESSION_ID [REPEAT]   keeps the cancel, then tries it
 *     outbox close                      ends the shift: delivers what it can, shows what is left
 *     outbox seen ENTRY_ID              a person has seen that entry
 *
 * REPEAT takes over a cancel that another program began and that ended unknown: the `repeat` of
 * its result's JSON. Without it the outbox would begin a new cancel, which does not know of the
 * first.
 *
 * Environment: FLEX_API_KEY; FLEX_BASE_URL, the service (Flex itself, if it is not set); or, in
 * their place, FLEX_CONFIG, the client's configuration as JSON; FLEX_OUTBOX, the outbox's
 * ({"path":"outbox.db"}).
 *
 * Prints lines for people on stdout, and for each result a line for the log on stderr. Exit code of
 * void: 0 voided, 1 too late, 2 not voided, 3 pending; of close: 0 nothing is left, 1 there is
 * something to see, 3 nothing to see but not all is delivered; of all: 2 it cannot be done, 64 wrong
 * usage.
 */
#include <flexcancel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DONE = 0, NOT_YET = 1, NOT_DONE = 2, PENDING = 3, WRONG_USAGE = 64 };

static const char *variable(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

/* The client's configuration. A URL that is none of JSON's texts is refused by the library. */
static const char *configuration(void) {
    static char config[4096];
    const char *url = getenv("FLEX_BASE_URL");
    if (getenv("FLEX_CONFIG") != NULL)
        return getenv("FLEX_CONFIG");
    if (url == NULL) {
        fputs("FLEX_BASE_URL is not set: this calls Flex itself.\n", stderr);
        return "{\"api_key_env\":\"FLEX_API_KEY\"}";
    }
    /* No URL has a quote or a backslash: a value stays a value. */
    if (strpbrk(url, "\"\\") != NULL)
        url = "";
    snprintf(config, sizeof config, "{\"api_key_env\":\"FLEX_API_KEY\",\"base_url\":\"%s\"}", url);
    return config;
}

static void log_text(const char *before, const char *text) {
    if (text != NULL)
        fprintf(stderr, "%s%s", before, text);
}

/* Logs a result, and gives its code. Not its JSON: the session in it names the shopper. What is
 * about no session, a flush say, has neither an id nor a key. What went well needs no advice. */
static int32_t logged(const flexcancel_result *result) {
    const int32_t code = flexcancel_result_code(result);
    const char *name = flexcancel_code_name(code), *advice = flexcancel_result_advice(result);
    if (code == FLEXCANCEL_CODE_OK)
        advice = NULL;
    fprintf(stderr, "outbox: %s:", name != NULL ? name : "unknown code");
    log_text(" ", flexcancel_result_message(result));
    log_text("; ", advice);
    log_text(advice != NULL ? " session: " : "; session: ", flexcancel_result_session_id(result));
    log_text("; idempotency key: ", flexcancel_result_idempotency_key(result));
    fputs("\n", stderr);
    return code;
}

/* What stands behind a field in the JSON. Quotes within texts are escaped there, so what is looked
 * for is found as a field's name only. NULL if it is not there. */
static const char *after(const char *json, const char *field) {
    const char *at = strstr(json, field);
    return at != NULL ? at + strlen(field) : NULL;
}

/* A number of a result; -1 if it is not there. */
static long long number(const flexcancel_result *result, const char *field) {
    const char *text = after(flexcancel_result_json(result, NULL), field);
    return text != NULL ? strtoll(text, NULL, 10) : -1;
}

/* Shows a text of a result as it stands there. */
static void show(const flexcancel_result *result, const char *before, const char *field) {
    const char *text = after(flexcancel_result_json(result, NULL), field), *end;
    if (text == NULL)
        return;
    for (end = text; *end != '"' && *end != '\0'; end++)
        end += *end == '\\' && end[1] != '\0';
    printf("%s%.*s", before, (int)(end - text), text);
}

/* Only the two outcomes that prove it may be called "voided". A pending void that the file may lack,
 * because its disk is full, say, is to be repeated by hand. */
static int tell_cashier(const flexcancel_result *result) {
    const char *repeat = flexcancel_result_repeat(result);
    switch (flexcancel_result_outcome(result)) {
    case FLEXCANCEL_OUTCOME_CANCELED:
    case FLEXCANCEL_OUTCOME_ALREADY_CANCELED:
        puts("VOIDED: Flex has canceled the authorization; the bank may show it for some days.");
        return DONE;
    case FLEXCANCEL_OUTCOME_NOT_CANCELABLE:
        puts("TOO LATE TO VOID: check whether money was taken before refunding.");
        return NOT_YET;
    case FLEXCANCEL_OUTCOME_NOT_APPLIED:
        puts("NOT VOIDED: this changed nothing; the log says why.");
        return NOT_DONE;
    default:
        puts("VOID PENDING: promise the shopper nothing yet.");
        if (repeat != NULL && number(result, "\"outbox\":{\"entry\":{\"id\":") < 0)
            printf("NOT IN THE OUTBOX: void it again with this REPEAT: %s\n", repeat);
        return PENDING;
    }
}

/* `repeat`: NULL, or the options of the cancel that is taken over; what cannot be used as such is
 * refused, and nothing is said. */
static int void_sale(flexcancel_outbox *outbox, const char *session_id, const char *repeat) {
    flexcancel_result *result = flexcancel_outbox_cancel(outbox, session_id, repeat, NULL);
    const int32_t code = logged(result);
    int exit_code = WRONG_USAGE;
    if (repeat != NULL && code == FLEXCANCEL_CODE_INVALID_ARGUMENT)
        fputs("outbox: REPEAT: expected the `repeat` of a result\n", stderr);
    else
        exit_code = tell_cashier(result);
    flexcancel_result_free(result);
    return exit_code;
}

/* How a delivery ended: its code, how many are still to be delivered, and how many of these are of
 * another service or mode. The numbers are -1 if the outbox cannot be read. */
struct delivery {
    int32_t code;
    long long pending, foreign;
};

/* Delivers what it can: the first flush also what waits for its next try. Shows why a flush
 * ended early, and its advice. */
static struct delivery deliver(flexcancel_outbox *outbox) {
    const char *options = "{\"now\":true}";
    struct delivery delivery;
    long long due;
    do {
        flexcancel_result *result = flexcancel_outbox_flush(outbox, options, NULL);
        delivery.code = logged(result);
        delivery.pending = number(result, "\"pending\":");
        delivery.foreign = number(result, "\"foreign\":");
        due = number(result, "\"due\":");
        if (delivery.code != FLEXCANCEL_CODE_OK)
            printf("THE DELIVERY ENDED EARLY: %s; %s\n", flexcancel_result_message(result),
                   flexcancel_result_advice(result));
        flexcancel_result_free(result);
        options = NULL;
    } while (delivery.code == FLEXCANCEL_CODE_OK && due > 0);
    return delivery;
}

/* Shows the first entry of the worklist with a greater number. Gives its number; 0 if there is
 * none, -1 if the outbox cannot be read. */
static long long show_next(flexcancel_outbox *outbox, long long number_before) {
    char filter[160];
    flexcancel_result *result;
    long long entry = -1;
    snprintf(filter, sizeof filter,
             "{\"states\":[\"refused\",\"expired\",\"needs_attention\"],\"acknowledged\":false,"
             "\"after\":%lld,\"max\":1}",
             number_before);
    result = flexcancel_outbox_list(outbox, filter);
    if (logged(result) == FLEXCANCEL_CODE_OK) {
        entry = number(result, "\"entries\":[{\"id\":");
        if (entry > 0) {
            printf("LOOK AT %lld:", entry);
            show(result, " ", "\"session_id\":\"");
            show(result, " is ", "\"state\":\"");
            show(result, ": ", "\"last_message\":\"");
            puts("");
        }
        entry = entry > 0 ? entry : 0;
    }
    flexcancel_result_free(result);
    return entry;
}

static int close_shift(flexcancel_outbox *outbox) {
    const struct delivery delivery = deliver(outbox);
    const long long own = delivery.pending - delivery.foreign;
    long long entry = 0, to_see = 0;
    while (delivery.pending >= 0 && (entry = show_next(outbox, entry)) > 0)
        to_see++;
    if (delivery.pending < 0 || entry < 0) {
        puts("SHIFT NOT CLOSED: the outbox cannot be read; the log says why.");
        return NOT_DONE;
    }
    if (own > 0)
        printf("TO BE DELIVERED: %lld; these voids are pending, and stay in the outbox.\n", own);
    if (delivery.foreign > 0)
        printf("OF ANOTHER SERVICE OR MODE: %lld; this key never delivers them.\n",
               delivery.foreign);
    if (to_see > 0) {
        printf("SHIFT NOT CLOSED: %lld to be seen.\n", to_see);
        return NOT_YET;
    }
    if (delivery.pending > 0 || delivery.code != FLEXCANCEL_CODE_OK) {
        puts("SHIFT CLOSED, BUT NOT ALL IS DELIVERED: the lines above say what is left.");
        return PENDING;
    }
    puts("SHIFT CLOSED: nothing is left to be seen.");
    return DONE;
}

static int seen(flexcancel_outbox *outbox, const char *entry_id) {
    char *end;
    const long long entry = strtoll(entry_id, &end, 10);
    flexcancel_result *result;
    int32_t code;
    if (end == entry_id || *end != '\0') {
        fputs("ENTRY_ID: expected a number\n", stderr);
        return WRONG_USAGE;
    }
    result = flexcancel_outbox_acknowledge(outbox, entry);
    code = logged(result);
    flexcancel_result_free(result);
    puts(code == FLEXCANCEL_CODE_OK ? "SEEN." : "NOT NOTED: the log says why.");
    return code == FLEXCANCEL_CODE_OK ? DONE : NOT_DONE;
}

/* The arguments end with NULL. */
static int run(flexcancel_outbox *outbox, char **arguments) {
    if (strcmp(arguments[0], "void") == 0)
        return void_sale(outbox, arguments[1], arguments[2]);
    return strcmp(arguments[0], "close") == 0 ? close_shift(outbox) : seen(outbox, arguments[1]);
}

/* How many arguments there may be is a matter of the command. */
static int is_usable(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "void") == 0)
        return argc == 3 || argc == 4;
    return strcmp(command, "seen") == 0 ? argc == 3 : strcmp(command, "close") == 0 && argc == 2;
}

int main(int argc, char **argv) {
    flexcancel_result *error = NULL;
    flexcancel_client *client;
    flexcancel_outbox *outbox = NULL;
    int exit_code = NOT_DONE;
    if (!is_usable(argc, argv)) {
        fputs("usage: outbox void SESSION_ID [REPEAT] | close | seen ENTRY_ID\n", stderr);
        return WRONG_USAGE;
    }
    if (flexcancel_abi_version() != FLEXCANCEL_ABI_VERSION) {
        fprintf(stderr, "outbox: made for another ABI than flexcancel %s\n", flexcancel_version());
        return NOT_DONE;
    }
    client = flexcancel_client_new(configuration(), &error);
    if (client != NULL)
        outbox = flexcancel_outbox_open(client, variable("FLEX_OUTBOX", "{\"path\":\"outbox.db\"}"),
                                        &error);
    /* The outbox keeps what it needs of the client. */
    flexcancel_client_free(client);
    if (outbox != NULL) {
        exit_code = run(outbox, argv + 1);
    } else {
        logged(error);
        puts("NOT DONE: there is no outbox; the log says why.");
    }
    flexcancel_result_free(error);
    flexcancel_outbox_free(outbox);
    return exit_code;
}
