/* SPDX-License-Identifier: Apache-2.0
 *
 * A key gives its place to a new one: what the old one signed stands, it signs no more, and the
 * person counts once.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define DAY 86400

static const char *set(struct world *w, const struct person *p, const char *status)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, p->name, key_thumbprint(p->key), status,
                              "so", &w->answer));
    return err_name(w->answer.err);
}

static const char *status_of(struct world *w, const struct person *p)
{
    char sql[128];

    snprintf(sql, sizeof sql, "SELECT status FROM signing_key WHERE thumbprint = '%s'",
             key_thumbprint(p->key));
    return world_sql(w, sql);
}

/* For tomorrow: accepted today, executed then. */
static void dated(struct world *w, struct world_order *o)
{
    world_order_from(w,
                     "{\"amount\":\"1.00\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT
                     "\",\"name\":\"S\"},\"currency\":\"EUR\",\"date\":\"2026-11-24\","
                     "\"description\":\"x\"}",
                     o);
}

/* Alice's next key. */
struct desk {
    struct world w;
    struct person next;
};

static int enter(void **state)
{
    static struct desk desk;

    world_open(&desk.w);
    world_populate(&desk.w);
    world_key(&desk.next, "alice", "P-384");
    *state = &desk;
    return 0;
}

static int leave(void **state)
{
    struct desk *d = *state;

    world_check(&d->w);
    world_person_free(&d->next);
    world_close(&d->w);
    return 0;
}

/* --- what it does --- */

static void test_the_new_one_signs(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;

    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "thumbprint"), key_thumbprint(d->next.key));
    assert_string_equal(world_text(w, "replaces"), key_thumbprint(w->alice.key));
    assert_string_equal(world_text(w, "holder"), "alice");
    assert_string_equal(status_of(w, &w->alice), "retired");
    assert_string_equal(status_of(w, &d->next), "active");
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &d->next, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    world_proves(w, &w->bob, &o, "ACSC");
    world_order_free(&o);
}

/* Also after a start: keys are read anew. */
static void test_the_old_one_signs_no_more(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;
    struct buf before = {0}, after = {0};

    world_order(w, "1.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &before);
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(world_hand_in(w, &w->bob, &before, &o), "KEY_RETIRED");
    world_later(w, 1);
    world_restart(w);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &after);
    assert_string_equal(world_hand_in(w, &w->bob, &after, &o), "KEY_RETIRED");
    world_begin(w);
    world_end(w, core_challenge(w->core, key_thumbprint(w->alice.key), true, &w->answer));
    assert_err(w->answer.err, ERR_KEY_RETIRED);
    world_login(w, &d->next);
    assert_string_equal(world_decide(w, &d->next, &o, VERB_APPROVE), "OK");
    buf_free(&before);
    buf_free(&after);
    world_order_free(&o);
}

/* What the new one signed before it was anybody's is older than its floor. */
static void test_the_new_ones_floor(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;
    struct buf early = {0};

    world_order(w, "1.00", &o);
    world_sign(w, &d->next, &o, VERB_APPROVE, NULL, &early);
    world_later(w, 2);
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(world_hand_in(w, &w->bob, &early, &o), "KEY_FLOOR");
    buf_free(&early);
    world_order_free(&o);
}

/* The one that carried it goes on and is the new key's; the others end. */
static void test_sessions(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct person elsewhere = w->alice;
    struct buf again = {0};

    world_login(w, &elsewhere);
    world_sign_rotation(w, &w->alice, &d->next, NULL, &again);
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &again), "OK");
    assert_string_equal(world_hand_in_rotation(w, &elsewhere, &w->alice, &again),
                        "SESSION_REQUIRED");
    /* the answer was lost */
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &again), "OK");
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "thumbprint"), key_thumbprint(d->next.key));
    assert_string_equal(world_sql(w, "SELECT count(*) FROM signing_key WHERE holder ="
                                     " (SELECT id FROM holder WHERE holder = 'alice')"),
                        "2");
    assert_string_equal(set(w, &d->next, "suspended"), "OK");
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &again),
                        "SESSION_REQUIRED");
    buf_free(&again);
}

