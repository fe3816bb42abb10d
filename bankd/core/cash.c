/* SPDX-License-Identifier: Apache-2.0
 *
 * Cash at a terminal: the first word on a cash order, which is its terminal's and counts as handing
 * in. A deposit is settled by it; a withdrawal then waits for the holders, in decide.c.
 */
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/deciding.h"
#include "bankd/core/session.h"
#include <string.h>

/* A terminal names any account, and sees none by it. */
static enum err check_access(void *ctx, const struct session_viewer *viewer)
{
    struct deciding *d = ctx;

    if (viewer->kind != PEOPLE_TERMINAL)
        return ERR_NOT_A_TERMINAL;
    return change_account(d->c, d->order->account, &d->account, &d->current);
}

static enum err check_terminal(const struct deciding *d)
{
    if (d->stated.key.kind != PEOPLE_TERMINAL)
        return ERR_NOT_A_TERMINAL;
    bool own = strcmp(d->stated.key.holder_name, d->order->terminal) == 0;
    return own ? ERR_OK : ERR_TERMINAL_MISMATCH;
}

/* Into a blocked account, too. */
static enum err check_deposit(struct deciding *d)
{
    if (d->account.state == LEDGER_CLOSED)
        return ERR_ACCOUNT_CLOSED;
    if (strcmp(d->account.currency, d->order->currency) != 0)
        return ERR_CURRENCY_MISMATCH;
    return ledger_room(d->c, d->account.currency, d->order->amount_minor);
}

static enum err check_withdrawal(struct deciding *d)
{
    const struct policy_case what = {.subject = POLICY_CASH,
                                     .amount_minor = d->order->amount_minor};

    enum err e = deciding_pays(d);
    if (!e && !policy_valid_at(d->current, d->c->now_us))
        e = ERR_POLICY_NOT_VALID;
    return e ? e : deciding_fits(d, &what, true);
}

static enum err check_new(struct deciding *d)
{
    if (d->c->now_us > d->order->expires_us)
        return ERR_ORDER_EXPIRED;
    enum err e = ledger_own(d->c, LEDGER_CASH, d->account.currency, &d->creditor);
    if (e)
        return e;
    return d->order->kind == ORDER_DEPOSIT ? check_deposit(d) : check_withdrawal(d);
}

static enum err judge(void *ctx)
{
    struct deciding *d = ctx;

    enum err e = deciding_find(d);
    if (!e)
        e = check_terminal(d);
    if (e)
        return e;
    d->pinned = d->current;
    return d->row.id ? deciding_known(d) : check_new(d);
}

enum err core_cash(struct core *c, const struct core_caller *who, const struct verified *statement,
                   const struct core_document *document, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_TERMINAL,
        .access = check_access,
        .due = deciding_due,
        .judge = judge,
        .take = take_decision,
    };

    return deciding_run(c, who, statement, document, &steps, out);
}
