/* SPDX-License-Identifier: Apache-2.0
 *
 * New policies: whose word counts, when they come into force, what becomes of open orders.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define FIRM "NL91ABNA0417164300"
#define ALICE "{\"class\":\"A\",\"id\":\"alice\"}"
#define BOB "{\"class\":\"A\",\"id\":\"bob\"}"
#define CAROL "{\"class\":\"A\",\"id\":\"carol\"}"
#define ALL "{\"require\":\"all\"}"
#define TWO "{\"anyOf\":[{\"signers\":[{\"count\":2}]}]}"
#define ANYBODY "{\"anyOf\":[{\"signers\":[{\"count\":1}]}]}"
#define ONE_CHANGES "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"policy\"}," ALL
#define SUCCESSION                                                                                 \
    "{\"anyOf\":[{\"signers\":[{\"count\":2}]},{\"afterDays\":7,\"signers\":[{\"count\":1}]}],"    \
    "\"for\":\"policy\"}," ALL

static struct policy *next(struct world *w, int64_t version, const char *people, const char *rules)
{
    return world_policy(w, WORLD_ALICE_ACCOUNT, version, people, rules);
}

static void assert_status(struct world *w, const char *name, const char *status)
{
    assert_string_equal(name, "OK");
    assert_string_equal(world_text(w, "status"), status);
}

static const char *version(struct world *w)
{
    return world_sql(w, "SELECT p.version FROM account a JOIN policy p ON p.id = a.policy"
                        " WHERE a.account = '" WORLD_ALICE_ACCOUNT "'");
}

static void assert_policy_signers(const struct verify_report *r, const char *expected)
{
    char found[256] = "";

    for (size_t i = 0; i < r->policy_signer_count; i++) {
        const struct verify_policy_signer *p = &r->policy_signers[i];
        size_t used = strlen(found);

        snprintf(found + used, sizeof found - used, "%s%s %d", used ? "," : "", p->holder,
                 (int)p->version);
        assert_false(p->pinned);
    }
    assert_string_equal(found, expected);
}

/* Carol comes in: both old holders and she herself agree. */
static void test_a_new_holder(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB "," CAROL, ALL);
    struct world_order o;
    struct verify_report report;

    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    assert_string_equal(world_policy_decide(w, &w->alice, two, VERB_APPROVE), "ALREADY_DECIDED");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "pending");
    assert_string_equal(version(w), "1");
    assert_status(w, world_policy_decide(w, &w->carol, two, VERB_APPROVE), "in-force");
    assert_string_equal(version(w), "2");
    world_restart(w);
    world_order(w, "60.00", &o);
    world_both_approve(w, &o, "PATC");
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_ok(world_evidence(w, &w->carol, &o, &report));
    assert_int_equal(report.policy_version, 2);
    assert_int_equal(report.given, 3);
    assert_policy_signers(&report, "alice 2,bob 2,carol 2");
    world_order_free(&o);
    policy_free(two);
}

/* Without a rule for it a new policy needs everybody, of the old one and of the new. */
static void threat_10_nobody_is_voted_out_by_one(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE, ALL);

    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_REJECT), "rejected");
    assert_string_equal(version(w), "1");
    /* That one is over: the next word begins anew. */
    assert_string_equal(world_policy_decide(w, &w->bob, two, VERB_REJECT), "NOT_FOUND");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "in-force");
    assert_string_equal(world_sql(w,
                                  "SELECT count(*) FROM account_holder h JOIN account a ON"
                                  " a.id = h.account WHERE a.account = '" WORLD_ALICE_ACCOUNT "'"),
                        "1");
    policy_free(two);
}