/* --- votes --- */

/* Given before, it counts when the quorum comes and when the day comes; the evidence names it. */
static void test_a_vote_stands(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;
    struct verify_report report;

    dated(w, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(world_decide(w, &d->next, &o, VERB_APPROVE), "ALREADY_DECIDED");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACCP");
    world_later(w, DAY);
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "ACSC");
    world_login(w, &w->bob);
    report = world_proves(w, &w->bob, &o, "ACSC");
    assert_int_equal(report.given, 2);
    assert_string_equal(report.signers[0].thumbprint, key_thumbprint(w->alice.key));
    assert_true(report.signers[0].retired);
    assert_false(report.signers[1].retired);
    world_order_free(&o);
}

/* Whoever knows the first key knows those that took its place. */
static void test_the_pin_goes_on(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;
    struct verify_report report;
    const char *pin = key_thumbprint(w->alice.key);

    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &d->next, &o, VERB_APPROVE), "OK");
    report = world_proves(w, &w->bob, &o, "PATC");
    assert_false(report.signers[0].pinned);
    const struct verify_evidence_input in = {.bytes = w->answer.body.data,
                                             .len = w->answer.body.len,
                                             .bank_key = key_thumbprint(w->root.key),
                                             .holder_keys = &pin,
                                             .holder_key_count = 1};
    assert_ok(verify_evidence(&in, &report));
    assert_string_equal(report.signers[0].thumbprint, key_thumbprint(d->next.key));
    assert_true(report.signers[0].pinned);
    world_order_free(&o);
}

/* A retired key may still be suspended, by its holder or the bank, and revoked. */
static void test_revoked_all_the_same(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    const struct core_caller alice = {.session = w->alice.session};
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    world_begin(w);
    world_end(w, core_key_suspend(w->core, &alice, key_thumbprint(w->alice.key), "stolen before",
                                  &w->answer));
    assert_err(w->answer.err, ERR_OK);
    assert_string_equal(status_of(w, &w->alice), "suspended");
    assert_string_equal(status_of(w, &d->next), "suspended"); /* his own, too */
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_proves(w, &w->bob, &o, "PATC");
    assert_string_equal(set(w, &w->alice, "active"), "OK");
    assert_string_equal(world_text(w, "status"), "retired");
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "ACSC");
    world_proves(w, &w->bob, &o, "ACSC");
    assert_string_equal(set(w, &w->alice, "active"), "KEY_RETIRED");
    assert_string_equal(set(w, &w->alice, "retired"), "DOC_MEMBER_INVALID");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    assert_string_equal(set(w, &w->alice, "active"), "KEY_REVOKED");
    world_order_free(&o);
}

/* Accepted by a key that was retired and is revoked before the day. */
static void threat_10_a_retired_key_revoked_before_its_day(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;

    dated(w, &o);
    world_both_approve(w, &o, "ACCP");
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    world_later(w, DAY);
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "RJCTDS0C");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_login(w, &w->bob);
    world_proves(w, &w->bob, &o, "RJCT");
    world_order_free(&o);
}

/* A vote that came into the books by the retired key after its end counts for nothing. */
static void threat_10_a_vote_behind_the_retirement(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(world_decide(w, &d->next, &o, VERB_APPROVE), "OK");
    world_execute(w, "DROP TRIGGER decision_kept;"
                     "UPDATE decision SET signing_key = (SELECT id FROM signing_key"
                     " WHERE status = 'retired')");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_order_free(&o);
}

