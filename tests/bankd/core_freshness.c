/* SPDX-License-Identifier: Apache-2.0
 *
 * Freshness: the edges of each window, challenges, nonces, floors, and the bank's own clock.
 */
#include "bankd/core/freshness.h"
#include "bankd/ctl/audit.h"
#include "base/text.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define S WORLD_SECOND
#define T0 (INT64_C(1000000) * S)

/* --- the pure functions --- */

static void test_windows(void **state)
{
    const struct freshness_challenge none = {.named = false};

    (void)state;
    assert_err(freshness_issued(T0, T0 + 10 * S, &none), ERR_OK);
    assert_err(freshness_issued(T0, T0 + 10 * S + 1, &none), ERR_ISSUED_IN_FUTURE);
    assert_err(freshness_issued(T0, T0 + 11 * S, &none), ERR_ISSUED_IN_FUTURE);
    assert_err(freshness_issued(T0, T0 - 300 * S, &none), ERR_OK);
    assert_err(freshness_issued(T0, T0 - 300 * S - 1, &none), ERR_ISSUED_TOO_OLD);
    assert_err(freshness_issued(T0, T0 - 301 * S, &none), ERR_ISSUED_TOO_OLD);
    assert_err(freshness_floor(T0, T0), ERR_OK);
    assert_err(freshness_floor(T0 - 1, T0), ERR_KEY_FLOOR);
    assert_err(freshness_expires(T0, T0), ERR_OK);
    assert_err(freshness_expires(T0 + 1, T0), ERR_STATEMENT_EXPIRED);
    assert_int_equal(freshness_floor_at(T0 + 999999), T0);
}

static void test_challenge_windows(void **state)
{
    struct freshness_challenge c = {
        .named = true, .bound = true, .issued_us = T0, .expires_us = T0 + 3600 * S};

    (void)state;
    assert_err(freshness_issued(T0 + 3600 * S, T0, &c), ERR_OK);
    assert_err(freshness_issued(T0 + 3600 * S + 1, T0 + 3600 * S, &c), ERR_CHALLENGE_INVALID);
    assert_err(freshness_issued(T0 + 60 * S, T0 - 10 * S, &c), ERR_OK);
    assert_err(freshness_issued(T0 + 60 * S, T0 - 11 * S, &c), ERR_ISSUED_TOO_OLD);
    assert_err(freshness_issued(T0 + 60 * S, T0 + 70 * S, &c), ERR_OK);
    assert_err(freshness_issued(T0 + 60 * S, T0 + 71 * S, &c), ERR_ISSUED_IN_FUTURE);
    c.bound = false;
    assert_err(freshness_issued(T0 + 60 * S, T0 + 60 * S, &c), ERR_CHALLENGE_INVALID);
}

static void test_clock(void **state)
{
    const struct core_time anchor = {.now_us = T0, .mono_us = 7 * S}, none = {0};
    struct core_time t = {.now_us = T0 + 100 * S, .mono_us = 47 * S}; /* 60 s ahead */

    (void)state;
    assert_err(freshness_clock(&t, T0, &anchor), ERR_OK);
    t.now_us++;
    assert_err(freshness_clock(&t, T0, &anchor), ERR_CLOCK_INSANE);
    assert_err(freshness_clock(&t, T0, &none), ERR_OK);
    t.now_us = T0 - 2 * S;
    assert_err(freshness_clock(&t, T0, &anchor), ERR_OK);
    t.now_us--;
    assert_err(freshness_clock(&t, T0, &anchor), ERR_CLOCK_INSANE);
    assert_err(freshness_clock(&t, T0, &none), ERR_CLOCK_INSANE);
}

/* --- through the core --- */

static const char *decide_with(struct world *w, const struct world_order *o,
                               const struct world_says *says)
{
    struct buf jws = {0};

    world_sign(w, &w->alice, o, VERB_APPROVE, says, &jws);
    const char *name = world_hand_in(w, &w->alice, &jws, o);
    buf_free(&jws);
    return name;
}

