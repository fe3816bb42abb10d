/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's decision is judged: core_decide, at the end, and deciding_judge() above it are
 * the order of checks, after those of any statement (stated.c); batch.c adds to them, cash.c uses
 * some. What happens to one that passed them is in take.c.
 */
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/deciding.h"
#include "bankd/core/rights.h"
#include "bankd/core/session.h"
#include "bankd/core/terms.h"
#include "base/text.h"
#include <string.h>

#define DATE_DAYS_MAX 366 /* as far ahead as an order may be dated */

/* The caller must stand in the account's policy; the signer may be a co-holder. */
enum err deciding_access(void *deciding, const struct session_viewer *viewer)
{
    struct deciding *d = deciding;

    enum err e = change_account(d->c, d->order->account, &d->account, &d->current);
    if (!e && !session_may_see(viewer, d->current))
        e = ERR_ACCOUNT_UNKNOWN;
    return e;
}

/* --- the signer --- */

static struct policy_case case_of(const struct deciding *d)
{
    return (struct policy_case){.subject =
                                    d->order->kind == ORDER_PAYMENT ? POLICY_PAYMENT : POLICY_CASH,
                                .amount_minor = d->order->amount_minor,
                                .payee = d->order->creditor_account,
                                .delegations = d->delegations->in_force,
                                .delegation_count = d->delegations->in_force_count};
}

/* An order keeps the policy that it entered under, and its votes carry that one; a new order enters
 * under the current one. */
static enum err check_policy(struct deciding *d)
{
    const uint8_t *digest = d->row.id ? d->row.policy_digest : d->account.policy_digest;

    const struct policy_case what = case_of(d);
    enum err e = state_policy(d->c, digest, &d->pinned);
    d->stated.policy = d->pinned;
    if (!e)
        e = rights_check(d->pinned, &what, d->stated.key.holder_name, d->verb);
    if (!e)
        e = rights_check(d->current, &what, d->stated.key.holder_name, d->verb);
    if (!e && memcmp(verified_decision(d->stated.verified)->policy_digest, digest, DIGEST_LEN) != 0)
        e = ERR_POLICY_STALE;
    if (!e && decision_pays(d->verb) && !policy_valid_at(d->current, d->c->now_us))
        e = ERR_POLICY_NOT_VALID;
    return e;
}

/* --- the order --- */

enum err deciding_known(struct deciding *d)
{
    if (memcmp(d->row.digest, d->order->digest, DIGEST_LEN) != 0)
        return ERR_ORDER_ID_TAKEN;
    if (!status_may_follow(d->row.status, STATUS_CANC))
        return ERR_ORDER_FINAL;
    if (!status_open(d->row.status) && d->verb != VERB_CANCEL)
        return ERR_ORDER_ACCEPTED;
    enum err e = life_decisions(d->c, d->row.id, d->decisions);
    if (!e && life_decided(d->decisions, d->stated.key.holder_name, d->verb))
        e = ERR_ALREADY_DECIDED;
    if (!e && d->verb == VERB_SUBMIT)
        e = ERR_ORDER_EXISTS;
    return e;
}

/* What goes to another bank is owed to it first. */
static enum err find_creditor(struct deciding *d)
{
    const char *account = d->order->creditor_account;

    enum err e = ledger_find(d->c, account, &d->creditor);
    if (e != ERR_ACCOUNT_UNKNOWN)
        return e;
    return terms_elsewhere(&d->c->terms, account)
               ? ledger_own(d->c, LEDGER_SETTLEMENT, d->account.currency, &d->creditor)
               : ERR_CREDITOR_UNKNOWN;
}

static enum err check_creditor(struct deciding *d)
{
    enum err e = find_creditor(d);

    if (e)
        return e;
    if (d->creditor.id == d->account.id)
        return ERR_CREDITOR_IS_DEBTOR;
    if (d->creditor.state == LEDGER_CLOSED)
        return ERR_ACCOUNT_CLOSED;
    return strcmp(d->creditor.currency, d->order->currency) == 0 ? ERR_OK : ERR_CURRENCY_MISMATCH;
}

