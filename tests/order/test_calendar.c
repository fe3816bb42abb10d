/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/calendar.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)
#define FIRST_DAY 10957 /* 2000-01-01 */
#define LAST_DAY 84005  /* 2199-12-31 */

static int64_t day(const char *date)
{
    int32_t days;

    assert_ok(text_parse_date(date, strlen(date), &days));
    return days;
}

static int64_t at(const char *time)
{
    int64_t us;

    assert_ok(text_parse_time(time, strlen(time), &us));
    return us;
}

static void assert_date(int64_t days, const char *expected)
{
    char date[TEXT_DATE_LEN + 1];

    text_date((int32_t)days, date);
    assert_string_equal(date, expected);
}

/* --- days ---------------------------------------------------------------------------------------
 */
static void test_calendar_of(void **state)
{
    static const char *const others[] = {"USD", "CHF", "JPY", "eur", "EU", "EURO", ""};

    (void)state;
    assert_int_equal(calendar_of("EUR"), CALENDAR_TARGET);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(calendar_of(others[i]), CALENDAR_WEEKDAYS);
}

/* Closing days that fall on weekdays: whole years, early and late Easters, the ends of the range.
 */
static void test_holidays(void **state)
{
    static const char *const closed[] = {
        "2002-01-01", "2002-03-29", "2002-04-01", "2002-05-01", "2002-12-25", "2002-12-26",
        "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-01", "2025-12-25", "2025-12-26",
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2027-01-01",
        "2027-03-26", "2027-03-29", "2028-04-14", "2028-04-17", "2000-04-21", "2000-04-24",
        "2008-03-21", "2008-03-24", "2038-04-23", "2038-04-26", "2100-01-01", "2100-03-26",
        "2100-03-29", "2190-04-23", "2190-04-26", "2199-04-12", "2199-04-15", "2199-12-25",
    };

    (void)state;
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        if (calendar_open(CALENDAR_TARGET, day(closed[i])))
            fail_msg("%s is open", closed[i]);
        assert_true(calendar_open(CALENDAR_WEEKDAYS, day(closed[i])));
    }
}

/* Holidays of other calendars, and the neighbours of those above. */
static void test_days_that_are_open(void **state)
{
    static const char *const open[] = {
        "2026-01-02", "2026-04-02", "2026-04-07", "2026-05-14", "2026-05-25", "2026-11-02",
        "2026-12-24", "2026-12-28", "2026-12-31", "2025-05-02", "2024-02-29", "2000-02-29",
        "2100-03-01", "2000-01-03", "2199-12-31", "2001-12-31", /* closed, that year only */
    };

    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (!calendar_open(CALENDAR_TARGET, day(open[i])))
            fail_msg("%s is closed", open[i]);
}

/* Easter Sundays, month and day, as python-dateutil has them. The rules for late full moons move
 * 2049, 2076, 2106 and 2133 by a week and no other year here. */
static const char *const easters[] = {
    "0423 0415 0331 0420 0411 0327 0416 0408 0323 0412", /* 2000 */
    "0404 0424 0408 0331 0420 0405 0327 0416 0401 0421", /* 2010 */
    "0412 0404 0417 0409 0331 0420 0405 0328 0416 0401", /* 2020 */
    "0421 0413 0328 0417 0409 0325 0413 0405 0425 0410", /* 2030 */
    "0401 0421 0406 0329 0417 0409 0325 0414 0405 0418", /* 2040 */
    "0410 0402 0421 0406 0329 0418 0402 0422 0414 0330", /* 2050 */
    "0418 0410 0326 0415 0406 0329 0411 0403 0422 0414", /* 2060 */
    "0330 0419 0410 0326 0415 0407 0419 0411 0403 0423", /* 2070 */
    "0407 0330 0419 0404 0326 0415 0331 0420 0411 0403", /* 2080 */
    "0416 0408 0330 0412 0404 0424 0415 0331 0420 0412", /* 2090 */
    "0328 0417 0409 0325 0413 0405 0418 0410 0401 0421", /* 2100 */
    "0406 0329 0417 0402 0422 0414 0329 0418 0410 0326", /* 2110 */
    "0414 0406 0329 0411 0402 0422 0414 0330 0418 0410", /* 2120 */
    "0326 0415 0406 0419 0411 0403 0422 0407 0330 0419", /* 2130 */
    "0403 0326 0415 0331 0419 0411 0403 0416 0407 0330", /* 2140 */
    "0412 0404 0423 0415 0331 0420 0411 0327 0416 0408", /* 2150 */
    "0323 0412 0404 0424 0408 0331 0420 0405 0327 0416", /* 2160 */
    "0401 0421 0412 0404 0417 0409 0331 0420 0405 0328", /* 2170 */
    "0416 0401 0421 0413 0328 0417 0409 0325 0413 0405", /* 2180 */
    "0425 0410 0401 0421 0406 0329 0417 0409 0325 0414", /* 2190 */
};

