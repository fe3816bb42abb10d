/* SPDX-License-Identifier: Apache-2.0
 *
 * An order's life in the core: what holders do, what they see, what evidence says of it.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <string.h>

/* The codes of the last answer's history, with a space between. */
static void assert_history(struct world *w, const char *expected)
{
    char text[128] = "";
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *history = js_get(root, "history");
    for (size_t i = 0; i < js_count(history); i++) {
        if (i)
            strcat(text, " ");
        strncat(text, js_text(js_get(js_at(history, i), "status"), NULL), 4);
    }
    js_free(root);
    assert_string_equal(text, expected);
}

static size_t count_of(struct world *w, const char *member)
{
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    size_t count = js_count(js_get(root, member));
    js_free(root);
    return count;
}

static void read_order(struct world *w, const struct person *who, const struct world_order *o)
{
    const struct core_caller caller = {.session = who->session};

    world_begin(w);
    world_end(w, core_order(w->core, &caller, o->order.account, o->order.id, &w->answer));
}

static void test_two_holders_pay(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    world_order(w, "77.78", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_history(w, "RCVD ACTC PATC");
    assert_int_equal(count_of(w, "canDecide"), 1);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/7778");
    world_proves(w, &w->bob, &o, "PATC");

    world_later(w, 5);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_int_equal(w->answer.http, 200);
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_history(w, "RCVD ACTC PATC ACCP ACSP ACSC");
    assert_int_equal(count_of(w, "canDecide"), 0);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "2222/0");
    assert_string_equal(world_balance(w, WORLD_SHOP_ACCOUNT), "7778/0");
    report = world_proves(w, &w->alice, &o, "ACSC");
    assert_int_equal(report.given, 2);
    world_check(w);
    world_order_free(&o);
}

static void test_reading(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_caller carol = {.session = w->carol.session};
    const struct core_page first = {.cursor = "", .limit = 1};
    const struct core_page wrong = {.cursor = "x"};
    const struct core_period ever = {0};
    struct world_order o;

    world_order(w, "77.78", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_begin(w);
    world_end(w, core_account(w->core, &alice, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_string_equal(world_text(w, "booked"), "22.22");
    assert_string_equal(world_text(w, "available"), "22.22");
    world_begin(w);
    world_end(w, core_account(w->core, &carol, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    world_begin(w);
    world_end(w, core_accounts(w->core, &alice, &first, &w->answer));
    assert_int_equal(count_of(w, "accounts"), 1);
    world_begin(w);
    world_end(w, core_movements(w->core, &alice, WORLD_ALICE_ACCOUNT, &ever, &first, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"amount\":\"-77.78\""));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"counterparty\":\"" WORLD_SHOP_ACCOUNT));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"name\":\"The Shop\""));
    const char *next = world_text(w, "next");
    assert_non_null(next);
    const struct core_page second = {.cursor = next, .limit = 1};
    world_begin(w);
    world_end(w, core_movements(w->core, &alice, WORLD_ALICE_ACCOUNT, &ever, &second, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"amount\":\"100.00\""));
    world_begin(w);
    world_end(w, core_movements(w->core, &carol, WORLD_SHOP_ACCOUNT, &ever, &first, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"counterparty\":\"" WORLD_ALICE_ACCOUNT));
    world_begin(w);
    world_end(w, core_orders(w->core, &alice, WORLD_ALICE_ACCOUNT, &first, &w->answer));
    assert_int_equal(count_of(w, "orders"), 1);
    world_begin(w);
    world_end(w, core_orders(w->core, &alice, WORLD_ALICE_ACCOUNT, &wrong, &w->answer));
    assert_err(w->answer.err, ERR_USAGE);
    world_begin(w);
    world_end(w, core_orders(w->core, &alice, NULL, &first, &w->answer));
    assert_err(w->answer.err, ERR_ROLE_REQUIRED);
    world_order_free(&o);
}

static void test_a_no_ends_it(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_REJECT), "NOT_FOUND");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    assert_string_equal(world_text(w, "status"), "ACTC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_SUBMIT), "ORDER_EXISTS");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_REJECT), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "MS02");
    assert_history(w, "RCVD ACTC PATC RJCT");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "ORDER_FINAL");
    report = world_proves(w, &w->alice, &o, "RJCT");
    assert_string_equal(report.reason, "MS02");
    world_check(w);
    world_order_free(&o);
}

static void test_one_holder_alone(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    world_fund(w, WORLD_SHOP_ACCOUNT, "5.00");
    world_order_from(w,
                     "{\"account\":\"" WORLD_SHOP_ACCOUNT
                     "\",\"amount\":\"5.00\",\"currency\":\"EUR\",\"description\":\"x\","
                     "\"creditor\":{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"name\":\"A\"}}",
                     &o);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, WORLD_SHOP_ACCOUNT), "0/0");
    assert_ok(world_evidence(w, &w->carol, &o, &report));
    world_check(w);
    world_order_free(&o);
}

