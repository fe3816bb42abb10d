/* SPDX-License-Identifier: Apache-2.0
 *
 * Cash at a terminal: what comes in is settled by the terminal's word, what goes out waits for the
 * holders under the account's rule for cash; and who may not say what.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define CASH_ACCOUNT "FR1420041010050500013M02606"

static struct person till;

static int enter(void **state)
{
    world_enter(state);
    struct world *w = *state;

    world_key(&till, "till-1", "P-256");
    world_terminal(w, &till);
    return 0;
}

/* A settled order has its one movement, of its kind. */
static void check_books(struct world *w)
{
    world_begin(w);
    world_end(w, core_reconcile(w->core, &world_operator, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"differences\":[]"));
    world_check(w);
}

static int leave(void **state)
{
    check_books(*state);
    world_person_free(&till);
    world_close(*state);
    return 0;
}

static void assert_evidence(struct world *w, const struct world_order *o, const char *status,
                            unsigned signers)
{
    const struct verify_report report = world_proves(w, &w->alice, o, status);
    assert_int_equal(report.signer_count, signers);
    assert_string_equal(report.signers[0].holder, "till-1");
}

static void deposit(struct world *w, const char *amount, struct world_order *o)
{
    world_cash(w, ORDER_DEPOSIT, amount, o);
    assert_string_equal(world_cash_in(w, &till, o), "OK");
}

static void withdraw(struct world *w, const char *amount, struct world_order *o)
{
    world_cash(w, ORDER_WITHDRAWAL, amount, o);
    assert_string_equal(world_cash_in(w, &till, o), "OK");
    assert_string_equal(world_text(w, "status"), "ACTC");
}

/* What the holders' account says of it. */
static void assert_movement(struct world *w, const char *member, const char *text)
{
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_period always = {0, 0};
    const struct core_page one = {.cursor = "", .limit = 1};
    struct js *root = NULL;

    world_begin(w);
    world_end(w, core_movements(w->core, &alice, WORLD_ALICE_ACCOUNT, &always, &one, &w->answer));
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *movement = js_at(js_get(root, "movements"), 0);
    assert_string_equal(js_text(js_get(movement, member), NULL), text);
    js_free(root);
}

static void test_deposit(void **state)
{
    struct world *w = *state;
    struct world_order o;

    deposit(w, "40.00", &o);
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "14000/0");
    assert_string_equal(world_balance(w, "cash:EUR"), "-4000/0");
    assert_evidence(w, &o, "ACSC", 1);
    assert_movement(w, "category", "income");
    assert_movement(w, "terminal", "till-1");
    assert_movement(w, "description", "Market day");
    assert_movement(w, "order", o.order.id);
    world_order_free(&o);
}

static void test_withdrawal(void **state)
{
    struct world *w = *state;
    struct world_order o;

    withdraw(w, "40.00", &o);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/4000");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_evidence(w, &o, "PATC", 2);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "6000/0");
    assert_string_equal(world_balance(w, "cash:EUR"), "4000/0");
    assert_evidence(w, &o, "ACSC", 3);
    assert_movement(w, "category", "cash");
    assert_movement(w, "terminal", "till-1");
    world_order_free(&o);
}

static void test_ends(void **state)
{
    static const struct {
        enum verb verb;
        const char *status;
    } rows[] = {{VERB_REJECT, "RJCT"}, {VERB_CANCEL, "CANC"}};
    struct world *w = *state;
    struct world_order o;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        withdraw(w, "40.00", &o);
        assert_string_equal(world_decide(w, &w->bob, &o, rows[i].verb), "OK");
        assert_string_equal(world_text(w, "status"), rows[i].status);
        assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
        assert_evidence(w, &o, rows[i].status, 2);
        world_order_free(&o);
    }
    withdraw(w, "40.00", &o);
    world_later(w, 3601);
    world_login(w, &w->alice);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "ORDER_FINAL");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_evidence(w, &o, "RJCT", 1);
    world_order_free(&o);
}

/* --- whose word counts for what --- */

