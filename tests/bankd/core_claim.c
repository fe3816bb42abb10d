/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose work an item of the queue is, what operators note about it, and orders that they keep back.
 */
#include "base/text.h"
#include "order/json.h"
#include "order/policy.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct core_caller olga = {
    .session = "", .operator_name = "olga", .roles = ROLE_BIT(ROLE_PAYMENTS)};
static const struct core_caller otto = {
    .session = "", .operator_name = "otto", .roles = ROLE_BIT(ROLE_PAYMENTS)};
static const struct core_caller sven = {
    .session = "", .operator_name = "sven", .roles = ROLE_BIT(ROLE_SECURITY)};

static int enter(void **state)
{
    world_enter(state);
    struct world *w = *state;

    w->hold_above = "50.00 EUR";
    w->bank_codes = "PT 0002, DE 37040044";
    world_restart(w);
    world_employ(w, "olga", ROLE_BIT(ROLE_PAYMENTS));
    world_employ(w, "otto", ROLE_BIT(ROLE_PAYMENTS));
    world_employ(w, "sven", ROLE_BIT(ROLE_SECURITY));
    world_employ(w, "vera", ROLE_BIT(ROLE_VIEWER) | ROLE_BIT(ROLE_TERMINAL));
    return 0;
}

static const char *item_of(const struct world_order *o)
{
    static char item[CORE_ITEM_MAX + 1];

    snprintf(item, sizeof item, "order:%s/%s", o->order.account, o->order.id);
    return item;
}

static const char *claims(struct world *w, const struct core_caller *who, const char *item,
                          const char *operator_id)
{
    world_begin(w);
    world_end(w, core_claim(w->core, who, item, operator_id, "mine", &w->answer));
    return err_name(w->answer.err);
}

static const char *says(struct world *w, const struct core_caller *who, const char *item,
                        const char *text)
{
    world_begin(w);
    world_end(w, core_comment(w->core, who, item, text, &w->answer));
    return err_name(w->answer.err);
}

typedef enum err (*word_fn)(struct core *c, const struct core_caller *who,
                            const struct core_word *word, struct core_answer *out);

static const char *acts(struct world *w, const struct core_caller *who, word_fn act,
                        const struct world_order *o)
{
    const struct core_word word = {o->order.account, o->order.id, "as told", 0};

    world_begin(w);
    world_end(w, act(w->core, who, &word, &w->answer));
    return err_name(w->answer.err);
}

static void held(struct world *w, struct world_order *o)
{
    world_order(w, "60.00", o);
    world_both_approve(w, o, "PDNG");
}

/* --- claims --- */

