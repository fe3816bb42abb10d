/* SPDX-License-Identifier: Apache-2.0
 * Bundles: that merging is a union whatever the order, grouping and repetition; that what
 * contradicts is refused by name; and that a document with anything out of its place is none. */
#include "base/text.h"
#include "order/bundle.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/policy.h"
#include "order/statement.h"
#include "tests/base/unit.h"
#include "tests/order/soft_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANK "demobank.example/demo"
#define ACCOUNT "PT50000201231234567890154"
#define ORDERS 5
#define PARTS 6
#define ROUNDS 200

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

struct desk {
    struct soft_key *alice, *bob;
    struct policy *policy, *newer;
    struct buf orders[ORDERS];
};

static int begin(void **state)
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
        assert_ok(buf_addf(&d.orders[i], order_text, "77.78", BANK, i));
    *state = &d;
    return 0;
}

static int end(void **state)
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

static struct bundle empty(void)
{
    struct bundle b = {.bank = BANK};
    return b;
}

static struct bundle_challenge challenge_of(const struct soft_key *k, int number)
{
    struct bundle_challenge c = {.issued_us = 1795341600 * TEXT_SECOND_US};
    uint8_t random[16] = {(uint8_t)number};

    c.expires_us = c.issued_us + 3600 * TEXT_SECOND_US;
    snprintf(c.thumbprint, sizeof c.thumbprint, "%s", key_thumbprint(soft_key_public(k)));
    forms_make_nonce(random, c.challenge);
    return c;
}