static void threat_09_a_statement_outside_its_window(void **state)
{
    struct world *w = *state;
    struct world_order o;
    int64_t enrolled = w->time.now_us;

    world_later(w, 290);
    world_login(w, &w->alice);
    world_later(w, 290);
    world_order(w, "1.00", &o);
    int64_t now = w->time.now_us;
    const struct world_says early = {.issued_us = now + 11 * S};
    const struct world_says late = {.issued_us = now - 301 * S};
    const struct world_says over = {.issued_us = now - 10 * S, .expires_us = now - 1 * S};
    const struct world_says before = {.issued_us = enrolled - 1 * S};
    const struct world_says fine = {.issued_us = now + 10 * S};
    assert_string_equal(decide_with(w, &o, &early), "ISSUED_IN_FUTURE");
    assert_string_equal(decide_with(w, &o, &late), "ISSUED_TOO_OLD");
    assert_string_equal(decide_with(w, &o, &over), "STATEMENT_EXPIRED");
    assert_string_equal(decide_with(w, &o, &before), "ISSUED_TOO_OLD");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    assert_string_equal(decide_with(w, &o, &fine), "OK");
    world_order_free(&o);
}

static void threat_09_a_statement_from_before_the_floor(void **state)
{
    struct world *w = *state;
    struct world_order o;
    const struct world_says before = {.issued_us = w->time.now_us - 1 * S};

    world_order(w, "1.00", &o);
    assert_string_equal(decide_with(w, &o, &before), "KEY_FLOOR");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
}

static void threat_09_a_nonce_twice(void **state)
{
    struct world *w = *state;
    struct world_order one, two;
    const struct world_says says = {.nonce = "AAAAAAAAAAAAAAAAAAAAAA"};

    world_order(w, "1.00", &one);
    world_order(w, "2.00", &two);
    assert_string_equal(decide_with(w, &one, &says), "OK");
    assert_string_equal(decide_with(w, &two, &says), "NONCE_REUSED");
    assert_string_equal(decide_with(w, &one, &says), "NONCE_REUSED");
    world_order_free(&one);
    world_order_free(&two);
}

static void challenge_for(struct world *w, const struct person *p, bool login,
                          char out[static NONCE_LEN + 1])
{
    world_begin(w);
    world_end(w, core_challenge(w->core, key_thumbprint(p->key), login, &w->answer));
    assert_int_equal(w->answer.http, 201);
    snprintf(out, NONCE_LEN + 1, "%s", world_text(w, "challenge"));
}

static void threat_09_challenges(void **state)
{
    struct world *w = *state;
    struct world_order one, two, three;
    char own[NONCE_LEN + 1], others[NONCE_LEN + 1], login[NONCE_LEN + 1];

    challenge_for(w, &w->alice, false, own);
    challenge_for(w, &w->bob, false, others);
    challenge_for(w, &w->alice, true, login);
    int64_t signed_at = w->time.now_us + 20 * S;
    world_later(w, 6 * 3600); /* by hand from the air-gapped signer */
    world_login(w, &w->alice);
    world_order(w, "1.00", &one);
    world_order(w, "2.00", &two);
    world_order(w, "3.00", &three);
    const struct world_says with_own = {.issued_us = signed_at, .challenge = own};
    const struct world_says with_others = {.issued_us = signed_at, .challenge = others};
    const struct world_says with_login = {.issued_us = signed_at, .challenge = login};
    const struct world_says with_none = {.issued_us = signed_at};
    const struct world_says invented = {.issued_us = signed_at,
                                        .challenge = "BBBBBBBBBBBBBBBBBBBBBA"};
    assert_string_equal(decide_with(w, &one, &with_none), "ISSUED_TOO_OLD");
    assert_string_equal(decide_with(w, &one, &with_others), "CHALLENGE_INVALID");
    assert_string_equal(decide_with(w, &one, &with_login), "CHALLENGE_INVALID");
    assert_string_equal(decide_with(w, &one, &invented), "CHALLENGE_INVALID");
    assert_string_equal(decide_with(w, &one, &with_own), "OK");
    assert_string_equal(decide_with(w, &two, &with_own), "OK"); /* it serves many */
    world_later(w, 6 * 3600 + 1);
    world_login(w, &w->alice);
    assert_string_equal(decide_with(w, &three, &with_own), "CHALLENGE_INVALID");
    world_order_free(&one);
    world_order_free(&two);
    world_order_free(&three);
}