/* Whoever had card and PIN may have been first: what he made goes with the key that he took. */
static void threat_10_a_thief_rotates_first(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct person third = {0};
    struct world_order o;

    world_key(&third, "alice", "P-256");
    world_order(w, "1.00", &o);
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(world_rotate(w, &d->next, &third), "OK");
    assert_string_equal(world_decide(w, &third, &o, VERB_APPROVE), "OK");
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    assert_string_equal(status_of(w, &d->next), "suspended");
    assert_string_equal(status_of(w, &third), "suspended");
    assert_non_null(strstr(buf_str(&w->answer.body), key_thumbprint(third.key)));
    assert_string_equal(world_decide(w, &third, &o, VERB_APPROVE), "SESSION_REQUIRED");
    assert_string_equal(set(w, &third, "active"), "OK"); /* each by itself */
    assert_string_equal(status_of(w, &d->next), "suspended");
    assert_string_equal(status_of(w, &w->alice), "suspended");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    assert_string_equal(status_of(w, &d->next), "revoked");
    assert_string_equal(status_of(w, &third), "revoked");
    assert_string_equal(set(w, &third, "active"), "KEY_REVOKED");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_proves(w, &w->bob, &o, "PATC");
    world_order_free(&o);
    world_person_free(&third);
}

/* Nobody is asked less because a key is gone. */
static void test_revoking_shrinks_nothing(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;

    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    assert_string_equal(status_of(w, &d->next), "revoked");
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/100");
    world_later(w, 2 * 3600);
    assert_false(world_look(w, 100));
    assert_string_equal(world_newest(w), "RJCTDS24");
    world_order_free(&o);
}

/* Who stands for whom, too, though the key that said so has a successor. */
static void test_a_delegation_stands(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol"};
    const struct world_account club = {.account = "FR1420041010050500013M02606",
                                       .holders = holders,
                                       .count = 3,
                                       .deputies = "[\"bob\"]"};
    const struct world_gift gift = {
        .deputy = "bob", .account = "FR1420041010050500013M02606", .amount_minor = 5000};
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;

    world_open_funded(w, &club, "100.00");
    assert_string_equal(world_delegate(w, &w->alice, &gift), "OK");
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    world_order_on(w, club.account, "1.00", "", &o);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_proves(w, &w->bob, &o, "PATC");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    world_proves(w, &w->bob, &o, "PATC");
    world_order_free(&o);
}

/* --- what is refused --- */

static void test_whose_session(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct buf jws = {0};

    world_sign_rotation(w, &w->alice, &d->next, NULL, &jws);
    assert_string_equal(world_hand_in_rotation(w, &w->bob, &w->alice, &jws), "KEY_MISMATCH");
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->bob, &jws), "KEY_MISMATCH");
    assert_string_equal(status_of(w, &w->alice), "active");
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &jws), "OK");
    buf_free(&jws);
}

static void threat_11_a_key_that_somebody_has(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct buf jws = {0};

    assert_string_equal(world_rotate(w, &w->alice, &w->bob), "KEY_TAKEN");
    world_login(w, &w->bob); /* whose session it never was */
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    w->alice.session[0] = 0;
    world_sign_rotation(w, &d->next, &w->alice, NULL, &jws);
    assert_string_equal(world_hand_in_rotation(w, &d->next, &d->next, &jws), "KEY_TAKEN");
    buf_free(&jws);
}

/* One person with two keys, however they came: an approval, not two. */
static void threat_11_two_keys_one_person(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct world_order o;
    struct buf twice = {0};

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    world_sign(w, &d->next, &o, VERB_APPROVE, NULL, &twice);
    assert_string_equal(world_hand_in(w, &d->next, &twice, &o), "ALREADY_DECIDED");
    assert_string_equal(world_newest(w), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    buf_free(&twice);
    world_order_free(&o);
}

static void test_a_key_that_is_not_good(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct person second = {0};
    struct buf jws = {0};

    world_second_key(w, "alice", &second);
    world_login(w, &second); /* a session is left when the first one is no good */
    assert_string_equal(set(w, &w->alice, "suspended"), "OK");
    world_sign_rotation(w, &w->alice, &d->next, NULL, &jws);
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &jws), "SESSION_REQUIRED");
    assert_string_equal(world_hand_in_rotation(w, &second, &w->alice, &jws), "KEY_INACTIVE");
    assert_string_equal(set(w, &w->alice, "revoked"), "OK");
    world_sign_rotation(w, &w->alice, &d->next, NULL, &jws);
    assert_string_equal(world_hand_in_rotation(w, &second, &w->alice, &jws), "KEY_INACTIVE");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM signing_key WHERE retired IS NOT NULL"),
                        "0");
    buf_free(&jws);
    world_person_free(&second);
}

