/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 8.5. */
static enum err check(const struct verify_act_input *in, const struct operator_act *said)
{
    if (strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    return strcmp(said->path, in->path) == 0 ? ERR_OK : ERR_ACT_MISMATCH;
}

enum err verify_act(const struct verify_act_input *in, struct verified **out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = verified_new(in->jws, in->jws_len, &v);
    if (e == ERR_OK)
        e = verified_open(v, STATEMENT_OPERATOR_ACT, &in->keys, &payload);
    if (e == ERR_OK)
        e = act_parse(payload.data, payload.len, &v->body.act);
    if (e == ERR_OK)
        e = check(in, &v->body.act);
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}
