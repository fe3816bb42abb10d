/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the day: whether the books agree with themselves. Each check is a statement that
 * counts what contradicts it and names the first.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/session.h"
#include "bankd/core/state.h"

static const struct check {
    const char *name;
    enum store_statement statement;
} checks[] = {
    {"movements", STORE_RECONCILE_MOVEMENTS},   /* two postings whose sum is zero */
    {"balances", STORE_RECONCILE_BALANCES},     /* what is booked is the sum of the postings */
    {"reservations", STORE_RECONCILE_RESERVED}, /* what is reserved is the sum of open orders */
    {"spending", STORE_RECONCILE_SPENDING},     /* what left is what limits are judged by */
    {"overdrawn", STORE_RECONCILE_OVERDRAWN},   /* a customer has what is reserved */
    {"executions", STORE_RECONCILE_EXECUTED},   /* paid orders moved money once, others not */
    {"decisions", STORE_RECONCILE_DECISIONS},   /* somebody approved a paid order */
    {"entries", STORE_RECONCILE_ENTRIES},       /* the log has what orders name as their newest */
    {"outbox", STORE_RECONCILE_OUTBOX},         /* settlement has what is on its way */
    {"suspense", STORE_RECONCILE_SUSPENSE},     /* suspense has what nobody got */
};

static enum err run_check(struct core *c, const struct check *check, struct doc *differences)
{
    struct store_query *q = store_query(c->store, check->statement);
    struct doc one = {0};
    bool row = false;

    enum err e = store_step(q, &row);
    if (!e && !row)
        e = ERR_STORE_FAILED;
    if (!e && store_int(q, 0) > 0) {
        doc_object(&one);
        doc_text(&one, "check", check->name);
        doc_int(&one, "count", store_int(q, 0));
        doc_text(&one, "first", store_text(q, 1));
        doc_push(differences, &one);
    }
    store_done(q);
    return e;
}

static void push_log_difference(struct doc *differences, int64_t count, const char *first)
{
    struct doc one = {0};

    doc_object(&one);
    doc_text(&one, "check", "log");
    doc_int(&one, "count", count);
    doc_text(&one, "first", first);
    doc_push(differences, &one);
}

/* The entries that are there are those that the head counts, and a checkpoint signed no more. */
static enum err check_log(struct core *c, struct doc *body, struct doc *differences)
{
    struct store_query *q = store_query(c->store, STORE_RECONCILE_LOG);
    struct doc log = {0};
    bool row = false;
    int64_t size = (int64_t)c->tree.size;

    enum err e = store_step(q, &row);
    if (!e && !row)
        e = ERR_STORE_FAILED;
    int64_t entries = e ? 0 : store_int(q, 0);
    int64_t next = e ? 0 : store_int(q, 1);
    int64_t checkpoint = e ? 0 : store_int(q, 2);
    store_done(q);
    if (e)
        return e;
    if (entries != size || next != size)
        push_log_difference(differences, entries > size ? entries - size : size - entries,
                            "entries");
    if (checkpoint > size)
        push_log_difference(differences, checkpoint - size, "checkpoint");
    doc_object(&log);
    doc_int(&log, "size", size);
    doc_int(&log, "checkpoint", checkpoint);
    doc_put(body, "log", &log);
    return ERR_OK;
}

static enum err count_all(struct core *c, struct doc *body)
{
    struct store_query *q = store_query(c->store, STORE_RECONCILE_COUNTS);
    bool row = false;

    enum err e = store_step(q, &row);
    if (!e && !row)
        e = ERR_STORE_FAILED;
    if (!e) {
        doc_int(body, "accounts", store_int(q, 0));
        doc_int(body, "movements", store_int(q, 1));
        doc_int(body, "openOrders", store_int(q, 2));
    }
    store_done(q);
    return e;
}

static enum err total(struct core *c, struct doc *body)
{
    struct store_query *q = store_query(c->store, STORE_RECONCILE_TOTALS);
    struct doc list = {0};
    bool row = false;

    doc_array(&list);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        const char *currency = store_text(q, 0);
        doc_object(&one);
        doc_text(&one, "currency", currency);
        doc_money(&one, "booked", store_int(q, 1), currency);
        doc_money(&one, "reserved", store_int(q, 2), currency);
        doc_push(&list, &one);
        e = store_step(q, &row);
    }
    store_done(q);
    doc_put(body, "totals", &list);
    return e;
}

/* How many there are in a currency, and their sum. */
static enum err add_waiting(struct core *c, const char *name, enum store_statement which,
                            struct doc *body)
{
    struct store_query *q = store_query(c->store, which);
    struct doc list = {0};
    bool row = false;

    doc_array(&list);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        const char *currency = store_text(q, 0);
        doc_object(&one);
        doc_text(&one, "currency", currency);
        doc_int(&one, "count", store_int(q, 1));
        doc_money(&one, "amount", store_int(q, 2), currency);
        doc_push(&list, &one);
        e = store_step(q, &row);
    }
    store_done(q);
    doc_put(body, name, &list);
    return e;
}

enum err core_reconcile(struct core *c, const struct core_caller *who, struct core_answer *out)
{
    struct doc body = {0}, differences = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    doc_object(&body);
    doc_array(&differences);
    doc_time(&body, "time", c->now_us);
    if (!e)
        e = count_all(c, &body);
    if (!e)
        e = total(c, &body);
    if (!e)
        e = add_waiting(c, "outbox", STORE_OUTBOX_TOTALS, &body);
    if (!e)
        e = add_waiting(c, "suspense", STORE_SUSPENSE_TOTALS, &body);
    for (size_t i = 0; !e && i < sizeof checks / sizeof *checks; i++)
        e = run_check(c, &checks[i], &differences);
    if (!e)
        e = check_log(c, &body, &differences);
    doc_put(&body, "differences", &differences);
    return answer_finish(c, who, e, 200, &body, out);
}
