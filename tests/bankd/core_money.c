/* SPDX-License-Identifier: Apache-2.0
 *
 * What a holder sees of his money: categories, the movements of a period, expenses.
 */
#include "order/amount.h"
#include "order/json.h"
#include "tests/bankd/money.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY INT64_C(86400)
#define ALONE "GB82WEST12345698765432"

static const struct core_period ever;
static const struct core_page whole = {.cursor = "", .limit = 200};

/* The books are not what world_check wants of them: rows were written past the bank. */
static int leave(void **state)
{
    world_close(*state);
    return 0;
}

/* --- asking --- */

static enum err set_rule(struct world *w, const struct core_caller *who, const char *payee,
                         const char *category)
{
    world_begin(w);
    world_end(w,
              core_category_rule(w->core, who, WORLD_ALICE_ACCOUNT, payee, category, &w->answer));
    return w->answer.err;
}

static enum err categorize(struct world *w, const struct core_caller *who, const char *movement,
                           const char *category)
{
    world_begin(w);
    world_end(w, core_movement_category(w->core, who, WORLD_ALICE_ACCOUNT, movement, category,
                                        &w->answer));
    return w->answer.err;
}

static enum err spend(struct world *w, const struct core_period *period, const char *cursor)
{
    const struct core_caller alice = money_of(&w->alice);
    const struct core_page page = {.cursor = cursor};

    world_begin(w);
    world_end(w, core_expenses(w->core, &alice, WORLD_ALICE_ACCOUNT, period, &page, &w->answer));
    return w->answer.err;
}

/* "id:category id:category" of the last answer. */
static void assert_categories(struct world *w, const char *expected)
{
    char text[512] = "";
    struct js *root = money_answer(w);
    const struct js *rows = js_get(root, "movements");

    for (size_t i = 0; i < js_count(rows); i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%d:%s", i ? " " : "",
                 (int)js_int(js_get(js_at(rows, i), "id")),
                 js_text(js_get(js_at(rows, i), "category"), NULL));
    }
    js_free(root);
    assert_string_equal(text, expected);
}

/* "month category count amount, ..." of the last answer. */
static void assert_expenses(struct world *w, const char *expected)
{
    char text[512] = "";
    struct js *root = money_answer(w);
    const struct js *rows = js_get(root, "expenses");

    for (size_t i = 0; i < js_count(rows); i++) {
        const struct js *row = js_at(rows, i);
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s %s %d %s", i ? ", " : "",
                 js_text(js_get(row, "month"), NULL), js_text(js_get(row, "category"), NULL),
                 (int)js_int(js_get(row, "count")), js_text(js_get(row, "amount"), NULL));
    }
    js_free(root);
    assert_string_equal(text, expected);
}

/* --- categories --- */

static void test_categories(void **test)
{
    struct world *w = *test;
    const struct core_caller alice = money_of(&w->alice), bob = money_of(&w->bob);

    money_pay(w, "10.00");
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &ever, &whole));
    assert_categories(w, "2:other 1:income");
    assert_ok(set_rule(w, &alice, WORLD_SHOP_ACCOUNT, "household"));
    assert_non_null(strstr(money_newest_entry(w), "\"category\":\"household\",\"holder\":\"alice\","
                                                  "\"object\":\"account:" WORLD_ALICE_ACCOUNT
                                                  "\",\"payee\":\"" WORLD_SHOP_ACCOUNT "\""));
    money_pay(w, "1.00");
    assert_ok(money_list(w, &w->bob, WORLD_ALICE_ACCOUNT, &ever, &whole));
    assert_categories(w, "3:household 2:household 1:income");
    /* What is said of one movement goes before the rule, also when it is the default. */
    assert_ok(categorize(w, &bob, "3", "other"));
    assert_categories(w, "3:other");
    assert_ok(categorize(w, &bob, "1", "pay-2026"));
    assert_non_null(strstr(money_newest_entry(w), "\"movement\":1"));
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &ever, &whole));
    assert_categories(w, "3:other 2:household 1:pay-2026");
    /* Taken back. */
    assert_ok(categorize(w, &alice, "3", ""));
    assert_categories(w, "3:household");
    assert_ok(set_rule(w, &alice, WORLD_SHOP_ACCOUNT, ""));
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &ever, &whole));
    assert_categories(w, "3:other 2:other 1:pay-2026");
    /* The payee's side is the payee's own. */
    assert_ok(money_list(w, &w->carol, WORLD_SHOP_ACCOUNT, &ever, &whole));
    assert_categories(w, "3:income 2:income");
    world_check(w);
}

