/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DISCARD_STEPS 16 /* reads of one call, so that nobody keeps the thread */

void stream_init(struct stream *s, int fd, struct ssl_st *ssl)
{
    *s = (struct stream){.fd = fd, .ssl = ssl};
}

void stream_free(struct stream *s)
{
    SSL_free(s->ssl);
    close(s->fd);
    s->ssl = NULL;
    s->fd = -1;
}

/* What a call of OpenSSL that did not succeed means. */
static enum stream_state tls_state(struct stream *s, int result)
{
    int error = SSL_get_error(s->ssl, result);

    s->wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return STREAM_WAIT;
    ERR_clear_error();
    return STREAM_END;
}

static enum stream_state plain_state(struct stream *s, ssize_t result, bool writing, size_t *n)
{
    if (result > 0) {
        *n = (size_t)result;
        return STREAM_DONE;
    }
    s->wants_write = writing;
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return STREAM_WAIT;
    return STREAM_END;
}

enum stream_state stream_handshake(struct stream *s)
{
    if (!s->ssl)
        return STREAM_DONE;
    int result = SSL_do_handshake(s->ssl);
    return result == 1 ? STREAM_DONE : tls_state(s, result);
}

enum stream_state stream_read(struct stream *s, void *to, size_t len, size_t *n)
{
    s->wants_write = false;
    if (!s->ssl)
        return plain_state(s, recv(s->fd, to, len, 0), false, n);
    int result = SSL_read_ex(s->ssl, to, len, n);
    return result == 1 ? STREAM_DONE : tls_state(s, result);
}

enum stream_state stream_write(struct stream *s, const void *from, size_t len, size_t *n)
{
    s->wants_write = false;
    if (!s->ssl)
        return plain_state(s, send(s->fd, from, len, MSG_NOSIGNAL), true, n);
    int result = SSL_write_ex(s->ssl, from, len, n);
    return result == 1 ? STREAM_DONE : tls_state(s, result);
}

bool stream_pending(const struct stream *s)
{
    return s->ssl && SSL_has_pending(s->ssl);
}

void stream_finish(struct stream *s)
{
    if (s->ssl && SSL_is_init_finished(s->ssl)) {
        SSL_shutdown(s->ssl); /* sends close_notify; the answer to it is of no interest */
        ERR_clear_error();
    }
    shutdown(s->fd, SHUT_WR);
}

enum stream_state stream_discard(struct stream *s)
{
    uint8_t waste[4096];
    enum stream_state state = STREAM_DONE;
    size_t n;

    for (int i = 0; i < DISCARD_STEPS && state == STREAM_DONE; i++)
        state = plain_state(s, recv(s->fd, waste, sizeof waste, 0), false, &n);
    return state == STREAM_DONE ? STREAM_WAIT : state;
}
