/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's word on a new policy is judged and entered: core_policy_decide, at the end.
 */
#include "bankd/core/answer.h"
#include "bankd/core/change_row.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/people.h"
#include "bankd/core/stated.h"
#include <string.h>

/* Evidence of every later order tells how each policy came into force. So much of it, at most, is
 * entries and bytes of policies; the rest is the order's. */
#define TOLD_MAX 640
#define POLICIES_BYTES_MAX (INT64_C(1) << 20)

struct changing {
    struct core *c;
    struct stated stated;
    const struct policy_change *said;
    const struct policy *to;
    struct ledger_account account;
    const struct policy *from; /* in force */
    struct change change;      /* id 0: this is the first word on it */
};

/* --- checks --- */

static bool is_pending(const struct changing *d)
{
    return d->change.id &&
           memcmp(policy_digest(d->change.to), policy_digest(d->to), DIGEST_LEN) == 0;
}

/* Who comes in by the policy that waits may see the account, too. */
static enum err check_access(void *ctx, const struct session_viewer *viewer)
{
    struct changing *d = ctx;

    enum err e = change_account(d->c, d->said->account, &d->account, &d->from);
    d->stated.policy = d->from;
    if (!e)
        e = change_find(d->c, d->account.id, &d->change);
    if (!e && !session_may_see(viewer, d->from) &&
        !(is_pending(d) && session_may_see(viewer, d->to)))
        e = ERR_ACCOUNT_UNKNOWN;
    return e;
}

/* The first word is for those who may approve now; who comes in by it can join them. */
static enum err check_rights(const struct changing *d)
{
    const char *holder = d->stated.key.holder_name;
    bool comes_in = d->change.id != 0;

    if (!policy_may_submit(d->from, holder) && !(comes_in && policy_may_submit(d->to, holder)))
        return ERR_NOT_A_HOLDER;
    return policy_may_approve(d->from, holder) || (comes_in && policy_may_approve(d->to, holder))
               ? ERR_OK
               : ERR_MAY_NOT_APPROVE;
}

static enum err check_people(struct changing *d)
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < policy_holder_count(d->to); i++) {
        struct people_holder person;
        e = people_person_find(d->c, policy_holder(d->to, i), &person);
    }
    return e;
}

/* What it may come to: a word of each, his enrolment, and that a waiting clause opened. */
static int64_t may_tell(const struct changing *d)
{
    int64_t voters = 0;

    for (size_t i = 0; i < policy_holder_count(d->from); i++)
        voters += policy_may_approve(d->from, policy_holder(d->from, i));
    for (size_t i = 0; i < policy_holder_count(d->to); i++) {
        const char *holder = policy_holder(d->to, i);
        voters += policy_may_approve(d->to, holder) && !policy_may_approve(d->from, holder);
    }
    return 2 * voters + 1;
}

/* No policy comes into force that evidence could not tell of. */
static enum err check_told(const struct changing *d)
{
    struct store_query *q = store_query(d->c->store, STORE_POLICY_WEIGHT);
    bool fits = false, found = false;
    size_t len = 0;

    (void)policy_bytes(d->to, &len);
    store_bind_text(q, ":account", d->account.account);
    enum err e = store_step(q, &found);
    if (!e && found)
        fits = store_int(q, 0) + may_tell(d) <= TOLD_MAX &&
               store_int(q, 1) + (int64_t)len <= POLICIES_BYTES_MAX;
    store_done(q);
    return !e && !fits ? ERR_POLICIES_TOO_MANY : e;
}

static enum err check_proposal(struct changing *d)
{
    const char *currency = policy_currency(d->to);

    if (d->said->verb != VERB_APPROVE)
        return ERR_NOT_FOUND;
    if (currency[0] && strcmp(currency, d->account.currency) != 0)
        return ERR_CURRENCY_MISMATCH;
    if (!policy_valid_at(d->to, d->c->now_us))
        return ERR_POLICY_NOT_VALID;
    enum err e = check_people(d);
    return e ? e : check_told(d);
}

static enum err check_known(const struct changing *d)
{
    if (!is_pending(d))
        return ERR_POLICY_PENDING;
    return change_decided(&d->change, d->stated.key.holder_name) ? ERR_ALREADY_DECIDED : ERR_OK;
}

static enum err judge(void *ctx)
{
    struct changing *d = ctx;

