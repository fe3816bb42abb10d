/* SPDX-License-Identifier: Apache-2.0
 *
 * Notices of orders that wait for words and are about to expire, or to come too late for the bank's
 * day: once of an expiry, once a cut-off. A look goes through the index of those that wait, and
 * reads of those of which it was not told so many at most; the rest has its turn with the next
 * look.
 */
#include "bankd/core/core.h"
#include "bankd/core/notices.h"
#include "bankd/core/terms.h"
#include "base/text.h"
#include "order/calendar.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_US (60 * TEXT_SECOND_US) /* between two looks, unless some are left */
#define LOOK_MAX 100                  /* orders of a look, for each reason */
#define DAY_US (86400 * TEXT_SECOND_US)

/* Named by the bank's number: an order's id is its client's choice, and each account has its own.
 */
static enum err tell(struct core *c, const char *prefix, const char *kind,
                     const struct life_order *o)
{
    char name[64];
    struct ledger_account a;

    snprintf(name, sizeof name, "%s.%" PRId64, prefix, o->id);
    enum err e = ledger_by_id(c, o->account, &a);
    return e ? e : notices_of_order(c, &(struct notices_order){name, kind, ""}, &a, o);
}

static enum err remind_expiry(struct core *c, struct life_order rows[static LOOK_MAX], bool *more)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_EXPIRING);
    size_t count = 0;

    store_bind_int(q, ":soon", c->now_us + c->terms.remind_us);
    store_bind_int(q, ":limit", LOOK_MAX);
    enum err e = life_read_all(q, LOOK_MAX, rows, &count);
    for (size_t i = 0; !e && i < count; i++) {
        e = tell(c, "expiry", "order-expiry", &rows[i]);
        q = store_query(c->store, STORE_ORDER_EXPIRY_TOLD);
        store_bind_int(q, ":id", rows[i].id);
        if (!e)
            e = store_run(q);
    }
    *more |= count == LOOK_MAX;
    return e;
}

static enum err remind_cutoff(struct core *c, const char *currency,
                              struct life_order rows[static LOOK_MAX], bool *more)
{
    const struct calendar_terms terms = terms_calendar(&c->terms, currency);
    int64_t next_us = calendar_next_cutoff(&terms, c->now_us), day = next_us / DAY_US;
    char prefix[40];
    size_t count = 0;

    if (next_us == CALENDAR_NEVER || next_us > c->now_us + c->terms.remind_us)
        return ERR_OK;
    snprintf(prefix, sizeof prefix, "cutoff%" PRId64, day);
    struct store_query *q = store_query(c->store, STORE_ORDER_CUTTING);
    store_bind_text(q, ":currency", currency);
    store_bind_int(q, ":day", day);
    store_bind_int(q, ":limit", LOOK_MAX);
    enum err e = life_read_all(q, LOOK_MAX, rows, &count);
    for (size_t i = 0; !e && i < count; i++) {
        e = tell(c, prefix, "order-cutoff", &rows[i]);
        q = store_query(c->store, STORE_ORDER_CUTOFF_TOLD);
        store_bind_int(q, ":id", rows[i].id);
        store_bind_int(q, ":day", day);
        if (!e)
            e = store_run(q);
    }
    *more |= count == LOOK_MAX;
    return e;
}

static enum err remind(struct core *c, bool *more)
{
    struct life_order *rows = calloc(LOOK_MAX, sizeof *rows);

    enum err e = rows ? remind_expiry(c, rows, more) : ERR_NO_MEMORY;
    for (size_t i = 0; !e && i < c->terms.count; i++)
        e = remind_cutoff(c, c->terms.currency[i].code, rows, more);
    free(rows);
    return e;
}

/* What fails was logged by the store, and is tried at the next look. */
void core_remind(struct core *c, const struct core_time *t)
{
    bool more = false;

    if (!c->terms.remind_us || t->now_us < c->reminded_us + STEP_US)
        return;
    enum err e = core_begin(c, t);
    if (!e)
        e = remind(c, &more);
    if (!e)
        e = core_commit(c);
    if (e)
        core_rollback(c);
    c->reminded_us = more && !e ? 0 : t->now_us;
}
