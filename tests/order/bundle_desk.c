/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/order/bundle_desk.h"

#include "base/text.h"
#include "order/doc.h"
#include "order/jws.h"
#include "order/policy.h"
#include "order/statement.h"
#include <stdio.h>
#include <string.h>

static const char policy_text[] =
    "{\"account\":\"" ACCOUNT "\",\"bank\":\"" BANK "\",\"holders\":[{\"class\":\"A\",\"id\":"
    "\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}],\"rules\":[{\"require\":\"all\"}],\"title\":"
    "\"Household: "
    "both\",\"type\":\"policy\",\"validFrom\":\"2026-11-01T00:00:00Z\",\"version\":%d}";

static const char order_text[] =
    "{\"account\":\"" ACCOUNT "\",\"amount\":\"%s\",\"bank\":\"%s\",\"created\":"
    "\"2026-11-22T10:00:00Z\",\"creditor\":{\"account\":\"PT30001800034567890123449\",\"name\":"
    "\"EDP Comercial\"},\"currency\":\"EUR\",\"date\":\"2026-11-22\",\"description\":\"Bill\","
    "\"expires\":\"2026-12-04T10:00:00Z\",\"id\":\"019aab1e-d900-7c3f-8a5b-0123456789a%d\","
    "\"type\":\"payment-order\",\"version\":1}";

void desk_order(const char *amount, const char *bank, int number, struct buf *out)
{
    assert_ok(buf_addf(out, order_text, amount, bank, number));
}

int desk_begin(void **state)
{
    static struct desk d;
    char text[1024];

    d.alice = soft_key_new(KEY_ES256);
    d.bob = soft_key_new(KEY_ES384);
    snprintf(text, sizeof text, policy_text, 1);
    assert_ok(policy_parse(text, strlen(text), &d.policy));
    snprintf(text, sizeof text, policy_text, 2);
    assert_ok(policy_parse(text, strlen(text), &d.newer));
    for (int i = 0; i < ORDERS; i++)
        desk_order("77.78", BANK, i, &d.orders[i]);
    *state = &d;
    return 0;
}

int desk_end(void **state)
{
    struct desk *d = *state;

    soft_key_free(d->alice);
    soft_key_free(d->bob);
    policy_free(d->policy);
    policy_free(d->newer);
    for (int i = 0; i < ORDERS; i++)
        buf_free(&d->orders[i]);
    return 0;
}

struct bundle desk_empty(void)
{
    struct bundle b = {.bank = BANK};
    return b;
}

struct bundle_challenge desk_challenge(const struct soft_key *k, int number)
{
    struct bundle_challenge c = {.issued_us = 1795341600 * TEXT_SECOND_US};
    uint8_t random[16] = {(uint8_t)number};

    c.expires_us = c.issued_us + 3600 * TEXT_SECOND_US;
    snprintf(c.thumbprint, sizeof c.thumbprint, "%s", key_thumbprint(soft_key_public(k)));
    forms_make_nonce(random, c.challenge);
    return c;
}

void desk_decide(const struct desk *d, struct soft_key *k, int number, const char *bank,
                 const struct buf *other, struct buf *out)
{
    struct statement head = {.issued_us = 1795341600 * TEXT_SECOND_US};
    struct buf payload = {0}, jws = {0}, said = {0};
    struct doc doc = {0};
    struct order order;

    head.expires_us = head.issued_us + 60 * TEXT_SECOND_US;
    snprintf(head.nonce, sizeof head.nonce, "AAECAwQFBgcICQoLDA0ODw");
    assert_ok(order_parse(d->orders[number].data, d->orders[number].len, &order));
    snprintf(order.bank, sizeof order.bank, "%s", bank);
    assert_ok(decision_make(&order, d->policy, VERB_APPROVE, &head, &payload));
    assert_ok(jws_make(soft_key_public(k), statement_typ(STATEMENT_DECISION), payload.data,
                       payload.len, soft_key_sign, k, &jws));
    if (!other)
        other = &d->orders[number];
    doc_object(&doc);
    doc_text(&doc, "decision", buf_str(&jws));
    doc_canonical(&doc, "order", other->data, other->len);
    assert_ok(doc_canon(&doc, out));
    doc_free(&doc);
    buf_free(&payload);
    buf_free(&jws);
    buf_free(&said);
}

void desk_add_decision(const struct desk *d, struct bundle *b, struct soft_key *k, int number)
{
    struct buf body = {0};

    desk_decide(d, k, number, BANK, NULL, &body);
    assert_ok(bundle_add_order(b, &d->orders[number], d->policy));
    assert_ok(bundle_add_decision(b, body.data, body.len));
    assert_ok(bundle_add_key(b, soft_key_public(k)));
    buf_free(&body);
}

void desk_write(const struct bundle *b, struct buf *out)
{
    buf_clear(out);
    assert_ok(bundle_write(b, out));
}

void assert_same(const struct buf *a, const struct buf *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

void desk_copy(const struct bundle *b, struct bundle *out)
{
    struct buf bytes = BUF_INIT(BUNDLE_MAX);

    desk_write(b, &bytes);
    assert_ok(bundle_parse(bytes.data, bytes.len, out));
    buf_free(&bytes);
}
