/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"
#include "tests/base/unit.h"

#include <string.h>

#define IBAN "PT50000201231234567890154"
#define LONG64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *method, *path;
    enum err err;
    enum route route;
    const char *param[ROUTE_PARAMS_MAX];
} cases[] = {
    {"GET", "/v1/health", ERR_OK, ROUTE_HEALTH, {NULL, NULL}},
    {"POST", "/v1/decisions", ERR_OK, ROUTE_DECIDE, {NULL, NULL}},
    {"GET", "/v1/accounts", ERR_OK, ROUTE_ACCOUNTS, {NULL, NULL}},
    {"POST", "/v1/accounts", ERR_OK, ROUTE_ACCOUNT_OPEN, {NULL, NULL}},
    {"GET", "/v1/accounts/" IBAN, ERR_OK, ROUTE_ACCOUNT, {IBAN, NULL}},
    {"GET", "/v1/accounts/" IBAN "/orders", ERR_OK, ROUTE_ORDERS, {IBAN, NULL}},
    {"GET", "/v1/accounts/" IBAN "/orders/a-1", ERR_OK, ROUTE_ORDER, {IBAN, "a-1"}},
    {"GET", "/v1/accounts/a/orders/b/evidence", ERR_OK, ROUTE_EVIDENCE, {"a", "b"}},
    {"GET", "/v1/accounts/..", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/" LONG64, ERR_OK, ROUTE_ACCOUNT, {LONG64, NULL}},

    {"GET", "/v1/accounts/" LONG64 "5", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/health/", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/healt", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/healthy", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "//v1/health", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/V1/health", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts//orders", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/a%2fb", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/a;b", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/a'--", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/a/../b", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/accounts/{account}", ERR_NOT_FOUND, ROUTE_COUNT, {NULL, NULL}},
    {"POST", "/v1/health", ERR_METHOD_NOT_ALLOWED, ROUTE_COUNT, {NULL, NULL}},
    {"GET", "/v1/decisions", ERR_METHOD_NOT_ALLOWED, ROUTE_COUNT, {NULL, NULL}},
};

static void test_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct route_match m;
        enum err e = route_find(cases[i].method, cases[i].path, strlen(cases[i].path), &m);
        if (e != cases[i].err || (!e && m.route != cases[i].route))
            fail_msg("%s %s: %s", cases[i].method, cases[i].path, err_name(e));
        for (size_t p = 0; !e && p < ROUTE_PARAMS_MAX && cases[i].param[p]; p++) {
            assert_true(p < m.count);
            assert_string_equal(m.param[p], cases[i].param[p]);
        }
    }
}

static void test_the_length_rules(void **state)
{
    (void)state;
    struct route_match m;

    assert_ok(route_find("GET", "/v1/health?x=1", strlen("/v1/health"), &m));
    assert_err(route_find("GET", "/v1/health\0x", 12, &m), ERR_NOT_FOUND);
}

/* Two routes that one request fits would make the table's order a rule. */
static void test_every_route_finds_itself(void **state)
{
    (void)state;
    for (int i = 0; i < ROUTE_COUNT; i++) {
        const struct route_info *info = route_info((enum route)i);
        char path[128];
        size_t n = 0;
        for (const char *s = info->path; *s; s++) {
            assert_true(n < sizeof path);
            if (*s == '{') {
                s = strchr(s, '}');
                assert_non_null(s);
                path[n++] = 'x';
            } else {
                path[n++] = *s;
            }
        }
        struct route_match m;
        assert_ok(route_find(info->method, path, n, &m));
        assert_int_equal(m.route, i);
        assert_true(info->callers != 0);
        assert_true((info->callers & CALLER_CONSOLE) || !info->roles);
        assert_true(strcmp(info->method, "GET") != 0 || info->body_max == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_the_length_rules),
        cmocka_unit_test(test_every_route_finds_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
