/* SPDX-License-Identifier: Apache-2.0
 *
 * Delegations: who may give one to whom, what a deputy's approval counts for and how long, and
 * evidence with them.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"
#define HOUR 3600
#define DAY 86400
#define PERSON(class, id) "{\"class\":\"" class "\",\"id\":\"" id "\"}"

/* Alice and Bob must both approve, and Carol, who only hands in, may be a deputy; so may Bob. */
static void open_firm(struct world *w)
{
    static const char *const holders[] = {"alice", "bob", "carol:T"};
    const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 3, .deputies = "[\"bob\",\"carol\"]"};

    world_open_funded(w, &firm, "500.00");
}

static int enter(void **state)
{
    world_enter(state);
    open_firm(*state);
    return 0;
}

static struct world_gift to(const char *deputy, int64_t amount_minor)
{
    return (struct world_gift){.deputy = deputy, .account = FIRM, .amount_minor = amount_minor};
}

static void gives(struct world *w, const struct person *signer, const struct world_gift *gift,
                  const char *name)
{
    assert_string_equal(world_delegate(w, signer, gift), name);
}

static void withdraws(struct world *w, const struct person *signer, const char *name)
{
    const struct world_gift none = {.account = FIRM};

    assert_string_equal(world_delegate(w, signer, &none), name);
}

/* An order of the firm's for a day. */
static void firm_order(struct world *w, const char *amount, const char *date,
                       struct world_order *out)
{
    char more[100];

    snprintf(more, sizeof more, "\"date\":\"%s\",\"expires\":\"2026-12-01T00:00:00Z\",", date);
    world_order_on(w, FIRM, amount, more, out);
}

static void decides(struct world *w, const struct person *p, const struct world_order *o,
                    enum verb verb, const char *status)
{
    assert_string_equal(world_decide(w, p, o, verb), "OK");
    assert_string_equal(world_text(w, "status"), status);
}

static void assert_evidence(struct world *w, const struct world_order *o, const char *status,
                            unsigned given)
{
    const struct verify_report report = world_proves(w, &w->alice, o, status);
    assert_int_equal(report.given, given);
}

static bool look(struct world *w)
{
    char before[8];

    snprintf(before, sizeof before, "%s", world_sql(w, "SELECT count(*) FROM entry"));
    assert_false(world_look(w, 10));
    return strcmp(before, world_sql(w, "SELECT count(*) FROM entry")) != 0;
}

/* --- a deputy's approval --- */

static void test_in_anothers_place(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("carol", 6000);
    struct world_order o, large;

    firm_order(w, "60.00", "2026-11-23", &o);
    firm_order(w, "60.01", "2026-11-23", &large);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    gives(w, &w->bob, &gift, "OK");
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "status"), "given");
    decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_REJECT), "MAY_NOT_APPROVE");
    decides(w, &w->carol, &o, VERB_APPROVE, "ACSC");
    assert_evidence(w, &o, "ACSC", 2);
    decides(w, &w->alice, &large, VERB_APPROVE, "PATC");
    assert_string_equal(world_decide(w, &w->carol, &large, VERB_APPROVE), "MAY_NOT_APPROVE");
    decides(w, &w->bob, &large, VERB_APPROVE, "ACSC");
    assert_evidence(w, &large, "ACSC", 2);
    world_order_free(&o);
    world_order_free(&large);
}

/* Bob has two places in reach and takes one of them, however often he signs. */
static void threat_11_one_person_in_two_places(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("bob", 6000);
    struct world_order o;

    gives(w, &w->alice, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->bob, &o, VERB_APPROVE, "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "ALREADY_DECIDED");
    assert_evidence(w, &o, "PATC", 1);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    decides(w, &w->alice, &o, VERB_APPROVE, "ACSC");
    assert_evidence(w, &o, "ACSC", 2);
    world_order_free(&o);
}

/* Who has voted is not stood for: not after his yes, and not after his no. */
static void test_of_one_who_voted(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("carol", 6000);
    struct world_order o;

    gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->bob, &o, VERB_APPROVE, "PATC");
    decides(w, &w->carol, &o, VERB_APPROVE, "PATC");
    assert_evidence(w, &o, "PATC", 1);
    decides(w, &w->alice, &o, VERB_APPROVE, "ACSC");
    world_order_free(&o);
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->carol, &o, VERB_APPROVE, "PATC");
    decides(w, &w->bob, &o, VERB_REJECT, "RJCT");
    assert_evidence(w, &o, "RJCT", 0);
    world_order_free(&o);
}

