/* SPDX-License-Identifier: Apache-2.0
 *
 * Deputies: what an approval in another's place counts for, how long, and evidence with it.
 */
#include "order/json.h"
#include "tests/bankd/firm.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400

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
    struct world_gift gift = firm_gift("carol", 6000);
    struct world_order o, large;

    firm_order(w, "60.00", "2026-11-23", &o);
    firm_order(w, "60.01", "2026-11-23", &large);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    firm_gives(w, &w->bob, &gift, "OK");
    assert_int_equal(w->answer.http, 201);
    assert_string_equal(world_text(w, "status"), "given");
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_REJECT), "MAY_NOT_APPROVE");
    firm_decides(w, &w->carol, &o, VERB_APPROVE, "ACSC");
    firm_proves(w, &o, "ACSC", 2);
    firm_decides(w, &w->alice, &large, VERB_APPROVE, "PATC");
    assert_string_equal(world_decide(w, &w->carol, &large, VERB_APPROVE), "MAY_NOT_APPROVE");
    firm_decides(w, &w->bob, &large, VERB_APPROVE, "ACSC");
    firm_proves(w, &large, "ACSC", 2);
    world_order_free(&o);
    world_order_free(&large);
}

/* Bob has two places in reach and takes one of them, however often he signs. */
static void threat_11_one_person_in_two_places(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("bob", 6000);
    struct world_order o;

    firm_gives(w, &w->alice, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->bob, &o, VERB_APPROVE, "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "ALREADY_DECIDED");
    firm_proves(w, &o, "PATC", 1);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "ACSC");
    firm_proves(w, &o, "ACSC", 2);
    world_order_free(&o);
}

/* Who has voted is not stood for: not after his yes, and not after his no. */
static void test_of_one_who_voted(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("carol", 6000);
    struct world_order o;

    firm_gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->bob, &o, VERB_APPROVE, "PATC");
    firm_decides(w, &w->carol, &o, VERB_APPROVE, "PATC");
    firm_proves(w, &o, "PATC", 1);
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "ACSC");
    world_order_free(&o);
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->carol, &o, VERB_APPROVE, "PATC");
    firm_decides(w, &w->bob, &o, VERB_REJECT, "RJCT");
    firm_proves(w, &o, "RJCT", 0);
    world_order_free(&o);
}

static void test_who_can_decide(void **state)
{
    struct world *w = *state;
    struct world_gift gift = firm_gift("carol", 6000);
    struct world_order o;
    struct js *root = NULL;

    firm_gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
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
    struct world_gift gift = firm_gift("carol", 6000);
    struct world_order o;

    gift.from_us = w->time.now_us + 60 * WORLD_SECOND;
    gift.until_us = gift.from_us + 60 * WORLD_SECOND;
    firm_gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    world_later(w, 59);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    world_later(w, 61);
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_APPROVE), "MAY_NOT_APPROVE");
    world_order_free(&o);
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    gift.from_us = w->time.now_us;
    gift.until_us = w->time.now_us + WORLD_SECOND;
    firm_gives(w, &w->bob, &gift, "OK");
    firm_decides(w, &w->carol, &o, VERB_APPROVE, "ACSC");
    firm_proves(w, &o, "ACSC", 2);
    world_order_free(&o);
}

/* Carol has approved for Alice; when she may stand for Bob as well and Alice has come herself,
 * nobody needs to decide any more. */
static void waits_for(struct world *w, int64_t seconds, struct world_order *o)
{
    struct world_gift alices = firm_gift("carol", 6000), bobs = alices;

    firm_gives(w, &w->alice, &alices, "OK");
    firm_order(w, "60.00", "2026-11-23", o);
    firm_decides(w, &w->carol, o, VERB_APPROVE, "PATC");
    firm_decides(w, &w->alice, o, VERB_APPROVE, "PATC");
    bobs.from_us = w->time.now_us + seconds * WORLD_SECOND;
    firm_gives(w, &w->bob, &bobs, "OK");
}

static void test_a_waiting_order_is_looked_at_when_one_comes(void **state)
{
    struct world *w = *state;
    struct world_order o;

    waits_for(w, 0, &o);
    assert_true(look(w));
    assert_string_equal(world_newest(w), "ACSC");
    firm_proves(w, &o, "ACSC", 2);
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
    firm_proves(w, &o, "ACSC", 2);
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
    struct world_gift gift = firm_gift("carol", 6000);
    struct world *w = *state;
    struct world_order o;

    firm_gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-23", &o);
    firm_decides(w, &w->carol, &o, VERB_APPROVE, "PATC");
    set_key(w, &w->bob, "suspended");
    firm_decides(w, &w->alice, &o, VERB_APPROVE, "PATC");
    set_key(w, &w->bob, "active");
    assert_true(look(w));
    assert_string_equal(world_newest(w), "ACSC");
    world_order_free(&o);
}

/* --- between approval and execution --- */

/* Accepted with Carol for Bob, to be executed the day after. */
static void accepted(struct world *w, int64_t hours, struct world_order *o)
{
    struct world_gift gift = firm_gift("carol", 6000);

    gift.until_us = w->time.now_us + hours * HOUR * WORLD_SECOND;
    firm_gives(w, &w->bob, &gift, "OK");
    firm_order(w, "60.00", "2026-11-24", o);
    firm_decides(w, &w->alice, o, VERB_APPROVE, "PATC");
    firm_decides(w, &w->carol, o, VERB_APPROVE, "ACCP");
}

static void ends(struct world *w, const struct world_order *o, const char *expected)
{
    world_later(w, DAY);
    assert_true(look(w));
    assert_string_equal(world_newest(w), expected);
    world_login_all(w);
    firm_proves(w, o, strlen(expected) > 4 ? "RJCT" : expected, strlen(expected) > 4 ? 1 : 2);
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
    firm_withdraws(w, &w->bob, "OK");
    assert_string_equal(world_text(w, "status"), "withdrawn");
    ends(w, &o, "RJCTDS0H");
    world_order_free(&o);
}

static void threat_10_made_smaller_before_execution(void **state)
{
    struct world *w = *state;
    struct world_gift less = firm_gift("carol", 5999);
    struct world_order o;

    accepted(w, 48, &o);
    less.until_us = w->time.now_us + 2 * DAY * WORLD_SECOND;
    firm_gives(w, &w->bob, &less, "OK");
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

/* A policy that would not let it be given ends it, and the next one does not bring it back. */
static void threat_10_not_allowed_before_execution(void **state)
{
    struct world *w = *state;
    struct policy *two = firm_without_deputies(w);
    struct world_order o, next;

    accepted(w, 48, &o);
    firm_enforce(w, two, &w->bob);
    firm_order(w, "60.00", "2026-11-23", &next);
    assert_string_equal(world_decide(w, &w->carol, &next, VERB_APPROVE), "MAY_NOT_APPROVE");
    ends(w, &o, "RJCTDS0H");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM delegation WHERE ended IS NULL"), "0");
    world_order_free(&o);
    world_order_free(&next);
    policy_free(two);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, firm_enter, world_leave)
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
