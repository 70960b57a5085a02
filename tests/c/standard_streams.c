/*
 * A daemon that has closed its standard streams: nothing of the library becomes descriptor 0, 1 or
 * 2, where a printf of the host would go into it.
 *
 *     standard_streams BASE_URL KEY_FILE CA_FILE OUTBOX SESSION SESSION
 */
#define _XOPEN_SOURCE 700
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int errors;

/* Each of them is closed, or SQLite holds /dev/null there. */
static void expect_nothing(const char *when) {
    struct stat found, null;
    int fd;
    for (fd = 0; fd <= 2; fd++) {
        if (fstat(fd, &found) != 0)
            continue;
        stat("/dev/null", &null);
        if (S_ISCHR(found.st_mode) && found.st_rdev == null.st_rdev)
            continue;
        dup2(errors, 2);
        CHECK(0, "%s: descriptor %d is used, mode %o", when, fd, (unsigned)found.st_mode);
    }
}

static void in_call(void *unused, int32_t level, const char *event, size_t length) {
    (void)unused;
    (void)level;
    (void)event;
    (void)length;
    expect_nothing("in a call");
}

int main(int argc, char **argv) {
    char config[4096], options[4096];
    flexcancel_client *client;
    flexcancel_outbox *outbox;
    flexcancel_result *first, *second;
    int fd;
    CHECK(argc == 7, "a base URL, three files, two sessions");
    give_up_after(60);
    errors = fcntl(2, F_DUPFD, 10);
    CHECK(errors >= 10, "a copy of stderr");
    for (fd = 0; fd <= 2; fd++)
        close(fd);
    snprintf(config, sizeof config,
             "{\"base_url\":\"%s\",\"api_key_file\":\"%s\",\"ca_file\":\"%s\"}", argv[1], argv[2],
             argv[3]);
    snprintf(options, sizeof options, "{\"path\":\"%s\"}", argv[4]);
    client = flexcancel_client_new(config, NULL);
    expect_nothing("with a client");
    flexcancel_client_set_log(client, in_call, NULL);
    first = flexcancel_client_cancel(client, argv[5], NULL, NULL);
    expect_nothing("with an idle connection");
    outbox = flexcancel_outbox_open(client, options, NULL);
    expect_nothing("with an outbox");
    second = flexcancel_outbox_cancel(outbox, argv[6], NULL, NULL);
    expect_nothing("with an entry");
    dup2(errors, 2);
    CHECK(client != NULL && outbox != NULL, "a client and an outbox");
    EXPECT(first, FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    EXPECT(second, FLEXCANCEL_OUTCOME_CANCELED, FLEXCANCEL_CODE_OK);
    flexcancel_outbox_free(outbox);
    flexcancel_client_free(client);
    return 0;
}
