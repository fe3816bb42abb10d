/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

/* docs/FORMAT.md section 5.3: what the statement says, against what it must be about. */
static enum err check_subject(const struct terminal *said, const struct verify_terminal_input *in)
{
    const struct verified_subject subject = {&said->head, said->account, said->order,
                                             said->order_digest};

    if (in->order->kind == ORDER_PAYMENT)
        return ERR_DOC_TYPE;
    enum err e = verified_about(&subject, in->bank, in->order);
    if (e == ERR_OK && strcmp(said->terminal, in->order->terminal) != 0)
        e = ERR_TERMINAL_MISMATCH;
    return e;
}

enum err verify_terminal(const struct verify_terminal_input *in, struct verified **out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = verified_new(in->jws, in->jws_len, &v);
    if (e == ERR_OK)
        e = verified_open(v, STATEMENT_TERMINAL, &in->keys, &payload);
    if (e == ERR_OK)
        e = terminal_parse(payload.data, payload.len, &v->body.terminal);
    if (e == ERR_OK)
        e = check_subject(&v->body.terminal, in);
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}
