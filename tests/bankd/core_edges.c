/* SPDX-License-Identifier: Apache-2.0
 *
 * Where rules, waiting clauses, new policies, limits and a clock that jumps meet each other.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define DAY 86400
#define FIRM "NL91ABNA0417164300"
#define ALICE "{\"class\":\"A\",\"id\":\"alice\"}"
#define BOB "{\"class\":\"A\",\"id\":\"bob\"}"
#define CAROL "{\"class\":\"A\",\"id\":\"carol\"}"
#define ALL "{\"require\":\"all\"}"
#define ANYBODY "{\"anyOf\":[{\"signers\":[{\"count\":1}]}]}"
#define TWO "{\"anyOf\":[{\"signers\":[{\"count\":2}]}]}"
#define ONE_CHANGES "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"policy\"}"

static void says(struct world *w, const char *name, const char *status)
{
    assert_string_equal(name, "OK");
    assert_string_equal(world_text(w, "status"), status);
}

static void look(struct world *w)
{
    while (world_look(w, 10))
        ;
}

static void open_firm(struct world *w, const char *const *holders, size_t count, const char *rules,
                      const char *limits)
{
    const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = count, .rules = rules, .limits = limits};

    world_open_funded(w, &firm, "500.00");
}

static const char *on_order(struct world *w, const struct person *p, const struct world_order *o,
                            const struct policy *pinned, enum verb verb)
{
    const struct world_says what = {.policy = pinned};
    struct buf jws = {0};

    world_sign(w, p, o, verb, &what, &jws);
    const char *name = world_hand_in(w, p, &jws, o);
    buf_free(&jws);
    return name;
}

/* A vote ends the order with AM21, for the policy in force has no rule for it. */
static void test_evidence_of_an_order_that_no_rule_covers_any_more(void **state)
{
    struct world *w = *state;
    struct policy *two = world_policy(w, WORLD_ALICE_ACCOUNT, 2, ALICE "," BOB,
                                      "{\"require\":\"all\",\"upTo\":\"50.00\"}");
    const struct policy *one = world_policy_of(w, WORLD_ALICE_ACCOUNT);
    struct world_order o;
    struct verify_report report;

    world_order(w, "60.00", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    says(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    says(w, on_order(w, &w->bob, &o, one, VERB_APPROVE), "RJCT");
    assert_string_equal(world_text(w, "reason"), "AM21");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    policy_free(two);
    assert_string_equal(err_name(e), "OK");
}

/* A no that ends it under the policy in force only. */
static void test_evidence_of_a_no_under_the_new_policy(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol"};
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    open_firm(w, holders, 3, "[" TWO "," ONE_CHANGES "]", NULL);
    const struct policy *one = world_policy_of(w, FIRM);
    struct policy *two = world_policy(w, FIRM, 2, ALICE "," BOB "," CAROL, ALL "," ONE_CHANGES);
    world_order_on(w, FIRM, "60.00", "", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "in-force");
    says(w, on_order(w, &w->bob, &o, one, VERB_REJECT), "RJCT");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    policy_free(two);
    assert_string_equal(err_name(e), "OK");
}

/* The first vote on an order that was only handed in is a no, and it still can be accepted. */
static void test_evidence_of_a_first_no(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol"};
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    open_firm(w, holders, 3, "[" TWO "]", NULL);
    world_order_on(w, FIRM, "60.00", "", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_SUBMIT), "ACTC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_REJECT), "OK");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "OK");
}

/* A policy whose validity ends while it waits. */
static void test_a_policy_that_is_over_before_it_is_in_force(void **state)
{
    struct world *w = *state;
    struct policy *two = NULL;
    const char *text =
        "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK "\",\"holders\":[" ALICE
        "," BOB "],\"rules\":[" ALL "],\"title\":\"x\",\"type\":\"policy\","
        "\"validFrom\":\"2026-11-23T09:00:00Z\","
        "\"validUntil\":\"2026-11-25T09:00:00Z\",\"version\":2}";

    assert_ok(policy_parse(text, strlen(text), &two));
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    world_later(w, 3 * DAY);
    world_login_all(w);
    (void)world_policy_decide(w, &w->bob, two, VERB_APPROVE);
    policy_free(two);
    assert_string_equal(world_sql(w, "SELECT p.version FROM account a JOIN policy p ON"
                                     " p.id = a.policy WHERE a.account ="
                                     " '" WORLD_ALICE_ACCOUNT "'"),
                        "1");
}

/* A change is over after 30 days, so a rule that opens later lets nobody change anything. */
static void test_a_policy_that_nobody_can_ever_change(void **state)
{
    static const char *const holders[] = {"alice", "bob"};
    struct world *w = *state;
    const struct world_account firm = {
        .account = FIRM,
        .holders = holders,
        .count = 2,
        .rules = "[" ALL ",{\"anyOf\":[{\"afterDays\":31,\"signers\":[{\"count\":2}]}],"
                 "\"for\":\"policy\"}]"};

    assert_string_equal(err_name(world_open_account(w, &firm)), "POLICY_INVALID");
}

/* Carol has nothing to do with the account; she knows the digest of its policy, as who was a
 * holder once does. */
static void threat_10_an_outsider_blocks_the_change(void **state)
{
    struct world *w = *state;
    struct policy *hers = world_policy(w, WORLD_ALICE_ACCOUNT, 2, CAROL, ALL);
    struct policy *two = world_policy(w, WORLD_ALICE_ACCOUNT, 2, ALICE "," BOB, ANYBODY);

    (void)world_policy_decide(w, &w->carol, hers, VERB_APPROVE);
    const char *name = world_policy_decide(w, &w->alice, two, VERB_APPROVE);
    policy_free(hers);
    policy_free(two);
    assert_string_equal(name, "OK");
}

/* Who may change the policy alone makes the evidence of every later order too large. */
static void test_evidence_after_many_policies(void **state)
{
    static const char *const holders[] = {"alice", "bob"};
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    open_firm(w, holders, 2, "[" ANYBODY "," ONE_CHANGES "]", NULL);
    for (int64_t version = 2; version <= 65; version++) {
        struct policy *p = world_policy(w, FIRM, version, ALICE "," BOB, ANYBODY "," ONE_CHANGES);
        says(w, world_policy_decide(w, &w->alice, p, VERB_APPROVE), "in-force");
        policy_free(p);
    }
    world_order_on(w, FIRM, "1.00", "", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "ACSC");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "OK");
}

/* A new policy may open a clause earlier than the order's old due time says. */
static void test_a_new_policy_is_asked_about_open_orders(void **state)
{
    static const char *const holders[] = {"alice", "bob"};
    struct world *w = *state;
    struct world_order o;

    open_firm(w, holders, 2,
              "[{\"anyOf\":[{\"signers\":[{\"count\":2}]},{\"afterDays\":2,\"signers\":[{\"count\":"
              "1}]}]}," ONE_CHANGES "]",
              NULL);
    world_order_on(w, FIRM, "1.00", "\"expires\":\"2027-01-10T00:00:00Z\",", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    struct policy *two = world_policy(w, FIRM, 2, ALICE "," BOB, ALL "," ONE_CHANGES);
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "in-force");
    policy_free(two);
    world_later(w, 3 * DAY);
    look(w); /* enough for the first policy, not for the second */
    world_login_all(w);
    struct policy *three = world_policy(w, FIRM, 3, ALICE "," BOB, ANYBODY "," ONE_CHANGES);
    says(w, world_policy_decide(w, &w->alice, three, VERB_APPROVE), "in-force");
    policy_free(three);
    world_later(w, 2 * DAY);
    look(w); /* enough for both */
    world_order_free(&o);
    assert_string_equal(world_sql(w, "SELECT status FROM orders"), "ACSC");
}

/* Somebody's movement in a time that has not come makes every day's sum endless. */
static void test_limits_after_the_clock_was_ahead(void **state)
{
    static const char *const holders[] = {"alice"};
    struct world *w = *state;
    struct world_order o;

    open_firm(w, holders, 1, NULL, "[{\"amount\":\"30.00\",\"per\":\"day\"}]");
    world_later(w, 300 * DAY);
    world_restart(w);
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00"); /* of another account */
    world_later(w, -300 * DAY);
    world_accept_clock(w);
    for (int day = 0; day < 2; day++) {
        world_login(w, &w->alice);
        world_order_on(w, FIRM, "20.00", "", &o);
        const char *name = world_decide(w, &w->alice, &o, VERB_APPROVE);
        world_order_free(&o);
        assert_string_equal(name, "OK");
        world_later(w, DAY);
    }
}

/* A quorum that needs no waiting does not stand while the order's entry lies in the future. */
static void test_a_quorum_after_the_clock_was_ahead(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_later(w, 3600);
    world_login_all(w);
    world_order(w, "60.00", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    world_later(w, -600);
    world_accept_clock(w);
    world_login(w, &w->bob);
    const char *name = world_decide(w, &w->bob, &o, VERB_APPROVE);
    world_order_free(&o);
    says(w, name, "ACSC");
}

/* The log tells seconds, the bank counts microseconds. */
static void test_a_vote_just_before_the_clause_opens(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol"};
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    open_firm(w, holders, 3,
              "[{\"anyOf\":[{\"signers\":[{\"count\":3}]},{\"afterDays\":3,\"signers\":[{\"count\":"
              "2}]}]}]",
              NULL);
    world_order_on(w, FIRM, "60.00", "\"expires\":\"2026-12-10T00:00:00Z\",", &o);
    w->time.now_us += 900000;
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    world_later(w, 3 * DAY);
    w->time.now_us -= 800000;
    world_login_all(w);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "OK");
}

/* A bank that lets a former holder cancel; it is forged by taking his policy back for a moment.
 */
static void test_the_verifier_sees_a_cancel_by_a_former_holder(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol"};
    struct world *w = *state;
    struct world_order o;
    struct verify_report report;

    open_firm(w, holders, 3, "[" TWO "," ONE_CHANGES "]", NULL);
    const struct policy *one = world_policy_of(w, FIRM);
    world_order_on(w, FIRM, "60.00", "", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    struct policy *two = world_policy(w, FIRM, 2, ALICE "," BOB, ALL "," ONE_CHANGES);
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "in-force");
    policy_free(two);
    assert_string_equal(on_order(w, &w->carol, &o, one, VERB_CANCEL), "ACCOUNT_UNKNOWN");
    world_execute(w, "UPDATE account SET policy = (SELECT id FROM policy WHERE version = 1 AND"
                     " account = '" FIRM "') WHERE account = '" FIRM "'");
    assert_string_equal(on_order(w, &w->carol, &o, one, VERB_CANCEL), "OK");
    world_execute(w, "UPDATE account SET policy = (SELECT id FROM policy WHERE version = 2 AND"
                     " account = '" FIRM "') WHERE account = '" FIRM "'");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "EVIDENCE_CONTRADICTION");
}

