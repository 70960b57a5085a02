/*
 * A point of sale that knows nothing of Flex: it loads a plugin, voids a sale, and unloads it, for
 * each session anew.
 *
 *     pos PLUGIN SESSION_ID...
 *
 * Environment: FLEX_API_KEY, which the plugin reads; FLEX_BASE_URL (Flex itself, if it is not set).
 * Prints a line for the cashier on stdout and one for the log on stderr, for each session.
 * Exit code: the worst of the answers: 0 done, 1 too late, 2 not done, 3 pending; 64 wrong usage,
 * 70 the plugin cannot be used.
 */
#include "void_plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG_USAGE = 64, NO_PLUGIN = 70, TIMEOUT_MS = 10000 };

static const char *const ANSWERS[] = {"VOIDED", "TOO LATE TO VOID", "NOT VOIDED", "VOID PENDING"};

typedef const struct void_plugin *entry_point(void);

/* Returns one of enum void_answer, or NO_PLUGIN. */
static int void_sale(const char *path, const char *session_id) {
    char text[512] = "";
    const struct void_plugin *plugin;
    entry_point *entry = NULL;
    void *client, *symbol, *const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int answer = NO_PLUGIN;
    if (library == NULL || (symbol = dlsym(library, "void_plugin")) == NULL) {
        fprintf(stderr, "pos: %s\n", dlerror());
        return NO_PLUGIN;
    }
    /* C knows no way from a data pointer to a function's; POSIX says that this is one. */
    memcpy(&entry, &symbol, sizeof entry);
    plugin = entry();
    client = plugin->open(getenv("FLEX_BASE_URL"), text, sizeof text);
    if (client == NULL) {
        fprintf(stderr, "pos: %s\n", text);
    } else {
        answer = plugin->void_sale(client, session_id, TIMEOUT_MS, text, sizeof text);
        printf("%s %s\n", ANSWERS[answer], session_id);
        fprintf(stderr, "pos: %s: %s\n", session_id, text);
        plugin->close(client);
    }
    dlclose(library);
    return answer;
}

int main(int argc, char **argv) {
    int worst = 0, at;
    if (argc < 3) {
        fputs("usage: pos PLUGIN SESSION_ID...\n", stderr);
        return WRONG_USAGE;
    }
    if (getenv("FLEX_BASE_URL") == NULL)
        fputs("FLEX_BASE_URL is not set: this calls Flex itself.\n", stderr);
    for (at = 2; at < argc; at++) {
        const int answer = void_sale(argv[1], argv[at]);
        worst = answer > worst ? answer : worst;
    }
    return worst;
}
