/* SPDX-License-Identifier: Apache-2.0
 *
 * Whoever comes, the operators find a place, and a crowd has one each.
 */
#include "bankd/server/followers.h"
#include "tests/base/unit.h"

#include <stdio.h>

static const char *take(struct followers *f, const char *name, bool is_operator)
{
    return err_name(followers_take(f, name, is_operator));
}

static void test_as_often_as_one_may(void **state)
{
    struct followers *f;

    (void)state;
    assert_ok(followers_new(64, 2, &f));
    assert_string_equal(take(f, "alice", false), "OK");
    assert_string_equal(take(f, "alice", false), "OK");
    assert_string_equal(take(f, "alice", false), "TOO_MANY_STREAMS");
    assert_string_equal(take(f, "otto", true), "OK");
    followers_give(f, "alice");
    assert_string_equal(take(f, "alice", false), "OK");
    assert_int_equal(followers_count(f), 3);
    followers_free(f);
}

/* Of 64 places 56 are for holders: up to 28 as many as one likes, then one each. */
static void test_a_crowd(void **state)
{
    struct followers *f;
    char name[16];

    (void)state;
    assert_ok(followers_new(64, 8, &f));
    for (int i = 0; i < 28; i++) {
        snprintf(name, sizeof name, "h%d", i / 7);
        assert_string_equal(take(f, name, false), "OK");
    }
    assert_string_equal(take(f, "h0", false), "TOO_MANY_STREAMS");
    for (int i = 28; i < 56; i++) {
        snprintf(name, sizeof name, "h%d", i);
        assert_string_equal(take(f, name, false), "OK");
    }
    assert_string_equal(take(f, "late", false), "BUSY");
    for (int i = 0; i < 8; i++)
        assert_string_equal(take(f, "otto", true), "OK");
    assert_string_equal(take(f, "petra", true), "BUSY");
    followers_give(f, "h0");
    assert_string_equal(take(f, "petra", true), "OK"); /* they may have any place */
    followers_give(f, "petra");
    assert_string_equal(take(f, "late", false), "OK");
    followers_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_often_as_one_may),
        cmocka_unit_test(test_a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
