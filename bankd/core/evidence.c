/* SPDX-License-Identifier: Apache-2.0
 *
 * Evidence (docs/FORMAT.md section 12): the entries that tell one order's story, with the proofs
 * that lead to a signed checkpoint. Reads only: an order past its time is shown as it stands.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include "order/json.h"
#include "order/jws.h"
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 1024u
#define NO_ROLLOVERS "[]"

struct entry_list {
    int64_t index[ENTRIES_MAX];
    size_t count;
};

/* Once each: a person may have used one key for two decisions. */
static enum err add(struct entry_list *list, int64_t index)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->index[i] == index)
            return ERR_OK;
    if (list->count == ENTRIES_MAX)
        return ERR_TOO_LARGE;
    list->index[list->count++] = index;
    return ERR_OK;
}

/* The first COLUMNS of each row. */
static enum err add_rows(struct store_query *q, int columns, struct entry_list *list)
{
    bool found = false;

    enum err e = store_step(q, &found);
    while (!e && found) {
        for (int i = 0; !e && i < columns; i++)
            e = add(list, store_int(q, i));
        if (!e)
            e = store_step(q, &found);
    }
    store_done(q);
    return e;
}

/* The account's first policy, and how each later one came into force until the order's last entry.
 */
static enum err add_policies(struct core *c, const char *account, const struct life_order *row,
                             struct entry_list *list, int64_t *opened)
{
    struct store_query *q = store_query(c->store, STORE_POLICY_FIRST);
    bool found = false;

    store_bind_text(q, ":account", account);
    enum err e = store_step(q, &found);
    if (!e)
        e = found ? add(list, store_int(q, 0)) : ERR_STORE_FAILED;
    *opened = e ? NO_ENTRY : store_int(q, 0);
    store_done(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_POLICY_HISTORY);
    store_bind_text(q, ":account", account);
    store_bind_int(q, ":before", row->entry);
    return add_rows(q, 3, list);
}

/* What its holders signed before there was an account, where they applied for it, each signer's
 * enrolment, and that it ended with this account. */
static enum err add_application(struct core *c, const char *account, struct entry_list *list)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_HISTORY);

    store_bind_text(q, ":account", account);
    return add_rows(q, 3, list);
}

static enum err add_enrolments(struct core *c, const struct life_order *row,
                               struct entry_list *list)
{
    struct store_query *q = store_query(c->store, STORE_DECISION_OF_ORDER);
    bool found = false;

    store_bind_int(q, ":orders", row->id);
    store_bind_int(q, ":limit", LIFE_DECISIONS_MAX);
    enum err e = store_step(q, &found);
    while (!e && found) {
        e = add(list, store_int(q, 9));
        if (!e)
            e = store_step(q, &found);
    }
    store_done(q);
    return e;
}

/* What was said of who stands for whom, as far as it was so while the order went its way: each
 * entry and its signer's enrolment. */
static enum err add_delegations(struct core *c, const struct life_order *row, int64_t first,
                                struct entry_list *list)
{
    struct store_query *q = store_query(c->store, STORE_DELEGATION_HISTORY);

    store_bind_int(q, ":account", row->account);
    store_bind_int(q, ":first", first);
    store_bind_int(q, ":before", row->entry);
    return add_rows(q, 2, list);
}

/* What became before an entry of the keys whose enrolments are listed, from number FIRST of the
 * list on, and of those whose place they took, back to the first that the bank enrolled. The list
 * grows meanwhile. */
static enum err add_key_changes(struct core *c, int64_t before, size_t first,
                                struct entry_list *list)
{
    enum err e = ERR_OK;

    for (size_t i = first; !e && i < list->count; i++) {
        struct store_query *q = store_query(c->store, STORE_KEY_CHANGES);
        store_bind_int(q, ":enrolment", list->index[i]);
        store_bind_int(q, ":before", before);
        e = add_rows(q, 1, list);
        if (e)
            return e;
        q = store_query(c->store, STORE_KEY_BEFORE);
        store_bind_int(q, ":enrolment", list->index[i]);
        e = add_rows(q, 1, list);
    }
    return e;
}

/* The body of an entry; js_free is the caller's to call. */
static enum err body_of(struct core *c, int64_t index, struct js **out)
{
    struct store_query *q = store_query(c->store, STORE_ENTRY_FIND);
    bool found = false;
    size_t len = 0;

    *out = NULL;
    store_bind_int(q, ":id", index);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e) {
        const void *bytes = store_blob(q, 4, &len);
        e = js_parse(bytes, len, out);
    }
    store_done(q);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

static int64_t index_in(const struct js *body, const char *member)
{
    const struct js *value = js_get(body, member);

    return value ? js_int(value) : NO_ENTRY;
}

/* The entry before it, the operator's act that it came of, and the batch that it came by; each may
 * be NO_ENTRY. */
struct links {
    int64_t previous, act, batch;
};

