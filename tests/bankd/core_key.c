/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys that are suspended, resumed and revoked, and what becomes of what they signed.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define CLUB "FR1420041010050500013M02606"
#define HOUR 3600
#define DAY 86400

static const char *set_as(struct world *w, const struct core_caller *who, const char *holder,
                          const struct person *p, const char *status)
{
    world_begin(w);
    world_end(
        w, core_key_set(w->core, who, holder, key_thumbprint(p->key), status, "lost", &w->answer));
    return err_name(w->answer.err);
}

static const char *set(struct world *w, const struct person *p, const char *status)
{
    return set_as(w, &world_operator, p->name, p, status);
}

static void assert_evidence(struct world *w, const struct person *who, const struct world_order *o,
                            const char *status)
{
    world_login(w, &w->bob);
    world_proves(w, who, o, status);
}

static void test_who_may_and_what(void **state)
{
    struct world *w = *state;
    const struct core_caller bob = {.session = w->bob.session};

    assert_string_equal(set_as(w, &bob, "alice", &w->alice, "revoked"), "ROLE_REQUIRED");
    assert_string_equal(set_as(w, &world_operator, "bob", &w->alice, "revoked"), "KEY_UNKNOWN");
    assert_string_equal(set_as(w, &world_operator, "alice", &w->root, "revoked"), "KEY_UNKNOWN");
    assert_string_equal(set(w, &w->alice, "lost"), "DOC_MEMBER_INVALID");
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    assert_string_equal(world_text(w, "status"), "suspended");
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    assert_string_equal(set(w, &w->alice, "active"), "KEY_REVOKED");
    assert_string_equal(set(w, &w->alice, "suspended"), "KEY_REVOKED");
    assert_string_equal(world_sql(w, "SELECT status FROM signing_key WHERE holder ="
                                     " (SELECT id FROM holder WHERE holder = 'alice')"),
                        "revoked");
}

