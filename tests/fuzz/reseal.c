/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/reseal.h"
#include "base/text.h"
#include "order/checkpoint.h"
#include "order/entry.h"
#include "order/json.h"
#include "order/merkle.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define LEAVES 64u /* of the tree; entries say where in it they stand */
#define LEVELS 7u

/* The log key of tests/verifier/golden: P-256, SHA-256 of "log". */
static const char log_private[] =
    "836FF184E7B41B1E13CB5FD89FA1DE98DBBAB99E9D2918913FF43B86A5C7C213";
static const char log_point[] = "0417179A7ED88249662E3868B14428B2934B88E4BF961DE0675A82C52754CB57DD"
                                "F72F775E4D9176E0A40601ECA6B55FAACB0ED6E40500A0EF15A2AC2D95A40832";
#define POINT_LEN 65u

struct sealer {
    EVP_PKEY *private_key;
    struct key *public_key;
    struct merkle_hash node[LEVELS][LEAVES]; /* of the tree at work */
    struct merkle_hash leaf[LEAVES];
};

static EVP_PKEY *private_from(const uint8_t *point)
{
    EVP_PKEY *key = NULL;
    BIGNUM *d = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    if (BN_hex2bn(&d, log_private) > 0 && build != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_LEN) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(d);
    return key;
}

static struct sealer *sealer(void)
{
    static struct sealer s;
    uint8_t point[POINT_LEN];
    if (s.private_key == NULL && text_unhex(log_point, 2 * POINT_LEN, point, POINT_LEN) == ERR_OK &&
        key_from_xy(KEY_ES256, point + 1, point + 33, &s.public_key) == ERR_OK)
        s.private_key = private_from(point);
    return s.private_key != NULL ? &s : NULL;
}

static enum err sign(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig, size_t sig_cap,
                     size_t *sig_len)
{
    const struct sealer *s = ctx;
    uint8_t der[128];
    size_t der_len = sizeof der;
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new(s->private_key, NULL);
    bool made = pctx != NULL && EVP_PKEY_sign_init(pctx) == 1 &&
                EVP_PKEY_sign(pctx, der, &der_len, hash, hash_len) == 1;
    EVP_PKEY_CTX_free(pctx);
    if (!made || sig_cap < KEY_SIGNATURE_MAX)
        return ERR_INTERNAL;
    return key_sig_from_der(KEY_ES256, der, der_len, sig, sig_len);
}

static enum err store(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    ((struct sealer *)ctx)->node[level][index] = *hash;
    return ERR_OK;
}

static enum err load(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out)
{
    *out = ((struct sealer *)ctx)->node[level][index];
    return ERR_OK;
}

/* {"body","leaf","salt"} with a leaf for the body at the index and time that the old leaf says;
 * it moves to ENTRIES, without its proof. */
static enum err seal_entry(struct sealer *s, const struct js *old, struct js *entries)
{
    struct buf body = {0}, leaf = {0};
    struct js *fresh = NULL, *parsed = NULL;
    uint8_t salt[ENTRY_SALT_LEN];
    struct entry_leaf made = {0};
    int64_t time_us = 0;
    size_t time_len = 0, salt_len = 0;
    const char *time = js_text(js_get(js_get(old, "leaf"), "time"), &time_len);
    const char *salt_text = js_text(js_get(old, "salt"), &salt_len);
    int64_t index = js_int(js_get(js_get(old, "leaf"), "index"));
    if (time == NULL || salt_text == NULL || js_get(old, "body") == NULL || index < 0 ||
        index >= LEAVES)
        return ERR_DOC_MEMBER_INVALID;
    enum err e = text_parse_time(time, time_len, &time_us);
    if (e == ERR_OK)
        e = text_unb64url_exact(salt_text, salt_len, salt, sizeof salt);
    if (e == ERR_OK)
        e = js_canon(js_get(old, "body"), &body);
    if (e == ERR_OK)
        e = entry_make((uint64_t)index, time_us, salt, body.data, body.len, &made);
    if (e == ERR_OK)
        e = entry_leaf_write(made.index, made.time_us, made.commitment, &leaf);
    if (e == ERR_OK)
        s->leaf[index] = made.hash;
    if (e == ERR_OK)
        e = js_parse(leaf.data, leaf.len, &parsed);
    if (e == ERR_OK)
        e = js_copy(old, &fresh);
    if (e == ERR_OK)
        e = js_set(fresh, "leaf", parsed); /* taken over, also on failure */
    if (e == ERR_OK) {
        e = js_push(entries, fresh); /* taken over, also on failure */
        fresh = NULL;
    }
    js_free(fresh);
    buf_free(&body);
    buf_free(&leaf);
    return e;
}

