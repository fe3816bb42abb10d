/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/ops.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/iban.h"
#include "order/jwk.h"
#include "order/jws.h"
#include "order/key.h"
#include "order/merkle.h"
#ifdef VECTORS_HTTP
#include "bankd/server/http.h"
#endif
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- taking the input apart --- */

static enum err get(const struct js *in, const char *name, enum js_type type, const struct js **out)
{
    *out = js_get(in, name);
    if (!*out)
        return ERR_DOC_MEMBER_MISSING;
    return js_type(*out) == type ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err get_text(const struct js *in, const char *name, const char **out, size_t *len)
{
    const struct js *value;
    enum err e = get(in, name, JS_TEXT, &value);

    *out = "";
    *len = 0;
    if (e == ERR_OK)
        *out = js_text(value, len);
    return e;
}

static enum err get_u64(const struct js *in, const char *name, uint64_t *out)
{
    const struct js *value;
    enum err e = get(in, name, JS_INT, &value);

    *out = 0;
    if (e == ERR_OK && js_int(value) < 0)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        *out = (uint64_t)js_int(value);
    return e;
}

/* Appends the bytes; an empty text gives a buffer whose data is not NULL. */
static enum err get_hex(const struct js *in, const char *name, struct buf *out)
{
    const char *text;
    size_t len;
    enum err e = get_text(in, name, &text, &len);

    if (e == ERR_OK && len % 2 != 0)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        e = buf_reserve(out, len / 2);
    if (e == ERR_OK && text_unhex(text, len, out->data, len / 2) != ERR_OK)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        out->len = len / 2;
    return e;
}

static enum err add_hex(struct buf *extra, const char *name, const struct buf *bytes)
{
    char *hex = malloc(2 * bytes->len + 1);
    enum err e = ERR_NO_MEMORY;

    if (hex) {
        text_hex(bytes->data, bytes->len, hex);
        e = buf_addf(extra, ",\"%s\":\"%s\"", name, hex);
    }
    free(hex);
    return e;
}

/* --- JSON --- */

static enum err parse_hex(const struct js *in, struct js **out)
{
    struct buf bytes = {0};
    enum err e = get_hex(in, "hex", &bytes);

    *out = NULL;
    if (e == ERR_OK)
        e = js_parse(bytes.data, bytes.len, out);
    buf_free(&bytes);
    return e;
}

static enum err op_json(const struct js *in, struct buf *extra)
{
    struct js *value;
    enum err e = parse_hex(in, &value);

    (void)extra;
    js_free(value);
    return e;
}

static enum err op_canon(const struct js *in, struct buf *extra)
{
    struct buf form = {0};
    struct js *value;
    enum err e = parse_hex(in, &value);

    if (e == ERR_OK)
        e = js_canon(value, &form);
    if (e == ERR_OK)
        e = add_hex(extra, "hex", &form);
    js_free(value);
    buf_free(&form);
    return e;
}

/* --- keys and signatures --- */

static enum err get_spki(const struct js *in, const char *name, struct key **out)
{
    struct buf der = {0};
    enum err e = get_hex(in, name, &der);

    *out = NULL;
    if (e == ERR_OK)
        e = key_from_spki(der.data, der.len, out);
    buf_free(&der);
    return e;
}

static enum err op_spki(const struct js *in, struct buf *extra)
{
    struct key *key;
    enum err e = get_spki(in, "hex", &key);

    if (e == ERR_OK)
        e = buf_addf(extra, ",\"alg\":\"%s\"", key_alg_name(key_algorithm(key)));
    key_free(key);
    return e;
}

static enum err op_ecdsa(const struct js *in, struct buf *extra)
{
    struct buf message = {0}, sig = {0};
    struct key *key = NULL;
    const char *alg;
    size_t len;
    enum err e = get_text(in, "alg", &alg, &len);

