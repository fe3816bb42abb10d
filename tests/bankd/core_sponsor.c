/* SPDX-License-Identifier: Apache-2.0
 *
 * Sponsorships: whose word is taken, when it counts, what the bank demands, and that it gives
 * nobody anything else.
 */
#include "base/text.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define SHOP WORLD_SHOP_ACCOUNT
#define FIRM "NL91ABNA0417164300"
static const struct core_certifier console = {.act = NULL};

struct scene {
    struct world *w;
    struct person dora;
    char request[ENROLMENT_ID_LEN + 1];
    struct world_word word;
};

/* Dora, whom Alice and Bob know, has asked. */
static struct scene begin(struct world *w)
{
    struct scene s = {.w = w};

    world_key(&s.dora, "dora", "P-256");
    assert_string_equal(world_ask(w, &s.dora, "", 20, s.request), "OK");
    return s;
}

static const struct world_word *of(struct scene *s)
{
    s->word.newcomer = &s->dora;
    s->word.request = s->request;
    return &s->word;
}

static void end(struct scene *s)
{
    world_person_free(&s->dora);
}

static enum err admit(struct scene *s)
{
    const struct core_admission in = {"dora", "dora", key_thumbprint(s->dora.key), console, false};

    world_begin(s->w);
    world_end(s->w,
              core_enrolment_admit(s->w->core, &world_operator, s->request, &in, &s->w->answer));
    return s->w->answer.err;
}

static void demand(struct world *w, int64_t sponsors)
{
    const struct core_terms terms = {.sponsors = sponsors};

    core_set_terms(w->core, &terms);
}

/* In the list of operators; "" when nobody. */
static bool listed(struct scene *s, const char *sponsors)
{
    const struct core_page page = {.cursor = ""};

    world_begin(s->w);
    world_end(s->w, core_enrolments(s->w->core, &world_operator, &page, &s->w->answer));
    assert_ok(s->w->answer.err);
    const char *body = buf_str(&s->w->answer.body);
    return sponsors[0] ? strstr(body, sponsors) != NULL : strstr(body, "sponsors") == NULL;
}

static void set_key(struct scene *s, const struct person *p, const char *status)
{
    world_begin(s->w);
    world_end(s->w, core_key_set(s->w->core, &world_operator, p->name, key_thumbprint(p->key),
                                 status, "as a test", &s->w->answer));
    assert_ok(s->w->answer.err);
}

static void test_a_word_is_seen_and_logged(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);

    assert_true(listed(&s, ""));
    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "holder"), "alice");
    assert_true(listed(&s, "\"sponsors\":[\"alice\"]"));
    assert_string_equal(world_sponsor(w, &w->bob, of(&s)), "OK");
    assert_true(listed(&s, "\"sponsors\":[\"alice\",\"bob\"]"));
    world_begin(w);
    world_end(w, core_sponsorships(w->core, &world_operator, s.request, &w->answer));
    assert_ok(w->answer.err);
    assert_non_null(strstr(buf_str(&w->answer.body), "\"counts\":true,\"holder\":\"alice\""));
    /* Strangers who know the request learn of no account. */
    const struct core_caller stranger = {.session = ""};
    world_begin(w);
    world_end(w, core_enrolment(w->core, &stranger, s.request, &w->answer));
    assert_null(strstr(buf_str(&w->answer.body), "alice"));
    world_begin(w);
    world_end(w, core_sponsorships(w->core, &stranger, s.request, &w->answer));
    assert_err(w->answer.err, ERR_ROLE_REQUIRED);
    assert_ok(admit(&s));
    assert_string_equal(world_sql(w, "SELECT count(*) FROM entry WHERE"
                                     " instr(body, '\"type\":\"sponsorship\"')"),
                        "2");
    /* The end names those whose word counted, by their entries. */
    assert_string_equal(
        world_sql(w, "SELECT count(*) FROM entry e WHERE instr(e.body, 'enrolment-end') AND"
                     " instr(e.body, (SELECT '\"sponsors\":[' || group_concat(id, ',') || ']' FROM"
                     " (SELECT id FROM entry WHERE instr(body, '\"type\":\"sponsorship\"'))))"),
        "1");
    end(&s);
}