static void test_who_may_say_what(void **test)
{
    struct world *w = *test;
    const struct core_caller alice = money_of(&w->alice), carol = money_of(&w->carol),
                             nobody = {.session = ""};

    money_pay(w, "10.00");
    assert_err(categorize(w, &carol, "2", "food"), ERR_ACCOUNT_UNKNOWN);
    assert_err(categorize(w, &nobody, "2", "food"), ERR_SESSION_REQUIRED);
    assert_err(categorize(w, &world_operator, "2", "food"), ERR_ROLE_REQUIRED);
    assert_err(set_rule(w, &carol, WORLD_SHOP_ACCOUNT, "food"), ERR_ACCOUNT_UNKNOWN);
    assert_err(set_rule(w, &world_operator, WORLD_SHOP_ACCOUNT, "food"), ERR_ROLE_REQUIRED);
    assert_err(categorize(w, &alice, "2", "Food"), ERR_DOC_MEMBER_INVALID);
    assert_err(set_rule(w, &alice, "PT50", "food"), ERR_IBAN_INVALID);
    /* Of another account, not there, no number. */
    world_fund(w, WORLD_SHOP_ACCOUNT, "1.00");
    assert_err(categorize(w, &alice, "3", "food"), ERR_NOT_FOUND);
    assert_err(categorize(w, &alice, "4", "food"), ERR_NOT_FOUND);
    assert_err(categorize(w, &alice, "0", "food"), ERR_NOT_FOUND);
    assert_err(categorize(w, &alice, "02", "food"), ERR_NOT_FOUND);
    assert_err(categorize(w, &alice, "2x", "food"), ERR_NOT_FOUND);
    assert_err(categorize(w, &alice, "99999999999999999999", "food"), ERR_NOT_FOUND);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM movement_category"), "0");
    world_check(w);
}

static void test_what_changes_nothing_leaves_nothing(void **test)
{
    struct world *w = *test;
    const struct core_caller alice = money_of(&w->alice);
    char before[32];

    money_pay(w, "10.00");
    assert_ok(set_rule(w, &alice, WORLD_SHOP_ACCOUNT, "food"));
    assert_ok(categorize(w, &alice, "2", "drink"));
    snprintf(before, sizeof before, "%s", world_sql(w, "SELECT size FROM head"));
    assert_ok(set_rule(w, &alice, WORLD_SHOP_ACCOUNT, "food"));
    assert_ok(categorize(w, &alice, "2", "drink"));
    assert_ok(set_rule(w, &alice, ALONE, ""));
    assert_ok(categorize(w, &alice, "1", ""));
    assert_string_equal(world_sql(w, "SELECT size FROM head"), before);
    /* The entries about the account are one chain. */
    assert_string_equal(world_sql(w, "SELECT entry FROM account WHERE id = 1"),
                        world_sql(w, "SELECT max(id) FROM entry"));
}

