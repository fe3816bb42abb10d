/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

static enum err parse(const char *s, uint64_t max, uint64_t *out)
{
    return text_parse_u64(s, strlen(s), max, out);
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_ok(parse("0", 0, &n));
    assert_int_equal(n, 0);
    assert_ok(parse("255", 255, &n));
    assert_int_equal(n, 255);
    assert_ok(parse("18446744073709551615", UINT64_MAX, &n));
    assert_true(n == UINT64_MAX);
    assert_err(parse("256", 255, &n), ERR_USAGE);
    assert_int_equal(n, 0);
    assert_err(parse("18446744073709551616", UINT64_MAX, &n), ERR_USAGE);
    assert_err(parse("99999999999999999999999", UINT64_MAX, &n), ERR_USAGE);
    static const char *const bad[] = {"",   "00",  "01",  "-1",  "+1",      " 1",
                                      "1 ", "1.0", "1e2", "0x1", "\xd9\xa1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(parse(bad[i], UINT64_MAX, &n), ERR_USAGE);
    assert_err(text_parse_u64("1\0", 2, 10, &n), ERR_USAGE);
}

static void test_numbers_written(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } table[] = {{0, "0"},
                 {7, "7"},
                 {-1, "-1"},
                 {10, "10"},
                 {-9007199254740991, "-9007199254740991"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    char text[TEXT_INT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(text_int(table[i].number, text), strlen(table[i].text));
        assert_string_equal(text, table[i].text);
    }
}

static void test_hexadecimal(void **state)
{
    (void)state;
    uint8_t bytes[3];
    char text[7];
    assert_ok(text_unhex("00fFa5", 6, bytes, 3));
    assert_memory_equal(bytes, "\x00\xff\xa5", 3);
    text_hex(bytes, 3, text);
    assert_string_equal(text, "00ffa5");
    assert_err(text_unhex("00ff", 4, bytes, 3), ERR_USAGE);
    assert_err(text_unhex("00ffa", 5, bytes, 3), ERR_USAGE);
    assert_err(text_unhex("00ffa5a", 7, bytes, 3), ERR_USAGE);
    assert_err(text_unhex("00ffg5", 6, bytes, 3), ERR_USAGE);
    assert_err(text_unhex(" 0ff00", 6, bytes, 3), ERR_USAGE);
}

/* Each byte, in either place of the second of three. */
static void test_hex_digits(void **state)
{
    static const char small[] = "0123456789abcdef", capital[] = "ABCDEF";
    uint8_t bytes[3];

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char *digit = c ? strchr(small, (int)c) : NULL;
        const char *letter = c ? strchr(capital, (int)c) : NULL;
        unsigned value = digit ? (unsigned)(digit - small) : 0;

        if (letter)
            value = 10 + (unsigned)(letter - capital);
        for (size_t at = 2; at < 4; at++) {
            char text[] = "ff00ff";
            unsigned expected = digit || letter ? value << (at == 2 ? 4 : 0) : 0;

            text[at] = (char)c;
            assert_err(text_unhex(text, 6, bytes, 3), digit || letter ? ERR_OK : ERR_USAGE);
            assert_int_equal(bytes[0], digit || letter ? 0xff : 0);
            assert_int_equal(bytes[1], expected);
            assert_err(text_unhex_small(text, 6, bytes, 3), digit ? ERR_OK : ERR_USAGE);
            assert_int_equal(bytes[0], digit ? 0xff : 0);
            assert_int_equal(bytes[1], digit ? expected : 0);
        }
    }
    assert_err(text_unhex_small("00", 2, bytes, 3), ERR_USAGE);
    assert_err(text_unhex_small("00ffa50", 7, bytes, 3), ERR_USAGE);
}

/* The numbers are Python's datetime's. */
static const struct {
    const char *text;
    int64_t seconds;
    int32_t days;
} times[] = {
    {"2000-01-01T00:00:00Z", 946684800, 10957},  {"2000-02-29T23:59:59Z", 951868799, 11016},
    {"2026-11-22T10:00:00Z", 1795341600, 20779}, {"2100-03-01T00:00:00Z", 4107542400, 47541},
    {"2199-12-31T23:59:59Z", 7258118399, 84005},
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t us;
        int32_t days;
        char text[TEXT_TIME_LEN + 1];
        assert_ok(text_parse_time(times[i].text, TEXT_TIME_LEN, &us));
        assert_true(us == times[i].seconds * TEXT_SECOND_US);
        assert_int_equal(text_day_of(us + TEXT_SECOND_US - 1), times[i].days);
        text_time(us + TEXT_SECOND_US - 1, text);
        assert_string_equal(text, times[i].text);
        assert_ok(text_parse_date(times[i].text, TEXT_DATE_LEN, &days));
        assert_int_equal(days, times[i].days);
    }
}

