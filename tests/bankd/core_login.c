/* SPDX-License-Identifier: Apache-2.0
 *
 * Logins that are refused, each for one reason, and how long a session lasts.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define S WORLD_SECOND

struct login {
    char challenge[NONCE_LEN + 1];
    int64_t issued_us, expires_us;
};

/* A challenge for P, fetched now, and the times that an ordinary login has. */
static struct login prepare(struct world *w, const struct person *p, bool for_login)
{
    struct login l = {.issued_us = w->time.now_us, .expires_us = w->time.now_us + 60 * S};

    world_begin(w);
    world_end(w, core_challenge(w->core, key_thumbprint(p->key), for_login, &w->answer));
    assert_int_equal(w->answer.http, 201);
    snprintf(l.challenge, sizeof l.challenge, "%s", world_text(w, "challenge"));
    return l;
}

/* Alice's login as L says it, over the connection that she has. */
static const char *log_in(struct world *w, const struct login *l)
{
    const struct core_caller who = {.session = w->alice.session};
    struct statement_login said = {
        .head = {.issued_us = l->issued_us, .expires_us = l->expires_us}};
    struct buf payload = {0}, jws = {0};
    struct verified *verified = NULL;

    memcpy(said.session, w->alice.session, sizeof said.session);
    memcpy(said.head.bank, WORLD_BANK, sizeof WORLD_BANK);
    memset(said.head.nonce, 'A', NONCE_LEN);
    memcpy(said.head.challenge, l->challenge, sizeof l->challenge);
    assert_ok(statement_login_make(&said, &payload));
    world_sign_statement(&w->alice, STATEMENT_LOGIN, &payload, &jws);
    assert_ok(verify_login(WORLD_BANK, buf_str(&jws), jws.len, core_keys(w->core), &verified));
    world_begin(w);
    world_end(w, core_login(w->core, &who, verified, &w->answer));
    verified_free(verified);
    buf_free(&payload);
    buf_free(&jws);
    return err_name(w->answer.err);
}

static void test_the_ordinary_one(void **state)
{
    struct world *w = *state;
    struct login l = prepare(w, &w->alice, true);

    assert_string_equal(log_in(w, &l), "OK");
    assert_string_equal(world_text(w, "holder"), "alice");
    assert_string_equal(world_text(w, "session"), w->alice.session);
}

/* A login without one does not even parse. */
static void test_challenges(void **state)
{
    struct world *w = *state;
    struct login bobs = prepare(w, &w->bob, true);
    struct login for_decision = prepare(w, &w->alice, false);
    struct login old = prepare(w, &w->alice, true);

    assert_string_equal(log_in(w, &bobs), "CHALLENGE_INVALID");
    assert_string_equal(log_in(w, &for_decision), "CHALLENGE_INVALID");
    world_later(w, 120); /* its last moment */
    old.expires_us = w->time.now_us;
    assert_string_equal(log_in(w, &old), "OK");
    old = prepare(w, &w->alice, true);
    world_later(w, 121);
    old.expires_us = w->time.now_us;
    assert_string_equal(log_in(w, &old), "CHALLENGE_INVALID");
}

static void test_times(void **state)
{
    struct world *w = *state;
    struct login l = prepare(w, &w->alice, true);
    int64_t now = w->time.now_us;

    l.issued_us = now + 11 * S;
    assert_string_equal(log_in(w, &l), "ISSUED_IN_FUTURE");
    l.issued_us = now - 11 * S; /* before the challenge was there to be signed */
    assert_string_equal(log_in(w, &l), "ISSUED_TOO_OLD");
    l.issued_us = now - 9 * S;
    l.expires_us = now - 1 * S;
    assert_string_equal(log_in(w, &l), "KEY_FLOOR"); /* enrolled only now */
    world_execute(w, "UPDATE signing_key SET floor_us = 0");
    assert_string_equal(log_in(w, &l), "STATEMENT_EXPIRED");
    l.expires_us = now;
    assert_string_equal(log_in(w, &l), "OK");
}

/* The challenge was given out while the key was still good. */
static void test_keys(void **state)
{
    static const char *const statuses[] = {"suspended", "revoked"};
    struct world *w = *state;
    struct login l = prepare(w, &w->alice, true);
    char sql[96];

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        snprintf(sql, sizeof sql, "UPDATE signing_key SET status = '%s'", statuses[i]);
        world_execute(w, sql);
        assert_string_equal(log_in(w, &l), "KEY_INACTIVE");
        world_begin(w);
        world_end(w, core_challenge(w->core, key_thumbprint(w->alice.key), true, &w->answer));
        assert_err(w->answer.err, ERR_KEY_INACTIVE);
    }
}

