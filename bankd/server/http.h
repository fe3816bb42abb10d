/* SPDX-License-Identifier: Apache-2.0
 *
 * http: the framing of HTTP/1.1 requests (RFC 9112) as a pure function: a small strict subset.
 * Whatever is not exactly of this form is HTTP_MALFORMED, and the connection closes after the
 * answer, so that no rest becomes a request.
 */
#ifndef BANKD_SERVER_HTTP_H
#define BANKD_SERVER_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 8192u /* bytes of request line and fields together */
#define HTTP_LINE_MAX 4096u
#define HTTP_FIELDS_MAX 40u
#define HTTP_BODY_MAX 131072u
#define HTTP_TARGET_MAX 1024u

struct http_request {
    char method[8]; /* GET or POST; anything else is METHOD_NOT_ALLOWED */
    const char *path;
    size_t path_len; /* without the query */
    const char *query;
    size_t query_len; /* without '?', 0 if none */
    const uint8_t *body;
    size_t body_len;
    const char *once; /* Idempotency-Key, as it came; NULL without */
    size_t once_len;
    bool close; /* "Connection: close" */
    const char *last_event;
    size_t last_event_len; /* of "Last-Event-ID", 0 without */
    bool expect;           /* "Expect: 100-continue" */
    size_t need; /* bytes of the whole request as soon as its head is complete, before that 0 */
};

/* Looks for one complete request at the start of the LEN bytes. ERR_OK with *USED > 0: OUT is
 * filled and borrows from BYTES. ERR_OK with *USED == 0: more bytes are needed. Errors:
 * HTTP_MALFORMED, HTTP_TOO_LARGE (head), TOO_LARGE (body above BODY_MAX), METHOD_NOT_ALLOWED. When
 * the head is complete but the body is not, OUT->expect and OUT->need are already right.
 *
 * The answer depends on the bytes alone and not on how they arrived: what a prefix is refused for,
 * every continuation is refused for.
 *
 * Accepted: CRLF lines only, "METHOD SP origin-form SP HTTP/1.1", exactly one Host, at most one
 * Content-Length of plain digits and one Idempotency-Key, no Transfer-Encoding, no obsolete
 * folding, no white space before the colon, visible ASCII in the target and no fragment, no
 * absolute form, visible ASCII, spaces and tabs in values. */
MUST_CHECK enum err http_parse(const uint8_t *bytes, size_t len, size_t body_max,
                               struct http_request *out, size_t *used);

#define HTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/* Appends a response with Content-Length, Cache-Control: no-store and TYPE, which NULL leaves to be
 * application/json, or application/problem+json for HTTP >= 400. HTTP is a status that base/err.def
 * names, 200 or 201; another one is sent without a reason phrase. */
MUST_CHECK enum err http_respond(int http, const char *type, const void *body, size_t len,
                                 bool close, struct buf *out);

/* Appends the head of a response of TYPE that lasts until the connection closes. */
MUST_CHECK enum err http_begin(const char *type, struct buf *out);

#endif