/* Who suspended it does not let it sign again, nor what took its place. */
static void test_four_eyes_on_what_signs_again(void **state)
{
    static const struct core_caller erin = {
        .session = "", .operator_name = "erin", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    static const struct core_caller emma = {
        .session = "", .operator_name = "emma", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    const struct core_terms terms = {.four_eyes = true};
    struct world *w = *state;
    struct person next = {0};

    core_set_terms(w->core, &terms);
    world_key(&next, "alice", "P-384");
    assert_string_equal(world_rotate(w, &w->alice, &next), "OK");
    assert_string_equal(set_as(w, &erin, "alice", &w->alice, "suspended"), "OK");
    assert_string_equal(set_as(w, &erin, "alice", &w->alice, "active"), "FOUR_EYES");
    assert_string_equal(set_as(w, &erin, "alice", &next, "active"), "FOUR_EYES");
    assert_string_equal(set_as(w, &emma, "alice", &w->alice, "active"), "OK");
    assert_string_equal(set_as(w, &emma, "alice", &next, "active"), "OK");
    assert_string_equal(set_as(w, &erin, "alice", &next, "active"), "OK"); /* it does */
    assert_string_equal(set_as(w, &emma, "alice", &next, "suspended"), "OK");
    assert_string_equal(set_as(w, &emma, "alice", &next, "active"), "FOUR_EYES");
    /* That he did so once before is over: two operators are enough for each other. */
    assert_string_equal(set_as(w, &erin, "alice", &next, "active"), "OK");
    world_person_free(&next);
}

static const char *suspends(struct world *w, const struct person *who, const struct person *of,
                            const char *note)
{
    const struct core_caller caller = {.session = who->session};

    world_begin(w);
    world_end(w, core_key_suspend(w->core, &caller, key_thumbprint(of->key), note, &w->answer));
    return err_name(w->answer.err);
}

/* What he suspended himself no operator entered: one must put his own hand to it, then another lets
 * it sign again. So it is each time. */
static void test_four_eyes_on_what_he_suspended_himself(void **state)
{
    static const struct core_caller erin = {
        .session = "", .operator_name = "erin", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    static const struct core_caller emma = {
        .session = "", .operator_name = "emma", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    const struct core_terms terms = {.four_eyes = true};
    struct world *w = *state;

    core_set_terms(w->core, &terms);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(suspends(w, &w->alice, &w->alice, "gone"), "OK");
        assert_string_equal(set_as(w, &erin, "alice", &w->alice, "active"), "FOUR_EYES");
        assert_string_equal(set_as(w, &emma, "alice", &w->alice, "active"), "FOUR_EYES");
        assert_string_equal(set_as(w, &erin, "alice", &w->alice, "suspended"), "OK");
        assert_string_equal(set_as(w, &erin, "alice", &w->alice, "active"), "FOUR_EYES");
        assert_string_equal(set_as(w, &emma, "alice", &w->alice, "active"), "OK");
        world_login(w, &w->alice);
    }
    assert_string_equal(suspends(w, &w->alice, &w->alice, "gone"), "OK");
    core_set_terms(w->core, &(struct core_terms){.four_eyes = false});
    assert_string_equal(set_as(w, &emma, "alice", &w->alice, "active"), "OK");
}

/* Nor does an operator's hand from before his word count, where the key was suspended already. */
static void test_four_eyes_on_what_he_suspended_too(void **state)
{
    static const struct core_caller erin = {
        .session = "", .operator_name = "erin", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    static const struct core_caller emma = {
        .session = "", .operator_name = "emma", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    const struct core_terms terms = {.four_eyes = true};
    static const char entries[] =
        "SELECT count(*) FROM entry WHERE instr(body, '\"type\":\"key-status\"')";
    struct world *w = *state;
    struct person second = {0}, next = {0};
    char request[ENROLMENT_ID_LEN + 1];

    world_key(&second, "alice", "P-256");
    assert_string_equal(world_ask(w, &second, "alice", 20, request), "OK");
    const struct core_admission in = {
        "alice", "alice", key_thumbprint(second.key), {.act = NULL}, true};
    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &world_operator, request, &in, &w->answer));
    assert_ok(w->answer.err);
    world_login(w, &second);
    core_set_terms(w->core, &terms);
    assert_string_equal(set_as(w, &erin, "alice", &w->alice, "suspended"), "OK");
    assert_string_equal(suspends(w, &second, &w->alice, "stolen"), "OK");
    assert_string_equal(set_as(w, &emma, "alice", &w->alice, "active"), "FOUR_EYES");
    assert_string_equal(suspends(w, &second, &w->alice, "stolen"), "OK"); /* says nothing new */
    assert_string_equal(world_sql(w, entries), "2");
    assert_string_equal(set_as(w, &emma, "alice", &w->alice, "suspended"), "OK");
    assert_string_equal(set_as(w, &erin, "alice", &w->alice, "active"), "OK");
    /* Nor on what took its place. */
    world_login(w, &w->alice);
    world_key(&next, "alice", "P-384");
    assert_string_equal(world_rotate(w, &w->alice, &next), "OK");
    assert_string_equal(set_as(w, &erin, "alice", &next, "suspended"), "OK");
    assert_string_equal(suspends(w, &second, &w->alice, "stolen"), "OK");
    assert_string_equal(set_as(w, &emma, "alice", &next, "active"), "FOUR_EYES");
    assert_string_equal(set_as(w, &emma, "alice", &next, "revoked"), "OK");
    assert_string_equal(suspends(w, &second, &next, "stolen"), "KEY_REVOKED");
    world_person_free(&next);
    world_person_free(&second);
}

/* His own and no other, by a session alone; he cannot take it back, nor what the bank did. */
static void test_by_himself(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(suspends(w, &w->bob, &w->alice, "x"), "KEY_UNKNOWN");
    assert_string_equal(suspends(w, &w->alice, &w->alice, ""), "TEXT_INVALID");
    assert_string_equal(suspends(w, &w->alice, &w->alice, "gone"), "OK");
    assert_string_equal(world_text(w, "status"), "suspended");
    assert_string_equal(suspends(w, &w->alice, &w->alice, "gone"), "SESSION_REQUIRED");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_evidence(w, &w->bob, &o, "PATC");
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "ACSC");
    assert_evidence(w, &w->bob, &o, "ACSC");
    assert_string_equal(set(w, &w->bob, "revoked"), "OK");
    assert_string_equal(suspends(w, &w->bob, &w->bob, "x"), "SESSION_REQUIRED");
    world_order_free(&o);
}

/* One is left whose key signs, or he keeps his. */
static void test_somebody_is_left_who_makes_operators(void **state)
{
    static const struct core_caller root = {
        .session = "", .operator_name = "root", .roles = ROLE_BIT(ROLE_SECURITY)};
    struct world *w = *state;
    struct person sara = {0}, sven = {0};

    world_key(&sara, "sara", "P-256");
    world_key(&sven, "sven", "P-256");
    world_operator_add(w, &sara, ROLE_BIT(ROLE_SECURITY));
    world_operator_add(w, &sven, ROLE_BIT(ROLE_SECURITY));
    world_login(w, &sven);
    assert_string_equal(set_as(w, &root, "sara", &sara, "suspended"), "OK");
    assert_string_equal(set_as(w, &root, "sven", &sven, "suspended"), "LAST_OF_ROLE");
    assert_string_equal(suspends(w, &sven, &sven, "gone"), "LAST_OF_ROLE");
    assert_string_equal(set_as(w, &root, "sara", &sara, "active"), "OK");
    assert_string_equal(suspends(w, &sven, &sven, "gone"), "OK");
    world_person_free(&sara);
    world_person_free(&sven);
}

/* Its sessions end and do not come back; it signs nothing; and what was signed meanwhile is old
 * when it is active again. */
static void test_suspended(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf meanwhile = {0};

    world_order(w, "1.00", &o);
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "SESSION_REQUIRED");
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &meanwhile);
    assert_string_equal(world_hand_in(w, &w->bob, &meanwhile, &o), "KEY_INACTIVE");
    world_later(w, 1);
    buf_free(&meanwhile);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &meanwhile); /* a thief's */
    world_later(w, 2);
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "SESSION_REQUIRED");
    assert_string_equal(world_hand_in(w, &w->bob, &meanwhile, &o), "KEY_FLOOR");
    world_login(w, &w->alice);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    buf_free(&meanwhile);
    world_order_free(&o);
}

