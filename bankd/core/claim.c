/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/claim.h"

#include "bankd/core/act.h"
#include "bankd/core/answer.h"
#include "bankd/core/application_row.h"
#include "bankd/core/credits.h"
#include "bankd/core/enrolment.h"
#include "bankd/core/entries.h"
#include "bankd/core/life.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/terms.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OBJECT_MAX (sizeof "queue:" + CORE_ITEM_MAX)
#define COMMENTS_SHOWN 20

/* --- names --- */

void claim_credit(int64_t id, char out[static CORE_ITEM_MAX + 1])
{
    snprintf(out, CORE_ITEM_MAX + 1, "credit:%" PRId64, id);
}

void claim_policy(const uint8_t digest[static DIGEST_LEN], char out[static CORE_ITEM_MAX + 1])
{
    char hex[2 * DIGEST_LEN + 1];

    text_hex(digest, DIGEST_LEN, hex);
    snprintf(out, CORE_ITEM_MAX + 1, "policy:%s", hex);
}

/* "IBAN/ID" */
static enum err order_waits(struct core *c, const char *name)
{
    char account[IBAN_MAX + 1];
    size_t len = strcspn(name, "/");
    struct ledger_account a;
    struct life_order o;

    if (!name[len] || len > IBAN_MAX)
        return ERR_NOT_FOUND;
    memcpy(account, name, len);
    account[len] = 0;
    enum err e = ledger_find(c, account, &a);
    if (!e)
        e = reading_catch_up(c, &a); /* it may be over since nobody looked */
    if (!e)
        e = life_find(c, a.id, name + len + 1, &o);
    if (e == ERR_ACCOUNT_UNKNOWN || (!e && status_final(o.status)))
        e = ERR_NOT_FOUND;
    return e;
}

static enum err credit_waits(struct core *c, const char *name)
{
    uint64_t id = 0;
    struct credit k;

    if (text_parse_u64(name, strlen(name), INT64_MAX, &id))
        return ERR_NOT_FOUND;
    enum err e = credits_find(c, (int64_t)id, &k);
    return !e && k.state != CREDIT_SUSPENSE ? ERR_NOT_FOUND : e;
}

static enum err policy_waits(struct core *c, const char *name)
{
    uint8_t digest[DIGEST_LEN];
    char item[CORE_ITEM_MAX + 1];
    bool found = false;

    if (text_unhex(name, strlen(name), digest, sizeof digest))
        return ERR_NOT_FOUND;
    claim_policy(digest, item);
    if (strcmp(strchr(item, ':') + 1, name) != 0) /* one spelling, or two could claim it */
        return ERR_NOT_FOUND;
    struct store_query *q = store_query(c->store, STORE_CHANGE_OPEN);
    store_bind_blob(q, ":digest", digest, sizeof digest);
    enum err e = store_step(q, &found);
    store_done(q);
    return !e && !found ? ERR_NOT_FOUND : e;
}

/* What can be claimed, and by whom: who decides about it. On a new policy its holders do. */
static const struct kind {
    const char *kind;
    enum err (*waits)(struct core *c, const char *name);
    role_set roles;
} kinds[] = {
    {"order:", order_waits, ROLE_BIT(ROLE_PAYMENTS)},
    {"credit:", credit_waits, ROLE_BIT(ROLE_PAYMENTS)},
    {"policy:", policy_waits, ROLE_ANY},
    {"enrolment:", enrolment_check_waiting, ROLE_BIT(ROLE_ENROLMENT)},
    {"application:", application_row_check_waiting, ROLE_BIT(ROLE_POLICY)},
};

/* NULL: it is nothing that waits. */
static const struct kind *kind_of(const char *item)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(item, kinds[i].kind, strlen(kinds[i].kind)) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* Who works on it. */
static role_set roles_for(const char *item)
{
    const struct kind *kind = kind_of(item);

    return kind ? kind->roles : 0;
}

/* NOT_FOUND unless it waits. */
static enum err check_item(struct core *c, const char *item)
{
    const struct kind *kind = kind_of(item);

    return kind ? kind->waits(c, item + strlen(kind->kind)) : ERR_NOT_FOUND;
}

/* --- rows --- */

struct claim {
    char by[HOLDER_MAX + 1]; /* "" when it is nobody's now */
    int64_t since_us;
    int64_t entry; /* newest about the item's place in the queue, or NO_ENTRY */
};

static enum err find(struct core *c, const char *item, struct claim *out)
{
    struct store_query *q = store_query(c->store, STORE_CLAIM_FIND);
    bool found = false;

    *out = (struct claim){.entry = NO_ENTRY};
    store_bind_text(q, ":item", item);
    store_bind_int(q, ":since", c->now_us - terms_claim_us(&c->terms));
    enum err e = store_step(q, &found);
    if (!e && found) {
        out->entry = store_int(q, 0);
        out->since_us = store_int(q, 1);
        e = store_copy_text(q, 2, out->by, sizeof out->by);
    }
    store_done(q);
    return e;
}

/* BY "": nobody. */
static enum err save(struct core *c, const char *item, const struct claim *k)
{
    struct store_query *q = store_query(c->store, STORE_CLAIM_SAVE);

    store_bind_text(q, ":item", item);
    store_bind_text(q, ":by", k->by);
    store_bind_int(q, ":since", k->since_us);
    store_bind_int(q, ":entry", k->entry);
    return store_run(q);
}

enum err claim_end(struct core *c, const char *item)
{
    struct store_query *q = store_query(c->store, STORE_CLAIM_END);

    store_bind_text(q, ":item", item);
    return store_run(q);
}

/* --- asking --- */