static int64_t easter_of(int year)
{
    const char *text = easters[(year - 2000) / 10] + (ptrdiff_t)(year % 10 * 5);
    char date[32];

    snprintf(date, sizeof date, "%d-%.2s-%.2s", year, text, text + 2);
    return day(date);
}

static bool is_expected_open(int64_t d)
{
    char date[TEXT_DATE_LEN + 1];
    int64_t easter = easter_of(text_civil((int32_t)d).year);

    text_date((int32_t)d, date);
    return (d + 3) % 7 < 5 && d != easter - 2 && d != easter + 1 &&
           strcmp(date + 5, "01-01") != 0 && strcmp(date + 5, "05-01") != 0 &&
           strcmp(date + 5, "12-25") != 0 && strcmp(date + 5, "12-26") != 0;
}

static void test_every_day_of_two_centuries(void **state)
{
    (void)state;
    for (int64_t d = FIRST_DAY; d <= LAST_DAY; d++) {
        char date[TEXT_DATE_LEN + 1];

        text_date((int32_t)d, date);
        if (calendar_open(CALENDAR_TARGET, d) != is_expected_open(d))
            fail_msg("%s", date);
        assert_int_equal(calendar_open(CALENDAR_WEEKDAYS, d), (d + 3) % 7 < 5);
    }
}

/* The longest rows of closed days are of four: Good Friday to Easter Monday, and Christmas on
 * Thursday and Friday or on Monday and Tuesday. 25 April + 1 is the last Easter Monday, so 1 May
 * adds to none. */
static void test_next_open_day(void **state)
{
    int64_t farthest = 0;

    (void)state;
    for (int64_t d = FIRST_DAY; d <= LAST_DAY; d++) {
        int64_t next = calendar_next_open(CALENDAR_TARGET, d);

        assert_true(next >= d);
        assert_true(calendar_open(CALENDAR_TARGET, next));
        for (int64_t between = d; between < next; between++)
            assert_false(calendar_open(CALENDAR_TARGET, between));
        if (next - d > farthest)
            farthest = next - d;
        assert_in_range(calendar_next_open(CALENDAR_WEEKDAYS, d) - d, 0, 2);
    }
    assert_int_equal(farthest, CALENDAR_CLOSED_MAX);
    assert_date(calendar_next_open(CALENDAR_TARGET, day("2026-04-03")), "2026-04-07");
    assert_date(calendar_next_open(CALENDAR_TARGET, day("2025-12-25")), "2025-12-29");
    assert_date(calendar_next_open(CALENDAR_TARGET, day("2028-12-23")), "2028-12-27");
    assert_date(calendar_next_open(CALENDAR_TARGET, day("2026-04-07")), "2026-04-07");
}