static void test_another_gets_its_name(void **state)
{
    struct world *w = *state;
    struct world_order o;

    held(w, &o);
    assert_string_equal(claims(w, &olga, item_of(&o), "olga"), "OK");
    assert_string_equal(world_text(w, "claimedBy"), "olga");
    assert_string_equal(claims(w, &otto, item_of(&o), "otto"), "ITEM_CLAIMED");
    assert_string_equal(world_text(w, "claimedBy"), "olga");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "ITEM_CLAIMED");
    assert_string_equal(world_text(w, "claimedBy"), "olga");
    assert_int_equal(w->answer.http, 409);
    assert_string_equal(acts(w, &otto, core_order_refuse, &o), "ITEM_CLAIMED");
    assert_string_equal(acts(w, &otto, core_order_hold, &o), "ITEM_CLAIMED");
    assert_string_equal(acts(w, &otto, core_order_confirm, &o), "ITEM_CLAIMED");
    assert_string_equal(acts(w, &world_operator, core_order_release, &o), "ITEM_CLAIMED");
    assert_string_equal(acts(w, &olga, core_order_release, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(claims(w, &olga, item_of(&o), "olga"), "NOT_FOUND"); /* it is over */
    world_order_free(&o);
}

static void test_handed_over_and_given_back(void **state)
{
    struct world *w = *state;
    struct world_order o;

    held(w, &o);
    assert_string_equal(claims(w, &olga, item_of(&o), "otto"), "ITEM_NOT_CLAIMED");
    assert_string_equal(claims(w, &olga, item_of(&o), ""), "ITEM_NOT_CLAIMED");
    assert_string_equal(claims(w, &olga, item_of(&o), "olga"), "OK");
    assert_string_equal(claims(w, &olga, item_of(&o), "vera"), "HOLDER_UNKNOWN"); /* only looks */
    assert_string_equal(claims(w, &olga, item_of(&o), "alice"), "HOLDER_UNKNOWN");
    assert_string_equal(claims(w, &olga, item_of(&o), "otto"), "OK");
    assert_string_equal(acts(w, &olga, core_order_release, &o), "ITEM_CLAIMED");
    assert_string_equal(claims(w, &otto, item_of(&o), ""), "OK");
    assert_null(world_text(w, "claimedBy"));
    assert_string_equal(acts(w, &olga, core_order_release, &o), "OK");
    world_order_free(&o);
}

static void test_taken_away(void **state)
{
    struct world *w = *state;
    struct world_order o;

    held(w, &o);
    assert_string_equal(claims(w, &olga, item_of(&o), "olga"), "OK");
    assert_string_equal(claims(w, &sven, item_of(&o), "otto"), "OK");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    assert_string_equal(
        world_sql(w, "SELECT count(*) FROM entry WHERE json_extract(CAST(body AS TEXT), '$.type')"
                     " = 'claim' AND json_extract(CAST(body AS TEXT), '$.operator') = 'sven'"),
        "1");
    world_order_free(&o);
}

static void test_it_ends(void **state)
{
    struct world *w = *state;
    struct world_order o;

    held(w, &o);
    assert_string_equal(claims(w, &olga, item_of(&o), "olga"), "OK");
    world_later(w, 2 * 3600 - 1);
    assert_string_equal(claims(w, &otto, item_of(&o), "otto"), "ITEM_CLAIMED");
    world_later(w, 1);
    assert_string_equal(claims(w, &otto, item_of(&o), "otto"), "OK"); /* after its time */
    world_give_roles(w, "otto", ROLE_BIT(ROLE_AUDITOR));
    assert_string_equal(claims(w, &olga, item_of(&o), "olga"), "OK"); /* with the role */
    world_execute(w, "UPDATE signing_key SET status = 'suspended' WHERE holder ="
                     " (SELECT id FROM holder WHERE holder = 'olga')");
    assert_string_equal(claims(w, &sven, item_of(&o), ""), "ITEM_NOT_CLAIMED"); /* with the key */
    world_order_free(&o);
}

static void test_other_items(void **state)
{
    static const char *const none[] = {"order:x",   "order:" WORLD_ALICE_ACCOUNT "/x",
                                       "credit:7",  "credit:x",
                                       "policy:00", "bank:1"};
    const struct core_credit in = {.reference = "E1",
                                   .account = "PT50000201230000000000214",
                                   .amount = "6.00",
                                   .currency = "EUR",
                                   .debtor_account = "",
                                   .debtor_name = "Toby",
                                   .description = ""};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_string_equal(claims(w, &olga, none[i], "olga"), "NOT_FOUND");
    world_begin(w);
    world_end(w, core_credit(w->core, &otto, &in, &w->answer));
    assert_ok(w->answer.err);
    assert_string_equal(claims(w, &olga, "credit:1", "olga"), "OK");
    world_begin(w);
    world_end(w, core_credit_assign(w->core, &otto, "1", WORLD_ALICE_ACCOUNT, "x", &w->answer));
    assert_string_equal(err_name(w->answer.err), "ITEM_CLAIMED");
    assert_string_equal(world_text(w, "claimedBy"), "olga");
    world_begin(w);
    world_end(w, core_credit_assign(w->core, &olga, "1", WORLD_ALICE_ACCOUNT, "x", &w->answer));
    assert_ok(w->answer.err);
    world_begin(w); /* taken back, it waits anew and is nobody's */
    world_end(w, core_reverse(w->core, &otto, WORLD_ALICE_ACCOUNT,
                              world_sql(w, "SELECT max(id) FROM movement"), "x", &w->answer));
    assert_ok(w->answer.err);
    assert_string_equal(claims(w, &otto, "credit:1", "otto"), "OK");
}

/* Of which holders decide: operators only tell each other who looks after it. */
static void test_a_new_policy(void **state)
{
    struct world *w = *state;
    struct policy *two = world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                                      "{\"class\":\"A\",\"id\":\"alice\"},"
                                      "{\"class\":\"A\",\"id\":\"bob\"}",
                                      "{\"require\":\"all\"}");
    char item[CORE_ITEM_MAX + 1] = "policy:";

    text_hex(policy_digest(two), DIGEST_LEN, item + strlen(item));
    assert_string_equal(claims(w, &olga, item, "olga"), "NOT_FOUND"); /* nobody proposed it */
    assert_string_equal(world_policy_decide(w, &w->alice, two, VERB_APPROVE), "OK");
    assert_string_equal(claims(w, &olga, item, "olga"), "OK");
    assert_string_equal(claims(w, &otto, item, "otto"), "ITEM_CLAIMED");
    assert_int_equal(w->answer.http, 409);
    assert_string_equal(world_text(w, "claimedBy"), "olga");
    assert_string_equal(says(w, &otto, item, "she moved"), "OK");
    assert_string_equal(world_text(w, "item"), item);
    const struct core_page page = {.cursor = "", .limit = 0};
    world_begin(w);
    world_end(w, core_queue(w->core, &otto, WAITS_HOLDERS, &page, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"claimedBy\":\"olga\""));
    assert_non_null(strstr(buf_str(&w->answer.body), "she moved"));
    assert_string_equal(world_policy_decide(w, &w->bob, two, VERB_APPROVE), "OK");
    assert_string_equal(claims(w, &olga, item, "olga"), "NOT_FOUND"); /* in force, nothing waits */
    policy_free(two);
}

