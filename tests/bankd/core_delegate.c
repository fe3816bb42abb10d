/* SPDX-License-Identifier: Apache-2.0
 *
 * Delegations: who may give one to whom, when it is heard, and what is told of it.
 */
#include "order/json.h"
#include "tests/bankd/firm.h"
#include "tests/base/unit.h"

#define HOUR 3600
#define DAY 86400

/* --- what is refused --- */

static void test_what_is_refused(void **state)
{
    struct world *w = *state;
    const struct {
        const struct person *signer;
        struct world_gift gift;
        const char *name;
    } rows[] = {
        {&w->alice, {"alice", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->bob, {"alice", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->bob, {"bob", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->bob, {"dora", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->carol, {"bob", FIRM, NULL, 100, 0, 0, NULL}, "MAY_NOT_APPROVE"},
        {&w->alice, {"bob", FIRM, "USD", 100, 0, 0, NULL}, "CURRENCY_MISMATCH"},
        {&w->alice, {"bob", NULL, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->carol, {"bob", NULL, NULL, 100, 0, 0, NULL}, "ACCOUNT_UNKNOWN"},
        {&w->alice,
         {"bob", FIRM, NULL, 100, w->time.now_us - HOUR * WORLD_SECOND, w->time.now_us, NULL},
         "PERIOD_INVALID"},
        {&w->carol, {NULL, FIRM, NULL, 0, 0, 0, NULL}, "MAY_NOT_APPROVE"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        firm_gives(w, rows[i].signer, &rows[i].gift, rows[i].name);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation"), "0");
}

static void test_whose_and_when(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("bob", 100);
    struct policy *stranger =
        world_policy(w, FIRM, 2, "{\"class\":\"A\",\"id\":\"alice\"}", "{\"require\":\"all\"}");
    struct buf jws = {0};

    world_sign_delegation(w, &w->alice, &gift, NULL, &jws);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, WORLD_ALICE_ACCOUNT),
                        "ACCOUNT_MISMATCH");
    assert_string_equal(world_hand_in_delegation(w, &w->bob, &jws, FIRM), "OK");
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "OK"); /* again */
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation"), "1");
    world_sign_delegation(w, &w->alice, &gift, NULL, &jws);
    world_later(w, 301);
    world_login_all(w);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "ISSUED_TOO_OLD");
    gift.policy = stranger;
    firm_gives(w, &w->alice, &gift, "POLICY_MISMATCH");
    buf_free(&jws);
    policy_free(stranger);
}

static void test_a_stale_one(void **state)
{
    struct world *w = *state;
    struct policy *two = firm_without_deputies(w);
    struct world_gift gift = firm_gift("bob", 100);
    struct buf jws = {0}, back = {0};
    const struct world_gift none = {.account = FIRM};

    firm_gives(w, &w->alice, &gift, "OK");
    world_sign_delegation(w, &w->alice, &gift, NULL, &jws);
    world_sign_delegation(w, &w->alice, &none, NULL, &back);
    firm_enforce(w, two, &w->bob);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "POLICY_STALE");
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &back, FIRM), "OK");
    firm_gives(w, &w->alice, &gift, "DEPUTY_NOT_ALLOWED");
    buf_free(&jws);
    buf_free(&back);
    policy_free(two);
}

/* Bob carries what Alice signed, and waits until she has taken it back: too late. */
static void test_one_that_was_kept_back(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("bob", 6000);
    struct buf kept = {0};

    world_sign_delegation(w, &w->alice, &gift, NULL, &kept);
    world_later(w, 60);
    firm_withdraws(w, &w->alice, "OK");
    assert_string_equal(world_hand_in_delegation(w, &w->bob, &kept, FIRM), "DELEGATION_SUPERSEDED");
    firm_gives(w, &w->alice, &gift, "OK");
    world_sign_delegation(w, &w->alice, &gift, NULL, &kept);
    world_later(w, 60);
    firm_gives(w, &w->alice, &gift, "OK");
    assert_string_equal(world_hand_in_delegation(w, &w->bob, &kept, FIRM), "DELEGATION_SUPERSEDED");
    buf_free(&kept);
}

