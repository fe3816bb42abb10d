/* SPDX-License-Identifier: Apache-2.0
 *
 * Money that leaves the bank and comes in: payments to other banks until they are confirmed or sent
 * back, credits, suspense, and bookings that are taken back.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define ELSEWHERE "NL91ABNA0417164300"
#define NOT_HERE "PT50000201230000000000214" /* this bank's, and no account */

static int enter(void **state)
{
    world_enter(state);
    struct world *w = *state;

    w->bank_codes = "PT 0002, DE 37040044";
    world_restart(w);
    return 0;
}

static void assert_books_agree(struct world *w)
{
    struct js *root = NULL;

    world_begin(w);
    world_end(w, core_reconcile(w->core, &world_operator, &w->answer));
    assert_ok(w->answer.err);
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    if (js_count(js_get(root, "differences")))
        print_error("%s\n", buf_str(&w->answer.body));
    assert_int_equal(js_count(js_get(root, "differences")), 0);
    js_free(root);
}

static int leave(void **state)
{
    assert_books_agree(*state);
    return world_leave(state);
}

/* "booked" of one of the bank's own accounts, "" when there is none yet. */
static const char *own(struct world *w, const char *name)
{
    char sql[128];

    snprintf(sql, sizeof sql,
             "SELECT coalesce((SELECT booked FROM account WHERE account = '%s'), '')", name);
    return world_sql(w, sql);
}

/* --- out --- */

static void order_to(struct world *w, const char *payee, struct world_order *out)
{
    char draft[300];

    snprintf(draft, sizeof draft,
             "{\"amount\":\"10.00\",\"creditor\":{\"account\":\"%s\",\"name\":\"Somebody\"},"
             "\"currency\":\"EUR\",\"description\":\"x\"}",
             payee);
    world_order_from(w, draft, out);
}

static void send_one(struct world *w, struct world_order *o)
{
    order_to(w, ELSEWHERE, o);
    world_both_approve(w, o, "ACSP");
}

static const char *confirm(struct world *w, const struct core_caller *who,
                           const struct world_order *o)
{
    world_begin(w);
    world_end(w,
              core_order_confirm(w->core, who,
                                 &(struct core_word){o->order.account, o->order.id, "pacs.002", 0},
                                 &w->answer));
    return err_name(w->answer.err);
}

static const char *send_back(struct world *w, const struct world_order *o, const char *reason)
{
    world_begin(w);
    world_end(w,
              core_order_return(w->core, &world_operator,
                                &(struct core_word){o->order.account, o->order.id, "pacs.004", 0},
                                reason, &w->answer));
    return err_name(w->answer.err);
}

static void assert_evidence(struct world *w, const struct world_order *o, const char *status,
                            const char *reason)
{
    const struct verify_report report = world_proves(w, &w->alice, o, status);
    assert_string_equal(report.reason, reason);
}

static void test_sent_and_confirmed(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    struct world_order o;
    bool more = true;

    send_one(w, &o);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9000/0");
    assert_string_equal(own(w, "settlement:EUR"), "1000");
    assert_evidence(w, &o, "ACSP", "");
    assert_books_agree(w);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_CANCEL), "ORDER_FINAL");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_REJECT), "ORDER_FINAL");
    world_later(w, 30 * 86400); /* its expiry is nothing to it any more */
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(confirm(w, &alice, &o), "ROLE_REQUIRED");
    assert_string_equal(confirm(w, &world_operator, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(own(w, "settlement:EUR"), "0");
    assert_string_equal(own(w, "bank:EUR"), "-9000");
    world_login(w, &w->alice);
    assert_evidence(w, &o, "ACSC", "");
    assert_string_equal(confirm(w, &world_operator, &o), "ORDER_NOT_SENT");
    assert_string_equal(send_back(w, &o, "AC01"), "ORDER_NOT_SENT");
    world_order_free(&o);
}

static void test_sent_back(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"MS02", "DS02", "DS04", "DS24", "AC1", "ac01", ""};
    struct world_order o;

    send_one(w, &o);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(send_back(w, &o, bad[i]), "REASON_INVALID");
    assert_string_equal(send_back(w, &o, "AC01"), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "AC01");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_string_equal(own(w, "settlement:EUR"), "0");
    assert_evidence(w, &o, "RJCT", "AC01");
    assert_string_equal(confirm(w, &world_operator, &o), "ORDER_NOT_SENT");
    assert_string_equal(send_back(w, &o, "AC01"), "ORDER_NOT_SENT");
    assert_string_equal(world_sql(w, "SELECT group_concat(kind, ' ') FROM movement"),
                        "funding payment return");
    world_order_free(&o);
}

