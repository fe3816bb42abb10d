/* SPDX-License-Identifier: Apache-2.0
 *
 * calendar: on which days a currency's payments are executed, and until when one is in time for its
 * day. Days are counted since 1970-01-01, times are microseconds UTC (base/text.h); any number is
 * taken. Here is no time zone: a day ends at midnight UTC, and a bank whose clocks change in summer
 * states another cut-off then.
 */
#ifndef ORDER_CALENDAR_H
#define ORDER_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum calendar {
    CALENDAR_WEEKDAYS, /* Monday to Friday */
    CALENDAR_TARGET,   /* those without the closing days of the Eurosystem's TARGET (T2) */
};

/* A currency's calendar: EUR has TARGET's, every other code the weekdays. Whether the code is a
 * currency at all is for amount_decimals to say. */
enum calendar calendar_of(const char *currency);

/* TARGET is closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26
 * December: the Eurosystem's calendar from 2002 until further notice. Computed for 2000 to 2199,
 * the years of documents; in others only Saturdays and Sundays are closed. */
bool calendar_open(enum calendar c, int64_t day);

/* DAY itself or the first open day after it. At most four days are closed in a row: from Good
 * Friday to Easter Monday, and 25 and 26 December with a weekend before or after them. */
#define CALENDAR_CLOSED_MAX 4
int64_t calendar_next_open(enum calendar c, int64_t day);

/* How a bank takes payments in one currency. Up to the cut-off of an open day, and at that very
 * microsecond, a payment is in time for this day; what comes later, or on a closed day, is in time
 * for the next open one. Without a cut-off an open day takes payments until its midnight. */
#define CALENDAR_CUTOFF_MAX 1439
struct calendar_terms {
    enum calendar calendar;
    int cutoff_min; /* minutes UTC since midnight, 0 to CALENDAR_CUTOFF_MAX; -1: none */
};

/* The day on which a payment is executed that is complete at COMPLETE_US and asks for DATE_DAY: the
 * first open day that is not before DATE_DAY and for which it is in time. A date that has passed
 * asks for nothing. */
int64_t calendar_execution_day(const struct calendar_terms *terms, int64_t complete_us,
                               int64_t date_day);

/* The first cut-off after NOW_US, never NOW_US itself: what becomes complete from now on and not
 * later than that is executed on one and the same day. CALENDAR_NEVER where the bank has no cut-off
 * (and where the instant is beyond int64_t). */
#define CALENDAR_NEVER INT64_MAX
int64_t calendar_next_cutoff(const struct calendar_terms *terms, int64_t now_us);

#endif
