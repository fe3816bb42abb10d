/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders that the bank holds for their payee: nobody whom the account paid before, somebody who
 * looks like one, or a name that is not that of the account.
 */
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define OTHER_SHOP "NL91ABNA0417164300"

static int enter(void **state)
{
    world_enter(state);
    world_account(*state, OTHER_SHOP, "carol", NULL);
    return 0;
}

static void holding_on(struct world *w, const char *flags)
{
    w->hold_on = flags;
    world_restart(w);
}

/* What the last answer says the order waits for, with a space between; "-" when it does not say. */
static const char *held_for(struct world *w)
{
    static char text[128];
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *flags = js_get(root, "heldFor");
    text[0] = 0;
    for (size_t i = 0; i < js_count(flags); i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 js_text(js_at(flags, i), NULL));
    if (!flags)
        snprintf(text, sizeof text, "-");
    js_free(root);
    return text;
}

static char payee_check[8]; /* what the last answer of pay() said of it */

/* Pays one euro with both approvals; STATUS FLAGS is what the bank made of it. */
static void pay(struct world *w, const char *payee, const char *name, const char *expected)
{
    char draft[300], is[160];
    struct world_order o;

    snprintf(draft, sizeof draft,
             "{\"amount\":\"1.00\",\"creditor\":{\"account\":\"%s\",\"name\":\"%s\"},"
             "\"currency\":\"EUR\",\"description\":\"x\"}",
             payee, name);
    world_order_from(w, draft, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    snprintf(is, sizeof is, "%s %s", world_text(w, "status"), held_for(w));
    assert_string_equal(is, expected);
    const char *check = world_text(w, "payeeCheck");
    snprintf(payee_check, sizeof payee_check, "%s", check ? check : "");
    is[4] = 0;
    world_proves(w, &w->alice, &o, is);
    world_order_free(&o);
}

static void release(struct world *w)
{
    char id[40];

    snprintf(id, sizeof id, "%s",
             world_sql(w, "SELECT order_id FROM orders WHERE status = 'PDNG' LIMIT 1"));
    world_begin(w);
    world_end(w, core_order_release(w->core, &world_operator,
                                    &(struct core_word){WORLD_ALICE_ACCOUNT, id, "fine", 0},
                                    &w->answer));
    assert_string_equal(world_text(w, "status"), "ACSC");
}

static void test_first_payment(void **state)
{
    struct world *w = *state;

    holding_on(w, "first-payment");
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "PDNG first-payment");
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "PDNG first-payment"); /* none is paid yet */
    release(w);
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "ACSC -");
    pay(w, WORLD_SHOP_ACCOUNT, "Shop, The", "ACSC -"); /* the account is what was paid */
    pay(w, OTHER_SHOP, "The Other Shop", "PDNG first-payment");
    release(w);
}

/* What another account paid is nothing to this one. */
static void test_first_payment_of_this_account(void **state)
{
    struct world *w = *state;

    holding_on(w, "first-payment");
    world_execute(w, "INSERT INTO payee SELECT id, '" WORLD_SHOP_ACCOUNT
                     "', 'S', x'00', x'00' FROM account"
                     " WHERE account = '" OTHER_SHOP "'");
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "PDNG first-payment");
}

static void test_look_alike(void **state)
{
    struct world *w = *state;

    holding_on(w, "look-alike");
    pay(w, WORLD_SHOP_ACCOUNT, "EDP Comercial", "ACSC -"); /* nobody was paid before */
    pay(w, WORLD_SHOP_ACCOUNT, "EDP C\xd0\xbemercial", "ACSC -");
    pay(w, WORLD_SHOP_ACCOUNT, "Grid Rental", "ACSC -"); /* and he was paid by another name */
    pay(w, OTHER_SHOP, "Somebody Else", "ACSC -");
    world_account(w, "PT50003500010000004561245", "carol", NULL);
    /* A Cyrillic o; other case and points; the very name at another account; capitals that look
     * like other letters: I for l, Cyrillic ones. */
    static const char *const alike[] = {"EDP C\xd0\xbemercial", "E.D.P. COMERCIAL",
                                        "EDP Comercial",        "EDP ComerciaI",
                                        "EDP \xd0\xa1OMERCIAL", "Grid RentaI"};
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        pay(w, "PT50003500010000004561245", alike[i], "PDNG look-alike");
    pay(w, "PT50003500010000004561245", "EDP Gas", "ACSC -");
}

static void test_payee_check(void **state)
{
    struct world *w = *state;

    holding_on(w, "RVNM, RVNA");
    w->payee_check = "RCVC";
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "ACSC -");
    assert_string_equal(payee_check, "RCVC");
    w->payee_check = "RMVC"; /* the bank does not hold for it */
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "ACSC -");
    assert_string_equal(payee_check, "RMVC");
    w->payee_check = "RVNM";
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "PDNG RVNM");
    w->payee_check = "RVNA";
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "PDNG RVNA");
    w->payee_check = NULL;
    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "ACSC -");
    assert_string_equal(payee_check, "");
}

static void test_all_flags_at_once(void **state)
{
    struct world *w = *state;

    pay(w, WORLD_SHOP_ACCOUNT, "The Shop", "ACSC -");
    w->hold_above = "0.50 EUR";
    holding_on(w, "first-payment, look-alike, RVNM");
    w->payee_check = "RVNM";
    pay(w, OTHER_SHOP, "the shop", "PDNG above-limit first-payment look-alike RVNM");
    w->hold_above = NULL;
    w->payee_check = NULL;
    world_restart(w);
    release(w);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_first_payment),     T(test_first_payment_of_this_account),
        T(test_look_alike),        T(test_payee_check),
        T(test_all_flags_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