/* What may come back has an account to come back to. */
static void test_no_closing_meanwhile(void **state)
{
    struct world *w = *state;
    struct world_order o, rest;

    send_one(w, &o);
    world_order(w, "90.00", &rest);
    assert_string_equal(world_decide(w, &w->alice, &rest, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &rest, VERB_APPROVE), "OK");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "0/0");
    world_begin(w);
    world_end(w, core_account_state(w->core, &world_operator, WORLD_ALICE_ACCOUNT,
                                    CORE_ACCOUNT_CLOSE, "moved", &w->answer));
    assert_string_equal(err_name(w->answer.err), "ACCOUNT_NOT_EMPTY");
    assert_string_equal(confirm(w, &world_operator, &o), "OK");
    world_begin(w);
    world_end(w, core_account_state(w->core, &world_operator, WORLD_ALICE_ACCOUNT,
                                    CORE_ACCOUNT_CLOSE, "moved", &w->answer));
    assert_ok(w->answer.err);
    world_order_free(&o);
    world_order_free(&rest);
}

static void test_whose_an_account_is(void **state)
{
    struct world *w = *state;
    struct world_order ours, theirs;

    order_to(w, NOT_HERE, &ours);
    assert_string_equal(world_decide(w, &w->alice, &ours, VERB_APPROVE), "CREDITOR_UNKNOWN");
    w->bank_codes = NULL; /* a bank that sends nothing elsewhere */
    world_restart(w);
    order_to(w, ELSEWHERE, &theirs);
    assert_string_equal(world_decide(w, &w->alice, &theirs, VERB_APPROVE), "CREDITOR_UNKNOWN");
    world_order_free(&ours);
    world_order_free(&theirs);
}

/* An account that is opened under another bank's code would split its orders. */
static void test_no_account_elsewhere(void **state)
{
    struct world *w = *state;
    static const char *const holders[] = {"carol"};
    const struct world_account a = {.account = ELSEWHERE, .holders = holders, .count = 1};

    assert_err(world_open_account(w, &a), ERR_ACCOUNT_ELSEWHERE);
}

/* A payee is known when the money is there, not when it came back. */
static void test_a_return_makes_nobody_known(void **state)
{
    struct world *w = *state;
    struct world_order o;

    send_one(w, &o);
    assert_string_equal(send_back(w, &o, "AC01"), "OK");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM payee"), "0");
    world_order_free(&o);
    send_one(w, &o);
    assert_string_equal(confirm(w, &world_operator, &o), "OK");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM payee"), "1");
    world_order_free(&o);
}

static void test_the_outbox(void **state)
{
    struct world *w = *state;
    struct core_page page = {.cursor = "", .limit = 2};
    struct world_order o[3];
    struct js *root = NULL;

    for (size_t i = 0; i < 3; i++)
        send_one(w, &o[i]);
    world_begin(w);
    world_end(w, core_outbox(w->core, &world_operator, &page, &w->answer));
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    assert_int_equal(js_count(js_get(root, "orders")), 2);
    char next[24];
    snprintf(next, sizeof next, "%s", js_text(js_get(root, "next"), NULL));
    js_free(root);
    page.cursor = next;
    world_begin(w);
    world_end(w, core_outbox(w->core, &world_operator, &page, &w->answer));
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    assert_int_equal(js_count(js_get(root, "orders")), 1);
    js_free(root);
    for (size_t i = 0; i < 3; i++)
        world_order_free(&o[i]);
}

/* What is refused leaves its entry in the log and nothing else. */
static void test_refused_to_elsewhere(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order_from(w,
                     "{\"amount\":\"100.01\",\"creditor\":{\"account\":\"" ELSEWHERE
                     "\",\"name\":\"Somebody\"},\"currency\":\"EUR\",\"description\":\"x\"}",
                     &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "FUNDS_INSUFFICIENT");
    assert_string_equal(own(w, "settlement:EUR"), "");
    world_order_free(&o);
}

/* --- in --- */

static const char *credit(struct world *w, const char *account, const char *amount,
                          const char *currency, const char *reference)
{
    const struct core_credit in = {.reference = reference,
                                   .account = account,
                                   .amount = amount,
                                   .currency = currency,
                                   .debtor_account = ELSEWHERE,
                                   .debtor_name = "Uncle Toby",
                                   .description = "for the garden"};

    world_begin(w);
    world_end(w, core_credit(w->core, &world_operator, &in, &w->answer));
    return w->answer.err ? err_name(w->answer.err) : world_text(w, "state");
}

