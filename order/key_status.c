/* SPDX-License-Identifier: Apache-2.0 */
#include "order/key_status.h"

#include <stddef.h>
#include <string.h>

static const char *const names[KEY_STATUS_COUNT] = {
#define X(id, name) [KEY_##id] = (name),
#include "order/key_status.def"
#undef X
};

const char *key_status_name(enum key_status s)
{
    return names[s];
}

enum key_status key_status_from_name(const char *name)
{
    size_t s = 0;

    while (s < KEY_STATUS_COUNT && strcmp(names[s], name) != 0)
        s++;
    return (enum key_status)s;
}

bool key_status_counts(enum key_status s)
{
    return s == KEY_ACTIVE || s == KEY_RETIRED;
}

enum key_status key_status_beside(enum key_status own, enum key_status signer)
{
    static const int lost[KEY_STATUS_COUNT] = {
        [KEY_ACTIVE] = 0, [KEY_RETIRED] = 1, [KEY_SUSPENDED] = 2, [KEY_REVOKED] = 3};

    if (own == KEY_STATUS_COUNT || signer == KEY_STATUS_COUNT)
        return KEY_STATUS_COUNT;
    return lost[own] < lost[signer] ? signer : own;
}

bool key_status_may_follow(enum key_status from, enum key_status to, bool rotated)
{
    return from != KEY_REVOKED && to != KEY_STATUS_COUNT &&
           to != (rotated ? KEY_ACTIVE : KEY_RETIRED);
}