static void test_a_session_in_use_ends_after_twelve_hours(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};

    for (int i = 0; i < 12 * 3600 / 300; i++) {
        world_later(w, 300);
        world_begin(w);
        world_end(w, core_account(w->core, &alice, WORLD_ALICE_ACCOUNT, &w->answer));
        assert_err(w->answer.err, ERR_OK);
    }
    world_later(w, 1);
    world_begin(w);
    world_end(w, core_account(w->core, &alice, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
}

/* A certificate of the bank's for an enrolled key, by the bank's own clock. */
static void test_a_certificate_is_a_session(void **state)
{
    static const char *const statuses[] = {"suspended", "revoked"};
    struct world *w = *state;
    const struct core_caller alice = {.session = key_thumbprint(w->alice.key),
                                      .certified_until_us = w->time.now_us + 10 * S};
    const struct core_caller nobody = {.session = key_thumbprint(w->root.key),
                                       .certified_until_us = w->time.now_us + 10 * S};
    const struct core_caller plain = {.session = key_thumbprint(w->alice.key)};
    char sql[96];

    world_begin(w);
    world_end(w, core_account(w->core, &plain, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
    world_begin(w);
    world_end(w, core_account(w->core, &nobody, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
    world_begin(w);
    world_end(w, core_logout(w->core, &alice, &w->answer));
    assert_err(w->answer.err, ERR_NO_SESSION_TO_END);
    for (int i = 0; i < 2; i++) {
        world_begin(w);
        world_end(w, core_account(w->core, &alice, WORLD_ALICE_ACCOUNT, &w->answer));
        assert_err(w->answer.err, i ? ERR_SESSION_REQUIRED : ERR_OK);
        world_later(w, 10);
    }
    const struct core_caller again = {.session = alice.session,
                                      .certified_until_us = w->time.now_us + 10 * S};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        snprintf(sql, sizeof sql, "UPDATE signing_key SET status = '%s'", statuses[i]);
        world_execute(w, sql);
        world_begin(w);
        world_end(w, core_account(w->core, &again, WORLD_ALICE_ACCOUNT, &w->answer));
        assert_err(w->answer.err, ERR_SESSION_REQUIRED);
    }
}

/* What is for operators by their roles; OTHERS: and for holders, each as himself. */
static void test_who_acts_as_an_operator(void **state)
{
    static const struct {
        const char *who;
        role_set needed;
        bool others;
        enum err err;
        const char *as;
    } rows[] = {
        {"olga", ROLE_BIT(ROLE_PAYMENTS), false, ERR_OK, "olga"},
        {"olga", ROLE_BIT(ROLE_PAYMENTS), true, ERR_OK, "olga"},
        {"olga", ROLE_BIT(ROLE_SECURITY), false, ERR_ROLE_REQUIRED, ""},
        {"olga", ROLE_BIT(ROLE_SECURITY), true, ERR_ROLE_REQUIRED, ""},
        {"alice", ROLE_ANY, false, ERR_ROLE_REQUIRED, ""},
        {"alice", ROLE_ANY, true, ERR_OK, ""},
        {"nobody", ROLE_ANY, true, ERR_SESSION_REQUIRED, ""},
    };
    struct world *w = *state;
    struct person olga = {0};

    world_key(&olga, "olga", "P-256");
    world_operator_add(w, &olga, ROLE_BIT(ROLE_PAYMENTS));
    world_login(w, &olga);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct core_caller who = {.session = strcmp(rows[i].who, "olga") == 0 ? olga.session
                                                   : strcmp(rows[i].who, "alice") == 0
                                                       ? w->alice.session
                                                       : ""};
        struct core_operator as;

        world_begin(w);
        world_end(w, core_operator(w->core, &who, rows[i].needed, rows[i].others, &as, &w->answer));
        assert_err(w->answer.err, rows[i].err);
        assert_string_equal(as.name, rows[i].as);
    }
    world_person_free(&olga);
}

/* The same key of the same person: the first answer for a day, and of another request nothing. */
static void test_an_answer_is_kept_for_a_day(void **state)
{
    struct world *w = *state;
    const struct core_caller root = {
        .session = "", .operator_name = "root", .roles = ROLE_BIT(ROLE_PAYMENTS)};
    const struct core_caller olga = {
        .session = "", .operator_name = "olga", .roles = ROLE_BIT(ROLE_PAYMENTS)};
    const struct core_once asked = {.key = "k1", .request = {1}}, other = {.key = "k1"};
    const struct {
        const struct core_caller *who;
        const struct core_once *once;
        int64_t later_s;
        bool again;
        enum err err;
    } rows[] = {
        {&root, &asked, 0, true, ERR_OK},
        {&olga, &asked, 0, false, ERR_OK},
        {&root, &other, 0, true, ERR_IDEMPOTENCY_KEY_REUSED},
        {&root, &asked, 86400, true, ERR_OK},
        {&root, &asked, 1, false, ERR_OK},
    };

    world_batch(w);
    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    assert_ok(core_once_keep(w->core, &root, &asked, &w->answer));
    world_batch_end(w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool again = !rows[i].again;

        world_later(w, rows[i].later_s);
        world_begin(w);
        world_end(w, core_once_find(w->core, rows[i].who, rows[i].once, &again, &w->answer));
        assert_int_equal(again, rows[i].again);
        assert_err(w->answer.err, rows[i].err);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_the_ordinary_one),
        T(test_challenges),
        T(test_times),
        T(test_keys),
        T(test_a_session_in_use_ends_after_twelve_hours),
        T(test_a_certificate_is_a_session),
        T(test_who_acts_as_an_operator),
        T(test_an_answer_is_kept_for_a_day),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