static void test_outside_the_two_centuries(void **state)
{
    (void)state;
    assert_true(calendar_open(CALENDAR_TARGET, LAST_DAY + 1)); /* Wednesday 2200-01-01 */
    assert_true(calendar_open(CALENDAR_TARGET, 0));            /* Thursday 1970-01-01 */
    assert_false(calendar_open(CALENDAR_TARGET, -4));          /* a Sunday */
    assert_false(calendar_open(CALENDAR_TARGET, -5));
    assert_true(calendar_open(CALENDAR_TARGET, -6));
    assert_true(calendar_next_open(CALENDAR_TARGET, INT64_MAX) == INT64_MAX);
    assert_true(calendar_next_open(CALENDAR_TARGET, INT64_MIN) - INT64_MIN <= 2);
}

/* --- cut-off ------------------------------------------------------------------------------------
 */
static const struct calendar_terms eur = {CALENDAR_TARGET, 15 * 60 + 30};
static const struct calendar_terms usd = {CALENDAR_WEEKDAYS, 15 * 60 + 30};
static const struct calendar_terms eur_none = {CALENDAR_TARGET, -1};
static const struct calendar_terms eur_first = {CALENDAR_TARGET, 0};
static const struct calendar_terms eur_last = {CALENDAR_TARGET, CALENDAR_CUTOFF_MAX};

/* Good Friday 2026 is 3 April; Christmas is a Friday. */
static const struct {
    const struct calendar_terms *terms;
    const char *complete;
    int64_t more_us;
    const char *date, *executed;
} executions[] = {
    {&eur, "2026-04-01T00:00:00Z", 0, "2026-04-01", "2026-04-01"},
    {&eur, "2026-04-01T15:30:00Z", -1, "2026-04-01", "2026-04-01"},
    {&eur, "2026-04-01T15:30:00Z", 0, "2026-04-01", "2026-04-01"},
    {&eur, "2026-04-01T15:30:00Z", 1, "2026-04-01", "2026-04-02"},
    {&eur, "2026-04-01T23:59:59Z", 999999, "2026-04-01", "2026-04-02"},
    /* late before a row of closed days */
    {&eur, "2026-04-02T15:30:00Z", 0, "2026-04-02", "2026-04-02"},
    {&eur, "2026-04-02T15:30:00Z", 1, "2026-04-02", "2026-04-07"},
    {&usd, "2026-04-02T15:30:00Z", 1, "2026-04-02", "2026-04-03"},
    {&usd, "2026-04-03T15:30:00Z", 1, "2026-04-03", "2026-04-06"},
    /* on a closed day, at any hour */
    {&eur, "2026-04-03T00:00:00Z", 0, "2026-04-03", "2026-04-07"},
    {&eur, "2026-04-03T15:30:00Z", 1, "2026-04-03", "2026-04-07"},
    {&eur, "2026-04-06T15:30:00Z", 1, "2026-04-06", "2026-04-07"},
    {&eur, "2026-04-06T23:59:59Z", 999999, "2026-04-06", "2026-04-07"},
    {&eur, "2026-04-07T15:30:00Z", 0, "2026-04-06", "2026-04-07"},
    {&eur, "2026-04-07T15:30:00Z", 1, "2026-04-06", "2026-04-08"},
    /* a date that has passed */
    {&eur, "2026-04-01T10:00:00Z", 0, "2000-01-01", "2026-04-01"},
    {&eur, "2026-04-01T15:30:00Z", 1, "2000-01-01", "2026-04-02"},
    /* a date to come: being late today is no matter */
    {&eur, "2026-04-01T15:30:00Z", 1, "2026-04-02", "2026-04-02"},
    {&eur, "2026-04-01T10:00:00Z", 0, "2026-12-24", "2026-12-24"},
    {&eur, "2026-04-01T10:00:00Z", 0, "2026-12-25", "2026-12-28"},
    {&eur, "2026-04-01T10:00:00Z", 0, "2027-01-01", "2027-01-04"},
    {&usd, "2026-04-01T10:00:00Z", 0, "2026-12-25", "2026-12-25"},
    {&usd, "2026-04-01T10:00:00Z", 0, "2026-12-26", "2026-12-28"},
    {&eur, "2026-04-01T10:00:00Z", 0, "2026-04-04", "2026-04-07"},
    /* no cut-off, and those at a day's ends */
    {&eur_none, "2026-04-01T23:59:59Z", 999999, "2026-04-01", "2026-04-01"},
    {&eur_none, "2026-04-01T23:59:59Z", 1000000, "2026-04-01", "2026-04-02"},
    {&eur_none, "2026-04-03T10:00:00Z", 0, "2026-04-01", "2026-04-07"},
    {&eur_first, "2026-04-01T00:00:00Z", 0, "2026-04-01", "2026-04-01"},
    {&eur_first, "2026-04-01T00:00:00Z", 1, "2026-04-01", "2026-04-02"},
    {&eur_last, "2026-04-01T23:59:00Z", 0, "2026-04-01", "2026-04-01"},
    {&eur_last, "2026-04-01T23:59:00Z", 1, "2026-04-01", "2026-04-02"},
};