    enum err e = d->account.state == LEDGER_CLOSED ? ERR_ACCOUNT_CLOSED : check_rights(d);
    if (!e && memcmp(d->said->replaces, d->account.policy_digest, DIGEST_LEN) != 0)
        e = ERR_POLICY_STALE;
    if (!e)
        e = d->change.id ? check_known(d) : check_proposal(d);
    return e;
}

/* --- entering --- */

static enum err propose(struct changing *d)
{
    struct change *ch = &d->change;
    struct store_query *q = store_query(d->c->store, STORE_CHANGE_ADD);
    size_t len = 0;
    const char *bytes = policy_bytes(d->to, &len);

    ch->proposed_us = d->c->now_us;
    store_bind_int(q, ":account", d->account.id);
    store_bind_blob(q, ":digest", policy_digest(d->to), DIGEST_LEN);
    store_bind_blob(q, ":document", bytes, len);
    store_bind_int(q, ":proposed", ch->proposed_us);
    enum err e = store_run(q);
    ch->id = store_last_id(d->c->store);
    return e ? e : policy_parse(bytes, len, &ch->to);
}

static enum err add_vote(struct changing *d, int64_t entry)
{
    struct store_query *q = store_query(d->c->store, STORE_CHANGE_VOTE_ADD);

    store_bind_int(q, ":change", d->change.id);
    store_bind_int(q, ":holder", d->stated.key.holder);
    store_bind_text(q, ":verb", decision_verb_name(d->said->verb));
    store_bind_int(q, ":key", d->stated.key.id);
    store_bind_int(q, ":received", d->c->now_us);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

static enum err write_entry(struct changing *d, bool is_new, const char *status, int64_t *entry)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};
    size_t len = 0;
    const char *bytes = policy_bytes(d->to, &len);

    ledger_object(d->account.account, object);
    entries_body(&body, "policy", object, d->account.entry);
    doc_text(&body, "holder", d->stated.key.holder_name);
    doc_text(&body, "statement", verified_jws(d->stated.verified, NULL));
    doc_text(&body, "status", status);
    if (is_new)
        doc_canonical(&body, "policy", bytes, len);
    return change_add_entry(d->c, &d->account, &body, entry);
}

static enum err join(struct changing *d)
{
    struct change *ch = &d->change;

    if (ch->count == CHANGE_VOTES_MAX)
        return ERR_INTERNAL;
    struct change_vote *v = &ch->votes[ch->count++];
    *v = (struct change_vote){
        .verb = d->said->verb, .key_counts = true, .received_us = d->c->now_us};
    memcpy(v->holder, d->stated.key.holder_name, sizeof v->holder);
    return ERR_OK;
}

static enum err follow(struct changing *d, const struct policy_verdict *v, int64_t entry)
{
    if (v->reached)
        return change_enforce(d->c, &d->account, &d->change, entry);
    if (v->unreachable)
        return change_set(d->c, d->change.id, "ended", 0);
    return change_set(d->c, d->change.id, "open", change_due(&d->change, d->from, d->c->now_us));
}

static const char *status_of(const struct policy_verdict *v)
{
    if (v->reached)
        return "in-force";
    return v->unreachable ? "rejected" : "pending";
}

static enum err take(void *ctx, struct core_answer *out)
{
    struct changing *d = ctx;
    bool is_new = d->change.id == 0;
    struct policy_verdict verdict;
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    enum err e = is_new ? propose(d) : ERR_OK;
    if (!e)
        e = join(d);
    if (e)
        return e;
    change_judge(&d->change, d->from, d->c->now_us, &verdict);
    e = write_entry(d, is_new, status_of(&verdict), &entry);
    if (!e)
        e = add_vote(d, entry);
    if (!e)
        e = follow(d, &verdict, entry);
    if (e)
        return e;
    doc_object(&body);
    doc_digest(&body, "digest", policy_digest(d->to));
    doc_text(&body, "status", status_of(&verdict));
    return answer_doc(d->c, is_new ? 201 : 200, &body, out);
}

enum err core_policy_decide(struct core *c, const struct core_caller *who,
                            const struct verified *statement, const struct policy *to,
                            struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_POLICY,
        .access = check_access, /* and what is due */
        .judge = judge,
        .take = take,
    };
    struct changing d = {.c = c,
                         .stated = {.c = c, .verified = statement, .subject = policy_digest(to)},
                         .said = verified_policy_change(statement),
                         .to = to};

    enum err e = stated_run(&d.stated, &steps, &d, who, out);
    change_free(&d.change);
    return e;
}
