/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's acts on accounts: opening them with their policy, funding them.
 */
#include "bankd/core/accounts.h"

#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/eyes.h"
#include "bankd/core/freshness.h"
#include "bankd/core/ledger.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include "bankd/core/terms.h"
#include "bankd/core/view.h"
#include "order/amount.h"
#include "order/iban.h"
#include "order/policy.h"
#include <string.h>

/* --- accounts --- */

/* The account's first policy. Without an amount it has no currency. */
static enum err make_policy(struct core *c, const struct core_account_terms *in,
                            struct policy **out)
{
    bool has_amounts = in->limits[0] || in->rules[0];
    struct policy_person sorted[POLICY_HOLDERS_MAX];
    struct buf bytes = BUF_INIT(POLICY_MAX);
    const struct policy_terms terms = {.bank = c->bank,
                                       .account = in->account,
                                       .title = in->title,
                                       .currency = has_amounts ? in->currency : "",
                                       .version = 1,
                                       .valid_from_us = freshness_floor_at(c->now_us),
                                       .people = sorted,
                                       .count = in->count,
                                       .rules = in->rules,
                                       .limits = in->limits,
                                       .deputies = in->deputies,
                                       .single = in->single};

    *out = NULL;
    if (in->count == 0 || in->count > POLICY_HOLDERS_MAX)
        return ERR_POLICY_INVALID;
    memcpy(sorted, in->people, in->count * sizeof sorted[0]);
    policy_people_sort(sorted, in->count);
    enum err e = policy_make(&terms, &bytes);
    if (!e)
        e = policy_parse(bytes.data, bytes.len, out);
    buf_free(&bytes);
    return e;
}

static enum err check_holders(struct core *c, const struct policy *policy,
                              int64_t ids[static POLICY_HOLDERS_MAX])
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < policy_holder_count(policy); i++) {
        struct people_holder person;
        e = people_person_find(c, policy_holder(policy, i), &person);
        ids[i] = person.id;
    }
    return e;
}

static enum err add_account_entry(struct core *c, const struct accounts_new *in, int64_t *entry)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};
    size_t len = 0;
    const char *bytes = policy_bytes(in->policy, &len);

    ledger_object(in->account, object);
    entries_body(&body, "account", object, NO_ENTRY);
    doc_text(&body, "account", in->account);
    doc_text_optional(&body, "application", in->application);
    doc_text(&body, "currency", in->currency);
    doc_canonical(&body, "policy", bytes, len);
    return entries_add(c, &body, entry);
}

static enum err add_account(struct core *c, const struct accounts_new *in, const int64_t *holders)
{
    int64_t entry = NO_ENTRY;
    size_t len = 0;
    const char *bytes = policy_bytes(in->policy, &len);

    enum err e = add_account_entry(c, in, &entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_POLICY_ADD);
    store_bind_blob(q, ":digest", policy_digest(in->policy), DIGEST_LEN);
    store_bind_text(q, ":account", in->account);
    store_bind_int(q, ":version", policy_version(in->policy));
    store_bind_blob(q, ":document", bytes, len);
    store_bind_int(q, ":entry", entry);
    e = store_run(q);
    if (e)
        return e;
    int64_t policy_id = store_last_id(c->store);
    q = store_query(c->store, STORE_ACCOUNT_ADD);
    store_bind_text(q, ":account", in->account);
    store_bind_int(q, ":customer", true);
    store_bind_text(q, ":currency", in->currency);
    store_bind_int(q, ":policy", policy_id);
    store_bind_int(q, ":entry", entry);
    e = store_run(q);
    int64_t id = store_last_id(c->store);
    for (size_t i = 0; !e && i < policy_holder_count(in->policy); i++) {
        q = store_query(c->store, STORE_ACCOUNT_HOLDER_ADD);
        store_bind_int(q, ":holder", holders[i]);
        store_bind_int(q, ":account", id);
        e = store_run(q);
    }
    return e;
}

enum err accounts_check(struct core *c, const char *account, const char *currency)
{
    struct ledger_account there;
    unsigned decimals = 0;

    enum err e = iban_check(account, strlen(account));
    if (!e)
        e = amount_decimals(currency, strlen(currency), &decimals);
    if (e)
        return e;
    if (terms_elsewhere(&c->terms, account)) /* orders to it go there */
        return ERR_ACCOUNT_ELSEWHERE;
    e = ledger_find(c, account, &there);
    if (e == ERR_ACCOUNT_UNKNOWN)
        return ERR_OK;
    return e ? e : ERR_ACCOUNT_EXISTS;
}

static enum err note(struct core *c, const struct core_caller *who, enum eyes_act act,
                     const char *account)
{
    char object[LEDGER_OBJECT_MAX];

    ledger_object(account, object);
    return eyes_note(c, who, act, object);
}

enum err accounts_open(struct core *c, const struct core_caller *who, const struct accounts_new *in,
                       struct doc *out)
{
    struct policy *policy = in->policy;
    struct ledger_account a;
    int64_t ids[POLICY_HOLDERS_MAX];

    enum err e = check_holders(c, policy, ids);
    if (!e)
        e = add_account(c, in, ids);
    if (!e)
        e = note(c, who, EYES_OPENED, in->account);
    if (!e) {
        e = cache_put(c->policies, policy_digest(policy), policy);
        policy = NULL;
    }
    if (!e)
        e = ledger_find(c, in->account, &a);
    if (!e)
        e = view_account(c, &a, out);
    policy_free(policy);
    return e;
}

enum err core_account_open(struct core *c, const struct core_caller *who,
                           const struct core_account_terms *terms, struct core_answer *out)
{
    struct accounts_new in = {
        .account = terms->account, .currency = terms->currency, .application = ""};
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = accounts_check(c, terms->account, terms->currency);
    if (!e)
        e = make_policy(c, terms, &in.policy);
    if (!e)
        e = accounts_open(c, who, &in, &body);
    return answer_finish(c, who, e, 201, &body, out);
}

/* --- money --- */

static enum err add_funding_entry(struct core *c, struct ledger_account *a, int64_t amount,
                                  int64_t movement)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};

    ledger_object(a->account, object);
    entries_body(&body, "funding", object, a->entry);
    doc_text(&body, "account", a->account);
    doc_money(&body, "amount", amount, a->currency);
    doc_text(&body, "currency", a->currency);
    doc_money(&body, "balance", a->booked, a->currency);
    doc_int(&body, "movement", movement);
    return ledger_entry(c, a, &body);
}

enum err core_fund(struct core *c, const struct core_caller *who, const char *account,
                   const char *amount, const char *currency, struct core_answer *out)
{
    struct ledger_account a, bank;
    struct ledger_move funding = {.kind = LEDGER_FUNDING, .from = &bank, .to = &a};
    int64_t movement = 0;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = ledger_find(c, account, &a);
    if (!e && a.state == LEDGER_CLOSED)
        e = ERR_ACCOUNT_CLOSED;
    if (!e)
        e = ledger_read_amount(&a, amount, currency, &funding.amount);
    if (!e)
        e = ledger_own(c, LEDGER_BANK, a.currency, &bank);
    if (!e)
        e = ledger_move(c, &funding, &movement);
    if (!e)
        e = add_funding_entry(c, &a, funding.amount, movement);
    if (!e)
        e = note(c, who, EYES_BOOKED, account);
    if (!e)
        e = view_account(c, &a, &body);
    return answer_finish(c, who, e, 201, &body, out);
}
