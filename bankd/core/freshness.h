/* SPDX-License-Identifier: Apache-2.0
 *
 * freshness: docs/FORMAT.md section 10 as pure functions of times. Rule 1 and the nonces of rule 4
 * need the store and stand in stated.c. Times are microseconds. Private to bankd/core.
 */
#ifndef BANKD_CORE_FRESHNESS_H
#define BANKD_CORE_FRESHNESS_H

#include "bankd/core/core.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Rule 2, for one moment: at most 2 s before the newest entry; at most 60 s further on than the
 * monotonic clock has gone since ANCHOR (all zero: none). CLOCK_INSANE. */
MUST_CHECK enum err freshness_clock(const struct core_time *t, int64_t newest_us,
                                    const struct core_time *anchor);

/* What the bank knows of the statement's challenge. */
struct freshness_challenge {
    bool named;                    /* the statement names one */
    bool bound;                    /* it is the bank's, for this key and this use */
    int64_t issued_us, expires_us; /* when bound */
};

/* Rule 3: ISSUED_IN_FUTURE, ISSUED_TOO_OLD, CHALLENGE_INVALID. */
MUST_CHECK enum err freshness_issued(int64_t now_us, int64_t issued_us,
                                     const struct freshness_challenge *challenge);
/* Rule 4, first half: KEY_FLOOR. */
MUST_CHECK enum err freshness_floor(int64_t issued_us, int64_t floor_us);
/* Rule 5: STATEMENT_EXPIRED. */
MUST_CHECK enum err freshness_expires(int64_t now_us, int64_t expires_us);

/* A key's floor in documents is a whole second, so the floor itself is one: rounded down. */
int64_t freshness_floor_at(int64_t now_us);

#endif
