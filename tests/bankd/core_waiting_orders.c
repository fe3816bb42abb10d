/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for one person's word, over all his accounts, and for nobody else.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"

/* Beside the joint account one of Alice's and Bob's where Carol hands in, and may be a deputy. */
static int enter(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol:T"};
    const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 3, .deputies = "[\"carol\"]"};

    world_enter(state);
    world_open_funded(*state, &firm, "500.00");
    return 0;
}

static const char *ask(struct world *w, const struct core_caller *who, unsigned limit,
                       const char *cursor)
{
    const struct core_page page = {.cursor = cursor, .limit = limit};

    world_begin(w);
    world_end(w, core_waiting_orders(w->core, who, &page, &w->answer));
    return err_name(w->answer.err);
}

static struct js *answered(struct world *w)
{
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    return root;
}

/* The amounts of what waits for PERSON, in their order, with the flags of each; NEXT gets the
 * cursor. */
static const char *page(struct world *w, const struct person *person, unsigned limit,
                        const char *cursor, char next[static 65])
{
    const struct core_caller who = {.session = person->session};
    static char out[800];
    size_t used = 0;

    assert_string_equal(ask(w, &who, limit, cursor), "OK");
    struct js *root = answered(w);
    const struct js *orders = js_get(root, "orders");
    out[0] = '\0';
    for (size_t i = 0; i < js_count(orders); i++) {
        const struct js *one = js_at(orders, i);
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s", i ? " " : "",
                                 js_text(js_get(js_get(one, "order"), "amount"), NULL));
        for (size_t k = 0; k < js_count(js_get(one, "flags")); k++)
            used += (size_t)snprintf(out + used, sizeof out - used, "/%s",
                                     js_text(js_at(js_get(one, "flags"), k), NULL));
    }
    const char *text = js_text(js_get(root, "next"), NULL);
    snprintf(next, 65, "%s", text ? text : "");
    js_free(root);
    return out;
}

#define assert_waits(w, person, expected)                                                          \
    do {                                                                                           \
        char next_[65];                                                                            \
        assert_string_equal(page(w, person, 0, "", next_), expected);                              \
        assert_string_equal(next_, "");                                                            \
    } while (0)

#define FIRST "/first-payment"

static void order_on(struct world *w, const char *account, const char *amount,
                     struct world_order *out)
{
    world_order_on(w, account, amount,
                   "\"date\":\"2026-11-23\",\"expires\":\"2026-11-24T00:00:00Z\",", out);
}

static void votes(struct world *w, const struct person *p, const struct world_order *o,
                  enum verb verb)
{
    assert_string_equal(world_decide(w, p, o, verb), "OK");
}

static void test_until_one_has_voted(void **state)
{
    struct world *w = *state;
    struct world_order joint, firm;

    assert_waits(w, &w->alice, "");
    order_on(w, FIRM, "2.00", &firm);
    votes(w, &w->carol, &firm, VERB_SUBMIT);
    order_on(w, WORLD_ALICE_ACCOUNT, "1.00", &joint);
    votes(w, &w->alice, &joint, VERB_APPROVE);
    assert_waits(w, &w->alice, "2.00" FIRST);
    assert_waits(w, &w->bob, "1.00" FIRST " 2.00" FIRST); /* by account */
    assert_waits(w, &w->carol, "");                       /* she only hands in */
    votes(w, &w->bob, &firm, VERB_REJECT);
    assert_waits(w, &w->alice, ""); /* it is over */
    votes(w, &w->bob, &joint, VERB_APPROVE);
    assert_waits(w, &w->bob, "");
    world_order_free(&joint);
    world_order_free(&firm);
}