static void test_challenges_for_strangers_and_without_end(void **state)
{
    struct world *w = *state;
    char first[NONCE_LEN + 1], challenge[NONCE_LEN + 1], sql[128];

    world_begin(w);
    world_end(w, core_challenge(w->core, key_thumbprint(w->root.key), true, &w->answer));
    assert_err(w->answer.err, ERR_KEY_UNKNOWN);
    world_login(w, &w->carol);
    challenge_for(w, &w->bob, true, first);
    world_later(w, 1); /* so that it is not the newest one */
    world_batch(w);
    for (int i = 0; i < 1000; i++)
        challenge_for(w, &w->bob, true, challenge);
    world_batch_end(w);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM challenge"), "16");
    /* Nobody is kept out, and what was given out before stays good. */
    world_login(w, &w->bob);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM challenge WHERE challenge = '%s'", first);
    assert_string_equal(world_sql(w, sql), "1");
    /* The one that is given to all is never an old one. */
    challenge_for(w, &w->bob, true, challenge);
    world_later(w, 11);
    challenge_for(w, &w->bob, true, first);
    assert_string_not_equal(first, challenge);
    world_later(w, 121);
    challenge_for(w, &w->bob, true, challenge);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM challenge"), "1");
}

static void test_a_login_challenge_serves_once(void **state)
{
    struct world *w = *state;
    struct statement_login login = {0};
    struct buf payload = {0}, jws = {0};
    struct verified *verified = NULL;
    struct core_caller who = {.session = w->alice.session};
    static const char *const expected[] = {"OK", "CHALLENGE_INVALID"};

    memcpy(login.session, w->alice.session, sizeof login.session);
    memcpy(login.head.bank, WORLD_BANK, sizeof WORLD_BANK);
    memset(login.head.nonce, 'A', NONCE_LEN);
    challenge_for(w, &w->alice, true, login.head.challenge);
    login.head.issued_us = w->time.now_us;
    login.head.expires_us = w->time.now_us + 60 * S;
    assert_ok(statement_login_make(&login, &payload));
    world_sign_statement(&w->alice, STATEMENT_LOGIN, &payload, &jws);
    assert_ok(verify_login(WORLD_BANK, buf_str(&jws), jws.len, core_keys(w->core), &verified));
    who.session = w->bob.session; /* over a connection with another key */
    world_begin(w);
    world_end(w, core_login(w->core, &who, verified, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_MISMATCH);
    who.session = w->alice.session;
    for (int i = 0; i < 2; i++) {
        world_begin(w);
        world_end(w, core_login(w->core, &who, verified, &w->answer));
        assert_string_equal(err_name(w->answer.err), expected[i]);
    }
    verified_free(verified);
    buf_free(&payload);
    buf_free(&jws);
}

/* --- the bank's own clock --- */

#define BOOKS                                                                                      \
    "SELECT (SELECT count(*) FROM entry) || ' ' || (SELECT count(*) FROM movement) || ' ' ||"      \
    " (SELECT group_concat(booked || ':' || reserved) FROM account) || ' ' ||"                     \
    " (SELECT size || ' ' || time_us FROM head)"

struct books {
    struct core_head head;
    char told[512];
};

static struct books books_of(struct world *w)
{
    struct books b = {.told = ""};

    core_head(w->core, &b.head);
    snprintf(b.told, sizeof b.told, "%s", world_sql(w, BOOKS));
    return b;
}

static void assert_unchanged(struct world *w, const struct books *before)
{
    struct books now = books_of(w);

    assert_int_equal(now.head.size, before->head.size);
    assert_memory_equal(&now.head.root, &before->head.root, sizeof now.head.root);
    assert_string_equal(now.told, before->told);
}

/* Funds an account in a batch that is not committed yet. */
static void fund_insanely(struct world *w)
{
    core_answer_free(&w->answer);
    assert_err(core_begin(w->core, &w->time), ERR_CLOCK_INSANE);
    assert_ok(core_fund(w->core, &world_operator, WORLD_ALICE_ACCOUNT, "1.00", "EUR", &w->answer));
    assert_err(w->answer.err, ERR_OK);
}

/* Money that moves in a batch moves in no books, be it the caller or the commit that ends it. */
static void assert_insane(struct world *w)
{
    struct books before = books_of(w);

    fund_insanely(w);
    assert_err(core_commit(w->core), ERR_CLOCK_INSANE);
    assert_unchanged(w, &before);
    core_rollback(w->core);
    fund_insanely(w);
    core_rollback(w->core);
    assert_unchanged(w, &before);
}

static void threat_09_the_clock_a_day_back(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "1.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK");
    w->time.now_us -= 2 * S;
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    w->time.now_us -= 86398 * S;
    assert_insane(w);
    world_restart(w);
    assert_insane(w);
    world_accept_clock(w);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK"); /* the first answer */
    assert_string_equal(world_sql(w, "SELECT count(*) FROM decision"), "1");
    buf_free(&jws);
    world_order_free(&o);
}