/* A vote counts again with its key: what waited for nothing else goes on by itself. */
static void test_votes_come_back(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_evidence(w, &w->bob, &o, "PATC");
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "ACSC");
    assert_evidence(w, &w->bob, &o, "ACSC");
    world_order_free(&o);
}

static void test_revoked_votes_never_do(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_later(w, 2 * 3600);
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "RJCTDS24");
    assert_evidence(w, &w->bob, &o, "RJCT");
    world_order_free(&o);
}

/* Accepted and waiting for its day, when a key that made the quorum is revoked. */
static void threat_10_a_key_revoked_before_its_day(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order_from(w,
                     "{\"amount\":\"1.00\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT
                     "\",\"name\":\"S\"},\"currency\":\"EUR\",\"date\":\"2026-11-24\","
                     "\"description\":\"x\"}",
                     &o);
    world_both_approve(w, &o, "ACCP");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    world_later(w, DAY);
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "RJCTDS0C");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_evidence(w, &w->bob, &o, "RJCT");
    world_order_free(&o);
}

/* Two of three must approve: a no leaves the order where a yes brought it, though the key of that
 * yes is good no more. */
static void test_a_no_after_a_suspended_yes(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol"};
    const struct world_account club = {.account = CLUB,
                                       .holders = holders,
                                       .count = 3,
                                       .rules = "[{\"anyOf\":[{\"signers\":[{\"count\":2}]}]}]"};
    struct world *w = *state;
    struct world_order o;

    world_open_funded(w, &club, "100.00");
    world_order_from(w,
                     "{\"account\":\"" CLUB "\",\"amount\":\"1.00\",\"creditor\":{\"account\":"
                     "\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"S\"},\"currency\":\"EUR\","
                     "\"description\":\"x\"}",
                     &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_REJECT), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_evidence(w, &w->bob, &o, "PATC");
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_evidence(w, &w->bob, &o, "ACSC");
    world_order_free(&o);
}

/* A terminal stands in no policy, and what it handed in waits for its key all the same. */
static void test_a_terminals_word_comes_back(void **state)
{
    struct world *w = *state;
    struct person till = {0};
    struct world_order o;

    world_key(&till, "till-1", "P-256");
    world_terminal(w, &till);
    world_cash(w, ORDER_WITHDRAWAL, "1.00", &o);
    assert_string_equal(world_cash_in(w, &till, &o), "OK");
    assert_string_equal(set(w, &till, "suspended"), "OK");
    world_both_approve(w, &o, "PATC");
    assert_string_equal(set(w, &till, "active"), "OK");
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "ACSC");
    assert_evidence(w, &w->bob, &o, "ACSC");
    world_order_free(&o);
    world_person_free(&till);
}

/* What is paid is paid: a key that is revoked while the other bank has not answered takes none of
 * its approvals away. */
