/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to orders without anybody's hand: dated orders, waiting clauses, and a cancel until
 * they are executed.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400
#define FIRM "NL91ABNA0417164300"

static void dated(struct world *w, const char *amount, const char *date, struct world_order *out)
{
    char draft[300];

    snprintf(draft, sizeof draft,
             "{\"amount\":\"%s\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"name\":"
             "\"The Shop\"},\"currency\":\"EUR\",\"date\":\"%s\",\"description\":\"x\"}",
             amount, date);
    world_order_from(w, draft, out);
}

static void assert_evidence(struct world *w, const struct world_order *o, const char *status)
{
    world_login(w, &w->alice);
    world_proves(w, &w->alice, o, status);
}

static void test_a_dated_order_waits_for_its_day(void **state)
{
    struct world *w = *state;
    struct world_order o;

    dated(w, "60.00", "2026-11-25", &o);
    world_both_approve(w, &o, "ACCP");
    assert_string_equal(world_text(w, "executionDate"), "2026-11-25");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    assert_false(world_look(w, 1));
    world_later(w, DAY + 15 * HOUR - 1); /* long after the order's expiry, which no longer counts */
    assert_false(world_look(w, 1));
    assert_string_equal(world_newest(w), "ACCP");
    world_later(w, 1);
    assert_true(world_look(w, 1));
    assert_string_equal(world_newest(w), "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "4000/0");
    assert_false(world_look(w, 1));
    assert_evidence(w, &o, "ACSC");
    world_order_free(&o);
}

/* 28 November 2026 is a Saturday; 25 December a holiday of TARGET's, a Friday. */
static void test_a_dated_order_waits_for_a_business_day(void **state)
{
    static const struct {
        const char *date, *day;
    } rows[] = {
        {"2026-11-28", "2026-11-30"}, {"2026-12-25", "2026-12-28"}, {"2026-12-24", "2026-12-24"}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_order o;

        dated(w, "1.00", rows[i].date, &o);
        world_both_approve(w, &o, "ACCP");
        assert_string_equal(world_text(w, "executionDate"), rows[i].day);
        world_order_free(&o);
    }
}

/* What came in on a Saturday for that day is no dated order: within the bank it is booked at once.
 */
static void test_today_is_any_day(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_later(w, 5 * DAY);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    dated(w, "1.00", "2026-11-28", &o);
    world_both_approve(w, &o, "ACSC");
    assert_evidence(w, &o, "ACSC");
    world_order_free(&o);
}

static void test_dates_that_do_not_enter(void **state)
{
    static const struct {
        const char *date, *name;
    } rows[] = {
        {"2026-11-22", "DATE_PASSED"}, {"2027-11-25", "DATE_TOO_FAR"}, {"2027-11-24", "OK"}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_order o;

        dated(w, "1.00", rows[i].date, &o);
        assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), rows[i].name);
        world_order_free(&o);
    }
}

/* Reading an account does what is due as well, before anything is shown. */
static void test_a_touch_executes_too(void **state)
{
    struct world *w = *state;
    struct world_order o;

    dated(w, "60.00", "2026-11-24", &o);
    world_both_approve(w, &o, "ACCP");
    world_later(w, DAY);
    world_login(w, &w->alice);
    const struct core_caller alice = {.session = w->alice.session};
    world_begin(w);
    world_end(w, core_order(w->core, &alice, o.order.account, o.order.id, &w->answer));
    assert_string_equal(world_text(w, "status"), "ACSC");
    world_order_free(&o);
}

/* What is accepted waits for its day, also when its own expiry has passed meanwhile. */
static void test_a_list_shows_what_waits(void **state)
{
    static const struct core_page first = {.cursor = ""};
    struct world *w = *state;
    struct world_order o;

    dated(w, "60.00", "2026-11-25", &o);
    world_both_approve(w, &o, "ACCP");
    world_later(w, DAY);
    assert_false(world_look(w, 1));
    world_begin(w);
    world_end(w, core_orders(w->core, &world_operator, NULL, &first, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    assert_non_null(strstr(buf_str(&w->answer.body), "\"status\":\"ACCP\""));
    world_order_free(&o);
}

static void test_votes_and_cancels_while_it_waits(void **state)
{
    struct world *w = *state;
    struct world_order o;

    dated(w, "60.00", "2026-11-25", &o);
    world_both_approve(w, &o, "ACCP");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_REJECT), "ORDER_ACCEPTED");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_CANCEL), "OK");
    assert_string_equal(world_text(w, "status"), "CANC");
    assert_string_equal(world_text(w, "reason"), "DS02");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_CANCEL), "ORDER_FINAL");
    world_later(w, 3 * DAY);
    assert_false(world_look(w, 1));
    assert_evidence(w, &o, "CANC");
    world_order_free(&o);
}

