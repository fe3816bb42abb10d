/* SPDX-License-Identifier: Apache-2.0
 *
 * How much waits in the bank and for how long, for whoever watches it: numbers, nobody's name.
 */
#include "bankd/core/core.h"
#include "bankd/core/state.h"
#include <string.h>

static void take(const struct core *c, const struct store_query *q, struct core_waiting *out)
{
    const char *name = store_text(q, 0);
    enum status s = status_from_name(name, strlen(name));

    if (s < CORE_WAITING_FIRST || s > CORE_WAITING_LAST)
        return;
    int64_t age_us = c->now_us - store_int(q, 2);
    out->orders[s - CORE_WAITING_FIRST].count = store_int(q, 1);
    out->orders[s - CORE_WAITING_FIRST].oldest_us = age_us > 0 ? age_us : 0;
}

static enum err count_orders(struct core *c, enum store_statement which, struct core_waiting *out)
{
    struct store_query *q = store_query(c->store, which);
    bool row = false;

    enum err e = store_step(q, &row);
    while (!e && row) {
        take(c, q, out);
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err read_count(struct store_query *q, int64_t *out)
{
    bool row = false;
    enum err e = store_step(q, &row);

    if (!e && !row)
        e = ERR_STORE_FAILED;
    *out = e ? 0 : store_int(q, 0);
    store_done(q);
    return e;
}

static enum err count_notices(struct core *c, struct core_waiting *out)
{
    struct store_query *q = store_query(c->store, STORE_WAITING_NOTICES);
    bool row = false;

    enum err e = store_step(q, &row);
    if (!e && !row)
        e = ERR_STORE_FAILED;
    if (!e) {
        int64_t age_us = c->now_us - store_int(q, 2);
        out->notices = store_int(q, 0);
        out->dead_notices = store_int(q, 1);
        out->notice_oldest_us = out->notices && age_us > 0 ? age_us : 0;
    }
    store_done(q);
    return e;
}

enum err core_waiting(struct core *c, struct core_waiting *out)
{
    struct store_query *q;

    *out = (struct core_waiting){0};
    enum err e = count_orders(c, STORE_WAITING_OPEN, out);
    if (!e)
        e = count_orders(c, STORE_WAITING_OUTBOX, out);
    if (e)
        return e;
    e = read_count(store_query(c->store, STORE_WAITING_SUSPENSE), &out->suspense);
    if (e)
        return e;
    e = count_notices(c, out);
    if (e)
        return e;
    q = store_query(c->store, STORE_WAITING_SESSIONS);
    store_bind_int(q, ":seen", c->now_us - c->session_idle_us);
    store_bind_int(q, ":started", c->now_us - c->session_max_us);
    return read_count(q, &out->sessions);
}
