/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/money.h"

#include "base/text.h"
#include "order/json.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

struct core_caller money_of(const struct person *p)
{
    return (struct core_caller){.session = p->session};
}

int32_t money_day(const char *text)
{
    int32_t days = 0;

    assert_ok(text_parse_date(text, strlen(text), &days));
    return days;
}

/* Alice and Bob pay the shop. */
void money_pay(struct world *w, const char *amount)
{
    struct world_order o;

    world_order(w, amount, &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    world_order_free(&o);
}

enum err money_list(struct world *w, const struct person *who, const char *account,
                    const struct core_period *period, const struct core_page *page)
{
    const struct core_caller caller = money_of(who);

    world_begin(w);
    world_end(w, core_movements(w->core, &caller, account, period, page, &w->answer));
    return w->answer.err;
}

enum err money_statement(struct world *w, const struct person *who, const char *account,
                         const struct core_period *period, const struct core_page *page)
{
    const struct core_caller caller = money_of(who);

    world_begin(w);
    world_end(w, core_account_statement(w->core, &caller, account, period, page, &w->answer));
    return w->answer.err;
}

struct js *money_answer(struct world *w)
{
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    return root;
}

const char *money_newest_entry(struct world *w)
{
    return world_sql(w, "SELECT body FROM entry ORDER BY id DESC LIMIT 1");
}

/* The joint account is row 1, the bank's own row 3; balances go on from world_populate's. */
void money_make_many(struct world *w, int count, int64_t amount)
{
    char sql[1024];
    long long each = amount;

    snprintf(sql, sizeof sql,
             "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO movement SELECT 10 + i, %lld, 'funding', NULL, NULL, NULL FROM n;"
             "INSERT INTO posting SELECT 1, id, %lld, 10000 + (id - 10) * %lld FROM movement"
             " WHERE id > 10;"
             "INSERT INTO posting SELECT 3, id, -(%lld), -10000 - (id - 10) * %lld FROM movement"
             " WHERE id > 10;"
             "UPDATE account SET booked = booked + %d * %lld"
             " WHERE id = 1 AND booked + %d * %lld >= 0; COMMIT",
             count, (long long)w->time.now_us, each, each, each, each, count, each, count, each);
    world_execute(w, sql);
}
