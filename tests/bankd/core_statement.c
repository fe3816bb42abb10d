/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements: the balance before, and the movements, make the balance after; held against the
 * test's own book, for movements made at random. And how long a page takes among many.
 */
#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include "tests/bankd/money.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY 86400

static const struct core_period ever;
static const struct core_page whole = {.cursor = "", .limit = 200};

/* The books are not what world_check wants of them: rows were written past the bank. */
static int leave(void **state)
{
    world_close(*state);
    return 0;
}

static int pick(unsigned *chance, int below)
{
    return rand_r(chance) % below;
}

static int64_t minor_of(const struct js *object, const char *name)
{
    const char *text = js_text(js_get(object, name), NULL);
    bool negative = text[0] == '-';
    int64_t minor = 0;

    assert_ok(amount_parse(text + negative, strlen(text + negative), "EUR", &minor));
    return negative ? -minor : minor;
}

struct total {
    int64_t opening, closing, sum;
    size_t count, pages;
};

/* Reads a statement page by page. MEANWHILE: money comes in between two pages. */
static void read_statement(struct world *w, const char *account, const struct core_period *period,
                           unsigned limit, bool meanwhile, struct total *out)
{
    char cursor[64] = "";

    *out = (struct total){0};
    do {
        const struct core_page page = {.cursor = cursor, .limit = limit};
        assert_ok(money_statement(w, &w->alice, account, period, &page));
        struct js *root = money_answer(w);
        const struct js *rows = js_get(root, "movements");
        for (size_t i = 0; i < js_count(rows); i++)
            out->sum += minor_of(js_at(rows, i), "amount");
        out->count += js_count(rows);
        if (out->pages++ == 0) {
            out->opening = minor_of(root, "opening");
            out->closing = minor_of(root, "closing");
        }
        assert_int_equal(minor_of(root, "opening"), out->opening);
        assert_int_equal(minor_of(root, "closing"), out->closing);
        const char *next = js_text(js_get(root, "next"), NULL);
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        js_free(root);
        if (meanwhile)
            world_fund(w, account, "0.01");
    } while (cursor[0]);
}

struct book {
    int64_t amount;
    int32_t day;
};

#define MOVEMENTS 60

/* Fundings, payments and pauses of up to two days, as CHANCE will have it. */
static size_t make_book(struct world *w, unsigned *chance, struct book book[MOVEMENTS])
{
    char text[AMOUNT_TEXT_MAX + 1];
    int64_t balance = 10000; /* world_populate */

    book[0] = (struct book){10000, text_day_of(w->time.now_us)};
    for (size_t i = 1; i < MOVEMENTS; i++) {
        world_later(w, pick(chance, 8) == 0 ? pick(chance, 2 * DAY) : 1);
        int64_t amount = 1 + pick(chance, 5000);
        bool out = pick(chance, 2) == 0 && amount <= balance;
        assert_ok(amount_text(amount, "EUR", text));
        if (out) {
            world_login(w, &w->alice);
            world_login(w, &w->bob);
            money_pay(w, text);
        } else {
            world_fund(w, WORLD_ALICE_ACCOUNT, text);
        }
        book[i] = (struct book){out ? -amount : amount, text_day_of(w->time.now_us)};
        balance += book[i].amount;
    }
    return MOVEMENTS;
}

static void expect(const struct book *book, size_t count, const struct core_period *p,
                   struct total *out)
{
    *out = (struct total){0};
    for (size_t i = 0; i < count; i++) {
        if (p->to_day && book[i].day > p->to_day)
            continue;
        out->closing += book[i].amount;
        if (book[i].day < p->from_day) {
            out->opening += book[i].amount;
            continue;
        }
        out->sum += book[i].amount;
        out->count++;
    }
}

static void test_opening_and_movements_are_closing(void **test)
{
    struct world *w = *test;
    struct book book[MOVEMENTS];
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    unsigned chance = (unsigned)now.tv_nsec, first = chance;
    int32_t begin = text_day_of(w->time.now_us);
    size_t count = make_book(w, &chance, book);
    world_login(w, &w->alice);
    int span = text_day_of(w->time.now_us) - begin + 4;
    for (int i = 0; i < 40; i++) {
        struct core_period p = {begin - 2 + pick(&chance, span), 0};
        struct total is, should;
        p.to_day = p.from_day + pick(&chance, span);
        if (i % 5 == 0)
            p.from_day = 0;
        if (i % 7 == 0)
            p.to_day = 0;
        read_statement(w, WORLD_ALICE_ACCOUNT, &p, (unsigned)pick(&chance, 30) + 1, false, &is);
        expect(book, count, &p, &should);
        if (is.opening != should.opening || is.closing != should.closing || is.sum != should.sum ||
            is.count != should.count || is.opening + is.sum != is.closing)
            fail_msg("chance %u, days %d to %d", first, (int)p.from_day, (int)p.to_day);
    }
    world_check(w);
}

