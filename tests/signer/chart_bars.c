/* SPDX-License-Identifier: Apache-2.0
 *
 * Bars: their length, and that no sum is too large for them.
 */
#include "signer/chart.h"
#include "tests/base/unit.h"

#include <stdlib.h>
#include <string.h>

#define MOST INT64_C(999999999999999999)

static void assert_bar(int64_t value, int64_t most, unsigned cells, bool utf8, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    chart_bar(f, value, most, cells, utf8);
    fclose(f);
    assert_string_equal(text, expected);
    free(text);
}

static void test_bars(void **state)
{
    (void)state;
    assert_bar(100, 100, 4, false, "####");
    assert_bar(50, 100, 4, false, "##");
    assert_bar(1, 100, 4, false, "#");
    assert_bar(0, 100, 4, false, "");
    assert_bar(100, 100, 2, true, "\u2588\u2588");
    assert_bar(50, 100, 1, true, "\u258c");
    assert_bar(1, MOST, 2, true, "\u258f");
    assert_bar(MOST, MOST, 3, false, "###");
    assert_bar(MOST / 2, MOST, 2, false, "#");
    assert_bar(7, 7, 0, false, "");
    assert_bar(8, 7, 3, false, "");
}

static void test_environment(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    setenv("LANG", "pt_PT.UTF-8", 1);
    assert_true(chart_utf8());
    setenv("LC_ALL", "C", 1);
    assert_false(chart_utf8());
    setenv("LC_ALL", "", 1);
    setenv("LC_CTYPE", "C.utf8", 1);
    assert_true(chart_utf8());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
