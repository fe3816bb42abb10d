/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "verifier/verified.h"

#include <string.h>

/* The key of this statement stands in it, so the payload is read before its signature is checked:
 * docs/FORMAT.md section 8.6. */
struct opened {
    const char *bank;
    struct enrolment said; /* moves into the struct verified */
};

static enum err open_payload(const char *jws, size_t len, struct enrolment *out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct jws_parts parts;
    enum err e = jws_split(jws, len, &parts);

    if (e == ERR_OK && strcmp(parts.header.typ, statement_typ(STATEMENT_ENROLMENT)) != 0)
        e = ERR_JWS_TYPE;
    if (e == ERR_OK)
        e = text_unb64url(parts.payload_b64, parts.payload_b64_len, &payload);
    if (e == ERR_OK)
        e = enrolment_parse(payload.data, payload.len, out);
    buf_free(&payload);
    if (e != ERR_OK)
        return e;
    if (strcmp(parts.header.kid, key_thumbprint(out->key[KEY_USE_SIGN])) == 0)
        return ERR_OK;
    enrolment_free(out);
    return ERR_KEY_MISMATCH;
}

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct enrolment *said = ctx;

    (void)thumbprint; /* it is the statement's own: open_payload compared them */
    return said->key[KEY_USE_SIGN];
}

static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct opened *in = input;

    (void)payload; /* it was read already, and V gets what it says */
    (void)v;
    return strcmp(in->said.head.bank, in->bank) == 0 ? ERR_OK : ERR_BANK_MISMATCH;
}

enum err verify_enrolment(const char *bank, const char *jws, size_t jws_len, struct verified **out)
{
    struct opened opened = {.bank = bank};

    *out = NULL;
    enum err e = open_payload(jws, jws_len, &opened.said);
    if (e != ERR_OK)
        return e;
    const struct verify_keys keys = {find_key, &opened.said};
    e = verified_make(STATEMENT_ENROLMENT, jws, jws_len, &keys, check, &opened, out);
    if (e == ERR_OK)
        (*out)->body.enrolment = opened.said;
    else
        enrolment_free(&opened.said);
    return e;
}