/* As a signing program makes it; OTHER bytes may stand in the order's place. */
static void decide(const struct desk *d, struct soft_key *k, int number, const char *bank,
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

static void add_decision(const struct desk *d, struct bundle *b, struct soft_key *k, int number)
{
    struct buf body = {0};

    decide(d, k, number, BANK, NULL, &body);
    assert_ok(bundle_add_order(b, &d->orders[number], d->policy));
    assert_ok(bundle_add_decision(b, body.data, body.len));
    assert_ok(bundle_add_key(b, soft_key_public(k)));
    buf_free(&body);
}

static void write_whole(const struct bundle *b, struct buf *out)
{
    buf_clear(out);
    assert_ok(bundle_write(b, out));
}

static void assert_same(const struct buf *a, const struct buf *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

/* --- the laws --- */

/* Some of everything, never the same. */
static void some_part(const struct desk *d, struct bundle *b)
{
    *b = empty();
    for (int i = 0; i < ORDERS; i++) {
        struct bundle_challenge c = challenge_of(rand() % 2 ? d->alice : d->bob, rand() % 4);
        if (rand() % 2)
            assert_ok(bundle_add_order(b, &d->orders[i], d->policy));
        if (rand() % 3 == 0)
            add_decision(d, b, rand() % 2 ? d->alice : d->bob, i);
        if (rand() % 2)
            assert_ok(bundle_add_challenge(b, &c));
    }
}

static void shuffle(size_t order[static PARTS])
{
    for (size_t i = PARTS - 1; i > 0; i--) {
        size_t j = (size_t)rand() % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static void copy_of(const struct bundle *b, struct bundle *out)
{
    struct buf bytes = BUF_INIT(BUNDLE_MAX);

    write_whole(b, &bytes);
    assert_ok(bundle_parse(bytes.data, bytes.len, out));
    buf_free(&bytes);
}

/* One after the other in a random order, some of them twice. */
static void merge_in_some_order(const struct bundle *parts, struct buf *out)
{
    size_t order[PARTS];
    struct bundle all = empty();

    for (size_t i = 0; i < PARTS; i++)
        order[i] = i;
    shuffle(order);
    for (size_t i = 0; i < PARTS; i++) {
        assert_ok(bundle_merge(&all, &parts[order[i]]));
        if (rand() % 3 == 0)
            assert_ok(bundle_merge(&all, &parts[order[(size_t)rand() % (i + 1)]]));
    }
    write_whole(&all, out);
    bundle_free(&all);
}

/* Any two of them first, and so on, as people meet. */
static void merge_in_some_groups(const struct bundle *parts, struct buf *out)
{
    struct bundle left[PARTS];
    size_t count = PARTS;

    for (size_t i = 0; i < PARTS; i++)
        copy_of(&parts[i], &left[i]);
    for (; count > 1; count--) {
        size_t into = (size_t)rand() % count, from = (into + 1) % count;
        assert_ok(bundle_merge(&left[into], &left[from]));
        bundle_free(&left[from]);
        left[from] = left[count - 1];
    }
    write_whole(&left[0], out);
    bundle_free(&left[0]);
}

static void test_merging_is_a_union(void **state)
{
    srand(20261126);
    for (int round = 0; round < ROUNDS; round++) {
        struct bundle parts[PARTS];
        struct buf first = BUF_INIT(BUNDLE_MAX), other = BUF_INIT(BUNDLE_MAX);
        for (size_t i = 0; i < PARTS; i++)
            some_part(*state, &parts[i]);
        merge_in_some_order(parts, &first);
        for (int again = 0; again < 3; again++) {
            merge_in_some_order(parts, &other);
            assert_same(&first, &other);
        }
        merge_in_some_groups(parts, &other);
        assert_same(&first, &other);
        for (size_t i = 0; i < PARTS; i++)
            bundle_free(&parts[i]);
        buf_free(&first);
        buf_free(&other);
    }
}

/* What one bundle has is in every one that it went into, and nothing else is. */
static void test_nothing_is_lost_or_made_up(void **state)
{
    struct bundle a = empty(), b = empty(), both;
    struct bundle_challenge c = challenge_of(((struct desk *)*state)->alice, 1);

    add_decision(*state, &a, ((struct desk *)*state)->alice, 0);
    add_decision(*state, &b, ((struct desk *)*state)->bob, 0);
    add_decision(*state, &b, ((struct desk *)*state)->bob, 1);
    assert_ok(bundle_add_challenge(&b, &c));
    copy_of(&a, &both);
    assert_ok(bundle_merge(&both, &b));
    assert_int_equal(both.sets[BUNDLE_ORDERS].count, 2);
    assert_int_equal(both.sets[BUNDLE_DECISIONS].count, 3);
    assert_int_equal(both.sets[BUNDLE_KEYS].count, 2);
    assert_int_equal(both.sets[BUNDLE_POLICIES].count, 1);
    assert_int_equal(both.sets[BUNDLE_CHALLENGES].count, 1);
    bundle_free(&a);
    bundle_free(&b);
    bundle_free(&both);
}

/* --- what contradicts --- */

static void assert_merge(const struct bundle *a, const struct bundle *b, enum err expected)
{
    struct bundle one, other;

    copy_of(a, &one);
    assert_err(bundle_merge(&one, b), expected);
    copy_of(b, &other);
    assert_err(bundle_merge(&other, a), expected);
    bundle_free(&one);
    bundle_free(&other);
}

static void test_threat_03_another_order_of_one_id(void **state)
{
    const struct desk *d = *state;
    struct bundle a = empty(), b = empty();
    struct buf altered = {0};

    assert_ok(buf_addf(&altered, order_text, "77.79", BANK, 0));
    assert_ok(bundle_add_order(&a, &d->orders[0], d->policy));
    assert_ok(bundle_add_order(&b, &altered, d->policy));
    assert_merge(&a, &b, ERR_BUNDLE_ORDER_CONFLICT);
    assert_err(bundle_add_order(&a, &altered, d->policy), ERR_BUNDLE_ORDER_CONFLICT);
    buf_free(&altered);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_threat_02_another_bank(void **state)
{
    const struct desk *d = *state;
    struct bundle a = empty(), b = {.bank = "other.example/demo"};
    struct buf order = {0};

    assert_ok(bundle_add_order(&a, &d->orders[0], d->policy));
    assert_merge(&a, &b, ERR_BANK_MISMATCH);
    assert_err(bundle_add_order(&b, &d->orders[0], d->policy), ERR_BANK_MISMATCH);
    assert_ok(buf_addf(&order, order_text, "77.78", "other.example/demo", 0));
    assert_err(bundle_add_order(&a, &order, d->policy), ERR_BANK_MISMATCH);
    buf_free(&order);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_one_order_under_two_policies(void **state)
{
    const struct desk *d = *state;
    struct bundle a = empty(), b = empty();

    assert_ok(bundle_add_order(&a, &d->orders[0], d->policy));
    assert_ok(bundle_add_order(&b, &d->orders[0], d->newer));
    assert_merge(&a, &b, ERR_BUNDLE_POLICY_CONFLICT);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_threat_09_a_challenge_with_other_times(void **state)
{
    const struct desk *d = *state;
    struct bundle a = empty(), b = empty();
    struct bundle_challenge c = challenge_of(d->alice, 1);

    assert_ok(bundle_add_challenge(&a, &c));
    c.expires_us += TEXT_SECOND_US;
    assert_ok(bundle_add_challenge(&b, &c));
    assert_merge(&a, &b, ERR_BUNDLE_CHALLENGE_CONFLICT);
    c.expires_us = c.issued_us;
    assert_err(bundle_add_challenge(&b, &c), ERR_DOC_MEMBER_INVALID);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_limits(void **state)
{
    const struct desk *d = *state;
    struct bundle b = empty(), one = empty();
    struct buf bytes = BUF_INIT(BUNDLE_MAX);
    struct bundle_challenge c = challenge_of(d->alice, 0);

    for (unsigned i = 0; i < BUNDLE_CHALLENGES_MAX; i++) {
        uint8_t random[16] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        forms_make_nonce(random, c.challenge);
        assert_ok(bundle_add_challenge(&b, &c));
        assert_ok(bundle_add_challenge(&b, &c)); /* there already */
    }
    write_whole(&b, &bytes);
    c = challenge_of(d->bob, 0);
    assert_ok(bundle_add_challenge(&one, &c));
    assert_merge(&b, &one, ERR_TOO_LARGE);
    buf_free(&bytes);
    bundle_free(&b);
    bundle_free(&one);
    assert_err(bundle_parse("{}", BUNDLE_MAX + 1, &one), ERR_TOO_LARGE);
}

/* --- documents that are none --- */

static void assert_document(struct js *document, enum err expected)
{
    struct buf bytes = BUF_INIT(BUNDLE_MAX);
    struct bundle b;

    assert_ok(js_canon(document, &bytes));
    assert_err(bundle_parse(bytes.data, bytes.len, &b), expected);
    bundle_free(&b);
    buf_free(&bytes);
}

/* A whole one as a tree: two orders, a decision of each key on the first. */
static struct js *whole(const struct desk *d)
{
    struct bundle b = empty();
    struct buf bytes = BUF_INIT(BUNDLE_MAX);
    struct bundle_challenge c = challenge_of(d->alice, 1);
    struct js *document = NULL;

    assert_ok(bundle_add_order(&b, &d->orders[1], d->policy));
    add_decision(d, &b, d->alice, 0);
    add_decision(d, &b, d->bob, 0);
    assert_ok(bundle_add_challenge(&b, &c));
    write_whole(&b, &bytes);
    assert_ok(js_parse_canonical(bytes.data, bytes.len, &document));
    bundle_free(&b);
    buf_free(&bytes);
    return document;
}

static void set_array(struct js *document, const char *name, const struct js *first,
                      const struct js *second)
{
    const struct js *elements[] = {first, second};
    struct js *array = NULL, *copy = NULL;

    assert_ok(js_array_new(&array));
    for (size_t i = 0; i < 2; i++) {
        if (!elements[i])
            continue;
        assert_ok(js_copy(elements[i], &copy));
        assert_ok(js_push(array, copy));
    }
    assert_ok(js_set(document, name, array));
}

static void test_sets_are_sorted_and_distinct(void **state)
{
    static const char *const names[] = {"orders", "decisions", "keys"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct js *document = whole(*state), *source = whole(*state);
        const struct js *array = js_get(source, names[i]);
        assert_int_equal(js_count(array), 2);
        assert_document(document, ERR_OK);
        set_array(document, names[i], js_at(array, 1), js_at(array, 0));
        assert_document(document, ERR_DOC_MEMBER_INVALID);
        set_array(document, names[i], js_at(array, 0), js_at(array, 0));
        assert_document(document, ERR_DOC_MEMBER_INVALID);
        js_free(document);
        js_free(source);
    }
}

static void test_parts_that_are_missing(void **state)
{
    static const struct {
        const char *name;
        enum err expected;
    } rows[] = {
        {"policies", ERR_POLICY_MISMATCH},
        {"orders", ERR_ORDER_MISMATCH},
        {"keys", ERR_OK},
        {"challenges", ERR_OK},
        {"decisions", ERR_OK},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct js *document = whole(*state);
        set_array(document, rows[i].name, NULL, NULL);
        assert_document(document, rows[i].expected);
        js_drop(document, rows[i].name);
        assert_document(document, ERR_DOC_MEMBER_MISSING);
        js_free(document);
    }
}

static void test_type_and_members(void **state)
{
    struct js *document = whole(*state);

    assert_true(bundle_is_one(document));
    assert_ok(js_set_int(document, "version", 2));
    assert_document(document, ERR_DOC_TYPE);
    assert_ok(js_set_int(document, "version", 1));
    assert_ok(js_set_bool(document, "complete", true));
    assert_document(document, ERR_DOC_MEMBER_UNKNOWN);
    js_drop(document, "complete");
    assert_ok(js_set_text(document, "bank", "other.example/demo"));
    assert_document(document, ERR_BANK_MISMATCH);
    assert_ok(js_set_text(document, "bank", BANK));
    assert_document(document, ERR_OK);
    assert_ok(js_set_text(document, "type", "evidence"));
    assert_document(document, ERR_DOC_TYPE);
    assert_false(bundle_is_one(document));
    js_free(document);
}

/* The decision is bound to the order by what it says, not by where somebody put it. */
static void test_threat_03_a_decision_on_another_order(void **state)
{
    const struct desk *d = *state;
    struct bundle b = empty();
    struct buf body = {0}, bytes = BUF_INIT(BUNDLE_MAX);

    decide(d, d->alice, 0, BANK, &d->orders[1], &body);
    assert_ok(bundle_add_order(&b, &d->orders[0], d->policy));
    assert_ok(bundle_add_order(&b, &d->orders[1], d->policy));
    assert_ok(bundle_add_decision(&b, body.data, body.len));
    assert_err(bundle_write(&b, &bytes), ERR_ORDER_MISMATCH);
    bundle_free(&b);
    buf_free(&body);
    buf_free(&bytes);
}

static void test_threat_02_a_decision_for_another_bank(void **state)
{
    const struct desk *d = *state;
    struct bundle b = empty();
    struct buf body = {0}, bytes = BUF_INIT(BUNDLE_MAX);

    decide(d, d->alice, 0, "other.example/demo", NULL, &body);
    assert_ok(bundle_add_order(&b, &d->orders[0], d->policy));
    assert_ok(bundle_add_decision(&b, body.data, body.len));
    assert_err(bundle_write(&b, &bytes), ERR_BANK_MISMATCH);
    bundle_free(&b);
    buf_free(&body);
    buf_free(&bytes);
}

static void test_a_decision_under_another_policy(void **state)
{
    const struct desk *d = *state;
    struct bundle b = empty();
    struct buf body = {0}, bytes = BUF_INIT(BUNDLE_MAX);

    decide(d, d->alice, 0, BANK, NULL, &body);
    assert_ok(bundle_add_order(&b, &d->orders[0], d->newer));
    assert_ok(bundle_add_decision(&b, body.data, body.len));
    assert_err(bundle_write(&b, &bytes), ERR_POLICY_MISMATCH);
    bundle_free(&b);
    buf_free(&body);
    buf_free(&bytes);
}

/* --- what comes out is what went in --- */

static void test_elements_come_back(void **state)
{
    const struct desk *d = *state;
    struct bundle b = empty(), again;
    struct bundle_challenge c = challenge_of(d->alice, 1), c2;
    struct bundle_decision said;
    struct buf body = {0}, out = {0}, bytes = {0};
    struct policy *policy = NULL;
    struct order order;
    struct key *key = NULL;

    decide(d, d->alice, 0, BANK, NULL, &body);
    assert_ok(bundle_add_order(&b, &d->orders[0], d->policy));
    assert_ok(bundle_add_decision(&b, body.data, body.len));
    assert_ok(bundle_add_key(&b, soft_key_public(d->alice)));
    assert_ok(bundle_add_challenge(&b, &c));
    copy_of(&b, &again);
    assert_ok(bundle_signed_at(&again, 0, &out));
    assert_same(&body, &out);
    assert_ok(bundle_order_at(&again, 0, &order, &bytes, &policy));
    assert_same(&bytes, &d->orders[0]);
    assert_memory_equal(policy_digest(policy), policy_digest(d->policy), DIGEST_LEN);
    assert_ok(bundle_decision_at(&again, 0, &said));
    assert_string_equal(said.signer, c.thumbprint);
    assert_int_equal(said.said.verb, VERB_APPROVE);
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
        cmocka_unit_test(test_merging_is_a_union),
        cmocka_unit_test(test_nothing_is_lost_or_made_up),
        cmocka_unit_test(test_threat_03_another_order_of_one_id),
        cmocka_unit_test(test_threat_02_another_bank),
        cmocka_unit_test(test_one_order_under_two_policies),
        cmocka_unit_test(test_threat_09_a_challenge_with_other_times),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_sets_are_sorted_and_distinct),
        cmocka_unit_test(test_parts_that_are_missing),
        cmocka_unit_test(test_type_and_members),
        cmocka_unit_test(test_threat_03_a_decision_on_another_order),
        cmocka_unit_test(test_threat_02_a_decision_for_another_bank),
        cmocka_unit_test(test_a_decision_under_another_policy),
        cmocka_unit_test(test_elements_come_back),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
