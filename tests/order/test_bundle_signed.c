/* SPDX-License-Identifier: Apache-2.0
 * What is signed in a bundle comes out of it as it went in, also what was signed by a batch. */
#include "base/text.h"
#include "order/batch.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/policy.h"
#include "tests/order/bundle_desk.h"

#include <string.h>

/* --- a batch: one JWS, each order with its place --- */

static enum err place_of(const struct batch_tree *tree, size_t i, struct doc *out)
{
    struct batch_inclusion place;
    enum err e = batch_tree_place(tree, i, &place);

    if (e == ERR_OK)
        batch_inclusion_write(&place, out);
    return e;
}

static void sign_batch(const struct desk *d, struct batch_tree **tree, struct buf *jws)
{
    struct batch b = {.head = {.bank = BANK, .nonce = "AAECAwQFBgcICQoLDA0ODw"},
                      .account = ACCOUNT};
    struct merkle_hash leaves[ORDERS];
    struct buf payload = {0};
    struct order order;

    b.head.issued_us = 1795341600 * TEXT_SECOND_US;
    b.head.expires_us = b.head.issued_us + 60 * TEXT_SECOND_US;
    for (int i = 0; i < ORDERS; i++) {
        assert_ok(order_parse(d->orders[i].data, d->orders[i].len, &order));
        assert_ok(batch_add(&b, &order));
        assert_ok(batch_leaf(&order, d->policy, &leaves[i]));
    }
    assert_ok(batch_tree_make(leaves, ORDERS, tree));
    assert_ok(batch_tree_root(*tree, b.root));
    assert_ok(batch_make(&b, d->policy, &payload));
    assert_ok(jws_make(soft_key_public(d->alice), statement_typ(STATEMENT_BATCH_DECISION),
                       payload.data, payload.len, soft_key_sign, d->alice, jws));
    buf_free(&payload);
}

/* One of ORDER with the place of PLACE; none where that is negative. */
static void batch_line(const struct desk *d, const struct batch_tree *tree, const struct buf *jws,
                       int order, int place, struct buf *out)
{
    struct doc doc = {0}, inclusion = {0};

    doc_object(&doc);
    doc_text(&doc, "decision", buf_str(jws));
    if (place >= 0) {
        assert_ok(place_of(tree, (size_t)place, &inclusion));
        doc_put(&doc, "inclusion", &inclusion);
    }
    doc_canonical(&doc, "order", d->orders[order].data, d->orders[order].len);
    buf_clear(out);
    assert_ok(doc_canon(&doc, out));
    doc_free(&doc);
}

static void test_a_batch_in_parts(void **state)
{
    const struct desk *d = *state;
    struct bundle one = desk_empty(), other = desk_empty();
    struct buf jws = {0}, line = {0}, back = {0};
    struct bundle_decision said;
    struct batch_tree *tree = NULL;

    sign_batch(d, &tree, &jws);
    for (int i = 0; i < ORDERS; i++) {
        struct bundle *b = i % 2 ? &one : &other;
        batch_line(d, tree, &jws, i, i, &line);
        assert_ok(bundle_add_order(b, &d->orders[i], d->policy));
        assert_ok(bundle_add_decision(b, line.data, line.len));
    }
    assert_ok(bundle_merge(&one, &other));
    assert_int_equal(one.sets[BUNDLE_DECISIONS].count, ORDERS);
    struct bundle read;
    desk_copy(&one, &read);
    for (size_t i = 0; i < ORDERS; i++) {
        assert_ok(bundle_decision_at(&read, i, &said));
        batch_line(d, tree, &jws, (int)said.order, (int)said.order, &line);
        buf_clear(&back);
        assert_ok(bundle_signed_at(&read, i, &back));
        assert_same(&line, &back);
        assert_true(said.by_batch && said.verb == VERB_APPROVE);
        buf_free(&said.jws);
    }
    bundle_free(&one);
    bundle_free(&read);
    bundle_free(&other);
    batch_tree_free(tree);
    buf_free(&jws);
    buf_free(&line);
    buf_free(&back);
}

/* Two places of one order: both are carried, and whoever verifies refuses the wrong one. What is
 * no batch has no place, and a batch has one. */