static void test_times_before_1970(void **state)
{
    (void)state;
    char text[TEXT_TIME_LEN + 1];
    text_time(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    assert_int_equal(text_day_of(-1), -1);
    assert_int_equal(text_day_of(0), 0);
}

static void test_any_number_makes_a_date(void **state)
{
    (void)state;
    char text[TEXT_TIME_LEN + 1];
    text_date(-719162, text);
    assert_string_equal(text, "0001-01-01");
    struct text_civil first = text_civil(INT32_MIN);
    assert_int_equal(first.year, 0);
    assert_int_equal(first.month, 1);
    assert_int_equal(first.day, 1);
    text_date(INT32_MIN, text);
    assert_string_equal(text, "0000-01-01");
    text_date(INT32_MAX, text);
    assert_string_equal(text, "9999-12-31");
    text_time(INT64_MAX, text);
    assert_int_equal(strlen(text), TEXT_TIME_LEN);
    text_time(INT64_MIN, text);
    assert_int_equal(strlen(text), TEXT_TIME_LEN);
}

static void test_every_day_leads_back(void **state)
{
    (void)state;
    for (int32_t day = 10957; day <= 84005; day++) {
        char text[TEXT_DATE_LEN + 1];
        int32_t back;
        text_date(day, text);
        assert_ok(text_parse_date(text, TEXT_DATE_LEN, &back));
        assert_int_equal(back, day);
    }
}

static void test_refused_times(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2026-11-22T10:00:60Z",      "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z",
        "2026-11-22t10:00:00Z",      "2026-11-22T10:00:00z", "2026-11-22 10:00:00Z",
        "2026-11-22T10:00:00+00:00", "2026-11-22T10:00:00",  "2026-11-22T10:00:00.0Z",
        "2026-02-29T00:00:00Z",      "2100-02-29T00:00:00Z", "1999-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",      "2026-11-22T-1:00:00Z", "2026-11-22T10:00:0 Z",
    };
    int64_t us;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(text_parse_time(bad[i], strlen(bad[i]), &us), ERR_TIME_INVALID);
}

static void test_refused_dates(void **state)
{
    (void)state;
    static const char *const bad[] = {"2026-00-10", "2026-13-10",  "2026-01-00", "2026-04-31",
                                      "2023-02-29", "2026-1-010",  "20260-1-01", "2026/01/01",
                                      "2026-01-1",  "2026-01-011", "",           "1999-12-31",
                                      "2200-01-01", "+026-01-01"};
    int32_t days;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(text_parse_date(bad[i], strlen(bad[i]), &days), ERR_DATE_INVALID);
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain ASCII, longer than eight",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "1234567\xc3\xa9 890"};
    /* RFC 3629: overlong, surrogates, above U+10FFFF, stray and missing bytes, FE and FF. */
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x7f",
                                      "\xe0\x9f\xbf",
                                      "\xe1\x80",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf1\x80\x80",
                                      "\xf1\x80\x80\x41",
                                      "\xfe",
                                      "\xff",
                                      "12345678\xc3",
                                      "1234567\xc3"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    assert_true(text_is_utf8("a\0b", 3));
}

static void test_tame(void **state)
{
    static const struct {
        const char *text, *tame;
    } table[] = {
        {"", ""},
        {"plain ~", "plain ~"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\x1b[2J\r\n\t\x7f", "?[2J????"},
        {"a\xc2\x80\xc2\x9b\xc2\x9fz", "a???z"},
        {"\xc2\xa0\xc3\x80", "\xc2\xa0\xc3\x80"},
        {"\x9b"
         "2J caf\xc3\xa9",
         "?2J caf??"}, /* not UTF-8 */
        {"\xc2", "?"},
        {"\xc2\x1b[", "??["},
        /* U+202E, U+2066, U+200B, U+FEFF, U+00AD, U+FE0F, U+2028, U+2029, U+3164, U+E0041 */
        {"1\xe2\x80\xae"
         "2\xe2\x81\xa6"
         "3\xe2\x80\x8b"
         "4\xef\xbb\xbf"
         "5\xc2\xad"
         "6\xef\xb8\x8f"
         "7",
         "1?2?3?4?5?6?7"},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe3\x85\xa4\xf3\xa0\x81\x81.", "????."},
        {"\xd7\xa9\xd7\x9c e\xcc\x81", "\xd7\xa9\xd7\x9c e\xcc\x81"}, /* letters, a mark */
    };
    struct buf out = {0};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        snprintf(text, sizeof text, "%s", table[i].text);
        text_tame(text);
        assert_string_equal(text, table[i].tame);
        buf_clear(&out);
        assert_ok(text_tame_add(&out, table[i].text, strlen(table[i].text)));
        assert_string_equal(buf_str(&out), table[i].tame);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_written),
        cmocka_unit_test(test_hexadecimal),
        cmocka_unit_test(test_hex_digits),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_before_1970),
        cmocka_unit_test(test_any_number_makes_a_date),
        cmocka_unit_test(test_every_day_leads_back),
        cmocka_unit_test(test_refused_times),
        cmocka_unit_test(test_refused_dates),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_tame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
