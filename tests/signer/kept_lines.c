/* SPDX-License-Identifier: Apache-2.0
 * What a holder signed in an earlier run, looked at again: the golden batch, at several times. */
#include "app/app.h"
#include "base/text.h"
#include "signer/order_files.h"

#include "tests/base/unit.h"
#include "tests/verifier/golden.h"
#include <string.h>

#define LINES 3
#define ISSUED "2026-11-22T10:05:00Z"
#define EXPIRES "2026-11-22T11:10:00Z"

struct scene {
    struct golden_keys keys;
    struct policy *policy;
    struct buf text;
    struct app app;
};

static int begin(void **state)
{
    static struct scene s;
    struct buf policy = golden_read("policy.json");

    memset(&s, 0, sizeof s);
    s.keys = golden_keys_load();
    s.text = golden_read("batch.ndjson");
    s.app.public_key = s.keys.key[0];
    assert_ok(policy_parse(policy.data, policy.len, &s.policy));
    buf_free(&policy);
    *state = &s;
    return 0;
}

static int end(void **state)
{
    struct scene *s = *state;

    golden_keys_free(&s->keys);
    policy_free(s->policy);
    buf_free(&s->text);
    return 0;
}

static int64_t at(const char *time)
{
    int64_t us = 0;

    assert_ok(text_parse_time(time, strlen(time), &us));
    return us;
}

static enum err look(struct scene *s, int64_t now_us, size_t *old)
{
    return order_files_verify(&s->app, "signed.ndjson", &s->text, s->policy, now_us, old);
}

/* The bank takes them for 300 s, and so long nobody is warned. */
static void test_old_after_five_minutes(void **state)
{
    struct scene *s = *state;
    int64_t last_us = at(ISSUED) + 300 * TEXT_SECOND_US;
    size_t old = 7;

    assert_ok(look(s, at(ISSUED), &old));
    assert_int_equal(old, 0);
    assert_ok(look(s, last_us, &old));
    assert_int_equal(old, 0);
    assert_ok(look(s, last_us + 1, &old));
    assert_int_equal(old, LINES);
    assert_ok(look(s, at(EXPIRES) - 1, &old));
    assert_int_equal(old, LINES);
}

static void test_expires(void **state)
{
    size_t old;

    assert_err(look(*state, at(EXPIRES), &old), ERR_STATEMENT_EXPIRED);
}

static void test_a_challenge_keeps_it_fresh(void **state)
{
    struct statement head = {.issued_us = at(ISSUED), .challenge = "AAECAwQFBgcICQoLDA0ODw"};

    (void)state;
    assert_false(waiting_too_old(&head, at(EXPIRES)));
    head.challenge[0] = '\0';
    assert_true(waiting_too_old(&head, at(EXPIRES)));
}

/* Somebody else's lines are none of the token's. */
static void test_another_key(void **state)
{
    struct scene *s = *state;
    size_t old;

    s->app.public_key = s->keys.key[1];
    assert_err(look(s, at(ISSUED), &old), ERR_KEY_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_old_after_five_minutes, begin, end),
        cmocka_unit_test_setup_teardown(test_expires, begin, end),
        cmocka_unit_test_setup_teardown(test_a_challenge_keeps_it_fresh, begin, end),
        cmocka_unit_test_setup_teardown(test_another_key, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
