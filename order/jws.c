/* SPDX-License-Identifier: Apache-2.0 */
#include "order/jws.h"

#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include <stdbool.h>
#include <string.h>

#define PART_MAX ((int64_t)JWS_MAX)

/* One signature with what it covers, still in base64url, borrowed from the text or its JSON. */
struct sealed {
    const char *header, *payload, *sig;
    size_t header_len, payload_len, sig_len;
};

/* --- the header --- */

static enum err take_text(const struct js *value, char out[static JWS_HEADER_TEXT_MAX + 1])
{
    size_t len = 0;
    const char *text;

    if (!value)
        return ERR_OK;
    text = js_text(value, &len);
    if (len > JWS_HEADER_TEXT_MAX)
        return ERR_JWS_HEADER;
    memcpy(out, text, len + 1);
    return ERR_OK;
}

/* RFC 7515 4.1.11: what is not understood is refused, and here that is everything but four. */
static enum err read_header(const struct js *json, struct jws_header *out)
{
    const struct js *alg, *kid, *typ, *cty;
    const struct js_member table[] = {
        {"alg", JS_TEXT, true, 1, JWS_HEADER_TEXT_MAX, &alg},
        {"cty", JS_TEXT, false, 1, JWS_HEADER_TEXT_MAX, &cty},
        {"kid", JS_TEXT, false, 1, JWS_HEADER_TEXT_MAX, &kid},
        {"typ", JS_TEXT, false, 1, JWS_HEADER_TEXT_MAX, &typ},
    };
    const char *name;
    size_t len;
    enum err e;

    memset(out, 0, sizeof *out);
    if (js_members(json, table, sizeof table / sizeof table[0], NULL) != ERR_OK)
        return ERR_JWS_HEADER;
    name = js_text(alg, &len);
    out->alg = key_alg_from_name(name, len);
    if (out->alg == KEY_ALG_NONE)
        return ERR_JWS_ALGORITHM;
    e = take_text(kid, out->kid);
    if (e == ERR_OK)
        e = take_text(typ, out->typ);
    if (e == ERR_OK)
        e = take_text(cty, out->cty);
    return e;
}

/* A statement's header is compared with its own canonical form; another spelling, like any other
 * fault of form, is JWS_HEADER there. */
static enum err judge_header(const struct buf *bytes, bool statement, struct jws_header *out)
{
    struct js *json = NULL;
    enum err e = statement ? js_parse_canonical(bytes->data, bytes->len, &json)
                           : js_parse(bytes->data, bytes->len, &json);

    if (e == ERR_OK)
        e = read_header(json, out);
    else if (statement && e != ERR_NO_MEMORY)
        e = ERR_JWS_HEADER;
    js_free(json);
    return e;
}

/* A signature that is longer than any of ours counts as one of no bytes: what it is refused for
 * comes later, and is more often the algorithm. */
static enum err decode_sig(const char *b64, size_t len, uint8_t sig[static KEY_SIGNATURE_MAX],
                           size_t *sig_len)
{
    struct buf bytes = BUF_INIT(JWS_MAX);
    enum err e = text_unb64url(b64, len, &bytes);

    *sig_len = 0;
    if (e == ERR_OK && bytes.len <= KEY_SIGNATURE_MAX) {
        memcpy(sig, buf_str(&bytes), bytes.len);
        *sig_len = bytes.len;
    }
    buf_free(&bytes);
    return e;
}

/* --- the three serialisations --- */

static enum err cut_compact(const char *text, size_t len, struct sealed *out)
{
    const char *end = text + len;
    const char *first = memchr(text, '.', len);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return ERR_JWS_MALFORMED;
    *out = (struct sealed){.header = text,
                           .header_len = (size_t)(first - text),
                           .payload = first + 1,
                           .payload_len = (size_t)(second - first - 1),
                           .sig = second + 1,
                           .sig_len = (size_t)(end - second - 1)};
    return ERR_OK;
}

/* RFC 7515 7.2.1 and 7.2.2. Members beyond those two forms are refused, not ignored, and so is an
 * unprotected header: the signature does not cover it. */
