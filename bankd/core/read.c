/* SPDX-License-Identifier: Apache-2.0
 *
 * What holders and operators read. Reading touches: an order past its time ends when somebody
 * looks.
 */
#include "bankd/core/answer.h"
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/page.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include <stdlib.h>

/* --- accounts --- */

static enum err push_account(struct core *c, int64_t id, struct doc *list)
{
    struct ledger_account a;
    struct doc one = {0};

    enum err e = ledger_by_id(c, id, &a);
    if (!e)
        e = reading_catch_up(c, &a);
    if (!e)
        e = view_account(c, &a, &one);
    if (!e)
        doc_push(list, &one);
    return e;
}

enum err core_accounts(struct core *c, const struct core_caller *who, const struct core_page *asked,
                       struct core_answer *out)
{
    struct session_viewer viewer;
    struct page page;
    int64_t ids[PAGE_MAX];
    size_t count = 0;
    struct doc body = {0}, list = {0};

    *out = (struct core_answer){0};
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = page_read(asked, 0, &page);
    if (!e)
        e = reading_page(c, &viewer, &page, ids, &count);
    doc_object(&body);
    doc_array(&list);
    for (size_t i = 0; !e && i < count; i++)
        e = push_account(c, ids[i], &list);
    if (!e && count)
        page_next(&page, count, ids[count - 1], &body);
    doc_put(&body, "accounts", &list);
    return answer_finish(c, who, e, 200, &body, out);
}

enum err core_account(struct core *c, const struct core_caller *who, const char *account,
                      struct core_answer *out)
{
    struct ledger_account a;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = view_account(c, &a, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

enum err core_account_policy(struct core *c, const struct core_caller *who, const char *account,
                             struct core_answer *out)
{
    struct ledger_account a;
    const struct policy *policy = NULL;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open_policy(c, who, account, &a);
    if (!e)
        e = state_policy(c, a.policy_digest, &policy);
    if (!e) {
        size_t len = 0;
        const char *bytes = policy_bytes(policy, &len);
        doc_object(&body);
        doc_canonical(&body, "policy", bytes, len);
        doc_digest(&body, "digest", policy_digest(policy));
        e = change_describe(c, &a, &body);
    }
    return answer_finish(c, who, e, 200, &body, out);
}

/* --- orders --- */

/* The rows of a page, read before any order is touched; of one account, where A is given. */
static enum err page_orders(struct core *c, enum store_statement which,
                            const struct ledger_account *a, const struct page *page,
                            struct life_order *rows, size_t *count)
{
    struct store_query *q = store_query(c->store, which);

    if (a)
        store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":before", page->cursor);
    store_bind_int(q, ":limit", page->limit);
    return life_read_all(q, page->limit, rows, count);
}

static enum err push_order(struct core *c, struct life_order *row, struct doc *list)
{
    struct ledger_account a;
    struct life_order before = *row;
    struct doc one = {0};

    enum err e = ledger_by_id(c, row->account, &a);
    if (!e && life_reserves(before.status) && c->now_us > before.expires_us) {
        e = reading_catch_up(c, &a);
        if (!e)
            e = life_find(c, before.account, before.order_id, row);
    }
    if (!e)
        e = view_stored_order(c, &a, row, true, &one);
    if (!e)
        doc_push(list, &one);
    return e;
}

static enum err list_orders(struct core *c, enum store_statement which,
                            const struct ledger_account *a, const struct page *page,
                            struct doc *body)
{
    struct life_order *rows = malloc(page->limit * sizeof *rows);
    struct doc list = {0};
    size_t count = 0;

    if (!rows)
        return ERR_NO_MEMORY;
    doc_object(body);
    doc_array(&list);
    enum err e = page_orders(c, which, a, page, rows, &count);
    for (size_t i = 0; !e && i < count; i++)
        e = push_order(c, &rows[i], &list);
    if (!e && count)
        page_next(page, count, rows[count - 1].id, body);
    doc_put(body, "orders", &list);
    free(rows);
    return e;
}

enum err core_orders(struct core *c, const struct core_caller *who, const char *account,
                     const struct core_page *asked, struct core_answer *out)
{
    struct ledger_account a;
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = account ? reading_open(c, who, account, NULL, &a) : session_operator(who);
    if (!e)
        e = page_read(asked, INT64_MAX, &page);
    if (!e)
        e = account ? list_orders(c, STORE_ORDER_PAGE_OF, &a, &page, &body)
                    : list_orders(c, STORE_ORDER_PAGE, NULL, &page, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

enum err core_outbox(struct core *c, const struct core_caller *who, const struct core_page *asked,
                     struct core_answer *out)
{
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = page_read(asked, INT64_MAX, &page);
    if (!e)
        e = list_orders(c, STORE_ORDER_OUTBOX, NULL, &page, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

/* Under which it is decided, be there a newer one in force. */
static enum err put_policy(struct core *c, const struct life_order *row, struct doc *out)
{
    const struct policy *policy = NULL;
    size_t len = 0;
    enum err e = state_policy(c, row->policy_digest, &policy);

    if (!e) {
        const char *bytes = policy_bytes(policy, &len);
        doc_canonical(out, "policy", bytes, len);
    }
    return e;
}

enum err core_order(struct core *c, const struct core_caller *who, const char *account,
                    const char *id, struct core_answer *out)
{
    struct ledger_account a;
    struct life_order row;
    struct doc body = {0};
    bool stands = false;

    *out = (struct core_answer){0};
    enum err e = reading_open_order(c, who, account, id, &a, &row, &stands);
    if (!e)
        e = who->operator_name ? view_operator_order(c, &a, &row, &body)
                               : view_stored_order(c, &a, &row, stands, &body);
    if (!e && stands)
        e = put_policy(c, &row, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

/* --- for requests that the core does not answer --- */

enum err core_admit(struct core *c, const struct core_caller *who, struct core_answer *out)
{
    struct session_viewer viewer;

    *out = (struct core_answer){.http = 200};
    enum err e = session_viewer(c, who, &viewer);
    return e ? answer_refuse(c, who, e, out) : ERR_OK;
}

enum err core_refuse(struct core *c, const struct core_caller *who, enum err refusal,
                     const char *account, struct core_answer *out)
{
    struct ledger_account a;
    const struct policy *policy = NULL;

    *out = (struct core_answer){0};
    if (refusal != ERR_POLICY_STALE || !account)
        return answer_refuse(c, who, refusal, out);
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = state_policy(c, a.policy_digest, &policy);
    return e ? answer_refuse(c, who, e, out) : answer_refuse_stale(c, who, policy, out);
}