static void test_execution_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof executions / sizeof *executions; i++) {
        int64_t complete_us = at(executions[i].complete) + executions[i].more_us;
        int64_t executed =
            calendar_execution_day(executions[i].terms, complete_us, day(executions[i].date));

        if (executed != day(executions[i].executed))
            print_error("%s %+d us\n", executions[i].complete, (int)executions[i].more_us);
        assert_date(executed, executions[i].executed);
    }
}

static const struct {
    const struct calendar_terms *terms;
    const char *now;
    int64_t more_us;
    const char *cutoff;
} cutoffs[] = {
    {&eur, "2026-04-01T00:00:00Z", 0, "2026-04-01T15:30:00Z"},
    {&eur, "2026-04-01T15:30:00Z", -1, "2026-04-01T15:30:00Z"},
    {&eur, "2026-04-01T15:30:00Z", 0, "2026-04-02T15:30:00Z"},
    {&eur, "2026-04-01T15:30:00Z", 1, "2026-04-02T15:30:00Z"},
    {&eur, "2026-04-02T15:30:00Z", 0, "2026-04-07T15:30:00Z"},
    {&eur, "2026-04-03T00:00:00Z", 0, "2026-04-07T15:30:00Z"},
    {&eur, "2026-04-04T15:30:00Z", -1, "2026-04-07T15:30:00Z"},
    {&eur, "2026-12-31T23:59:59Z", 999999, "2027-01-04T15:30:00Z"},
    {&usd, "2026-04-02T15:30:00Z", 0, "2026-04-03T15:30:00Z"},
    {&usd, "2026-04-03T15:30:00Z", 0, "2026-04-06T15:30:00Z"},
    {&eur_first, "2026-04-01T00:00:00Z", 0, "2026-04-02T00:00:00Z"},
    {&eur_first, "2026-04-01T00:00:00Z", -1, "2026-04-01T00:00:00Z"},
    {&eur_last, "2026-04-01T23:59:00Z", -1, "2026-04-01T23:59:00Z"},
    {&eur_last, "2026-04-01T23:59:59Z", 999999, "2026-04-02T23:59:00Z"},
};

static void test_next_cutoff(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cutoffs / sizeof *cutoffs; i++) {
        int64_t now_us = at(cutoffs[i].now) + cutoffs[i].more_us;
        int64_t cutoff_us = calendar_next_cutoff(cutoffs[i].terms, now_us);

        if (cutoff_us != at(cutoffs[i].cutoff))
            print_error("%s %+d us\n", cutoffs[i].now, (int)cutoffs[i].more_us);
        assert_true(cutoff_us == at(cutoffs[i].cutoff));
    }
    assert_true(calendar_next_cutoff(&eur_none, at("2026-04-01T10:00:00Z")) == CALENDAR_NEVER);
}

/* Instants of a day around which something could change for cut-offs at 00:00, 15:30 and 23:59. */
static const int64_t instants_us[] = {
    0, 1, 55800000000 - 1, 55800000000, 55800000000 + 1, 86340000000, 86340000000 + 1, DAY_US - 1,
};
#define INSTANTS (sizeof instants_us / sizeof *instants_us)