static bool is_mine(const struct claim *k, const struct core_caller *who)
{
    return strcmp(k->by, who->operator_name) == 0;
}

enum err claim_check(struct core *c, const struct core_caller *who, const char *item)
{
    struct claim k;

    enum err e = find(c, item, &k);
    return !e && k.by[0] && !is_mine(&k, who) ? ERR_ITEM_CLAIMED : e;
}

enum err claim_refuse(struct core *c, const struct core_caller *who, const char *item, enum err e,
                      struct core_answer *out)
{
    struct claim k;

    if (e != ERR_ITEM_CLAIMED)
        return answer_refuse(c, who, e, out);
    e = find(c, item, &k);
    return e ? e : answer_refuse_claimed(c, who, k.by, out);
}

static enum err list_comments(struct core *c, const char *item, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_COMMENT_LIST);
    bool row = false;

    store_bind_text(q, ":item", item);
    store_bind_int(q, ":limit", COMMENTS_SHOWN);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        doc_object(&one);
        doc_text(&one, "operator", store_text(q, 0));
        doc_time(&one, "time", store_int(q, 1));
        doc_text(&one, "text", store_text(q, 2));
        doc_push(out, &one);
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

enum err claim_view(struct core *c, const char *item, struct doc *out)
{
    struct doc comments = {0};
    struct claim k;

    doc_text(out, "item", item);
    enum err e = find(c, item, &k);
    if (!e && k.by[0]) {
        doc_text(out, "claimedBy", k.by);
        doc_time(out, "claimedUntil", k.since_us + terms_claim_us(&c->terms));
    }
    doc_array(&comments);
    if (!e)
        e = list_comments(c, item, &comments);
    doc_put(out, "comments", &comments);
    return e;
}

/* --- the acts --- */

/* Who works for the bank with a good key, in more than reading. */
static enum err check_worker(struct core *c, const char *operator_id)
{
    struct store_query *q = store_query(c->store, STORE_WORKER_FIND);
    bool found = false;

    store_bind_text(q, ":operator", operator_id);
    enum err e = store_step(q, &found);
    store_done(q);
    return !e && !found ? ERR_HOLDER_UNKNOWN : e;
}

/* What is free everybody who decides about such takes for himself, and gives away what is his; what
 * is another's only who has the role security gives away, to himself or to whomever he likes. */
static enum err check_right(const struct claim *now, const struct core_caller *who,
                            const char *item, const char *operator_id)
{
    if (who->roles & ROLE_BIT(ROLE_SECURITY))
        return now->by[0] || operator_id[0] ? ERR_OK : ERR_ITEM_NOT_CLAIMED;
    if (operator_id[0] && !(who->roles & roles_for(item)))
        return ERR_ROLE_REQUIRED;
    if (now->by[0])
        return is_mine(now, who) ? ERR_OK : ERR_ITEM_CLAIMED;
    return strcmp(operator_id, who->operator_name) == 0 ? ERR_OK : ERR_ITEM_NOT_CLAIMED;
}

static void begin_entry(const struct core_caller *who, const char *type, const char *item,
                        const struct claim *k, struct doc *body)
{
    char object[OBJECT_MAX];

    snprintf(object, sizeof object, "queue:%s", item);
    entries_body(body, type, object, k->entry);
    entries_operator(body, who);
}

static enum err answer(struct core *c, const struct core_caller *who, const char *item, enum err e,
                       int http, struct core_answer *out)
{
    struct doc body = {0};

    if (e)
        return claim_refuse(c, who, item, e, out);
    doc_object(&body);
    e = claim_view(c, item, &body);
    return answer_finish(c, who, e, http, &body, out);
}

static enum err claim(struct core *c, const struct core_caller *who, const char *item,
                      const char *operator_id, const char *note, struct claim *k)
{
    struct doc body = {0};

    begin_entry(who, "claim", item, k, &body);
    doc_text_optional(&body, "claimedBy", operator_id);
    doc_text(&body, "note", note);
    enum err e = entries_add(c, &body, &k->entry);
    snprintf(k->by, sizeof k->by, "%s", operator_id);
    k->since_us = c->now_us;
    return e ? e : save(c, item, k);
}

enum err core_claim(struct core *c, const struct core_caller *who, const char *item,
                    const char *operator_id, const char *note, struct core_answer *out)
{
    struct claim k;

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, note);
    const char *by = operator_id || e ? operator_id : who->operator_name;
    if (!e)
        e = check_item(c, item);
    if (!e)
        e = find(c, item, &k);
    if (!e)
        e = check_right(&k, who, item, by);
    if (!e && by[0])
        e = check_worker(c, by);
    if (!e)
        e = claim(c, who, item, by, note, &k);
    return answer(c, who, item, e, 200, out);
}

static enum err comment(struct core *c, const struct core_caller *who, const char *item,
                        const char *text, struct claim *k)
{
    struct doc body = {0};

    begin_entry(who, "comment", item, k, &body);
    doc_text(&body, "text", text);
    enum err e = entries_add(c, &body, &k->entry);
    if (!e)
        e = save(c, item, k);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_COMMENT_ADD);
    store_bind_text(q, ":item", item);
    store_bind_text(q, ":operator", who->operator_name);
    store_bind_int(q, ":time", c->now_us);
    store_bind_text(q, ":text", text);
    return store_run(q);
}

enum err core_comment(struct core *c, const struct core_caller *who, const char *item,
                      const char *text, struct core_answer *out)
{
    struct claim k;

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, text);
    if (!e)
        e = check_item(c, item);
    if (!e)
        e = find(c, item, &k);
    if (!e)
        e = comment(c, who, item, text, &k);
    return answer(c, who, item, e, 201, out);
}
