/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/reading.h"

#include "bankd/core/change.h"
#include "bankd/core/life.h"
#include <string.h>

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

/* What a terminal hands in is the first decision on an order. */
static enum err handed_in_by(struct core *c, const struct life_order *o, const char *terminal)
{
    struct life_decisions decisions;

    enum err e = life_decisions(c, o->id, &decisions);
    if (e)
        return e;
    bool own = decisions.count > 0 && strcmp(decisions.made[0].holder, terminal) == 0;
    return own ? ERR_OK : ERR_NOT_FOUND;
}

enum err reading_open_order(struct core *c, const struct core_caller *who, const char *account,
                            const char *id, struct ledger_account *a, struct life_order *out,
                            bool *stands)
{
    struct session_viewer viewer;

    enum err e = touch(c, who, account, &viewer, a, stands);
    if (!e && !*stands && viewer.kind != PEOPLE_TERMINAL)
        e = ERR_ACCOUNT_UNKNOWN;
    if (!e)
        e = life_find(c, a->id, id, out);
    if (!e && !*stands)
        e = handed_in_by(c, out, viewer.holder_name);
    return e == ERR_NOT_FOUND && !*stands ? ERR_ACCOUNT_UNKNOWN : e;
}

enum err reading_page(struct core *c, const struct session_viewer *viewer, const struct page *page,
                      int64_t ids[static PAGE_MAX], size_t *count)
{
    struct store_query *q =
        store_query(c->store, viewer->is_operator ? STORE_ACCOUNT_PAGE : STORE_ACCOUNT_PAGE_OF);
    bool row = false;

    *count = 0;
    if (!viewer->is_operator)
        store_bind_int(q, ":holder", viewer->holder);
    store_bind_int(q, ":after", page->cursor);
    store_bind_int(q, ":limit", page->limit);
    enum err e = store_step(q, &row);
    while (!e && row && *count < PAGE_MAX) {
        ids[(*count)++] = store_int(q, 0);
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}