static enum err links_of(struct core *c, int64_t index, struct links *out)
{
    struct js *body = NULL;
    enum err e = body_of(c, index, &body);

    if (!e)
        *out = (struct links){index_in(body, "previous"), index_in(body, "act"),
                              index_in(body, "batch")};
    js_free(body);
    return e;
}

/* How the key came to the bank by which an operator signed. */
static enum err add_signer(struct core *c, int64_t act, struct entry_list *list)
{
    struct people_key key;
    struct jws_parts parts;
    struct js *body = NULL;
    size_t len = 0;

    enum err e = body_of(c, act, &body);
    if (e)
        return e;
    const char *statement = js_text(js_get(body, "statement"), &len);
    e = jws_split(statement, len, &parts);
    if (!e)
        e = people_key_find(c, parts.header.kid, &key);
    js_free(body);
    if (e)
        return e == ERR_NO_MEMORY ? e : ERR_STORE_FAILED;
    return add(list, key.enrolment);
}

static enum err add_act(struct core *c, int64_t act, struct entry_list *list)
{
    if (act == NO_ENTRY)
        return ERR_OK;
    enum err e = add(list, act);
    return e ? e : add_signer(c, act, list);
}

/* From the newest entry about the order back to the FIRST, with what operators signed for it. */
static enum err add_chain(struct core *c, const struct life_order *row, struct entry_list *list,
                          int64_t *first)
{
    enum err e = ERR_OK;

    *first = NO_ENTRY;
    for (int64_t at = row->entry; !e && at != NO_ENTRY;) {
        struct links links = {NO_ENTRY, NO_ENTRY, NO_ENTRY};
        *first = at;
        e = add(list, at);
        if (!e)
            e = links_of(c, at, &links);
        if (!e)
            e = add_act(c, links.act, list);
        if (!e && links.batch != NO_ENTRY)
            e = add(list, links.batch);
        at = links.previous;
    }
    return e;
}

static int by_index(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The application last: what became later of a key that only signed it concerns nobody here. */
static enum err add_all(struct core *c, const char *account, const struct life_order *row,
                        struct entry_list *list)
{
    int64_t first = NO_ENTRY, opened = NO_ENTRY;

    enum err e = add_policies(c, account, row, list, &opened);
    if (!e)
        e = add_enrolments(c, row, list);
    if (!e)
        e = add_chain(c, row, list, &first);
    if (!e)
        e = add_delegations(c, row, first, list);
    if (!e)
        e = add_key_changes(c, row->entry, 0, list);
    size_t known = list->count;
    if (!e)
        e = add_application(c, account, list);
    return e ? e : add_key_changes(c, opened, known, list);
}

/* LOG_UNSIGNED when the story is ahead of the checkpoint. */
static enum err collect(struct core *c, const char *account, const struct life_order *row,
                        uint64_t size, struct entry_list *list)
{
    enum err e = add_all(c, account, row, list);

    if (e)
        return e;
    qsort(list->index, list->count, sizeof list->index[0], by_index);
    return (uint64_t)list->index[list->count - 1] < size ? ERR_OK : ERR_LOG_UNSIGNED;
}

static enum err find(struct core *c, const struct core_caller *who, const char *account,
                     const char *id, struct life_order *out)
{
    struct session_viewer viewer;
    struct ledger_account a = {0};
    const struct policy *policy = NULL;

    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = ledger_find(c, account, &a);
    if (!e)
        e = state_policy(c, a.policy_digest, &policy);
    if (!e && !session_may_see(&viewer, policy))
        e = ERR_ACCOUNT_UNKNOWN;
    if (!e)
        e = life_find(c, a.id, id, out);
    return e;
}

enum err core_evidence(struct core *c, const struct core_caller *who, const char *account,
                       const char *id, const struct core_signed *by, struct core_answer *out)
{
    struct life_order row;
    struct entry_list list = {.count = 0};
    struct doc body = {0}, entries = {0};

    *out = (struct core_answer){0};
    enum err e = find(c, who, account, id, &row);
    if (!e)
        e = collect(c, account, &row, by->size, &list);
    if (e)
        return answer_refuse(c, who, e, out);
    doc_object(&body);
    doc_text(&body, "type", "evidence");
    doc_int(&body, "version", 1);
    doc_text(&body, "bank", c->bank);
    doc_text(&body, "account", account);
    doc_text(&body, "order", id);
    doc_text(&body, "bankKeys", by->bank_keys);
    doc_text(&body, "checkpoint", by->checkpoint);
    if (strcmp(by->rollovers, NO_ROLLOVERS) != 0)
        doc_canonical(&body, "rollovers", by->rollovers, strlen(by->rollovers));
    doc_array(&entries);
    for (size_t i = 0; i < list.count; i++) {
        struct doc one = {0};
        doc_object(&one);
        entries_describe(c, list.index[i], by->size, &one);
        doc_push(&entries, &one);
    }
    doc_put(&body, "entries", &entries);
    return answer_doc(c, 200, &body, out);
}
