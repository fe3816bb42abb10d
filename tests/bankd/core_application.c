/* SPDX-License-Identifier: Apache-2.0
 *
 * Applications for accounts: how they end by time, how many may wait, which words count when the
 * account is opened, and what evidence of its orders says.
 */
#include "base/text.h"
#include "order/application.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define NEW_ACCOUNT "PT50000201230000000107787"
#define NAME_LEN ((size_t)2 * DIGEST_LEN)

/* Makes one application many, of one applicant or of everybody. */
#define SAID "document, title, currency, received_us, expires_us, state, reason, entry"
#define FILL                                                                                       \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"                \
    " INSERT INTO application (application, applicant, " SAID ")"                                  \
    " SELECT 'x' || i, %s, " SAID " FROM application, n"

struct wanted {
    struct application said;
    char name[NAME_LEN + 1];
};

static void wanted_free(struct wanted *a)
{
    application_free(&a->said);
}

/* For so many DAYS, by PEOPLE, the inside of a JSON array; by rules that let each of them pay. */
static struct wanted want(struct world *w, const char *people, int64_t days)
{
    char text[2048], expires[TEXT_TIME_LEN + 1];
    struct wanted a;

    text_time(w->time.now_us + days * 86400 * WORLD_SECOND, expires);
    snprintf(text, sizeof text,
             "{\"bank\":\"" WORLD_BANK "\",\"currency\":\"EUR\",\"expires\":\"%s\","
             "\"nonce\":\"AAAAAAAAAAAAAAAAAA%03uA\",\"policy\":{\"holders\":[%s],"
             "\"rules\":[{\"anyOf\":[{\"signers\":[{\"count\":1}]}]}],\"title\":\"Household\"},"
             "\"type\":\"application\",\"version\":1}",
             expires, w->serial++, people);
    assert_ok(application_parse(text, strlen(text), &a.said));
    text_hex(a.said.digest, DIGEST_LEN, a.name);
    return a;
}

#define ALICE "{\"class\":\"A\",\"id\":\"alice\"}"
#define BOTH ALICE ",{\"class\":\"A\",\"id\":\"bob\"}"

/* P's word, over his own session. */
static const char *say(struct world *w, const struct person *p, const struct wanted *a,
                       enum application_verb verb)
{
    struct buf jws = {0};

    world_sign_application(w, p, &a->said, verb, NULL, &jws);
    const char *name = world_hand_in_application(w, p, &jws, &a->said);
    buf_free(&jws);
    return name;
}

static void both_sign(struct world *w, const struct wanted *a)
{
    assert_string_equal(say(w, &w->alice, a, APPLICATION_APPLY), "OK");
    assert_string_equal(say(w, &w->bob, a, APPLICATION_APPLY), "OK");
}

static enum err admit_to(struct world *w, const struct wanted *a, const char *account)
{
    world_begin(w);
    world_end(w, core_application_admit(w->core, &world_operator, a->name, account, &w->answer));
    return w->answer.err;
}

static enum err admit(struct world *w, const struct wanted *a)
{
    return admit_to(w, a, NEW_ACCOUNT);
}

static const char *status(struct world *w, const struct wanted *a)
{
    world_begin(w);
    world_end(w, core_application(w->core, &world_operator, a->name, &w->answer));
    return world_text(w, "status");
}

static void set_key(struct world *w, const struct person *p, const char *as)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, p->name, key_thumbprint(p->key), as,
                              "as a test", &w->answer));
    assert_ok(w->answer.err);
}

static size_t in_queue(struct world *w, enum waits waiting)
{
    const struct core_page page = {.cursor = ""};
    size_t found = 0;

    world_begin(w);
    world_end(w, core_queue(w->core, &world_operator, waiting, &page, &w->answer));
    assert_ok(w->answer.err);
    for (const char *at = buf_str(&w->answer.body);
         (at = strstr(at, "\"kind\":\"application\"")) != NULL; at++)
        found++;
    return found;
}