static void test_comments(void **state)
{
    const struct core_page page = {.cursor = "", .limit = 0};
    const struct core_caller alice = {.session = ((struct world *)*state)->alice.session};
    struct world *w = *state;
    struct world_order o;
    struct js *root = NULL;

    held(w, &o);
    assert_string_equal(says(w, &alice, item_of(&o), "let me"), "ROLE_REQUIRED");
    assert_string_equal(says(w, &olga, item_of(&o), ""), "TEXT_INVALID");
    assert_string_equal(says(w, &olga, item_of(&o), "rang twice"), "OK");
    world_later(w, 60);
    assert_string_equal(says(w, &otto, item_of(&o), "she rings back"), "OK");
    world_begin(w);
    world_end(w, core_queue(w->core, &world_operator, WAITS_ANY, &page, &w->answer));
    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *list = js_get(js_at(js_get(root, "items"), 0), "comments");
    assert_int_equal(js_count(list), 2);
    assert_string_equal(js_text(js_get(js_at(list, 1), "text"), NULL), "rang twice");
    assert_string_equal(js_text(js_get(js_at(list, 0), "operator"), NULL), "otto");
    js_free(root);
    world_begin(w); /* they are no holder's business */
    world_end(w, core_order(w->core, &alice, o.order.account, o.order.id, &w->answer));
    assert_ok(w->answer.err);
    assert_null(strstr(buf_str(&w->answer.body), "comments"));
    world_order_free(&o);
}

/* --- kept back --- */

static void proves(struct world *w, const struct world_order *o, const char *status)
{
    world_login(w, &w->alice);
    world_proves(w, &w->alice, o, status);
}

static void test_held_while_its_holders_decide(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "10.00", &o);
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "NOT_FOUND");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "NOT_HOLDABLE");
    proves(w, &o, "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PDNG"); /* instead of being paid */
    proves(w, &o, "PDNG");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "NOT_HOLDABLE");
    proves(w, &o, "ACSC");
    world_order_free(&o);
}

/* Evidence tells every time, so there is an end to it; it still fits. */
static void test_held_over_and_over(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "10.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    for (int i = 0; i < 32; i++) {
        assert_string_equal(acts(w, i % 2 ? &olga : &otto, core_order_hold, &o), "OK");
        assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    }
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "HOLDS_TOO_MANY");
    proves(w, &o, "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    proves(w, &o, "ACSC");
    world_order_free(&o);
}

/* The bank's own reasons are looked at all the same. */
static void test_released_before_it_is_accepted(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(acts(w, &olga, core_order_release, &o), "ORDER_NOT_HELD");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PDNG");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    proves(w, &o, "ACSC");
    world_order_free(&o);
}

static void test_refused_before_it_is_accepted(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "10.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(acts(w, &olga, core_order_refuse, &o), "ORDER_NOT_HELD");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(acts(w, &olga, core_order_refuse, &o), "OK");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    proves(w, &o, "RJCT");
    world_order_free(&o);
}

/* Nobody touched it since it ran out: the operator's word comes too late. */
static void test_kept_back_until_it_expires(void **state)
{
    struct world *w = *state;
    struct world_order o;

    for (int i = 0; i < 2; i++) {
        world_login(w, &w->alice);
        world_order(w, "10.00", &o);
        assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
        assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
        world_later(w, 365LL * 86400);
        assert_string_equal(acts(w, &otto, i ? core_order_refuse : core_order_release, &o),
                            "ORDER_NOT_HELD");
        assert_string_equal(world_newest(w), "RJCTDS24");
        world_order_free(&o);
    }
}