/* What a deputy may approve waits for her while nobody can come himself, and only then. */
static void test_for_a_deputy(void **state)
{
    struct world *w = *state;
    struct world_gift gift = {.deputy = "carol", .account = FIRM, .amount_minor = 6000};
    const struct world_gift none = {.account = FIRM};
    struct world_order small, large;

    order_on(w, FIRM, "60.00", &small);
    order_on(w, FIRM, "60.01", &large);
    votes(w, &w->alice, &small, VERB_APPROVE);
    votes(w, &w->alice, &large, VERB_APPROVE);
    assert_waits(w, &w->carol, "");
    assert_string_equal(world_delegate(w, &w->bob, &gift), "OK");
    assert_waits(w, &w->carol, "60.00" FIRST);
    assert_waits(w, &w->bob, "60.00" FIRST " 60.01" FIRST);
    assert_string_equal(world_delegate(w, &w->bob, &none), "OK");
    assert_waits(w, &w->carol, "");
    world_order_free(&small);
    world_order_free(&large);
}

/* Looking ends what is past its time. */
static void test_past_its_time(void **state)
{
    struct world *w = *state;
    struct world_order o;

    order_on(w, FIRM, "3.00", &o);
    votes(w, &w->alice, &o, VERB_APPROVE);
    assert_waits(w, &w->bob, "3.00" FIRST);
    world_later(w, 86400);
    world_login_all(w);
    assert_waits(w, &w->bob, "");
    assert_string_equal(world_newest(w), "RJCTDS24");
    world_order_free(&o);
}

static void to(struct world *w, const char *payee, const char *name, const char *amount,
               struct world_order *out)
{
    char draft[400];

    snprintf(draft, sizeof draft,
             "{\"amount\":\"%s\",\"creditor\":{\"account\":\"%s\",\"name\":\"%s\"},"
             "\"currency\":\"EUR\",\"description\":\"x\"}",
             amount, payee, name);
    world_order_from(w, draft, out);
}

/* Whether or not the bank holds orders for it. */
static void test_flags(void **state)
{
    struct world *w = *state;
    struct world_order paid, again, alike;

    to(w, WORLD_SHOP_ACCOUNT, "The Shop", "1.00", &paid);
    world_both_approve(w, &paid, "ACSC");
    to(w, WORLD_SHOP_ACCOUNT, "The Shop", "2.00", &again);
    votes(w, &w->alice, &again, VERB_APPROVE);
    w->payee_check = "RVNM";
    to(w, FIRM, "The Sh0p", "3.00", &alike);
    votes(w, &w->alice, &alike, VERB_APPROVE);
    assert_waits(w, &w->bob, "2.00 3.00/first-payment/look-alike/RVNM");
    world_order_free(&paid);
    world_order_free(&again);
    world_order_free(&alike);
}

/* Each once, in one order, whatever the size of a page; what others decide on leaves gaps. */
static void test_pages(void **state)
{
    struct world *w = *state;
    struct world_gift gift = {.deputy = "carol", .account = FIRM, .amount_minor = 6000};
    static const char *const amounts[] = {"60.00", "60.01", "1.00", "2.00", "70.00"};
    struct world_order o;

    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        order_on(w, FIRM, amounts[i], &o);
        votes(w, &w->alice, &o, VERB_APPROVE);
        world_order_free(&o);
    }
    assert_string_equal(world_delegate(w, &w->bob, &gift), "OK");
    for (unsigned limit = 1; limit <= 6; limit++) {
        char next[65] = "", all[400] = "", cursor[65];
        size_t used = 0, pages = 0;
        do {
            memcpy(cursor, next, sizeof cursor);
            const char *one = page(w, &w->carol, limit, cursor, next);
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                     used && one[0] ? " " : "", one);
            assert_in_range(++pages, 1, 6);
        } while (next[0]);
        assert_string_equal(all, "60.00" FIRST " 1.00" FIRST " 2.00" FIRST);
        assert_int_equal(pages, 5 / limit + 1);
    }
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"1", "1.", "1.1.1", ".1", "x.1", "-1.1"};
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session}, nobody = {.session = ""};

    assert_string_equal(ask(w, &world_operator, 0, ""), "SESSION_REQUIRED");
    assert_string_equal(ask(w, &nobody, 0, ""), "SESSION_REQUIRED");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(ask(w, &alice, 0, bad[i]), "USAGE");
    assert_string_equal(ask(w, &alice, 201, ""), "USAGE");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_until_one_has_voted),
        T(test_for_a_deputy),
        T(test_past_its_time),
        T(test_flags),
        T(test_pages),
        T(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