static void test_who_can_decide(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("carol", 6000);
    struct world_order o;
    struct js *root = NULL;

    gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *can = js_get(root, "canDecide");
    assert_int_equal(js_count(can), 2);
    assert_string_equal(js_text(js_at(can, 0), NULL), "bob");
    assert_string_equal(js_text(js_at(can, 1), NULL), "carol");
    js_free(root);
    world_order_free(&o);
}

/* --- for how long --- */

static void test_from_until(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("carol", 6000);
    struct world_order o;

    gift.from_us = w->time.now_us + 60 * WORLD_SECOND;
    gift.until_us = gift.from_us + 60 * WORLD_SECOND;
    gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    world_later(w, 59);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    world_later(w, 61);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    world_order_free(&o);
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    gift.from_us = w->time.now_us;
    gift.until_us = w->time.now_us + WORLD_SECOND;
    gives(w, &w->bob, &gift, "OK");
    decides(w, &w->carol, &o, VERB_APPROVE, "ACSC");
    assert_evidence(w, &o, "ACSC", 2);
    world_order_free(&o);
}

/* Carol has approved for Alice; when she may stand for Bob as well and Alice has come herself,
 * nobody needs to decide any more. */
static void waits_for(struct world *w, int64_t seconds, struct world_order *o)
{
    struct world_gift alices = to("carol", 6000), bobs = alices;

    gives(w, &w->alice, &alices, "OK");
    firm_order(w, "60.00", "2026-11-23", o);
    decides(w, &w->carol, o, VERB_APPROVE, "PATC");
    decides(w, &w->alice, o, VERB_APPROVE, "PATC");
    bobs.from_us = w->time.now_us + seconds * WORLD_SECOND;
    gives(w, &w->bob, &bobs, "OK");
}

static void test_a_waiting_order_is_looked_at_when_one_comes(void **state)
{
    struct world *w = *state;
    struct world_order o;

    waits_for(w, 0, &o);
    assert_true(look(w));
    assert_string_equal(world_newest(w), "ACSC");
    assert_evidence(w, &o, "ACSC", 2);
    world_order_free(&o);
}

static void test_a_waiting_order_is_looked_at_when_one_begins(void **state)
{
    struct world *w = *state;
    struct world_order o;

    waits_for(w, HOUR, &o);
    assert_false(look(w));
    world_later(w, HOUR - 1);
    assert_false(look(w));
    assert_string_equal(world_newest(w), "PATC");
    world_later(w, 1);
    assert_true(look(w));
    assert_string_equal(world_newest(w), "ACSC");
    world_login_all(w);
    assert_evidence(w, &o, "ACSC", 2);
    world_order_free(&o);
}

static void set_key(struct world *w, const struct person *p, const char *status)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, p->name, key_thumbprint(p->key), status,
                              "lost", &w->answer));
    assert_ok(w->answer.err);
}

/* While the key that gave it is suspended it does not count, and then it does again. */
static void test_a_waiting_order_is_looked_at_when_one_counts_again(void **state)
{
    struct world_gift gift = to("carol", 6000);
    struct world *w = *state;
    struct world_order o;

    gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    decides(w, &w->carol, &o, VERB_APPROVE, "PATC");
    set_key(w, &w->bob, "suspended");
    decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    set_key(w, &w->bob, "active");
    assert_true(look(w));
    assert_string_equal(world_newest(w), "ACSC");
    world_order_free(&o);
}

/* --- between approval and execution --- */