static void test_cancel_while_votes_are_missing(void **state)
{
    struct world *w = *state;
    struct world_order o, next;

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_CANCEL), "NOT_FOUND");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->carol, &o, VERB_CANCEL), "ACCOUNT_UNKNOWN");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_CANCEL), "OK"); /* who approved may */
    assert_string_equal(world_text(w, "status"), "CANC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "ORDER_FINAL");
    world_order(w, "60.00", &next);
    world_both_approve(w, &next, "ACSC");
    assert_string_equal(world_decide(w, &w->bob, &next, VERB_CANCEL), "ORDER_FINAL");
    assert_evidence(w, &o, "CANC");
    world_order_free(&o);
    world_order_free(&next);
}

static void threat_10_a_key_revoked_before_its_day(void **state)
{
    struct world *w = *state;
    struct world_order o;

    dated(w, "60.00", "2026-11-24", &o);
    world_both_approve(w, &o, "ACCP");
    world_execute(w, "UPDATE signing_key SET status = 'revoked' WHERE thumbprint ="
                     " (SELECT k.thumbprint FROM signing_key k JOIN holder h ON h.id = k.holder"
                     " WHERE h.holder = 'bob')");
    world_restart(w);
    world_later(w, DAY);
    assert_true(world_look(w, 1));
    assert_string_equal(world_newest(w), "RJCTDS0C");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_evidence(w, &o, "RJCT");
    world_order_free(&o);
}

/* --- waiting clauses --- */

/* The clause that opens last stands first. */
#define LOST_CARD                                                                                  \
    "{\"anyOf\":[{\"signers\":[{\"count\":2}]},{\"afterDays\":5,\"signers\":[{\"count\":1}]},"     \
    "{\"afterDays\":3,\"signers\":[{\"count\":1}]}],\"upTo\":\"50.00\"},{\"require\":\"all\"}"

static void firm_order(struct world *w, const char *amount, const char *expires,
                       struct world_order *out)
{
    char more[60];

    snprintf(more, sizeof more, "\"expires\":\"%s\",", expires);
    world_order_on(w, FIRM, amount, more, out);
}

static void open_firm(struct world *w)
{
    static const char *const holders[] = {"alice", "bob"};
    const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 2, .rules = "[" LOST_CARD "]"};

    world_open_funded(w, &firm, "100.00");
}

