/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 8.5. */
static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_act_input *in = input;
    struct operator_act *said = &v->body.act;
    enum err e = act_parse(payload->data, payload->len, said);

    if (e != ERR_OK)
        return e;
    if (strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    return strcmp(said->path, in->path) == 0 ? ERR_OK : ERR_ACT_MISMATCH;
}

enum err verify_act(const struct verify_act_input *in, struct verified **out)
{
    return verified_make(STATEMENT_OPERATOR_ACT, in->jws, in->jws_len, &in->keys, check, in, out);
}
