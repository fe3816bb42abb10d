/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is told of news, where, and how much of it waits.
 */
#include "base/text.h"
#include "order/json.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"
#define DAY 86400

static struct core_caller caller(const struct person *p)
{
    return (struct core_caller){.session = p->session};
}

static const char *set_where(struct world *w, const struct person *p, const char *email,
                             const char *webhook)
{
    const struct core_contact to = {email, webhook, "en"};
    const struct core_caller who = caller(p);

    world_begin(w);
    world_end(w, core_contact_set(w->core, &who, &to, &w->answer));
    return err_name(w->answer.err);
}

static const char *confirm(struct world *w, const struct person *p, const char *code)
{
    const struct core_caller who = caller(p);

    world_begin(w);
    world_end(w, core_contact_confirm(w->core, &who, code, &w->answer));
    return err_name(w->answer.err);
}

/* The code that a new address got. */
static const char *code_of(struct world *w, const char *address)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT code FROM contact WHERE address = '%s'", address);
    return world_sql(w, sql);
}

static void reached_at(struct world *w, const struct person *p, const char *email)
{
    assert_string_equal(set_where(w, p, email, ""), "OK");
    assert_string_equal(confirm(w, p, code_of(w, email)), "OK");
    world_execute(w, "DELETE FROM notice");
}

/* "kind address" of all, in their order. */
static const char *told(struct world *w)
{
    return world_sql(w, "SELECT coalesce(group_concat(kind || ' ' || address, ', '), '') FROM"
                        " (SELECT kind, address FROM notice ORDER BY id)");
}

static void forget_all(struct world *w)
{
    world_execute(w, "DELETE FROM notice");
}

static void enter_order(struct world *w, const struct person *p, const char *account)
{
    struct world_order o;

    world_order_on(w, account, "1.00",
                   "\"date\":\"2026-11-23\",\"expires\":\"2026-11-23T12:00:00Z\",", &o);
    assert_string_equal(world_decide(w, p, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
}

/* --- where --- */

static void test_a_new_address_gets_its_code_alone(void **state)
{
    struct world *w = *state;

    assert_string_equal(set_where(w, &w->bob, "b@one", ""), "OK");
    assert_string_equal(told(w), "contact-confirm b@one");
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "contact-confirm b@one");
    forget_all(w);
    assert_string_equal(confirm(w, &w->bob, code_of(w, "b@one")), "OK");
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "order-waiting b@one");
}

/* Before and behind the confirmation of another one; what is taken away needs none. */
static void test_the_address_before_hears_of_it(void **state)
{
    struct world *w = *state;

    reached_at(w, &w->bob, "b@one");
    assert_string_equal(set_where(w, &w->bob, "b@two", ""), "OK");
    assert_string_equal(told(w), "contact-changed b@one, contact-confirm b@two");
    forget_all(w);
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "order-waiting b@one");
    forget_all(w);
    assert_string_equal(confirm(w, &w->bob, code_of(w, "b@two")), "OK");
    assert_string_equal(told(w), "contact-changed b@one");
    forget_all(w);
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "order-waiting b@two");
    forget_all(w);
    assert_string_equal(set_where(w, &w->bob, "", ""), "OK");
    assert_string_equal(told(w), "contact-changed b@two");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM contact"), "0");
}

static void test_what_holds_is_told(void **state)
{
    struct world *w = *state;
    const struct core_caller bob = caller(&w->bob);

    reached_at(w, &w->bob, "b@one");
    assert_string_equal(set_where(w, &w->bob, "b@one", "https://b.two/"), "OK");
    world_begin(w);
    world_end(w, core_contact(w->core, &bob, &w->answer));
    assert_string_equal(buf_str(&w->answer.body),
                        "{\"email\":\"b@one\",\"language\":\"en\","
                        "\"unconfirmed\":{\"webhook\":\"https://b.two/\"}}");
    assert_string_equal(told(w), "contact-changed b@one, contact-confirm https://b.two/");
    world_begin(w);
    world_end(w, core_contact(w->core, &world_operator, &w->answer));
    assert_string_equal(err_name(w->answer.err), "ROLE_REQUIRED");
}

static void set_key(struct world *w, const struct person *p, const char *as)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, p->name, key_thumbprint(p->key), as, "x",
                              &w->answer));
    assert_ok(w->answer.err);
}

/* The bank's word against his: that his key signs again, and that another one does. */
static void test_who_signs_for_him_is_told(void **state)
{
    struct world *w = *state;
    struct person next = {0};
    char request[ENROLMENT_ID_LEN + 1];

    reached_at(w, &w->bob, "b@one");
    const struct core_caller bob = caller(&w->bob);
    world_begin(w);
    world_end(w, core_key_suspend(w->core, &bob, key_thumbprint(w->bob.key), "lost", &w->answer));
    assert_ok(w->answer.err);
    set_key(w, &w->bob, "active");
    assert_string_equal(told(w), "key-suspended b@one, key-active b@one");
    forget_all(w);
    world_key(&next, "bob", "P-256");
    assert_string_equal(world_ask(w, &next, "bob", 1, request), "OK");
    const struct core_admission in = {"bob", "bob", key_thumbprint(next.key), {.act = NULL}, true};
    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &world_operator, request, &in, &w->answer));
    assert_ok(w->answer.err);
    assert_string_equal(told(w), "holder-enrolled b@one");
    world_person_free(&next);
}

