/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/notices.h"

#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MAX_US (3600 * TEXT_SECOND_US)
#define DOUBLINGS_MAX 20
#define CARRIED_MAX 25      /* notices of a channel that a courier gets at a time */
#define FORGET_MAX 1000     /* rows at a time */
#define APPLICATIONS_MAX 20 /* notices of applications that wait for one person on one way */

/* --- making them --- */

static int64_t room(const struct core *c)
{
    return c->terms.notices_max ? c->terms.notices_max : INT64_MAX;
}

enum err notices_of_order(struct core *c, const struct notices_order *what,
                          const struct ledger_account *a, const struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct view_people people;

    life_object(a->account, o->order_id, object);
    enum err e = view_can_decide(c, a, o, &people);
    for (size_t i = 0; !e && i < people.count; i++) {
        if (strcmp(people.holder[i], what->but) == 0)
            continue;
        struct store_query *q = store_query(c->store, STORE_NOTICE_OF_ORDER);
        store_bind_text(q, ":name", what->name);
        store_bind_text(q, ":kind", what->kind);
        store_bind_text(q, ":account", a->account);
        store_bind_text(q, ":object", object);
        store_bind_text(q, ":status", status_name(o->status));
        store_bind_text(q, ":holder", people.holder[i]);
        store_bind_int(q, ":now", c->now_us);
        store_bind_int(q, ":room", room(c));
        e = store_run(q);
    }
    return e;
}

/* OBJECT is "order:ACCOUNT/ID". */
static enum err tell_waiting(struct core *c, const struct notices_order *what, const char *account,
                             const char *object)
{
    const char *id = strchr(object, '/');
    struct ledger_account a;
    struct life_order o;

    enum err e = id ? ledger_find(c, account, &a) : ERR_STORE_FAILED;
    if (!e)
        e = life_find(c, a.id, id + 1, &o);
    return e ? e : notices_of_order(c, what, &a, &o);
}

/* What begins to wait for words is told to those whose words these are. */
static enum err make_waiting(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_WAITING);
    bool row = false;

    store_bind_int(q, ":from", (int64_t)c->durable.size);
    enum err e = store_step(q, &row);
    while (!e && row) {
        char name[24];
        const struct notices_order what = {name, "order-waiting", store_text(q, 3)};
        snprintf(name, sizeof name, "%" PRId64, store_int(q, 0));
        e = tell_waiting(c, &what, store_text(q, 1), store_text(q, 2));
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err is_anybody_told(struct core *c, bool *out)
{
    struct store_query *q = store_query(c->store, STORE_CONTACT_ANY);
    enum err e = store_step(q, out);

    store_done(q);
    return e;
}

static enum err make_account(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_OF_ACCOUNT);

    store_bind_int(q, ":from", (int64_t)c->durable.size);
    store_bind_int(q, ":room", room(c));
    return store_run(q);
}

static enum err make_application(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_OF_APPLICATION);

    store_bind_int(q, ":from", (int64_t)c->durable.size);
    store_bind_int(q, ":applications", APPLICATIONS_MAX);
    store_bind_int(q, ":room", room(c));
    return store_run(q);
}

static enum err make_person(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_OF_PERSON);

    store_bind_int(q, ":from", (int64_t)c->durable.size);
    return store_run(q);
}

enum err notices_make(struct core *c)
{
    bool told = false;

    if (c->tree.size == c->durable.size)
        return ERR_OK;
    enum err e = is_anybody_told(c, &told);
    if (e || !told)
        return e;
    e = make_account(c);
    if (!e)
        e = make_application(c);
    if (!e)
        e = make_person(c);
    return e ? e : make_waiting(c);
}

/* Delivered or not: what is that old is no news. */
enum err notices_forget(struct core *c)
{
    if (!c->terms.notices_us)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_NOTICE_SWEEP);
    store_bind_int(q, ":before", c->now_us - c->terms.notices_us);
    store_bind_int(q, ":limit", FORGET_MAX);
    return store_run(q);
}

/* --- what became of them --- */

