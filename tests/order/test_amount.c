/* SPDX-License-Identifier: Apache-2.0 */
#include "order/amount.h"
#include "tests/base/unit.h"

#include <string.h>

static const struct {
    const char *text, *currency;
    enum err verdict;
    int64_t minor;
} parsings[] = {
    {"77.78", "EUR", ERR_OK, 7778},
    {"0.00", "EUR", ERR_OK, 0},
    {"0.01", "EUR", ERR_OK, 1},
    {"100", "JPY", ERR_OK, 100},
    {"0", "JPY", ERR_OK, 0},
    {"1.234", "BHD", ERR_OK, 1234},
    {"1.2345", "CLF", ERR_OK, 12345},
    {"9999999999999999.99", "EUR", ERR_OK, AMOUNT_MINOR_MAX},
    {"999999999999999999", "JPY", ERR_OK, AMOUNT_MINOR_MAX},

    {"10000000000000000.00", "EUR", ERR_AMOUNT_TOO_LARGE, 0},
    {"1000000000000000000", "JPY", ERR_AMOUNT_TOO_LARGE, 0},
    {"99999999999999999999999999999999999999999.99", "EUR", ERR_AMOUNT_TOO_LARGE, 0},
    {"", "EUR", ERR_AMOUNT_INVALID, 0},
    {".78", "EUR", ERR_AMOUNT_INVALID, 0},
    {"77", "EUR", ERR_AMOUNT_INVALID, 0},
    {"77.", "EUR", ERR_AMOUNT_INVALID, 0},
    {"77.7", "EUR", ERR_AMOUNT_INVALID, 0},
    {"77.780", "EUR", ERR_AMOUNT_INVALID, 0},
    {"77,78", "EUR", ERR_AMOUNT_INVALID, 0},
    {"077.78", "EUR", ERR_AMOUNT_INVALID, 0},
    {"00.78", "EUR", ERR_AMOUNT_INVALID, 0},
    {"-77.78", "EUR", ERR_AMOUNT_INVALID, 0},
    {"+77.78", "EUR", ERR_AMOUNT_INVALID, 0},
    {" 77.78", "EUR", ERR_AMOUNT_INVALID, 0},
    {"77.78 ", "EUR", ERR_AMOUNT_INVALID, 0},
    {"1e2.00", "EUR", ERR_AMOUNT_INVALID, 0},
    {"1.000.00", "EUR", ERR_AMOUNT_INVALID, 0},
    {"7.778", "EUR", ERR_AMOUNT_INVALID, 0},
    {"100.", "JPY", ERR_AMOUNT_INVALID, 0},
    {"100.00", "JPY", ERR_AMOUNT_INVALID, 0},
    {"\xd9\xa1.00", "EUR", ERR_AMOUNT_INVALID, 0}, /* an Arabic digit */
    {"1.00", "XAU", ERR_CURRENCY_UNKNOWN, 0},
    {"1.00", "XXX", ERR_CURRENCY_UNKNOWN, 0},
    {"1.00", "eur", ERR_CURRENCY_UNKNOWN, 0},
    {"1.00", "EU", ERR_CURRENCY_UNKNOWN, 0},
    {"1.00", "EURO", ERR_CURRENCY_UNKNOWN, 0},
    {"1.00", "", ERR_CURRENCY_UNKNOWN, 0},
    {"1.00", "DEM", ERR_CURRENCY_UNKNOWN, 0},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parsings / sizeof *parsings; i++) {
        const char *text = parsings[i].text;
        int64_t minor = -1;
        enum err e = amount_parse(text, strlen(text), parsings[i].currency, &minor);

        if (e != parsings[i].verdict)
            print_error("%s %s\n", text, parsings[i].currency);
        assert_err(e, parsings[i].verdict);
        assert_int_equal(minor, parsings[i].minor);
        if (e == ERR_OK) {
            char again[AMOUNT_TEXT_MAX + 1];

            assert_ok(amount_text(minor, parsings[i].currency, again));
            assert_string_equal(again, text);
        }
    }
}

static void test_the_length_counts(void **state)
{
    int64_t minor;

    (void)state;
    assert_ok(amount_parse("77.789", 5, "EUR", &minor));
    assert_int_equal(minor, 7778);
    assert_err(amount_parse("77.78\0", 6, "EUR", &minor), ERR_AMOUNT_INVALID);
}

static void test_text_of_negative_amounts(void **state)
{
    char text[AMOUNT_TEXT_MAX + 1];

    (void)state;
    assert_ok(amount_text(-5, "EUR", text));
    assert_string_equal(text, "-0.05");
    assert_ok(amount_text(-100, "JPY", text));
    assert_string_equal(text, "-100");
    assert_ok(amount_text(INT64_MIN, "CLF", text));
    assert_string_equal(text, "-922337203685477.5808");
    assert_err(amount_text(1, "XTS", text), ERR_CURRENCY_UNKNOWN);
    assert_string_equal(text, "");
}

static void test_sums_are_checked(void **state)
{
    int64_t out;

    (void)state;
    assert_ok(amount_add(AMOUNT_MINOR_MAX - 1, 1, &out));
    assert_int_equal(out, AMOUNT_MINOR_MAX);
    assert_err(amount_add(AMOUNT_MINOR_MAX, 1, &out), ERR_AMOUNT_TOO_LARGE);
    assert_int_equal(out, 0);
    assert_err(amount_add(INT64_MAX, INT64_MAX, &out), ERR_AMOUNT_TOO_LARGE);
    assert_ok(amount_sub(0, AMOUNT_MINOR_MAX, &out));
    assert_int_equal(out, -AMOUNT_MINOR_MAX);
    assert_err(amount_sub(-1, AMOUNT_MINOR_MAX, &out), ERR_AMOUNT_TOO_LARGE);
    assert_err(amount_sub(0, INT64_MIN, &out), ERR_AMOUNT_TOO_LARGE);
}

/* bsearch finds nothing in a table that is out of order. */
static void test_every_currency_is_found(void **state)
{
    static const char *const codes[] = {
#define X(code, decimals) code,
#include "order/currency.def"
#undef X
    };
    unsigned decimals;

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_ok(amount_decimals(codes[i], 3, &decimals));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_the_length_counts),
        cmocka_unit_test(test_text_of_negative_amounts),
        cmocka_unit_test(test_sums_are_checked),
        cmocka_unit_test(test_every_currency_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