/* A withdrawal is heard, however slow the clock of the card's machine; it opens no way back. */
static void test_withdrawn_by_a_slow_clock(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("bob", 6000);
    const struct world_gift none = {.account = FIRM};
    struct buf jws = {0};

    world_later(w, 60);
    const struct world_says slow = {.issued_us = w->time.now_us - 5 * WORLD_SECOND},
                            between = {.issued_us = w->time.now_us - 2 * WORLD_SECOND};
    firm_gives(w, &w->alice, &gift, "OK");
    world_sign_delegation(w, &w->alice, &none, &slow, &jws);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "OK");
    world_sign_delegation(w, &w->alice, &gift, &between, &jws);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM),
                        "DELEGATION_SUPERSEDED");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation WHERE ended IS NULL"), "0");
    buf_free(&jws);
}

/* The evidence of an order that waits has room for all that may be said meanwhile; and what is
 * given can be taken back when nothing else is heard any more. */
static void test_said_too_often(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("bob", 6000), by_bob = firm_gift("carol", 6000);
    struct world_order o;

    firm_order(w, "60.00", "2026-11-30", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    for (unsigned i = 0; i < 384 / 3; i++)
        firm_gives(w, &w->alice, &gift, "OK");
    firm_gives(w, &w->alice, &gift, "DELEGATIONS_TOO_MANY");
    firm_withdraws(w, &w->alice, "OK");
    firm_withdraws(w, &w->alice, "DELEGATIONS_TOO_MANY");
    for (unsigned i = 0; i < 384 / 3; i += 2) {
        firm_gives(w, &w->bob, &by_bob, "OK");
        firm_withdraws(w, &w->bob, "OK");
    }
    firm_gives(w, &w->bob, &by_bob, "DELEGATIONS_TOO_MANY");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_proves(w, &w->alice, &o, "PATC");
    world_later(w, 400 * DAY - 1);
    world_login_all(w);
    firm_gives(w, &w->alice, &gift, "DELEGATIONS_TOO_MANY");
    world_later(w, 1); /* no order waits so long */
    firm_gives(w, &w->alice, &gift, "OK");
    world_order_free(&o);
}

/* --- what is told --- */

static size_t told(struct world *w, const struct person *p, const char *deputy, bool in_force)
{
    const struct core_caller who = {.session = p->session};
    struct js *root = NULL;

    world_begin(w);
    world_end(w, core_delegations(w->core, &who, FIRM, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *list = js_get(root, "delegations"), *first = js_at(list, 0);
    size_t count = js_count(list);
    if (deputy) {
        assert_string_equal(js_text(js_get(first, "deputy"), NULL), deputy);
        assert_int_equal(js_bool(js_get(first, "inForce")), in_force);
    }
    js_free(root);
    return count;
}

static void test_one_at_a_time(void **state)
{
    struct world *w = *state;
    struct world_gift first = firm_gift("bob", 100), second = firm_gift("carol", 200);
    struct world_order o;

    assert_int_equal(told(w, &w->carol, NULL, false), 0);
    firm_gives(w, &w->alice, &first, "OK");
    assert_int_equal(told(w, &w->carol, "bob", true), 1);
    second.from_us = w->time.now_us + HOUR * WORLD_SECOND;
    firm_gives(w, &w->alice, &second, "OK");
    assert_int_equal(told(w, &w->bob, "carol", false), 1);
    firm_order(w, "1.00", "2026-11-23", &o);
    firm_decides(w, &w->bob, &o, VERB_APPROVE, "PATC");
    firm_withdraws(w, &w->alice, "OK");
    firm_withdraws(w, &w->alice, "OK"); /* once more does no harm */
    assert_int_equal(told(w, &w->alice, NULL, false), 0);
    firm_gives(w, &w->alice, &first, "OK");
    world_later(w, DAY);
    world_login_all(w);
    assert_int_equal(told(w, &w->alice, NULL, false), 0);
    firm_gives(w, &w->alice, &first, "OK"); /* where an old one is only over */
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "ACSC");
    firm_proves(w, &o, "ACSC", 2);
    world_order_free(&o);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, firm_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_what_is_refused),
        T(test_whose_and_when),
        T(test_a_stale_one),
        T(test_one_that_was_kept_back),
        T(test_withdrawn_by_a_slow_clock),
        T(test_said_too_often),
        T(test_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
