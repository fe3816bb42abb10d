/* SPDX-License-Identifier: Apache-2.0 */
#include "order/calendar.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>

#define MINUTE_US (60 * TEXT_SECOND_US)
#define DAY_US (1440 * MINUTE_US)
#define HOLIDAYS_FIRST 10957 /* 2000-01-01 */
#define HOLIDAYS_LAST 84005  /* 2199-12-31 */

enum weekday { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };

/* Those that are not here have CALENDAR_WEEKDAYS. */
static const struct {
    const char *currency;
    enum calendar calendar;
} calendars[] = {
    {"EUR", CALENDAR_TARGET},
};

static const struct {
    int month, day;
} target_fixed[] = {
    {1, 1},
    {5, 1},
    {12, 25},
    {12, 26},
};

enum calendar calendar_of(const char *currency)
{
    for (size_t i = 0; i < sizeof calendars / sizeof calendars[0]; i++)
        if (strcmp(currency, calendars[i].currency) == 0)
            return calendars[i].calendar;
    return CALENDAR_WEEKDAYS;
}

static enum weekday weekday_of(int64_t day)
{
    /* 1970-01-01 was a Thursday; the week more is for the days before it. */
    return (enum weekday)((day % 7 + 7 + THURSDAY) % 7);
}

/* Days from 21 March to the full moon that Easter follows, 0 to 28, as the calendar reform of 1582
 * reckons it: 19 years bring the moon back, but for the leap days that century years leave out and
 * for 8 days in 2500 years. */
static int full_moon(int year)
{
    int golden = year % 19;
    int century = year / 100;
    int sun = century - century / 4;
    int moon = (8 * century + 13) / 25;
    int days = (19 * golden + sun - moon + 15) % 30;

    /* Easter may not be later than 25 April, nor two full moons of the 19 years on one day. */
    if (days == 29 || (days == 28 && golden > 10))
        days--;
    return days;
}

/* Easter is the first Sunday after the full moon, thus one of the seven days that follow it. */
static bool is_easter(int64_t day)
{
    struct text_civil date = text_civil((int32_t)day);
    int days = date.month == 3 ? date.day - 21 : date.day + 10; /* since 21 March */
    int moon = full_moon(date.year);

    return (date.month == 3 || date.month == 4) && weekday_of(day) == SUNDAY && days > moon &&
           days <= moon + 7;
}

static bool is_target_holiday(int64_t day)
{
    if (day < HOLIDAYS_FIRST || day > HOLIDAYS_LAST)
        return false;
    struct text_civil date = text_civil((int32_t)day);
    for (size_t i = 0; i < sizeof target_fixed / sizeof target_fixed[0]; i++)
        if (date.month == target_fixed[i].month && date.day == target_fixed[i].day)
            return true;
    return is_easter(day + 2) || is_easter(day - 1); /* Good Friday, Easter Monday */
}

bool calendar_open(enum calendar c, int64_t day)
{
    if (weekday_of(day) >= SATURDAY)
        return false;
    return c != CALENDAR_TARGET || !is_target_holiday(day);
}

int64_t calendar_next_open(enum calendar c, int64_t day)
{
    /* Ends before int64_t does, whose last day is a Thursday in a year without holidays. */
    while (!calendar_open(c, day))
        day++;
    return day;
}

static int64_t time_of_day_us(int64_t time_us)
{
    int64_t rest = time_us % DAY_US;

    return rest < 0 ? rest + DAY_US : rest;
}

/* The open day for which a payment is in time that is complete at TIME_US. */
static int64_t day_in_time(const struct calendar_terms *terms, int64_t time_us)
{
    int64_t cutoff_us = terms->cutoff_min * MINUTE_US;
    bool late = terms->cutoff_min >= 0 && time_of_day_us(time_us) > cutoff_us;

    /* On a closed day it is no matter whether it is late: the day after leads to the same one. */
    return calendar_next_open(terms->calendar, text_day_of(time_us) + (int64_t)late);
}

int64_t calendar_execution_day(const struct calendar_terms *terms, int64_t complete_us,
                               int64_t date_day)
{
    int64_t day = day_in_time(terms, complete_us);

    return date_day > day ? calendar_next_open(terms->calendar, date_day) : day;
}

int64_t calendar_next_cutoff(const struct calendar_terms *terms, int64_t now_us)
{
    int64_t cutoff_us;

    if (terms->cutoff_min < 0 || now_us == INT64_MAX)
        return CALENDAR_NEVER;
    /* What is complete a microsecond from now is the first that this cut-off is for. */
    int64_t days = day_in_time(terms, now_us + 1) - text_day_of(now_us);
    int64_t wait_us = days * DAY_US + terms->cutoff_min * MINUTE_US - time_of_day_us(now_us);

    return __builtin_add_overflow(now_us, wait_us, &cutoff_us) ? CALENDAR_NEVER : cutoff_us;
}
