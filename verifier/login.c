/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

enum err verify_login(const char *bank, const char *jws, size_t jws_len, struct verify_keys keys,
                      struct verified **out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = verified_new(jws, jws_len, &v);
    if (e == ERR_OK)
        e = verified_open(v, STATEMENT_LOGIN, &keys, &payload);
    if (e == ERR_OK)
        e = statement_login_parse(payload.data, payload.len, &v->body.login);
    if (e == ERR_OK && strcmp(v->body.login.head.bank, bank) != 0)
        e = ERR_BANK_MISMATCH;
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}