static void test_what_comes_meanwhile_is_not_in_it(void **test)
{
    struct world *w = *test;
    struct total t;

    for (int i = 0; i < 6; i++)
        world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    read_statement(w, WORLD_ALICE_ACCOUNT, &ever, 3, true, &t);
    assert_int_equal(t.pages, 3);
    assert_int_equal(t.count, 7);
    assert_int_equal(t.opening + t.sum, t.closing);
    assert_int_equal(t.closing, 10600);
}

/* A ledger that was changed from outside is told by name; the log keeps that it was. */
static void test_a_contradiction_is_told(void **test)
{
    static const char *const wrongs[] = {
        "UPDATE posting SET balance = balance + 1 WHERE movement = 3 AND account = 1",
        "UPDATE posting SET amount = amount - 1 WHERE movement = 3 AND account = 1",
        "DELETE FROM posting WHERE movement = 3 AND account = 1",
        "DELETE FROM posting WHERE movement = 5 AND account = 1",
        "UPDATE account SET booked = booked + 1 WHERE id = 1",
    };

    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        struct world *w = *test;
        for (int n = 0; n < 4; n++)
            world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
        world_execute(w, "DROP TRIGGER posting_kept; DROP TRIGGER posting_stays");
        world_execute(w, wrongs[i]);
        assert_err(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &ever, &whole),
                   ERR_LEDGER_CONTRADICTION);
        assert_int_equal(w->answer.http, 500);
        assert_non_null(strstr(money_newest_entry(w), "\"reason\":\"LEDGER_CONTRADICTION\""));
        leave(test);
        world_enter(test);
    }
}

/* Cursors that nobody was given widen nothing and contradict nothing. */
static void test_forged_cursors(void **test)
{
    static const char *const cursors[] = {"1",   "-",    "1-",   "-1",   "x-y",  "3-2",
                                          "5-5", "01-4", "1--2", "9-99", "1-2-3"};
    static const char *const harmless[] = {"0-4", "1-99", "4-4", "2-9223372036854775807"};
    struct world *w = *test;

    for (int n = 0; n < 3; n++)
        world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    const struct core_period today = {0, money_day("2026-11-23")};
    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
        const struct core_page page = {.cursor = cursors[i], .limit = 2};
        assert_err(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &today, &page), ERR_USAGE);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        const struct core_page page = {.cursor = harmless[i], .limit = 2};
        assert_ok(money_statement(w, &w->alice, WORLD_ALICE_ACCOUNT, &today, &page));
    }
}

/* --- many --- */

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* The best of several tries at a page of 50. */
static int64_t time_page(struct world *w,
                         enum err (*ask)(struct world *, const struct person *, const char *,
                                         const struct core_period *, const struct core_page *))
{
    const struct core_page page = {.cursor = "", .limit = 50};
    const struct core_period p = {money_day("2026-11-01"), 0};
    int64_t best = INT64_MAX;

    for (int i = 0; i < 15; i++) {
        int64_t begin = cpu_ns();
        assert_ok(ask(w, &w->alice, WORLD_ALICE_ACCOUNT, &p, &page));
        int64_t took = cpu_ns() - begin;
        best = took < best ? took : best;
    }
    return best;
}

/* A page takes about as long out of a hundred thousand movements as out of a hundred. */
static void test_a_hundred_thousand(void **test)
{
    struct world *w = *test;

    money_make_many(w, 100, 1);
    int64_t few = time_page(w, money_list), few_stated = time_page(w, money_statement);
    leave(test);
    world_enter(test);
    money_make_many(w, 100000, 1);
    int64_t many = time_page(w, money_list), many_stated = time_page(w, money_statement);
    print_message("a page of 100: %lld us, of 100000: %lld us; statement %lld, %lld\n",
                  (long long)few / 1000, (long long)many / 1000, (long long)few_stated / 1000,
                  (long long)many_stated / 1000);
    assert_true(many < 3 * few);
    assert_true(many_stated < 3 * few_stated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_opening_and_movements_are_closing, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_what_comes_meanwhile_is_not_in_it, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_a_contradiction_is_told, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_forged_cursors, world_enter, leave),
        cmocka_unit_test_setup_teardown(test_a_hundred_thousand, world_enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