static void test_time_ends_it(void **state)
{
    struct world *w = *state;
    struct wanted first = want(w, BOTH, 1), second = want(w, ALICE, 30);

    both_sign(w, &first);
    assert_string_equal(say(w, &w->alice, &second, APPLICATION_APPLY), "OK");
    world_later(w, 86399);
    assert_false(world_look(w, 8));
    assert_int_equal(in_queue(w, WAITS_BANK), 2);
    world_later(w, 1);
    assert_false(world_look(w, 8));
    assert_string_equal(world_sql(w, "SELECT group_concat(state) FROM application"),
                        "expired,waiting");
    assert_int_equal(in_queue(w, WAITS_ANY), 1);
    assert_err(admit(w, &first), ERR_APPLICATION_OVER);
    world_later(w, 29 * 86400); /* and nobody looked */
    assert_err(admit(w, &second), ERR_APPLICATION_OVER);
    assert_string_equal(status(w, &second), "expired");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM entry WHERE"
                                     " instr(body, 'application-end') AND instr(body, 'expired')"),
                        "2");
    wanted_free(&first);
    wanted_free(&second);
}

/* What is over is not begun anew, nor is what never began ended. */
static void test_what_is_over(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1), late = want(w, ALICE, 0);

    world_login_all(w);
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_WITHDRAW), "NOT_FOUND");
    assert_string_equal(say(w, &w->carol, &a, APPLICATION_APPLY), "NOT_AN_APPLICANT");
    assert_string_equal(say(w, &w->alice, &late, APPLICATION_APPLY), "APPLICATION_PERIOD");
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    assert_string_equal(say(w, &w->bob, &a, APPLICATION_WITHDRAW), "OK");
    assert_string_equal(status(w, &a), "withdrawn");
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "APPLICATION_OVER");
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_WITHDRAW), "APPLICATION_OVER");
    assert_int_equal(in_queue(w, WAITS_ANY), 0);
    wanted_free(&a);
    wanted_free(&late);
}

static void test_so_many_may_wait(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1), another = want(w, BOTH, 2), bobs = want(w, BOTH, 2);
    char sql[500];

    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    snprintf(sql, sizeof sql, FILL, 7, "applicant");
    world_execute(w, sql);
    assert_string_equal(say(w, &w->alice, &another, APPLICATION_APPLY), "APPLICATIONS_FULL");
    assert_int_equal(w->answer.http, 429);
    assert_string_equal(say(w, &w->bob, &another, APPLICATION_APPLY), "OK");
    world_execute(w, "DELETE FROM application WHERE application LIKE 'x%'");
    snprintf(sql, sizeof sql, FILL " WHERE applicant = 1", 998, "3");
    world_execute(w, sql);
    assert_string_equal(say(w, &w->bob, &bobs, APPLICATION_APPLY), "APPLICATIONS_FULL");
    world_later(w, 86400); /* those that are over make room at once */
    world_login_all(w);
    assert_string_equal(say(w, &w->bob, &bobs, APPLICATION_APPLY), "OK");
    world_execute(w, "DELETE FROM application WHERE application LIKE 'x%'");
    wanted_free(&a);
    wanted_free(&another);
    wanted_free(&bobs);
}

/* What nobody decided on for a week takes nobody's room but his who handed it in. */
static void test_the_old_ones_keep_nobody_out(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 30), late = want(w, BOTH, 20), later = want(w, BOTH, 20);
    char sql[500];

    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    snprintf(sql, sizeof sql, FILL, 999, "3");
    world_execute(w, sql);
    world_later(w, 7 * 86400 - 1);
    world_login_all(w);
    assert_string_equal(say(w, &w->bob, &late, APPLICATION_APPLY), "APPLICATIONS_FULL");
    world_later(w, 1);
    assert_string_equal(say(w, &w->bob, &later, APPLICATION_APPLY), "OK");
    world_execute(w, "DELETE FROM application WHERE application LIKE 'x%'");
    wanted_free(&a);
    wanted_free(&late);
    wanted_free(&later);
}

/* To withdraw makes room among those that wait, and none in the day. */
static void test_so_many_a_day(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 2), another = want(w, BOTH, 2), next = want(w, BOTH, 3);
    char sql[500];

    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_WITHDRAW), "OK");
    snprintf(sql, sizeof sql, FILL, 31, "applicant");
    world_execute(w, sql);
    assert_string_equal(say(w, &w->alice, &another, APPLICATION_APPLY), "APPLICATIONS_FULL");
    assert_string_equal(say(w, &w->bob, &another, APPLICATION_APPLY), "OK");
    assert_string_equal(say(w, &w->alice, &another, APPLICATION_APPLY), "OK");
    world_later(w, 86400);
    world_login_all(w);
    assert_string_equal(say(w, &w->alice, &next, APPLICATION_APPLY), "OK");
    world_execute(w, "DELETE FROM application WHERE application LIKE 'x%'");
    wanted_free(&a);
    wanted_free(&another);
    wanted_free(&next);
}

