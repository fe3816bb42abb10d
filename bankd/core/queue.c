/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's queue: what waits in the bank, for whom and since when. What is over is not looked
 * at. The committer ends what time ends; here nothing is touched.
 */
#include "bankd/core/answer.h"
#include "bankd/core/application_view.h"
#include "bankd/core/change.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/credits.h"
#include "bankd/core/enrolment.h"
#include "bankd/core/life.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* As STORE_QUEUE_PAGE numbers them. */
enum kind { KIND_ORDER = 1, KIND_CREDIT, KIND_POLICY, KIND_ENROLMENT, KIND_APPLICATION };

/* In the order of the list; the cursor is the last one's since, kind and row. */
struct waiting {
    int64_t since_us;
    int64_t kind;
    int64_t id; /* row: of the order, the credit, or the account whose policy it is */
    enum waits for_whom;
};

/* --- the cursor: "1764090912000000.1.17" --- */

static enum err read_cursor(const char *cursor, struct waiting *out)
{
    int64_t at[3];
    enum err e = page_numbers(cursor, at, 3);

    if (!e)
        *out = (struct waiting){.since_us = at[0], .kind = at[1], .id = at[2]};
    return e;
}

static void put_next(const struct waiting *last, struct doc *out)
{
    const int64_t at[3] = {last->since_us, last->kind, last->id};

    page_next_numbers(at, 3, out);
}

/* --- a page --- */

static enum err read_page(struct core *c, const struct waiting *after, enum waits for_whom,
                          unsigned limit, struct waiting out[static PAGE_MAX], size_t *count)
{
    struct store_query *q = store_query(c->store, STORE_QUEUE_PAGE);
    bool row = false;

    *count = 0;
    store_bind_int(q, ":since", after->since_us);
    store_bind_int(q, ":kind", after->kind);
    store_bind_int(q, ":id", after->id);
    store_bind_int(q, ":waits", for_whom);
    store_bind_int(q, ":limit", limit);
    enum err e = store_step(q, &row);
    while (!e && row && *count < PAGE_MAX) {
        int64_t waits = store_int(q, 2);
        out[(*count)++] = (struct waiting){
            .kind = store_int(q, 0),
            .id = store_int(q, 1),
            .for_whom = waits > 0 && waits < WAITS_COUNT ? (enum waits)waits : WAITS_ANY,
            .since_us = store_int(q, 3)};
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static void put_party(const char *name, const char *party, const char *account, struct doc *out)
{
    struct doc one = {0};

    if (!party[0])
        return;
    doc_object(&one);
    doc_text_optional(&one, "account", account);
    doc_text(&one, "name", party);
    doc_put(out, name, &one);
}

static enum err put_order(struct core *c, int64_t id, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_BY_ID);
    char item[LIFE_OBJECT_MAX];
    struct ledger_account a;
    struct life_order o;
    bool found = false;

    store_bind_int(q, ":id", id);
    enum err e = life_read_one(q, &found, &o);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e)
        e = ledger_by_id(c, o.account, &a);
    if (e)
        return e;
    doc_text(out, "kind", ledger_kind_name(o.kind));
    doc_text(out, "account", a.account);
    doc_text(out, "id", o.order_id);
    doc_money(out, "amount", o.amount, a.currency);
    doc_text(out, "currency", a.currency);
    put_party("payee", o.payee_name, o.payee, out);
    doc_int(out, "entry", o.entry);
    life_object(a.account, o.order_id, item);
    e = view_order_waits(c, &a, &o, out);
    return e ? e : claim_view(c, item, out);
}

static enum err put_credit(struct core *c, int64_t id, struct doc *out)
{
    char number[24], item[CORE_ITEM_MAX + 1];
    struct credit k;
    enum err e = credits_find(c, id, &k);

    if (e)
        return e;
    snprintf(number, sizeof number, "%" PRId64, k.id);
    doc_text(out, "kind", "credit");
    doc_text(out, "account", k.account);
    doc_text(out, "id", number);
    doc_money(out, "amount", k.amount, k.currency);
    doc_text(out, "currency", k.currency);
    put_party("debtor", k.debtor_name, k.debtor_account, out);
    doc_text(out, "reference", k.reference);
    claim_credit(k.id, item);
    return claim_view(c, item, out);
}

static enum err put_policy(struct core *c, int64_t account, struct doc *out)
{
    struct ledger_account a;
    enum err e = ledger_by_id(c, account, &a);

    if (e)
        return e;
    doc_text(out, "kind", "policy");
    doc_text(out, "account", a.account);
    return change_waits(c, &a, out);
}

static enum err put_enrolment(struct core *c, int64_t id, struct doc *out)
{
    doc_text(out, "kind", "enrolment");
    return enrolment_waits(c, id, out);
}

static enum err put_application(struct core *c, int64_t id, struct doc *out)
{
    doc_text(out, "kind", "application");
    return application_view_waits(c, id, out);
}

static enum err push(struct core *c, const struct waiting *w, struct doc *list)
{
    static enum err (*const put[])(struct core *, int64_t,
                                   struct doc *) = {[KIND_ORDER] = put_order,
                                                    [KIND_CREDIT] = put_credit,
                                                    [KIND_POLICY] = put_policy,
                                                    [KIND_ENROLMENT] = put_enrolment,
                                                    [KIND_APPLICATION] = put_application};
    struct doc one = {0};

    if (w->kind < KIND_ORDER || w->kind > KIND_APPLICATION)
        return ERR_INTERNAL;
    doc_object(&one);
    doc_time(&one, "since", w->since_us);
    doc_text(&one, "waitsFor", waits_name(w->for_whom));
    enum err e = put[w->kind](c, w->id, &one);
    if (e)
        doc_free(&one);
    else
        doc_push(list, &one);
    return e;
}

enum err core_queue(struct core *c, const struct core_caller *who, enum waits waiting,
                    const struct core_page *asked, struct core_answer *out)
{
    const struct core_page limit_only = {.cursor = "", .limit = asked->limit};
    struct waiting after, found[PAGE_MAX];
    struct doc body = {0}, list = {0};
    struct page page = {0};
    size_t count = 0;

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = page_read(&limit_only, 0, &page);
    if (!e)
        e = read_cursor(asked->cursor, &after);
    if (!e)
        e = read_page(c, &after, waiting, page.limit, found, &count);
    doc_object(&body);
    doc_array(&list);
    for (size_t i = 0; !e && i < count; i++)
        e = push(c, &found[i], &list);
    if (!e && count == page.limit)
        put_next(&found[count - 1], &body);
    doc_put(&body, "items", &list);
    return answer_finish(c, who, e, 200, &body, out);
}
