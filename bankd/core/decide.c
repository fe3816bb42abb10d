/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's decision is judged: core_decide, at the end, and judge() above it are the order
 * of checks. What happens to one that passed them is in take.c.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/deciding.h"
#include "bankd/core/rights.h"
#include "bankd/core/session.h"
#include "base/text.h"
#include <string.h>

#define DATE_DAYS_MAX 366 /* as far ahead as an order may be dated */

/* --- the session carries --- */

/* The caller must stand in the account's policy; the signer may be a co-holder. */
static enum err check_session(struct deciding *d, const struct core_caller *who,
                              struct session_viewer *viewer)
{
    if (who->operator_name)
        return ERR_SESSION_REQUIRED; /* decisions come from holders */
    enum err e = session_viewer(d->c, who, viewer);
    return e ? e : people_key_find(d->c, verified_signer(d->verified), &d->key);
}

static enum err check_access(struct deciding *d, const struct session_viewer *viewer)
{
    enum err e = ledger_find(d->c, d->said->account, &d->account);
    if (!e)
        e = state_policy(d->c, d->account.policy_digest, &d->current);
    if (!e && !session_may_see(viewer, d->current))
        e = ERR_ACCOUNT_UNKNOWN;
    return e;
}

/* --- rule 1: the first answer again --- */

static enum err repeat(const struct store_query *q, struct core_answer *out)
{
    const char *reason = store_text(q, 2);
    size_t len = 0;

    if (strcmp(reason, err_name(ERR_OK)) != 0)
        out->err = err_from_name(reason, strlen(reason));
    out->http = (int)store_int(q, 3);
    out->needs_size = (uint64_t)store_int(q, 4);
    const void *body = store_blob(q, 5, &len);
    return buf_add(&out->body, body, len);
}

static bool blob_is(const struct store_query *q, int column, const uint8_t *digest)
{
    size_t len = 0;
    const void *bytes = store_blob(q, column, &len);

    return len == DIGEST_LEN && memcmp(bytes, digest, DIGEST_LEN) == 0;
}

/* A nonce belongs to one JWS: with another one it is taken (rule 4). The twin of an ECDSA signature
 * is another JWS with the same nonce. */
static enum err replay(struct deciding *d, struct core_answer *out, bool *replayed)
{
    struct store_query *q = store_query(d->c->store, STORE_STATEMENT_FIND);
    bool row = false;