static void test_what_is_refused(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);
    struct world_word word = *of(&s);

    word.name = "Dora Other";
    assert_string_equal(world_sponsor(w, &w->alice, &word), "SPONSORSHIP_MISMATCH");
    word.name = NULL;
    word.newcomer = &w->bob; /* another key than the request's */
    word.name = "dora";
    assert_string_equal(world_sponsor(w, &w->alice, &word), "SPONSORSHIP_MISMATCH");
    word = *of(&s);
    word.account = SHOP; /* Carol's, and Alice may not even see it */
    assert_string_equal(world_sponsor(w, &w->alice, &word), "ACCOUNT_UNKNOWN");
    word = *of(&s);
    assert_string_equal(world_sponsor(w, &w->carol, &word), "ACCOUNT_UNKNOWN");
    word.request = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_string_equal(world_sponsor(w, &w->alice, &word), "NOT_FOUND");
    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "ALREADY_SPONSORED");
    assert_true(listed(&s, "\"sponsors\":[\"alice\"]"));
    assert_ok(admit(&s));
    assert_string_equal(world_sponsor(w, &w->bob, of(&s)), "ENROLMENT_OVER");
    end(&s);
}

/* A member of class T signs by program: it knows nobody. */
static void test_a_program_knows_nobody(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);
    struct world_word word = *of(&s);
    const char *const holders[] = {"alice:T", "bob"};
    const struct world_account in = {
        .account = "DE02120300000000202051", .holders = holders, .count = 2};

    assert_ok(world_open_account(w, &in));
    word.account = in.account;
    assert_string_equal(world_sponsor(w, &w->alice, &word), "MAY_NOT_APPROVE");
    assert_string_equal(world_sponsor(w, &w->bob, &word), "OK");
    end(&s);
}

static void test_the_bank_demands_it(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);

    demand(w, 2);
    assert_err(admit(&s), ERR_SPONSORS_MISSING);
    assert_int_equal(w->answer.http, 409);
    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    assert_err(admit(&s), ERR_SPONSORS_MISSING);
    assert_string_equal(world_sponsor(w, &w->bob, of(&s)), "OK");
    set_key(&s, &w->bob, "suspended");
    assert_err(admit(&s), ERR_SPONSORS_MISSING); /* THREATS row 10 */
    assert_true(listed(&s, "\"sponsors\":[\"alice\"]"));
    set_key(&s, &w->bob, "active");
    assert_ok(admit(&s));
    /* Who is there already needs nobody for another key. */
    struct person again = {0};
    char request[ENROLMENT_ID_LEN + 1];
    world_key(&again, "dora", "P-384");
    assert_string_equal(world_ask(w, &again, "dora", 20, request), "OK");
    const struct core_admission in = {"dora", "dora", key_thumbprint(again.key), console, true};
    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &world_operator, request, &in, &w->answer));
    assert_ok(w->answer.err);
    world_person_free(&again);
    end(&s);
}

/* Who is added by hand has no request that anybody could vouch for. */
static void test_nobody_comes_round_it(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);
    struct core_caller root = world_operator;
    size_t len;
    const uint8_t *spki = key_spki(s.dora.key, &len);

    root.console = true; /* the ceremony */
    demand(w, 1);
    for (int i = 0; i < 2; i++) {
        const struct core_caller *who = i ? &root : &world_operator;

        world_begin(w);
        world_end(w, core_holder_add(w->core, who, "dora", "dora", spki, len, &w->answer));
        assert_err(w->answer.err, i ? ERR_OK : ERR_SPONSORS_MISSING);
    }
    end(&s);
}

/* Words that come back to life make nobody two people. */
static void test_a_person_counts_once(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);
    struct world_word word = *of(&s);
    const char *const holders[] = {"alice", "bob"};
    const struct world_account in = {
        .account = "DE02120300000000202051", .holders = holders, .count = 2};

    assert_ok(world_open_account(w, &in));
    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    world_execute(w,
                  "UPDATE account SET state = 'closed' WHERE account = '" WORLD_ALICE_ACCOUNT "'");
    word.account = in.account;
    assert_string_equal(world_sponsor(w, &w->alice, &word), "OK");
    world_execute(w, "UPDATE account SET state = 'open' WHERE account = '" WORLD_ALICE_ACCOUNT "'");
    assert_true(listed(&s, "\"sponsors\":[\"alice\"]"));
    demand(w, 2);
    assert_err(admit(&s), ERR_SPONSORS_MISSING);
    demand(w, 1);
    assert_ok(admit(&s));
    end(&s);
}

