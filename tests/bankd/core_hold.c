/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders that the bank holds: above its limit they wait for the operator, who releases or refuses.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

static int enter(void **state)
{
    world_enter(state);
    struct world *w = *state;

    w->hold_above = "50.00 EUR";
    world_restart(w);
    return 0;
}

static void both_approve(struct world *w, const char *amount, struct world_order *o,
                         const char *status)
{
    world_order(w, amount, o);
    world_both_approve(w, o, status);
}

static const char *operates(struct world *w, const struct core_caller *who, bool releases,
                            const struct world_order *o)
{
    world_begin(w);
    world_end(w, releases ? core_order_release(w->core, who,
                                               &(struct core_word){o->order.account, o->order.id,
                                                                   "called back", 0},
                                               &w->answer)
                          : core_order_refuse(w->core, who,
                                              &(struct core_word){o->order.account, o->order.id,
                                                                  "never heard of it", 0},
                                              &w->answer));
    return err_name(w->answer.err);
}

static void assert_evidence(struct world *w, const struct world_order *o, const char *status)
{
    world_login(w, &w->alice);
    world_proves(w, &w->alice, o, status);
}

static void test_released(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    struct world_order small, o;
    bool more = false;

    both_approve(w, "50.00", &small, "ACSC");
    world_fund(w, WORLD_ALICE_ACCOUNT, "100.00");
    both_approve(w, "50.01", &o, "PDNG");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "15000/5001");
    assert_string_equal(operates(w, &alice, true, &o), "ROLE_REQUIRED");
    assert_string_equal(operates(w, &world_operator, true, &small), "ORDER_NOT_HELD");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_REJECT), "ORDER_ACCEPTED");
    world_later(w, 7 * 86400); /* it waits, whatever its expiry */
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_evidence(w, &o, "PDNG");
    assert_string_equal(operates(w, &world_operator, true, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9999/0");
    assert_string_equal(operates(w, &world_operator, true, &o), "ORDER_NOT_HELD");
    assert_evidence(w, &o, "ACSC");
    world_order_free(&small);
    world_order_free(&o);
}

/* Dated for Tuesday, released on Saturday: no day on which it may be executed. */
static void test_released_on_a_saturday(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct js *root = NULL;
    bool more = false;

    world_order_from(w,
                     "{\"amount\":\"60.00\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT
                     "\",\"name\":\"S\"},\"currency\":\"EUR\",\"date\":\"2026-11-24\","
                     "\"description\":\"x\"}",
                     &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_later(w, 86400);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    world_later(w, 4 * 86400);
    assert_string_equal(operates(w, &world_operator, true, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PDNG");
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *history = js_get(root, "history");
    for (size_t i = 0; i < js_count(history); i++) /* no step at a time that never was */
        assert_memory_equal(js_text(js_get(js_at(history, i), "time"), NULL), "2026-11-23", 10);
    assert_null(js_get(root, "heldFor")); /* for its day, not for the operator */
    assert_string_equal(js_text(js_get(root, "executionDate"), NULL), "2026-11-30");
    js_free(root);
    assert_string_equal(operates(w, &world_operator, true, &o), "ORDER_NOT_HELD"); /* any more */
    world_later(w, 2 * 86400);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(world_sql(w, "SELECT status || reason FROM orders"), "ACSC");
    assert_evidence(w, &o, "ACSC");
    world_order_free(&o);
}

static void test_refused(void **state)
{
    struct world *w = *state;
    struct verify_report report;
    struct world_order o;

    both_approve(w, "60.00", &o, "PDNG");
    assert_string_equal(operates(w, &world_operator, false, &o), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "DS04");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    assert_string_equal(report.reason, "DS04");
    world_order_free(&o);
}

static void test_cancelled(void **state)
{
    struct world *w = *state;
    struct world_order o;

    both_approve(w, "60.00", &o, "PDNG");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_CANCEL), "OK");
    assert_string_equal(operates(w, &world_operator, true, &o), "ORDER_NOT_HELD");
    assert_evidence(w, &o, "CANC");
    world_order_free(&o);
}

/* What changed while it waited counts when it is released. */
static void threat_10_a_key_revoked_while_it_is_held(void **state)
{
    struct world *w = *state;
    struct world_order o;

    both_approve(w, "60.00", &o, "PDNG");
    world_execute(w, "UPDATE signing_key SET status = 'revoked' WHERE holder ="
                     " (SELECT id FROM holder WHERE holder = 'bob')");
    world_restart(w);
    assert_string_equal(operates(w, &world_operator, true, &o), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "DS0C");
    assert_evidence(w, &o, "RJCT");
    world_order_free(&o);
}

static void test_the_setting(void **state)
{
    (void)state;
    static const char *const bad[] = {"10000.00",           "10000 EUR", "10000.00 EUX",
                                      "1.00 EUR, 2.00 EUR", "EUR 1.00",  "1.00 EUR;2.00 USD",
                                      "-1.00 EUR"};
    static const char *const bad_flags[] = {"above-limit", "first", "RCVC", "RVNM, RVNM",
                                            "first-payment;RVNM"};
    struct core_terms terms = {.count = 0};

    assert_ok(core_terms_hold_above("", &terms));
    assert_int_equal(terms.count, 0);
    assert_ok(core_terms_hold_above("10000.00 EUR, 500 JPY", &terms));
    assert_int_equal(terms.count, 2);
    assert_int_equal(terms.currency[0].hold_above, 1000000);
    assert_string_equal(terms.currency[1].code, "JPY");
    assert_int_equal(terms.currency[1].hold_above, 500);
    assert_int_equal(terms.currency[1].cutoff_min, -1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        terms = (struct core_terms){.count = 0};
        assert_err(core_terms_hold_above(bad[i], &terms), ERR_CONFIG_INVALID);
    }
    terms = (struct core_terms){.count = 0};
    assert_ok(core_terms_hold_on("first-payment, RVNM", &terms));
    assert_int_equal(terms.hold_on, FLAG_BIT(FLAG_FIRST_PAYMENT) | FLAG_BIT(FLAG_RVNM));
    for (size_t i = 0; i < sizeof bad_flags / sizeof bad_flags[0]; i++) {
        terms = (struct core_terms){.count = 0};
        assert_err(core_terms_hold_on(bad_flags[i], &terms), ERR_CONFIG_INVALID);
    }
}

/* It waits for him from the last approval on, not from its day on. */
static void test_kept_back_before_its_day(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order_on(w, WORLD_ALICE_ACCOUNT, "5.00", "\"date\":\"2026-11-25\",", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_begin(w);
    world_end(w, core_order_hold(w->core, &world_operator,
                                 &(struct core_word){o.order.account, o.order.id, "asking", 0},
                                 &w->answer));
    assert_ok(w->answer.err);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PDNG");
    assert_evidence(w, &o, "PDNG");
    world_order_free(&o);
}

/* Nobody looked since: that it is over is found when somebody wants to work on it. */
static void test_what_is_over_is_not_claimed(void **state)
{
    const struct core_caller olga = {
        .session = "", .operator_name = "olga", .roles = ROLE_BIT(ROLE_PAYMENTS)};
    struct world *w = *state;
    char item[CORE_ITEM_MAX + 1];
    struct world_order o;

    world_employ(w, "olga", olga.roles);
    world_order(w, "5.00", &o);
    snprintf(item, sizeof item, "order:%s/%s", o.order.account, o.order.id);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 3601);
    world_begin(w);
    world_end(w, core_claim(w->core, &olga, item, NULL, "mine", &w->answer));
    assert_string_equal(err_name(w->answer.err), "NOT_FOUND");
    assert_string_equal(world_newest(w), "RJCTDS24");
    world_order_free(&o);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_released),
        T(test_released_on_a_saturday),
        T(test_refused),
        T(test_cancelled),
        T(test_kept_back_before_its_day),
        T(test_what_is_over_is_not_claimed),
        T(threat_10_a_key_revoked_while_it_is_held),
        cmocka_unit_test(test_the_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
