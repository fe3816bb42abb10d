/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the day: books that agree, and each way in which they may not.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

/* One settled order of 60.00 and an open one of 40.00. */
static void trade(struct world *w)
{
    struct world_order o;

    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
    world_order(w, "40.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
}

static const char *report(struct world *w)
{
    world_begin(w);
    world_end(w, core_reconcile(w->core, &world_operator, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    return buf_str(&w->answer.body);
}

static void test_books_that_agree(void **state)
{
    struct world *w = *state;

    trade(w);
    const char *text = report(w);
    assert_non_null(strstr(text, "\"differences\":[]"));
    assert_non_null(strstr(text, "\"openOrders\":1"));
    assert_non_null(strstr(text, "\"reserved\":\"40.00\""));
    world_check(w);
}

static void test_not_for_holders(void **state)
{
    struct world *w = *state;

    world_login(w, &w->alice);
    const struct core_caller alice = {.session = w->alice.session};
    world_begin(w);
    world_end(w, core_reconcile(w->core, &alice, &w->answer));
    assert_err(w->answer.err, ERR_ROLE_REQUIRED);
}

#define PAST_ALL_CHECKS                                                                            \
    "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; DROP TRIGGER entry_stays;"   \
    " DROP TRIGGER decision_kept; DROP TRIGGER posting_kept;"

/* What somebody did to the database, past the bank and past the database's own checks. */
static const struct {
    const char *check, *sql;
} wrong[] = {
    {"movements", "UPDATE posting SET amount = amount + 1 WHERE movement = 1 AND amount > 0"},
    {"movements", "UPDATE posting SET amount = amount - 1 WHERE movement = 1 AND amount > 0;"
                  " INSERT INTO posting SELECT id, 1, 1, 0 FROM account"
                  " WHERE account = '" WORLD_SHOP_ACCOUNT "'"},
    {"movements", "UPDATE account SET currency = 'USD' WHERE customer = 0"},
    {"balances", "UPDATE account SET booked = booked + 1 WHERE customer = 1"},
    {"reservations", "UPDATE account SET reserved = reserved + 1 WHERE customer = 1"},
    {"spending", "UPDATE spending SET amount = amount - 1"},
    {"spending", "DELETE FROM spending"},
    {"spending", "INSERT INTO spending SELECT id, 20000, 1 FROM account WHERE customer = 0"},
    {"overdrawn", "UPDATE account SET reserved = booked + 1 WHERE customer = 1"},
    {"executions", "UPDATE orders SET status = 'RJCT' WHERE status = 'ACSC'"},
    {"executions", "UPDATE orders SET status = 'ACSC' WHERE status = 'PATC'"},
    {"decisions", "UPDATE decision SET verb = 'submit'"},
    {"entries", "UPDATE orders SET entry = 1000000 WHERE status = 'PATC'"},
    {"log", "DELETE FROM entry WHERE id = 3"},
    {"log", "INSERT INTO checkpoint VALUES (1, 1000000, '')"},
};

static void test_each_difference(void **state)
{
    struct world *w = *state;
    char expected[64];
    struct buf harm = {0};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        trade(w);
        buf_clear(&harm);
        assert_ok(buf_addf(&harm, PAST_ALL_CHECKS "%s", wrong[i].sql));
        world_execute(w, buf_str(&harm));
        snprintf(expected, sizeof expected, "{\"check\":\"%s\",\"count\":", wrong[i].check);
        const char *text = report(w);
        if (!strstr(text, expected))
            fail_msg("%s: %s", wrong[i].sql, text);
        world_close(w);
        world_enter(state);
    }
    buf_free(&harm);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_books_that_agree),
        T(test_not_for_holders),
        T(test_each_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
