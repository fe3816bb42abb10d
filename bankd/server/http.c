/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/http.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* A piece of the head; not terminated. */
struct span {
    const char *at;
    size_t len;
};

/* What the head has said so far. */
struct head {
    struct http_request *out;
    bool host, length; /* seen */
    struct span length_text;
    size_t fields;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110 5.6.2 */
static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

static bool all(struct span s, bool (*is)(char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!is(s.at[i]))
            return false;
    return true;
}

static bool same(struct span s, const char *text)
{
    return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

static struct span trim(struct span s)
{
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
        s.at++, s.len--;
    while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Takes what stands before the first C off S; all of S when there is none. */
static struct span cut(struct span *s, char c)
{
    const char *end = s->len ? memchr(s->at, c, s->len) : NULL;
    struct span first = {s->at, end ? (size_t)(end - s->at) : s->len};
    size_t used = first.len + (end ? 1 : 0);

    s->at += used;
    s->len -= used;
    return first;
}

/* --- fields: each gets its trimmed value -------------------------------------------------------*/

static bool is_host_char(char c)
{
    return is_visible(c) && !strchr("/?#@\\,\"<>^`{|}", c);
}

static enum err on_host(struct head *h, struct span value)
{
    if (h->host || !all(value, is_host_char))
        return ERR_HTTP_MALFORMED;
    h->host = true;
    return ERR_OK;
}

/* Whether it is too large is judged at the end, when nothing worse was found. */
static enum err on_length(struct head *h, struct span value)
{
    if (h->length || !value.len || !all(value, is_digit) || (value.len > 1 && value.at[0] == '0'))
        return ERR_HTTP_MALFORMED;
    h->length = true;
    h->length_text = value;
    return ERR_OK;
}

/* RFC 9112 6.1 allows a server to refuse a coding that it does not know; we know none. */
static enum err on_transfer_encoding(struct head *h, struct span value)
{
    (void)h;
    (void)value;
    return ERR_HTTP_MALFORMED;
}

static enum err on_connection(struct head *h, struct span value)
{
    while (value.len)
        if (same(trim(cut(&value, ',')), "close"))
            h->out->close = true;
    return ERR_OK;
}

static enum err on_expect(struct head *h, struct span value)
{
    if (!same(value, "100-continue"))
        return ERR_HTTP_MALFORMED;
    h->out->expect = true;
    return ERR_OK;
}

/* What it says is the route's to judge. */
static enum err on_idempotency_key(struct head *h, struct span value)
{
    if (h->out->once)
        return ERR_HTTP_MALFORMED;
    h->out->once = value.at;
    h->out->once_len = value.len;
    return ERR_OK;
}

static enum err on_last_event(struct head *h, struct span value)
{
    if (h->out->last_event)
        return ERR_HTTP_MALFORMED;
    h->out->last_event = value.at;
    h->out->last_event_len = value.len;
    return ERR_OK;
}

static const struct {
    const char *name;
    enum err (*take)(struct head *h, struct span value);
} fields[] = {
    {"host", on_host},
    {"content-length", on_length},
    {"transfer-encoding", on_transfer_encoding},
    {"connection", on_connection},
    {"expect", on_expect},
    {"idempotency-key", on_idempotency_key},
    {"last-event-id", on_last_event},
};

static bool is_value_char(char c)
{
    return is_visible(c) || c == ' ' || c == '\t';
}

/* A folded line begins with white space and so has no name (RFC 9112 5.2). */
static enum err read_field(struct head *h, struct span line)
{
    if (++h->fields > HTTP_FIELDS_MAX)
        return ERR_HTTP_TOO_LARGE;
    if (!memchr(line.at, ':', line.len))
        return ERR_HTTP_MALFORMED;
    struct span name = cut(&line, ':');
    if (!name.len || !all(name, is_token_char) || !all(line, is_value_char))
        return ERR_HTTP_MALFORMED;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (same(name, fields[i].name))
            return fields[i].take(h, trim(line));
    return ERR_OK;
}

/* --- the request line --------------------------------------------------------------------------*/

static enum err read_target(struct http_request *out, struct span target)
{
    if (target.len > HTTP_TARGET_MAX)
        return ERR_HTTP_TOO_LARGE;
    if (!target.len || target.at[0] != '/' || !all(target, is_visible) ||
        memchr(target.at, '#', target.len))
        return ERR_HTTP_MALFORMED;
    struct span path = cut(&target, '?');
    out->path = path.at;
    out->path_len = path.len;
    out->query = target.at;
    out->query_len = target.len;
    return ERR_OK;
}

static enum err read_request_line(struct head *h, struct span line)
{
    struct span method = cut(&line, ' ');
    struct span target = cut(&line, ' ');

    if (!method.len || !all(method, is_token_char))
        return ERR_HTTP_MALFORMED;
    if (line.len != 8 || memcmp(line.at, "HTTP/1.1", 8) != 0)
        return target.len > HTTP_TARGET_MAX ? ERR_HTTP_TOO_LARGE : ERR_HTTP_MALFORMED;
    enum err e = read_target(h->out, target);
    if (e)
        return e;
    bool get = method.len == 3 && memcmp(method.at, "GET", 3) == 0;
    bool post = method.len == 4 && memcmp(method.at, "POST", 4) == 0;
    if (!get && !post)
        return ERR_METHOD_NOT_ALLOWED;
    memcpy(h->out->method, method.at, method.len);
    return ERR_OK;
}

/* --- the whole ---------------------------------------------------------------------------------*/

/* The line that begins at START, without its CRLF; *NEXT is where the one behind it begins, or 0
 * when the line is not complete yet. The sizes are judged first, so that a line which is too long
 * is refused alike before and after its end has arrived. */
static enum err next_line(const uint8_t *bytes, size_t len, size_t start, struct span *line,
                          size_t *next)
{
    const uint8_t *lf = len > start ? memchr(bytes + start, '\n', len - start) : NULL;
    size_t end = lf ? (size_t)(lf - bytes) + 1 : len;

    *next = 0;
    if (end > HTTP_HEAD_MAX || end - start > HTTP_LINE_MAX)
        return ERR_HTTP_TOO_LARGE;
    if (!lf)
        return ERR_OK;
    if (end - start < 2 || bytes[end - 2] != '\r')
        return ERR_HTTP_MALFORMED;
    *line = (struct span){(const char *)bytes + start, end - start - 2};
    *next = end;
    return ERR_OK;
}

/* Everything up to the empty line; *USED stays 0 while that has not come. */
static enum err read_head(struct head *h, const uint8_t *bytes, size_t len, size_t *used)
{
    struct span line = {NULL, 0};
    size_t at = 0, next;

    for (;; at = next) {
        enum err e = next_line(bytes, len, at, &line, &next);
        if (e || !next)
            return e;
        if (at == 0)
            e = read_request_line(h, line);
        else if (line.len)
            e = read_field(h, line);
        else
            break;
        if (e)
            return e;
    }
    if (!h->host)
        return ERR_HTTP_MALFORMED;
    *used = next;
    return ERR_OK;
}

enum err http_parse(const uint8_t *bytes, size_t len, size_t body_max, struct http_request *out,
                    size_t *used)
{
    struct head h = {.out = out};
    uint64_t body_len = 0;
    size_t head_len = 0;

    *used = 0;
    *out = (struct http_request){0};
    enum err e = read_head(&h, bytes, len, &head_len);
    if (e || !head_len)
        return e;
    if (h.length && text_parse_u64(h.length_text.at, h.length_text.len, body_max, &body_len))
        return ERR_TOO_LARGE;
    out->need = head_len + (size_t)body_len;
    if (len < out->need)
        return ERR_OK;
    out->body = bytes + head_len;
    out->body_len = (size_t)body_len;
    *used = out->need;
    return ERR_OK;
}

/* --- the response ------------------------------------------------------------------------------*/

/* MORE is what RFC 9110 demands beside the status: 15.5.2 for 401, 15.5.6 for 405. */
static const struct {
    int http;
    const char *phrase, *more;
} statuses[] = {
    {200, "OK", ""},
    {201, "Created", ""},
    {202, "Accepted", ""},
    {400, "Bad Request", ""},
    {401, "Unauthorized", "WWW-Authenticate: Countersign-Session\r\n"},
    {403, "Forbidden", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: GET, POST\r\n"},
    {409, "Conflict", ""},
    {410, "Gone", ""},
    {413, "Content Too Large", ""},
    {422, "Unprocessable Content", ""},
    {429, "Too Many Requests", ""},
    {431, "Request Header Fields Too Large", ""},
    {500, "Internal Server Error", ""},
    {503, "Service Unavailable", ""},
};

enum err http_respond(int http, const char *type, const void *body, size_t len, bool close,
                      struct buf *out)
{
    const char *phrase = "", *more = "";
    size_t before = out->len;

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].http == http) {
            phrase = statuses[i].phrase;
            more = statuses[i].more;
        }
    }
    if (!type)
        type = http >= 400 ? "application/problem+json" : "application/json";
    char code[TEXT_INT_MAX + 1], length[TEXT_INT_MAX + 1];
    text_int(http, code);
    text_int((int64_t)len, length);
    const char *const head[] = {"HTTP/1.1 ",
                                code,
                                " ",
                                phrase,
                                "\r\nContent-Type: ",
                                type,
                                "\r\nContent-Length: ",
                                length,
                                "\r\nCache-Control: no-store\r\n",
                                more,
                                close ? "Connection: close\r\n" : "",
                                "\r\n"};
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < sizeof head / sizeof *head; i++)
        e = buf_add_str(out, head[i]);
    if (!e)
        e = buf_add(out, body, len);
    if (e)
        out->len = before;
    return e;
}

enum err http_begin(const char *type, struct buf *out)
{
    return buf_addf(out,
                    "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                    "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                    type);
}