static void test_first_word(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_cash(w, ORDER_WITHDRAWAL, "40.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "TERMINAL_REQUIRED");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_CANCEL), "NOT_FOUND");
    assert_string_equal(world_cash_in(w, &w->alice, &o), "NOT_A_TERMINAL");
    world_sign_cash(w, &w->alice, &o, NULL, &jws);
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &o), "NOT_A_TERMINAL");
    world_sign_cash(w, &till, &o, NULL, &jws);
    assert_string_equal(world_hand_in_cash(w, &w->alice, &jws, &o), "NOT_A_TERMINAL");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    buf_free(&jws);
    world_order_free(&o);
}

static void test_another_terminal(void **state)
{
    struct world *w = *state;
    const struct core_caller second = {.session = ""};
    struct core_caller caller = second;
    struct person other = {0};
    struct world_order o, mine;

    world_key(&other, "till-2", "P-384");
    world_terminal(w, &other);
    world_cash(w, ORDER_DEPOSIT, "40.00", &o);
    assert_string_equal(world_cash_in(w, &other, &o), "TERMINAL_MISMATCH");
    deposit(w, "1.00", &mine);
    caller.session = other.session;
    world_begin(w);
    world_end(w, core_order(w->core, &caller, WORLD_ALICE_ACCOUNT, mine.order.id, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    world_order_free(&o);
    world_order_free(&mine);
    world_person_free(&other);
}

static enum err till_reads(struct world *w, const struct world_order *o)
{
    const struct core_caller caller = {.session = till.session};

    world_begin(w);
    world_end(w, core_order(w->core, &caller, o->order.account, o->order.id, &w->answer));
    return w->answer.err;
}

/* Its own orders, without the people; no account, no other order, no evidence. */
static void test_what_it_sees(void **state)
{
    struct world *w = *state;
    const struct core_caller caller = {.session = till.session};
    struct world_order cash, payment;

    withdraw(w, "40.00", &cash);
    assert_null(strstr(buf_str(&w->answer.body), "alice"));
    assert_ok(till_reads(w, &cash));
    assert_string_equal(world_text(w, "status"), "ACTC");
    assert_null(strstr(buf_str(&w->answer.body), "alice"));
    assert_null(strstr(buf_str(&w->answer.body), "canDecide"));
    world_order(w, "5.00", &payment);
    assert_string_equal(world_decide(w, &w->alice, &payment, VERB_APPROVE), "OK");
    assert_err(till_reads(w, &payment), ERR_ACCOUNT_UNKNOWN);
    world_begin(w);
    world_end(w, core_account(w->core, &caller, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    const struct core_signed by = {"", "[]", "", 0};
    world_begin(w);
    world_end(w,
              core_evidence(w->core, &caller, WORLD_ALICE_ACCOUNT, cash.order.id, &by, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    world_order_free(&cash);
    world_order_free(&payment);
}

static void test_no_decision_of_its_own(void **state)
{
    struct world *w = *state;
    struct world_order o, payment;
    struct buf jws = {0};

    withdraw(w, "40.00", &o);
    assert_string_equal(world_decide(w, &till, &o, VERB_APPROVE), "ACCOUNT_UNKNOWN");
    world_sign(w, &till, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "NOT_A_HOLDER");
    world_sign(w, &till, &o, VERB_CANCEL, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "NOT_A_HOLDER");
    world_order(w, "5.00", &payment);
    world_sign(w, &till, &payment, VERB_SUBMIT, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &payment), "NOT_A_HOLDER");
    buf_free(&jws);
    world_order_free(&o);
    world_order_free(&payment);
}

static void test_no_place_in_a_policy(void **state)
{
    static const char *const holders[] = {"alice", "till-1"};
    const struct world_account a = {.account = CASH_ACCOUNT, .holders = holders, .count = 2};
    struct world *w = *state;

    assert_err(world_open_account(w, &a), ERR_HOLDER_IS_NO_PERSON);
    struct policy *p =
        world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                     "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"T\",\"id\":\"till-1\"}",
                     "{\"require\":\"all\"}");
    assert_string_equal(world_policy_decide(w, &w->alice, p, VERB_APPROVE), "HOLDER_IS_NO_PERSON");
    policy_free(p);
}

/* A name is a person's or a terminal's, never both. */
static void test_enrolment(void **state)
{
    struct world *w = *state;
    struct person again = {0};
    size_t len = 0;
    const uint8_t *spki = key_spki(till.key, &len);

    world_begin(w);
    world_end(
        w, core_terminal_add(w->core, &world_operator, "till-1", "till-1", spki, len, &w->answer));
    assert_int_equal(w->answer.http, 200);
    world_begin(w);
    world_end(w,
              core_holder_add(w->core, &world_operator, "till-1", "till-1", spki, len, &w->answer));
    assert_err(w->answer.err, ERR_BANK_HOLDER_EXISTS);
    world_key(&again, "alice", "P-256");
    spki = key_spki(again.key, &len);
    world_begin(w);
    world_end(w,
              core_terminal_add(w->core, &world_operator, "alice", "Till", spki, len, &w->answer));
    assert_err(w->answer.err, ERR_BANK_HOLDER_EXISTS);
    world_begin(w);
    world_end(
        w, core_terminals(w->core, &world_operator, &(struct core_page){.cursor = ""}, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"terminal\":\"till-1\""));
    assert_null(strstr(buf_str(&w->answer.body), "alice"));
    world_begin(w);
    world_end(
        w, core_holders(w->core, &world_operator, &(struct core_page){.cursor = ""}, &w->answer));
    assert_null(strstr(buf_str(&w->answer.body), "till-1"));
    world_person_free(&again);
}

/* --- the account's rules --- */

static void open_ruled(struct world *w, const char *rules, const char *limits)
{
    static const char *const holders[] = {"alice", "bob"};
    const struct world_account a = {
        .account = CASH_ACCOUNT, .holders = holders, .count = 2, .rules = rules, .limits = limits};

    world_open_funded(w, &a, "500.00");
}

static const char *ruled_withdrawal(struct world *w, const char *amount, struct world_order *o)
{
    char draft[256];

    snprintf(draft, sizeof draft,
             "{\"account\":\"" CASH_ACCOUNT "\",\"amount\":\"%s\",\"currency\":\"EUR\","
             "\"description\":\"x\",\"terminal\":\"till-1\",\"type\":\"cash-withdrawal\"}",
             amount);
    world_order_from(w, draft, o);
    return world_cash_in(w, &till, o);
}

/* Payments need both, cash one, up to a band. */
static void test_cash_rule(void **state)
{
    struct world *w = *state;
    struct world_order o, above;

    open_ruled(w,
               "[{\"require\":\"all\"},{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"cash\","
               "\"upTo\":\"200.00\"}]",
               NULL);
    assert_string_equal(ruled_withdrawal(w, "200.00", &o), "OK");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_evidence(w, &o, "ACSC", 2);
    assert_string_equal(ruled_withdrawal(w, "200.01", &above), "POLICY_NO_RULE");
    world_order_free(&o);
    world_order_free(&above);
}

static void test_no_cash_rule(void **state)
{
    struct world *w = *state;
    struct world_order o;

    open_ruled(w, "[{\"require\":\"all\"}]", NULL);
    assert_string_equal(ruled_withdrawal(w, "1.00", &o), "POLICY_NO_RULE");
    world_order_free(&o);
}

/* What goes out as cash and what is paid are one sum; what comes in frees nothing. */
static void test_limits(void **state)
{
    struct world *w = *state;
    struct world_order o, payment, more, in;

    open_ruled(w,
               "[{\"require\":\"all\"},{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"cash\"}"
               "]",
               "[{\"amount\":\"100.00\",\"per\":\"day\"}]");
    assert_string_equal(ruled_withdrawal(w, "60.00", &o), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(ruled_withdrawal(w, "40.01", &more), "LIMIT_EXCEEDED");
    world_order_from(w,
                     "{\"account\":\"" CASH_ACCOUNT "\",\"amount\":\"40.01\",\"currency\":\"EUR\","
                     "\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"S\"},"
                     "\"description\":\"x\"}",
                     &payment);
    assert_string_equal(world_decide(w, &w->bob, &payment, VERB_APPROVE), "LIMIT_EXCEEDED");
    world_order_from(w,
                     "{\"account\":\"" CASH_ACCOUNT "\",\"amount\":\"900.00\",\"currency\":\"EUR\","
                     "\"description\":\"x\",\"terminal\":\"till-1\",\"type\":\"cash-deposit\"}",
                     &in);
    assert_string_equal(world_cash_in(w, &till, &in), "OK");
    world_order_free(&o);
    world_order_free(&payment);
    world_order_free(&more);
    world_order_free(&in);
}

/* --- money and accounts --- */

static void test_funds(void **state)
{
    struct world *w = *state;
    struct world_order first, second;

    withdraw(w, "60.00", &first);
    world_cash(w, ORDER_WITHDRAWAL, "40.01", &second);
    assert_string_equal(world_cash_in(w, &till, &second), "FUNDS_INSUFFICIENT");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    world_order_free(&first);
    world_order_free(&second);
}

/* All that came in, by whatever door, fits, so that what is paid always does. */
static void test_all_the_money(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_fund(w, WORLD_SHOP_ACCOUNT, "9999999999999800.00");
    world_cash(w, ORDER_DEPOSIT, "100.00", &o);
    assert_string_equal(world_cash_in(w, &till, &o), "AMOUNT_TOO_LARGE");
    world_order_free(&o);
    deposit(w, "99.99", &o);
    world_begin(w);
    world_end(w,
              core_fund(w->core, &world_operator, WORLD_ALICE_ACCOUNT, "0.01", "EUR", &w->answer));
    assert_err(w->answer.err, ERR_AMOUNT_TOO_LARGE);
    world_order_free(&o);
}

static void account_becomes(struct world *w, const char *account, enum core_account_act act)
{
    world_begin(w);
    world_end(w, core_account_state(w->core, &world_operator, account, act, "why", &w->answer));
    assert_ok(w->answer.err);
}

static void test_blocked_and_closed(void **state)
{
    struct world *w = *state;
    struct world_order o, in, waiting;

    withdraw(w, "10.00", &waiting);
    account_becomes(w, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK);
    world_cash(w, ORDER_WITHDRAWAL, "10.00", &o);
    assert_string_equal(world_cash_in(w, &till, &o), "ACCOUNT_BLOCKED");
    assert_string_equal(world_decide(w, &w->alice, &waiting, VERB_APPROVE), "ACCOUNT_BLOCKED");
    deposit(w, "10.00", &in);
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_evidence(w, &in, "ACSC", 1);
    world_order_free(&in);
    account_becomes(w, WORLD_SHOP_ACCOUNT, CORE_ACCOUNT_CLOSE);
    world_order_from(w,
                     "{\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"amount\":\"1.00\","
                     "\"currency\":\"EUR\",\"description\":\"x\",\"terminal\":\"till-1\","
                     "\"type\":\"cash-deposit\"}",
                     &in);
    assert_string_equal(world_cash_in(w, &till, &in), "ACCOUNT_CLOSED");
    world_order_free(&o);
    world_order_free(&in);
    world_order_free(&waiting);
}

static void test_forms(void **state)
{
    static const struct {
        const char *error, *changes;
    } rows[] = {
        {"CURRENCY_MISMATCH", "\"amount\":\"5.00\",\"currency\":\"USD\""},
        {"AMOUNT_TOO_LARGE", "\"amount\":\"9999999999999999.99\",\"currency\":\"EUR\""},
        {"ACCOUNT_UNKNOWN",
         "\"account\":\"" CASH_ACCOUNT "\",\"amount\":\"5.00\",\"currency\":\"EUR\""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_order o;
        char draft[300];
        snprintf(draft, sizeof draft,
                 "{%s,\"description\":\"x\",\"terminal\":\"till-1\",\"type\":\"cash-deposit\"}",
                 rows[i].changes);
        world_order_from(w, draft, &o);
        assert_string_equal(world_cash_in(w, &till, &o), rows[i].error);
        world_order_free(&o);
    }
    struct world_order late;
    world_cash(w, ORDER_DEPOSIT, "5.00", &late);
    world_later(w, 3601);
    world_login(w, &till);
    assert_string_equal(world_cash_in(w, &till, &late), "ORDER_EXPIRED");
    world_order_free(&late);
}

/* Neither the operator's limit nor a cut-off is for cash. */
static void test_not_held(void **state)
{
    struct world *w = *state;
    struct world_order o;

    w->hold_above = "10.00 EUR";
    w->cutoff = "08:00 EUR"; /* it is nine */
    world_restart(w);
    withdraw(w, "40.00", &o);
    world_both_approve(w, &o, "ACSC");
    w->hold_above = w->cutoff = NULL;
    world_order_free(&o);
}

/* --- once --- */

static void test_once(void **state)
{
    struct world *w = *state;
    struct world_order o, other;
    struct buf jws = {0};

    world_cash(w, ORDER_DEPOSIT, "40.00", &o);
    world_sign_cash(w, &till, &o, NULL, &jws);
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &o), "OK");
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &o), "OK"); /* the first answer */
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "14000/0");
    assert_string_equal(world_cash_in(w, &till, &o), "ORDER_FINAL");
    world_order_free(&o);
    withdraw(w, "40.00", &o);
    assert_string_equal(world_cash_in(w, &till, &o), "ALREADY_DECIDED");
    other = o;
    other.bytes = (struct buf){0};
    assert_ok(buf_add(&other.bytes, o.bytes.data, o.bytes.len));
    memcpy(strstr(buf_str(&other.bytes), "Market"), "Barter", 6);
    assert_ok(order_parse(other.bytes.data, other.bytes.len, &other.order));
    assert_string_equal(world_cash_in(w, &till, &other), "ORDER_ID_TAKEN");
    buf_free(&jws);
    world_order_free(&o);
    world_order_free(&other);
}

static void test_freshness(void **state)
{
    struct world *w = *state;
    const struct world_says old = {.issued_us = w->time.now_us - 301 * WORLD_SECOND},
                            ahead = {.issued_us = w->time.now_us + 11 * WORLD_SECOND},
                            nonce = {.nonce = "AAAAAAAAAAAAAAAAAAAAAQ"};
    struct world_order o, second;
    struct buf jws = {0};

    world_cash(w, ORDER_DEPOSIT, "1.00", &o);
    world_cash(w, ORDER_DEPOSIT, "2.00", &second);
    world_sign_cash(w, &till, &o, &old, &jws);
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &o), "ISSUED_TOO_OLD");
    world_sign_cash(w, &till, &o, &ahead, &jws);
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &o), "ISSUED_IN_FUTURE");
    world_sign_cash(w, &till, &o, &nonce, &jws);
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &o), "OK");
    world_sign_cash(w, &till, &second, &nonce, &jws);
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &second), "NONCE_REUSED");
    buf_free(&jws);
    world_order_free(&o);
    world_order_free(&second);
}

