/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/freshness.h"

#include "base/text.h"

#define BEHIND_LOG_MAX_US (2 * TEXT_SECOND_US)
#define AHEAD_OF_MONO_MAX_US (60 * TEXT_SECOND_US)
#define AHEAD_MAX_US (10 * TEXT_SECOND_US)
#define AGE_MAX_US (300 * TEXT_SECOND_US)

enum err freshness_clock(const struct core_time *t, int64_t newest_us,
                         const struct core_time *anchor)
{
    if (t->now_us < newest_us - BEHIND_LOG_MAX_US)
        return ERR_CLOCK_INSANE;
    if (anchor->now_us == 0)
        return ERR_OK;
    int64_t expected = anchor->now_us + (t->mono_us - anchor->mono_us);
    return t->now_us > expected + AHEAD_OF_MONO_MAX_US ? ERR_CLOCK_INSANE : ERR_OK;
}

enum err freshness_issued(int64_t now_us, int64_t issued_us,
                          const struct freshness_challenge *challenge)
{
    if (issued_us > now_us + AHEAD_MAX_US)
        return ERR_ISSUED_IN_FUTURE;
    if (!challenge->named)
        return issued_us < now_us - AGE_MAX_US ? ERR_ISSUED_TOO_OLD : ERR_OK;
    if (!challenge->bound || now_us > challenge->expires_us)
        return ERR_CHALLENGE_INVALID;
    return issued_us < challenge->issued_us - AHEAD_MAX_US ? ERR_ISSUED_TOO_OLD : ERR_OK;
}

enum err freshness_floor(int64_t issued_us, int64_t floor_us)
{
    return issued_us < floor_us ? ERR_KEY_FLOOR : ERR_OK;
}

enum err freshness_expires(int64_t now_us, int64_t expires_us)
{
    return now_us > expires_us ? ERR_STATEMENT_EXPIRED : ERR_OK;
}

int64_t freshness_floor_at(int64_t now_us)
{
    return now_us - now_us % TEXT_SECOND_US;
}