static void dated(struct world *w, const char *amount, struct world_order *o)
{
    world_order_on(w, WORLD_ALICE_ACCOUNT, amount, "\"date\":\"2026-11-25\",", o);
    world_both_approve(w, o, "ACCP");
}

/* It does not go with its day, and waits for a day again once it is released. */
static void test_held_while_it_waits_for_its_day(void **state)
{
    struct world *w = *state;
    struct world_order o;

    dated(w, "60.00", &o);
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PDNG");
    assert_non_null(strstr(buf_str(&w->answer.body), "\"heldFor\":[\"above-limit\",\"operator\"]"));
    world_later(w, 86400);
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PDNG"); /* for its day */
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "NOT_HOLDABLE");
    world_later(w, 86400);
    world_look(w, 10);
    assert_string_equal(world_newest(w), "PDNG");
    proves(w, &o, "PDNG");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    proves(w, &o, "ACSC");
    world_order_free(&o);
}

static void test_what_he_saw(void **state)
{
    struct world *w = *state;
    struct world_order o;

    held(w, &o);
    struct core_word word = {o.order.account, o.order.id, "as seen", 0};
    word.entry = strtoll(world_sql(w, "SELECT entry FROM orders"), NULL, 10);
    word.entry--;
    world_begin(w);
    world_end(w, core_order_release(w->core, &olga, &word, &w->answer));
    assert_string_equal(err_name(w->answer.err), "ITEM_CHANGED");
    word.entry++;
    world_begin(w);
    world_end(w, core_order_release(w->core, &olga, &word, &w->answer));
    assert_ok(w->answer.err);
    world_order_free(&o);
}

static void test_cash_is_not_held(void **state)
{
    struct world *w = *state;
    struct person till = {0};
    struct world_order o;

    world_key(&till, "till-1", "P-256");
    world_terminal(w, &till);
    world_cash(w, ORDER_WITHDRAWAL, "5.00", &o);
    assert_string_equal(world_cash_in(w, &till, &o), "OK");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "NOT_HOLDABLE");
    world_order_free(&o);
    world_person_free(&till);
}

/* --- four eyes --- */

static int enter_four(void **state)
{
    enter(state);
    struct world *w = *state;

    w->four_eyes = "yes";
    world_restart(w);
    return 0;
}

static const char *gives(struct world *w, const struct core_caller *who, const char *name,
                         role_set roles)
{
    world_begin(w);
    world_end(w, core_operator_roles(w->core, who, name, roles, "as a test", &w->answer));
    return err_name(w->answer.err);
}

static void funds(struct world *w, const struct core_caller *who)
{
    world_begin(w);
    world_end(w, core_fund(w->core, who, WORLD_ALICE_ACCOUNT, "5.00", "EUR", &w->answer));
    assert_ok(w->answer.err);
}

static void test_nobody_releases_what_he_entered(void **state)
{
    struct world *w = *state;
    struct world_order o;

    funds(w, &olga);
    held(w, &o);
    assert_string_equal(acts(w, &olga, core_order_release, &o), "FOUR_EYES");
    assert_string_equal(acts(w, &world_operator, core_order_release, &o), "FOUR_EYES"); /* opened */
    world_later(w, 30 * 86400);
    assert_string_equal(acts(w, &olga, core_order_release, &o), "FOUR_EYES");
    world_later(w, 1); /* what came in so long ago is no reason any more */
    assert_string_equal(acts(w, &olga, core_order_release, &o), "OK");
    world_order_free(&o);
}

static void test_nobody_releases_what_he_held(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "10.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(acts(w, &olga, core_order_release, &o), "FOUR_EYES");
    assert_string_equal(acts(w, &otto, core_order_release, &o), "OK");
    assert_string_equal(acts(w, &olga, core_order_hold, &o), "OK");
    assert_string_equal(acts(w, &olga, core_order_refuse, &o), "OK"); /* nothing goes on */
    world_order_free(&o);
}

