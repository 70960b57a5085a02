/*
 * A till's void button: cancels one Flex checkout session and says what the cashier may say.
 *
 *     cancel SESSION_ID
 *
 * Environment: FLEX_API_KEY (required; only the variable's name is handed on, so the key never
 * passes through this program), FLEX_BASE_URL, FLEX_CA_FILE, FLEX_TIMEOUT_MS.
 *
 * Prints a line for the cashier and the result's JSON on stdout, a line for the log on stderr. If
 * the void is pending, the JSON's `repeat` has the options to try it again later, or for the
 * outbox (outbox.c takes them).
 * Exit code: 0 voided, 1 too late, 2 not voided, 3 pending, 64 wrong usage.
 */
#include <flexcancel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VOIDED = 0, TOO_LATE = 1, NOT_VOIDED = 2, PENDING = 3, WRONG_USAGE = 64 };

static char config[8192];
static size_t config_length;

/* Appends a text; what does not fit shows in the length. */
static void put(const char *text) {
    for (; *text != '\0'; text++, config_length++)
        if (config_length < sizeof config - 1)
            config[config_length] = *text;
}

/* Appends ,"key":value if the variable is set, with the quote around the value. A value can only
 * ever become a value: in a text quotes and backslashes are escaped, and control characters,
 * which JSON does not allow, are refused; a number is digits. Returns 0 if it was refused. */
static int put_variable(const char *key, const char *variable, const char *quote) {
    const char *value = getenv(variable);
    if (value == NULL)
        return 1;
    put(",\"");
    put(key);
    put("\":");
    put(quote);
    for (; *value != '\0'; value++) {
        const char byte[] = {*value, '\0'};
        if (*quote == '\0' ? *value < '0' || *value > '9' : (unsigned char)*value < 0x20) {
            fprintf(stderr, "%s: expected %s\n", variable,
                    *quote == '\0' ? "digits only" : "no control characters");
            return 0;
        }
        put(*value == '"' || *value == '\\' ? "\\" : "");
        put(byte);
    }
    put(quote);
    return 1;
}

static int make_config(void) {
    if (getenv("FLEX_BASE_URL") == NULL)
        fputs("FLEX_BASE_URL is not set: this calls Flex itself.\n", stderr);
    put("{\"api_key_env\":\"FLEX_API_KEY\"");
    if (!put_variable("base_url", "FLEX_BASE_URL", "\"") ||
        !put_variable("ca_file", "FLEX_CA_FILE", "\"") ||
        !put_variable("timeout_ms", "FLEX_TIMEOUT_MS", ""))
        return 0;
    put("}");
    if (config_length >= sizeof config)
        fprintf(stderr, "FLEX_BASE_URL, FLEX_CA_FILE: expected shorter values\n");
    return config_length < sizeof config;
}

/* Only the two outcomes that prove it may be called "voided". Whatever this program does not
 * know, of a newer library say, is "pending". */
static int tell_cashier(int32_t outcome) {
    switch (outcome) {
    case FLEXCANCEL_OUTCOME_CANCELED:
    case FLEXCANCEL_OUTCOME_ALREADY_CANCELED:
        puts("VOIDED: Flex has canceled the authorization; the bank may show it for some days.");
        return VOIDED;
    case FLEXCANCEL_OUTCOME_NOT_CANCELABLE:
        puts("TOO LATE TO VOID: check whether money was taken before refunding.");
        return TOO_LATE;
    case FLEXCANCEL_OUTCOME_NOT_APPLIED:
        puts("NOT VOIDED: this changed nothing; the log says why.");
        return NOT_VOIDED;
    default:
        puts("VOID PENDING: promise the shopper nothing yet.");
        return PENDING;
    }
}

/* Cancels the session. A request whose response was lost may have arrived: an unknown outcome is
 * asked about once more, as the same cancel, before the cashier hears "pending". Without `repeat`
 * it would be a new cancel, which does not know of the first request. */
static flexcancel_result *void_sale(flexcancel_client *client, const char *session_id) {
    flexcancel_result *first = flexcancel_client_cancel(client, session_id, NULL, NULL), *again;
    const char *repeat = flexcancel_result_repeat(first);
    if (flexcancel_result_outcome(first) != FLEXCANCEL_OUTCOME_UNKNOWN || repeat == NULL)
        return first;
    again = flexcancel_client_cancel(client, session_id, repeat, NULL);
    flexcancel_result_free(first);
    return again;
}

/* Logs one text of the result's JSON as it stands there. Quotes within texts are escaped, so
 * what is looked for is found as a field's name only, and the result's own fields come first. */
static void log_text(const char *json, const char *field) {
    const char *text = strstr(json, field), *end;
    if (text == NULL)
        return;
    text += strlen(field);
    for (end = text; *end != '"' && *end != '\0'; end++)
        end += *end == '\\' && end[1] != '\0';
    fprintf(stderr, " %.*s;", (int)(end - text), text);
}

int main(int argc, char **argv) {
    if (argc != 2 || getenv("FLEX_API_KEY") == NULL) {
        fprintf(stderr, "usage: FLEX_API_KEY=... cancel SESSION_ID\n");
        return WRONG_USAGE;
    }
    if (flexcancel_abi_version() != FLEXCANCEL_ABI_VERSION) {
        fprintf(stderr, "cancel: made for another ABI than flexcancel %s\n", flexcancel_version());
        return NOT_VOIDED;
    }
    if (!make_config())
        return WRONG_USAGE;

    /* A till that serves many sales makes one client and keeps it: connections are reused. */
    flexcancel_result *result = NULL;
    flexcancel_client *client = flexcancel_client_new(config, &result);
    if (client != NULL)
        result = void_sale(client, argv[1]);

    /* From here on a configuration that was refused is a result like any other. */
    const char *json = flexcancel_result_json(result, NULL);
    const char *code = flexcancel_code_name(flexcancel_result_code(result));
    int exit_code = tell_cashier(flexcancel_result_outcome(result));
    puts(json);
    fprintf(stderr, "cancel: %s:", code != NULL ? code : "unknown code");
    log_text(json, "\"message\":\"");
    log_text(json, "\"advice\":\"");
    fputs("\n", stderr);

    flexcancel_result_free(result);
    flexcancel_client_free(client);
    return exit_code;
}