static enum err cut_json(const struct js *json, struct sealed *out)
{
    const struct js *payload, *list, *header, *protected, *sig;
    const struct js_member outer[] = {
        {"header", JS_OBJECT, false, 0, 0, &header},
        {"payload", JS_TEXT, true, 0, PART_MAX, &payload},
        {"protected", JS_TEXT, false, 0, PART_MAX, &protected},
        {"signature", JS_TEXT, false, 0, PART_MAX, &sig},
        {"signatures", JS_ARRAY, false, 1, 1, &list},
    };
    const struct js_member inner[] = {
        {"header", JS_OBJECT, false, 0, 0, &header},
        {"protected", JS_TEXT, false, 0, PART_MAX, &protected},
        {"signature", JS_TEXT, false, 0, PART_MAX, &sig},
    };

    if (js_members(json, outer, sizeof outer / sizeof outer[0], NULL) != ERR_OK ||
        (list && (header || protected || sig)))
        return ERR_JWS_MALFORMED;
    if (list && js_members(js_at(list, 0), inner, sizeof inner / sizeof inner[0], NULL) != ERR_OK)
        return ERR_JWS_MALFORMED;
    if (!sig)
        return ERR_JWS_MALFORMED;
    if (header || !protected)
        return ERR_JWS_HEADER;
    out->header = js_text(protected, &out->header_len);
    out->payload = js_text(payload, &out->payload_len);
    out->sig = js_text(sig, &out->sig_len);
    return ERR_OK;
}

/* JWS Signing Input, RFC 7515 5.1: a compact text has it ready, the JSON forms do not. */
static enum err join_input(const struct sealed *s, struct buf *out)
{
    enum err e = buf_add(out, s->header, s->header_len);

    if (e == ERR_OK)
        e = buf_add_byte(out, '.');
    return e == ERR_OK ? buf_add(out, s->payload, s->payload_len) : e;
}

/* --- verifying --- */

/* No part is judged before all three are known to be base64url, FORMAT.md section 2; the payload is
 * decoded when the signature is known to be good. */
static enum err decode_parts(const struct sealed *s, bool statement, struct jws_parts *out)
{
    struct buf header = BUF_INIT(JWS_MAX);
    enum err e = text_unb64url(s->header, s->header_len, &header);

    if (e == ERR_OK)
        e = text_check_b64url(s->payload, s->payload_len);
    if (e == ERR_OK)
        e = decode_sig(s->sig, s->sig_len, out->sig, &out->sig_len);
    if (e == ERR_OK)
        e = judge_header(&header, statement, &out->header);
    out->payload_b64 = s->payload;
    out->payload_b64_len = s->payload_len;
    buf_free(&header);
    return e;
}

static enum err verify_parts(const struct jws_parts *parts, const struct key *key,
                             struct buf *payload)
{
    enum err e =
        key_verify(key, parts->signing_input, parts->signing_input_len, parts->sig, parts->sig_len);

    return e == ERR_OK ? text_unb64url(parts->payload_b64, parts->payload_b64_len, payload) : e;
}

static bool is_json(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && strchr(" \t\r\n", text[i]) && text[i])
        i++;
    return i < len && text[i] == '{';
}

enum err jws_verify(const char *text, size_t len, const struct key *key, struct buf *payload)
{
    struct buf input = BUF_INIT(JWS_MAX);
    struct jws_parts parts = {0};
    struct sealed sealed = {0};
    struct js *json = NULL;
    enum err e;

    if (len > JWS_MAX)
        return ERR_TOO_LARGE;
    if (is_json(text, len)) {
        e = js_parse(text, len, &json);
        if (e == ERR_OK)
            e = cut_json(json, &sealed);
    } else {
        e = cut_compact(text, len, &sealed);
    }
    if (e == ERR_OK)
        e = decode_parts(&sealed, false, &parts);
    if (e == ERR_OK && parts.header.alg != key_algorithm(key))
        e = ERR_JWS_ALGORITHM;
    if (e == ERR_OK)
        e = join_input(&sealed, &input);
    if (e == ERR_OK) {
        parts.signing_input = buf_str(&input);
        parts.signing_input_len = input.len;
        e = verify_parts(&parts, key, payload);
    }
    js_free(json);
    buf_free(&input);
    return e;
}

/* --- statements --- */

static bool is_thumbprint(const char *kid)
{
    uint8_t digest[DIGEST_LEN];

    return text_unb64url_exact(kid, strlen(kid), digest, sizeof digest) == ERR_OK;
}

enum err jws_split(const char *text, size_t len, struct jws_parts *out)
{
    struct sealed sealed;
    struct jws_parts parts = {0};
    enum err e;

