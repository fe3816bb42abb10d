/* SPDX-License-Identifier: Apache-2.0
 * The registry's own sample of every country runs through tests/vectors. */
#include "order/iban.h"
#include "tests/base/unit.h"

#include <string.h>

struct row {
    const char *text;
    enum err verdict;
};

static void check(enum err (*judge)(const char *, size_t), const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum err e = judge(rows[i].text, strlen(rows[i].text));

        if (e != rows[i].verdict)
            print_error("%s\n", rows[i].text);
        assert_err(e, rows[i].verdict);
    }
}

static void test_iban(void **state)
{
    static const struct row rows[] = {
        {"PT50000201231234567890154", ERR_OK},
        {"NO9386011117947", ERR_OK},                 /* the shortest */
        {"MT84MALT011000012345MTLCAST001S", ERR_OK}, /* letters in it */
        {"BR9700360305000010009795493P1", ERR_OK},
        {"PT50000201231234567890155", ERR_IBAN_CHECK_DIGITS},
        {"PT05000201231234567890154", ERR_IBAN_CHECK_DIGITS},
        {"PT50000201231234567891054", ERR_IBAN_CHECK_DIGITS}, /* two digits swapped */
        {"PT5000020123123456789015", ERR_IBAN_INVALID},
        {"PT500002012312345678901544", ERR_IBAN_INVALID},
        {"PT5000020123123456789015A", ERR_IBAN_INVALID}, /* structure: digits only */
        {"MT84MAL1011000012345MTLCAST001S", ERR_IBAN_INVALID},
        {"pt50000201231234567890154", ERR_IBAN_INVALID},
        {"PT50 0002 0123 1234 5678 9015 4", ERR_IBAN_INVALID},
        {"XX50000201231234567890154", ERR_IBAN_INVALID},
        {"US50000201231234567890154", ERR_IBAN_INVALID}, /* not in the registry */
        {"PT5X000201231234567890154", ERR_IBAN_INVALID},
        {"", ERR_IBAN_INVALID},
        {"PT50", ERR_IBAN_INVALID},
    };

    (void)state;
    check(iban_check, rows, sizeof rows / sizeof *rows);
}

/* Countries that joined the registry late, with its own samples. */
static void test_late_countries(void **state)
{
    static const struct row rows[] = {
        {"FK88SC123456789012", ERR_OK},
        {"LY83002048000020100120361", ERR_OK},
        {"MN121234123456789123", ERR_OK},
        {"OM810180000001299123456", ERR_OK},
        {"QA58DOHB00001234567890ABCDEFG", ERR_OK},
        {"RU0304452522540817810538091310419", ERR_OK},
        {"SD2129010501234001", ERR_OK},
        {"SO211000001001000100141", ERR_OK},
        {"VA59001123000012345678", ERR_OK},
        {"YE15CBYE0001018861234567891234", ERR_OK},
        {"VA5900112300001234567", ERR_IBAN_INVALID},
        {"VA5900112300001234567A", ERR_IBAN_INVALID},
        {"RU0304452522540817810538091310418", ERR_IBAN_CHECK_DIGITS},
    };

    (void)state;
    check(iban_check, rows, sizeof rows / sizeof *rows);
}

/* 00, 01 and 99 are congruent to 97, 98 and 02, which alone an issuer may write (ISO 13616 6.3).
 * The pairs are computed by Python so that both members satisfy mod 97 = 1. */
static void test_check_digits_out_of_range(void **state)
{
    static const struct row rows[] = {
        {"PT97000000058659258725520", ERR_OK}, {"PT00000000058659258725520", ERR_IBAN_CHECK_DIGITS},
        {"PT98000000061592221661796", ERR_OK}, {"PT01000000061592221661796", ERR_IBAN_CHECK_DIGITS},
        {"PT02000000064525184598072", ERR_OK}, {"PT99000000064525184598072", ERR_IBAN_CHECK_DIGITS},
    };

    (void)state;
    check(iban_check, rows, sizeof rows / sizeof *rows);
}

