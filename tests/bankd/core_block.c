/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts that are blocked, opened again, closed.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <string.h>

#define DAY 86400

static const char *act(struct world *w, const struct core_caller *who, const char *account,
                       enum core_account_act what)
{
    world_begin(w);
    world_end(w, core_account_state(w->core, who, account, what, "court order", &w->answer));
    return err_name(w->answer.err);
}

static void test_blocked(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    struct world_order waits, second, new;

    world_order(w, "10.00", &waits);
    world_order(w, "20.00", &second);
    world_order(w, "30.00", &new);
    assert_string_equal(world_decide(w, &w->alice, &waits, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->alice, &second, VERB_APPROVE), "OK");
    assert_string_equal(act(w, &alice, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK), "ROLE_REQUIRED");
    assert_string_equal(act(w, &world_operator, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK), "OK");
    assert_string_equal(world_text(w, "state"), "blocked");
    world_restart(w);
    assert_string_equal(world_decide(w, &w->bob, &waits, VERB_APPROVE), "ACCOUNT_BLOCKED");
    assert_string_equal(world_decide(w, &w->alice, &new, VERB_APPROVE), "ACCOUNT_BLOCKED");
    assert_string_equal(world_decide(w, &w->bob, &second, VERB_REJECT), "OK");
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00"); /* what comes in, comes in */
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10100/1000");
    assert_string_equal(act(w, &world_operator, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_UNBLOCK), "OK");
    assert_string_equal(world_decide(w, &w->bob, &waits, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    world_order_free(&waits);
    world_order_free(&second);
    world_order_free(&new);
}

static void test_blocked_when_its_day_comes(void **state)
{
    struct world *w = *state;
    struct verify_report report;
    struct world_order o;
    bool more = false;

    world_order_from(w,
                     "{\"amount\":\"60.00\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT
                     "\",\"name\":\"S\"},\"currency\":\"EUR\",\"date\":\"2026-11-24\","
                     "\"description\":\"x\"}",
                     &o);
    world_both_approve(w, &o, "ACCP");
    assert_string_equal(act(w, &world_operator, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK), "OK");
    world_later(w, DAY);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(world_sql(w, "SELECT status || reason FROM orders"), "RJCTAC06");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_login(w, &w->alice);
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    assert_string_equal(report.reason, "AC06");
    world_order_free(&o);
}

static void test_closed(void **state)
{
    struct world *w = *state;
    struct world_order waits, all;

    assert_string_equal(act(w, &world_operator, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_CLOSE),
                        "ACCOUNT_NOT_EMPTY");
    world_order(w, "10.00", &waits);
    assert_string_equal(world_decide(w, &w->alice, &waits, VERB_APPROVE), "OK");
    assert_string_equal(act(w, &world_operator, WORLD_SHOP_ACCOUNT, CORE_ACCOUNT_CLOSE), "OK");
    assert_string_equal(act(w, &world_operator, WORLD_SHOP_ACCOUNT, CORE_ACCOUNT_UNBLOCK),
                        "ACCOUNT_CLOSED");
    /* Its creditor is gone: the order ends, the money stays. */
    assert_string_equal(world_decide(w, &w->bob, &waits, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "AC04");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_order(w, "10.00", &all);
    assert_string_equal(world_decide(w, &w->alice, &all, VERB_APPROVE), "ACCOUNT_CLOSED");
    world_begin(w);
    world_end(w,
              core_fund(w->core, &world_operator, WORLD_SHOP_ACCOUNT, "1.00", "EUR", &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_CLOSED);
    world_order_free(&waits);
    world_order_free(&all);
}

/* Who stood in it decides no more about who pays from it. */
static void test_no_rights_in_a_closed_account(void **state)
{
    const struct world_gift gift = {.deputy = "bob", .amount_minor = 100};
    struct world *w = *state;
    struct policy *two = world_policy(
        w, WORLD_ALICE_ACCOUNT, 2, "{\"class\":\"A\",\"id\":\"alice\"}", "{\"require\":\"all\"}");

    world_execute(w,
                  "UPDATE account SET state = 'closed' WHERE account = '" WORLD_ALICE_ACCOUNT "'");
    assert_string_equal(world_policy_decide(w, &w->alice, two, VERB_APPROVE), "ACCOUNT_CLOSED");
    assert_string_equal(world_delegate(w, &w->alice, &gift), "ACCOUNT_CLOSED");
    assert_string_equal(world_sql(w, "SELECT (SELECT count(*) FROM policy_change) ||"
                                     " (SELECT count(*) FROM delegation)"),
                        "00");
    policy_free(two);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_blocked),
        T(test_blocked_when_its_day_comes),
        T(test_closed),
        T(test_no_rights_in_a_closed_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