/* A bank that keeps a change longer than 30 days. */
static void test_the_verifier_sees_a_change_that_was_over(void **state)
{
    struct world *w = *state;
    struct policy *two = world_policy(w, WORLD_ALICE_ACCOUNT, 2, ALICE "," BOB, ANYBODY);
    struct world_order o;
    struct verify_report report;

    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    world_execute(w, "UPDATE policy_change SET due_us = due_us + 100 * 86400 * 1000000");
    world_later(w, 31 * DAY);
    world_login_all(w);
    says(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    policy_free(two);
    world_order(w, "1.00", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "ACSC");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "EVIDENCE_CONTRADICTION");
}

/* A bank that puts a policy of another currency in force: its 50 are 50 000 yen. */
static void test_the_verifier_sees_a_policy_of_another_currency(void **state)
{
    struct world *w = *state;
    struct policy *two = NULL;
    struct world_order o;
    struct verify_report report;
    const char *text = "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK
                       "\",\"currency\":\"JPY\",\"holders\":[" ALICE "," BOB
                       "],\"rules\":[{\"anyOf\":[{\"signers\":[{\"count\":1}]}],"
                       "\"upTo\":\"50000\"}],\"title\":\"x\",\"type\":\"policy\","
                       "\"validFrom\":\"2026-11-23T09:00:00Z\",\"version\":2}";

    assert_ok(policy_parse(text, strlen(text), &two));
    assert_string_equal(world_policy_decide(w, &w->alice, two, VERB_APPROVE), "CURRENCY_MISMATCH");
    world_execute(w, "UPDATE account SET currency = 'JPY'");
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    says(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    policy_free(two);
    world_execute(w, "UPDATE account SET currency = 'EUR'");
    world_order(w, "60.00", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "ACSC");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "EVIDENCE_CONTRADICTION");
}