static const char *assign(struct world *w, const char *number, const char *account)
{
    world_begin(w);
    world_end(
        w, account
               ? core_credit_assign(w->core, &world_operator, number, account, "asked", &w->answer)
               : core_credit_return(w->core, &world_operator, number, "nobody's", &w->answer));
    return w->answer.err ? err_name(w->answer.err) : world_text(w, "state");
}

static void test_credits(void **state)
{
    struct world *w = *state;

    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUR", "E1"), "booked");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10500/0");
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUR", "E1"), "CREDIT_EXISTS");
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "0.00", "EUR", "E2"), "AMOUNT_ZERO");
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUX", "E2"), "CURRENCY_UNKNOWN");
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUR", ""), "TEXT_INVALID");
    assert_string_equal(credit(w, "PT50000201231234567890155", "5.00", "EUR", "E2"),
                        "IBAN_CHECK_DIGITS"); /* nobody's, so that it could not be put right */
    assert_string_equal(credit(w, NOT_HERE, "6.00", "EUR", "E2"), "suspense");
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "7.00", "USD", "E3"), "suspense");
    assert_string_equal(own(w, "suspense:EUR"), "600");
    assert_string_equal(own(w, "suspense:USD"), "700");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10500/0");
    world_execute(w,
                  "UPDATE account SET state = 'closed' WHERE account = '" WORLD_SHOP_ACCOUNT "'");
    assert_string_equal(credit(w, WORLD_SHOP_ACCOUNT, "8.00", "EUR", "E4"), "suspense");
    assert_string_equal(assign(w, "4", WORLD_SHOP_ACCOUNT), "ACCOUNT_CLOSED");
    assert_string_equal(assign(w, "4", NOT_HERE), "ACCOUNT_UNKNOWN");
    assert_string_equal(assign(w, "3", WORLD_ALICE_ACCOUNT), "CURRENCY_MISMATCH");
    assert_string_equal(assign(w, "1", WORLD_ALICE_ACCOUNT), "NOT_FOUND"); /* not in suspense */
    assert_string_equal(assign(w, "99", WORLD_ALICE_ACCOUNT), "NOT_FOUND");
    assert_string_equal(assign(w, "x", WORLD_ALICE_ACCOUNT), "NOT_FOUND");
    assert_books_agree(w);
    assert_string_equal(assign(w, "2", WORLD_ALICE_ACCOUNT), "booked");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "11100/0");
    assert_string_equal(assign(w, "4", NULL), "returned");
    assert_string_equal(own(w, "suspense:EUR"), "0");
    assert_string_equal(assign(w, "4", WORLD_ALICE_ACCOUNT), "NOT_FOUND");
    assert_string_equal(assign(w, "2", NULL), "NOT_FOUND");
}

static const char *counts(struct world *w)
{
    return world_sql(w,
                     "SELECT (SELECT count(*) FROM credit) || ' ' ||"
                     " (SELECT count(*) FROM movement) || ' ' || (SELECT count(*) FROM account)");
}

/* A credit that the books have no room for leaves nothing behind, and may come again. */
static void test_a_credit_too_large(void **state)
{
    struct world *w = *state;
    char before[64];

    snprintf(before, sizeof before, "%s", counts(w));
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "9999999999999999.99", "EUR", "E1"),
                        "AMOUNT_TOO_LARGE");
    assert_string_equal(credit(w, NOT_HERE, "9999999999999999.99", "EUR", "E1"),
                        "AMOUNT_TOO_LARGE");
    assert_string_equal(counts(w), before);
    assert_books_agree(w);
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUR", "E1"), "booked");
}

/* A blocked account lets nothing out; what comes in is its own. */
static void test_credit_to_a_blocked_account(void **state)
{
    struct world *w = *state;

    world_begin(w);
    world_end(w, core_account_state(w->core, &world_operator, WORLD_ALICE_ACCOUNT,
                                    CORE_ACCOUNT_BLOCK, "court", &w->answer));
    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUR", "E1"), "booked");
}

static void assert_movement(struct world *w, const char *text)
{
    const struct core_page page = {.cursor = "", .limit = 1};
    const struct core_period period = {0, 0};

    world_begin(w);
    world_end(w, core_movements(w->core, &world_operator, WORLD_ALICE_ACCOUNT, &period, &page,
                                &w->answer));
    if (!strstr(buf_str(&w->answer.body), text))
        print_error("%s\n", buf_str(&w->answer.body));
    assert_non_null(strstr(buf_str(&w->answer.body), text));
}

/* --- taking back --- */

