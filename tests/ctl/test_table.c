/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/table.h"
#include "order/json.h"
#include "tests/base/unit.h"

#include <string.h>

static const struct table_column columns[] = {
    {"NAME", "name", false},
    {"BALANCE", "money.booked", true},
    {"WHO", "who", false},
};

static void assert_table(const char *json, const char *expected)
{
    struct js *rows = NULL;
    struct buf out = {.len = 0};
    assert_ok(js_parse(json, strlen(json), &rows));
    assert_ok(table_render(rows, columns, 3, &out));
    assert_string_equal(buf_str(&out), expected);
    buf_free(&out);
    js_free(rows);
}

static void test_alignment(void **state)
{
    (void)state;
    assert_table("[]", "NAME  BALANCE  WHO\n");
    assert_table("[{\"name\":\"Zo\\u00eb\",\"money\":{\"booked\":\"1.00\"},\"who\":[\"a\",\"b\"]},"
                 "{\"name\":\"Bartholomew\",\"money\":{\"booked\":123456789},\"who\":[]}]",
                 "NAME           BALANCE  WHO\n"
                 "Zo\xc3\xab               1.00  a b\n"
                 "Bartholomew  123456789  -\n");
}

static void test_paths(void **state)
{
    (void)state;
    assert_table(
        "[{\"name\":{\"x\":1},\"money\":[{\"booked\":1},{\"booked\":2},{}],\"who\":\"w\"}]",
        "NAME  BALANCE  WHO\n"
        "-        1 2   w\n");
}

static void test_absent(void **state)
{
    (void)state;
    assert_table("[{\"name\":\"\",\"money\":\"x\",\"who\":null},{\"money\":{\"booked\":true}},7]",
                 "NAME  BALANCE  WHO\n"
                 "-           -  -\n"
                 "-         yes  -\n"
                 "-           -  -\n");
}

/* ESC, CSI as one C1 character, BEL, DEL, line feed. */
static void test_no_controls(void **state)
{
    (void)state;
    assert_table("[{\"name\":\"a\\u001b[2J\\u009b1m\\u0007\\u007f\\nb\\u00a0\"}]",
                 "NAME           BALANCE  WHO\n"
                 "a?[2J?1m???b\xc2\xa0        -  -\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_no_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
