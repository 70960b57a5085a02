/* What the C tests share: a check that says what failed, and clients of the test's sandbox. */
#ifndef CHECK_H
#define CHECK_H

#include <flexcancel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The API key of these tests; no text that the library gives may hold it. */
#define KEY "fsk_test_hunter2"

static inline void failed(const char *file, int line, const char *condition, const char *format,
                          ...) {
    va_list arguments;
    fprintf(stderr, "%s:%d: expected %s: ", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    exit(1);
}

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            failed(__FILE__, __LINE__, #condition, __VA_ARGS__);                                   \
    } while (0)

/* A call that hangs must end the test, not stop it. Windows has no alarm: there whoever runs the
 * program ends it. */
static inline void give_up_after(unsigned seconds) {
#if defined(_WIN32)
    (void)seconds;
#else
    alarm(seconds);
#endif
}

/* How often to repeat what is repeated: fewer times under a tool that slows everything down. */
static inline unsigned long count_or(unsigned long otherwise) {
    const char *count = getenv("FLEXCANCEL_TEST_COUNT");
    return count != NULL ? strtoul(count, NULL, 10) : otherwise;
}

static inline flexcancel_client *client_of(const char *base_url) {
    char config[512];
    flexcancel_result *error = NULL;
    flexcancel_client *client;
    snprintf(config, sizeof config,
             "{\"api_key\":\"" KEY "\",\"base_url\":\"%s\",\"timeout_ms\":60000}", base_url);
    client = flexcancel_client_new(config, &error);
    CHECK(client != NULL, "%s", flexcancel_result_json(error, NULL));
    CHECK(error == NULL, "a client was made, and an error besides");
    return client;
}

/* Takes the result, which must have this outcome and this code. */
#define EXPECT(result, expected_outcome, expected_code)                                            \
    expect(__FILE__, __LINE__, #result, (result), (expected_outcome), (expected_code))

static inline void expect(const char *file, int line, const char *call, flexcancel_result *result,
                          int32_t outcome, int32_t code) {
    const char *json = flexcancel_result_json(result, NULL);
    if (flexcancel_result_outcome(result) != outcome || flexcancel_result_code(result) != code)
        failed(file, line, flexcancel_code_name(code), "%s gave %s", call, json);
    if (strstr(json, KEY) != NULL)
        failed(file, line, "no API key", "%s gave %s", call, json);
    flexcancel_result_free(result);
}

#endif