static void test_revoked_after_the_payment(void **state)
{
    struct world *w = *state;
    struct verify_report report;
    struct world_order o;

    w->bank_codes = "PT 0002,DE 3704";
    world_restart(w);
    world_order_from(w,
                     "{\"amount\":\"1.00\",\"creditor\":{\"account\":\"" CLUB "\",\"name\":\"S\"},"
                     "\"currency\":\"EUR\",\"description\":\"x\"}",
                     &o);
    world_both_approve(w, &o, "ACSP");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    world_begin(w);
    world_end(w, core_order_confirm(w->core, &world_operator,
                                    &(struct core_word){WORLD_ALICE_ACCOUNT, o.order.id, "done", 0},
                                    &w->answer));
    assert_err(w->answer.err, ERR_OK);
    report = world_proves(w, &w->bob, &o, "ACSC");
    assert_int_equal(report.given, 2);
    world_begin(w);
    world_end(w, core_order(w->core, &world_operator, WORLD_ALICE_ACCOUNT, o.order.id, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"givenApprovals\":2,"));
    w->bank_codes = NULL;
    world_order_free(&o);
}

static void clock_goes_back(struct world *w, int64_t seconds)
{
    world_later(w, -seconds);
    assert_err(core_begin(w->core, &w->time), ERR_CLOCK_INSANE);
    core_answer_free(&w->answer);
    world_end(w, core_clock_accept(w->core, &world_operator, "it was ahead", &w->answer));
}

/* After the clock went back the key's floor is still to come, and does not fall. */
static void test_the_floor_never_falls(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_later(w, HOUR);
    assert_string_equal(set(w, &w->alice, "active"), "OK"); /* with a floor of now */
    clock_goes_back(w, HOUR / 2);
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    world_later(w, HOUR / 2 - 1);
    world_login(w, &w->bob);
    world_order(w, "1.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "KEY_FLOOR");
    world_later(w, 1);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "OK");
    assert_evidence(w, &w->bob, &o, "PATC");
    buf_free(&jws);
    world_order_free(&o);
}

/* The words on a new policy, too. */
static void test_a_policy_waits_for_the_key(void **state)
{
    struct world *w = *state;
    struct policy *to =
        world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                     "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}",
                     "{\"require\":\"all\"}");
    struct world_order o;

    assert_string_equal(world_policy_decide(w, &w->alice, to, VERB_APPROVE), "OK");
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    assert_string_equal(world_policy_decide(w, &w->bob, to, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "pending");
    world_later(w, 1);
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_false(world_look(w, 100));
    assert_string_equal(world_sql(w, "SELECT state FROM policy_change"), "force");
    world_later(w, 1);
    world_login(w, &w->alice);
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_evidence(w, &w->bob, &o, "PATC"); /* with the story of that policy */
    world_order_free(&o);
    policy_free(to);
}

/* A policy whose time had come before the clock went back waits for it again. */
static void test_a_policy_waits_for_its_time(void **state)
{
    struct world *w = *state;
    struct policy *to;
    struct world_order o;

    world_later(w, HOUR);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    to = world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                      "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}",
                      "{\"require\":\"all\"}");
    assert_string_equal(world_policy_decide(w, &w->alice, to, VERB_APPROVE), "OK");
    clock_goes_back(w, HOUR / 2);
    world_login(w, &w->bob);
    assert_string_equal(world_policy_decide(w, &w->bob, to, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "pending");
    assert_false(world_look(w, 100));
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_evidence(w, &w->bob, &o, "PATC");
    world_later(w, HOUR / 2);
    assert_false(world_look(w, 100));
    assert_string_equal(world_sql(w, "SELECT state FROM policy_change"), "force");
    world_login(w, &w->alice);
    world_order_free(&o);
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_evidence(w, &w->bob, &o, "PATC");
    world_order_free(&o);
    policy_free(to);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_who_may_and_what),
        T(test_four_eyes_on_what_signs_again),
        T(test_four_eyes_on_what_he_suspended_himself),
        T(test_four_eyes_on_what_he_suspended_too),
        T(test_somebody_is_left_who_makes_operators),
        T(test_by_himself),
        T(test_suspended),
        T(test_votes_come_back),
        T(test_revoked_votes_never_do),
        T(threat_10_a_key_revoked_before_its_day),
        T(test_a_no_after_a_suspended_yes),
        T(test_a_terminals_word_comes_back),
        T(test_revoked_after_the_payment),
        T(test_the_floor_never_falls),
        T(test_a_policy_waits_for_the_key),
        T(test_a_policy_waits_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