static const char *take_back(struct world *w, const char *movement)
{
    world_begin(w);
    world_end(w, core_reverse(w->core, &world_operator, WORLD_ALICE_ACCOUNT, movement,
                              "typed wrong", &w->answer));
    return err_name(w->answer.err);
}

static void test_reversals(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_fund(w, WORLD_ALICE_ACCOUNT, "30.00"); /* movement 2 */
    assert_string_equal(take_back(w, "2"), "OK");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_movement(w, "\"category\":\"correction\",\"description\":\"Reversal\",\"id\":3,"
                       "\"kind\":\"reversal\",\"reverses\":2");
    assert_string_equal(take_back(w, "2"), "MOVEMENT_REVERSED");
    assert_string_equal(take_back(w, "3"), "NOT_REVERSIBLE"); /* the reversal */
    assert_string_equal(take_back(w, "99"), "NOT_FOUND");
    assert_string_equal(take_back(w, "-1"), "NOT_FOUND");
    world_order(w, "10.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK"); /* movement 4 */
    assert_string_equal(take_back(w, "4"), "NOT_REVERSIBLE");
    assert_string_equal(take_back(w, "1"), "FUNDS_INSUFFICIENT"); /* 100.00 of 90.00 */
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9000/0");
    world_fund(w, WORLD_SHOP_ACCOUNT, "1.00"); /* movement 5, another's */
    assert_string_equal(take_back(w, "5"), "NOT_FOUND");
    world_order_free(&o);
}

/* Reserved money is not there to be taken back. */
static void test_reversal_of_what_is_reserved(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "0.01", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(take_back(w, "1"), "FUNDS_INSUFFICIENT");
    world_order_free(&o);
}

/* A credit at the wrong account is in suspense again, and then the right one's. */
static void test_a_credit_moves_on(void **state)
{
    struct world *w = *state;

    assert_string_equal(credit(w, WORLD_ALICE_ACCOUNT, "5.00", "EUR", "E1"), "booked");
    assert_movement(w, "\"counterparty\":\"" ELSEWHERE
                       "\",\"description\":\"for the garden\",\"id\":2,"
                       "\"kind\":\"credit\",\"name\":\"Uncle Toby\"");
    assert_string_equal(take_back(w, "2"), "OK");
    assert_string_equal(own(w, "suspense:EUR"), "500");
    assert_books_agree(w);
    assert_string_equal(assign(w, "1", WORLD_SHOP_ACCOUNT), "booked");
    assert_string_equal(world_balance(w, WORLD_SHOP_ACCOUNT), "500/0");
    assert_string_equal(assign(w, "1", WORLD_SHOP_ACCOUNT), "NOT_FOUND");
    assert_string_equal(credit(w, NOT_HERE, "6.00", "EUR", "E2"), "suspense");
    assert_string_equal(assign(w, "2", WORLD_ALICE_ACCOUNT), "booked");
    char number[24];
    snprintf(number, sizeof number, "%s", world_sql(w, "SELECT max(id) FROM movement"));
    assert_string_equal(take_back(w, number), "OK");
    assert_string_equal(own(w, "suspense:EUR"), "600");
    assert_string_equal(assign(w, "2", WORLD_SHOP_ACCOUNT), "booked");
}

static void test_the_setting(void **state)
{
    (void)state;
    static const char *const bad[] = {"PT0002", "pt 0002", "PT 00-2",
                                      "PT ",    "P1 0002", "PT 0002;DE 1"};
    struct core_terms terms = {.count = 0};

    assert_ok(core_terms_bank_codes("PT 0002, DE 37040044", &terms));
    assert_int_equal(terms.code_count, 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        terms = (struct core_terms){.count = 0};
        assert_err(core_terms_bank_codes(bad[i], &terms), ERR_CONFIG_INVALID);
    }
}

/* What an order reserved that has expired is the account's again. */
static void test_reversal_after_an_expiry(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "90.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
    assert_string_equal(take_back(w, "1"), "FUNDS_INSUFFICIENT");
    world_later(w, 3601);
    assert_string_equal(take_back(w, "1"), "OK");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "0/0");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        T(test_sent_and_confirmed),
        T(test_sent_back),
        T(test_no_closing_meanwhile),
        T(test_whose_an_account_is),
        T(test_no_account_elsewhere),
        T(test_a_return_makes_nobody_known),
        T(test_the_outbox),
        T(test_refused_to_elsewhere),
        T(test_credits),
        T(test_a_credit_too_large),
        T(test_credit_to_a_blocked_account),
        T(test_reversals),
        T(test_reversal_of_what_is_reserved),
        T(test_reversal_after_an_expiry),
        T(test_a_credit_moves_on),
        cmocka_unit_test(test_the_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
