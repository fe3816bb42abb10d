/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV: RFC 4180, and cells that a spreadsheet would run.
 */
#include "signer/csv.h"
#include "tests/base/unit.h"

#include <string.h>

static const struct {
    const char *cell, *written;
} cells[] = {
    {"", ""},
    {"EDP Comercial", "EDP Comercial"},
    {"a,b", "\"a,b\""},
    {"a \"b\"", "\"a \"\"b\"\"\""},
    {"a\r\nb", "\"a\r\nb\""},
    /* amounts */
    {"0", "0"},
    {"77.78", "77.78"},
    {"-77.78", "-77.78"},
    {"-1000", "-1000"},
    /* formulas */
    {"=1+1", "'=1+1"},
    {"+1", "'+1"},
    {"+351 21 000 00 00", "'+351 21 000 00 00"},
    {"-1+1", "'-1+1"},
    {"-", "'-"},
    {"--1", "'--1"},
    {"-1.", "'-1."},
    {"-.5", "'-.5"},
    {"-1.5.2", "'-1.5.2"},
    {"-1e9", "'-1e9"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {"\t=1", "\"'\t'=1\""},
    {"\r=1", "\"'\r=1\""},
    {"\n=1", "\"'\n=1\""},
    {" =1", " '=1"},
    {"\uff1d1", "'\uff1d1"},
    {"=\"a\",1", "\"'=\"\"a\"\",1\""},
    /* where another separator begins a cell */
    {"x;=1", "\"x;'=1\""},
    {"x; @y", "\"x; '@y\""},
    {"x\t-y", "\"x\t'-y\""},
    /* also in quotes: there "" is an empty quoted text, and what follows is the cell */
    {"x;\"=1+1;y", "\"x;\"\"'=1+1;y\""},
    {"x; \"\" @y", "\"x; \"\"\"\" '@y\""},
    {"x\t\"-y", "\"x\t\"\"'-y\""},
    /* and where nothing begins */
    {"a=1", "a=1"},
    {"a@b", "a@b"},
    {"A-B", "A-B"},
    {"'=1", "'=1"},
};

static void test_threat_18_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        struct buf out = {0};
        assert_ok(csv_row(&out, &cells[i].cell, 1));
        assert_true(out.len >= 2);
        assert_string_equal(buf_str(&out) + out.len - 2, "\r\n");
        out.data[out.len - 2] = 0;
        assert_string_equal((const char *)out.data, cells[i].written);
        buf_free(&out);
    }
}

static void test_rows(void **state)
{
    static const char *const row[] = {"a", "", "b,c"};
    struct buf out = BUF_INIT(32), small = BUF_INIT(4);

    (void)state;
    assert_ok(csv_row(&out, row, 3));
    assert_ok(csv_row(&out, row, 1));
    assert_string_equal(buf_str(&out), "a,,\"b,c\"\r\na\r\n");
    assert_err(csv_row(&small, row, 3), ERR_TOO_LARGE);
    buf_free(&out);
    buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threat_18_cells),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
