/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's queue: what waits, for whom, since when, and in which order.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define ELSEWHERE "NL91ABNA0417164300"
#define NOT_HERE "PT50000201230000000000214" /* this bank's, and no account */

static int enter(void **state)
{
    world_enter(state);
    struct world *w = *state;

    w->hold_above = "50.00 EUR";
    w->bank_codes = "PT 0002, DE 37040044";
    world_restart(w);
    return 0;
}

static const char *ask(struct world *w, const struct core_caller *who, enum waits waiting,
                       unsigned limit, const char *cursor)
{
    const struct core_page page = {.cursor = cursor, .limit = limit};

    world_begin(w);
    world_end(w, core_queue(w->core, who, waiting, &page, &w->answer));
    return err_name(w->answer.err);
}

static struct js *answered(struct world *w)
{
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    return root;
}

static const char *text(const struct js *object, const char *name)
{
    const char *found = js_text(js_get(object, name), NULL);
    return found ? found : "";
}

/* The kinds and for whom they wait, in their order; NEXT gets the cursor. */
static const char *kinds(struct world *w, enum waits waiting, unsigned limit, const char *cursor,
                         char next[static 65])
{
    static char out[400];
    size_t used = 0;

    assert_string_equal(ask(w, &world_operator, waiting, limit, cursor), "OK");
    struct js *root = answered(w);
    const struct js *items = js_get(root, "items");
    out[0] = '\0';
    for (size_t i = 0; i < js_count(items); i++) {
        const struct js *one = js_at(items, i);
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s:%s", i ? " " : "",
                                 text(one, "kind"), text(one, "waitsFor"));
    }
    snprintf(next, 65, "%s", text(root, "next"));
    js_free(root);
    return out;
}

static void assert_member(const struct js *items, size_t i, const char *name, const char *expected)
{
    const struct js *value = js_get(js_at(items, i), name);
    struct buf json = {0};

    assert_non_null(value);
    assert_ok(js_canon(value, &json));
    assert_string_equal(buf_str(&json), expected);
    buf_free(&json);
}

static void order_to(struct world *w, const char *payee, const char *amount, const char *more)
{
    char draft[400];
    struct world_order o;

    snprintf(draft, sizeof draft,
             "{\"amount\":\"%s\",\"creditor\":{\"account\":\"%s\",\"name\":\"Somebody\"},%s"
             "\"currency\":\"EUR\",\"description\":\"x\"}",
             amount, payee, more);
    world_order_from(w, draft, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_later(w, 1);
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
}

static void propose(struct world *w)
{
    struct policy *two = world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                                      "{\"class\":\"A\",\"id\":\"alice\"},"
                                      "{\"class\":\"A\",\"id\":\"bob\"},"
                                      "{\"class\":\"A\",\"id\":\"carol\"}",
                                      "{\"require\":\"all\"}");

    assert_string_equal(world_policy_decide(w, &w->alice, two, VERB_APPROVE), "OK");
    policy_free(two);
}

static void lose_a_credit(struct world *w)
{
    const struct core_credit in = {.account = NOT_HERE,
                                   .amount = "6.00",
                                   .currency = "EUR",
                                   .debtor_account = "",
                                   .debtor_name = "Uncle Toby",
                                   .description = "",
                                   .reference = "E1"};

    world_begin(w);
    world_end(w, core_credit(w->core, &world_operator, &in, &w->answer));
    assert_ok(w->answer.err);
}

/* One of each, a minute apart, and one order that is over; Bob's word is missing on OPEN. */
static void fill(struct world *w, struct world_order *open)
{
    world_order(w, "10.00", open);
    assert_string_equal(world_decide(w, &w->alice, open, VERB_APPROVE), "OK");
    world_later(w, 60);
    order_to(w, WORLD_SHOP_ACCOUNT, "60.00", "");
    world_later(w, 60);
    order_to(w, WORLD_SHOP_ACCOUNT, "7.00", "\"date\":\"2026-11-25\",");
    world_later(w, 60);
    order_to(w, ELSEWHERE, "8.00", "");
    world_later(w, 60);
    lose_a_credit(w);
    world_later(w, 60);
    propose(w);
    order_to(w, WORLD_SHOP_ACCOUNT, "1.00", "");
}

#define ALL                                                                                        \
    "payment:holders payment:bank payment:time payment:other-bank credit:bank policy:holders"