    (void)extra;
    if (e == ERR_OK)
        e = get_hex(in, "msg", &message);
    if (e == ERR_OK)
        e = get_hex(in, "sig", &sig);
    if (e == ERR_OK)
        e = get_spki(in, "spki", &key);
    if (e == ERR_OK && key_alg_from_name(alg, len) != key_algorithm(key))
        e = ERR_JWS_ALGORITHM; /* the suite's claim about its key, not the product's */
    if (e == ERR_OK)
        e = key_verify(key, message.data, message.len, sig.data, sig.len);
    key_free(key);
    buf_free(&message);
    buf_free(&sig);
    return e;
}

/* The JWS as its text: compact as it came, the JSON forms written out again. */
static enum err get_jws(const struct js *in, struct buf *out)
{
    const struct js *jws = js_get(in, "jws");
    const char *text;
    size_t len;

    if (!jws)
        return ERR_DOC_MEMBER_MISSING;
    text = js_text(jws, &len);
    return text ? buf_add(out, text, len) : js_canon(jws, out);
}

static enum err op_jws(const struct js *in, struct buf *extra)
{
    struct buf text = {0}, payload = {0};
    const struct js *jwk;
    struct key *key = NULL;
    enum err e = get_jws(in, &text);

    if (e == ERR_OK)
        e = get(in, "jwk", JS_OBJECT, &jwk);
    if (e == ERR_OK)
        e = jwk_parse(jwk, &key);
    if (e == ERR_OK)
        e = jws_verify(buf_str(&text), text.len, key, &payload);
    if (e == ERR_OK)
        e = add_hex(extra, "payload", &payload);
    key_free(key);
    buf_free(&text);
    buf_free(&payload);
    return e;
}

/* --- money and accounts --- */

static enum err op_iban(const struct js *in, struct buf *extra)
{
    const char *text;
    size_t len;
    enum err e = get_text(in, "text", &text, &len);

    (void)extra;
    return e == ERR_OK ? iban_check(text, len) : e;
}

static enum err op_amount(const struct js *in, struct buf *extra)
{
    const char *text, *currency;
    size_t len, currency_len;
    int64_t minor;
    enum err e = get_text(in, "text", &text, &len);

    if (e == ERR_OK)
        e = get_text(in, "currency", &currency, &currency_len);
    if (e == ERR_OK)
        e = amount_parse(text, len, currency, &minor);
    return e == ERR_OK ? buf_addf(extra, ",\"minor\":%" PRId64, minor) : e;
}

/* --- the hash tree --- */

static enum err decode_hash(const struct js *value, struct merkle_hash *out)
{
    struct buf bytes = {0};
    size_t len;
    const char *text = value ? js_text(value, &len) : NULL;
    enum err e = text ? text_unb64(text, len, &bytes) : ERR_DOC_MEMBER_INVALID;

    if (e == ERR_OK && bytes.len != DIGEST_LEN)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        memcpy(out->b, bytes.data, DIGEST_LEN);
    buf_free(&bytes);
    return e;
}

/* Suites also compare equal trees by roots that are no hashes. A digest stands in for such a root:
 * equal ones stay equal, and no proof leads to it. */
static enum err decode_root(const struct js *value, struct merkle_hash *out)
{
    struct buf bytes = {0};
    size_t len;
    const char *text = value ? js_text(value, &len) : NULL;
    enum err e = text ? text_unb64(text, len, &bytes) : ERR_DOC_MEMBER_INVALID;

    if (e == ERR_OK && bytes.len == DIGEST_LEN)
        memcpy(out->b, bytes.data, DIGEST_LEN);
    else if (e == ERR_OK)
        e = key_digest(bytes.data, bytes.len, out->b);
    if (e == ERR_OK && bytes.len != DIGEST_LEN)
        e = key_digest(out->b, DIGEST_LEN, out->b); /* twice: that of no bytes is a tree's root */
    buf_free(&bytes);
    return e;
}

/* Suites write an empty proof as null, as [] or not at all. The caller frees *OUT. */
static enum err get_proof(const struct js *in, struct merkle_hash **out, size_t *count)
{
    const struct js *list = js_get(in, "proof");
    enum err e = ERR_OK;