/* Who is to come in cannot fetch what he is to approve. */
static void test_a_new_holder_sees_the_pending_policy(void **state)
{
    struct world *w = *state;
    struct policy *two = world_policy(w, WORLD_ALICE_ACCOUNT, 2, ALICE "," BOB "," CAROL, ALL);
    const struct core_caller carol = {.session = w->carol.session};

    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    policy_free(two);
    world_begin(w);
    world_end(w, core_account_policy(w->core, &carol, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_string_equal(err_name(w->answer.err), "OK");
}

/* And the evidence of every later order is good. */
static void test_evidence_after_such_a_policy(void **state)
{
    struct world *w = *state;
    struct policy *two = NULL;
    struct world_order o;
    struct verify_report report;
    const char *text =
        "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK "\",\"holders\":[" ALICE
        "," BOB "],\"rules\":[" ALL "],\"title\":\"x\",\"type\":\"policy\","
        "\"validFrom\":\"2026-11-23T09:00:00Z\","
        "\"validUntil\":\"2026-11-25T09:00:00Z\",\"version\":2}";

    assert_ok(policy_parse(text, strlen(text), &two));
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    world_later(w, 3 * DAY);
    world_login_all(w);
    const char *name = world_policy_decide(w, &w->bob, two, VERB_APPROVE);
    policy_free(two);
    if (strcmp(name, "OK") == 0) {
        two = world_policy(w, WORLD_ALICE_ACCOUNT, 3, ALICE "," BOB, ALL);
        says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
        says(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
        policy_free(two);
    }
    world_order(w, "1.00", &o);
    says(w, world_decide(w, &w->alice, &o, VERB_APPROVE), "PATC");
    enum err e = world_evidence(w, &w->alice, &o, &report);
    world_order_free(&o);
    assert_string_equal(err_name(e), "OK");
}

/* When the policy's time is over, time still executes what nobody may stop any more. */
static void test_who_can_stop_a_dated_order(void **state)
{
    struct world *w = *state;
    struct policy *two = NULL;
    struct world_order o;
    const char *text =
        "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK "\",\"holders\":[" ALICE
        "," BOB "],\"rules\":[" ALL "],\"title\":\"x\",\"type\":\"policy\","
        "\"validFrom\":\"2026-11-23T09:00:00Z\","
        "\"validUntil\":\"2026-11-24T09:00:00Z\",\"version\":2}";

    assert_ok(policy_parse(text, strlen(text), &two));
    says(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    says(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    policy_free(two);
    world_order_from(w,
                     "{\"amount\":\"60.00\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT
                     "\",\"name\":\"The Shop\"},\"currency\":\"EUR\",\"date\":\"2026-11-26\","
                     "\"description\":\"x\"}",
                     &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    says(w, world_decide(w, &w->bob, &o, VERB_APPROVE), "ACCP");
    world_later(w, 2 * DAY);
    world_login_all(w);
    char name[40];
    snprintf(name, sizeof name, "%s", world_decide(w, &w->bob, &o, VERB_CANCEL));
    world_order_free(&o);
    if (strcmp(name, "OK") != 0) { /* refused; then it must not be executed either */
        world_later(w, DAY);
        look(w);
        assert_string_not_equal(world_sql(w, "SELECT status FROM orders"), "ACSC");
    }
}

/* What leaves next week is no matter of today's limit. */
static void test_a_dated_order_and_todays_limit(void **state)
{
    static const char *const holders[] = {"alice"};
    struct world *w = *state;
    struct world_order today, later;

    open_firm(w, holders, 1, NULL, "[{\"amount\":\"30.00\",\"per\":\"day\"}]");
    world_order_on(w, FIRM, "20.00", "", &today);
    world_order_on(w, FIRM, "20.00", "\"date\":\"2026-11-30\",", &later);
    says(w, world_decide(w, &w->alice, &today, VERB_APPROVE), "ACSC");
    const char *name = world_decide(w, &w->alice, &later, VERB_APPROVE);
    world_order_free(&today);
    world_order_free(&later);
    assert_string_equal(name, "OK");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_evidence_of_an_order_that_no_rule_covers_any_more),
        T(test_evidence_of_a_no_under_the_new_policy),
        T(test_evidence_of_a_first_no),
        T(test_a_policy_that_is_over_before_it_is_in_force),
        T(test_a_policy_that_nobody_can_ever_change),
        T(threat_10_an_outsider_blocks_the_change),
        T(test_evidence_after_many_policies),
        T(test_a_new_policy_is_asked_about_open_orders),
        T(test_limits_after_the_clock_was_ahead),
        T(test_a_quorum_after_the_clock_was_ahead),
        T(test_a_vote_just_before_the_clause_opens),
        T(test_the_verifier_sees_a_cancel_by_a_former_holder),
        T(test_the_verifier_sees_a_change_that_was_over),
        T(test_the_verifier_sees_a_policy_of_another_currency),
        T(test_a_new_holder_sees_the_pending_policy),
        T(test_evidence_after_such_a_policy),
        T(test_who_can_stop_a_dated_order),
        T(test_a_dated_order_and_todays_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