static void test_a_wrong_code(void **state)
{
    struct world *w = *state;
    char right[16];

    assert_string_equal(confirm(w, &w->bob, "00000000"), "CONTACT_CODE_WRONG");
    assert_string_equal(set_where(w, &w->bob, "b@one", ""), "OK");
    snprintf(right, sizeof right, "%s", code_of(w, "b@one"));
    assert_string_equal(confirm(w, &w->alice, right), "CONTACT_CODE_WRONG");
    for (int i = 0; i < 9; i++)
        assert_string_equal(confirm(w, &w->bob, "x"), "CONTACT_CODE_WRONG");
    assert_string_equal(world_sql(w, "SELECT tries FROM contact"), "9");
    assert_string_equal(confirm(w, &w->bob, "x"), "CONTACT_CODE_WRONG");
    assert_string_equal(confirm(w, &w->bob, right), "CONTACT_CODE_WRONG");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM contact"), "0");
}

static void test_a_code_is_good_for_a_day(void **state)
{
    struct world *w = *state;
    char right[16];

    assert_string_equal(set_where(w, &w->bob, "b@one", ""), "OK");
    snprintf(right, sizeof right, "%s", code_of(w, "b@one"));
    world_later(w, DAY);
    world_login_all(w);
    assert_string_equal(confirm(w, &w->bob, right), "CONTACT_CODE_WRONG");
    (void)world_look(w, 1);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM contact"), "0");
}

static void test_ten_changes_a_day(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 10; i++)
        assert_string_equal(set_where(w, &w->bob, "b@one", ""), "OK");
    assert_string_equal(set_where(w, &w->bob, "", ""), "CONTACT_CHANGES_TOO_MANY");
    assert_string_equal(set_where(w, &w->alice, "a@one", ""), "OK");
    world_later(w, DAY);
    world_login_all(w);
    assert_string_equal(set_where(w, &w->bob, "", ""), "OK");
}

/* --- whom --- */

/* Carol only hands in there, and Alice did it. */
static void test_whose_word_is_missing(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol:T"};
    const struct world_account firm = {.account = FIRM, .holders = holders, .count = 3};
    struct world *w = *state;

    world_open_funded(w, &firm, "500.00");
    reached_at(w, &w->alice, "a@one");
    reached_at(w, &w->bob, "b@one");
    reached_at(w, &w->carol, "c@one");
    enter_order(w, &w->alice, FIRM);
    assert_string_equal(told(w), "order-waiting b@one");
}

/* --- how much --- */

static void test_so_many_wait_and_no_more(void **state)
{
    struct world *w = *state;

    reached_at(w, &w->bob, "b@one");
    core_set_terms(w->core, &(struct core_terms){.notices_max = 2, .notice_attempts = 3});
    for (int i = 0; i < 4; i++)
        enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "order-waiting b@one, order-waiting b@one");
    assert_string_equal(set_where(w, &w->bob, "", ""), "OK");
    assert_string_equal(told(w), "order-waiting b@one, order-waiting b@one, contact-changed b@one");
}

static void test_old_news_is_dropped(void **state)
{
    struct world *w = *state;

    reached_at(w, &w->bob, "b@one");
    core_set_terms(w->core, &(struct core_terms){.notices_us = 2 * DAY * TEXT_SECOND_US});
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    world_execute(w, "UPDATE notice SET state = 'dead'");
    world_later(w, 2 * DAY);
    (void)world_look(w, 1); /* ends the order: news, and no more is looked for */
    while (world_look(w, 100))
        continue;
    assert_string_equal(told(w), "order-waiting b@one, order-outcome b@one");
    world_later(w, 1);
    (void)world_look(w, 100);
    assert_string_equal(told(w), "order-outcome b@one");
}

/* --- what a courier gets --- */

static void courier(struct world *w, const struct core_carried *carried, size_t count)
{
    world_begin(w);
    world_end(w, core_courier(w->core, carried, count, &w->answer));
    assert_string_equal(err_name(w->answer.err), "OK");
}

/* The addresses. */
static const char *given(struct world *w)
{
    static char out[400];
    struct js *root = NULL;
    size_t used = 0;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *list = js_get(root, "notices");
    out[0] = '\0';
    for (size_t i = 0; i < js_count(list); i++)
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s", i ? " " : "",
                                 js_member_text(js_at(list, i), "address"));
    js_free(root);
    return out;
}