/* A stolen terminal: what it handed in is not paid out any more. */
static void test_key_inactive(void **state)
{
    struct world *w = *state;
    struct world_order o, late;
    struct buf jws = {0};

    withdraw(w, "40.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_cash(w, ORDER_DEPOSIT, "1.00", &late);
    world_sign_cash(w, &till, &late, NULL, &jws);
    world_execute(w, "UPDATE signing_key SET status = 'revoked' WHERE holder ="
                     " (SELECT id FROM holder WHERE holder = 'till-1')");
    assert_string_equal(world_hand_in_cash(w, &till, &jws, &late), "SESSION_REQUIRED");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_not_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, "cash:EUR"), "0/0");
    buf_free(&jws);
    world_order_free(&o);
    world_order_free(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deposit, enter, leave),
        cmocka_unit_test_setup_teardown(test_withdrawal, enter, leave),
        cmocka_unit_test_setup_teardown(test_ends, enter, leave),
        cmocka_unit_test_setup_teardown(test_first_word, enter, leave),
        cmocka_unit_test_setup_teardown(test_another_terminal, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_it_sees, enter, leave),
        cmocka_unit_test_setup_teardown(test_no_decision_of_its_own, enter, leave),
        cmocka_unit_test_setup_teardown(test_no_place_in_a_policy, enter, leave),
        cmocka_unit_test_setup_teardown(test_enrolment, enter, leave),
        cmocka_unit_test_setup_teardown(test_cash_rule, enter, leave),
        cmocka_unit_test_setup_teardown(test_no_cash_rule, enter, leave),
        cmocka_unit_test_setup_teardown(test_limits, enter, leave),
        cmocka_unit_test_setup_teardown(test_funds, enter, leave),
        cmocka_unit_test_setup_teardown(test_all_the_money, enter, leave),
        cmocka_unit_test_setup_teardown(test_blocked_and_closed, enter, leave),
        cmocka_unit_test_setup_teardown(test_forms, enter, leave),
        cmocka_unit_test_setup_teardown(test_not_held, enter, leave),
        cmocka_unit_test_setup_teardown(test_once, enter, leave),
        cmocka_unit_test_setup_teardown(test_freshness, enter, leave),
        cmocka_unit_test_setup_teardown(test_key_inactive, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
