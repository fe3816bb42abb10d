/* SPDX-License-Identifier: Apache-2.0
 *
 * An operator's act: what is read is what was written, and nothing else is read.
 */
#include "order/act.h"

#include "tests/base/unit.h"
#include <stdio.h>
#include <string.h>

#define GOOD                                                                                       \
    "{\"bank\":\"demobank.example/demo\",\"expires\":\"2026-11-25T10:00:00Z\","                    \
    "\"issued\":\"2026-11-25T09:00:00Z\",\"nonce\":\"K9gGyX8OAK8aH8Myj6djqQ\","                    \
    "\"path\":\"/v1/accounts/PT50000201231234567890154/block\",\"request\":{\"note\":\"a\"},"      \
    "\"version\":1}"

static enum err parse(const char *text, struct operator_act *out)
{
    return act_parse(text, strlen(text), out);
}

static void test_a_good_one(void **state)
{
    (void)state;
    struct operator_act a;
    static const char loose[] = " { \"note\" : \"a\" }";
    struct buf again = {0};

    assert_ok(parse(GOOD, &a));
    assert_string_equal(a.head.bank, "demobank.example/demo");
    assert_string_equal(a.path, "/v1/accounts/PT50000201231234567890154/block");
    assert_string_equal(buf_str(&a.request), "{\"note\":\"a\"}");
    assert_ok(act_make(&a.head, a.path, loose, strlen(loose), &again));
    assert_string_equal(buf_str(&again), GOOD);
    buf_free(&again);
    act_free(&a);
    assert_string_equal(a.path, "");
}

/* GOOD with one part replaced. */
static void refused(const char *part, const char *by, enum err expected)
{
    char text[1024];
    const char *at = strstr(GOOD, part);
    struct operator_act a;

    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, by, at + strlen(part));
    assert_err(parse(text, &a), expected);
    assert_null(a.request.data);
}

static void test_what_is_none(void **state)
{
    (void)state;
    refused("/v1/accounts", "v1/accounts", ERR_DOC_MEMBER_INVALID);
    refused("/block", "/block?x=1", ERR_DOC_MEMBER_INVALID);
    refused("/block", "/%62lock", ERR_DOC_MEMBER_INVALID);
    refused("/v1/accounts/PT50000201231234567890154/block", "", ERR_DOC_MEMBER_INVALID);
    refused("{\"note\":\"a\"}", "[]", ERR_DOC_MEMBER_INVALID);
    refused("{\"note\":\"a\"}", "\"a\"", ERR_DOC_MEMBER_INVALID);
    refused("\"request\":{\"note\":\"a\"},", "", ERR_DOC_MEMBER_MISSING);
    refused(",\"version\":1", ",\"typ\":\"x\",\"version\":1", ERR_DOC_MEMBER_UNKNOWN);
    refused("\"version\":1", "\"version\":2", ERR_DOC_TYPE);
    refused("{\"note\":\"a\"}", "{ \"note\":\"a\"}", ERR_DOC_NOT_CANONICAL);
}

static void test_limits(void **state)
{
    (void)state;
    static char request[ACT_REQUEST_MAX + 16], path[ACT_PATH_MAX + 2];
    const struct statement head = {.bank = "demobank.example/demo"};
    struct buf out = {0};

    memset(request, 'x', sizeof request);
    memcpy(request, "{\"n\":\"", 6);
    memcpy(request + ACT_REQUEST_MAX - 1, "\"}", 2);
    assert_err(act_make(&head, "/v1", request, ACT_REQUEST_MAX + 1, &out), ERR_TOO_LARGE);
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    assert_err(act_make(&head, path, "{}", 2, &out), ERR_DOC_MEMBER_INVALID);
    path[ACT_PATH_MAX] = 0;
    assert_ok(act_make(&head, path, "{}", 2, &out));
    buf_clear(&out);
    assert_err(act_make(&head, "/v1", "[]", 2, &out), ERR_DOC_MEMBER_INVALID);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_one),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