static void test_one_alone_after_the_waiting_time(void **state)
{
    struct world *w = *state;
    struct world_order o, large;

    open_firm(w);
    firm_order(w, "50.00", "2026-12-01T00:00:00Z", &o);
    firm_order(w, "50.01", "2026-12-01T00:00:00Z", &large);
    world_fund(w, FIRM, "100.00");
    assert_string_equal(world_decide(w, &w->alice, &large, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_later(w, 3 * DAY - 1);
    assert_false(world_look(w, 1));
    world_later(w, 1);
    assert_true(world_look(w, 1));
    assert_string_equal(world_sql(w, "SELECT status FROM orders WHERE amount = 5000"), "ACSC");
    assert_string_equal(world_sql(w, "SELECT status FROM orders WHERE amount = 5001"), "PATC");
    assert_false(world_look(w, 1));
    assert_evidence(w, &o, "ACSC");
    world_order_free(&o);
    world_order_free(&large);
}

static void test_a_no_outlasts_the_waiting_time(void **state)
{
    struct world *w = *state;
    struct world_order o;

    open_firm(w);
    firm_order(w, "50.00", "2026-12-01T00:00:00Z", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    world_later(w, 3 * DAY + HOUR);
    assert_true(world_look(w, 1)); /* nobody approved: it waits on */
    assert_string_equal(world_newest(w), "ACTC");
    assert_false(world_look(w, 1));
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE),
                        "OK"); /* and now he alone can */
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_evidence(w, &o, "ACSC");
    world_order_free(&o);
}

static void test_it_expires_before_the_clause_opens(void **state)
{
    struct world *w = *state;
    struct world_order o;

    open_firm(w);
    firm_order(w, "50.00", "2026-11-25T00:00:00Z", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 3 * DAY);
    assert_true(world_look(w, 1));
    assert_string_equal(world_newest(w), "RJCTDS24");
    assert_string_equal(world_balance(w, FIRM), "10000/0");
    assert_evidence(w, &o, "RJCT");
    world_order_free(&o);
}

/* The last moment at which it may be accepted. */
static void test_the_clause_opens_as_it_expires(void **state)
{
    struct world *w = *state;
    struct world_order o;

    open_firm(w);
    firm_order(w, "50.00", "2026-11-26T09:00:00Z", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 3 * DAY);
    assert_true(world_look(w, 1));
    assert_string_equal(world_newest(w), "ACSC");
    assert_evidence(w, &o, "ACSC");
    world_order_free(&o);
}

/* It came under a policy that would have let one alone do it at once. */
static void test_a_clause_of_a_later_policy_opens(void **state)
{
    static const char *const holders[] = {"alice", "bob"};
    const struct world_account firm = {.account = FIRM,
                                       .holders = holders,
                                       .count = 2,
                                       .rules = "[{\"anyOf\":[{\"signers\":[{\"count\":1}]}]}]"};
    struct world *w = *state;
    struct buf jws = {0};
    struct world_order o;

    world_open_funded(w, &firm, "100.00");
    firm_order(w, "50.00", "2026-12-01T00:00:00Z", &o);
    const struct world_says under_one = {.policy = world_policy_of(w, FIRM)};
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_SUBMIT), "OK");
    struct policy *two = world_policy(w, FIRM, 2,
                                      "{\"class\":\"A\",\"id\":\"alice\"},"
                                      "{\"class\":\"A\",\"id\":\"bob\"}",
                                      LOST_CARD);
    assert_string_equal(world_policy_decide(w, &w->alice, two, VERB_APPROVE), "OK");
    assert_string_equal(world_policy_decide(w, &w->bob, two, VERB_APPROVE), "OK");
    world_sign(w, &w->alice, &o, VERB_APPROVE, &under_one, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    world_later(w, 3 * DAY);
    (void)world_look(w, 1);
    assert_string_equal(world_newest(w), "ACSC");
    assert_evidence(w, &o, "ACSC");
    buf_free(&jws);
    policy_free(two);
    world_order_free(&o);
}

/* Time accepted it for a later day, and then somebody cancelled: the history tells it in that
 * order.
 */
static void test_cancelled_after_time_accepted_it(void **state)
{
    static const char *const codes[] = {"RCVD", "ACTC", "PATC", "ACCP", "CANC"};
    struct world *w = *state;
    struct world_order o;
    struct js *root = NULL;

    open_firm(w);
    world_order_on(w, FIRM, "50.00",
                   "\"date\":\"2026-12-01\",\"expires\":\"2026-12-01T00:00:00Z\",", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 3 * DAY);
    assert_true(world_look(w, 1));
    assert_string_equal(world_newest(w), "ACCP");
    world_login(w, &w->bob);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_CANCEL), "OK");
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *history = js_get(root, "history");
    assert_int_equal(js_count(history), sizeof codes / sizeof codes[0]);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_string_equal(js_text(js_get(js_at(history, i), "status"), NULL), codes[i]);
    js_free(root);
    assert_evidence(w, &o, "CANC");
    world_order_free(&o);
}

/* --- many --- */

static void test_so_many_at_a_time(void **state)
{
    struct world *w = *state;
    struct world_order o;
    bool more = false;

    for (int i = 0; i < 5; i++) {
        dated(w, "1.00", "2026-11-24", &o);
        world_both_approve(w, &o, "ACCP");
        world_order_free(&o);
    }
    world_later(w, DAY);
    world_begin(w);
    world_end(w, core_due(w->core, 3, &more));
    assert_true(more);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders WHERE status = 'ACSC'"), "3");
    assert_false(world_look(w, 3));
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders WHERE status = 'ACSC'"), "5");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_a_dated_order_waits_for_its_day),
        T(test_a_dated_order_waits_for_a_business_day),
        T(test_today_is_any_day),
        T(test_dates_that_do_not_enter),
        T(test_a_touch_executes_too),
        T(test_a_list_shows_what_waits),
        T(test_votes_and_cancels_while_it_waits),
        T(test_cancel_while_votes_are_missing),
        T(threat_10_a_key_revoked_before_its_day),
        T(test_one_alone_after_the_waiting_time),
        T(test_a_no_outlasts_the_waiting_time),
        T(test_it_expires_before_the_clause_opens),
        T(test_the_clause_opens_as_it_expires),
        T(test_a_clause_of_a_later_policy_opens),
        T(test_cancelled_after_time_accepted_it),
        T(test_so_many_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
