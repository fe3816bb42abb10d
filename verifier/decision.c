/* SPDX-License-Identifier: Apache-2.0 */
#include "order/display.h"
#include "verifier/verified.h"

#include <string.h>

/* What the decision says, against what it must be about. */
static enum err check_subject(const struct decision *d, const struct verify_decision_input *in)
{
    const struct verified_subject said = {&d->head, d->account, d->order, d->order_digest};

    return verified_about(&said, in->bank, in->order);
}

static enum err check_display(const struct decision *d, const struct order *order,
                              const struct policy *policy)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = display_digest(order, policy, d->verb, digest);

    return verified_shown(e, digest, d->display_digest);
}

/* In the order of docs/FORMAT.md section 5, after form, key and signature (verified_make). */
static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_decision_input *in = input;
    const struct order *order = in->order;
    const struct policy *policy = NULL;
    struct decision *d = &v->body.decision;
    enum err e = decision_parse(payload->data, payload->len, d);

    if (e == ERR_OK)
        e = check_subject(d, in);
    if (e != ERR_OK)
        return e;
    policy = verified_find_policy(in->policy, &in->policies, d->policy_digest);
    e = verified_under(policy, d->policy_digest, order->bank, order->account);
    return e == ERR_OK ? check_display(d, order, policy) : e;
}

enum err verify_decision(const struct verify_decision_input *in, struct verified **out)
{
    if (in->inclusion)
        return verified_by_batch(in, out);
    return verified_make(STATEMENT_DECISION, in->jws, in->jws_len, &in->keys, check, in, out);
}