/* Accepted with Carol for Bob, to be executed the day after. */
static void accepted(struct world *w, int64_t hours, struct world_order *o)
{
    struct world_gift gift = to("carol", 6000);

    gift.until_us = w->time.now_us + hours * HOUR * WORLD_SECOND;
    gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-24", o);
    decides(w, &w->alice, o, VERB_APPROVE, "PATC");
    decides(w, &w->carol, o, VERB_APPROVE, "ACCP");
}

static void ends(struct world *w, const struct world_order *o, const char *expected)
{
    world_later(w, DAY);
    assert_true(look(w));
    assert_string_equal(world_newest(w), expected);
    world_login_all(w);
    assert_evidence(w, o, strlen(expected) > 4 ? "RJCT" : expected, strlen(expected) > 4 ? 1 : 2);
}

static void test_still_in_force(void **state)
{
    struct world_order o;

    accepted(*state, 48, &o);
    ends(*state, &o, "ACSC");
    world_order_free(&o);
}

static void threat_10_over_before_execution(void **state)
{
    struct world_order o;

    accepted(*state, 1, &o);
    ends(*state, &o, "RJCTDS0H");
    world_order_free(&o);
}

static void threat_10_withdrawn_before_execution(void **state)
{
    struct world *w = *state;
    struct world_order o;

    accepted(w, 48, &o);
    withdraws(w, &w->bob, "OK");
    assert_string_equal(world_text(w, "status"), "withdrawn");
    ends(w, &o, "RJCTDS0H");
    world_order_free(&o);
}

static void threat_10_made_smaller_before_execution(void **state)
{
    struct world *w = *state;
    struct world_gift less = to("carol", 5999);
    struct world_order o;

    accepted(w, 48, &o);
    less.until_us = w->time.now_us + 2 * DAY * WORLD_SECOND;
    gives(w, &w->bob, &less, "OK");
    ends(w, &o, "RJCTDS0H");
    world_order_free(&o);
}

/* The key that signed the delegation; nobody decided with it. */
static void threat_10_revoked_before_execution(void **state)
{
    struct world *w = *state;
    struct world_order o;

    accepted(w, 48, &o);
    world_execute(w, "UPDATE signing_key SET status = 'revoked' WHERE thumbprint ="
                     " (SELECT k.thumbprint FROM signing_key k JOIN holder h ON h.id = k.holder"
                     " WHERE h.holder = 'bob')");
    world_restart(w);
    world_later(w, DAY);
    assert_true(look(w));
    assert_string_equal(world_newest(w), "RJCTDS0H");
    world_order_free(&o);
}