/* --- who is told --- */

#define REACHED                                                                                    \
    "INSERT INTO contact (holder, channel, confirmed, address, language, code, tries, asked_us)"   \
    " SELECT id, 'email', 1, holder || '@one', 'en', '', 0, 0 FROM holder WHERE kind = 'person'"
#define TOLD                                                                                       \
    "SELECT coalesce(group_concat(kind || ' ' || address, ', '), '') FROM"                         \
    " (SELECT kind, address FROM notice ORDER BY id)"

/* Who signed waits for nobody; when his key counts no more, he has to sign again. */
static void test_who_is_told_that_it_waits(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH ",{\"class\":\"A\",\"id\":\"carol\"}", 2);

    world_login_all(w);
    world_execute(w, REACHED);
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    assert_string_equal(world_sql(w, TOLD),
                        "application-waiting bob@one, application-waiting carol@one");
    world_execute(w, "DELETE FROM notice");
    assert_string_equal(say(w, &w->bob, &a, APPLICATION_APPLY), "OK");
    assert_string_equal(world_sql(w, TOLD), "application-waiting carol@one");
    wanted_free(&a);
}

/* However many applications there are, orders are told of. */
static void test_applications_silence_no_order(void **state)
{
    struct world *w = *state;
    struct wanted a[22];
    struct world_order o;

    world_login_all(w);
    world_execute(w, REACHED);
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
        a[i] = want(w, BOTH, 2);
        assert_string_equal(say(w, &w->alice, &a[i], APPLICATION_APPLY), "OK");
        world_execute(w, "UPDATE application SET state = 'refused'");
    }
    assert_string_equal(world_sql(w, "SELECT count(*) FROM notice WHERE holder = 'bob'"), "20");
    core_set_terms(w->core, &(struct core_terms){.notices_max = 21});
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(
        world_sql(w, "SELECT count(*) FROM notice WHERE holder = 'bob' AND kind = 'order-waiting'"),
        "1");
    world_order_free(&o);
    for (size_t i = 0; i < sizeof a / sizeof *a; i++)
        wanted_free(&a[i]);
}

/* The account is new, and one of this bank's. */
static void test_which_account_it_becomes(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);

    w->bank_codes = "PT 0002, DE 37040044";
    world_restart(w);
    both_sign(w, &a);
    assert_err(admit_to(w, &a, WORLD_SHOP_ACCOUNT), ERR_ACCOUNT_EXISTS);
    assert_err(admit_to(w, &a, "NL91ABNA0417164300"), ERR_ACCOUNT_ELSEWHERE);
    assert_err(admit_to(w, &a, "NL91ABNA0417164301"), ERR_IBAN_CHECK_DIGITS);
    assert_string_equal(world_sql(w, "SELECT state FROM application"), "waiting");
    wanted_free(&a);
}

/* Another operator works on it. */
static void test_it_is_anothers_work(void **state)
{
    static const struct core_caller olga = {
        .session = "", .operator_name = "olga", .roles = ROLE_BIT(ROLE_POLICY)};
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);
    char item[CORE_ITEM_MAX + 1];

    world_employ(w, "olga", olga.roles);
    both_sign(w, &a);
    snprintf(item, sizeof item, "application:%s", a.name);
    world_begin(w);
    world_end(w, core_claim(w->core, &olga, item, NULL, "they are here", &w->answer));
    assert_ok(w->answer.err);
    assert_err(admit(w, &a), ERR_ITEM_CLAIMED);
    world_begin(w);
    world_end(w, core_application_refuse(w->core, &world_operator, a.name, "no", &w->answer));
    assert_err(w->answer.err, ERR_ITEM_CLAIMED);
    assert_string_equal(world_sql(w, "SELECT state FROM application"), "waiting");
    wanted_free(&a);
}

