/* SPDX-License-Identifier: Apache-2.0 */
#include "order/display.h"
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 5: what the decision says, against what it must be about. */
static enum err check_subject(const struct decision *d, const struct verify_decision_input *in)
{
    const struct verified_subject said = {&d->head, d->account, d->order, d->order_digest};

    return verified_about(&said, in->bank, in->order);
}

/* The policy must be the signed one, and one for this order's account: a digest alone does not say
 * so. */
static enum err check_policy(const struct decision *d, const struct verify_decision_input *in,
                             const struct policy **out)
{
    const struct policy *p = in->policy;

    if (!p && in->policies.find)
        p = in->policies.find(in->policies.ctx, d->policy_digest);
    if (!p || memcmp(d->policy_digest, policy_digest(p), DIGEST_LEN) != 0)
        return ERR_POLICY_MISMATCH;
    if (strcmp(policy_bank(p), in->order->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(policy_account(p), in->order->account) != 0)
        return ERR_ACCOUNT_MISMATCH;
    *out = p;
    return ERR_OK;
}

/* What was shown is rendered again; nothing that the signer's program says about it counts. */
static enum err check_display(const struct decision *d, const struct order *order,
                              const struct policy *policy)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = display_digest(order, policy, d->verb, digest);

    if (e != ERR_OK)
        return e;
    return memcmp(digest, d->display_digest, DIGEST_LEN) == 0 ? ERR_OK : ERR_DISPLAY_MISMATCH;
}

enum err verify_decision(const struct verify_decision_input *in, struct verified **out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    const struct policy *policy = NULL;
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = verified_new(in->jws, in->jws_len, &v);
    if (e == ERR_OK)
        e = verified_open(v, STATEMENT_DECISION, &in->keys, &payload);
    if (e == ERR_OK)
        e = decision_parse(payload.data, payload.len, &v->body.decision);
    if (e == ERR_OK)
        e = check_subject(&v->body.decision, in);
    if (e == ERR_OK)
        e = check_policy(&v->body.decision, in, &policy);
    if (e == ERR_OK)
        e = check_display(&v->body.decision, in->order, policy);
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}