static void test_what_is_refused(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB, ANYBODY);
    struct policy *other = next(w, 2, ALICE "," BOB, "{\"require\":\"ebics\"}");
    struct policy *unknown = next(w, 2, ALICE "," BOB ",{\"class\":\"A\",\"id\":\"dora\"}", ALL);
    struct buf jws = {0};

    assert_string_equal(world_policy_decide(w, &w->carol, two, VERB_APPROVE), "ACCOUNT_UNKNOWN");
    world_sign_policy(w, &w->carol, two, VERB_APPROVE, &jws);
    assert_string_equal(world_hand_in_policy(w, &w->alice, &jws, two), "NOT_A_HOLDER");
    assert_string_equal(world_policy_decide(w, &w->alice, unknown, VERB_APPROVE), "HOLDER_UNKNOWN");
    world_sign_policy(w, &w->alice, two, VERB_APPROVE, &jws);
    assert_string_equal(world_hand_in_policy(w, &w->alice, &jws, other), "POLICY_MISMATCH");
    assert_status(w, world_hand_in_policy(w, &w->alice, &jws, two), "pending");
    assert_status(w, world_hand_in_policy(w, &w->bob, &jws, two), "pending"); /* the same again */
    assert_string_equal(world_policy_decide(w, &w->bob, other, VERB_APPROVE), "POLICY_PENDING");
    assert_string_equal(world_policy_decide(w, &w->carol, other, VERB_APPROVE), "ACCOUNT_UNKNOWN");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM policy_vote"), "1");
    world_later(w, 1);
    world_sign_policy(w, &w->bob, two, VERB_APPROVE, &jws);
    world_later(w, 301);
    world_login_all(w);
    assert_string_equal(world_hand_in_policy(w, &w->bob, &jws, two), "ISSUED_TOO_OLD");
    assert_string_equal(version(w), "1");
    buf_free(&jws);
    policy_free(two);
    policy_free(other);
    policy_free(unknown);
}

/* A word that was signed against a policy which is in force no more. */
static void test_a_stale_word(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB, ANYBODY);
    struct policy *rival = next(w, 2, ALICE "," BOB, "{\"require\":\"ebics\"}");
    struct policy *three = next(w, 3, ALICE "," BOB, ALL);
    struct buf jws = {0};

    world_sign_policy(w, &w->bob, rival, VERB_APPROVE, &jws);
    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    assert_string_equal(world_hand_in_policy(w, &w->bob, &jws, rival), "POLICY_STALE");
    assert_status(w, world_policy_decide(w, &w->alice, three, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, three, VERB_APPROVE), "in-force");
    assert_string_equal(version(w), "3");
    buf_free(&jws);
    policy_free(two);
    policy_free(rival);
    policy_free(three);
}