static void test_expiry_frees_funds_first(void **state)
{
    struct world *w = *state;
    struct world_order old, new;
    struct verify_report report;

    world_order(w, "60.00", &old);
    assert_string_equal(world_decide(w, &w->alice, &old, VERB_APPROVE), "OK");
    world_later(w, 3600); /* its last moment */
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_order(w, "60.00", &new);
    assert_string_equal(world_decide(w, &w->alice, &new, VERB_APPROVE), "FUNDS_INSUFFICIENT");
    world_later(w, 1);
    assert_string_equal(world_decide(w, &w->alice, &new, VERB_APPROVE), "OK");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    assert_string_equal(world_decide(w, &w->bob, &old, VERB_APPROVE), "ORDER_FINAL");
    read_order(w, &w->bob, &old);
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "DS24");
    assert_history(w, "RCVD ACTC PATC RJCT");
    assert_ok(world_evidence(w, &w->bob, &old, &report));
    assert_string_equal(report.reason, "DS24");
    world_check(w);
    world_order_free(&old);
    world_order_free(&new);
}

static void test_reading_touches(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 3601);
    world_login(w, &w->alice);
    read_order(w, &w->alice, &o);
    assert_string_equal(world_text(w, "reason"), "DS24");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_check(w);
    world_order_free(&o);
}

static void assert_new_order(struct world *w, const char *draft, const char *expected)
{
    struct world_order o;

    world_order_from(w, draft, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), expected);
    world_order_free(&o);
}

#define DRAFT(amount, currency, creditor, more)                                                    \
    "{\"amount\":\"" amount "\",\"currency\":\"" currency "\",\"description\":\"x\"," more         \
    "\"creditor\":{\"account\":\"" creditor "\",\"name\":\"A\"}}"

static void test_orders_that_do_not_enter(void **state)
{
    struct world *w = *state;

    assert_new_order(w, DRAFT("100.01", "EUR", WORLD_SHOP_ACCOUNT, ""), "FUNDS_INSUFFICIENT");
    assert_new_order(w, DRAFT("1.00", "EUR", "NL91ABNA0417164300", ""), "CREDITOR_UNKNOWN");
    assert_new_order(w, DRAFT("1.00", "EUR", WORLD_ALICE_ACCOUNT, ""), "CREDITOR_IS_DEBTOR");
    assert_new_order(w, DRAFT("1.00", "USD", WORLD_SHOP_ACCOUNT, ""), "CURRENCY_MISMATCH");
    assert_new_order(w, DRAFT("1.00", "EUR", WORLD_SHOP_ACCOUNT, "\"date\":\"2027-11-25\","),
                     "DATE_TOO_FAR");
    assert_new_order(w, DRAFT("1.00", "EUR", WORLD_SHOP_ACCOUNT, "\"date\":\"2026-11-22\","),
                     "DATE_PASSED");
    assert_new_order(w,
                     DRAFT("1.00", "EUR", WORLD_SHOP_ACCOUNT,
                           "\"created\":\"2026-11-23T08:00:00Z\","
                           "\"expires\":\"2026-11-23T08:59:59Z\","),
                     "ORDER_EXPIRED");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM entry WHERE json_extract(CAST(body AS"
                                     " TEXT), '$.type') = 'refusal'"),
                        "7");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_check(w);
}

static void test_restart_in_between(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    world_order(w, "77.78", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_restart(w);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    world_restart(w);
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    world_check(w);
    world_order_free(&o);
}

static void test_rollback_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct core_head before, after;

    core_head(w->core, &before);
    world_begin(w);
    assert_ok(core_fund(w->core, &world_operator, WORLD_ALICE_ACCOUNT, "1.00", "EUR", &w->answer));
    core_rollback(w->core);
    core_head(w->core, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_fund(w, WORLD_ALICE_ACCOUNT, "2.00");
    world_check(w);
}

static void test_sessions_end(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_caller bob = {.session = w->bob.session};

    for (int i = 0; i < 3; i++) {
        world_later(w, 299);
        world_begin(w);
        world_end(w, core_account(w->core, &alice, WORLD_ALICE_ACCOUNT, &w->answer));
        assert_err(w->answer.err, ERR_OK);
    }
    world_begin(w);
    world_end(w, core_account(w->core, &bob, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
    world_begin(w);
    world_end(w, core_logout(w->core, &alice, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    world_begin(w);
    world_end(w, core_admit(w->core, &alice, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_holders_pay, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_reading, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_a_no_ends_it, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_one_holder_alone, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_expiry_frees_funds_first, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_reading_touches, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_orders_that_do_not_enter, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_restart_in_between, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_rollback_leaves_nothing, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_sessions_end, world_enter, world_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