/* A key that was suspended, and one whose place another took. */
static void threat_10_which_words_count(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);
    struct person next = {0};

    both_sign(w, &a);
    assert_int_equal(in_queue(w, WAITS_BANK), 1);
    set_key(w, &w->bob, "suspended");
    assert_int_equal(in_queue(w, WAITS_BANK), 0);
    assert_int_equal(in_queue(w, WAITS_HOLDERS), 1);
    assert_err(admit(w, &a), ERR_APPLICATION_UNSIGNED);
    set_key(w, &w->bob, "active");
    world_key(&next, "alice", "P-384");
    assert_string_equal(world_rotate(w, &w->alice, &next), "OK");
    assert_int_equal(in_queue(w, WAITS_BANK), 1);
    assert_string_equal(say(w, &next, &a, APPLICATION_APPLY), "ALREADY_DECIDED");
    assert_ok(admit(w, &a));
    assert_string_equal(world_text(w, "account"), NEW_ACCOUNT);
    assert_err(admit(w, &a), ERR_APPLICATION_OVER);
    world_person_free(&next);
    wanted_free(&a);
}

/* Whom it names is what the others signed. */
static void test_a_store_that_forgot_somebody(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);

    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    world_execute(w, "DELETE FROM application_holder WHERE holder <> (SELECT applicant FROM"
                     " application)");
    world_begin(w);
    enum err e = core_application_admit(w->core, &world_operator, a.name, NEW_ACCOUNT, &w->answer);
    core_rollback(w->core);
    assert_err(e, ERR_STORE_FAILED);
    wanted_free(&a);
}

static bool told(const struct world *w, const char *type)
{
    return strstr(buf_str(&w->answer.body), type) != NULL;
}

/* Years of a signer's cards are no part of it, unless he signed something else there. */
static void test_evidence_has_no_more_than_it_needs(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);
    struct world_order o;

    both_sign(w, &a);
    assert_ok(admit(w, &a));
    set_key(w, &w->bob, "suspended");
    set_key(w, &w->bob, "active");
    world_fund(w, NEW_ACCOUNT, "50.00");
    world_order_on(w, NEW_ACCOUNT, "20.00", "", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    struct verify_report report = world_proves(w, &w->alice, &o, "ACSC");
    assert_int_equal(report.policy_signer_count, 2);
    assert_true(told(w, "application-end"));
    assert_false(told(w, "key-status"));
    world_order_free(&o);
    world_later(w, 1); /* his sessions ended with the key */
    world_login_all(w);
    world_order_on(w, NEW_ACCOUNT, "10.00", "", &o);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    (void)world_proves(w, &w->alice, &o, "ACSC");
    assert_true(told(w, "key-status"));
    world_order_free(&o);
    wanted_free(&a);
}

/* What the store has is proven anew before an account is opened by it. */
static void test_a_store_that_was_changed(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);

    both_sign(w, &a);
    world_execute(w, "DROP TRIGGER application_word_kept");
    world_execute(w, "UPDATE application_word SET statement = (SELECT statement FROM"
                     " application_word ORDER BY id LIMIT 1) || 'A' WHERE id = 2");
    world_begin(w);
    enum err e = core_application_admit(w->core, &world_operator, a.name, NEW_ACCOUNT, &w->answer);
    core_rollback(w->core);
    assert_err(e, ERR_STORE_FAILED);
    assert_string_equal(
        world_sql(w, "SELECT count(*) FROM account WHERE account = '" NEW_ACCOUNT "'"), "0");
    wanted_free(&a);
}

#define FORGED                                                                                     \
    "INSERT INTO application_word (application, holder, signing_key, statement, received_us,"      \
    " entry) SELECT application, (SELECT id FROM holder WHERE holder = 'bob'),"                    \
    " (SELECT id FROM signing_key WHERE thumbprint = '%s'), '%s', received_us, entry"              \
    " FROM application_word"

/* A word is of him whose key signed it: carol's is not bob's, and not by his key either. */
static void test_a_store_with_a_word_of_another(void **state)
{
    struct world *w = *state;
    const struct person *const of[] = {&w->bob, &w->carol};
    static const enum err refusal[] = {ERR_STORE_FAILED, ERR_APPLICATION_UNSIGNED};
    char sql[4096];

    world_execute(w, "DROP TRIGGER application_word_stays");
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct wanted a = want(w, BOTH, 1);
        struct buf jws = {0};

        assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
        world_sign_application(w, &w->carol, &a.said, APPLICATION_APPLY, NULL, &jws);
        snprintf(sql, sizeof sql, FORGED, key_thumbprint(of[i]->key), buf_str(&jws));
        world_execute(w, sql);
        world_begin(w);
        enum err e =
            core_application_admit(w->core, &world_operator, a.name, NEW_ACCOUNT, &w->answer);
        core_rollback(w->core);
        assert_err(e ? e : w->answer.err, refusal[i]);
        world_execute(w, "DELETE FROM application_word");
        buf_free(&jws);
        wanted_free(&a);
    }
}