/* An order keeps the policy that it entered under, and needs the new one as well. */
static void threat_10_an_order_that_waits_meanwhile(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB "," CAROL, ALL);
    struct policy *three = next(w, 3, ALICE "," BOB, ALL);
    struct world_order o;
    struct buf bobs = {0};

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_sign(w, &w->bob, &o, VERB_APPROVE, NULL, &bobs); /* under the order's policy */
    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->carol, two, VERB_APPROVE), "in-force");
    assert_string_equal(world_hand_in(w, &w->bob, &bobs, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PATC"); /* enough for the old one only */
    world_proves(w, &w->alice, &o, "PATC");
    assert_status(w, world_policy_decide(w, &w->alice, three, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, three, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->carol, three, VERB_APPROVE), "in-force");
    buf_free(&bobs);
    policy_free(two);
    policy_free(three);
    world_order_free(&o);
}

/* With the word of everybody who is asked. */
static void enforce(struct world *w, const struct policy *to)
{
    assert_status(w, world_policy_decide(w, &w->alice, to, VERB_APPROVE), "pending");
    assert_string_equal(world_policy_decide(w, &w->bob, to, VERB_APPROVE), "OK");
    if (policy_may_approve(to, "carol"))
        assert_string_equal(world_policy_decide(w, &w->carol, to, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "in-force");
}

/* Enough for its own policy, not for the one that came; a third one asks no more than the first. */
static void test_a_new_policy_lets_an_order_through(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB, ANYBODY);
    struct policy *three = next(w, 3, ALICE "," BOB, ALL);
    struct policy *four = next(w, 4, ALICE "," BOB, ANYBODY);
    const struct world_says under_two = {.policy = two};
    struct buf jws = {0};
    struct world_order o;
    bool more = false;

    enforce(w, two);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    enforce(w, three);
    world_sign(w, &w->alice, &o, VERB_APPROVE, &under_two, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    enforce(w, four);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(world_sql(w, "SELECT status FROM orders"), "ACSC");
    const struct verify_report report = world_proves(w, &w->alice, &o, "ACSC");
    assert_policy_signers(&report, "alice 2,bob 2"); /* the same keys brought the others, too */
    buf_free(&jws);
    world_order_free(&o);
    policy_free(two);
    policy_free(three);
    policy_free(four);
}

static void becomes(struct world *w, int64_t number, const char *rules)
{
    struct policy *p = next(w, number, ALICE "," BOB, rules);

    assert_status(w, world_policy_decide(w, &w->alice, p, VERB_APPROVE), "in-force");
    policy_free(p);
}

/* Version NUMBER is one too many; of the others evidence tells, and the verifier has room. */
static void told_until(struct world *w, int64_t number, const char *rules)
{
    struct policy *p = next(w, number, ALICE "," BOB, rules);
    struct world_order o;
    struct verify_report report;

    assert_string_equal(world_policy_decide(w, &w->alice, p, VERB_APPROVE), "POLICIES_TOO_MANY");
    world_order(w, "60.00", &o);
    world_both_approve(w, &o, "ACSC");
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    assert_int_equal(report.policy_version, number - 1);
    assert_policy_signers(&report, "alice 2,bob 2");
    world_order_free(&o);
    policy_free(p);
}

/* 640 entries: the account's, two words and enrolments for the second, one word for each later; and
 * five that the next one might need. */
static void test_evidence_after_many_policies(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB, ONE_CHANGES);

    enforce(w, two);
    for (int64_t number = 3; number <= 633; number++)
        becomes(w, number, ONE_CHANGES);
    told_until(w, 634, ONE_CHANGES);
    policy_free(two);
}

#define PAYEES 128
static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void write_payees(char out[static 4096])
{
    static char numbers[PAYEES][32];
    size_t len = 0;

    for (unsigned i = 0; i < PAYEES; i++) {
        unsigned rest = 0;
        snprintf(numbers[i], sizeof numbers[i], "%021u252900", i); /* P, T and 00 as digits */
        for (const char *c = numbers[i]; *c; c++)
            rest = (rest * 10 + (unsigned)(*c - '0')) % 97;
        snprintf(numbers[i], sizeof numbers[i], "PT%02u%021u", 98 - rest, i);
    }
    qsort(numbers, PAYEES, sizeof numbers[0], by_text);
    for (unsigned i = 0; i < PAYEES; i++)
        len += (size_t)snprintf(out + len, 4096 - len, "%s\"%s\"", i ? "," : "", numbers[i]);
}

/* As many rules as go into 16 KiB, each for the same payees. */
static void long_rules(char *out, size_t cap)
{
    char payees[4096];
    size_t len = 0;

    write_payees(payees);
    for (int rule = 1; rule <= 4; rule++)
        len += (size_t)snprintf(out + len, cap - len,
                                "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"payees\":[%s],"
                                "\"upTo\":\"%d.00\"},",
                                payees, rule);
    snprintf(out + len, cap - len, "%s", ONE_CHANGES);
}

/* Of a megabyte in all. */
static void test_evidence_after_long_policies(void **state)
{
    static char rules[16384];
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB, ONE_CHANGES);
    struct policy *large;
    int64_t number = 2;
    size_t len, sum = 0;

    enforce(w, two);
    long_rules(rules, sizeof rules);
    for (; sum < 1 << 20; sum += len) {
        large = next(w, ++number, ALICE "," BOB, rules);
        (void)policy_bytes(large, &len);
        assert_true(len > 14000);
        policy_free(large);
        if (sum + len < 1 << 20)
            becomes(w, number, rules);
    }
    told_until(w, number, rules);
    policy_free(two);
}

/* One of whom each policy has two, so that the one lets the next in. */
#define MANY 257
static struct person many[MANY];
static char names[MANY][8];

static void let_next_in(struct world *w, size_t i)
{
    char people[200];

    snprintf(names[i + 1], sizeof names[i + 1], "p%03zu", i + 1);
    world_key(&many[i + 1], names[i + 1], "P-256");
    world_enrol(w, &many[i + 1]);
    world_login(w, &many[i + 1]);
    snprintf(people, sizeof people,
             ALICE "," BOB ",{\"class\":\"A\",\"id\":\"%s\"},{\"class\":\"A\",\"id\":\"%s\"}",
             names[i], names[i + 1]);
    struct policy *p = next(w, 3 + (int64_t)i, people, ONE_CHANGES);
    assert_status(w, world_policy_decide(w, &many[i], p, VERB_APPROVE), "in-force");
    policy_free(p);
}