static void test_rules_are_a_list_with_an_end(void **test)
{
    struct world *w = *test;
    const struct core_caller alice = money_of(&w->alice);
    const struct core_page one = {.cursor = "", .limit = 1};
    const struct core_page next = {.cursor = WORLD_SHOP_ACCOUNT, .limit = 1};
    const struct core_page wrong = {.cursor = "1"};

    assert_ok(set_rule(w, &alice, WORLD_SHOP_ACCOUNT, "food"));
    assert_ok(set_rule(w, &alice, ALONE, "rent"));
    world_begin(w);
    world_end(w, core_categories(w->core, &alice, WORLD_ALICE_ACCOUNT, &one, &w->answer));
    assert_string_equal(buf_str(&w->answer.body),
                        "{\"categories\":[{\"category\":\"food\",\"payee\":\"" WORLD_SHOP_ACCOUNT
                        "\"}],\"next\":\"" WORLD_SHOP_ACCOUNT "\"}");
    world_begin(w);
    world_end(w, core_categories(w->core, &alice, WORLD_ALICE_ACCOUNT, &next, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"category\":\"rent\""));
    world_begin(w);
    world_end(w, core_categories(w->core, &alice, WORLD_ALICE_ACCOUNT, &wrong, &w->answer));
    assert_err(w->answer.err, ERR_USAGE);
    /* As many as there may be; one of them can still be changed. */
    world_execute(w,
                  "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                  " INSERT INTO category_rule SELECT 1, 'X' || i, 'x' FROM n");
    assert_err(set_rule(w, &alice, WORLD_ALICE_ACCOUNT, "food"), ERR_CATEGORY_RULES_FULL);
    assert_ok(set_rule(w, &alice, ALONE, "food"));
    assert_ok(set_rule(w, &alice, ALONE, ""));
    assert_ok(set_rule(w, &alice, WORLD_ALICE_ACCOUNT, "food"));
}

/* --- periods --- */

static void test_periods(void **test)
{
    struct world *w = *test; /* 2026-11-23T09:00:00Z */
    const struct core_period on_23 = {money_day("2026-11-23"), money_day("2026-11-23")};
    const struct core_period from_24 = {money_day("2026-11-24"), 0};
    const struct core_period to_24 = {0, money_day("2026-11-24")};
    const struct core_period later = {money_day("2026-12-01"), 0};
    const struct core_period sooner = {0, money_day("2026-11-22")};
    const struct core_period crossed = {money_day("2026-11-24"), money_day("2026-11-23")};
    const struct core_page one = {.cursor = "", .limit = 1};
    const struct core_page second = {.cursor = "3", .limit = 1};

    world_later(w, 15 * 3600 - 1); /* the last second of the day */
    world_fund(w, WORLD_ALICE_ACCOUNT, "2.00");
    world_later(w, 1);
    world_fund(w, WORLD_ALICE_ACCOUNT, "3.00");
    world_later(w, DAY);
    world_fund(w, WORLD_ALICE_ACCOUNT, "4.00");
    world_login(w, &w->alice);
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &on_23, &whole));
    assert_categories(w, "2:income 1:income");
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &from_24, &whole));
    assert_categories(w, "4:income 3:income");
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &to_24, &one));
    assert_categories(w, "3:income");
    assert_string_equal(world_text(w, "next"), "3");
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &to_24, &second));
    assert_categories(w, "2:income");
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &later, &whole));
    assert_categories(w, "");
    assert_ok(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &sooner, &whole));
    assert_categories(w, "");
    assert_err(money_list(w, &w->alice, WORLD_ALICE_ACCOUNT, &crossed, &whole), ERR_PERIOD_INVALID);
    assert_err(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &crossed, &whole),
               ERR_PERIOD_INVALID);
    assert_err(spend(w, &crossed, ""), ERR_PERIOD_INVALID);
    assert_ok(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &on_23, &whole));
    assert_string_equal(world_text(w, "opening"), "0.00");
    assert_string_equal(world_text(w, "closing"), "102.00");
    assert_ok(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &later, &whole));
    assert_string_equal(world_text(w, "opening"), "109.00");
    assert_string_equal(world_text(w, "closing"), "109.00");
    assert_string_equal(world_text(w, "from"), "2026-12-01");
    assert_null(world_text(w, "to"));
    assert_ok(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &sooner, &whole));
    assert_string_equal(world_text(w, "closing"), "0.00");
}

/* --- expenses --- */

