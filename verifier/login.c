/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const char *bank = input;
    enum err e = statement_login_parse(payload->data, payload->len, &v->body.login);

    return e == ERR_OK && strcmp(v->body.login.head.bank, bank) != 0 ? ERR_BANK_MISMATCH : e;
}

enum err verify_login(const char *bank, const char *jws, size_t jws_len, struct verify_keys keys,
                      struct verified **out)
{
    return verified_make(STATEMENT_LOGIN, jws, jws_len, &keys, check, bank, out);
}