/* THREATS row 10: what was good when it was said is judged again when it counts. */
static void threat_10_between_word_and_admission(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);
    struct person next = {0};

    demand(w, 1);
    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    set_key(&s, &w->alice, "revoked");
    assert_err(admit(&s), ERR_SPONSORS_MISSING);
    assert_true(listed(&s, ""));
    /* A key that gave its place to another stands for what it signed before. */
    assert_string_equal(world_sponsor(w, &w->bob, of(&s)), "OK");
    world_key(&next, "bob", "P-256");
    assert_string_equal(world_rotate(w, &w->bob, &next), "OK");
    assert_true(listed(&s, "\"sponsors\":[\"bob\"]"));
    assert_string_equal(world_sponsor(w, &next, of(&s)), "ALREADY_SPONSORED");
    /* No holder of the account any more: the policy changed. */
    world_execute(w,
                  "UPDATE account SET state = 'closed' WHERE account = '" WORLD_ALICE_ACCOUNT "'");
    assert_err(admit(&s), ERR_SPONSORS_MISSING);
    world_execute(w,
                  "UPDATE account SET policy = (SELECT policy FROM account WHERE account = '" SHOP
                  "'), state = 'open' WHERE account = '" WORLD_ALICE_ACCOUNT "'");
    assert_err(admit(&s), ERR_SPONSORS_MISSING);
    world_execute(w, "UPDATE account SET policy = (SELECT min(id) FROM policy)"
                     " WHERE account = '" WORLD_ALICE_ACCOUNT "'");
    assert_ok(admit(&s));
    world_person_free(&next);
    end(&s);
}

/* THREATS rows 1, 2, 9, 11. */
static void threats_1_2_9_11_replay_stale_wrong_key(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);
    struct scene other = {.w = w};
    struct buf jws = {0};
    const struct world_says old = {.issued_us = w->time.now_us - 301 * WORLD_SECOND};
    const struct world_says ahead = {.issued_us = w->time.now_us + 11 * WORLD_SECOND};

    world_sign_sponsorship(w, &w->alice, of(&s), &old, &jws);
    assert_string_equal(world_hand_in_sponsorship(w, &w->alice, s.request, &jws), "ISSUED_TOO_OLD");
    world_sign_sponsorship(w, &w->alice, of(&s), &ahead, &jws);
    assert_string_equal(world_hand_in_sponsorship(w, &w->alice, s.request, &jws),
                        "ISSUED_IN_FUTURE");
    world_sign_sponsorship(w, &w->alice, of(&s), NULL, &jws);
    assert_string_equal(world_hand_in_sponsorship(w, &w->alice, s.request, &jws), "OK");
    assert_string_equal(world_hand_in_sponsorship(w, &w->bob, s.request, &jws), "OK");
    assert_string_equal(world_text(w, "holder"), "alice"); /* the first answer again */
    assert_true(listed(&s, "\"sponsors\":[\"alice\"]"));
    world_key(&other.dora, "dina", "P-256");
    assert_string_equal(world_ask(w, &other.dora, "", 20, other.request), "OK");
    assert_string_equal(world_hand_in_sponsorship(w, &w->alice, other.request, &jws),
                        "SPONSORSHIP_MISMATCH");
    world_sign_sponsorship(w, &s.dora, of(&s), NULL, &jws); /* for himself, by a key nobody has */
    assert_string_equal(world_hand_in_sponsorship(w, &w->alice, s.request, &jws), "KEY_UNKNOWN");
    struct person none = {.session = ""};
    world_sign_sponsorship(w, &w->bob, of(&s), NULL, &jws);
    assert_string_equal(world_hand_in_sponsorship(w, &none, s.request, &jws), "SESSION_REQUIRED");
    buf_free(&jws);
    end(&other);
    end(&s);
}