static void test_where_nobody_is_only_its_own_news_waits(void **state)
{
    struct world *w = *state;
    char first[128];

    core_set_terms(
        w->core, &(struct core_terms){.notice_wait_us = 30 * TEXT_SECOND_US, .notice_attempts = 3});
    reached_at(w, &w->bob, "b@one");
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    reached_at(w, &w->alice, "a@one"); /* forgets */
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    enter_order(w, &w->bob, WORLD_ALICE_ACCOUNT);
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "order-waiting b@one, order-waiting a@one, order-waiting b@one");
    courier(w, NULL, 0);
    assert_string_equal(given(w), "b@one a@one");
    snprintf(first, sizeof first, "%s", world_sql(w, "SELECT notice FROM notice ORDER BY id"));
    courier(w, &(struct core_carried){first, "silence", CORE_FAILED, 0}, 1);
    assert_string_equal(given(w), "a@one");
    world_later(w, 30);
    courier(w, &(struct core_carried){first, "", CORE_CARRIED, 0}, 1);
    assert_string_equal(given(w), "a@one b@one");
    snprintf(first, sizeof first, "%s",
             world_sql(w, "SELECT notice FROM notice WHERE address = 'b@one'"));
    courier(w, &(struct core_carried){first, "", CORE_CARRIED, 0}, 1);
    assert_string_equal(given(w), "a@one");
}

/* Alice only says that Bob's address is hers. */
static void test_nobody_delays_others_by_an_address_of_theirs(void **state)
{
    struct world *w = *state;
    char notice[128];

    core_set_terms(
        w->core, &(struct core_terms){.notice_wait_us = 30 * TEXT_SECOND_US, .notice_attempts = 3});
    reached_at(w, &w->bob, "b@one");
    assert_string_equal(set_where(w, &w->alice, "b@one", ""), "OK");
    snprintf(notice, sizeof notice, "%s", world_sql(w, "SELECT notice FROM notice"));
    enter_order(w, &w->alice, WORLD_ALICE_ACCOUNT);
    assert_string_equal(told(w), "contact-confirm b@one, order-waiting b@one");
    courier(w, &(struct core_carried){notice, "nobody of that name", CORE_FAILED, 0}, 1);
    assert_string_equal(given(w), "b@one");
}

/* Only the courier carries it to where it belongs. */
static void test_nobody_else_sees_a_code(void **state)
{
    const struct core_page page = {.cursor = ""};
    struct world *w = *state;
    char code[16];

    assert_string_equal(set_where(w, &w->bob, "b@one", ""), "OK");
    snprintf(code, sizeof code, "\"%s\"", code_of(w, "b@one"));
    courier(w, NULL, 0);
    assert_non_null(strstr(buf_str(&w->answer.body), code));
    world_begin(w);
    world_end(w, core_notices(w->core, &world_operator, &page, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "contact-confirm"));
    assert_null(strstr(buf_str(&w->answer.body), code));
}

/* --- reminders --- */

/* A hundred a look, each once; what they were told of is not read again. */
static void test_reminders_have_their_turns(void **state)
{
    struct world *w = *state;
    struct core_terms terms = {.remind_us = 24 * 3600 * TEXT_SECOND_US};

    assert_ok(core_terms_cutoff("16:00 EUR", &terms));
    core_set_terms(w->core, &terms);
    reached_at(w, &w->bob, "b@one");
    reached_at(w, &w->alice, "a@one");
    world_fund(w, WORLD_ALICE_ACCOUNT, "100.00");
    for (int i = 0; i < 101; i++)
        enter_order(w, i == 100 ? &w->bob : &w->alice, WORLD_ALICE_ACCOUNT);
    forget_all(w);
    static const char counts[] =
        "SELECT group_concat(kind || ' ' || address || ' ' || n) FROM (SELECT kind, address,"
        " count(*) AS n FROM notice GROUP BY kind, address ORDER BY kind, address)";
    core_remind(w->core, &w->time);
    assert_string_equal(world_sql(w, counts), "order-cutoff b@one 100,order-expiry b@one 100");
    core_remind(w->core, &w->time);
    static const char all[] = "order-cutoff a@one 1,order-cutoff b@one 100,"
                              "order-expiry a@one 1,order-expiry b@one 100";
    assert_string_equal(world_sql(w, counts), all);
    world_later(w, 60);
    core_remind(w->core, &w->time);
    assert_string_equal(world_sql(w, counts), all);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders WHERE expiry_told = 0 OR"
                                     " cutoff_day <= date"),
                        "0");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_a_new_address_gets_its_code_alone),
        T(test_the_address_before_hears_of_it),
        T(test_what_holds_is_told),
        T(test_a_wrong_code),
        T(test_who_signs_for_him_is_told),
        T(test_a_code_is_good_for_a_day),
        T(test_ten_changes_a_day),
        T(test_whose_word_is_missing),
        T(test_so_many_wait_and_no_more),
        T(test_old_news_is_dropped),
        T(test_where_nobody_is_only_its_own_news_waits),
        T(test_nobody_else_sees_a_code),
        T(test_nobody_delays_others_by_an_address_of_theirs),
        T(test_reminders_have_their_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
