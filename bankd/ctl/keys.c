/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/keys.h"
#include "app/app.h"
#include "order/jws.h"
#include "verifier/verifier.h"
#include <string.h>

/* The statement's text in the answer, and the thumbprint that its header names. */
static enum err find_statement(struct ctl *ctl, const struct js *answer, const char **jws,
                               size_t *len, char kid[static KEY_THUMBPRINT_LEN + 1])
{
    struct jws_parts parts;
    *jws = js_text(js_get(answer, "bankKeys"), len);
    if (*jws == NULL)
        return ctl_fail(ctl, ERR_DOC_MEMBER_MISSING, "the bank's answer has no \"bankKeys\"");
    enum err e = jws_split(*jws, *len, &parts);
    if (e == ERR_OK)
        memcpy(kid, parts.header.kid, KEY_THUMBPRINT_LEN + 1);
    return e;
}

static enum err find_log_key(const struct statement_bank_keys *stated, struct key **out)
{
    for (size_t i = 0; i < stated->count; i++) {
        if (stated->keys[i].use == BANK_KEY_LOG)
            return key_from_spki(stated->keys[i].spki, stated->keys[i].spki_len, out);
    }
    return ERR_DOC_MEMBER_MISSING;
}

enum err keys_fetch(struct ctl *ctl, struct keys *out)
{
    const struct client_call call = {.route = ROUTE_BANK_KEYS};
    const char *jws;
    size_t len;
    memset(out, 0, sizeof *out);
    enum err e = ctl_call(ctl, &call, &out->answer);
    if (e == ERR_OK)
        e = find_statement(ctl, out->answer, &jws, &len, out->pin);
    if (e == ERR_OK && app_main.bank_key != NULL && strcmp(app_main.bank_key, out->pin) != 0)
        e = ctl_fail(ctl, ERR_KEY_MISMATCH, "this bank's root key is %s", out->pin);
    if (e == ERR_OK)
        e = verify_bank_keys(jws, len, out->pin, &out->stated);
    if (e == ERR_OK)
        e = find_log_key(&out->stated, &out->log);
    if (e != ERR_OK)
        keys_free(out);
    return e;
}

void keys_free(struct keys *k)
{
    key_free(k->log);
    js_free(k->answer);
    k->log = NULL;
    k->answer = NULL;
}
