/* SPDX-License-Identifier: Apache-2.0
 * A bundle as full as it may be: eight people's decisions by batch on each of 1,024 long orders. */
#include "order/doc.h"
#include "order/jws.h"
#include "order/policy.h"
#include "tests/order/bundle_desk.h"

#include <stdio.h>
#include <string.h>

#define PEOPLE (BUNDLE_DECISIONS_MAX / BUNDLE_ORDERS_MAX)

static const char order_text[] =
    "{\"account\":\"" ACCOUNT "\",\"amount\":\"77.78\",\"bank\":\"" BANK "\",\"created\":"
    "\"2026-11-22T10:00:00Z\",\"creditor\":{\"account\":\"PT30001800034567890123449\",\"address\":"
    "{\"country\":\"PT\",\"postcode\":\"%.16s\",\"street\":\"%.70s\",\"town\":\"%.35s\"},\"name\":"
    "\"%.140s\"},\"currency\":\"EUR\",\"date\":\"2026-11-22\",\"description\":\"%.140s\","
    "\"expires\":\"2026-12-04T10:00:00Z\",\"id\":\"019aab1e-d900-7c3f-8a5b-%012x\","
    "\"type\":\"payment-order\",\"version\":1}";

struct full {
    struct buf orders[BUNDLE_ORDERS_MAX];
    struct batch said;
    struct batch_tree *tree;
};

static void add_orders(const struct desk *d, struct full *f, struct bundle *b)
{
    static struct merkle_hash leaves[BUNDLE_ORDERS_MAX];
    char word[141];

    memset(word, 'N', sizeof word - 1);
    word[sizeof word - 1] = 0;
    for (unsigned i = 0; i < BUNDLE_ORDERS_MAX; i++) {
        struct order order;
        f->orders[i] = (struct buf){0};
        assert_ok(buf_addf(&f->orders[i], order_text, word, word, word, word, word, i));
        assert_ok(order_parse(f->orders[i].data, f->orders[i].len, &order));
        assert_ok(batch_add(&f->said, &order));
        assert_ok(batch_leaf(&order, d->policy, &leaves[i]));
        assert_ok(bundle_add_order(b, &f->orders[i], d->policy));
    }
    assert_ok(batch_tree_make(leaves, BUNDLE_ORDERS_MAX, &f->tree));
    assert_ok(batch_tree_root(f->tree, f->said.root));
}

static void add_line(struct full *f, struct bundle *b, const struct buf *jws, unsigned i)
{
    struct doc line = {0}, place = {0};
    struct batch_inclusion inclusion;
    struct buf body = {0};

    assert_ok(batch_tree_place(f->tree, i, &inclusion));
    batch_inclusion_write(&inclusion, &place);
    doc_object(&line);
    doc_text(&line, "decision", buf_str(jws));
    doc_put(&line, "inclusion", &place);
    doc_canonical(&line, "order", f->orders[i].data, f->orders[i].len);
    assert_ok(doc_canon(&line, &body));
    doc_free(&line);
    assert_ok(bundle_add_decision(b, body.data, body.len));
    buf_free(&body);
}

/* The key with the longest signatures. */
static void add_person(const struct desk *d, struct full *f, struct bundle *b)
{
    struct soft_key *key = soft_key_new(KEY_ES512);
    struct bundle_challenge c = desk_challenge(key, 1);
    struct buf payload = {0}, jws = {0};

    f->said.head.issued_us = c.issued_us;
    f->said.head.expires_us = c.expires_us;
    memcpy(f->said.head.challenge, c.challenge, sizeof c.challenge);
    memcpy(f->said.head.nonce, c.challenge, sizeof c.challenge);
    assert_ok(batch_make(&f->said, d->policy, &payload));
    assert_ok(jws_make(soft_key_public(key), statement_typ(STATEMENT_BATCH_DECISION), payload.data,
                       payload.len, soft_key_sign, key, &jws));
    for (unsigned i = 0; i < BUNDLE_ORDERS_MAX; i++)
        add_line(f, b, &jws, i);
    assert_ok(bundle_add_challenge(b, &c));
    assert_ok(bundle_add_key(b, soft_key_public(key)));
    buf_free(&payload);
    buf_free(&jws);
    soft_key_free(key);
}

static void assert_room(const struct bundle *b)
{
    for (size_t i = 0; i < b->sets[BUNDLE_DECISIONS].count; i++)
        assert_true(b->sets[BUNDLE_DECISIONS].at[i].text.len < BUNDLE_DECISION_BYTES);
}

static void test_all_that_may_be_in_it_fits(void **state)
{
    static struct full f;
    struct bundle b = desk_empty(), back;
    struct buf bytes = BUF_INIT(BUNDLE_MAX), again = BUF_INIT(BUNDLE_MAX);

    snprintf(f.said.head.bank, sizeof f.said.head.bank, "%s", BANK);
    snprintf(f.said.account, sizeof f.said.account, "%s", ACCOUNT);
    add_orders(*state, &f, &b);
    for (unsigned i = 0; i < PEOPLE; i++) {
        /* The next one's signature is never refused for want of room (signer/bundle_sign.c). */
        desk_write(&b, &bytes);
        assert_true(bytes.len + BUNDLE_ORDERS_MAX * BUNDLE_DECISION_BYTES <= BUNDLE_MAX);
        add_person(*state, &f, &b);
    }
    assert_room(&b);
    desk_write(&b, &bytes);
    assert_ok(bundle_parse(bytes.data, bytes.len, &back));
    assert_int_equal(back.sets[BUNDLE_DECISIONS].count, BUNDLE_DECISIONS_MAX);
    desk_write(&back, &again);
    assert_same(&bytes, &again);
    for (unsigned i = 0; i < BUNDLE_ORDERS_MAX; i++)
        buf_free(&f.orders[i]);
    batch_tree_free(f.tree);
    bundle_free(&b);
    bundle_free(&back);
    buf_free(&bytes);
    buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_that_may_be_in_it_fits)};
    return cmocka_run_group_tests(tests, desk_begin, desk_end);
}
