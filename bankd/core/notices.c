/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/notices.h"

#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"
#include "bankd/core/terms.h"
#include "base/text.h"
#include "order/calendar.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REMIND_STEP_US (60 * TEXT_SECOND_US) /* between two looks: each reads every open order */
#define WAIT_MAX_US (3600 * TEXT_SECOND_US)
#define DOUBLINGS_MAX 20
#define CARRIED_MAX 50 /* notices that a courier gets at a time */
#define DAY_US (86400 * TEXT_SECOND_US)

/* --- making them --- */

static enum err make(struct core *c, enum store_statement which)
{
    struct store_query *q = store_query(c->store, which);

    store_bind_int(q, ":from", (int64_t)c->durable.size);
    return store_run(q);
}

enum err notices_make(struct core *c)
{
    if (c->tree.size == c->durable.size)
        return ERR_OK;
    enum err e = make(c, STORE_NOTICE_OF_ACCOUNT);
    if (!e)
        e = make(c, STORE_NOTICE_OF_APPLICATION);
    return e ? e : make(c, STORE_NOTICE_OF_PERSON);
}

static enum err remind_expiry(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_EXPIRY);

    store_bind_int(q, ":now", c->now_us);
    store_bind_int(q, ":soon", c->now_us + c->terms.remind_us);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_REMINDED_EXPIRY);
    store_bind_int(q, ":soon", c->now_us + c->terms.remind_us);
    return store_run(q);
}

static enum err remind_cutoff(struct core *c, const char *currency)
{
    const struct calendar_terms terms = terms_calendar(&c->terms, currency);
    int64_t next_us = calendar_next_cutoff(&terms, c->now_us);

    if (next_us == CALENDAR_NEVER || next_us > c->now_us + c->terms.remind_us)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_NOTICE_CUTOFF);
    store_bind_int(q, ":now", c->now_us);
    store_bind_int(q, ":day", next_us / DAY_US);
    store_bind_text(q, ":currency", currency);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_REMINDED_CUTOFF);
    store_bind_int(q, ":day", next_us / DAY_US);
    store_bind_text(q, ":currency", currency);
    return store_run(q);
}

static enum err remind(struct core *c)
{
    enum err e = remind_expiry(c);
    for (size_t i = 0; !e && i < c->terms.count; i++)
        e = remind_cutoff(c, c->terms.currency[i].code);
    return e;
}

/* What fails was logged by the store, and is tried at the next look. */
void core_remind(struct core *c, const struct core_time *t)
{
    if (!c->terms.remind_us || t->now_us < c->reminded_us + REMIND_STEP_US)
        return;
    c->reminded_us = t->now_us;
    enum err e = core_begin(c, t);
    if (!e)
        e = remind(c);
    if (!e)
        e = core_commit(c);
    if (e)
        core_rollback(c);
}

/* --- what became of them --- */

static enum err find(struct core *c, const char *notice, int64_t *attempts)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_FIND);
    bool found = false;

    store_bind_text(q, ":notice", notice);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_NOT_FOUND;
    *attempts = e ? 0 : store_int(q, 0);
    store_done(q);
    return e;
}

static enum err set(struct core *c, const char *notice, const char *state, int64_t attempts,
                    int64_t due_us, const char *error)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_SET);

    store_bind_text(q, ":notice", notice);
    store_bind_text(q, ":state", state);
    store_bind_int(q, ":attempts", attempts);
    store_bind_int(q, ":due", due_us);
    store_bind_text(q, ":error", error);
    return store_run(q);
}

static enum err drop(struct core *c, const char *notice)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_DROP);

    store_bind_text(q, ":notice", notice);
    return store_run(q);
}

/* Twice as long each time, and a part more that differs from notice to notice: when a server comes
 * back, not all of them come at once. */
static int64_t wait_us(const struct core *c, int64_t attempts, unsigned jitter)
{
    int64_t doublings = attempts - 1 < DOUBLINGS_MAX ? attempts - 1 : DOUBLINGS_MAX;
    int64_t wait = c->terms.notice_wait_us << doublings;

    wait = wait < WAIT_MAX_US ? wait : WAIT_MAX_US;
    return wait + wait / 100 * (jitter % 25);
}