static void enforce(struct world *w, const struct policy *to_come, const struct person *second)
{
    assert_string_equal(world_policy_decide(w, &w->alice, to_come, VERB_APPROVE), "OK");
    assert_string_equal(world_policy_decide(w, second, to_come, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "in-force");
}

/* A policy that would not let it be given ends it, and the next one does not bring it back. */
static void threat_10_not_allowed_before_execution(void **state)
{
    static const char people[] =
        PERSON("A", "alice") "," PERSON("A", "bob") "," PERSON("T", "carol");
    struct world *w = *state;
    struct policy *two = world_policy(w, FIRM, 2, people, "{\"require\":\"all\"}");
    struct world_order o, next;

    accepted(w, 48, &o);
    enforce(w, two, &w->bob);
    firm_order(w, "60.00", "2026-11-23", &next);
    assert_string_equal(world_decide(w, &w->carol, &next, VERB_APPROVE), "MAY_NOT_APPROVE");
    ends(w, &o, "RJCTDS0H");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation WHERE ended IS NULL"), "0");
    world_order_free(&o);
    world_order_free(&next);
    policy_free(two);
}

/* --- what is refused --- */

static void test_what_is_refused(void **state)
{
    struct world *w = *state;
    const struct {
        const struct person *signer;
        struct world_gift gift;
        const char *name;
    } rows[] = {
        {&w->alice, {"alice", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->bob, {"alice", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->bob, {"bob", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->bob, {"dora", FIRM, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->carol, {"bob", FIRM, NULL, 100, 0, 0, NULL}, "MAY_NOT_APPROVE"},
        {&w->alice, {"bob", FIRM, "USD", 100, 0, 0, NULL}, "CURRENCY_MISMATCH"},
        {&w->alice, {"bob", NULL, NULL, 100, 0, 0, NULL}, "DEPUTY_NOT_ALLOWED"},
        {&w->carol, {"bob", NULL, NULL, 100, 0, 0, NULL}, "ACCOUNT_UNKNOWN"},
        {&w->alice,
         {"bob", FIRM, NULL, 100, w->time.now_us - HOUR * WORLD_SECOND, w->time.now_us, NULL},
         "PERIOD_INVALID"},
        {&w->carol, {NULL, FIRM, NULL, 0, 0, 0, NULL}, "MAY_NOT_APPROVE"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        gives(w, rows[i].signer, &rows[i].gift, rows[i].name);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation"), "0");
}

static void test_whose_and_when(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("bob", 100);
    struct policy *stranger =
        world_policy(w, FIRM, 2, PERSON("A", "alice"), "{\"require\":\"all\"}");
    struct buf jws = {0};

    world_sign_delegation(w, &w->alice, &gift, NULL, &jws);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, WORLD_ALICE_ACCOUNT),
                        "ACCOUNT_MISMATCH");
    assert_string_equal(world_hand_in_delegation(w, &w->bob, &jws, FIRM), "OK");
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "OK"); /* again */
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation"), "1");
    world_sign_delegation(w, &w->alice, &gift, NULL, &jws);
    world_later(w, 301);
    world_login_all(w);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "ISSUED_TOO_OLD");
    gift.policy = stranger;
    gives(w, &w->alice, &gift, "POLICY_MISMATCH");
    buf_free(&jws);
    policy_free(stranger);
}

static void test_a_stale_one(void **state)
{
    static const char people[] =
        PERSON("A", "alice") "," PERSON("A", "bob") "," PERSON("T", "carol");
    struct world *w = *state;
    struct policy *two = world_policy(w, FIRM, 2, people, "{\"require\":\"all\"}");
    struct world_gift gift = to("bob", 100);
    struct buf jws = {0}, back = {0};
    const struct world_gift none = {.account = FIRM};

    gives(w, &w->alice, &gift, "OK");
    world_sign_delegation(w, &w->alice, &gift, NULL, &jws);
    world_sign_delegation(w, &w->alice, &none, NULL, &back);
    enforce(w, two, &w->bob);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "POLICY_STALE");
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &back, FIRM), "OK");
    gives(w, &w->alice, &gift, "DEPUTY_NOT_ALLOWED");
    buf_free(&jws);
    buf_free(&back);
    policy_free(two);
}

/* Bob carries what Alice signed, and waits until she has taken it back: too late. */
static void test_one_that_was_kept_back(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("bob", 6000);
    struct buf kept = {0};

    world_sign_delegation(w, &w->alice, &gift, NULL, &kept);
    world_later(w, 60);
    withdraws(w, &w->alice, "OK");
    assert_string_equal(world_hand_in_delegation(w, &w->bob, &kept, FIRM), "DELEGATION_SUPERSEDED");
    gives(w, &w->alice, &gift, "OK");
    world_sign_delegation(w, &w->alice, &gift, NULL, &kept);
    world_later(w, 60);
    gives(w, &w->alice, &gift, "OK");
    assert_string_equal(world_hand_in_delegation(w, &w->bob, &kept, FIRM), "DELEGATION_SUPERSEDED");
    buf_free(&kept);
}

/* A withdrawal is heard, however slow the clock of the card's machine; it opens no way back. */
static void test_withdrawn_by_a_slow_clock(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("bob", 6000);
    const struct world_gift none = {.account = FIRM};
    struct buf jws = {0};

    world_later(w, 60);
    const struct world_says slow = {.issued_us = w->time.now_us - 5 * WORLD_SECOND},
                            between = {.issued_us = w->time.now_us - 2 * WORLD_SECOND};
    gives(w, &w->alice, &gift, "OK");
    world_sign_delegation(w, &w->alice, &none, &slow, &jws);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM), "OK");
    world_sign_delegation(w, &w->alice, &gift, &between, &jws);
    assert_string_equal(world_hand_in_delegation(w, &w->alice, &jws, FIRM),
                        "DELEGATION_SUPERSEDED");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation WHERE ended IS NULL"), "0");
    buf_free(&jws);
}

