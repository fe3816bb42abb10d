/* SPDX-License-Identifier: Apache-2.0
 *
 * Rights: who may hand in and who may approve, a right that is lowered while an order waits, a
 * policy outside its time.
 */
#include "bankd/core/rights.h"
#include "base/text.h"
#include "order/policy.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define POLICY(title, bobs_class, times)                                                           \
    "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK "\",\"holders\":["           \
    "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"" bobs_class "\",\"id\":\"bob\"}],"           \
    "\"rules\":[{\"require\":\"all\"}],\"title\":\"" title "\",\"type\":\"policy\"," times         \
    ",\"version\":2}"
#define NINE "\"validFrom\":\"2026-11-23T09:00:00Z\""
#define TO_TEN ",\"validUntil\":\"2026-11-23T10:00:00Z\""
#define TEN "\"validFrom\":\"2026-11-23T10:00:00Z\""

/* Alice may approve, Bob may only hand in. */
static const char alice_alone[] = POLICY("Alice", "T", NINE);
static const char until_ten[] = POLICY("Until ten", "A", NINE TO_TEN);
static const char from_ten[] = POLICY("From ten", "A", TEN);

static void test_rights(void **state)
{
    static const struct {
        const char *holder;
        enum verb verb;
        enum err verdict;
    } rows[] = {
        {"alice", VERB_SUBMIT, ERR_OK},
        {"alice", VERB_APPROVE, ERR_OK},
        {"alice", VERB_REJECT, ERR_OK},
        {"alice", VERB_CANCEL, ERR_OK},
        {"bob", VERB_SUBMIT, ERR_OK},
        {"bob", VERB_APPROVE, ERR_MAY_NOT_APPROVE},
        {"bob", VERB_REJECT, ERR_MAY_NOT_APPROVE},
        {"bob", VERB_CANCEL, ERR_OK},
        {"carol", VERB_SUBMIT, ERR_NOT_A_HOLDER},
        {"carol", VERB_APPROVE, ERR_NOT_A_HOLDER},
        {"carol", VERB_REJECT, ERR_NOT_A_HOLDER},
        {"carol", VERB_CANCEL, ERR_NOT_A_HOLDER},
        {"Alice", VERB_SUBMIT, ERR_NOT_A_HOLDER},
        {"", VERB_SUBMIT, ERR_NOT_A_HOLDER},
    };
    const struct policy_case what = {.amount_minor = 100};
    struct policy *p = NULL;

    (void)state;
    assert_ok(policy_parse(alice_alone, strlen(alice_alone), &p));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_err(rights_check(p, &what, rows[i].holder, rows[i].verb), rows[i].verdict);
    policy_free(p);
}

/* A second version of the account's policy, as a later part of the bank will enter it. */
static void change_policy(struct world *w, const char *text)
{
    struct policy *p = NULL;
    char digest[2 * DIGEST_LEN + 1], document[1024], sql[2048];

    assert_ok(policy_parse(text, strlen(text), &p));
    assert_true(2 * strlen(text) < sizeof document);
    text_hex(policy_digest(p), DIGEST_LEN, digest);
    text_hex((const uint8_t *)text, strlen(text), document);
    snprintf(sql, sizeof sql,
             "INSERT INTO policy (digest, account, version, document, entry)"
             " VALUES (x'%s', '" WORLD_ALICE_ACCOUNT "', 2, x'%s', 0);"
             "UPDATE account SET policy = last_insert_rowid()"
             " WHERE account = '" WORLD_ALICE_ACCOUNT "'",
             digest, document);
    policy_free(p);
    world_execute(w, sql);
    world_restart(w);
}

