/*
 * A till's day, for the tests that let something fail in it: writes down, unbuffered, what it is
 * about to do and what it was told.
 *
 *     torture CA_FILE BASE_URL SESSION CAPTURED FILE BASE_URL SESSION SESSION TIMEOUT_MS
 *
 * The first two sessions are of a service behind TLS and a name; the others of a plain one with
 * an outbox. Lines: "begin COMMAND", "end COMMAND RESULT_JSON".
 */
#define _GNU_SOURCE
#include "check.h"

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>

static const char *timeout_ms;

/* Of a preloaded library. */
__attribute__((weak)) void torture_begin(void);
/* Of the C library; without it a name that is not in /etc/hosts is asked for on the network. */
extern int __nss_configure_lookup(const char *database, const char *services);

/* The library's look-ups come here: there is one name that everybody's machine knows. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    CHECK(strcmp(name, "flex.test") == 0, "the host of the base URL is looked up: %s", name);
    return real("localhost", service, hints, found);
}

/* In one piece, and without memory of its own: a line is there or it is not. */
static void say(const char *word, const char *command, const char *json) {
    static char line[65536];
    int length = snprintf(line, sizeof line, "%s %s %s\n", word, command, json);
    CHECK(length > 0 && (size_t)length < sizeof line, "a line, not %d bytes", length);
    CHECK(write(STDOUT_FILENO, line, (size_t)length) == length, "a line");
}

static void begin(const char *verb, const char *id, char *command) {
    snprintf(command, 128, "%s%s%s", verb, *id ? ":" : "", id);
    say("begin", command, "");
}

static void end(const char *command, flexcancel_result *result) {
    CHECK(result != NULL, "%s has a result", command);
    say("end", command, flexcancel_result_json(result, NULL));
    flexcancel_result_free(result);
}

/* Makes the call, and writes down what became of it. */
#define TOLD(verb, id, call)                                                                       \
    do {                                                                                           \
        char command[128];                                                                         \
        begin((verb), (id), command);                                                              \
        end(command, (call));                                                                      \
    } while (0)

static flexcancel_client *new_client(const char *base_url, const char *more) {
    char config[4096];
    flexcancel_result *error = NULL;
    flexcancel_client *client;
    snprintf(config, sizeof config,
             "{\"api_key\":\"" KEY "\",\"base_url\":\"%s\",\"timeout_ms\":%s%s}",
             base_url, timeout_ms, more);
    say("begin", "client", "");
    client = flexcancel_client_new(config, &error);
    CHECK((client == NULL) == (error != NULL), "a client or an error");
    if (client == NULL)
        end("client", error);
    return client;
}

static void without_outbox(char **argv) {
    char more[4096];
    flexcancel_client *client;
    snprintf(more, sizeof more, ",\"ca_file\":\"%s\"", argv[1]);
    client = new_client(argv[2], more);
    if (client == NULL)
        return;
    TOLD("call-warm_up", "", flexcancel_client_warm_up(client, NULL, NULL));
    TOLD("call-cancel", argv[3], flexcancel_client_cancel(client, argv[3], NULL, NULL));
    TOLD("call-retrieve", argv[3], flexcancel_client_retrieve(client, argv[3], NULL, NULL));
    TOLD("call-cancel", argv[4], flexcancel_client_cancel(client, argv[4], NULL, NULL));
    flexcancel_client_free(client);
}

static flexcancel_outbox *open_outbox(flexcancel_client *client, const char *file) {
    char options[4096];
    flexcancel_result *error = NULL;
    flexcancel_outbox *outbox;
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", file);
    say("begin", "open", "");
    outbox = flexcancel_outbox_open(client, options, &error);
    CHECK((outbox == NULL) == (error != NULL), "an outbox or an error");
    if (outbox == NULL)
        end("open", error);
    return outbox;
}

/* The till is restarted in between. */
static void with_outbox(char **argv) {
    flexcancel_outbox *outbox;
    flexcancel_client *client = new_client(argv[6], "");
    if (client == NULL)
        return;
    outbox = open_outbox(client, argv[5]);
    if (outbox != NULL)
        TOLD("enqueue", argv[7], flexcancel_outbox_enqueue(outbox, argv[7], NULL));
    flexcancel_outbox_free(outbox);
    outbox = open_outbox(client, argv[5]);
    flexcancel_client_free(client);
    if (outbox == NULL)
        return;
    TOLD("cancel", argv[8], flexcancel_outbox_cancel(outbox, argv[8], NULL, NULL));
    TOLD("flush", "", flexcancel_outbox_flush(outbox, NULL, NULL));
    TOLD("list", "", flexcancel_outbox_list(outbox, NULL));
    TOLD("stats", "", flexcancel_outbox_stats(outbox));
    flexcancel_outbox_free(outbox);
}

int main(int argc, char **argv) {
    CHECK(argc == 10, "a CA file, a URL, two sessions, a file, a URL, two sessions, a time");
    CHECK(__nss_configure_lookup("hosts", "files") == 0, "names of /etc/hosts only");
    give_up_after(60);
    timeout_ms = argv[9];
    if (torture_begin != NULL)
        torture_begin();
    without_outbox(argv);
    with_outbox(argv);
    say("over", "", "");
    return 0;
}