    *replayed = false;
    store_bind_int(q, ":key", d->key.id);
    store_bind_text(q, ":nonce", d->said->head.nonce);
    enum err e = store_step(q, &row);
    while (!e && row && !*replayed) {
        if (!blob_is(q, 1, verified_jws_digest(d->verified)))
            d->nonce_taken = true;
        else if (blob_is(q, 0, d->order->digest))
            *replayed = true;
        if (*replayed)
            e = repeat(q, out);
        else
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err remember(struct deciding *d, const struct core_answer *a)
{
    if (d->nonce_taken)
        return ERR_OK; /* its row belongs to the statement that took it */
    struct store_query *q = store_query(d->c->store, STORE_STATEMENT_ADD);
    store_bind_int(q, ":key", d->key.id);
    store_bind_text(q, ":nonce", d->said->head.nonce);
    store_bind_blob(q, ":order_digest", d->order->digest, DIGEST_LEN);
    store_bind_blob(q, ":jws_digest", verified_jws_digest(d->verified), DIGEST_LEN);
    store_bind_text(q, ":reason", err_name(a->err));
    store_bind_int(q, ":http", a->http);
    store_bind_int(q, ":size", (int64_t)a->needs_size);
    store_bind_blob(q, ":body", a->body.data, a->body.len);
    return store_run(q);
}

/* --- rules 3 to 5 --- */

static enum err check_freshness(struct deciding *d)
{
    const struct statement *head = &d->said->head;
    struct freshness_challenge challenge;

    enum err e = session_challenge(d->c, head, &d->key, false, &challenge);
    if (!e)
        e = freshness_issued(d->c->now_us, head->issued_us, &challenge);
    if (!e)
        e = freshness_floor(head->issued_us, d->key.floor_us);
    if (!e && d->nonce_taken)
        e = ERR_NONCE_REUSED;
    if (!e)
        e = freshness_expires(d->c->now_us, head->expires_us);
    return e;
}

/* --- the signer --- */

/* An order keeps the policy that it entered under, and its votes carry that one; a new order enters
 * under the current one. */
static enum err check_policy(struct deciding *d)
{
    const uint8_t *digest = d->row.id ? d->row.policy_digest : d->account.policy_digest;

    enum err e = state_policy(d->c, digest, &d->pinned);
    if (!e)
        e = rights_check(d->pinned, d->key.holder_name, d->said->verb);
    if (!e)
        e = rights_check(d->current, d->key.holder_name, d->said->verb);
    if (!e && memcmp(d->said->policy_digest, digest, DIGEST_LEN) != 0)
        e = ERR_POLICY_STALE;
    if (!e && !policy_valid_at(d->current, d->c->now_us))
        e = ERR_POLICY_NOT_VALID;
    return e;
}

/* --- the order --- */

static enum err check_known_order(struct deciding *d)
{
    if (memcmp(d->row.digest, d->order->digest, DIGEST_LEN) != 0)
        return ERR_ORDER_ID_TAKEN;
    if (!status_may_follow(d->row.status, STATUS_CANC))
        return ERR_ORDER_FINAL;
    if (!status_open(d->row.status) && d->said->verb != VERB_CANCEL)
        return ERR_ORDER_ACCEPTED;
    enum err e = life_decisions(d->c, d->row.id, d->decisions);
    if (!e && life_decided(d->decisions, d->key.holder_name, d->said->verb))
        e = ERR_ALREADY_DECIDED;
    if (!e && d->said->verb == VERB_SUBMIT)
        e = ERR_ORDER_EXISTS;
    return e;
}

static enum err check_creditor(struct deciding *d)
{
    enum err e = ledger_find(d->c, d->order->creditor_account, &d->creditor);

    if (e)
        return e == ERR_ACCOUNT_UNKNOWN ? ERR_CREDITOR_UNKNOWN : e;
    if (d->creditor.id == d->account.id)
        return ERR_CREDITOR_IS_DEBTOR;
    return strcmp(d->creditor.currency, d->order->currency) == 0 ? ERR_OK : ERR_CURRENCY_MISMATCH;
}

static enum err check_rules(struct deciding *d)
{
    const struct policy_case what = {.subject = POLICY_PAYMENT,
                                     .amount_minor = d->order->amount_minor,
                                     .payee = d->order->creditor_account};

    return rights_check_payment(d->c, &d->account, d->current, &what);
}

static enum err check_new_order(struct deciding *d)
{
    int64_t now_us = d->c->now_us;

    if (d->said->verb == VERB_CANCEL || d->said->verb == VERB_REJECT)
        return ERR_NOT_FOUND;
    if (now_us > d->order->expires_us)
        return ERR_ORDER_EXPIRED;
    if (d->order->date_days < text_day_of(now_us))
        return ERR_DATE_PASSED;
    if (d->order->date_days > text_day_of(now_us) + DATE_DAYS_MAX)
        return ERR_DATE_TOO_FAR;
    enum err e = check_creditor(d);
    if (!e && strcmp(d->account.currency, d->order->currency) != 0)
        e = ERR_CURRENCY_MISMATCH;
    if (!e)
        e = check_rules(d);
    if (!e && ledger_available(&d->account) < d->order->amount_minor)
        e = ERR_FUNDS_INSUFFICIENT;
    return e;
}

static enum err find_order(struct deciding *d)
{
    enum err e = life_find(d->c, d->account.id, d->order->id, &d->row);

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What is past its time ends before anything is judged, so that its money is free again. */
static enum err judge(struct deciding *d)
{
    if (strcmp(d->order->bank, d->c->bank) != 0)
        return ERR_BANK_MISMATCH;
    enum err e = life_catch_up(d->c, &d->account);
    if (!e)
        e = check_freshness(d);
    if (!e && !d->key.active)
        e = ERR_KEY_INACTIVE;
    if (!e)
        e = find_order(d);
    if (!e)
        e = check_policy(d);
    if (!e)
        e = d->row.id ? check_known_order(d) : check_new_order(d);
    return e;
}

static enum err refuse(struct deciding *d, enum err e, struct core_answer *out)
{
    const struct answer_signed what = {.verified = d->verified,
                                       .key = &d->key,
                                       .order_digest = d->order->digest,
                                       .policy = e == ERR_POLICY_STALE ? d->pinned : NULL};

    return answer_refuse_signed(d->c, &what, e, out);
}

enum err core_decide(struct core *c, const struct core_caller *who, const struct verified *decision,
                     const struct order *order, const void *order_bytes, size_t order_len,
                     struct core_answer *out)
{
    struct life_decisions decisions;
    struct deciding d = {.c = c,
                         .verified = decision,
                         .said = verified_decision(decision),
                         .order = order,
                         .document = order_bytes,
                         .document_len = order_len,
                         .decisions = &decisions};
    struct session_viewer viewer;
    bool replayed = false;

    *out = (struct core_answer){0};
    decisions.count = 0;
    if (c->insane)
        return ERR_CLOCK_INSANE;
    if (!d.said)
        return ERR_INTERNAL;
    enum err e = check_session(&d, who, &viewer);
    if (e)
        return answer_refuse(c, who, e, out);
    e = check_access(&d, &viewer);
    if (e)
        return refuse(&d, e, out);
    e = replay(&d, out, &replayed);
    if (!e && !replayed) {
        e = judge(&d);
        e = e ? refuse(&d, e, out) : take_decision(&d, out);
        if (!e)
            e = remember(&d, out);
    }
    if (e)
        core_answer_free(out);
    return e;
}
