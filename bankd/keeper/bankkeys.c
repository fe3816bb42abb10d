/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/bankkeys.h"

#include "base/text.h"
#include "order/forms.h"
#include "order/statement.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (24 * 60 * 60 * TEXT_SECOND_US)

static void copy_spki(const struct key *key, uint8_t out[static KEY_SPKI_MAX], size_t *out_len)
{
    const uint8_t *spki = key_spki(key, out_len);
    memcpy(out, spki, *out_len);
}

enum err bankkeys_make(const char *bank, const struct key *root, const struct key *log,
                       int64_t now_us, const uint8_t nonce[static BANKKEYS_NONCE_LEN],
                       jws_sign_fn sign, void *sign_ctx, struct buf *out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct statement_bank_keys *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;

    snprintf(s->head.bank, sizeof s->head.bank, "%s", bank);
    forms_make_nonce(nonce, s->head.nonce);
    s->head.issued_us = now_us;
    s->head.expires_us = now_us + BANKKEYS_DAYS * DAY_US;
    copy_spki(root, s->root_spki, &s->root_spki_len);
    s->keys[0].use = BANK_KEY_LOG;
    copy_spki(log, s->keys[0].spki, &s->keys[0].spki_len);
    s->count = 1;

    enum err e = statement_bank_keys_make(s, &payload);
    if (!e)
        e = jws_make(root, statement_typ(STATEMENT_BANK_KEYS), payload.data, payload.len, sign,
                     sign_ctx, out);
    free(s);
    buf_free(&payload);
    return e;
}

static bool spki_is(const struct key *key, const uint8_t *spki, size_t len)
{
    size_t own_len;
    const uint8_t *own = key_spki(key, &own_len);
    return own_len == len && memcmp(own, spki, len) == 0;
}

static enum err check_payload(const struct statement_bank_keys *s, const char *bank,
                              const struct key *root, const struct key *log)
{
    if (strcmp(s->head.bank, bank) != 0)
        return ERR_BANK_MISMATCH;
    if (!spki_is(root, s->root_spki, s->root_spki_len))
        return ERR_KEY_MISMATCH;
    for (size_t i = 0; i < s->count; i++) {
        if (s->keys[i].use == BANK_KEY_LOG)
            return spki_is(log, s->keys[i].spki, s->keys[i].spki_len) ? ERR_OK : ERR_KEY_MISMATCH;
    }
    return ERR_KEY_MISMATCH;
}

enum err bankkeys_check(const struct buf *statement, const char *bank, const struct key *root,
                        const struct key *log)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct jws_parts parts;
    struct statement_bank_keys *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;

    enum err e = jws_split(buf_str(statement), statement->len, &parts);
    if (!e)
        e = jws_verify_statement(&parts, statement_typ(STATEMENT_BANK_KEYS), root, &payload);
    if (!e)
        e = statement_bank_keys_parse(payload.data, payload.len, s);
    if (!e)
        e = check_payload(s, bank, root, log);
    free(s);
    buf_free(&payload);
    return e;
}