static void test_places_of_a_batch(void **state)
{
    const struct desk *d = *state;
    struct bundle one = desk_empty(), other = desk_empty();
    struct buf jws = {0}, line = {0}, single = {0};
    struct batch_tree *tree = NULL;

    sign_batch(d, &tree, &jws);
    assert_ok(bundle_add_order(&one, &d->orders[0], d->policy));
    batch_line(d, tree, &jws, 0, 0, &line);
    assert_ok(bundle_add_decision(&one, line.data, line.len));
    batch_line(d, tree, &jws, 0, 1, &line);
    assert_ok(bundle_add_decision(&other, line.data, line.len));
    assert_ok(bundle_merge(&one, &other));
    assert_int_equal(one.sets[BUNDLE_DECISIONS].count, 2);
    batch_line(d, tree, &jws, 0, -1, &line);
    assert_err(bundle_add_decision(&one, line.data, line.len), ERR_JWS_TYPE);
    desk_decide(d, d->alice, 0, BANK, NULL, &single);
    struct js *value = NULL, *place = NULL;
    struct buf bytes = {0};
    assert_ok(js_parse(single.data, single.len, &value));
    batch_line(d, tree, &jws, 0, 0, &line);
    assert_ok(js_parse(line.data, line.len, &place));
    struct js *copy = NULL;
    assert_ok(js_copy(js_get(place, "inclusion"), &copy));
    assert_ok(js_set(value, "inclusion", copy));
    assert_ok(js_canon(value, &bytes));
    assert_err(bundle_add_decision(&one, bytes.data, bytes.len), ERR_JWS_TYPE);
    js_free(value);
    js_free(place);
    bundle_free(&one);
    bundle_free(&other);
    batch_tree_free(tree);
    buf_free(&jws);
    buf_free(&line);
    buf_free(&single);
    buf_free(&bytes);
}

/* --- what comes out is what went in --- */

static void test_elements_come_back(void **state)
{
    const struct desk *d = *state;
    struct bundle b = desk_empty(), again;
    struct bundle_challenge c = desk_challenge(d->alice, 1), c2;
    struct bundle_decision said;
    struct buf body = {0}, out = {0}, bytes = {0};
    struct policy *policy = NULL;
    struct order order;
    struct key *key = NULL;

    desk_decide(d, d->alice, 0, BANK, NULL, &body);
    assert_ok(bundle_add_order(&b, &d->orders[0], d->policy));
    assert_ok(bundle_add_decision(&b, body.data, body.len));
    assert_ok(bundle_add_key(&b, soft_key_public(d->alice)));
    assert_ok(bundle_add_challenge(&b, &c));
    desk_copy(&b, &again);
    assert_ok(bundle_signed_at(&again, 0, &out));
    assert_same(&body, &out);
    assert_ok(bundle_order_at(&again, 0, &order, &bytes, &policy));
    assert_same(&bytes, &d->orders[0]);
    assert_memory_equal(policy_digest(policy), policy_digest(d->policy), DIGEST_LEN);
    assert_ok(bundle_decision_at(&again, 0, &said));
    assert_string_equal(said.signer, c.thumbprint);
    assert_int_equal(said.verb, VERB_APPROVE);
    assert_ok(bundle_challenge_at(&again, 0, &c2));
    assert_true(strcmp(c.challenge, c2.challenge) == 0 && c.expires_us == c2.expires_us &&
                c.issued_us == c2.issued_us && strcmp(c.thumbprint, c2.thumbprint) == 0);
    assert_ok(bundle_find_key(&again, c.thumbprint, &key));
    assert_string_equal(key_thumbprint(key), c.thumbprint);
    key_free(key);
    assert_err(bundle_find_key(&again, key_thumbprint(soft_key_public(d->bob)), &key),
               ERR_KEY_UNKNOWN);
    policy_free(policy);
    bundle_free(&b);
    bundle_free(&again);
    buf_free(&body);
    buf_free(&out);
    buf_free(&bytes);
    buf_free(&said.jws);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_batch_in_parts),
        cmocka_unit_test(test_places_of_a_batch),
        cmocka_unit_test(test_elements_come_back),
    };
    return cmocka_run_group_tests(tests, desk_begin, desk_end);
}