enum err deciding_fits(struct deciding *d, const struct policy_case *what, bool today)
{
    if (strcmp(d->account.currency, d->order->currency) != 0)
        return ERR_CURRENCY_MISMATCH;
    enum err e = rights_check_payment(d->c, &d->account, d->current, what, today);
    if (!e && ledger_available(&d->account) < d->order->amount_minor)
        e = ERR_FUNDS_INSUFFICIENT;
    return e;
}

/* Whether it would be executed today, were it complete now. */
static bool is_for_today(const struct deciding *d)
{
    const struct calendar_terms terms = terms_calendar(&d->c->terms, d->account.currency);
    int32_t today = text_day_of(d->c->now_us);

    if (d->order->date_days > today || terms.cutoff_min < 0)
        return d->order->date_days <= today;
    return calendar_execution_day(&terms, d->c->now_us, today) == today;
}

static enum err check_new_order(struct deciding *d)
{
    const struct policy_case what = case_of(d);
    int64_t now_us = d->c->now_us;

    if (d->verb == VERB_CANCEL || d->verb == VERB_REJECT)
        return ERR_NOT_FOUND;
    if (d->order->kind != ORDER_PAYMENT)
        return ERR_TERMINAL_REQUIRED;
    if (now_us > d->order->expires_us)
        return ERR_ORDER_EXPIRED;
    if (d->order->date_days < text_day_of(now_us))
        return ERR_DATE_PASSED;
    if (d->order->date_days > text_day_of(now_us) + DATE_DAYS_MAX)
        return ERR_DATE_TOO_FAR;
    enum err e = check_creditor(d);
    return e ? e : deciding_fits(d, &what, is_for_today(d));
}

enum err deciding_pays(const struct deciding *d)
{
    if (d->account.state == LEDGER_OPEN)
        return ERR_OK;
    return d->account.state == LEDGER_BLOCKED ? ERR_ACCOUNT_BLOCKED : ERR_ACCOUNT_CLOSED;
}

enum err deciding_due(void *deciding)
{
    struct deciding *d = deciding;

    return life_catch_up(d->c, &d->account);
}

enum err deciding_find(struct deciding *d)
{
    enum err e = delegate_load(d->c, d->account.id, d->delegations);
    if (!e)
        e = life_find(d->c, d->account.id, d->order->id, &d->row);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err deciding_judge(void *deciding)
{
    struct deciding *d = deciding;

    enum err e = deciding_find(d);
    if (!e)
        e = check_policy(d);
    if (!e && decision_pays(d->verb))
        e = deciding_pays(d);
    if (!e)
        e = d->row.id ? deciding_known(d) : check_new_order(d);
    return e;
}

enum err deciding_run(struct core *c, const struct core_caller *who,
                      const struct verified *statement, const struct core_document *document,
                      const struct stated_steps *steps, struct core_answer *out)
{
    const struct decision *said = verified_decision(statement);
    struct life_decisions decisions;
    struct delegations delegations;
    struct deciding d = {
        .c = c,
        .stated = {.c = c, .verified = statement, .subject = document->order->digest},
        .verb = said ? said->verb : VERB_SUBMIT,
        .order = document->order,
        .document = document,
        .decisions = &decisions,
        .delegations = &delegations};

    decisions.count = 0;
    return stated_run(&d.stated, steps, &d, who, out);
}

enum err core_decide(struct core *c, const struct core_caller *who, const struct verified *decision,
                     const struct core_document *document, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_DECISION,
        .access = deciding_access,
        .due = deciding_due,
        .judge = deciding_judge,
        .take = take_decision,
    };

    return deciding_run(c, who, decision, document,
                        verified_batch(decision) ? &deciding_batch : &steps, out);
}
