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

static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    struct terminal *said = &v->body.terminal;
    enum err e = terminal_parse(payload->data, payload->len, said);

    return e == ERR_OK ? check_subject(said, input) : e;
}

enum err verify_terminal(const struct verify_terminal_input *in, struct verified **out)
{
    return verified_make(STATEMENT_TERMINAL, in->jws, in->jws_len, &in->keys, check, in, out);
}
