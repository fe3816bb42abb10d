/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies at work: bands, classes, payees, limits, and evidence under them.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"
#define OTHER "GB82WEST12345698765432"
#define DAY 86400

/* Alice is an A, Bob a B, Carol an E. Up to 10.00 anybody; to 50.00 EBICS; to the shop Alice alone,
 * whatever the amount; more not at all. */
#define RULES                                                                                      \
    "[{\"anyOf\":[{\"signers\":[{\"count\":1,\"of\":[\"alice\"]}]}],\"payees\":["                  \
    "\"" WORLD_SHOP_ACCOUNT "\"]},{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"upTo\":\"10.00\"}," \
    "{\"above\":\"10.00\",\"require\":\"ebics\",\"upTo\":\"50.00\"}]"

static void open_firm(struct world *w, const char *rules, const char *limits)
{
    static const char *const holders[] = {"carol:E", "alice", "bob:B"};
    const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 3, .rules = rules, .limits = limits};

    world_open_funded(w, &firm, "500.00");
}

static void order_of(struct world *w, const char *payer, const char *amount, const char *payee,
                     struct world_order *out)
{
    char draft[300];

    snprintf(draft, sizeof draft,
             "{\"account\":\"%s\",\"amount\":\"%s\",\"creditor\":{\"account\":\"%s\","
             "\"name\":\"Somebody\"},\"currency\":\"EUR\",\"description\":\"x\"}",
             payer, amount, payee);
    world_order_from(w, draft, out);
}

static void firm_order(struct world *w, const char *amount, const char *payee,
                       struct world_order *out)
{
    order_of(w, FIRM, amount, payee, out);
}

/* Each of VOTES ("alice bob-") decides in turn; the last one's answer counts. */
static void pays(struct world *w, const char *amount, const char *payee, const char *votes,
                 const char *status)
{
    struct person *const people[] = {&w->alice, &w->bob, &w->carol};
    static const char initials[] = "abc";
    struct world_order o;

    firm_order(w, amount, payee, &o);
    for (const char *at = votes; *at; at++) {
        enum verb verb = at[1] == '-' ? VERB_REJECT : VERB_APPROVE;
        const struct person *p = people[strchr(initials, *at) - initials];

        assert_string_equal(world_decide(w, p, &o, verb), "OK");
        at += verb == VERB_REJECT;
    }
    assert_string_equal(world_text(w, "status"), status);
    world_proves(w, &w->alice, &o, status);
    world_order_free(&o);
}

static void refused(struct world *w, const char *amount, const char *payee, const char *name)
{
    struct world_order o;

    firm_order(w, amount, payee, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), name);
    world_order_free(&o);
}

static void test_bands_classes_and_payees(void **state)
{
    struct world *w = *state;

    open_firm(w, RULES, NULL);
    pays(w, "10.00", WORLD_ALICE_ACCOUNT, "b", "ACSC");
    pays(w, "10.01", WORLD_ALICE_ACCOUNT, "b", "PATC");
    pays(w, "10.01", WORLD_ALICE_ACCOUNT, "ba", "ACSC");
    pays(w, "50.00", WORLD_ALICE_ACCOUNT, "c", "ACSC");
    pays(w, "50.00", WORLD_ALICE_ACCOUNT, "bc-", "PATC"); /* with Alice it still can */
    pays(w, "50.00", WORLD_ALICE_ACCOUNT, "bc-a", "ACSC");
    pays(w, "50.00", WORLD_ALICE_ACCOUNT, "ab-c-", "RJCT");
    pays(w, "51.00", WORLD_SHOP_ACCOUNT, "a", "ACSC");
    pays(w, "51.00", WORLD_SHOP_ACCOUNT, "bc", "PATC");
    refused(w, "50.01", WORLD_ALICE_ACCOUNT, "POLICY_NO_RULE");
}

/* Handed in without an approval, and one no that decides nothing: no approval is there yet. */
static void test_a_no_is_no_approval(void **state)
{
    struct world *w = *state;
    struct verify_report report;
    struct world_order o;

    open_firm(w, RULES, NULL);
    firm_order(w, "20.00", WORLD_ALICE_ACCOUNT, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_REJECT), "OK");
    assert_string_equal(world_text(w, "status"), "ACTC");
    world_proves(w, &w->alice, &o, "ACTC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    world_order_free(&o);
}

