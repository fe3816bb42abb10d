/* SPDX-License-Identifier: Apache-2.0 */
#include "order/bundle_inner.h"

#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/policy.h"
#include "order/statement.h"
#include <string.h>

/* --- one element: its form, and what gives it its place --- */

static enum err set_place(struct bundle_item *item, const char *first, const char *second)
{
    return buf_addf(&item->place, "%s/%s", first, second);
}

static enum err read_challenge_members(const struct js *value, struct bundle_challenge *out)
{
    const struct js *challenge, *expires, *issued, *thumbprint;
    const struct js_member table[] = {
        MEMBER_TEXT("challenge", true, &challenge),
        MEMBER_TEXT("expires", true, &expires),
        MEMBER_TEXT("issued", true, &issued),
        MEMBER_TEXT("thumbprint", true, &thumbprint),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(challenge, forms_nonce, out->challenge, sizeof out->challenge);
    if (e == ERR_OK)
        e = member_time(expires, &out->expires_us);
    if (e == ERR_OK)
        e = member_time(issued, &out->issued_us);
    if (e == ERR_OK)
        e = member_text(thumbprint, forms_thumbprint, out->thumbprint, sizeof out->thumbprint);
    return e == ERR_OK && out->expires_us <= out->issued_us ? ERR_DOC_MEMBER_INVALID : e;
}

static enum err read_challenge(const struct bundle *b, const struct js *value,
                               struct bundle_item *item)
{
    struct bundle_challenge c;
    enum err e = read_challenge_members(value, &c);

    (void)b;
    return e == ERR_OK ? set_place(item, c.thumbprint, c.challenge) : e;
}

/* Without the order, which is found in the bundle by its digest. */
static enum err read_decision_members(const struct js *value, struct jws_parts *parts,
                                      const char **jws, uint8_t order[static DIGEST_LEN])
{
    const struct js *decision, *digest;
    const struct js_member table[] = {MEMBER_TEXT("decision", true, &decision),
                                      MEMBER_TEXT("order", true, &digest)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);
    size_t len = 0;

    if (e == ERR_OK)
        e = member_digest(digest, order);
    if (e != ERR_OK)
        return e;
    *jws = js_text(decision, &len);
    e = jws_split(*jws, len, parts);
    if (e == ERR_OK && strcmp(parts->header.typ, statement_typ(STATEMENT_DECISION)) != 0)
        e = ERR_JWS_TYPE;
    return e;
}

static enum err read_decision(const struct bundle *b, const struct js *value,
                              struct bundle_item *item)
{
    char digest[DIGEST_TEXT_LEN + 1];
    struct jws_parts parts;
    const char *jws = NULL;
    enum err e = read_decision_members(value, &parts, &jws, item->order);

    (void)b;
    text_hex(item->order, DIGEST_LEN, digest);
    return e == ERR_OK ? set_place(item, digest, jws) : e;
}

static enum err parse_key(const struct js *value, struct key **out)
{
    uint8_t spki[KEY_SPKI_MAX];
    size_t len = 0;
    enum err e = js_type(value) == JS_TEXT ? member_bytes(value, spki, sizeof spki, &len)
                                           : ERR_DOC_MEMBER_INVALID;

    return e == ERR_OK ? key_from_spki(spki, len, out) : e;
}

static enum err read_key(const struct bundle *b, const struct js *value, struct bundle_item *item)
{
    struct key *key = NULL;
    enum err e = parse_key(value, &key);

