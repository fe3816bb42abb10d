/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client refuses to send: a parameter that would make another path of the route's. What it
 * sends again: a request whose answer does not come.
 */
#include "api/client.h"
#include "tests/base/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Nobody listens there: what would be sent is UNAVAILABLE, what would not is refused before. */
static enum err call(const char *account, const char *id)
{
    const struct client_options options = {.unix_socket = "/nonexistent/countersign.sock"};
    const struct client_call call = {.route = ROUTE_ORDER, .param = {account, id}};
    struct buf answer = {0};
    struct client *c;
    enum err e;

    assert_ok(client_new(&options, &c));
    e = client_call(c, &call, &answer);
    assert_int_equal(answer.len, 0);
    client_free(c);
    buf_free(&answer);
    return e;
}

static void test_parameters(void **state)
{
    static const char *const strange[] = {
        "",       ".",         "..",    "../..", "a/b",  "a?limit=1",      "a#b",
        "%2e%2e", "a\r\nX: y", "a b",   "a@b",   "a\\b", "\xc3\xa9",       "a;b",
        "{id}",   "a\x1b[2Jb", "a&b=c", "a+b",   "*",    "..%2f..%2fbank",
    };
    char longest[ROUTE_PARAM_MAX + 2];

    (void)state;
    assert_err(call("PT50000201231234567890154", "019aab1e-d900-7c3f-8a5b-0123456789ab"),
               ERR_UNAVAILABLE);
    assert_err(call("PT50000201231234567890154", "..."), ERR_UNAVAILABLE);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        if (call("PT50000201231234567890154", strange[i]) != ERR_USAGE ||
            call(strange[i], "019aab1e-d900-7c3f-8a5b-0123456789ab") != ERR_USAGE)
            fail_msg("%s", strange[i]);
    }
    memset(longest, 'a', sizeof longest);
    longest[ROUTE_PARAM_MAX] = 0;
    assert_err(call("PT50000201231234567890154", longest), ERR_UNAVAILABLE);
    longest[ROUTE_PARAM_MAX] = 'a';
    longest[ROUTE_PARAM_MAX + 1] = 0;
    assert_err(call("PT50000201231234567890154", longest), ERR_USAGE);
    assert_err(call("PT50000201231234567890154", NULL), ERR_USAGE);
}

/* --- a bank that answers late, or not as one would like --- */

#define TRIES 4       /* of the client */
#define LOST ""       /* no answer to that try */
#define SHORT_MS 2000 /* that the client waits for a bank that is silent */
#define ANSWER(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body

static const char silent[] = ""; /* none either, until the client gives up */

struct slow_bank {
    int listener;
    const char *const *answers; /* to each try */
    size_t count;
    char request[TRIES][2048];
};

static void *serve(void *arg)
{
    struct slow_bank *b = arg;

    for (size_t i = 0; i < b->count; i++) {
        int conn = accept(b->listener, NULL, NULL);
        size_t len = strlen(b->answers[i]);
        if (conn < 0)
            return arg;
        ssize_t n = read(conn, b->request[i], sizeof b->request[i] - 1);
        if (n < 0 || write(conn, b->answers[i], len) != (ssize_t)len)
            return arg;
        if (b->answers[i] == silent)
            (void)recv(conn, &(char){0}, 1, 0);
        if (i + 1 == b->count)
            shutdown(b->listener, SHUT_RDWR); /* a try too many finds nobody */
        close(conn);
    }
    return NULL;
}

static const char *key_of(const char *request)
{
    const char *at = strstr(request, "Idempotency-Key: ");

    assert_non_null(at);
    return at;
}

/* Makes a request for which the bank has these answers; all of them are asked for, by one key. */
static enum err call_once(const char *const *answers, size_t count, struct buf *answer,
                          bool *unknown)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const struct client_options options = {.unix_socket = at.sun_path,
                                           .timeout_ms = answers[0] == silent ? SHORT_MS : 0};
    const struct client_call call = {
        .route = ROUTE_LOGOUT, .body = "{}", .body_len = 2, .once = true};
    struct slow_bank bank = {.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                             .answers = answers,
                             .count = count};
    struct client *c;
    pthread_t thread;
    void *failed;

    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/countersign-client-%d", (int)getpid());
    assert_int_equal(bind(bank.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(bank.listener, TRIES), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &bank), 0);
    assert_ok(client_new(&options, &c));
    enum err e = client_call(c, &call, answer);
    shutdown(bank.listener, SHUT_RDWR); /* nor does the bank wait for a try too few */
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    close(bank.listener);
    for (size_t i = 1; i < count; i++)
        assert_memory_equal(key_of(bank.request[0]), key_of(bank.request[i]),
                            strlen("Idempotency-Key: ") + 34);
    *unknown = client_unknown(c);
    client_free(c);
    unlink(at.sun_path);
    return e;
}

static const char done[] = ANSWER("200 OK", "{}");
static const char busy[] = ANSWER("503 Service Unavailable", "{\"name\":\"BUSY\"}");
static const char unsaved[] = ANSWER("503 Service Unavailable", "{\"name\":\"STORE_FAILED\"}");
static const char refused[] = ANSWER("422 Unprocessable Content", "{\"name\":\"AMOUNT_ZERO\"}");
static const char proxy[] = ANSWER("502 Bad Gateway", "<html>");

/* What is lost is asked again until the bank says what became of it; when it does not, that is
 * known whatever it says last. */
static void test_an_answer_that_does_not_come(void **state)
{
    static const struct {
        const char *answers[TRIES];
        enum err e;
        bool unknown;
    } cases[] = {
        {{done}, ERR_OK, false},
        {{LOST, done}, ERR_OK, false},
        {{silent, done}, ERR_OK, false},
        {{unsaved, done}, ERR_OK, false},
        {{proxy, LOST, done}, ERR_OK, false},
        {{LOST, busy, done}, ERR_OK, false},
        {{refused}, ERR_AMOUNT_ZERO, false},
        {{busy}, ERR_BUSY, false},
        {{LOST, refused}, ERR_AMOUNT_ZERO, true},
        {{LOST, busy, busy, busy}, ERR_BUSY, true},
        {{unsaved, unsaved, unsaved, unsaved}, ERR_STORE_FAILED, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf answer = {0};
        bool unknown = !cases[i].unknown;
        size_t count = 0;

        while (count < TRIES && cases[i].answers[count])
            count++;
        assert_err(call_once(cases[i].answers, count, &answer, &unknown), cases[i].e);
        assert_int_equal(unknown, cases[i].unknown);
        if (cases[i].e == ERR_OK)
            assert_string_equal(buf_str(&answer), "{}");
        buf_free(&answer);
    }
}

/* Nothing was sent: nothing can have been done. */
static void test_a_bank_that_is_not_there(void **state)
{
    const struct client_options options = {.unix_socket = "/nonexistent/countersign.sock"};
    const struct client_call call = {
        .route = ROUTE_LOGOUT, .body = "{}", .body_len = 2, .once = true};
    struct buf answer = {0};
    struct client *c;

    (void)state;
    assert_ok(client_new(&options, &c));
    assert_err(client_call(c, &call, &answer), ERR_UNAVAILABLE);
    assert_false(client_unknown(c));
    client_free(c);
    buf_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters),
                                       cmocka_unit_test(test_an_answer_that_does_not_come),
                                       cmocka_unit_test(test_a_bank_that_is_not_there)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
