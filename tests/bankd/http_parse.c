/* SPDX-License-Identifier: Apache-2.0
 *
 * What the framing takes and refuses. Every case is fed twice, at once and byte by byte, and must
 * come out the same.
 */
#include "bankd/server/http.h"
#include "tests/base/unit.h"

#include <stdlib.h>
#include <string.h>

#define H "Host: bank\r\n"
#define BODY_MAX 16

static const struct {
    const char *name, *bytes;
    enum err err;
    size_t used; /* 0: more is needed */
} cases[] = {
    /* taken */
    {"shortest", "GET / HTTP/1.1\r\n" H "\r\n", ERR_OK, 30},
    {"post without length", "POST /a HTTP/1.1\r\n" H "\r\n", ERR_OK, 32},
    {"body", "POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", ERR_OK, 54},
    {"empty body", "POST /a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", ERR_OK, 51},
    {"largest body", "POST / HTTP/1.1\r\n" H "Content-Length: 16\r\n\r\n0123456789abcdef", ERR_OK,
     67},
    {"any case", "GET / HTTP/1.1\r\nhOsT: bank\r\ncONTENT-lENGTH:1\r\n\r\nx", ERR_OK, 49},
    {"white space around", "GET / HTTP/1.1\r\nHost: \t bank \t\r\n\r\n", ERR_OK, 34},
    {"unknown field", "GET / HTTP/1.1\r\n" H "X-Y: a, b; c=\"d\"\r\n\r\n", ERR_OK, 48},
    {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ERR_OK, 25},
    {"host with port", "GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", ERR_OK, 36},
    {"all of a name", "GET / HTTP/1.1\r\n" H "!#$%&'*+-.^_`|~09azAZ:\r\n\r\n", ERR_OK, 54},
    {"first of two", "GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n", ERR_OK, 31},
    {"bytes of no meaning behind", "GET / HTTP/1.1\r\n" H "\r\n\n\x01", ERR_OK, 30},

    /* not complete */
    {"nothing", "", ERR_OK, 0},
    {"part of a line", "GET / HT", ERR_OK, 0},
    {"no empty line", "GET / HTTP/1.1\r\n" H, ERR_OK, 0},
    {"half an end", "GET / HTTP/1.1\r\n" H "\r", ERR_OK, 0},
    {"part of a body", "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nab", ERR_OK, 0},

    /* two meanings of where the request ends */
    {"two lengths", "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     ERR_HTTP_MALFORMED, 0},
    {"two equal lengths",
     "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc",
     ERR_HTTP_MALFORMED, 0},
    {"list of lengths", "POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc",
     ERR_HTTP_MALFORMED, 0},
    {"chunked", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     ERR_HTTP_MALFORMED, 0},
    {"length then chunked",
     "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     ERR_HTTP_MALFORMED, 0},
    {"chunked then length",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     ERR_HTTP_MALFORMED, 0},
    {"identity", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", ERR_HTTP_MALFORMED,
     0},
    {"coding before the colon",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"coding behind a tab", "POST / HTTP/1.1\r\n" H "\tTransfer-Encoding: chunked\r\n\r\n",
     ERR_HTTP_MALFORMED, 0},
    {"length with a sign", "POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc",
     ERR_HTTP_MALFORMED, 0},
    {"negative length", "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", ERR_HTTP_MALFORMED,
     0},
    {"hexadecimal length", "POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc",
     ERR_HTTP_MALFORMED, 0},
    {"leading zero", "POST / HTTP/1.1\r\n" H "Content-Length: 03\r\n\r\nabc", ERR_HTTP_MALFORMED,
     0},
    {"space inside", "POST / HTTP/1.1\r\n" H "Content-Length: 1 0\r\n\r\n0123456789",
     ERR_HTTP_MALFORMED, 0},
    {"no length", "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"one too many", "POST / HTTP/1.1\r\n" H "Content-Length: 17\r\n\r\n", ERR_TOO_LARGE, 0},
    {"beyond 64 bits", "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n",
     ERR_TOO_LARGE, 0},

    /* lines */
    {"bare LF in the request line", "GET / HTTP/1.1\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"bare LF in a field", "GET / HTTP/1.1\r\nHost: bank\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"bare LF at the end", "GET / HTTP/1.1\r\n" H "\n", ERR_HTTP_MALFORMED, 0},
    {"bare CR", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"two CR", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"folded", "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"folded with a colon", "GET / HTTP/1.1\r\n" H " X: a\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"empty line first", "\r\nGET / HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},

    /* fields */
    {"no host", "GET / HTTP/1.1\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"two hosts", "GET / HTTP/1.1\r\n" H "Host: bank\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"host with a path", "GET / HTTP/1.1\r\nHost: bank/x\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"host with a user", "GET / HTTP/1.1\r\nHost: u@bank\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"space before the colon", "GET / HTTP/1.1\r\nHost : bank\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"no name", "GET / HTTP/1.1\r\n" H ": x\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"no colon", "GET / HTTP/1.1\r\n" H "X\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"name with a slash", "GET / HTTP/1.1\r\n" H "X/Y: 1\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"name with a brace", "GET / HTTP/1.1\r\n" H "X{Y: 1\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"name with a bracket", "GET / HTTP/1.1\r\n" H "X[Y: 1\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"name with an at", "GET / HTTP/1.1\r\n" H "X@Y: 1\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"control in a value", "GET / HTTP/1.1\r\n" H "X: \x01\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"high byte in a value", "GET / HTTP/1.1\r\n" H "X: \xc3\xa9\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"two last events", "GET / HTTP/1.1\r\n" H "Last-Event-ID: 1\r\nlast-event-id: 1\r\n\r\n",
     ERR_HTTP_MALFORMED, 0},
    {"two idempotency keys",
     "POST / HTTP/1.1\r\n" H "Idempotency-Key: a\r\nidempotency-key: a\r\n\r\n", ERR_HTTP_MALFORMED,
     0},
    {"another expectation", "GET / HTTP/1.1\r\n" H "Expect: rain\r\n\r\n", ERR_HTTP_MALFORMED, 0},

    /* the request line */
    {"old version", "GET / HTTP/1.0\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"another version", "GET / HTTP/1.11\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"lower-case version", "GET / http/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"no version", "GET /\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"two spaces", "GET  / HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"space behind", "GET / HTTP/1.1 \r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"tab", "GET\t/ HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"absolute form", "GET http://bank/ HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"asterisk form", "OPTIONS * HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"fragment", "GET /a#b HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"control in the target", "GET /\x7f HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"high byte in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"no method", " / HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"method with a bracket", "G(T / HTTP/1.1\r\n" H "\r\n", ERR_HTTP_MALFORMED, 0},
    {"TLS on a plain socket", "\x16\x03\x01\r\n", ERR_HTTP_MALFORMED, 0},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ERR_HTTP_MALFORMED, 0},
    {"another method", "DELETE / HTTP/1.1\r\n" H "\r\n", ERR_METHOD_NOT_ALLOWED, 0},
    {"another method, as long as GET", "PUT / HTTP/1.1\r\n" H "\r\n", ERR_METHOD_NOT_ALLOWED, 0},
    {"another method, as long as POST", "HEAD / HTTP/1.1\r\n" H "\r\n", ERR_METHOD_NOT_ALLOWED, 0},
    {"lower-case method", "get / HTTP/1.1\r\n" H "\r\n", ERR_METHOD_NOT_ALLOWED, 0},
};

/* What a server sees that gets one byte after the other. */
static enum err feed(const uint8_t *bytes, size_t len, size_t *used)
{
    struct http_request r;
    enum err e = ERR_OK;

    *used = 0;
    for (size_t n = 0; n <= len && !e && !*used; n++) {
        uint8_t *exactly = malloc(n + 1); /* so that a sanitizer sees a read behind the end */
        assert_non_null(exactly);
        memcpy(exactly, bytes, n);
        e = http_parse(exactly, n, BODY_MAX, &r, used);
        free(exactly);
    }
    return e;
}

static void check(const char *name, const char *text, size_t len, enum err err, size_t used)
{
    struct http_request r;
    size_t got, fed;
    enum err e = http_parse((const uint8_t *)text, len, BODY_MAX, &r, &got);

    if (e != err || got != used)
        fail_msg("%s: %s, %zu bytes used", name, err_name(e), got);
    e = feed((const uint8_t *)text, len, &fed);
    if (e != err || fed != used)
        fail_msg("%s, byte by byte: %s, %zu bytes used", name, err_name(e), fed);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].name, cases[i].bytes, strlen(cases[i].bytes), cases[i].err, cases[i].used);
}

static void test_nul_is_no_end(void **state)
{
    (void)state;
    check("in the target", "GET /\0a HTTP/1.1\r\n" H "\r\n", 33, ERR_HTTP_MALFORMED, 0);
    check("in a value", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29, ERR_HTTP_MALFORMED, 0);
    check("in a name", "GET / HTTP/1.1\r\n" H "X\0: a\r\n\r\n", 37, ERR_HTTP_MALFORMED, 0);
    check("in the body", "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\na\0b", 53, ERR_OK, 53);
}

/* A request of COUNT more fields, each LINE bytes long with its CRLF. */
static void with_fields(struct buf *b, size_t count, size_t line)
{
    buf_clear(b);
    assert_ok(buf_add_str(b, "GET / HTTP/1.1\r\n" H));
    for (size_t i = 0; i < count; i++) {
        assert_ok(buf_add_str(b, "X:"));
        for (size_t n = 4; n < line; n++)
            assert_ok(buf_add_byte(b, 'x'));
        assert_ok(buf_add_str(b, "\r\n"));
    }
    assert_ok(buf_add_str(b, "\r\n"));
}

static void test_limits(void **state)
{
    (void)state;
    struct buf b = {0};

    with_fields(&b, HTTP_FIELDS_MAX - 1, 4);
    check("as many fields as may be", buf_str(&b), b.len, ERR_OK, b.len);
    with_fields(&b, HTTP_FIELDS_MAX, 4);
    check("one field too many", buf_str(&b), b.len, ERR_HTTP_TOO_LARGE, 0);
    with_fields(&b, 1, HTTP_LINE_MAX);
    check("longest line", buf_str(&b), b.len, ERR_OK, b.len);
    with_fields(&b, 1, HTTP_LINE_MAX + 1);
    check("line too long", buf_str(&b), b.len, ERR_HTTP_TOO_LARGE, 0);
    with_fields(&b, 2, (HTTP_HEAD_MAX - 30) / 2);
    check("largest head", buf_str(&b), b.len, ERR_OK, HTTP_HEAD_MAX);
    with_fields(&b, 2, (HTTP_HEAD_MAX - 30) / 2 + 1);
    check("head too large", buf_str(&b), b.len, ERR_HTTP_TOO_LARGE, 0);

    buf_clear(&b);
    assert_ok(buf_add_str(&b, "GET /"));
    for (size_t i = 0; i < HTTP_TARGET_MAX; i++)
        assert_ok(buf_add_byte(&b, 'a'));
    assert_ok(buf_add_str(&b, " HTTP/1.1\r\n" H "\r\n"));
    check("target too long", buf_str(&b), b.len, ERR_HTTP_TOO_LARGE, 0);
    buf_free(&b);
}

static void test_what_is_read(void **state)
{
    (void)state;
    const char *text = "POST /v1/x?a=1&b=2 HTTP/1.1\r\n" H
                       "Connection: keep-alive, Close\r\nExpect: 100-Continue\r\n"
                       "Last-Event-ID: 17 \r\n"
                       "Content-Length: 3\r\n\r\nabcGET /";
    struct http_request r;
    size_t used;

    assert_ok(http_parse((const uint8_t *)text, strlen(text), BODY_MAX, &r, &used));
    assert_int_equal(used, strlen(text) - strlen("GET /"));
    assert_int_equal(r.need, used);
    assert_string_equal(r.method, "POST");
    assert_int_equal(r.path_len, 5);
    assert_memory_equal(r.path, "/v1/x", 5);
    assert_int_equal(r.query_len, 7);
    assert_memory_equal(r.query, "a=1&b=2", 7);
    assert_int_equal(r.body_len, 3);
    assert_memory_equal(r.body, "abc", 3);
    assert_true(r.close);
    assert_true(r.expect);
    assert_int_equal(r.last_event_len, 2);
    assert_memory_equal(r.last_event, "17", 2);

    assert_ok(http_parse((const uint8_t *)text, used - 1, BODY_MAX, &r, &used));
    assert_int_equal(used, 0);
    assert_true(r.expect);
    assert_int_equal(r.need, strlen(text) - strlen("GET /"));
}

static void test_response(void **state)
{
    (void)state;
    struct buf b = {0};

    assert_ok(http_respond(200, NULL, "{}", 2, false, &b));
    assert_string_equal(buf_str(&b), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                     "Content-Length: 2\r\nCache-Control: no-store\r\n\r\n{}");
    buf_clear(&b);
    assert_ok(http_respond(405, NULL, "{}", 2, true, &b));
    assert_string_equal(buf_str(&b),
                        "HTTP/1.1 405 Method Not Allowed\r\n"
                        "Content-Type: application/problem+json\r\nContent-Length: 2\r\n"
                        "Cache-Control: no-store\r\nAllow: GET, POST\r\n"
                        "Connection: close\r\n\r\n{}");
    buf_free(&b);
}

/* A status without a phrase would be a row that somebody forgot. */
static void test_every_status_has_a_phrase(void **state)
{
    (void)state;
    struct buf b = {0};

    for (int i = 0; i < ERR_COUNT; i++) {
        const struct err_info *info = err_info((enum err)i);
        buf_clear(&b);
        assert_ok(http_respond(info->http, NULL, "", 0, false, &b));
        if (strstr(buf_str(&b), " \r\n"))
            fail_msg("%s: HTTP %d has no phrase", info->name, info->http);
    }
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),    cmocka_unit_test(test_nul_is_no_end),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_response), cmocka_unit_test(test_every_status_has_a_phrase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
