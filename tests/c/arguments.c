/*
 * A host that gets every text wrong: ids, options, configurations.
 *
 *     arguments BASE_URL FILE_WITHOUT_CERTIFICATE
 *
 * None of it reaches the server; the test looks at that too.
 */
#define _DEFAULT_SOURCE
#include "check.h"

#include <sys/mman.h>

#define ID_BYTES 255
#define JSON_BYTES (64 * 1024)

static const char *no_certificate;
static flexcancel_client *client;

/* `size` bytes of 'a' that end where the readable memory ends: whoever reads on, crashes. */
static char *at_the_edge(size_t size) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t whole = (size + page - 1) / page * page;
    char *memory = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
    CHECK(memory != MAP_FAILED, "memory for the test");
    CHECK(mprotect(memory + whole, page, PROT_NONE) == 0, "an unreadable page for the test");
    memset(memory, 'a', whole);
    return memory + whole - size;
}

static void refuse_id(const char *id) {
    EXPECT(flexcancel_client_cancel(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_SESSION_ID);
    EXPECT(flexcancel_client_retrieve(client, id, NULL, NULL), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_INVALID_SESSION_ID);
}

static void given_bad_ids(flexcancel_abort *triggered) {
    const char *bad[] = {
        "", " ", "../x", "..", "a/b", "?", "a?expand=x", "#", "%2f", "a%00", "x\r\nHost: evil",
        "\n", "a b", "a\tb", "\xff\xfe", "\xc3", "sch\xc3\xbcssel", "a\\b", "a;b", "a&b", "\x7f",
        "{}", "a.b", "a:b", "a@b",
    };
    char *whole = at_the_edge(ID_BYTES + 1), *unterminated = at_the_edge(ID_BYTES + 1);
    char *huge = malloc(16 * 1024 * 1024);
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse_id(bad[i]);
    refuse_id(unterminated);
    CHECK(huge != NULL, "memory for the test");
    memset(huge, 'a', 16 * 1024 * 1024 - 1);
    huge[16 * 1024 * 1024 - 1] = '\0';
    refuse_id(huge);
    free(huge);
    /* The triggered abort comes after the check of the id, so it shows that the id passed. */
    whole[ID_BYTES] = '\0';
    EXPECT(flexcancel_client_cancel(client, whole, NULL, triggered), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_ABORTED);
}

/* Options that cannot be read may be what is left of those of a repetition: then nothing is known. */
static int32_t outcome_of(const char *field) {
    return strcmp(field, "options_json") == 0 ? FLEXCANCEL_OUTCOME_UNKNOWN
                                              : FLEXCANCEL_OUTCOME_NOT_APPLIED;
}

/* The message of a refusal begins with the name of what was refused. */
static void expect_named(flexcancel_result *given, int32_t code, const char *field,
                         const char *json) {
    char beginning[128];
    const char *text = flexcancel_result_json(given, NULL);
    snprintf(beginning, sizeof beginning, "\"message\":\"%s: ", field);
    if (strstr(text, beginning) == NULL)
        CHECK(0, "%s is named after %.200s; found %s", field, json, text);
    EXPECT(given, outcome_of(field), code);
}

static void given_bad_options(flexcancel_abort *triggered) {
    static const struct {
        const char *field, *json;
    } bad[] = {
        {"idempotency_key", "{\"idempotency_key\":\"k\\r\\nX-Evil: 1\"}"},
        {"idempotency_key", "{\"idempotency_key\":\"\"}"},
        {"idempotency_key", "{\"idempotency_key\":\" \"}"},
        {"idempotency_key", "{\"idempotency_key\":\"a b\"}"},
        {"idempotency_key", "{\"idempotency_key\":\"k\\u0000\"}"},
        {"idempotency_key", "{\"idempotency_key\":\"schl\xc3\xbcssel\"}"},
        {"idempotency_key", "{\"idempotency_key\":5}"},
        {"expand", "{\"expand\":\"customer\"}"},
        {"expand", "{\"expand\":[\"a,b\"]}"},
        {"expand", "{\"expand\":[\"a\\r\\nb\"]}"},
        {"expand", "{\"expand\":[\"\"]}"},
        {"expand", "{\"expand\":[null]}"},
        {"timeout_ms", "{\"timeout_ms\":0}"},
        {"timeout_ms", "{\"timeout_ms\":-1}"},
        {"timeout_ms", "{\"timeout_ms\":1.5}"},
        {"timeout_ms", "{\"timeout_ms\":99999999999999999999999999}"},
        {"timeout_ms", "{\"timeout_ms\":\"100\"}"},
        {"timeout_ms", "{\"timeout_ms\":1,\"timeout_ms\":2}"},
        {"max_attempts", "{\"max_attempts\":0}"},
        {"max_attempts", "{\"max_attempts\":1e400}"},
        {"no_such_key", "{\"no_such_key\":1}"},
        {"base_url", "{\"base_url\":\"http://127.0.0.1\"}"},
        {"options_json", "\xff\xfe"},
        {"options_json", "{\"expand\":[\"\xc3\"]}"},
    };
    const char *no_objects[] = {"{", "[]", "null", "5", "\"x\"", "{} {}", "{\"a\":}", " ", "\t{"};
    char *whole = at_the_edge(JSON_BYTES + 1), *unterminated = at_the_edge(JSON_BYTES + 1);
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        /* The JSON parser says that 1e400 is no number at all, and so this is no JSON. */
        if (strstr(bad[i].json, "1e400") != NULL)
            EXPECT(flexcancel_client_cancel(client, "s", bad[i].json, NULL),
                   FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_INVALID_ARGUMENT);
        else
            expect_named(flexcancel_client_cancel(client, "s", bad[i].json, NULL),
                         FLEXCANCEL_CODE_INVALID_ARGUMENT, bad[i].field, bad[i].json);
    }
    for (i = 0; i < sizeof no_objects / sizeof *no_objects; i++)
        EXPECT(flexcancel_client_cancel(client, "s", no_objects[i], NULL),
               FLEXCANCEL_OUTCOME_UNKNOWN, FLEXCANCEL_CODE_INVALID_ARGUMENT);
    expect_named(flexcancel_client_retrieve(client, "s", "{\"idempotency_key\":\"k\"}", NULL),
                 FLEXCANCEL_CODE_INVALID_ARGUMENT, "idempotency_key", "a retrieve");
    expect_named(flexcancel_client_cancel(client, "s", unterminated, NULL),
                 FLEXCANCEL_CODE_INVALID_ARGUMENT, "options_json", "64 KiB and 1 byte");
    memset(whole, ' ', JSON_BYTES);
    memcpy(whole, "{}", 2);
    whole[JSON_BYTES] = '\0';
    EXPECT(flexcancel_client_cancel(client, "s", whole, triggered), FLEXCANCEL_OUTCOME_NOT_APPLIED,
           FLEXCANCEL_CODE_ABORTED);
}