/* And for whoever approved them. */
static void test_evidence_after_many_signers(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB "," CAROL, ONE_CHANGES);
    struct policy *last = next(w, MANY + 2, ALICE "," BOB, ALL);
    struct world_order o;
    struct verify_report report;

    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    many[0] = w->carol;
    snprintf(names[0], sizeof names[0], "carol");
    for (size_t i = 0; i + 1 < MANY; i++)
        let_next_in(w, i);
    assert_status(w, world_policy_decide(w, &w->alice, last, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, last, VERB_APPROVE), "in-force");
    world_order(w, "60.00", &o);
    world_both_approve(w, &o, "ACSC");
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    assert_int_equal(report.policy_signer_count, 2 + MANY - 1);
    for (size_t i = 1; i < MANY; i++)
        world_person_free(&many[i]);
    world_order_free(&o);
    policy_free(two);
    policy_free(last);
}

/* Alice approved under a policy of two in three; the next one is WITH, then Bob says VERB. */
static void ends_with(struct world *w, const char *with, enum verb verb, const char *reason)
{
    struct policy *two = next(w, 2, ALICE "," BOB "," CAROL, TWO);
    struct policy *three = next(w, 3, ALICE "," BOB "," CAROL, with);
    const struct world_says under_two = {.policy = two};
    struct buf jws = {0};
    struct world_order o;
    struct verify_report report;

    enforce(w, two);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    enforce(w, three);
    world_sign(w, &w->bob, &o, verb, &under_two, &jws);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "OK");
    assert_string_equal(world_text(w, "status"), "RJCT");
    assert_string_equal(world_text(w, "reason"), reason);
    report = world_proves(w, &w->alice, &o, "RJCT");
    assert_string_equal(report.reason, reason);
    buf_free(&jws);
    world_order_free(&o);
    policy_free(two);
    policy_free(three);
}

/* One no is not too many for the order's own policy, but for the one in force. */
static void test_a_no_under_a_stricter_policy(void **state)
{
    ends_with(*state, ALL, VERB_REJECT, "MS02");
}

static void test_a_vote_when_no_rule_is_left(void **state)
{
    ends_with(*state, "{\"require\":\"all\",\"upTo\":\"10.00\"}", VERB_APPROVE, "AM21");
}

/* Whoever looks sees the words in the order in which they came. */
static void test_words_in_their_order(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB "," CAROL, ALL);
    const struct core_caller alice = {.session = w->alice.session};
    struct js *root = NULL;

    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    world_begin(w);
    world_end(w, core_account_policy(w->core, &alice, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *words = js_get(js_get(root, "pending"), "decisions");
    assert_int_equal(js_count(words), 2);
    assert_string_equal(js_text(js_get(js_at(words, 0), "holder"), NULL), "bob");
    assert_string_equal(js_text(js_get(js_at(words, 1), "holder"), NULL), "alice");
    js_free(root);
    policy_free(two);
}

static void test_succession(void **state)
{
    struct world *w = *state;
    struct policy *two = next(w, 2, ALICE "," BOB, SUCCESSION);
    struct policy *three = next(w, 3, ALICE "," BOB, ANYBODY);
    bool more = false;

    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    assert_status(w, world_policy_decide(w, &w->bob, two, VERB_APPROVE), "in-force");
    /* The new one asks everybody about changes, so that alone she cannot: the clause helps only
     * when both policies have it. */
    assert_status(w, world_policy_decide(w, &w->alice, three, VERB_APPROVE), "pending");
    world_later(w, 30 * DAY - 1);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(world_sql(w, "SELECT state FROM policy_change ORDER BY id DESC LIMIT 1"),
                        "open");
    world_later(w, 1);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(world_sql(w, "SELECT state FROM policy_change ORDER BY id DESC LIMIT 1"),
                        "ended");
    assert_string_equal(version(w), "2");
    policy_free(three);
    world_login_all(w);
    three =
        next(w, 3, ALICE, "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"policy\"}," ALL);
    assert_status(w, world_policy_decide(w, &w->alice, three, VERB_APPROVE), "pending");
    world_later(w, 7 * DAY);
    world_begin(w);
    world_end(w, core_due(w->core, 10, &more));
    assert_string_equal(version(w), "3");
    struct world_order o;
    struct verify_report report;
    world_login(w, &w->alice);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_ok(world_evidence(w, &w->alice, &o, &report));
    assert_int_equal(report.policy_version, 3);
    world_order_free(&o);
    policy_free(two);
    policy_free(three);
}

/* The policy that was due on Tuesday is in force before the order that is due on Thursday, whatever
 * makes the bank look. */
static void due_while_it_was_down(struct world *w, void (*looks)(struct world *w))
{
#define SOON                                                                                       \
    "{\"anyOf\":[{\"signers\":[{\"count\":2}]},{\"afterDays\":1,\"signers\":[{\"count\":1}]}],"    \
    "\"for\":\"policy\"}"
    static const char *const holders[] = {"alice", "bob"};
    static const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 2, .rules = "[" ANYBODY "," SOON "]"};
    struct world_order o;

    world_open_funded(w, &firm, "500.00");
    world_order_on(w, FIRM, "60.00", "\"date\":\"2026-11-26\",", &o);
    assert_status(w, world_decide(w, &w->bob, &o, VERB_APPROVE), "ACCP");
    struct policy *two = world_policy(w, FIRM, 2, ALICE "," BOB, ALL "," SOON);
    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    policy_free(two);
    world_later(w, 4 * DAY);
    world_begin(w);
    looks(w);
    world_order_free(&o);
    assert_string_equal(world_sql(w, "SELECT status || reason FROM orders"), "RJCTDS0H");
}