    (void)b;
    if (e == ERR_OK)
        e = buf_add_str(&item->place, key_thumbprint(key));
    key_free(key);
    return e;
}

static enum err read_order_members(const struct js *value, struct order *out, struct buf *bytes,
                                   uint8_t policy[static DIGEST_LEN])
{
    const struct js *order, *digest;
    const struct js_member table[] = {MEMBER_OBJECT("order", true, &order),
                                      MEMBER_TEXT("policy", true, &digest)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_digest(digest, policy);
    return e == ERR_OK ? order_from_js(order, out, bytes) : e;
}

static enum err read_order(const struct bundle *b, const struct js *value, struct bundle_item *item)
{
    struct order order;
    enum err e = read_order_members(value, &order, NULL, item->policy);

    if (e == ERR_OK && strcmp(order.bank, b->bank) != 0)
        e = ERR_BANK_MISMATCH;
    if (e != ERR_OK)
        return e;
    memcpy(item->order, order.digest, DIGEST_LEN);
    return set_place(item, order.account, order.id);
}

static enum err read_policy(const struct bundle *b, const struct js *value,
                            struct bundle_item *item)
{
    char digest[DIGEST_TEXT_LEN + 1];
    struct policy *policy = NULL;
    enum err e = policy_from_js(value, &policy);

    if (e == ERR_OK && strcmp(policy_bank(policy), b->bank) != 0)
        e = ERR_BANK_MISMATCH;
    if (e == ERR_OK) {
        memcpy(item->policy, policy_digest(policy), DIGEST_LEN);
        text_hex(item->policy, DIGEST_LEN, digest);
        e = buf_add_str(&item->place, digest);
    }
    policy_free(policy);
    return e;
}

const struct bundle_row bundle_rows[BUNDLE_SETS] = {
    [BUNDLE_CHALLENGES] = {"challenges", BUNDLE_CHALLENGES_MAX, read_challenge,
                           ERR_BUNDLE_CHALLENGE_CONFLICT},
    [BUNDLE_DECISIONS] = {"decisions", BUNDLE_DECISIONS_MAX, read_decision, ERR_INTERNAL},
    [BUNDLE_KEYS] = {"keys", BUNDLE_KEYS_MAX, read_key, ERR_INTERNAL},
    [BUNDLE_ORDERS] = {"orders", BUNDLE_ORDERS_MAX, read_order, ERR_BUNDLE_ORDER_CONFLICT},
    [BUNDLE_POLICIES] = {"policies", BUNDLE_POLICIES_MAX, read_policy, ERR_INTERNAL},
};

/* --- elements, one at a time --- */

/* Frees DOC. */
static enum err add_doc(struct bundle *b, enum bundle_set set, struct doc *doc)
{
    struct buf text = BUF_INIT(0);
    struct js *value = NULL;
    enum err e = doc_canon(doc, &text);

    if (e == ERR_OK)
        e = js_parse(text.data, text.len, &value);
    if (e == ERR_OK)
        e = bundle_add_value(b, set, value);
    js_free(value);
    buf_free(&text);
    doc_free(doc);
    return e;
}

static enum err value_at(const struct bundle *b, enum bundle_set set, size_t i, struct js **out)
{
    const struct buf *text = &b->sets[set].at[i].text;

    return js_parse(text->data, text->len, out);
}

enum err bundle_add_challenge(struct bundle *b, const struct bundle_challenge *c)
{
    struct doc doc = {0};

    doc_object(&doc);
    doc_text(&doc, "challenge", c->challenge);
    doc_time(&doc, "expires", c->expires_us);
    doc_time(&doc, "issued", c->issued_us);
    doc_text(&doc, "thumbprint", c->thumbprint);
    return add_doc(b, BUNDLE_CHALLENGES, &doc);
}

enum err bundle_challenge_at(const struct bundle *b, size_t i, struct bundle_challenge *out)
{
    struct js *value = NULL;
    enum err e = value_at(b, BUNDLE_CHALLENGES, i, &value);

    if (e == ERR_OK)
        e = read_challenge_members(value, out);
    js_free(value);
    return e;
}

enum err bundle_add_key(struct bundle *b, const struct key *key)
{
    struct js *holder = NULL;
    size_t len = 0;
    const uint8_t *spki = key_spki(key, &len);
    enum err e = js_object_new(&holder);

    if (e == ERR_OK)
        e = member_set_bytes(holder, "spki", spki, len);
    if (e == ERR_OK)
        e = bundle_add_value(b, BUNDLE_KEYS, js_get(holder, "spki"));
    js_free(holder);
    return e;
}

enum err bundle_find_key(const struct bundle *b, const char *thumbprint, struct key **out)
{
    struct js *value = NULL;
    bool found = false;
    size_t at = bundle_find(&b->sets[BUNDLE_KEYS], thumbprint, &found);

    *out = NULL;
    enum err e = found ? value_at(b, BUNDLE_KEYS, at, &value) : ERR_KEY_UNKNOWN;
    if (e == ERR_OK)
        e = parse_key(value, out);
    js_free(value);
    return e;
}

enum err bundle_add_order(struct bundle *b, const struct buf *order, const struct policy *policy)
{
    struct doc doc = {0};
    struct js *value = NULL;
    size_t len = 0;
    const char *bytes = policy_bytes(policy, &len);
    enum err e = js_parse(bytes, len, &value);

    if (e == ERR_OK)
        e = bundle_add_value(b, BUNDLE_POLICIES, value);
    js_free(value);
    if (e != ERR_OK)
        return e;
    doc_object(&doc);
    doc_canonical(&doc, "order", order->data, order->len);
    doc_digest(&doc, "policy", policy_digest(policy));
    return add_doc(b, BUNDLE_ORDERS, &doc);
}

static enum err policy_with(const struct bundle *b, const uint8_t digest[static DIGEST_LEN],
                            struct policy **out)
{
    char place[DIGEST_TEXT_LEN + 1];
    struct js *value = NULL;
    bool found = false;

    text_hex(digest, DIGEST_LEN, place);
    size_t at = bundle_find(&b->sets[BUNDLE_POLICIES], place, &found);
    enum err e = found ? value_at(b, BUNDLE_POLICIES, at, &value) : ERR_POLICY_MISMATCH;
    if (e == ERR_OK)
        e = policy_from_js(value, out);
    js_free(value);
    return e;
}

enum err bundle_order_at(const struct bundle *b, size_t i, struct order *out, struct buf *bytes,
                         struct policy **policy)
{
    uint8_t digest[DIGEST_LEN];
    struct js *value = NULL;
    enum err e = value_at(b, BUNDLE_ORDERS, i, &value);

    *policy = NULL;
    if (e == ERR_OK)
        e = read_order_members(value, out, bytes, digest);
    if (e == ERR_OK)
        e = policy_with(b, digest, policy);
    js_free(value);
    return e;
}

enum err bundle_add_decision(struct bundle *b, const void *signed_bytes, size_t len)
{
    struct doc doc = {0};
    struct order order;
    struct js *value = NULL;
    enum err e = js_parse(signed_bytes, len, &value);

    if (e == ERR_OK)
        e = order_from_js(js_get(value, "order"), &order, NULL);
    if (e == ERR_OK) {
        doc_object(&doc);
        doc_text(&doc, "decision", js_member_text(value, "decision"));
        doc_digest(&doc, "order", order.digest);
        e = add_doc(b, BUNDLE_DECISIONS, &doc);
    }
    js_free(value);
    return e;
}

static enum err find_order(const struct bundle *b, const uint8_t digest[static DIGEST_LEN],
                           size_t *out)
{
    const struct bundle_items *orders = &b->sets[BUNDLE_ORDERS];

    for (*out = 0; *out < orders->count; (*out)++) {
        if (memcmp(orders->at[*out].order, digest, DIGEST_LEN) == 0)
            return ERR_OK;
    }
    return ERR_ORDER_MISMATCH;
}

static enum err read_said(const struct jws_parts *parts, struct decision *out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    enum err e = text_unb64url(parts->payload_b64, parts->payload_b64_len, &payload);

    if (e == ERR_OK)
        e = decision_parse(payload.data, payload.len, out);
    buf_free(&payload);
    return e;
}

enum err bundle_decision_at(const struct bundle *b, size_t i, struct bundle_decision *out)
{
    uint8_t digest[DIGEST_LEN];
    struct jws_parts parts;
    const char *jws = NULL;
    struct js *value = NULL;

    *out = (struct bundle_decision){.jws = BUF_INIT(JWS_MAX)};
    enum err e = value_at(b, BUNDLE_DECISIONS, i, &value);
    if (e == ERR_OK)
        e = read_decision_members(value, &parts, &jws, digest);
    if (e == ERR_OK)
        e = find_order(b, digest, &out->order);
    if (e == ERR_OK)
        e = read_said(&parts, &out->said);
    if (e == ERR_OK) {
        memcpy(out->signer, parts.header.kid, sizeof out->signer);
        e = buf_add_str(&out->jws, jws);
    }
    js_free(value);
    return e;
}

enum err bundle_signed_at(const struct bundle *b, size_t i, struct buf *out)
{
    struct buf bytes = BUF_INIT(ORDER_MAX);
    struct doc doc = {0};
    struct bundle_decision d;
    struct policy *policy = NULL;
    struct order order;
    enum err e = bundle_decision_at(b, i, &d);

    if (e == ERR_OK)
        e = bundle_order_at(b, d.order, &order, &bytes, &policy);
    if (e == ERR_OK) {
        doc_object(&doc);
        doc_text(&doc, "decision", buf_str(&d.jws));
        doc_canonical(&doc, "order", bytes.data, bytes.len);
        e = doc_canon(&doc, out);
    }
    doc_free(&doc);
    policy_free(policy);
    buf_free(&d.jws);
    buf_free(&bytes);
    return e;
}