/* The evidence of an order that waits has room for all that may be said meanwhile; and what is
 * given can be taken back when nothing else is heard any more. */
static void test_said_too_often(void **state)
{
    struct world *w = *state;
    struct world_gift gift = to("bob", 6000), by_bob = to("carol", 6000);
    struct world_order o;

    firm_order(w, "60.00", "2026-11-30", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    for (unsigned i = 0; i < 384 / 3; i++)
        gives(w, &w->alice, &gift, "OK");
    gives(w, &w->alice, &gift, "DELEGATIONS_TOO_MANY");
    withdraws(w, &w->alice, "OK");
    withdraws(w, &w->alice, "DELEGATIONS_TOO_MANY");
    for (unsigned i = 0; i < 384 / 3; i += 2) {
        gives(w, &w->bob, &by_bob, "OK");
        withdraws(w, &w->bob, "OK");
    }
    gives(w, &w->bob, &by_bob, "DELEGATIONS_TOO_MANY");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_proves(w, &w->alice, &o, "PATC");
    world_order_free(&o);
}

/* --- what is told --- */

static size_t told(struct world *w, const struct person *p, const char *deputy, bool in_force)
{
    const struct core_caller who = {.session = p->session};
    struct js *root = NULL;

    world_begin(w);
    world_end(w, core_delegations(w->core, &who, FIRM, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *list = js_get(root, "delegations"), *first = js_at(list, 0);
    size_t count = js_count(list);
    if (deputy) {
        assert_string_equal(js_text(js_get(first, "deputy"), NULL), deputy);
        assert_int_equal(js_bool(js_get(first, "inForce")), in_force);
    }
    js_free(root);
    return count;
}

static void test_one_at_a_time(void **state)
{
    struct world *w = *state;
    struct world_gift first = to("bob", 100), second = to("carol", 200);
    struct world_order o;

    assert_int_equal(told(w, &w->carol, NULL, false), 0);
    gives(w, &w->alice, &first, "OK");
    assert_int_equal(told(w, &w->carol, "bob", true), 1);
    second.from_us = w->time.now_us + HOUR * WORLD_SECOND;
    gives(w, &w->alice, &second, "OK");
    assert_int_equal(told(w, &w->bob, "carol", false), 1);
    firm_order(w, "1.00", "2026-11-23", &o);
    decides(w, &w->bob, &o, VERB_APPROVE, "PATC");
    withdraws(w, &w->alice, "OK");
    withdraws(w, &w->alice, "OK"); /* once more does no harm */
    assert_int_equal(told(w, &w->alice, NULL, false), 0);
    gives(w, &w->alice, &first, "OK");
    world_later(w, DAY);
    world_login_all(w);
    assert_int_equal(told(w, &w->alice, NULL, false), 0);
    gives(w, &w->alice, &first, "OK"); /* where an old one is only over */
    decides(w, &w->alice, &o, VERB_APPROVE, "ACSC");
    assert_evidence(w, &o, "ACSC", 2);
    world_order_free(&o);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_in_anothers_place),
        T(threat_11_one_person_in_two_places),
        T(test_of_one_who_voted),
        T(test_who_can_decide),
        T(test_from_until),
        T(test_a_waiting_order_is_looked_at_when_one_comes),
        T(test_a_waiting_order_is_looked_at_when_one_begins),
        T(test_a_waiting_order_is_looked_at_when_one_counts_again),
        T(test_still_in_force),
        T(threat_10_over_before_execution),
        T(threat_10_withdrawn_before_execution),
        T(threat_10_made_smaller_before_execution),
        T(threat_10_revoked_before_execution),
        T(threat_10_not_allowed_before_execution),
        T(test_what_is_refused),
        T(test_whose_and_when),
        T(test_a_stale_one),
        T(test_one_that_was_kept_back),
        T(test_withdrawn_by_a_slow_clock),
        T(test_said_too_often),
        T(test_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