/* A holder approves by a clock a day ahead, another when it is right again: the log says why its
 * time falls, and the evidence that it does. */
static void test_evidence_while_the_clock_is_put_back(void **state)
{
    struct world *w = *state;
    struct audit audit = {.where = ""};
    static struct verify_report report;
    struct world_order o;

    world_later(w, 2 * 86400);
    world_login_all(w);
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    w->time.now_us -= 86400 * S;
    assert_insane(w);
    world_accept_clock(w);
    world_login_all(w);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    assert_int_equal(report.put_back, 1);
    assert_string_equal(report.status, "ACCP");
    world_check_log(w, &audit);
    assert_int_equal(audit.put_back, 1);
    audit_free(&audit);
    world_order_free(&o);
}

static void threat_09_the_clock_a_day_ahead_and_back(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf past = {0};

    world_order(w, "1.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &past);
    w->time.now_us += 60 * S;
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    w->time.now_us += 1 * S;
    assert_insane(w);
    w->time.now_us -= 61 * S;
    assert_insane(w); /* right again, but who knows what it will do next */
    w->time.now_us += 86400 * S;
    assert_insane(w);
    world_accept_clock(w);
    world_login(w, &w->alice);
    assert_string_equal(world_hand_in(w, &w->alice, &past, &o), "ISSUED_TOO_OLD");
    buf_free(&past);
    /* Signed while the clock was back where it was: before the floor, though not too old. */
    world_sign(w, &w->alice, &o, VERB_APPROVE,
               &(struct world_says){.issued_us = w->time.now_us - 1 * S}, &past);
    assert_string_equal(world_hand_in(w, &w->alice, &past, &o), "KEY_FLOOR");
    w->time.now_us -= 86400 * S;
    assert_insane(w);
    world_restart(w);
    assert_insane(w);
    buf_free(&past);
    world_order_free(&o);
    w->time.now_us += 86400 * S;
    world_restart(w);
}

/* A run that found its clock insane goes on when somebody looked at it, and not by itself. */
static void threat_09_a_clock_that_is_right_again(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf before = {0};

    world_order(w, "1.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &before);
    w->time.now_us += 86400 * S;
    assert_insane(w);
    w->time.now_us -= 86399 * S;
    assert_insane(w);
    world_accept_clock(w);
    assert_string_equal(world_hand_in(w, &w->alice, &before, &o), "KEY_FLOOR");
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    buf_free(&before);
    world_order_free(&o);
}

/* What was not committed was not accepted: no entry tells of it and no floor was raised. */
static void threat_09_an_acceptance_that_was_rolled_back(void **state)
{
    struct world *w = *state;

    w->time.now_us += 86400 * S;
    core_answer_free(&w->answer);
    assert_err(core_begin(w->core, &w->time), ERR_CLOCK_INSANE);
    assert_ok(core_clock_accept(w->core, &world_operator, "the disk is full", &w->answer));
    core_rollback(w->core);
    assert_insane(w);
    world_accept_clock(w);
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
}

/* It vouches for nothing that was done before it. */
static void threat_09_an_acceptance_after_the_fact(void **state)
{
    struct world *w = *state;

    w->time.now_us += 86400 * S;
    struct books before = books_of(w);
    fund_insanely(w);
    core_answer_free(&w->answer);
    assert_err(core_clock_accept(w->core, &world_operator, "it was right", &w->answer),
               ERR_CLOCK_INSANE);
    assert_err(core_commit(w->core), ERR_CLOCK_INSANE);
    assert_unchanged(w, &before);
    world_accept_clock(w);
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
}

/* What is judged by a statement's time or told to the keeper does not wait for the commit. */
static void threat_09_at_once_under_an_insane_clock(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    const char *thumbprint = key_thumbprint(w->alice.key);
    const struct core_admission in = {.holder = "dave", .name = "Dave", .thumbprint = thumbprint};
    bool more = false;

    w->time.now_us += 86400 * S;
    core_answer_free(&w->answer);
    assert_err(core_begin(w->core, &w->time), ERR_CLOCK_INSANE);
    assert_err(core_key_suspend(w->core, &alice, thumbprint, "lost", &w->answer), ERR_CLOCK_INSANE);
    assert_err(core_key_set(w->core, &world_operator, "alice", thumbprint, "suspended", "lost",
                            &w->answer),
               ERR_CLOCK_INSANE);
    assert_err(core_enrolment_admit(w->core, &world_operator, "none", &in, &w->answer),
               ERR_CLOCK_INSANE);
    assert_err(core_due(w->core, 1, &more), ERR_CLOCK_INSANE);
    core_rollback(w->core);
    world_accept_clock(w);
}

/* A clock that goes back gives nobody a longer session or an older challenge. */
static void threat_09_sessions_and_challenges_from_the_future(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    char challenge[NONCE_LEN + 1];

    challenge_for(w, &w->alice, false, challenge);
    w->time.now_us -= 86400 * S;
    world_accept_clock(w);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM challenge"), "0");
    world_later(w, 301);
    world_begin(w);
    world_end(w, core_admit(w->core, &alice, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
}

/* What the log has of its newest refusal. */
#define NEWEST_REFUSAL                                                                             \
    "SELECT coalesce((SELECT CAST(body AS TEXT) FROM entry WHERE CAST(body AS TEXT)"               \
    " LIKE '%\"type\":\"refusal\"%' ORDER BY id DESC LIMIT 1), '')"

static void refuse_read(struct world *w, const struct core_caller *who, const char *name)
{
    world_begin(w);
    world_end(w, core_account(w->core, who, WORLD_SHOP_ACCOUNT, &w->answer));
    assert_string_equal(err_name(w->answer.err), name);
}

/* Whoever is known is named; a stranger only adds to a number. */
static void test_refusals_of_known_callers_have_entries(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session}, nobody = {.session = "x"};

    refuse_read(w, &nobody, "SESSION_REQUIRED");
    assert_string_equal(world_sql(w, NEWEST_REFUSAL), "");
    refuse_read(w, &alice, "ACCOUNT_UNKNOWN");
    assert_string_equal(world_sql(w, NEWEST_REFUSAL),
                        "{\"holder\":\"alice\",\"object\":\"holder:alice\",\"previous\":1,"
                        "\"reason\":\"ACCOUNT_UNKNOWN\",\"type\":\"refusal\"}");
    world_begin(w);
    world_end(w, core_refuse(w->core, &alice, ERR_SIGNATURE_INVALID, NULL, &w->answer));
    assert_non_null(strstr(world_sql(w, NEWEST_REFUSAL), "SIGNATURE_INVALID"));
    world_begin(w);
    world_end(w,
              core_fund(w->core, &world_operator, WORLD_SHOP_ACCOUNT, "0.00", "EUR", &w->answer));
    assert_string_equal(world_sql(w, NEWEST_REFUSAL),
                        "{\"object\":\"bank\",\"operator\":\"uid 0 (root)\",\"previous\":0,"
                        "\"reason\":\"AMOUNT_ZERO\",\"type\":\"refusal\"}");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM refused"), "1");
    world_check(w);
}

/* A refusal under an insane clock would carry its time into the log. */
static void test_an_insane_clock_records_no_refusal(void **state)
{
    struct world *w = *state;

    w->time.now_us += 86400 * S;
    core_answer_free(&w->answer);
    assert_err(core_begin(w->core, &w->time), ERR_CLOCK_INSANE);
    assert_ok(core_clock_accept(w->core, &world_operator, "two\nlines", &w->answer));
    assert_err(w->answer.err, ERR_TEXT_INVALID);
    assert_err(core_commit(w->core), ERR_CLOCK_INSANE);
    assert_string_equal(world_sql(w, NEWEST_REFUSAL), "");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM refused"), "0");
    w->time.now_us -= 86400 * S;
    world_accept_clock(w);
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
}

static void test_refusals_are_counted_by_the_minute(void **state)
{
    struct world *w = *state;
    const struct core_caller nobody = {.session = ""};

    for (int i = 0; i < 3; i++) {
        world_begin(w);
        world_end(w, core_refuse(w->core, &nobody, ERR_SIGNATURE_INVALID, NULL, &w->answer));
        assert_int_equal(w->answer.http, 400);
        assert_string_equal(world_text(w, "type"), "urn:countersign:problem:SIGNATURE_INVALID");
    }
    world_later(w, 59);
    world_begin(w);
    world_end(w, ERR_OK);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM refused"), "1");
    world_later(w, 1);
    world_begin(w);
    world_end(w, ERR_OK);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM refused"), "0");
    assert_string_equal(world_sql(w, "SELECT CAST(body AS TEXT) FROM entry ORDER BY id DESC"),
                        "{\"count\":3,\"minute\":\"2026-11-23T09:00:00Z\",\"object\":\"bank\","
                        "\"previous\":0,\"reason\":\"SIGNATURE_INVALID\",\"type\":\"refusals\"}");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_challenge_windows),
        cmocka_unit_test(test_clock),
        T(threat_09_a_statement_outside_its_window),
        T(threat_09_a_statement_from_before_the_floor),
        T(threat_09_a_nonce_twice),
        T(threat_09_challenges),
        T(test_challenges_for_strangers_and_without_end),
        T(test_a_login_challenge_serves_once),
        T(threat_09_the_clock_a_day_back),
        T(test_evidence_while_the_clock_is_put_back),
        T(threat_09_the_clock_a_day_ahead_and_back),
        T(threat_09_a_clock_that_is_right_again),
        T(threat_09_an_acceptance_that_was_rolled_back),
        T(threat_09_an_acceptance_after_the_fact),
        T(threat_09_at_once_under_an_insane_clock),
        T(threat_09_sessions_and_challenges_from_the_future),
        T(test_refusals_of_known_callers_have_entries),
        T(test_an_insane_clock_records_no_refusal),
        T(test_refusals_are_counted_by_the_minute),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
