/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client refuses to send: a parameter that would make another path of the route's.
 */
#include "api/client.h"
#include "tests/base/unit.h"

#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
