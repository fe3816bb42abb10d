/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/jws.h"
#include "verifier/verifier.h"

#include <string.h>

/* The root key stands in the payload that it signs, so this payload is read before its signature
 * is checked; the pin makes up for it: a key with that thumbprint is the right one. */
static enum err find_root(const struct jws_parts *parts, const char *thumbprint,
                          struct statement_bank_keys *keys, struct key **root)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    enum err e = text_unb64url(parts->payload_b64, parts->payload_b64_len, &payload);

    if (e == ERR_OK)
        e = statement_bank_keys_parse(payload.data, payload.len, keys);
    if (e == ERR_OK)
        e = key_from_spki(keys->root_spki, keys->root_spki_len, root);
    if (e == ERR_OK && strcmp(key_thumbprint(*root), thumbprint) != 0)
        e = ERR_KEY_MISMATCH;
    buf_free(&payload);
    return e;
}

enum err verify_bank_keys(const char *jws, size_t len, const char *root_thumbprint,
                          struct statement_bank_keys *out)
{
    const char *typ = statement_typ(STATEMENT_BANK_KEYS);
    struct buf payload = BUF_INIT(JWS_MAX);
    struct jws_parts parts;
    struct key *root = NULL;
    enum err e;

    memset(out, 0, sizeof *out);
    e = jws_split(jws, len, &parts);
    if (e == ERR_OK && strcmp(parts.header.typ, typ) != 0)
        e = ERR_JWS_TYPE;
    if (e == ERR_OK && strcmp(parts.header.kid, root_thumbprint) != 0)
        e = ERR_KEY_MISMATCH;
    if (e == ERR_OK)
        e = find_root(&parts, root_thumbprint, out, &root);
    if (e == ERR_OK)
        e = jws_verify_statement(&parts, typ, root, &payload);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    key_free(root);
    buf_free(&payload);
    return e;
}
