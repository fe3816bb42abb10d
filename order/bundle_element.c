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
    if (e != ERR_OK)
        return e;
    int64_t lasts_us = out->expires_us - out->issued_us;
    return lasts_us > 0 && lasts_us <= STATEMENT_CHALLENGE_US ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err read_challenge(const struct bundle *b, const struct js *value,
                               struct bundle_item *item)
{
    struct bundle_challenge c;
    enum err e = read_challenge_members(value, &c);

    (void)b;
    return e == ERR_OK ? set_place(item, c.thumbprint, c.challenge) : e;
}

/* A decision without its order, which is found in the bundle by its digest. */
struct said {
    const char *jws;
    struct jws_parts parts;
    const struct js *inclusion; /* NULL: the order by itself */
    uint8_t order[DIGEST_LEN];
};

static enum err check_typ(const struct said *s)
{
    enum statement_kind kind = s->inclusion ? STATEMENT_BATCH_DECISION : STATEMENT_DECISION;

    return strcmp(s->parts.header.typ, statement_typ(kind)) == 0 ? ERR_OK : ERR_JWS_TYPE;
}

static enum err read_decision_members(const struct js *value, struct said *out)
{
    const struct js *decision, *digest;
    const struct js_member table[] = {MEMBER_TEXT("decision", true, &decision),
                                      MEMBER_OBJECT("inclusion", false, &out->inclusion),
                                      MEMBER_TEXT("order", true, &digest)};
    struct batch_inclusion inclusion;
    size_t len = 0;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_digest(digest, out->order);
    if (e == ERR_OK && out->inclusion)
        e = batch_inclusion_read(out->inclusion, &inclusion);
    if (e != ERR_OK)
        return e;
    out->jws = js_text(decision, &len);
    e = jws_split(out->jws, len, &out->parts);
    return e == ERR_OK ? check_typ(out) : e;
}

/* Its place is all that it is. */
static enum err read_decision(const struct bundle *b, const struct js *value,
                              struct bundle_item *item)
{
    char digest[DIGEST_TEXT_LEN + 1];
    struct said said;
    enum err e = read_decision_members(value, &said);

    (void)b;
    if (e != ERR_OK)
        return e;
    memcpy(item->order, said.order, DIGEST_LEN);
    text_hex(item->order, DIGEST_LEN, digest);
    e = set_place(item, digest, said.jws);
    if (e == ERR_OK && said.inclusion)
        e = buf_add_byte(&item->place, '/');
    return e == ERR_OK && said.inclusion ? js_canon(said.inclusion, &item->place) : e;
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
    struct buf inclusion = BUF_INIT(0);
    enum err e = js_parse(signed_bytes, len, &value);

    if (e == ERR_OK)
        e = order_from_js(js_get(value, "order"), &order, NULL);
    if (e == ERR_OK && js_get(value, "inclusion"))
        e = js_canon(js_get(value, "inclusion"), &inclusion);
    if (e == ERR_OK) {
        doc_object(&doc);
        doc_text(&doc, "decision", js_member_text(value, "decision"));
        if (inclusion.len > 0)
            doc_canonical(&doc, "inclusion", inclusion.data, inclusion.len);
        doc_digest(&doc, "order", order.digest);
        e = add_doc(b, BUNDLE_DECISIONS, &doc);
    }
    js_free(value);
    buf_free(&inclusion);
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

bool bundle_is_of_account(const struct bundle_item *order, const char *account)
{
    size_t len = strlen(account);

    return strncmp(buf_str(&order->place), account, len) == 0 && order->place.data[len] == '/';
}

/* Only what it says of its order: whether the key said so is for who uses it. */
static enum err check_about(const struct bundle_item *order, const struct decision *d)
{
    const char *id = strrchr(buf_str(&order->place), '/');