/* Where it goes, and how often that was tried. */
struct tried {
    int64_t attempts;
    bool proven; /* that the address is his */
    char channel[16], address[CORE_CONTACT_ADDRESS_MAX + 1];
};

static enum err find(struct core *c, const char *notice, struct tried *out)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_FIND);
    bool found = false;

    *out = (struct tried){0};
    store_bind_text(q, ":notice", notice);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_NOT_FOUND;
    if (!e)
        e = store_copy_text(q, 1, out->channel, sizeof out->channel);
    if (!e)
        e = store_copy_text(q, 2, out->address, sizeof out->address);
    out->attempts = e ? 0 : store_int(q, 0);
    out->proven = !e && strcmp(store_text(q, 3), "contact-confirm") != 0;
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

/* What else waits for an address where nobody was is not tried before the wait is over: it would
 * only take others' turns. Nobody delays others by an address that he only says is his. */
static enum err delay(struct core *c, const struct tried *to, int64_t due_us)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_DELAY);

    store_bind_text(q, ":channel", to->channel);
    store_bind_text(q, ":address", to->address);
    store_bind_int(q, ":due", due_us);
    return store_run(q);
}

/* One that is not there was carried before, and told so. */
static enum err settle(struct core *c, const struct core_carried *one)
{
    struct tried tried;
    enum err e = find(c, one->notice, &tried);

    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (one->outcome == CORE_CARRIED)
        return drop(c, one->notice);
    int64_t attempts = tried.attempts + 1;
    int64_t due_us = c->now_us + wait_us(c, attempts, one->jitter);
    bool dead = one->outcome == CORE_UNWANTED || attempts >= c->terms.notice_attempts;
    e = set(c, one->notice, dead ? "dead" : "due", attempts, due_us, one->error);
    return e || dead || !tried.proven ? e : delay(c, &tried, due_us);
}

/* --- lists --- */

/* For a courier also the code that it carries: who else has it could say that an address is
 * his. */
static void put_notice(const struct store_query *q, bool courier, struct doc *list)
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
    if (courier)
        doc_text_optional(&one, "code", store_text(q, 16));
    doc_push(list, &one);
}

static enum err push(struct core *c, const struct store_query *q, struct doc *list)
{
    (void)c;
    put_notice(q, false, list);
    return ERR_OK;
}

/* Each channel for itself, so that no mail waits for webhooks that hang, and of each address one.
 */
static enum err put_due(struct core *c, struct doc *list)
{
    static const char *const channels[] = {"email", "webhook"};
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < sizeof channels / sizeof *channels; i++) {
        struct store_query *q = store_query(c->store, STORE_NOTICE_DUE);
        bool row = false;
        store_bind_text(q, ":channel", channels[i]);
        store_bind_int(q, ":now", c->now_us);
        store_bind_int(q, ":limit", CARRIED_MAX);
        e = store_step(q, &row);
        while (!e && row) {
            put_notice(q, true, list);
            e = store_step(q, &row);
        }
        store_done(q);
    }
    return e;
}

enum err core_courier(struct core *c, const struct core_carried *carried, size_t count,
                      struct core_answer *out)
{
    struct doc body = {0}, list = {0};
    enum err e = ERR_OK;

    *out = (struct core_answer){0};
    for (size_t i = 0; !e && i < count; i++)
        e = settle(c, &carried[i]);
    if (e)
        return e;
    doc_object(&body);
    doc_array(&list);
    e = put_due(c, &list);
    doc_text(&body, "bank", c->bank);
    doc_put(&body, "notices", &list);
    if (e)
        doc_free(&body);
    return e ? e : answer_doc(c, 200, &body, out);
}

enum err core_notices(struct core *c, const struct core_caller *who, const struct core_page *asked,
                      struct core_answer *out)
{
    static const struct page_list list = {STORE_NOTICE_PAGE, push, "notices", NULL};

    return page_for_operators(c, who, asked, &list, out);
}

/* Once more from the beginning, also of one that only waits. */
enum err core_notice_retry(struct core *c, const struct core_caller *who, const char *number,
                           const char *note, struct core_answer *out)
{
    struct doc body = {0};
    uint64_t id = 0;
    bool found = false;

    *out = (struct core_answer){0};
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
