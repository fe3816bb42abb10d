/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 8.1: what the statement says, against what it must be about. */
static enum err check_step(const struct policy_change *said, const struct verify_policy_input *in)
{
    const struct policy_step *step = &in->step;
    enum err e = ERR_OK;

    if (strcmp(said->head.bank, policy_bank(step->to)) != 0 ||
        strcmp(said->head.bank, in->bank) != 0)
        e = ERR_BANK_MISMATCH;
    else if (strcmp(said->account, policy_account(step->to)) != 0)
        e = ERR_ACCOUNT_MISMATCH;
    else if (memcmp(said->policy, policy_digest(step->to), DIGEST_LEN) != 0 || !step->from ||
             memcmp(said->replaces, policy_digest(step->from), DIGEST_LEN) != 0)
        e = ERR_POLICY_MISMATCH;
    return e == ERR_OK ? policy_step_check(step) : e;
}

static enum err check_display(const struct policy_change *said, const struct policy_step *step)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = policy_display_digest(step, said->verb, digest);

    if (e != ERR_OK)
        return e;
    return memcmp(digest, said->display_digest, DIGEST_LEN) == 0 ? ERR_OK : ERR_DISPLAY_MISMATCH;
}

enum err verify_policy_change(const struct verify_policy_input *in, struct verified **out)
{
    struct verify_policy_input own = *in;
    struct buf payload = BUF_INIT(JWS_MAX);
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = verified_new(in->jws, in->jws_len, &v);
    if (e == ERR_OK)
        e = verified_open(v, STATEMENT_POLICY, &in->keys, &payload);
    if (e == ERR_OK)
        e = policy_change_parse(payload.data, payload.len, &v->body.policy);
    if (e == ERR_OK && !own.step.from && in->policies.find)
        own.step.from = in->policies.find(in->policies.ctx, v->body.policy.replaces);
    if (e == ERR_OK)
        e = check_step(&v->body.policy, &own);
    if (e == ERR_OK)
        e = check_display(&v->body.policy, &own.step);
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}