    if (!bundle_is_of_account(order, d->account) || strcmp(id + 1, d->order) != 0 ||
        memcmp(d->order_digest, order->order, DIGEST_LEN) != 0)
        return ERR_ORDER_MISMATCH;
    return memcmp(d->policy_digest, order->policy, DIGEST_LEN) == 0 ? ERR_OK : ERR_POLICY_MISMATCH;
}

static enum err take_single(const struct bundle *b, const struct buf *payload,
                            const struct bundle_item *order, struct bundle_decision *out)
{
    struct decision d;
    enum err e = decision_parse(payload->data, payload->len, &d);

    if (e != ERR_OK)
        return e;
    out->head = d.head;
    out->verb = d.verb;
    return strcmp(d.head.bank, b->bank) == 0 ? check_about(order, &d) : ERR_BANK_MISMATCH;
}

/* Whether the order is in the batch is not seen before it is verified. */
static enum err take_batch(const struct bundle *b, const struct buf *payload,
                           const struct bundle_item *order, struct bundle_decision *out)
{
    struct batch batch;
    enum err e = batch_parse(payload->data, payload->len, &batch);

    if (e != ERR_OK)
        return e;
    out->head = batch.head;
    out->verb = VERB_APPROVE;
    if (strcmp(batch.head.bank, b->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (!bundle_is_of_account(order, batch.account))
        return ERR_ORDER_MISMATCH;
    return memcmp(batch.policy_digest, order->policy, DIGEST_LEN) == 0 ? ERR_OK
                                                                       : ERR_POLICY_MISMATCH;
}

static enum err take_said(const struct bundle *b, const struct said *said,
                          struct bundle_decision *out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    const struct bundle_item *order = &b->sets[BUNDLE_ORDERS].at[out->order];
    const struct jws_parts *parts = &said->parts;
    enum err e = text_unb64url(parts->payload_b64, parts->payload_b64_len, &payload);

    out->by_batch = said->inclusion != NULL;
    if (e == ERR_OK && out->by_batch)
        e = batch_inclusion_read(said->inclusion, &out->inclusion);
    if (e == ERR_OK)
        e = out->by_batch ? take_batch(b, &payload, order, out)
                          : take_single(b, &payload, order, out);
    if (e == ERR_OK)
        memcpy(out->signer, parts->header.kid, sizeof out->signer);
    buf_free(&payload);
    return e == ERR_OK ? buf_add_str(&out->jws, said->jws) : e;
}

enum err bundle_decision_at(const struct bundle *b, size_t i, struct bundle_decision *out)
{
    struct said said;
    struct js *value = NULL;

    *out = (struct bundle_decision){.jws = BUF_INIT(JWS_MAX)};
    enum err e = value_at(b, BUNDLE_DECISIONS, i, &value);
    if (e == ERR_OK)
        e = read_decision_members(value, &said);
    if (e == ERR_OK)
        e = find_order(b, said.order, &out->order);
    if (e == ERR_OK)
        e = take_said(b, &said, out);
    js_free(value);
    return e;
}

enum err bundle_signed_at(const struct bundle *b, size_t i, struct buf *out)
{
    struct buf bytes = BUF_INIT(ORDER_MAX);
    struct doc doc = {0}, inclusion = {0};
    struct bundle_decision d;
    struct policy *policy = NULL;
    struct order order;
    enum err e = bundle_decision_at(b, i, &d);

    if (e == ERR_OK)
        e = bundle_order_at(b, d.order, &order, &bytes, &policy);
    if (e == ERR_OK) {
        doc_object(&doc);
        doc_text(&doc, "decision", buf_str(&d.jws));
        if (d.by_batch) {
            batch_inclusion_write(&d.inclusion, &inclusion);
            doc_put(&doc, "inclusion", &inclusion);
        }
        doc_canonical(&doc, "order", bytes.data, bytes.len);
        e = doc_canon(&doc, out);
    }
    doc_free(&doc);
    policy_free(policy);
    buf_free(&d.jws);
    buf_free(&bytes);
    return e;
}
