/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/reading.h"

#include "bankd/core/change.h"
#include "bankd/core/life.h"

enum err reading_catch_up(struct core *c, struct ledger_account *a)
{
    enum err e = change_catch_up(c, a);

    return e ? e : life_catch_up(c, a);
}

/* The account, touched, and whether the caller stands in its policy. */
static enum err touch(struct core *c, const struct core_caller *who, const char *account,
                      struct session_viewer *viewer, struct ledger_account *out, bool *stands)
{
    const struct policy *policy = NULL;

    enum err e = session_viewer(c, who, viewer);
    if (!e)
        e = ledger_find(c, account, out);
    if (!e)
        e = reading_catch_up(c, out);
    if (!e)
        e = state_policy(c, out->policy_digest, &policy);
    *stands = !e && session_may_see(viewer, policy);
    return e;
}

enum err reading_open(struct core *c, const struct core_caller *who, const char *account,
                      struct session_viewer *viewer, struct ledger_account *out)
{
    struct session_viewer asking;
    bool stands = false;

    enum err e = touch(c, who, account, &asking, out, &stands);
    if (!e && viewer)
        *viewer = asking;
    return !e && !stands ? ERR_ACCOUNT_UNKNOWN : e;
}

enum err reading_open_policy(struct core *c, const struct core_caller *who, const char *account,
                             struct ledger_account *out)
{
    struct session_viewer viewer;
    bool stands = false;

    enum err e = touch(c, who, account, &viewer, out, &stands);
    if (!e && !stands)
        e = change_names(c, out, viewer.holder_name, &stands);
    return !e && !stands ? ERR_ACCOUNT_UNKNOWN : e;
}
