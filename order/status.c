/* SPDX-License-Identifier: Apache-2.0 */
#include "order/status.h"

#include <string.h>

static const char *const names[] = {
    [STATUS_NONE] = "",     [STATUS_RCVD] = "RCVD", [STATUS_ACTC] = "ACTC", [STATUS_PATC] = "PATC",
    [STATUS_ACCP] = "ACCP", [STATUS_PDNG] = "PDNG", [STATUS_ACSP] = "ACSP", [STATUS_ACSC] = "ACSC",
    [STATUS_RJCT] = "RJCT", [STATUS_CANC] = "CANC"};

static const struct step {
    enum status from, to;
} steps[] = {
#define X(from, to) {STATUS_##from, STATUS_##to},
#include "order/status.def"
#undef X
};

#define STEP_COUNT (sizeof steps / sizeof steps[0])

const char *status_name(enum status s)
{
    return (size_t)s < sizeof names / sizeof names[0] ? names[s] : "";
}

enum status status_from_name(const char *name, size_t len)
{
    for (size_t s = STATUS_RCVD; s < sizeof names / sizeof names[0]; s++) {
        if (len == strlen(names[s]) && memcmp(name, names[s], len) == 0)
            return (enum status)s;
    }
    return STATUS_NONE;
}

bool status_may_follow(enum status from, enum status to)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (steps[i].from == from && steps[i].to == to)
            return true;
    }
    return false;
}

bool status_final(enum status s)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (steps[i].from == s)
            return false;
    }
    return true;
}

bool status_open(enum status s)
{
    return s == STATUS_ACTC || s == STATUS_PATC;
}

bool status_paid(enum status s)
{
    return s == STATUS_ACSP || s == STATUS_ACSC;
}

bool status_reason_returns(const char *code, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char *const ours[] = {"MS02", "DS02", "DS04", "DS24"};

    if (len != 4 || strspn(code, allowed) < len)
        return false;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (memcmp(code, ours[i], len) == 0)
            return false;
    }
    return true;
}
