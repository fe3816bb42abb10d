/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/wire.h"

#include "api/trust.h"
#include "tests/bench/bench.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 8192

struct wire {
    struct trust *trust;
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
    struct buf in;
};

static int dial(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        bench_die("wire", "cannot connect to the bank");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

struct wire *wire_open(const struct wire_door *door, const struct secret *session_key)
{
    struct wire *w = calloc(1, sizeof *w);

    if (!w)
        bench_die("wire", "no memory");
    bench_need(trust_new(door->bank, door->bank_key, session_key, &w->trust), "trust");
    w->ctx = SSL_CTX_new(TLS_client_method());
    if (!w->ctx)
        bench_die("wire", "no memory");
    bench_need(trust_apply(w->trust, w->ctx), "trust");
    SSL_CTX_set_mode(w->ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(w->ctx, 1); /* one read(2) an answer instead of two */
    w->fd = dial(door->port);
    w->ssl = SSL_new(w->ctx);
    if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1 || SSL_connect(w->ssl) != 1)
        bench_die("wire", "no TLS with the bank");
    return w;
}

void wire_close(struct wire *w)
{
    SSL_shutdown(w->ssl);
    SSL_free(w->ssl);
    SSL_CTX_free(w->ctx);
    close(w->fd);
    trust_free(w->trust);
    buf_free(&w->in);
    free(w);
}

void wire_request(const char *path, const struct buf *body, struct buf *out)
{
    bench_need(buf_addf(out,
                        "POST %s HTTP/1.1\r\nHost: bank\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        path, body->len),
               "request");
    bench_need(buf_add(out, buf_str(body), body->len), "request");
}

static void read_more(struct wire *w)
{
    int n;

    bench_need(buf_reserve(&w->in, HEAD_MAX), "answer");
    n = SSL_read(w->ssl, w->in.data + w->in.len, HEAD_MAX);
    if (n <= 0)
        bench_die("wire", "the bank closed the connection");
    w->in.len += (size_t)n;
    w->in.data[w->in.len] = 0;
}

/* The bytes of the answer's head, once they are all there; 0 before. */
static size_t head_len(const struct wire *w)
{
    const char *text = buf_str(&w->in), *end = strstr(text, "\r\n\r\n");

    return end ? (size_t)(end - text) + 4 : 0;
}

static size_t body_len(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");

    if (!field)
        bench_die("wire", "an answer without a length");
    return strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

void wire_send(struct wire *w, const struct buf *request)
{
    if (SSL_write(w->ssl, request->data, (int)request->len) != (int)request->len)
        bench_die("wire", "the bank does not read");
}

int wire_fd(const struct wire *w)
{
    return w->fd;
}

int wire_receive(struct wire *w, struct buf *body)
{
    size_t head, whole;
    int status;

    while ((head = head_len(w)) == 0)
        read_more(w);
    if (strncmp(buf_str(&w->in), "HTTP/1.1 ", 9) != 0)
        bench_die("wire", "no HTTP answer");
    status = atoi(buf_str(&w->in) + 9);
    whole = head + body_len(buf_str(&w->in));
    while (w->in.len < whole)
        read_more(w);
    buf_clear(body);
    bench_need(buf_add(body, w->in.data + head, whole - head), "answer");
    buf_drop(&w->in, whole);
    return status;
}