/* Who sponsors gives nothing away: the newcomer sees no account. */
static void test_it_makes_nobody_a_holder(void **state)
{
    struct world *w = *state;
    struct scene s = begin(w);

    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    assert_ok(admit(&s));
    world_login(w, &s.dora);
    const struct core_caller dora = {.session = s.dora.session};
    world_begin(w);
    world_end(w, core_account(w->core, &dora, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    end(&s);
}

/* --- in evidence --- */

#define BOBS                                                                                       \
    "(SELECT id FROM signing_key WHERE holder = (SELECT id FROM holder WHERE holder = 'bob'))"

static void replace_bobs(struct world *w, const struct buf *jws)
{
    char lie[8192];

    snprintf(lie, sizeof lie, "UPDATE sponsorship SET statement = '%s' WHERE signing_key = " BOBS,
             buf_str(jws));
    world_execute(w, lie);
}

/* What Bob signed, instead of her name; NULL: that. */
static const char *bobs_name;

static void rename_newcomer(struct scene *s)
{
    struct world_word word = *of(s);
    struct buf jws = {0};

    word.name = bobs_name;
    world_sign_sponsorship(s->w, &s->w->bob, &word, NULL, &jws);
    replace_bobs(s->w, &jws);
    buf_free(&jws);
}

/* Dora, who is admitted now, pays from an account of her own; with Alice, where it is BOTHS. */
static enum err spends(struct scene *s, bool boths, struct verify_report *report)
{
    static const char *const holders[] = {"dora", "alice"};
    const struct world_account hers = {.account = FIRM, .holders = holders, .count = boths ? 2 : 1};
    struct world *w = s->w;
    struct world_order o;

    assert_ok(admit(s));
    world_login(w, &s->dora);
    world_open_funded(w, &hers, "100.00");
    world_order_on(w, FIRM, "10.00", "", &o);
    assert_string_equal(world_decide(w, &s->dora, &o, VERB_APPROVE), "OK");
    if (boths)
        assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    enum err e = world_evidence(w, &s->dora, &o, report);
    world_order_free(&o);
    return e;
}

/* By the word of both. LIE is what a bank makes of their words before it enters them. */
static enum err pays(struct world *w, const char *lie, struct verify_report *report)
{
    struct scene s = begin(w);

    assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    assert_string_equal(world_sponsor(w, &w->bob, of(&s)), "OK");
    if (lie)
        world_execute(w, lie);
    if (bobs_name)
        rename_newcomer(&s);
    enum err e = spends(&s, false, report);
    end(&s);
    return e;
}

static void test_evidence_names_them(void **state)
{
    struct world *w = *state;
    struct verify_report report;

    assert_ok(pays(w, NULL, &report));
    const struct verify_sponsors *by = &report.signers[0].sponsors;
    assert_int_equal(by->count, 2);
    assert_string_equal(by->at[0].holder, "alice");
    assert_string_equal(by->at[0].thumbprint, key_thumbprint(w->alice.key));
    assert_string_equal(by->at[0].account, WORLD_ALICE_ACCOUNT);
    assert_string_equal(by->at[1].holder, "bob");
    assert_string_equal(by->at[1].thumbprint, key_thumbprint(w->bob.key));
}

/* Only those whose word counted when she was admitted. */
static void test_evidence_names_nobody_else(void **state)
{
    struct world *w = *state;
    struct verify_report report;

    assert_ok(pays(w,
                   "UPDATE signing_key SET status = 'suspended' WHERE holder ="
                   " (SELECT id FROM holder WHERE holder = 'bob')",
                   &report));
    assert_int_equal(report.signers[0].sponsors.count, 1);
    assert_string_equal(report.signers[0].sponsors.at[0].holder, "alice");
}

static void lies(void **state, const char *lie, enum err refused)
{
    struct verify_report report;

    assert_err(pays(*state, lie, &report), refused);
}

static void test_a_word_that_nobody_signed(void **state)
{
    lies(state,
         "UPDATE sponsorship SET statement = substr(statement, 1, length(statement) - 8) ||"
         " 'AAAAAAAA' WHERE signing_key = " BOBS,
         ERR_SIGNATURE_INVALID);
}

/* The right request and key, but somebody else's name. */
static void test_a_word_for_another_name(void **state)
{
    struct world *w = *state;
    struct verify_report report;

    bobs_name = "Mallory";
    enum err e = pays(w, NULL, &report);
    bobs_name = NULL;
    assert_err(e, ERR_SPONSORSHIP_MISMATCH);
}

static void test_a_word_under_another_key(void **state)
{
    lies(state,
         "UPDATE sponsorship SET statement = (SELECT statement FROM sponsorship"
         " WHERE signing_key <> " BOBS ") WHERE signing_key = " BOBS,
         ERR_KEY_UNKNOWN);
}

/* Bob's word on another's request. */
static void test_a_word_on_another_request(void **state)
{
    struct world *w = *state;
    struct scene other = begin(w);
    static char lie[8192];
    struct buf jws = {0};

    world_sign_sponsorship(w, &w->bob, of(&other), NULL, &jws);
    snprintf(lie, sizeof lie, "UPDATE sponsorship SET statement = '%s' WHERE signing_key = " BOBS,
             buf_str(&jws));
    buf_free(&jws);
    end(&other);
    lies(state, lie, ERR_SPONSORSHIP_MISMATCH);
}

/* What BY signed is said to be Bob's, and his key to be Bob's. */
static enum err under_bobs_name(struct world *w, const struct person *by, bool boths)
{
    struct scene s = begin(w);
    struct verify_report report;
    struct buf jws = {0};
    char hex[2 * KEY_SPKI_MAX + 1], lie[512];
    size_t len;
    const uint8_t *spki = key_spki(by ? by->key : s.dora.key, &len);

    if (!boths)
        assert_string_equal(world_sponsor(w, &w->alice, of(&s)), "OK");
    assert_string_equal(world_sponsor(w, &w->bob, of(&s)), "OK");
    world_sign_sponsorship(w, by ? by : &s.dora, of(&s), NULL, &jws);
    replace_bobs(w, &jws);
    buf_free(&jws);
    text_hex(spki, len, hex);
    snprintf(lie, sizeof lie, "UPDATE signing_key SET spki = x'%s' WHERE id IN " BOBS, hex);
    world_execute(w, lie);
    enum err e = spends(&s, boths, &report);
    end(&s);
    return e;
}

/* One person a key: not the newcomer's own, not another sponsor's, nor that of somebody else in
 * the story. */
static void test_a_word_under_her_own_key(void **state)
{
    assert_err(under_bobs_name(*state, NULL, false), ERR_EVIDENCE_CONTRADICTION);
}

static void test_two_words_under_one_key(void **state)
{
    struct world *w = *state;

    assert_err(under_bobs_name(w, &w->alice, false), ERR_EVIDENCE_CONTRADICTION);
}

static void test_a_word_under_a_signers_key(void **state)
{
    struct world *w = *state;

    assert_err(under_bobs_name(w, &w->alice, true), ERR_EVIDENCE_CONTRADICTION);
}

/* A word that counts again is one too many, and evidence has no place for it. */
static void test_no_more_count_than_evidence_takes(void **state)
{
    static const char *const names[] = {"h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"};
    enum { MANY = sizeof names / sizeof *names };
    const struct world_account in = {
        .account = "DE02120300000000202051", .holders = names, .count = MANY};
    struct world *w = *state;
    struct scene s = begin(w);
    struct person many[MANY] = {0};
    struct world_word word = *of(&s);
    struct verify_report report;

    for (size_t i = 0; i < MANY; i++) {
        world_key(&many[i], names[i], "P-256");
        world_enrol(w, &many[i]);
        world_login(w, &many[i]);
    }
    assert_ok(world_open_account(w, &in));
    word.account = in.account;
    for (size_t i = 0; i < MANY - 1; i++)
        assert_string_equal(world_sponsor(w, &many[i], &word), "OK");
    assert_string_equal(world_sponsor(w, &many[MANY - 1], &word), "SPONSORS_TOO_MANY");
    set_key(&s, &many[0], "suspended");
    assert_string_equal(world_sponsor(w, &many[MANY - 1], &word), "OK");
    set_key(&s, &many[0], "active");
    assert_ok(spends(&s, false, &report));
    const struct verify_sponsors *by = &report.signers[0].sponsors;
    assert_int_equal(by->count, MANY - 1);
    for (size_t i = 0; i < by->count; i++)
        assert_string_equal(by->at[i].holder, names[i]);
    for (size_t i = 0; i < MANY; i++)
        world_person_free(&many[i]);
    end(&s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_a_word_is_seen_and_logged),
        T(test_what_is_refused),
        T(test_a_program_knows_nobody),
        T(test_the_bank_demands_it),
        T(test_nobody_comes_round_it),
        T(test_a_person_counts_once),
        T(threat_10_between_word_and_admission),
        T(threats_1_2_9_11_replay_stale_wrong_key),
        T(test_it_makes_nobody_a_holder),
        T(test_a_word_for_another_name),
        T(test_evidence_names_them),
        T(test_evidence_names_nobody_else),
        T(test_a_word_that_nobody_signed),
        T(test_a_word_under_another_key),
        T(test_a_word_on_another_request),
        T(test_a_word_under_her_own_key),
        T(test_two_words_under_one_key),
        T(test_a_word_under_a_signers_key),
        T(test_no_more_count_than_evidence_takes),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
