/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "tests/base/unit.h"

#include <string.h>

static void test_every_row_is_whole(void **state)
{
    (void)state;
    for (int i = 1; i < ERR_COUNT; i++) {
        const struct err_info *info = err_info((enum err)i);
        assert_true(info->exit >= EXIT_REFUSED && info->exit <= EXIT_ENVIRONMENT);
        assert_true(info->http >= 400 && info->http <= 599);
        assert_true(strlen(info->cause) > 0 && info->cause[strlen(info->cause) - 1] == '.');
        assert_true(strlen(info->remedy) > 0 && info->remedy[strlen(info->remedy) - 1] == '.');
    }
}

static void test_names_lead_back(void **state)
{
    (void)state;
    for (int i = 1; i < ERR_COUNT; i++) {
        const char *name = err_name((enum err)i);
        assert_int_equal(err_from_name(name, strlen(name)), i);
    }
}

static void test_unknown_names_are_internal(void **state)
{
    (void)state;
    assert_err(err_from_name("NO_SUCH_NAME", 12), ERR_INTERNAL);
    assert_err(err_from_name("IO ", 3), ERR_INTERNAL);
    assert_err(err_from_name("I", 1), ERR_INTERNAL);
    assert_err(err_from_name("", 0), ERR_INTERNAL);
}

static void test_a_refusal_named_ok_is_no_success(void **state)
{
    (void)state;
    assert_string_equal(err_name(ERR_OK), "OK");
    assert_err(err_from_name("OK", 2), ERR_INTERNAL);
}

static void test_numbers_outside_the_table(void **state)
{
    (void)state;
    assert_string_equal(err_name(ERR_COUNT), "INTERNAL");
    assert_string_equal(err_name((enum err)(ERR_COUNT + 1)), "INTERNAL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_whole),
        cmocka_unit_test(test_names_lead_back),
        cmocka_unit_test(test_unknown_names_are_internal),
        cmocka_unit_test(test_a_refusal_named_ok_is_no_success),
        cmocka_unit_test(test_numbers_outside_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
