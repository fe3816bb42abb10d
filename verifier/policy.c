/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 8.1: what the statement says, against what it must be about. */
static enum err check_step(const struct policy_change *said, const char *bank,
                           const struct policy_step *step)
{
    enum err e = ERR_OK;

    if (strcmp(said->head.bank, policy_bank(step->to)) != 0 || strcmp(said->head.bank, bank) != 0)
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

    return verified_shown(e, digest, said->display_digest);
}

static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_policy_input *in = input;
    struct policy_change *said = &v->body.policy;
    struct policy_step step = in->step;
    enum err e = policy_change_parse(payload->data, payload->len, said);

    if (e != ERR_OK)
        return e;
    step.from = verified_find_policy(step.from, &in->policies, said->replaces);
    e = check_step(said, in->bank, &step);
    return e == ERR_OK ? check_display(said, &step) : e;
}

enum err verify_policy_change(const struct verify_policy_input *in, struct verified **out)
{
    return verified_make(STATEMENT_POLICY, in->jws, in->jws_len, &in->keys, check, in, out);
}
