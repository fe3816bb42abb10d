/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/keys.h"
#include "app/app.h"
#include "base/clock.h"
#include "order/jws.h"
#include "verifier/verifier.h"
#include <stdio.h>
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

static enum err fetch_rollovers(struct ctl *ctl, struct keys *out)
{
    const struct client_call call = {.route = ROUTE_ROLLOVERS};
    enum err e = ctl_call(ctl, &call, &out->rolled);
    if (e == ERR_OK)
        e = verify_rollovers(js_get(out->rolled, "rollovers"), NULL, &out->chain);
    return e == ERR_OK || ctl->detail[0] != '\0' ? e : ctl_fail(ctl, e, "the bank's rollovers");
}

/* --bank-key is this root key's thumbprint, or of one that it replaced. */
static enum err check_pin(struct ctl *ctl, const struct keys *k)
{
    const char *root = NULL;
    if (app_main.bank_key == NULL || strcmp(app_main.bank_key, k->pin) == 0)
        return ERR_OK;
    enum err e = verify_rolled(k->chain, app_main.bank_key, clock_now_us(), &root);
    if (e == ERR_OK && strcmp(root, k->pin) != 0)
        e = ERR_KEY_MISMATCH;
    if (e != ERR_OK)
        return ctl_fail(ctl, e, "this bank's root key is %s", k->pin);
    fprintf(stderr, "The root key that is pinned was replaced: from now on give --bank-key %s\n",
            k->pin);
    return ERR_OK;
}

static enum err check_statement(const char *jws, size_t len, struct keys *out)
{
    enum err e = verify_bank_keys(jws, len, out->pin, &out->stated);
    if (e == ERR_OK && verify_rollovers_count(out->chain) > 0 &&
        strcmp(verify_rollovers_at(out->chain, 0)->head.bank, out->stated.head.bank) != 0)
        e = ERR_BANK_MISMATCH;
    return e == ERR_OK ? find_log_key(&out->stated, &out->log) : e;
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
    if (e == ERR_OK)
        e = fetch_rollovers(ctl, out);
    if (e == ERR_OK)
        e = check_pin(ctl, out);
    if (e == ERR_OK)
        e = check_statement(jws, len, out);
    if (e != ERR_OK)
        keys_free(out);
    return e;
}

void keys_free(struct keys *k)
{
    key_free(k->log);
    js_free(k->answer);
    js_free(k->rolled);
    verify_rollovers_free(k->chain);
    memset(k, 0, sizeof *k);
}
