/*
 * The limit: one request buffer sent, one answer read, nothing looked at but its length. Over TLS
 * the same through OpenSSL.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contender.h"

struct client {
    struct sockaddr_in address;
    SSL_CTX *tls;
};

struct lane {
    int socket;
    SSL *tls;
    char request[512];
    int request_length;
    size_t answer_length; /* known from the first answer on: they are all the same */
    char answer[8192];
};

static void *client_new(const char *url, int is_tls) {
    struct client *client = (struct client *)calloc(1, sizeof *client);
    const char *port = strrchr(url, ':');
    client->address.sin_family = AF_INET;
    client->address.sin_port = htons((uint16_t)atoi(port + 1));
    client->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* The first client shows what starting a process costs at all. */
    if (is_tls && CA_FILE != NULL) {
        client->tls = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(client->tls, SSL_VERIFY_PEER, NULL);
        if (SSL_CTX_load_verify_locations(client->tls, CA_FILE, NULL) != 1)
            die("the CA file");
    }
    return client;
}

static void *lane_new(void *shared) {
    struct client *client = (struct client *)shared;
    struct lane *lane = (struct lane *)calloc(1, sizeof *lane);
    int on = 1;
    lane->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(lane->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(lane->socket, (struct sockaddr *)&client->address, sizeof client->address) != 0)
        die("connect");
    if (client->tls != NULL) {
        lane->tls = SSL_new(client->tls);
        SSL_set_fd(lane->tls, lane->socket);
        if (SSL_set1_host(lane->tls, "127.0.0.1") != 1 || SSL_connect(lane->tls) != 1)
            die("the TLS handshake");
    }
    char key[33];
    make_key(key);
    lane->request_length = snprintf(
        lane->request, sizeof lane->request,
        "POST /v1/checkout/sessions/%s/cancel HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Authorization: Bearer %s\r\nIdempotency-Key: %s\r\nContent-Length: 0\r\n\r\n",
        SESSION_ID, API_KEY, key);
    return lane;
}

static size_t length_of(const char *answer, size_t count) {
    const char *end = (const char *)memmem(answer, count, "\r\n\r\n", 4);
    const char *length = (const char *)memmem(answer, count, "Content-Length: ", 16);
    if (end == NULL || length == NULL)
        return 0;
    return (size_t)(end + 4 - answer) + (size_t)atol(length + 16);
}

static void lane_call(void *held) {
    struct lane *lane = (struct lane *)held;
    int sent = lane->tls != NULL
                   ? SSL_write(lane->tls, lane->request, lane->request_length)
                   : (int)send(lane->socket, lane->request, (size_t)lane->request_length,
                               MSG_NOSIGNAL);
    if (sent != lane->request_length)
        die("send");
    size_t count = 0;
    do {
        size_t room = sizeof lane->answer - count;
        long more = lane->tls != NULL
                        ? SSL_read(lane->tls, lane->answer + count, (int)room)
                        : recv(lane->socket, lane->answer + count, room, 0);
        if (more <= 0)
            die("recv");
        count += (size_t)more;
        if (lane->answer_length == 0)
            lane->answer_length = length_of(lane->answer, count);
    } while (lane->answer_length == 0 || count < lane->answer_length);
}

static void lane_free(void *held) {
    struct lane *lane = (struct lane *)held;
    if (lane->tls != NULL)
        SSL_free(lane->tls);
    close(lane->socket);
    free(lane);
}

static void client_free(void *held) {
    struct client *client = (struct client *)held;
    if (client->tls != NULL)
        SSL_CTX_free(client->tls);
    free(client);
}