    memset(out, 0, sizeof *out);
    if (len > JWS_MAX)
        return ERR_TOO_LARGE;
    e = cut_compact(text, len, &sealed);
    if (e == ERR_OK)
        e = decode_parts(&sealed, true, &parts);
    if (e != ERR_OK)
        return e;
    if (parts.header.cty[0] || !parts.header.typ[0] || !is_thumbprint(parts.header.kid))
        return ERR_JWS_HEADER;
    parts.signing_input = text;
    parts.signing_input_len = sealed.header_len + 1 + sealed.payload_len;
    *out = parts;
    return ERR_OK;
}

enum err jws_verify_statement(const struct jws_parts *parts, const char *typ, const struct key *key,
                              struct buf *payload)
{
    if (strcmp(parts->header.typ, typ) != 0)
        return ERR_JWS_TYPE;
    if (strcmp(parts->header.kid, key_thumbprint(key)) != 0)
        return ERR_KEY_MISMATCH;
    if (parts->header.alg != key_algorithm(key))
        return ERR_JWS_ALGORITHM;
    return verify_parts(parts, key, payload);
}

/* --- making --- */

static enum err add_header(const struct key *key, const char *typ, struct buf *out)
{
    struct buf text = BUF_INIT(JWS_MAX);
    struct doc header = {0};
    enum err e;

    doc_object(&header);
    doc_text(&header, "alg", key_alg_name(key_algorithm(key)));
    doc_text(&header, "kid", key_thumbprint(key));
    doc_text(&header, "typ", typ);
    e = doc_canon(&header, &text);
    if (e == ERR_OK)
        e = text_b64url_add(out, text.data, text.len);
    doc_free(&header);
    buf_free(&text);
    return e;
}

static enum err check_length(const struct key *key, size_t sig_len)
{
    bool fits = sig_len == key_alg_signature_len(key_algorithm(key));

    return fits ? ERR_OK : ERR_SIGNATURE_INVALID;
}

enum err jws_sign(const struct key *key, const void *message, size_t len, jws_sign_fn sign,
                  void *ctx, uint8_t sig[static KEY_SIGNATURE_MAX], size_t *sig_len)
{
    uint8_t hash[KEY_HASH_MAX];
    size_t hash_len;
    enum err e = key_hash(key_algorithm(key), message, len, hash, &hash_len);

    *sig_len = 0;
    if (e == ERR_OK)
        e = sign(ctx, hash, hash_len, sig, KEY_SIGNATURE_MAX, sig_len);
    return e == ERR_OK ? check_length(key, *sig_len) : e;
}

enum err jws_begin(const struct key *key, const char *typ, const void *payload, size_t payload_len,
                   struct jws_draft *out)
{
    enum err e;

    *out = (struct jws_draft){.text = BUF_INIT(JWS_MAX)};
    e = add_header(key, typ, &out->text);
    if (e == ERR_OK)
        e = buf_add_byte(&out->text, '.');
    if (e == ERR_OK)
        e = text_b64url_add(&out->text, payload, payload_len);
    if (e == ERR_OK)
        e = key_hash(key_algorithm(key), out->text.data, out->text.len, out->hash, &out->hash_len);
    return e;
}

enum err jws_end(const struct key *key, const struct jws_draft *draft, const uint8_t *sig,
                 size_t sig_len, struct buf *out)
{
    struct buf text = BUF_INIT(JWS_MAX);
    enum err e = check_length(key, sig_len);

    if (e == ERR_OK)
        e = buf_add(&text, draft->text.data, draft->text.len);
    if (e == ERR_OK)
        e = buf_add_byte(&text, '.');
    if (e == ERR_OK)
        e = text_b64url_add(&text, sig, sig_len);
    if (e == ERR_OK)
        e = buf_add(out, text.data, text.len);
    buf_free(&text);
    return e;
}

enum err jws_make(const struct key *key, const char *typ, const void *payload, size_t payload_len,
                  jws_sign_fn sign, void *ctx, struct buf *out)
{
    struct jws_draft draft;
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len = 0;
    enum err e = jws_begin(key, typ, payload, payload_len, &draft);

    if (e == ERR_OK)
        e = sign(ctx, draft.hash, draft.hash_len, sig, sizeof sig, &sig_len);
    if (e == ERR_OK)
        e = jws_end(key, &draft, sig, sig_len, out);
    buf_free(&draft.text);
    return e;
}