static void refuse_config(const char *field, const char *json) {
    flexcancel_result *error = NULL;
    CHECK(flexcancel_client_new(json, NULL) == NULL, "%.200s is refused", json);
    CHECK(flexcancel_client_new(json, &error) == NULL, "%.200s is refused", json);
    if (field != NULL)
        expect_named(error, FLEXCANCEL_CODE_INVALID_CONFIG, field, json);
    else
        EXPECT(error, FLEXCANCEL_OUTCOME_NOT_APPLIED, FLEXCANCEL_CODE_INVALID_CONFIG);
}

#define WITH_KEY(more) "{\"api_key\":\"" KEY "\"," more "}"

static void given_bad_configs(void) {
    static const struct {
        const char *field, *json;
    } bad[] = {
        {"api_key", "{}"},
        {"api_key", "{\"api_key\":\"\"}"},
        {"api_key", "{\"api_key\":5}"},
        {"api_key", "{\"api_key\":\"" KEY "\\r\\nX-Evil: 1\"}"},
        {"api_key", "{\"api_key\":\"" KEY " \"}"},
        {"api_key", "{\"api_key\":\"" KEY "\\u0000\"}"},
        {"api_key", "{\"api_key\":\"" KEY "\",\"api_key\":\"" KEY "\"}"},
        {"api_key", WITH_KEY("\"api_key_env\":\"HOME\"")},
        {"api_key_env", "{\"api_key_env\":\"\"}"},
        {"api_key_env", "{\"api_key_env\":\"A=B\"}"},
        {"api_key_env", "{\"api_key_env\":\"FLEXCANCEL_TEST_NOT_SET\"}"},
        {"api_key_file", "{\"api_key_file\":\"/nonexistent/key\"}"},
        {"api_key_file", "{\"api_key_file\":\"/\"}"},
        {"api_key_file", "{\"api_key_file\":\"/dev/zero\"}"},
        {"base_url", WITH_KEY("\"base_url\":\"http://example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"http://localhost.example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"http://127.0.0.1.example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"http://127.0.0.1@example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"http://0.0.0.0\"")},
        {"base_url", WITH_KEY("\"base_url\":\"https://user:word@example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"https://example.com\\r\\nX-Evil: 1\"")},
        {"base_url", WITH_KEY("\"base_url\":\"https://example.com?x\"")},
        {"base_url", WITH_KEY("\"base_url\":\"ftp://example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"https://\"")},
        {"base_url", WITH_KEY("\"base_url\":\"example.com\"")},
        {"base_url", WITH_KEY("\"base_url\":\"\"")},
        {"base_url", WITH_KEY("\"base_url\":[]")},
        {"mode", WITH_KEY("\"mode\":\"live\"")},
        {"mode", WITH_KEY("\"mode\":\"Test\"")},
        {"mode", "{\"api_key\":\"fsk_hunter2\",\"mode\":\"test\"}"},
        {"timeout_ms", WITH_KEY("\"timeout_ms\":0")},
        {"timeout_ms", WITH_KEY("\"timeout_ms\":-5")},
        {"timeout_ms", WITH_KEY("\"timeout_ms\":600001")},
        {"timeout_ms", WITH_KEY("\"timeout_ms\":18446744073709551616")},
        {"timeout_ms", WITH_KEY("\"timeout_ms\":true")},
        {"connect_timeout_ms", WITH_KEY("\"connect_timeout_ms\":-1")},
        {"connect_timeout_ms", WITH_KEY("\"connect_timeout_ms\":1e300")},
        {"max_attempts", WITH_KEY("\"max_attempts\":11")},
        {"max_attempts", WITH_KEY("\"max_attempts\":-1")},
        {"max_idle_ms", WITH_KEY("\"max_idle_ms\":-1")},
        {"dns_ttl_ms", WITH_KEY("\"dns_ttl_ms\":99999999999")},
        {"trust", WITH_KEY("\"trust\":\"everybody\"")},
        {"ca_file", WITH_KEY("\"trust\":\"system\",\"ca_file\":\"/dev/null\"")},
        {"ca_file", WITH_KEY("\"ca_file\":\"/nonexistent/ca.pem\"")},
        {"ca_file", WITH_KEY("\"ca_file\":\"/\"")},
        {"proxy", WITH_KEY("\"proxy\":\"socks5://127.0.0.1:1\"")},
        {"proxy", WITH_KEY("\"proxy\":\"http://\"")},
        {"user_agent", WITH_KEY("\"user_agent\":\"x\\r\\nX-Evil: 1\"")},
        {"no_such_key", WITH_KEY("\"no_such_key\":1")},
        {"config_json", "\xff\xfe"},
        {"config_json", "{\"api_key\":\"\xc3\"}"},
    };
    const char *no_objects[] = {"", " ", "{", "[]", "null", "5", "\"" KEY "\"", "{\"api_key\":\""};
    char *unterminated = at_the_edge(JSON_BYTES + 1), *whole = at_the_edge(JSON_BYTES + 1);
    char with_file[512], *huge = malloc(16 * 1024 * 1024);
    flexcancel_client *made;
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse_config(bad[i].field, bad[i].json);
    for (i = 0; i < sizeof no_objects / sizeof *no_objects; i++)
        refuse_config(NULL, no_objects[i]);
    snprintf(with_file, sizeof with_file, WITH_KEY("\"ca_file\":\"%s\""), no_certificate);
    refuse_config("ca_file", with_file);
    refuse_config("config_json", unterminated);
    CHECK(huge != NULL, "memory for the test");
    memset(huge, '[', 16 * 1024 * 1024 - 1);
    huge[16 * 1024 * 1024 - 1] = '\0';
    refuse_config("config_json", huge);
    /* As many brackets as fit: nesting must not use up the stack. */
    huge[JSON_BYTES] = '\0';
    refuse_config(NULL, huge);
    memcpy(huge, "{\"mode\":", 8);
    refuse_config(NULL, huge);
    free(huge);
    memset(whole, ' ', JSON_BYTES);
    memcpy(whole, "{\"api_key\":\"" KEY "\"}", strlen("{\"api_key\":\"" KEY "\"}"));
    whole[JSON_BYTES] = '\0';
    made = flexcancel_client_new(whole, NULL);
    CHECK(made != NULL, "64 KiB are accepted");
    flexcancel_client_free(made);
}

int main(int argc, char **argv) {
    flexcancel_abort *triggered = flexcancel_abort_new();
    CHECK(argc == 3, "usage: arguments BASE_URL FILE_WITHOUT_CERTIFICATE");
    give_up_after(120);
    client = client_of(argv[1]), no_certificate = argv[2];
    flexcancel_abort_trigger(triggered);
    given_bad_ids(triggered);
    given_bad_options(triggered);
    given_bad_configs();
    flexcancel_abort_free(triggered);
    flexcancel_client_free(client);
    return 0;
}