    *out = NULL;
    *count = 0;
    if (!list || js_type(list) == JS_NULL)
        return ERR_OK;
    if (js_type(list) != JS_ARRAY)
        return ERR_DOC_MEMBER_INVALID;
    *out = calloc(js_count(list) + 1, sizeof **out);
    if (!*out)
        return ERR_NO_MEMORY;
    for (; e == ERR_OK && *count < js_count(list); (*count)++)
        e = decode_hash(js_at(list, *count), &(*out)[*count]);
    return e;
}

static enum err op_inclusion(const struct js *in, struct buf *extra)
{
    struct merkle_hash leaf, root, *proof = NULL;
    uint64_t index, size;
    size_t count;
    enum err e = get_u64(in, "leafIdx", &index);

    (void)extra;
    if (e == ERR_OK)
        e = get_u64(in, "treeSize", &size);
    if (e == ERR_OK)
        e = decode_hash(js_get(in, "leafHash"), &leaf);
    if (e == ERR_OK)
        e = decode_hash(js_get(in, "root"), &root);
    if (e == ERR_OK)
        e = get_proof(in, &proof, &count);
    if (e == ERR_OK)
        e = merkle_check_inclusion(index, size, &leaf, proof, count, &root);
    free(proof);
    return e;
}

static enum err op_consistency(const struct js *in, struct buf *extra)
{
    struct merkle_hash root1, root2, *proof = NULL;
    uint64_t size1, size2;
    size_t count;
    enum err e = get_u64(in, "size1", &size1);

    (void)extra;
    if (e == ERR_OK)
        e = get_u64(in, "size2", &size2);
    if (e == ERR_OK)
        e = decode_root(js_get(in, "root1"), &root1);
    if (e == ERR_OK)
        e = decode_root(js_get(in, "root2"), &root2);
    if (e == ERR_OK)
        e = get_proof(in, &proof, &count);
    if (e == ERR_OK)
        e = merkle_check_consistency(size1, size2, &root1, &root2, proof, count);
    free(proof);
    return e;
}

/* --- HTTP framing --- */

#ifdef VECTORS_HTTP
static enum err op_http(const struct js *in, struct buf *extra)
{
    struct buf bytes = {0};
    struct http_request request;
    size_t used = 1, requests = 0;
    enum err e = get_hex(in, "hex", &bytes);

    for (; e == ERR_OK && used > 0 && bytes.len > 0; buf_drop(&bytes, used)) {
        e = http_parse(bytes.data, bytes.len, HTTP_BODY_MAX, &request, &used);
        if (e == ERR_OK && used > 0)
            requests++;
        if (e != ERR_OK)
            used = 0;
    }
    buf_free(&bytes);
    return e == ERR_OK ? buf_addf(extra, ",\"requests\":%zu", requests) : e;
}
#endif

/* X(name, function) */
#define COMMON_OPS(X)                                                                              \
    X("amount", op_amount)                                                                         \
    X("canon", op_canon)                                                                           \
    X("consistency", op_consistency)                                                               \
    X("ecdsa", op_ecdsa)                                                                           \
    X("iban", op_iban)                                                                             \
    X("inclusion", op_inclusion)                                                                   \
    X("json", op_json)                                                                             \
    X("jws", op_jws)                                                                               \
    X("spki", op_spki)
#ifdef VECTORS_HTTP
#define OPS(X) COMMON_OPS(X) X("http", op_http)
#else
#define OPS(X) COMMON_OPS(X)
#endif

static const struct {
    const char *name;
    ops_fn run;
} table[] = {
#define X(name, function) {name, function},
    OPS(X)
#undef X
};

ops_fn ops_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].run;
    }
    return NULL;
}

const char *ops_names(void)
{
#define X(name, function) " " name
    return &OPS(X)[1];
#undef X
}
