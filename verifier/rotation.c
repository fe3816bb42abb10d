/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

static enum err check_display(const struct rotation *said)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = rotation_display_digest(said, digest);

    return verified_shown(e, digest, said->display_digest);
}

/* The new key signed these very words: the bank, the old key and the nonce are among them. */
static enum err open_proof(const struct rotation *said, const struct key *key, struct buf *words)
{
    struct jws_parts parts;
    enum err e = jws_split(said->proof, strlen(said->proof), &parts);

    if (e == ERR_OK)
        e = jws_verify_statement(&parts, statement_typ(STATEMENT_ROTATION_PROOF), key, words);
    return e == ERR_OK || e == ERR_NO_MEMORY ? e : ERR_KEY_UNPROVEN;
}

static enum err check_proof(const struct rotation *said)
{
    struct buf words = BUF_INIT(JWS_MAX), offer = BUF_INIT(JWS_MAX);
    struct key *key = NULL;
    enum err e = key_from_spki(said->spki, said->spki_len, &key);

    if (e == ERR_OK)
        e = open_proof(said, key, &words);
    if (e == ERR_OK)
        e = rotation_offer(said, &offer);
    if (e == ERR_OK && (words.len != offer.len || memcmp(words.data, offer.data, offer.len) != 0))
        e = ERR_KEY_UNPROVEN;
    key_free(key);
    buf_free(&words);
    buf_free(&offer);
    return e;
}

/* docs/FORMAT.md section 8.7: what the statement says, against what it must be about. */
static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_rotation_input *in = input;
    struct rotation *said = &v->body.rotation;
    enum err e = rotation_parse(payload->data, payload->len, said);

    if (e != ERR_OK)
        return e;
    if (strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(said->replaces, v->signer) != 0 || (in->key && strcmp(said->replaces, in->key) != 0))
        return ERR_KEY_MISMATCH;
    e = check_display(said);
    return e == ERR_OK ? check_proof(said) : e;
}

enum err verify_rotation(const struct verify_rotation_input *in, struct verified **out)
{
    return verified_make(STATEMENT_ROTATION, in->jws, in->jws_len, &in->keys, check, in, out);
}
