/* SPDX-License-Identifier: Apache-2.0
 * Bundles: that merging is a union whatever the order, grouping and repetition; that what
 * contradicts is refused by name; and that a document with anything out of its place is none. */
#include "base/text.h"
#include "order/json.h"
#include "tests/order/bundle_desk.h"

#include <stdlib.h>
#include <string.h>

#define PARTS 6
#define ROUNDS 200

/* --- the laws --- */

/* Some of everything, never the same. */
static void some_part(const struct desk *d, struct bundle *b)
{
    *b = desk_empty();
    for (int i = 0; i < ORDERS; i++) {
        struct bundle_challenge c = desk_challenge(rand() % 2 ? d->alice : d->bob, rand() % 4);
        if (rand() % 2)
            assert_ok(bundle_add_order(b, &d->orders[i], d->policy));
        if (rand() % 3 == 0)
            desk_add_decision(d, b, rand() % 2 ? d->alice : d->bob, i);
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

/* One after the other in a random order, some of them twice. */
static void merge_in_some_order(const struct bundle *parts, struct buf *out)
{
    size_t order[PARTS];
    struct bundle all = desk_empty();

    for (size_t i = 0; i < PARTS; i++)
        order[i] = i;
    shuffle(order);
    for (size_t i = 0; i < PARTS; i++) {
        assert_ok(bundle_merge(&all, &parts[order[i]]));
        if (rand() % 3 == 0)
            assert_ok(bundle_merge(&all, &parts[order[(size_t)rand() % (i + 1)]]));
    }
    desk_write(&all, out);
    bundle_free(&all);
}

/* Any two of them first, and so on, as people meet. */
static void merge_in_some_groups(const struct bundle *parts, struct buf *out)
{
    struct bundle left[PARTS];
    size_t count = PARTS;

    for (size_t i = 0; i < PARTS; i++)
        desk_copy(&parts[i], &left[i]);
    for (; count > 1; count--) {
        size_t into = (size_t)rand() % count, from = (into + 1) % count;
        assert_ok(bundle_merge(&left[into], &left[from]));
        bundle_free(&left[from]);
        left[from] = left[count - 1];
    }
    desk_write(&left[0], out);
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
    struct bundle a = desk_empty(), b = desk_empty(), both;
    struct bundle_challenge c = desk_challenge(((struct desk *)*state)->alice, 1);

    desk_add_decision(*state, &a, ((struct desk *)*state)->alice, 0);
    desk_add_decision(*state, &b, ((struct desk *)*state)->bob, 0);
    desk_add_decision(*state, &b, ((struct desk *)*state)->bob, 1);
    assert_ok(bundle_add_challenge(&b, &c));
    desk_copy(&a, &both);
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

    desk_copy(a, &one);
    assert_err(bundle_merge(&one, b), expected);
    desk_copy(b, &other);
    assert_err(bundle_merge(&other, a), expected);
    bundle_free(&one);
    bundle_free(&other);
}

static void test_threat_03_another_order_of_one_id(void **state)
{
    const struct desk *d = *state;
    struct bundle a = desk_empty(), b = desk_empty();
    struct buf altered = {0};

    desk_order("77.79", BANK, 0, &altered);
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
    struct bundle a = desk_empty(), b = {.bank = "other.example/demo"};
    struct buf order = {0};

    assert_ok(bundle_add_order(&a, &d->orders[0], d->policy));
    assert_merge(&a, &b, ERR_BANK_MISMATCH);
    assert_err(bundle_add_order(&b, &d->orders[0], d->policy), ERR_BANK_MISMATCH);
    desk_order("77.78", "other.example/demo", 0, &order);
    assert_err(bundle_add_order(&a, &order, d->policy), ERR_BANK_MISMATCH);
    buf_free(&order);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_one_order_under_two_policies(void **state)
{
    const struct desk *d = *state;
    struct bundle a = desk_empty(), b = desk_empty();

    assert_ok(bundle_add_order(&a, &d->orders[0], d->policy));
    assert_ok(bundle_add_order(&b, &d->orders[0], d->newer));
    assert_merge(&a, &b, ERR_BUNDLE_POLICY_CONFLICT);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_threat_09_a_challenge_with_other_times(void **state)
{
    const struct desk *d = *state;
    struct bundle a = desk_empty(), b = desk_empty();
    struct bundle_challenge c = desk_challenge(d->alice, 1);

    assert_ok(bundle_add_challenge(&a, &c));
    c.expires_us += TEXT_SECOND_US;
    assert_ok(bundle_add_challenge(&b, &c));
    assert_merge(&a, &b, ERR_BUNDLE_CHALLENGE_CONFLICT);
    c.expires_us = c.issued_us;
    assert_err(bundle_add_challenge(&b, &c), ERR_DOC_MEMBER_INVALID);
    c = desk_challenge(d->bob, 1);
    c.expires_us = c.issued_us + 12 * 3600 * TEXT_SECOND_US; /* no bank gives a longer one */
    assert_ok(bundle_add_challenge(&b, &c));
    c = desk_challenge(d->bob, 2);
    c.expires_us = c.issued_us + (12 * 3600 + 1) * TEXT_SECOND_US;
    assert_err(bundle_add_challenge(&b, &c), ERR_DOC_MEMBER_INVALID);
    bundle_free(&a);
    bundle_free(&b);
}

static void test_limits(void **state)
{
    const struct desk *d = *state;
    struct bundle b = desk_empty(), one = desk_empty();
    struct buf bytes = BUF_INIT(BUNDLE_MAX);
    struct bundle_challenge c = desk_challenge(d->alice, 0);

    for (unsigned i = 0; i < BUNDLE_CHALLENGES_MAX; i++) {
        uint8_t random[16] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        forms_make_nonce(random, c.challenge);
        assert_ok(bundle_add_challenge(&b, &c));
        assert_ok(bundle_add_challenge(&b, &c)); /* there already */
    }
    desk_write(&b, &bytes);
    c = desk_challenge(d->bob, 0);
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
    struct bundle b = desk_empty();
    struct buf bytes = BUF_INIT(BUNDLE_MAX);
    struct bundle_challenge c = desk_challenge(d->alice, 1);
    struct js *document = NULL;

    assert_ok(bundle_add_order(&b, &d->orders[1], d->policy));
    desk_add_decision(d, &b, d->alice, 0);
    desk_add_decision(d, &b, d->bob, 0);
    assert_ok(bundle_add_challenge(&b, &c));
    desk_write(&b, &bytes);
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
    struct bundle b = desk_empty();
    struct buf body = {0}, bytes = BUF_INIT(BUNDLE_MAX);

    desk_decide(d, d->alice, 0, BANK, &d->orders[1], &body);
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
    struct bundle b = desk_empty();
    struct buf body = {0}, bytes = BUF_INIT(BUNDLE_MAX);

    desk_decide(d, d->alice, 0, "other.example/demo", NULL, &body);
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
    struct bundle b = desk_empty();
    struct buf body = {0}, bytes = BUF_INIT(BUNDLE_MAX);

    desk_decide(d, d->alice, 0, BANK, NULL, &body);
    assert_ok(bundle_add_order(&b, &d->orders[0], d->newer));
    assert_ok(bundle_add_decision(&b, body.data, body.len));
    assert_err(bundle_write(&b, &bytes), ERR_POLICY_MISMATCH);
    bundle_free(&b);
    buf_free(&body);
    buf_free(&bytes);
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
    };
    return cmocka_run_group_tests(tests, desk_begin, desk_end);
}
