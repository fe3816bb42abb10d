/* SPDX-License-Identifier: Apache-2.0
 *
 * Until when an order is in time for its day.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400

static int enter(void **state)
{
    world_enter(state);
    struct world *w = *state;

    w->cutoff = "16:00 EUR, 20:30 USD";
    world_restart(w);
    return 0;
}

/* The sessions ended meanwhile. */
static void log_in(struct world *w)
{
    world_login(w, &w->alice);
    world_login(w, &w->bob);
}

static void pay(struct world *w, const char *status, const char *day)
{
    struct world_order o;

    world_order(w, "1.00", &o);
    world_both_approve(w, &o, status);
    if (day)
        assert_string_equal(world_text(w, "executionDate"), day);
    world_proves(w, &w->alice, &o, status);
    world_order_free(&o);
}

static const char *statuses(struct world *w)
{
    return world_sql(w, "SELECT group_concat(status, ' ') FROM (SELECT status FROM orders"
                        " ORDER BY id)");
}

static void test_in_time_and_late(void **state)
{
    struct world *w = *state;

    world_later(w, 7 * HOUR); /* 16:00:00, the very moment */
    log_in(w);
    pay(w, "ACSC", NULL);
    world_later(w, 1);
    pay(w, "ACCP", "2026-11-24");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9900/100");
    world_later(w, 8 * HOUR - 2); /* Monday 23:59:59 */
    assert_false(world_look(w, 100));
    assert_string_equal(statuses(w), "ACSC ACCP");
    world_later(w, 1);
    assert_false(world_look(w, 100));
    assert_string_equal(statuses(w), "ACSC ACSC");
}

/* What was in time stays so, wherever the bank was when its day came. */
static void test_looked_at_late(void **state)
{
    struct world *w = *state;

    world_later(w, 8 * HOUR);
    log_in(w);
    pay(w, "ACCP", "2026-11-24");
    world_later(w, DAY); /* Tuesday 17:00, after that day's cut-off */
    assert_false(world_look(w, 100));
    assert_string_equal(statuses(w), "ACSC");
}

static void test_closed_days(void **state)
{
    struct world *w = *state;

    world_later(w, 4 * DAY + 8 * HOUR); /* Friday 17:00 */
    log_in(w);
    pay(w, "ACCP", "2026-11-30");
    world_later(w, DAY - 8 * HOUR); /* Saturday 09:00 */
    log_in(w);
    pay(w, "ACCP", "2026-11-30");
    world_later(w, DAY);
    assert_false(world_look(w, 100));
    assert_string_equal(statuses(w), "ACCP ACCP");
    world_later(w, DAY);
    assert_false(world_look(w, 100));
    assert_string_equal(statuses(w), "ACSC ACSC");
}

static const char *account_says(struct world *w, const char *account)
{
    world_begin(w);
    world_end(w, core_account(w->core, &world_operator, account, &w->answer));
    return world_text(w, "nextCutoff");
}

static void test_the_next_cutoff_is_told(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(account_says(w, WORLD_ALICE_ACCOUNT), "2026-11-23T16:00:00Z");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "nextCutoff"), "2026-11-23T16:00:00Z");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_null(world_text(w, "nextCutoff")); /* nothing is missing any more */
    world_later(w, 7 * HOUR);
    assert_string_equal(account_says(w, WORLD_ALICE_ACCOUNT), "2026-11-24T16:00:00Z");
    w->cutoff = NULL;
    world_restart(w);
    assert_null(account_says(w, WORLD_ALICE_ACCOUNT));
    world_order_free(&o);
}

/* What comes after the cut-off is another day's: what went out today is nothing to it. */
static void test_the_limit_of_its_day(void **state)
{
    struct world *w = *state;
    static const char *const holders[] = {"alice"};
    const struct world_account a = {.account = "NL91ABNA0417164300",
                                    .holders = holders,
                                    .count = 1,
                                    .limits = "[{\"amount\":\"5.00\",\"per\":\"day\"}]"};
    struct world_order first, second;

    assert_ok(world_open_account(w, &a));
    world_fund(w, a.account, "20.00");
    const char *draft = "{\"account\":\"NL91ABNA0417164300\",\"amount\":\"5.00\",\"creditor\":{"
                        "\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"S\"},\"currency\":"
                        "\"EUR\",\"description\":\"x\"}";
    world_order_from(w, draft, &first);
    assert_string_equal(world_decide(w, &w->alice, &first, VERB_APPROVE), "OK");
    world_order_free(&first);
    world_order_from(w, draft, &first);
    assert_string_equal(world_decide(w, &w->alice, &first, VERB_APPROVE), "LIMIT_EXCEEDED");
    world_later(w, 8 * HOUR);
    log_in(w);
    world_order_from(w, draft, &second);
    assert_string_equal(world_decide(w, &w->alice, &second, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "executionDate"), "2026-11-24");
    world_order_free(&first);
    world_order_free(&second);
}

/* A hold is the bank's own delay: what was in time is executed when it is released. */
static void test_released_after_the_cutoff(void **state)
{
    struct world *w = *state;

    w->hold_above = "0.50 EUR";
    world_restart(w);
    pay(w, "PDNG", NULL);
    world_later(w, 8 * HOUR);
    char id[40];
    snprintf(id, sizeof id, "%s", world_sql(w, "SELECT order_id FROM orders"));
    world_begin(w);
    world_end(w, core_order_release(w->core, &world_operator,
                                    &(struct core_word){WORLD_ALICE_ACCOUNT, id, "fine", 0},
                                    &w->answer));
    assert_string_equal(world_text(w, "status"), "ACSC");
    w->hold_above = NULL;
}

static void test_the_setting(void **state)
{
    (void)state;
    static const char *const bad[] = {"16:00",
                                      "16:00 EUX",
                                      "24:00 EUR",
                                      "16:60 EUR",
                                      "1600 EUR",
                                      "4:00 EUR",
                                      "16:00 EUR, 17:00 EUR",
                                      "EUR 16:00"};
    struct core_terms terms = {.count = 0};

    assert_ok(core_terms_hold_above("10.00 EUR", &terms));
    assert_ok(core_terms_cutoff("00:00 USD, 23:59 EUR", &terms));
    assert_int_equal(terms.count, 2);
    assert_int_equal(terms.currency[0].cutoff_min, 1439);
    assert_int_equal(terms.currency[1].cutoff_min, 0);
    assert_int_equal(terms.currency[1].hold_above, -1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        terms = (struct core_terms){.count = 0};
        assert_err(core_terms_cutoff(bad[i], &terms), ERR_CONFIG_INVALID);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_in_time_and_late),
        T(test_looked_at_late),
        T(test_closed_days),
        T(test_the_next_cutoff_is_told),
        T(test_the_limit_of_its_day),
        T(test_released_after_the_cutoff),
        cmocka_unit_test(test_the_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