/* Mod 97 finds every single wrong digit and every swap of unequal neighbours. */
static void test_every_slip_is_found(void **state)
{
    char text[] = "PT50000201231234567890154";
    size_t len = strlen(text);

    (void)state;
    for (size_t i = 4; i < len; i++) {
        char kept = text[i];

        for (char c = '0'; c <= '9'; c++) {
            text[i] = c;
            assert_err(iban_check(text, len), c == kept ? ERR_OK : ERR_IBAN_CHECK_DIGITS);
        }
        text[i] = kept;
        if (i + 1 < len && text[i] != text[i + 1]) {
            text[i] = text[i + 1];
            text[i + 1] = kept;
            assert_err(iban_check(text, len), ERR_IBAN_CHECK_DIGITS);
            text[i + 1] = text[i];
            text[i] = kept;
        }
    }
}

static void test_grouped(void **state)
{
    char out[IBAN_GROUPED_MAX + 1];

    (void)state;
    iban_grouped("PT50000201231234567890154", out);
    assert_string_equal(out, "PT50 0002 0123 1234 5678 9015 4");
    iban_grouped("MT84MALT011000012345MTLCAST001S0000", out);
    assert_int_equal(strlen(out), IBAN_GROUPED_MAX); /* at most 34 characters are read */
}

static void test_bic(void **state)
{
    static const struct row rows[] = {
        {"DEUTDEFF", ERR_OK},           {"DEUTDEFF500", ERR_OK},
        {"E097AEXXXXX", ERR_OK},        {"DEUTDEF", ERR_BIC_INVALID},
        {"DEUTDEFF5", ERR_BIC_INVALID}, {"DEUTDEFF5000", ERR_BIC_INVALID},
        {"deutdeff", ERR_BIC_INVALID},  {"DEUT1EFF", ERR_BIC_INVALID},
        {"DEUTDE F", ERR_BIC_INVALID},  {"", ERR_BIC_INVALID},
    };

    (void)state;
    check(iban_check_bic, rows, sizeof rows / sizeof *rows);
}

static void test_reference(void **state)
{
    static const struct row rows[] = {
        {"RF18539007547034", ERR_OK}, /* ISO 11649's example */
        {"RF25A", ERR_OK},
        {"RF68INV2026ABCDEFGHIJKLMN", ERR_OK},
        {"RF48111111111111111111111", ERR_OK},
        {"RF291111111111111111111111", ERR_REFERENCE_INVALID}, /* too long */
        {"RF19539007547034", ERR_REFERENCE_INVALID},
        {"RF18539007547043", ERR_REFERENCE_INVALID},
        {"rf18539007547034", ERR_REFERENCE_INVALID},
        {"RF18 5390 0754 7034", ERR_REFERENCE_INVALID},
        {"RX18539007547034", ERR_REFERENCE_INVALID},
        {"RF18", ERR_REFERENCE_INVALID},
        {"", ERR_REFERENCE_INVALID},
        {"RF1A539007547034", ERR_REFERENCE_INVALID},
    };

    (void)state;
    check(iban_check_reference, rows, sizeof rows / sizeof *rows);
}

static void test_every_country_is_found(void **state)
{
    static const char *const codes[] = {
#define X(code, structure) code structure,
#include "order/iban_table.def"
#undef X
    };

    (void)state;
    /* In order, so that bsearch finds each; that it does is shown by the registry's samples. */
    for (size_t i = 1; i < sizeof codes / sizeof *codes; i++)
        assert_true(memcmp(codes[i - 1], codes[i], 2) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iban),
        cmocka_unit_test(test_late_countries),
        cmocka_unit_test(test_check_digits_out_of_range),
        cmocka_unit_test(test_every_slip_is_found),
        cmocka_unit_test(test_grouped),
        cmocka_unit_test(test_bic),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_every_country_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