/* One that is not there was carried before, and told so. */
static enum err settle(struct core *c, const struct core_carried *one)
{
    int64_t attempts = 0;
    enum err e = find(c, one->notice, &attempts);

    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (one->outcome == CORE_CARRIED)
        return drop(c, one->notice);
    bool dead = one->outcome == CORE_UNWANTED || attempts + 1 >= c->terms.notice_attempts;
    return set(c, one->notice, dead ? "dead" : "due", attempts + 1,
               c->now_us + wait_us(c, attempts + 1, one->jitter), one->error);
}

/* --- lists --- */

static void put_notice(const struct store_query *q, struct doc *list)
{
    struct doc one = {0};
    const char *object = store_text(q, 6), *slash = strchr(object, '/');

    doc_object(&one);
    doc_int(&one, "id", store_int(q, 0));
    doc_text(&one, "notice", store_text(q, 1));
    doc_text(&one, "kind", store_text(q, 2));
    doc_text(&one, "holder", store_text(q, 3));
    doc_text(&one, "channel", store_text(q, 4));
    doc_text(&one, "address", store_text(q, 5));
    if (slash)
        doc_text(&one, "order", slash + 1);
    doc_text_optional(&one, "account", store_text(q, 7));
    doc_text_optional(&one, "status", store_text(q, 8));
    doc_text_optional(&one, "reason", store_text(q, 9));
    doc_time(&one, "time", store_int(q, 10));
    doc_time(&one, "due", store_int(q, 11));
    doc_int(&one, "attempts", store_int(q, 12));
    doc_text(&one, "state", store_text(q, 13));
    doc_text_optional(&one, "error", store_text(q, 14));
    doc_text(&one, "language", store_text(q, 15));
    doc_push(list, &one);
}

static enum err put_rows(struct store_query *q, struct doc *list, size_t *count, int64_t *last)
{
    bool row = false;
    enum err e = store_step(q, &row);

    *count = 0;
    while (!e && row) {
        *last = store_int(q, 0);
        (*count)++;
        put_notice(q, list);
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

enum err core_courier(struct core *c, const struct core_carried *carried, size_t count,
                      struct core_answer *out)
{
    struct doc body = {0}, list = {0};
    enum err e = ERR_OK;
    int64_t last = 0;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    for (size_t i = 0; !e && i < count; i++)
        e = settle(c, &carried[i]);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_NOTICE_DUE);
    store_bind_int(q, ":now", c->now_us);
    store_bind_int(q, ":limit", CARRIED_MAX);
    doc_object(&body);
    doc_array(&list);
    e = put_rows(q, &list, &count, &last);
    doc_text(&body, "bank", c->bank);
    doc_put(&body, "notices", &list);
    if (e)
        doc_free(&body);
    return e ? e : answer_doc(c, 200, &body, out);
}

enum err core_notices(struct core *c, const struct core_caller *who, const struct core_page *asked,
                      struct core_answer *out)
{
    struct doc body = {0}, list = {0};
    struct page page;
    size_t count = 0;
    int64_t last = 0;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = page_read(asked, 0, &page);
    doc_object(&body);
    doc_array(&list);
    if (!e) {
        struct store_query *q = store_query(c->store, STORE_NOTICE_PAGE);
        store_bind_int(q, ":after", page.cursor);
        store_bind_int(q, ":limit", page.limit);
        e = put_rows(q, &list, &count, &last);
    }
    if (!e)
        page_next(&page, count, last, &body);
    doc_put(&body, "notices", &list);
    return answer_finish(c, who, e, 200, &body, out);
}

/* Once more from the beginning, also of one that only waits. */
enum err core_notice_retry(struct core *c, const struct core_caller *who, const char *number,
                           const char *note, struct core_answer *out)
{
    struct doc body = {0};
    uint64_t id = 0;
    bool found = false;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator_note(who, note);
    if (!e && text_parse_u64(number, strlen(number), INT64_MAX, &id))
        e = ERR_NOT_FOUND;
    if (!e) {
        struct store_query *q = store_query(c->store, STORE_NOTICE_AGAIN);
        store_bind_int(q, ":id", (int64_t)id);
        store_bind_int(q, ":now", c->now_us);
        e = store_step(q, &found);
        store_done(q);
    }
    if (!e && !found)
        e = ERR_NOT_FOUND;
    doc_object(&body);
    doc_int(&body, "id", (int64_t)id);
    doc_text(&body, "state", "due");
    return answer_finish(c, who, e, 200, &body, out);
}