static enum err prove(struct sealer *s, uint64_t index, struct js **out)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    struct buf text = {0};
    size_t count = 0;
    enum err e = js_array_new(out);
    if (e == ERR_OK)
        e = merkle_inclusion_proof(index, LEAVES, load, s, proof, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        buf_clear(&text);
        e = text_b64_add(&text, proof[i].b, sizeof proof[i].b);
        if (e == ERR_OK)
            e = js_push_text(*out, buf_str(&text));
    }
    buf_free(&text);
    return e;
}

/* The same entries with their proofs, in a new array. */
static enum err add_proofs(struct sealer *s, const struct js *entries, struct js *proved)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(entries); i++) {
        struct js *entry = NULL, *proof = NULL;
        const struct js *leaf = js_get(js_at(entries, i), "leaf");
        e = js_copy(js_at(entries, i), &entry);
        if (e == ERR_OK)
            e = prove(s, (uint64_t)js_int(js_get(leaf, "index")), &proof);
        if (e == ERR_OK) {
            e = js_set(entry, "proof", proof);
            proof = NULL;
        }
        js_free(proof);
        if (e == ERR_OK)
            e = js_push(proved, entry);
        else
            js_free(entry);
    }
    return e;
}

/* The tree of all leaves; those that no entry stands for are zeros. */
static enum err seal_tree(struct sealer *s, const char *bank, struct buf *note)
{
    struct merkle_frontier tree = {.size = 0};
    struct checkpoint checkpoint = {.size = LEAVES};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < LEAVES; i++)
        e = merkle_frontier_add(&tree, &s->leaf[i], store, s);
    if (e == ERR_OK)
        e = merkle_frontier_root(&tree, &checkpoint.root);
    return e == ERR_OK ? checkpoint_make(bank, &checkpoint, s->public_key, sign, s, note) : e;
}

enum err reseal_evidence(const struct js *evidence, struct buf *out)
{
    struct sealer *s = sealer();
    struct js *entries = NULL, *proved = NULL, *fresh = NULL;
    struct buf note = {0};
    size_t len = 0;
    const struct js *old = js_get(evidence, "entries");
    const char *bank = js_text(js_get(evidence, "bank"), &len);
    if (s == NULL || old == NULL || bank == NULL || js_type(old) != JS_ARRAY)
        return ERR_DOC_MEMBER_INVALID;
    memset(s->leaf, 0, sizeof s->leaf);
    enum err e = js_array_new(&entries);
    for (size_t i = 0; e == ERR_OK && i < js_count(old); i++)
        e = seal_entry(s, js_at(old, i), entries);
    if (e == ERR_OK)
        e = seal_tree(s, bank, &note);
    if (e == ERR_OK)
        e = js_array_new(&proved);
    if (e == ERR_OK)
        e = add_proofs(s, entries, proved);
    if (e == ERR_OK)
        e = js_copy(evidence, &fresh);
    if (e == ERR_OK)
        e = js_set_text(fresh, "checkpoint", buf_str(&note));
    if (e == ERR_OK) {
        e = js_set(fresh, "entries", proved);
        proved = NULL;
    }
    if (e == ERR_OK)
        e = js_canon(fresh, out);
    js_free(entries);
    js_free(proved);
    js_free(fresh);
    buf_free(&note);
    return e;
}
