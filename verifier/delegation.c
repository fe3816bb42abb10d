/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 8.3: what the statement says, against what it must be about. */
static enum err check_subject(const struct delegation *said,
                              const struct verify_delegation_input *in, const struct policy *policy)
{
    if (strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(said->account, in->account) != 0)
        return ERR_ACCOUNT_MISMATCH;
    if (said->verb == DELEGATION_WITHDRAW)
        return ERR_OK;
    return verified_under(policy, said->policy_digest, in->bank, in->account);
}

static enum err check_display(const struct delegation *said, const struct policy *policy)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = delegation_display_digest(said, policy, digest);

    return verified_shown(e, digest, said->display_digest);
}

static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_delegation_input *in = input;
    const struct policy *policy = NULL; /* a withdrawal names none */
    struct delegation *said = &v->body.delegation;
    enum err e = delegation_parse(payload->data, payload->len, said);

    if (e != ERR_OK)
        return e;
    if (said->verb == DELEGATION_GIVE)
        policy = verified_find_policy(in->policy, &in->policies, said->policy_digest);
    e = check_subject(said, in, policy);
    return e == ERR_OK ? check_display(said, policy) : e;
}

enum err verify_delegation(const struct verify_delegation_input *in, struct verified **out)
{
    return verified_make(STATEMENT_DELEGATION, in->jws, in->jws_len, &in->keys, check, in, out);
}