static void test_expenses(void **test)
{
    struct world *w = *test;
    const struct core_caller alice = money_of(&w->alice);
    const struct core_period november = {0, money_day("2026-11-30")};

    assert_ok(spend(w, &ever, ""));
    assert_expenses(w, "");
    money_pay(w, "10.00");
    money_pay(w, "0.01");
    assert_ok(categorize(w, &alice, "3", "tips"));
    world_later(w, 10 * DAY);
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    money_pay(w, "20.00");
    world_fund(w, WORLD_ALICE_ACCOUNT, "5.00");
    money_pay(w, "7.00");
    assert_ok(spend(w, &ever, ""));
    assert_expenses(w, "2026-11 other 1 10.00, 2026-11 tips 1 0.01, 2026-12 other 2 27.00");
    assert_ok(set_rule(w, &alice, WORLD_SHOP_ACCOUNT, "food"));
    assert_ok(spend(w, &november, ""));
    assert_expenses(w, "2026-11 food 1 10.00, 2026-11 tips 1 0.01");
    assert_err(spend(w, &ever, "1"), ERR_USAGE);
    assert_err(spend(w, &ever, "9-1"), ERR_USAGE);
}

/* A sum that leaves 18 digits is refused by name, and nobody else in the batch suffers. */
static void test_sums_are_checked(void **test)
{
    struct world *w = *test;

    money_make_many(w, 2, INT64_C(-999999999999999999));
    assert_err(spend(w, &ever, ""), ERR_AMOUNT_TOO_LARGE);
}

static void test_expenses_of_many_come_in_parts(void **test)
{
    struct world *w = *test;
    char cursor[64] = "";
    int64_t total = 0, count = 0;
    unsigned pages = 0;

    money_make_many(w, 4500, -2);
    do {
        assert_ok(spend(w, &ever, cursor));
        struct js *root = money_answer(w);
        const struct js *row = js_at(js_get(root, "expenses"), 0);
        const char *text = js_text(js_get(row, "amount"), NULL);
        int64_t minor = 0;
        assert_ok(amount_parse(text, strlen(text), "EUR", &minor));
        total += minor;
        count += js_int(js_get(row, "count"));
        const char *next = js_text(js_get(root, "next"), NULL);
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        js_free(root);
    } while (++pages < 10 && cursor[0]);
    assert_int_equal(pages, 3);
    assert_int_equal(count, 4500);
    assert_int_equal(total, 9000);
}

/* Every request waits for this one, so what a holder says of his movements must not make it long.
 */
static int64_t time_spend(struct world *w)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 5; i++) {
        struct timespec a, b;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        assert_ok(spend(w, &ever, ""));
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        int64_t took = (b.tv_sec - a.tv_sec) * INT64_C(1000000000) + b.tv_nsec - a.tv_nsec;
        best = took < best ? took : best;
    }
    return best;
}

static int64_t time_categories(struct world *w, int count)
{
    money_make_many(w, count, -2);
    world_execute(w, "INSERT INTO movement_category SELECT 1, movement,"
                     " 'aaaaaaaaaaaaaaaaaaaaaaaa-' || (20000 - movement) FROM posting"
                     " WHERE account = 1 AND movement > 10");
    return time_spend(w);
}

/* Four times as many take about four times as long, not sixteen. */
static void test_many_categories(void **test)
{
    int64_t few = time_categories(*test, 500);

    leave(test);
    world_enter(test);
    int64_t many = time_categories(*test, 2000);
    assert_true(many < 6 * few);
}

static void test_others_see_nothing(void **test)
{
    struct world *w = *test;

    assert_err(money_list(w, &w->carol, WORLD_ALICE_ACCOUNT, &ever, &whole), ERR_ACCOUNT_UNKNOWN);
    assert_err(money_statement(w, &w->carol, WORLD_ALICE_ACCOUNT, &ever, &whole),
               ERR_ACCOUNT_UNKNOWN);
    const struct core_caller carol = money_of(&w->carol);
    world_begin(w);
    world_end(w, core_expenses(w->core, &carol, WORLD_ALICE_ACCOUNT, &ever, &whole, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    world_begin(w);
    world_end(w, core_categories(w->core, &carol, WORLD_ALICE_ACCOUNT, &whole, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_categories, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_who_may_say_what, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_what_changes_nothing_leaves_nothing, world_enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_rules_are_a_list_with_an_end, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_periods, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_expenses, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_sums_are_checked, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_expenses_of_many_come_in_parts, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_many_categories, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_others_see_nothing, world_enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