static const struct calendar_terms *const all_terms[] = {&eur, &usd, &eur_none, &eur_first,
                                                         &eur_last};
#define TERMS (sizeof all_terms / sizeof *all_terms)

/* Also: never before the date or the day of completion, always open, and never later because of the
 * time than one day and the longest row of closed ones. */
static void test_later_is_not_executed_earlier(void **state)
{
    (void)state;
    for (size_t k = 0; k < TERMS; k++) {
        int64_t before = 0;

        for (int64_t d = day("2023-01-01"); d < day("2031-01-01"); d++) {
            for (size_t i = 0; i < INSTANTS; i++) {
                int64_t complete_us = d * DAY_US + instants_us[i];
                int64_t soonest = calendar_execution_day(all_terms[k], complete_us, INT64_MIN);
                int64_t dated_before = soonest;

                assert_true(soonest >= before);
                assert_in_range(soonest - d, 0, 1 + CALENDAR_CLOSED_MAX);
                for (int64_t date = d - 2; date < d + 14; date++) {
                    int64_t dated = calendar_execution_day(all_terms[k], complete_us, date);

                    assert_true(dated >= dated_before && dated >= date);
                    assert_true(calendar_open(all_terms[k]->calendar, dated));
                    dated_before = dated;
                }
                before = soonest;
            }
        }
    }
}

/* Between two cut-offs, the later one included, the day of execution is one and the same. */
static void test_a_cutoff_parts_two_days(void **state)
{
    (void)state;
    for (size_t k = 0; k < TERMS; k++) {
        const struct calendar_terms *terms = all_terms[k];

        for (int64_t d = day("2023-01-01"); terms->cutoff_min >= 0 && d < day("2031-01-01"); d++) {
            for (size_t i = 0; i < INSTANTS; i++) {
                int64_t now_us = d * DAY_US + instants_us[i];
                int64_t cutoff_us = calendar_next_cutoff(terms, now_us);
                int64_t executed = calendar_execution_day(terms, now_us + 1, 0);

                assert_true(cutoff_us > now_us);
                assert_int_equal(text_day_of(cutoff_us), executed);
                assert_int_equal(calendar_execution_day(terms, cutoff_us, 0), executed);
                assert_true(calendar_execution_day(terms, cutoff_us + 1, 0) > executed);
            }
        }
    }
}

static void test_any_number_is_a_time(void **state)
{
    (void)state;
    assert_true(calendar_next_cutoff(&eur, INT64_MAX) == CALENDAR_NEVER);
    assert_true(calendar_next_cutoff(&eur, INT64_MAX - 1) == CALENDAR_NEVER);
    assert_true(calendar_next_cutoff(&eur, INT64_MIN) > INT64_MIN);
    assert_true(calendar_execution_day(&eur, INT64_MAX, 0) >= text_day_of(INT64_MAX));
    assert_true(calendar_execution_day(&eur, INT64_MIN, INT64_MIN) >= text_day_of(INT64_MIN));
    assert_true(calendar_execution_day(&eur, 0, INT64_MAX) == INT64_MAX);
    /* Wednesday 1969-12-31, a microsecond before 1970 and thus late */
    assert_int_equal(calendar_execution_day(&eur, -1, INT64_MIN), 0);
    assert_int_equal(calendar_execution_day(&eur_none, -1, INT64_MIN), -1);
    assert_true(calendar_next_cutoff(&eur, -1) == 55800000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_of),
        cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_days_that_are_open),
        cmocka_unit_test(test_every_day_of_two_centuries),
        cmocka_unit_test(test_next_open_day),
        cmocka_unit_test(test_outside_the_two_centuries),
        cmocka_unit_test(test_execution_day),
        cmocka_unit_test(test_next_cutoff),
        cmocka_unit_test(test_later_is_not_executed_earlier),
        cmocka_unit_test(test_a_cutoff_parts_two_days),
        cmocka_unit_test(test_any_number_is_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
