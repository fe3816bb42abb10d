/* SPDX-License-Identifier: Apache-2.0
 *
 * An approval by batch (docs/FORMAT.md section 5.1): the order's own decision in everything but
 * these: its age was judged with the first order of the batch, the policies must allow it, and all
 * of the batch that the bank takes is no more than what its signer saw.
 */
#include "bankd/core/deciding.h"

static enum err due(void *ctx)
{
    struct deciding *d = ctx;

    enum err e = deciding_due(d);
    if (!e)
        e = batches_find(d->c, d->stated.verified, &d->batch);
    d->stated.aged = d->batch.id != 0;
    return e;
}

static enum err enter(void *ctx)
{
    struct deciding *d = ctx;

    if (d->batch.id)
        return ERR_OK;
    return batches_enter(d->c, d->stated.verified, &d->stated.key, &d->account, &d->batch);
}

static enum err judge(void *ctx)
{
    struct deciding *d = ctx;

    enum err e = deciding_judge(d);
    if (!e && (policy_wants_single(d->pinned) || policy_wants_single(d->current)))
        e = ERR_BATCH_NOT_ALLOWED;
    return e ? e
             : batches_fits(&d->batch, verified_batch(d->stated.verified), &d->account,
                            d->order->amount_minor);
}

static enum err take(void *ctx, struct core_answer *out)
{
    struct deciding *d = ctx;

    enum err e = batches_count(d->c, &d->batch, d->order->amount_minor);
    return e ? e : take_decision(d, out);
}

const struct stated_steps deciding_batch = {
    .kind = STATEMENT_BATCH_DECISION,
    .access = deciding_access,
    .due = due,
    .enter = enter,
    .judge = judge,
    .take = take,
};
