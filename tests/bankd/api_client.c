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

/* --- a bank that answers the second time --- */

struct slow_bank {
    int listener;
    char request[2][2048];
};

static void *serve(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    struct slow_bank *b = arg;
    int conn[2];

    for (int i = 0; i < 2; i++) {
        conn[i] = accept(b->listener, NULL, NULL);
        ssize_t n = read(conn[i], b->request[i], sizeof b->request[i] - 1);
        if (n < 0 || (i == 1 && write(conn[i], answer, sizeof answer - 1) < 0))
            return arg;
    }
    close(conn[0]);
    close(conn[1]);
    return NULL;
}

static const char *key_of(const char *request)
{
    const char *at = strstr(request, "Idempotency-Key: ");

    assert_non_null(at);
    return at;
}

static void test_an_answer_that_does_not_come(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const struct client_options options = {.unix_socket = at.sun_path, .timeout_ms = 200};
    const struct client_call call = {
        .route = ROUTE_LOGOUT, .body = "{}", .body_len = 2, .once = true};
    struct slow_bank bank = {.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct buf answer = {0};
    struct client *c;
    pthread_t thread;
    void *failed;

    (void)state;
    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/countersign-client-%d", (int)getpid());
    assert_int_equal(bind(bank.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(bank.listener, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &bank), 0);
    assert_ok(client_new(&options, &c));
    assert_ok(client_call(c, &call, &answer));
    assert_string_equal(buf_str(&answer), "{}");
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    assert_memory_equal(key_of(bank.request[0]), key_of(bank.request[1]),
                        strlen("Idempotency-Key: ") + 34);
    client_free(c);
    buf_free(&answer);
    close(bank.listener);
    unlink(at.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters),
                                       cmocka_unit_test(test_an_answer_that_does_not_come)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
