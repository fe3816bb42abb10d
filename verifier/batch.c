/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch decision (docs/FORMAT.md section 5.1): by itself, and as the approval of one order.
 */
#include "order/display.h"
#include "verifier/verified.h"

#include <string.h>

/* --- the batch itself --- */

/* Under POLICY, which the signer names; what was shown is rendered again. */
static enum err check_signed(const struct batch *b, const struct policy *policy, const char *bank,
                             const char *account)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = verified_under(policy, b->policy_digest, bank, account);

    if (e == ERR_OK && policy_wants_single(policy))
        e = ERR_BATCH_NOT_ALLOWED;
    if (e == ERR_OK)
        e = batch_display_digest(b, policy, digest);
    return verified_shown(e, digest, b->display_digest);
}

static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_batch_input *in = input;
    struct batch *b = &v->body.batch.said;
    enum err e = batch_parse(payload->data, payload->len, b);

    if (e == ERR_OK && strcmp(b->head.bank, in->bank) != 0)
        e = ERR_BANK_MISMATCH;
    if (e == ERR_OK && strcmp(b->account, in->account) != 0)
        e = ERR_ACCOUNT_MISMATCH;
    return e == ERR_OK ? check_signed(b, in->policy, in->bank, in->account) : e;
}

enum err verify_batch(const struct verify_batch_input *in, struct verified **out)
{
    return verified_make(STATEMENT_BATCH_DECISION, in->jws, in->jws_len, &in->keys, check, in, out);
}

/* --- one of its orders --- */

/* It stands in the tree, and alone is not more than all of them. */
static enum err check_place(const struct batch *b, const struct verify_decision_input *in,
                            const struct policy *policy)
{
    const struct batch_total *total = batch_total_in(b, in->order->currency);
    struct merkle_hash leaf;
    enum err e = batch_leaf(in->order, policy, &leaf);

    if (e == ERR_OK)
        e = batch_check(b, in->inclusion, &leaf);
    if (e == ERR_OK && (!total || in->order->amount_minor > total->amount_minor))
        e = ERR_BATCH_EXCEEDED;
    return e;
}

/* What the signer would have said of this order alone. */
static enum err fill_decision(const struct batch *b, const struct order *order,
                              const struct policy *policy, struct decision *out)
{
    out->head = b->head;
    out->verb = VERB_APPROVE;
    memcpy(out->account, b->account, sizeof out->account);
    memcpy(out->order, order->id, sizeof out->order);
    memcpy(out->order_digest, order->digest, DIGEST_LEN);
    memcpy(out->policy_digest, b->policy_digest, DIGEST_LEN);
    return display_digest(order, policy, VERB_APPROVE, out->display_digest);
}

static enum err check_order(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_decision_input *in = input;
    const struct order *order = in->order;
    const struct policy *policy;
    struct batch *b = &v->body.batch.said;
    enum err e = batch_parse(payload->data, payload->len, b);
    const struct verified_subject said = {&b->head, b->account, order->id, order->digest};

    if (e == ERR_OK)
        e = verified_about(&said, in->bank, order);
    if (e == ERR_OK && order->kind != ORDER_PAYMENT)
        e = ERR_DECISION_NOT_OFFERED;
    if (e != ERR_OK)
        return e;
    policy = verified_find_policy(in->policy, &in->policies, b->policy_digest);
    e = check_signed(b, policy, order->bank, order->account);
    if (e == ERR_OK)
        e = check_place(b, in, policy);
    v->body.batch.place = *in->inclusion;
    return e == ERR_OK ? fill_decision(b, order, policy, &v->body.batch.one) : e;
}

enum err verified_by_batch(const struct verify_decision_input *in, struct verified **out)
{
    return verified_make(STATEMENT_BATCH_DECISION, in->jws, in->jws_len, &in->keys, check_order, in,
                         out);
}