static void threat_02_09_stale_or_of_another_bank(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct verified *verified = NULL;
    struct buf jws = {0};
    const struct world_says old = {.issued_us = w->time.now_us - 301 * WORLD_SECOND};
    const struct world_says ahead = {.issued_us = w->time.now_us + 11 * WORLD_SECOND};

    world_sign_rotation(w, &w->alice, &d->next, &old, &jws);
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &jws), "ISSUED_TOO_OLD");
    world_sign_rotation(w, &w->alice, &d->next, &ahead, &jws);
    assert_string_equal(world_hand_in_rotation(w, &w->alice, &w->alice, &jws), "ISSUED_IN_FUTURE");
    world_sign_rotation(w, &w->alice, &d->next, NULL, &jws);
    const struct verify_rotation_input other = {.bank = "demobank.example/production",
                                                .jws = buf_str(&jws),
                                                .jws_len = jws.len,
                                                .keys = core_keys(w->core)};
    assert_err(verify_rotation(&other, &verified), ERR_BANK_MISMATCH);
    buf_free(&jws);
}

/* Each order that the newest one decides on carries all of them. */
static void test_there_is_an_end(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct person now = {0}, next = {0};
    struct world_order o;

    assert_string_equal(world_rotate(w, &w->alice, &d->next), "OK");
    world_key(&now, "alice", "P-256");
    assert_string_equal(world_rotate(w, &d->next, &now), "OK");
    for (int i = 2; i < 32; i++) {
        world_key(&next, "alice", "P-256");
        assert_string_equal(world_rotate(w, &now, &next), "OK");
        world_person_free(&now);
        now = next;
    }
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &now, &o, VERB_APPROVE), "OK");
    world_proves(w, &w->bob, &o, "PATC");
    world_key(&next, "alice", "P-256");
    assert_string_equal(world_rotate(w, &now, &next), "ROTATIONS_TOO_MANY");
    world_person_free(&now);
    world_person_free(&next);
    world_order_free(&o);
}

/* A terminal's key, too: what it handed in goes on. */
static void test_a_terminals_key(void **state)
{
    struct desk *d = *state;
    struct world *w = &d->w;
    struct person till = {0}, next = {0};
    struct world_order first, second;

    world_key(&till, "till-1", "P-256");
    world_key(&next, "till-1", "P-256");
    world_terminal(w, &till);
    world_cash(w, ORDER_WITHDRAWAL, "1.00", &first);
    assert_string_equal(world_cash_in(w, &till, &first), "OK");
    assert_string_equal(world_rotate(w, &till, &next), "OK");
    world_both_approve(w, &first, "ACSC");
    world_proves(w, &w->bob, &first, "ACSC");
    world_cash(w, ORDER_DEPOSIT, "1.00", &second);
    assert_string_equal(world_cash_in(w, &next, &second), "OK");
    world_proves(w, &w->bob, &second, "ACSC");
    world_order_free(&first);
    world_order_free(&second);
    world_person_free(&till);
    world_person_free(&next);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        T(test_the_new_one_signs),
        T(test_the_old_one_signs_no_more),
        T(test_the_new_ones_floor),
        T(test_sessions),
        T(test_a_vote_stands),
        T(test_the_pin_goes_on),
        T(test_revoked_all_the_same),
        T(threat_10_a_retired_key_revoked_before_its_day),
        T(threat_10_a_vote_behind_the_retirement),
        T(threat_10_a_thief_rotates_first),
        T(test_revoking_shrinks_nothing),
        T(test_a_delegation_stands),
        T(test_whose_session),
        T(threat_11_a_key_that_somebody_has),
        T(threat_11_two_keys_one_person),
        T(test_a_key_that_is_not_good),
        T(threat_02_09_stale_or_of_another_bank),
        T(test_there_is_an_end),
        T(test_a_terminals_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