/* What they signed is the document that the row has the name of. */
static void test_a_store_with_another_document(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);

    both_sign(w, &a);
    world_execute(w, "UPDATE application SET application = replace(application, substr(application,"
                     " 1, 4), 'beef')");
    snprintf(a.name, sizeof a.name, "%s", world_sql(w, "SELECT application FROM application"));
    world_begin(w);
    enum err e = core_application_admit(w->core, &world_operator, a.name, NEW_ACCOUNT, &w->answer);
    core_rollback(w->core);
    assert_err(e, ERR_STORE_FAILED);
    wanted_free(&a);
}

/* Evidence of a payment from such an account: all its holders signed the first policy. */
static void test_what_evidence_says(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);
    struct world_order o;

    both_sign(w, &a);
    assert_ok(admit(w, &a));
    world_fund(w, NEW_ACCOUNT, "50.00");
    world_order_on(w, NEW_ACCOUNT, "20.00", "", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    set_key(w, &w->bob, "revoked"); /* afterwards: what he signed opened the account */
    struct verify_report report = world_proves(w, &w->alice, &o, "ACSC");
    assert_true(report.applied);
    assert_int_equal(report.policy_signer_count, 2);
    assert_string_equal(report.policy_signers[0].holder, "alice");
    assert_string_equal(report.policy_signers[1].holder, "bob");
    assert_int_equal(report.policy_signers[1].version, 1);
    world_order_free(&o);
    world_order(w, "1.00", &o); /* of an account that the bank opened by itself */
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    report = world_proves(w, &w->alice, &o, "PATC");
    assert_false(report.applied);
    assert_int_equal(report.policy_signer_count, 0);
    world_order_free(&o);
    wanted_free(&a);
}

/* Bob's key was stolen, and the thief signed by the one that took its place: who pinned the first
 * does not vouch for it, as what became of the first is not here. */
static void test_a_pin_does_not_reach_an_application(void **state)
{
    struct world *w = *state;
    struct wanted a = want(w, BOTH, 1);
    struct person next = {0};
    struct world_order o;
    struct verify_report report;
    const char *pins[] = {key_thumbprint(w->bob.key), key_thumbprint(w->alice.key)};

    world_key(&next, "bob", "P-384");
    assert_string_equal(world_rotate(w, &w->bob, &next), "OK");
    assert_string_equal(say(w, &w->alice, &a, APPLICATION_APPLY), "OK");
    assert_string_equal(say(w, &next, &a, APPLICATION_APPLY), "OK");
    assert_ok(admit(w, &a));
    world_fund(w, NEW_ACCOUNT, "50.00");
    set_key(w, &w->bob, "revoked");
    world_order_on(w, NEW_ACCOUNT, "20.00", "", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    (void)world_proves(w, &w->alice, &o, "ACSC");
    const struct verify_evidence_input in = {.bytes = w->answer.body.data,
                                             .len = w->answer.body.len,
                                             .bank_key = key_thumbprint(w->root.key),
                                             .holder_keys = pins,
                                             .holder_key_count = 2};
    assert_ok(verify_evidence(&in, &report));
    assert_true(report.policy_signers[0].pinned);
    assert_string_equal(report.policy_signers[1].thumbprint, key_thumbprint(next.key));
    assert_false(report.policy_signers[1].pinned);
    pins[0] = key_thumbprint(next.key);
    assert_ok(verify_evidence(&in, &report));
    assert_true(report.policy_signers[1].pinned);
    world_order_free(&o);
    world_person_free(&next);
    wanted_free(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_time_ends_it),
        TEST(test_what_is_over),
        TEST(test_so_many_may_wait),
        TEST(test_the_old_ones_keep_nobody_out),
        TEST(test_so_many_a_day),
        TEST(test_who_is_told_that_it_waits),
        TEST(test_applications_silence_no_order),
        TEST(test_which_account_it_becomes),
        TEST(test_it_is_anothers_work),
        TEST(threat_10_which_words_count),
        TEST(test_a_store_that_was_changed),
        TEST(test_a_store_that_forgot_somebody),
        TEST(test_a_store_with_a_word_of_another),
        TEST(test_a_store_with_another_document),
        TEST(test_what_evidence_says),
        TEST(test_evidence_has_no_more_than_it_needs),
        TEST(test_a_pin_does_not_reach_an_application),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