static void test_what_waits_for_whom(void **state)
{
    struct world *w = *state;
    struct world_order open;
    char next[65];

    assert_string_equal(kinds(w, WAITS_ANY, 0, "", next), "");
    fill(w, &open);
    assert_string_equal(kinds(w, WAITS_ANY, 0, "", next), ALL);
    assert_string_equal(next, "");
    struct js *root = answered(w);
    const struct js *items = js_get(root, "items");
    assert_string_equal(text(js_at(items, 0), "id"), open.order.id);
    assert_member(items, 0, "canDecide", "[\"bob\"]");
    assert_member(items, 0, "since", "\"2026-11-23T09:00:00Z\"");
    assert_member(items, 1, "heldFor", "[\"above-limit\"]");
    assert_member(items, 1, "amount", "\"60.00\"");
    assert_member(items, 1, "since", "\"2026-11-23T09:01:01Z\""); /* Bob's word, not Alice's */
    assert_member(items, 1, "payee",
                  "{\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"Somebody\"}");
    assert_member(items, 2, "executionDate", "\"2026-11-25\"");
    assert_null(js_get(js_at(items, 2), "heldFor"));
    assert_member(items, 3, "status", "\"ACSP\"");
    assert_member(items, 4, "account", "\"" NOT_HERE "\"");
    assert_member(items, 4, "debtor", "{\"name\":\"Uncle Toby\"}");
    assert_member(items, 5, "account", "\"" WORLD_ALICE_ACCOUNT "\"");
    assert_member(items, 5, "canDecide", "[\"bob\",\"carol\"]");
    js_free(root);
    world_order_free(&open);
}

static void test_for_one_of_them(void **state)
{
    struct world *w = *state;
    struct world_order open;
    char next[65];

    fill(w, &open);
    assert_string_equal(kinds(w, WAITS_BANK, 0, "", next), "payment:bank credit:bank");
    assert_string_equal(kinds(w, WAITS_HOLDERS, 0, "", next), "payment:holders policy:holders");
    assert_string_equal(kinds(w, WAITS_TIME, 0, "", next), "payment:time");
    assert_string_equal(kinds(w, WAITS_OTHER_BANK, 0, "", next), "payment:other-bank");
    assert_string_equal(kinds(w, WAITS_BANK, 1, "", next), "payment:bank");
    assert_string_equal(kinds(w, WAITS_BANK, 1, next, next), "credit:bank");
    world_order_free(&open);
}

/* Each once, in one order, whatever the size of a page. */
static void test_pages(void **state)
{
    struct world *w = *state;
    struct world_order open;
    char next[65] = "", all[400];

    fill(w, &open);
    for (unsigned limit = 1; limit <= 3; limit++) {
        size_t used = 0;
        next[0] = all[0] = '\0';
        do {
            char cursor[65];
            memcpy(cursor, next, sizeof cursor);
            const char *page = kinds(w, WAITS_ANY, limit, cursor, next);
            assert_in_range(used, 0, sizeof ALL); /* no page comes twice */
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                     used && page[0] ? " " : "", page);
        } while (next[0]);
        assert_string_equal(all, ALL);
    }
    world_order_free(&open);
}

/* A dated order that the bank holds waits since its day, not since its last vote; released for a
 * day to come, it waits for that. */
static void test_since_its_day(void **state)
{
    struct world *w = *state;
    char next[65];

    order_to(w, WORLD_SHOP_ACCOUNT, "60.00", "\"date\":\"2026-11-24\",");
    assert_string_equal(kinds(w, WAITS_ANY, 0, "", next), "payment:time");
    world_later(w, 86400);
    world_look(w, 10);
    assert_string_equal(kinds(w, WAITS_ANY, 0, "", next), "payment:bank");
    struct js *root = answered(w);
    assert_member(js_get(root, "items"), 0, "since", "\"2026-11-24T00:00:00Z\"");
    char id[ORDER_ID_LEN + 1];
    snprintf(id, sizeof id, "%s", text(js_at(js_get(root, "items"), 0), "id"));
    js_free(root);
    world_later(w, 4 * 86400); /* a Saturday */
    world_begin(w);
    world_end(w, core_order_release(w->core, &world_operator,
                                    &(struct core_word){WORLD_ALICE_ACCOUNT, id, "called", 0},
                                    &w->answer));
    assert_ok(w->answer.err);
    assert_string_equal(kinds(w, WAITS_ANY, 0, "", next), "payment:time");
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"1", "1.1", "1.1.", "1.1.1.1", ".1.1", "1.x.1", "-1.1.1"};
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};

    assert_string_equal(ask(w, &alice, WAITS_ANY, 0, ""), "ROLE_REQUIRED");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(ask(w, &world_operator, WAITS_ANY, 0, bad[i]), "USAGE");
    assert_string_equal(ask(w, &world_operator, WAITS_ANY, 201, ""), "USAGE");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_what_waits_for_whom), T(test_for_one_of_them), T(test_pages),
        T(test_since_its_day),       T(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
