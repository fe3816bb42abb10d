/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's acts on the clock, and his look at the log.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/freshness.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"

#define LOG_ANSWER_MAX ((size_t)1 << 20) /* bytes of bodies in one page of the log */

/* --- the clock --- */

static enum err raise_floors(struct core *c, int64_t floor_us)
{
    struct store_query *q = store_query(c->store, STORE_KEY_FLOORS);

    store_bind_int(q, ":floor", floor_us);
    return store_run(q);
}

/* What was begun in a time that has not come would outlive its limits. */
static enum err end_future(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_FUTURE);

    store_bind_int(q, ":now", c->now_us);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_SESSION_FUTURE);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

/* The one act that an insane clock allows: from here on the given time is the bank's, for the
 * batches to come once this one is committed. It vouches for nothing that came before it. */
enum err core_clock_accept(struct core *c, const struct core_caller *who, const char *note,
                           struct core_answer *out)
{
    int64_t floor_us = freshness_floor_at(c->given.now_us);
    struct doc entry = {0}, body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, note);
    if (e)
        return answer_refuse(c, who, e, out);
    if (c->insane && store_wrote(c->store))
        return ERR_CLOCK_INSANE;
    c->now_us = c->given.now_us;
    c->accepted = true;
    c->insane = false;
    entries_body(&entry, "clock-accepted", "bank", NO_ENTRY);
    doc_time(&entry, "floor", floor_us);
    doc_text(&entry, "operator", who->operator_name);
    doc_text(&entry, "note", note);
    e = entries_add_bank(c, &entry);
    if (!e)
        e = raise_floors(c, floor_us);
    if (!e)
        e = end_future(c);
    if (e)
        return e;
    doc_object(&body);
    doc_time(&body, "time", c->now_us);
    doc_time(&body, "floor", floor_us);
    return answer_doc(c, 200, &body, out);
}

/* --- the log --- */

static void push_entry(const struct store_query *q, struct doc *list, size_t *bytes)
{
    struct doc one = {0};

    doc_object(&one);
    *bytes += entries_put(q, &one);
    doc_push(list, &one);
}

static enum err list_entries(struct core *c, uint64_t from, unsigned limit, struct doc *body)
{
    struct store_query *q = store_query(c->store, STORE_ENTRY_PAGE);
    struct doc list = {0};
    size_t bytes = 0;
    uint64_t next = from;
    bool row = false;

    doc_array(&list);
    store_bind_int(q, ":from", (int64_t)from);
    store_bind_int(q, ":limit", limit);
    enum err e = store_step(q, &row);
    while (!e && row && bytes < LOG_ANSWER_MAX) {
        next = (uint64_t)store_int(q, 0) + 1;
        push_entry(q, &list, &bytes);
        e = store_step(q, &row);
    }
    store_done(q);
    doc_object(body);
    doc_int(body, "size", (int64_t)c->tree.size);
    if (next < c->tree.size)
        doc_int(body, "next", (int64_t)next);
    doc_put(body, "entries", &list);
    return e;
}

enum err core_log_entries(struct core *c, const struct core_caller *who, uint64_t from,
                          unsigned limit, struct core_answer *out)
{
    const struct core_page asked = {.cursor = "", .limit = limit};
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = page_read(&asked, 0, &page);
    if (!e && from > (uint64_t)INT64_MAX)
        e = ERR_USAGE;
    if (!e)
        e = list_entries(c, from, page.limit, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
