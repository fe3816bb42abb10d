/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 8.3: what the statement says, against what it must be about. A digest
 * alone does not say that the policy is one of this account's. */
static enum err check_subject(const struct delegation *said,
                              const struct verify_delegation_input *in, const struct policy *policy)
{
    if (strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(said->account, in->account) != 0)
        return ERR_ACCOUNT_MISMATCH;
    if (said->verb == DELEGATION_WITHDRAW)
        return ERR_OK;
    if (!policy || memcmp(said->policy_digest, policy_digest(policy), DIGEST_LEN) != 0)
        return ERR_POLICY_MISMATCH;
    if (strcmp(policy_bank(policy), in->bank) != 0)
        return ERR_BANK_MISMATCH;
    return strcmp(policy_account(policy), in->account) == 0 ? ERR_OK : ERR_ACCOUNT_MISMATCH;
}

static enum err check_display(const struct delegation *said, const struct policy *policy)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = delegation_display_digest(said, policy, digest);

    if (e != ERR_OK)
        return e;
    return memcmp(digest, said->display_digest, DIGEST_LEN) == 0 ? ERR_OK : ERR_DISPLAY_MISMATCH;
}

/* The one that the statement names, where it names one. */
static const struct policy *policy_of(const struct delegation *said,
                                      const struct verify_delegation_input *in)
{
    if (said->verb != DELEGATION_GIVE)
        return NULL;
    if (in->policy || !in->policies.find)
        return in->policy;
    return in->policies.find(in->policies.ctx, said->policy_digest);
}

static enum err check(const struct verify_delegation_input *in, const struct delegation *said)
{
    const struct policy *policy = policy_of(said, in);
    enum err e = check_subject(said, in, policy);

    return e == ERR_OK ? check_display(said, policy) : e;
}

enum err verify_delegation(const struct verify_delegation_input *in, struct verified **out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = verified_new(in->jws, in->jws_len, &v);
    if (e == ERR_OK)
        e = verified_open(v, STATEMENT_DELEGATION, &in->keys, &payload);
    if (e == ERR_OK)
        e = delegation_parse(payload.data, payload.len, &v->body.delegation);
    if (e == ERR_OK)
        e = check(in, &v->body.delegation);
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}