static void test_nobody_confirms_what_he_released(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order_from(w,
                     "{\"amount\":\"60.00\",\"creditor\":{\"account\":\"NL91ABNA0417164300\","
                     "\"name\":\"S\"},\"currency\":\"EUR\",\"description\":\"x\"}",
                     &o);
    world_both_approve(w, &o, "PDNG");
    assert_string_equal(acts(w, &olga, core_order_release, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSP");
    assert_string_equal(acts(w, &olga, core_order_confirm, &o), "FOUR_EYES");
    assert_string_equal(acts(w, &otto, core_order_confirm, &o), "OK");
    world_order_free(&o);
}

static void test_nobody_makes_himself(void **state)
{
    struct world *w = *state;
    struct person p = {0};
    size_t len = 0;

    assert_string_equal(gives(w, &sven, "sven", ROLE_ANY), "FOUR_EYES");
    assert_string_equal(gives(w, &sven, "olga", ROLE_BIT(ROLE_SECURITY)), "OK");
    world_key(&p, "sven2", "P-256");
    const uint8_t *spki = key_spki(p.key, &len);
    world_begin(w);
    world_end(w, core_operator_add(w->core, &sven, "sven2", "Sven", spki, len, &w->answer));
    assert_ok(w->answer.err);
    world_person_free(&p);
    assert_string_equal(gives(w, &sven, "sven2", ROLE_ANY), "FOUR_EYES");
    assert_string_equal(gives(w, &olga, "sven2", ROLE_BIT(ROLE_VIEWER)), "OK");
}

static const char *blocks(struct world *w, const struct core_caller *who, enum core_account_act act)
{
    world_begin(w);
    world_end(w, core_account_state(w->core, who, WORLD_ALICE_ACCOUNT, act, "x", &w->answer));
    return err_name(w->answer.err);
}

static const char *assigns(struct world *w, const struct core_caller *who)
{
    world_begin(w);
    world_end(w, core_credit_assign(w->core, who, "1", WORLD_ALICE_ACCOUNT, "x", &w->answer));
    return err_name(w->answer.err);
}

static void comes_in(struct world *w, const char *reference, const char *account)
{
    const struct core_credit in = {.reference = reference,
                                   .account = account,
                                   .amount = "6.00",
                                   .currency = "EUR",
                                   .debtor_account = "",
                                   .debtor_name = "Toby",
                                   .description = ""};

    world_begin(w);
    world_end(w, core_credit(w->core, &olga, &in, &w->answer));
    assert_ok(w->answer.err);
}

static void test_the_rest_of_the_table(void **state)
{
    struct world *w = *state;
    struct world_order o;

    assert_string_equal(blocks(w, &sven, CORE_ACCOUNT_BLOCK), "OK");
    assert_string_equal(blocks(w, &sven, CORE_ACCOUNT_UNBLOCK), "FOUR_EYES");
    assert_string_equal(blocks(w, &otto, CORE_ACCOUNT_UNBLOCK), "OK");
    comes_in(w, "E1", "PT50000201230000000000214");
    assert_string_equal(assigns(w, &olga), "FOUR_EYES");
    assert_string_equal(assigns(w, &otto), "OK");
    held(w, &o);
    assert_string_equal(acts(w, &otto, core_order_release, &o), "FOUR_EYES"); /* he brought it */
    comes_in(w, "E2", WORLD_ALICE_ACCOUNT);
    assert_string_equal(acts(w, &olga, core_order_release, &o), "FOUR_EYES");
    world_order_free(&o);
}

/* What nobody asked for is nobody's to refuse. */
static void test_two_eyes(void **state)
{
    struct world *w = *state;
    struct world_order o;

    funds(w, &olga);
    held(w, &o);
    assert_string_equal(acts(w, &olga, core_order_release, &o), "OK");
    assert_string_equal(gives(w, &sven, "sven", ROLE_ANY), "OK");
    world_order_free(&o);
}

int main(void)
{
#define F(test) cmocka_unit_test_setup_teardown(test, enter_four, world_leave)
#define T(test) cmocka_unit_test_setup_teardown(test, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_another_gets_its_name),
        T(test_handed_over_and_given_back),
        T(test_taken_away),
        T(test_it_ends),
        T(test_other_items),
        T(test_a_new_policy),
        T(test_comments),
        T(test_held_while_its_holders_decide),
        T(test_held_over_and_over),
        T(test_released_before_it_is_accepted),
        T(test_refused_before_it_is_accepted),
        T(test_kept_back_until_it_expires),
        T(test_held_while_it_waits_for_its_day),
        T(test_what_he_saw),
        T(test_cash_is_not_held),
        F(test_nobody_releases_what_he_entered),
        F(test_nobody_releases_what_he_held),
        F(test_nobody_confirms_what_he_released),
        F(test_nobody_makes_himself),
        F(test_the_rest_of_the_table),
        T(test_two_eyes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