static void look(struct world *w)
{
    bool more = false;

    world_end(w, core_due(w->core, 10, &more));
}

static void test_policies_are_due_before_orders(void **state)
{
    due_while_it_was_down(*state, look);
}

static void list_accounts(struct world *w)
{
    static const struct core_page first = {.cursor = ""};

    world_end(w, core_accounts(w->core, &world_operator, &first, &w->answer));
}

static void test_policies_are_due_before_accounts_are_listed(void **state)
{
    due_while_it_was_down(*state, list_accounts);
}

static void block(struct world *w)
{
    world_end(
        w, core_account_state(w->core, &world_operator, FIRM, CORE_ACCOUNT_BLOCK, "x", &w->answer));
}

static void test_policies_are_due_before_a_block(void **state)
{
    due_while_it_was_down(*state, block);
}

/* The operator releases on Wednesday what was accepted on Monday; the policy was due on Tuesday. */
static void test_policies_are_due_before_a_release(void **state)
{
    struct world *w = *state;
    static const char *const holders[] = {"alice", "bob"};
    static const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 2, .rules = "[" ANYBODY "," SOON "]"};
    struct world_order o;

    w->hold_above = "50.00 EUR";
    world_restart(w);
    world_open_funded(w, &firm, "500.00");
    world_order_on(w, FIRM, "60.00", "", &o);
    assert_status(w, world_decide(w, &w->bob, &o, VERB_APPROVE), "PDNG");
    struct policy *two = world_policy(w, FIRM, 2, ALICE "," BOB, ALL "," SOON);
    assert_status(w, world_policy_decide(w, &w->alice, two, VERB_APPROVE), "pending");
    policy_free(two);
    world_later(w, 2 * DAY);
    world_begin(w);
    world_end(w, core_order_release(w->core, &world_operator,
                                    &(struct core_word){FIRM, o.order.id, "x", 0}, &w->answer));
    world_order_free(&o);
    w->hold_above = NULL;
    assert_string_equal(world_sql(w, "SELECT status || reason FROM orders"), "RJCTDS0H");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_a_new_holder),
        T(threat_10_nobody_is_voted_out_by_one),
        T(test_what_is_refused),
        T(test_a_stale_word),
        T(threat_10_an_order_that_waits_meanwhile),
        T(test_succession),
        T(test_a_new_policy_lets_an_order_through),
        T(test_evidence_after_many_policies),
        T(test_evidence_after_long_policies),
        T(test_evidence_after_many_signers),
        T(test_words_in_their_order),
        T(test_a_no_under_a_stricter_policy),
        T(test_a_vote_when_no_rule_is_left),
        T(test_policies_are_due_before_orders),
        T(test_policies_are_due_before_accounts_are_listed),
        T(test_policies_are_due_before_a_block),
        T(test_policies_are_due_before_a_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
