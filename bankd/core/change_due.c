/* SPDX-License-Identifier: Apache-2.0
 *
 * What time does to a change, and what the bank says about one that waits.
 */
#include "bankd/core/change_row.h"
#include "bankd/core/claim.h"
#include "bankd/core/entries.h"
#include <string.h>

static enum err write_due(struct core *c, struct ledger_account *a, const struct change *ch,
                          const char *status, int64_t *entry)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};

    ledger_object(a->account, object);
    entries_body(&body, "policy-due", object, a->entry);
    doc_digest(&body, "policyDigest", policy_digest(ch->to));
    doc_text(&body, "status", status);
    return change_add_entry(c, a, &body, entry);
}

static enum err look_at(struct core *c, struct ledger_account *a, const struct change *ch)
{
    const struct policy *from = NULL;
    struct policy_verdict verdict;
    int64_t entry = NO_ENTRY;

    enum err e = state_policy(c, a->policy_digest, &from);
    if (e)
        return e;
    change_judge(ch, from, c->now_us, &verdict);
    int64_t due_us = change_due(ch, from, c->now_us);
    if (verdict.reached && c->now_us < change_over(ch)) {
        e = write_due(c, a, ch, "in-force", &entry);
        return e ? e : change_enforce(c, a, ch, entry);
    }
    if (due_us > c->now_us)
        return change_set(c, ch->id, "open", due_us);
    e = write_due(c, a, ch, "expired", &entry);
    return e ? e : change_set(c, ch->id, "ended", 0);
}

enum err change_catch_up(struct core *c, struct ledger_account *a)
{
    struct change ch;

    enum err e = change_find(c, a->id, &ch);
    if (!e && ch.id && ch.due_us <= c->now_us)
        e = look_at(c, a, &ch);
    change_free(&ch);
    return e;
}

enum err change_account(struct core *c, const char *account, struct ledger_account *a,
                        const struct policy **in_force)
{
    enum err e = ledger_find(c, account, a);
    if (!e)
        e = change_catch_up(c, a);
    return e ? e : state_policy(c, a->policy_digest, in_force);
}

enum err change_catch_up_one(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_CHANGE_DUE);
    struct ledger_account a;

    store_bind_int(q, ":now", c->now_us);
    enum err e = store_step(q, found);
    int64_t account = !e && *found ? store_int(q, 0) : 0;
    store_done(q);
    if (e || !*found)
        return e;
    e = ledger_by_id(c, account, &a);
    return e ? e : change_catch_up(c, &a);
}

enum err change_names(struct core *c, const struct ledger_account *a, const char *holder, bool *out)
{
    struct change ch;

    enum err e = change_find(c, a->id, &ch);
    *out = !e && ch.id && policy_may_submit(ch.to, holder);
    change_free(&ch);
    return e;
}

static void list_votes(const struct change *ch, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < ch->count; i++) {
        struct doc one = {0};
        doc_object(&one);
        doc_text(&one, "holder", ch->votes[i].holder);
        doc_text(&one, "decision", decision_verb_name(ch->votes[i].verb));
        doc_time(&one, "received", ch->votes[i].received_us);
        doc_push(out, &one);
    }
}

enum err change_describe(struct core *c, const struct ledger_account *a, struct doc *out)
{
    struct doc pending = {0}, votes = {0};
    struct change ch;
    size_t len = 0;

    enum err e = change_find(c, a->id, &ch);
    if (!e && ch.id) {
        const char *bytes = policy_bytes(ch.to, &len);
        list_votes(&ch, &votes);
        doc_object(&pending);
        doc_canonical(&pending, "policy", bytes, len);
        doc_digest(&pending, "digest", policy_digest(ch.to));
        doc_time(&pending, "proposed", ch.proposed_us);
        doc_put(&pending, "decisions", &votes);
        doc_put(out, "pending", &pending);
    }
    change_free(&ch);
    return e;
}

/* Those of P who did not decide; but for those of BEFORE, who are in the list. */
static void list_missing(const struct change *ch, const struct policy *p,
                         const struct policy *before, struct doc *out)
{
    for (size_t i = 0; i < policy_holder_count(p); i++) {
        const char *holder = policy_holder(p, i);
        if (!change_decided(ch, holder) && !(before && policy_may_submit(before, holder)))
            doc_push_text(out, holder);
    }
}

enum err change_waits(struct core *c, const struct ledger_account *a, struct doc *out)
{
    char item[CORE_ITEM_MAX + 1];
    struct doc votes = {0}, missing = {0};
    const struct policy *from = NULL;
    struct change ch;

    enum err e = change_find(c, a->id, &ch);
    if (!e && !ch.id)
        e = ERR_NOT_FOUND;
    if (!e)
        e = state_policy(c, a->policy_digest, &from);
    if (!e) {
        doc_digest(out, "id", policy_digest(ch.to));
        list_votes(&ch, &votes);
        doc_put(out, "decisions", &votes);
        doc_array(&missing);
        list_missing(&ch, from, NULL, &missing);
        list_missing(&ch, ch.to, from, &missing);
        doc_put(out, "canDecide", &missing);
        claim_policy(policy_digest(ch.to), item);
        e = claim_view(c, item, out);
    }
    change_free(&ch);
    return e;
}