static void threat_10_a_right_lowered_in_between(void **state)
{
    struct world *w = *state;
    struct world_order o, next;
    struct buf jws = {0};

    world_order(w, "60.00", &o);
    world_order(w, "10.00", &next);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_sign(w, &w->bob, &o, VERB_APPROVE, NULL, &jws); /* under the policy of the order */
    change_policy(w, alice_alone);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "MAY_NOT_APPROVE");
    assert_string_equal(world_sql(w, "SELECT status FROM orders"), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    assert_string_equal(world_decide(w, &w->bob, &next, VERB_APPROVE), "MAY_NOT_APPROVE");
    assert_string_equal(world_decide(w, &w->bob, &next, VERB_SUBMIT), "OK");
    assert_string_equal(world_text(w, "status"), "ACTC");
    assert_string_equal(world_decide(w, &w->alice, &next, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9000/6000");
    buf_free(&jws);
    world_order_free(&o);
    world_order_free(&next);
}

static void test_a_policy_that_is_over(void **state)
{
    struct world *w = *state;
    struct world_order o;

    change_policy(w, until_ten);
    world_later(w, 3599);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 1);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "POLICY_NOT_VALID");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    world_order_free(&o);
}

static void test_a_policy_that_has_not_begun(void **state)
{
    struct world *w = *state;
    struct world_order o;

    change_policy(w, from_ten);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "POLICY_NOT_VALID");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    world_order_free(&o);
}

/* Nobody begins a change to what could not be in force now: neither one that is still to begin nor
 * one that is over. */
static void test_a_change_to_a_policy_outside_its_time(void **state)
{
    struct world *w = *state;
    struct policy *later = NULL, *over = NULL;

    assert_ok(policy_parse(from_ten, strlen(from_ten), &later));
    assert_ok(policy_parse(until_ten, strlen(until_ten), &over));
    world_later(w, 3599);
    world_login_all(w);
    assert_string_equal(world_policy_decide(w, &w->alice, later, VERB_APPROVE), "POLICY_NOT_VALID");
    world_later(w, 1);
    assert_string_equal(world_policy_decide(w, &w->alice, over, VERB_APPROVE), "POLICY_NOT_VALID");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM policy_change"), "0");
    assert_string_equal(world_policy_decide(w, &w->alice, later, VERB_APPROVE), "OK");
    policy_free(later);
    policy_free(over);
}

/* Whom the new policy lets approve, and the one in force only hand in, joins those who begin. */
static void test_who_begins_a_change(void **state)
{
    struct world *w = *state;

    change_policy(w, alice_alone);
    struct policy *both =
        world_policy(w, WORLD_ALICE_ACCOUNT, 3,
                     "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}",
                     "{\"require\":\"all\"}");
    assert_string_equal(world_policy_decide(w, &w->bob, both, VERB_APPROVE), "MAY_NOT_APPROVE");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM policy_change"), "0");
    assert_string_equal(world_policy_decide(w, &w->alice, both, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "pending");
    assert_string_equal(world_policy_decide(w, &w->bob, both, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "in-force");
    policy_free(both);
}

/* What leaves one account in euros cannot arrive in dollars. */
static void test_a_creditor_in_another_currency(void **state)
{
    static const char dollars[] = "NL91ABNA0417164300";
    static const char *const carol[] = {"carol"};
    struct world *w = *state;
    struct world_order o;

    const struct world_account a = {
        .account = dollars, .currency = "USD", .holders = carol, .count = 1};
    assert_ok(world_open_account(w, &a));
    world_order_from(w,
                     "{\"amount\":\"1.00\",\"creditor\":{\"account\":\"NL91ABNA0417164300\","
                     "\"name\":\"C\"},\"currency\":\"EUR\",\"description\":\"x\"}",
                     &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "CURRENCY_MISMATCH");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_order_free(&o);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights),
        T(threat_10_a_right_lowered_in_between),
        T(test_a_policy_that_is_over),
        T(test_a_policy_that_has_not_begun),
        T(test_a_creditor_in_another_currency),
        T(test_a_change_to_a_policy_outside_its_time),
        T(test_who_begins_a_change),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