static void test_limits(void **state)
{
    struct world *w = *state;
    struct world_order first, second;

    open_firm(w, NULL,
              "[{\"amount\":\"30.00\",\"per\":\"day\"},{\"amount\":\"50.00\",\"per\":\"month\"}]");
    refused(w, "30.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
    /* Both may enter; when the second is executed, the first has used the day up. */
    firm_order(w, "20.00", WORLD_SHOP_ACCOUNT, &first);
    firm_order(w, "10.01", WORLD_SHOP_ACCOUNT, &second);
    for (int i = 0; i < 2; i++) {
        const struct world_order *o = i ? &second : &first;
        assert_string_equal(world_decide(w, &w->alice, o, VERB_APPROVE), "OK");
        assert_string_equal(world_decide(w, &w->bob, o, VERB_APPROVE), "OK");
    }
    assert_string_equal(world_decide(w, &w->carol, &first, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_decide(w, &w->carol, &second, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), "AM21");
    assert_string_equal(world_balance(w, FIRM), "48000/0");
    struct verify_report report;
    assert_ok(world_evidence(w, &w->alice, &second, &report));
    assert_string_equal(report.reason, "AM21");
    refused(w, "10.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
    world_order_free(&first);
    world_order_free(&second);
    /* The next day 30.00 are free, and to the month's end 30.00 as well. */
    world_later(w, DAY);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_login(w, &w->carol);
    refused(w, "30.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
    pays(w, "30.00", WORLD_SHOP_ACCOUNT, "abc", "ACSC");
    world_later(w, DAY);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_login(w, &w->carol);
    refused(w, "0.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
    /* 25 November + 6 days: another month. */
    world_later(w, 6 * DAY);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_login(w, &w->carol);
    pays(w, "30.00", WORLD_SHOP_ACCOUNT, "abc", "ACSC");
}

static void test_what_is_paid_in_frees_no_limit(void **state)
{
    struct world *w = *state;

    open_firm(w, NULL, "[{\"amount\":\"30.00\",\"per\":\"day\"}]");
    pays(w, "20.00", WORLD_SHOP_ACCOUNT, "abc", "ACSC");
    world_fund(w, FIRM, "100.00");
    refused(w, "10.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
}

/* Nor is it spent by them what the bank takes back that was booked by mistake. */
static void test_what_is_taken_back_is_not_spent(void **state)
{
    struct world *w = *state;
    char movement[24];

    open_firm(w, NULL, "[{\"amount\":\"30.00\",\"per\":\"day\"}]");
    world_fund(w, FIRM, "100.00");
    snprintf(movement, sizeof movement, "%s", world_sql(w, "SELECT max(id) FROM movement"));
    world_begin(w);
    world_end(w, core_reverse(w->core, &world_operator, FIRM, movement, "typed wrong", &w->answer));
    assert_ok(w->answer.err);
    refused(w, "30.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
    pays(w, "30.00", WORLD_SHOP_ACCOUNT, "abc", "ACSC");
    refused(w, "0.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
}

/* The same money may leave an account again and again: no sum of it is one that does not fit. */
static void test_money_that_goes_round(void **state)
{
    static const char *const alone[] = {"alice"}, *const ends[] = {FIRM, OTHER};
    struct world *w = *state;

    for (int i = 0; i < 2; i++) {
        const struct world_account a = {.account = ends[i], .holders = alone, .count = 1};
        assert_ok(world_open_account(w, &a));
    }
    world_fund(w, FIRM, "9000000000000000.00");
    for (int i = 0; i < 24; i++) {
        struct world_order o;
        order_of(w, ends[i % 2], "9000000000000000.00", ends[(i + 1) % 2], &o);
        assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
        assert_string_equal(world_text(w, "status"), "ACSC");
        world_order_free(&o);
    }
    world_begin(w);
    world_end(w, core_reconcile(w->core, &world_operator, &w->answer));
    assert_ok(w->answer.err);
    assert_non_null(strstr(buf_str(&w->answer.body), "\"differences\":[]"));
}

/* Nor is what left it in a month. */
static void test_days_that_make_no_sum(void **state)
{
    struct world *w = *state;

    open_firm(w, NULL, "[{\"amount\":\"9999999999999999.99\",\"per\":\"month\"}]");
    pays(w, "20.00", WORLD_SHOP_ACCOUNT, "abc", "ACSC");
    world_execute(w, "INSERT INTO spending SELECT account, day - column1, 999999999999999999 FROM"
                     " spending, (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))");
    refused(w, "0.01", WORLD_SHOP_ACCOUNT, "LIMIT_EXCEEDED");
    world_execute(w, "DELETE FROM spending WHERE amount > 2000");
}

static void test_bad_rules_open_nothing(void **state)
{
    static const char *const holders[] = {"alice", "bob:B"};
    static const struct {
        const char *rules;
        enum err expected;
    } rows[] = {
        {"[{\"anyOf\":[{\"signers\":[{\"count\":3}]}]}]", ERR_POLICY_INVALID},
        {"[{\"anyOf\":[{\"signers\":[{\"count\":0}]}]}]", ERR_POLICY_INVALID},
        {"[{\"require\":\"all\",\"upTo\":\"1.5\"}]", ERR_AMOUNT_INVALID},
        {"[{\"require\":\"all\",\"x\":1}]", ERR_DOC_MEMBER_UNKNOWN},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct world_account a = {
            .account = FIRM, .holders = holders, .count = 2, .rules = rows[i].rules};
        assert_err(world_open_account(w, &a), rows[i].expected);
    }
    assert_string_equal(world_sql(w, "SELECT count(*) FROM account WHERE account = '" FIRM "'"),
                        "0");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_bands_classes_and_payees),
        T(test_a_no_is_no_approval),
        T(test_limits),
        T(test_what_is_paid_in_frees_no_limit),
        T(test_bad_rules_open_nothing),
        T(test_what_is_taken_back_is_not_spent),
        T(test_money_that_goes_round),
        T(test_days_that_make_no_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
