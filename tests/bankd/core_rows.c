/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of rows: what changes is read again at once, also in the batch that changes it, after one
 * that was rolled back, and when somebody else wrote.
 */
#include "bankd/core/rows.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

/* --- by itself, on a bank's store --- */

static const size_t sizes[ROWS_KINDS] = {sizeof(int), sizeof(int), sizeof(int)};

static void keep_one(struct rows *r, const char *name, int value)
{
    const struct rows_source sources[ROWS_SOURCES] = {
        {ROWS_OF_KEYS, 1}, {ROWS_OF_KEYS, 2}, {ROWS_OF_HOLDERS, 1}};

    rows_keep(r, ROWS_KEY, name, &value, sources);
}

/* What is kept under NAME; 0: nothing. */
static int kept(const struct rows *r, const char *name)
{
    int value = 0;

    return rows_find(r, ROWS_KEY, name, &value) ? value : 0;
}

static void run(struct store *s, enum store_statement which, const char *name, int64_t id)
{
    struct store_query *q = store_query(s, which);

    store_bind_int(q, name, id);
    if (which == STORE_HOLDER_ENTRY)
        store_bind_int(q, ":entry", 1);
    assert_ok(store_run(q));
}

static void test_until_a_source_changes(void **state)
{
    struct world *w = *state;
    struct rows *r = NULL;
    char longer[80];
    int value = 0;

    assert_ok(rows_new(w->store, sizes, &r)); /* the store tells it from now on */
    assert_int_equal(kept(r, "a"), 0);
    keep_one(r, "a", 7);
    assert_int_equal(kept(r, "a"), 7);
    assert_int_equal(kept(r, "b"), 0);
    assert_true(rows_find_id(r, ROWS_KEY, 1, &value));
    assert_false(rows_find_id(r, ROWS_KEY, 2, &value));
    assert_false(rows_find_id(r, ROWS_SESSION, 1, &value));
    run(w->store, STORE_HOLDER_ENTRY, ":id", 2);
    assert_int_equal(kept(r, "a"), 7);
    run(w->store, STORE_HOLDER_ENTRY, ":id", 1);
    assert_int_equal(kept(r, "a"), 0);
    keep_one(r, "a", 8);
    assert_int_equal(kept(r, "a"), 8);
    rows_forget(r);
    assert_int_equal(kept(r, "a"), 0);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    keep_one(r, longer, 9);
    assert_int_equal(kept(r, longer), 0);
    rows_free(r);
    world_restart(w);
}

/* More than there is room for: what is found is right. */
static void test_many(void **state)
{
    struct world *w = *state;
    struct rows *r = NULL;
    char name[16];
    int found = 0;

    assert_ok(rows_new(w->store, sizes, &r));
    for (int i = 1; i <= 10000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        keep_one(r, name, i);
        assert_int_equal(kept(r, name), i);
    }
    for (int i = 1; i <= 10000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        int value = kept(r, name);
        assert_true(value == i || value == 0);
        found += value == i;
    }
    assert_true(found > 1000 && found <= 4096);
    rows_free(r);
    world_restart(w);
}

static void test_none_while_time_goes_on(void **state)
{
    struct world *w = *state;
    struct rows *r = NULL;

    assert_ok(rows_new(w->store, sizes, &r));
    assert_false(rows_none(r, ROWS_OF_HOLDERS, 5, 100));
    rows_keep_none(r, ROWS_OF_HOLDERS, 5, 100);
    assert_true(rows_none(r, ROWS_OF_HOLDERS, 5, 100));
    assert_true(rows_none(r, ROWS_OF_HOLDERS, 5, 200));
    assert_false(rows_none(r, ROWS_OF_HOLDERS, 5, 99));
    assert_false(rows_none(r, ROWS_OF_HOLDERS, 6, 100));
    assert_false(rows_none(r, ROWS_OF_KEYS, 5, 100));
    run(w->store, STORE_HOLDER_ENTRY, ":id", 3); /* whichever of the table */
    assert_false(rows_none(r, ROWS_OF_HOLDERS, 5, 100));
    rows_free(r);
    world_restart(w);
}

static void test_due_until_an_order_is_written(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct rows *r = NULL;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_ok(rows_new(w->store, sizes, &r));
    assert_true(rows_due(r) == ROWS_DUE_UNKNOWN);
    rows_keep_due(r, 100);
    run(w->store, STORE_HOLDER_ENTRY, ":id", 3);
    assert_true(rows_due(r) == 100);
    run(w->store, STORE_ORDER_EXPIRY_TOLD, ":id", 1);
    assert_true(rows_due(r) == ROWS_DUE_UNKNOWN);
    rows_keep_due(r, 100);
    rows_keep_due(r, ROWS_DUE_UNKNOWN);
    assert_true(rows_due(r) == ROWS_DUE_UNKNOWN);
    rows_keep_due(r, 100);
    rows_forget(r);
    assert_true(rows_due(r) == ROWS_DUE_UNKNOWN);
    rows_free(r);
    world_order_free(&o);
    world_restart(w);
}

/* The store tells of these tables because their rows have ids, and one deletes them one by one. */
static void test_tables_that_are_told_of(void **state)
{
    struct world *w = *state;

    assert_string_equal(
        world_sql(w, "SELECT count(*) || ' ' || sum(wr) FROM pragma_table_list"
                     " WHERE schema = 'main' AND name IN ('account', 'delegation',"
                     " 'holder', 'orders', 'policy_change', 'session', 'signing_key')"),
        "7 0");
}

/* --- in the bank --- */

static void new_order(struct world *w, struct world_order *o, struct buf *jws)
{
    world_order(w, "1.00", o);
    world_sign(w, &w->alice, o, VERB_APPROVE, NULL, jws);
}

static const char *set_key(struct world *w, const char *status)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, "alice", key_thumbprint(w->alice.key),
                              status, "lost", &w->answer));
    return err_name(w->answer.err);
}

static const char *set_account(struct world *w, const char *account, enum core_account_act what)
{
    world_begin(w);
    world_end(w, core_account_state(w->core, &world_operator, account, what, "x", &w->answer));
    return err_name(w->answer.err);
}

static const char *log_out(struct world *w)
{
    const struct core_caller alice = {.session = w->alice.session};

    world_begin(w);
    world_end(w, core_logout(w->core, &alice, &w->answer));
    return err_name(w->answer.err);
}

/* Alice decides on one order after another, in one batch; what is done in between counts at once.
 */
#define ORDERS 6
struct scene {
    struct world_order orders[ORDERS];
    struct buf jws[ORDERS];
    size_t next;
};

static void set_scene(struct world *w, struct scene *s)
{
    *s = (struct scene){.next = 0};
    for (size_t i = 0; i < ORDERS; i++)
        new_order(w, &s->orders[i], &s->jws[i]);
}

static const char *go_on(struct world *w, struct scene *s)
{
    size_t i = s->next++;

    assert_true(i < ORDERS);
    return world_hand_in(w, &w->alice, &s->jws[i], &s->orders[i]);
}

static void end_scene(struct scene *s)
{
    for (size_t i = 0; i < ORDERS; i++) {
        world_order_free(&s->orders[i]);
        buf_free(&s->jws[i]);
    }
}

static void test_a_key(void **state)
{
    struct world *w = *state;
    struct scene s;

    set_scene(w, &s);
    world_batch(w);
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(set_key(w, "suspended"), "OK");
    assert_string_equal(go_on(w, &s), "SESSION_REQUIRED");
    assert_string_equal(set_key(w, "active"), "OK");
    world_batch_end(w);
    world_login(w, &w->alice);
    world_batch(w);
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(set_key(w, "revoked"), "OK");
    assert_string_equal(go_on(w, &s), "SESSION_REQUIRED");
    world_batch_end(w);
    end_scene(&s);
}

/* Over somebody else's session only the signer's key says no. */
static void test_a_signers_key(void **state)
{
    struct world *w = *state;
    struct scene s;

    set_scene(w, &s);
    world_batch(w);
    assert_string_equal(world_hand_in(w, &w->bob, &s.jws[0], &s.orders[0]), "OK");
    assert_string_equal(set_key(w, "suspended"), "OK");
    assert_string_equal(world_hand_in(w, &w->bob, &s.jws[1], &s.orders[1]), "KEY_INACTIVE");
    world_batch_end(w);
    end_scene(&s);
}

static void test_a_session(void **state)
{
    struct world *w = *state;
    struct scene s;

    set_scene(w, &s);
    world_batch(w);
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(log_out(w), "OK");
    assert_string_equal(go_on(w, &s), "SESSION_REQUIRED");
    world_batch_end(w);
    end_scene(&s);
}

/* The debtor's, and the creditor's. */
static void test_an_account(void **state)
{
    struct world *w = *state;
    struct scene s;

    set_scene(w, &s);
    world_batch(w);
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(set_account(w, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK), "OK");
    assert_string_equal(go_on(w, &s), "ACCOUNT_BLOCKED");
    assert_string_equal(set_account(w, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_UNBLOCK), "OK");
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(set_account(w, WORLD_SHOP_ACCOUNT, CORE_ACCOUNT_CLOSE), "OK");
    assert_string_equal(go_on(w, &s), "ACCOUNT_CLOSED");
    world_batch_end(w);
    end_scene(&s);
}

/* It is none that a customer has, though the bank just read it. */
static void test_an_account_of_the_banks(void **state)
{
    struct world *w = *state;

    world_fund(w, WORLD_ALICE_ACCOUNT, "1.00");
    world_begin(w);
    world_end(w, core_fund(w->core, &world_operator, "bank:EUR", "1.00", "EUR", &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
}

/* Money that was reserved and paid in one batch stays so, and what was booked in between counts. */
static void test_money(void **state)
{
    struct world *w = *state;
    struct world_order most, more, rest;
    struct buf jws[4] = {0};

    world_order(w, "60.00", &most);
    world_order(w, "60.00", &more);
    world_order(w, "60.00", &rest);
    world_sign(w, &w->alice, &most, VERB_APPROVE, NULL, &jws[0]);
    world_sign(w, &w->bob, &most, VERB_APPROVE, NULL, &jws[1]);
    world_sign(w, &w->alice, &more, VERB_APPROVE, NULL, &jws[2]);
    world_sign(w, &w->alice, &rest, VERB_APPROVE, NULL, &jws[3]);
    world_batch(w);
    assert_string_equal(world_hand_in(w, &w->alice, &jws[0], &most), "OK");
    assert_string_equal(world_hand_in(w, &w->alice, &jws[2], &more), "FUNDS_INSUFFICIENT");
    assert_string_equal(world_hand_in(w, &w->bob, &jws[1], &most), "OK");
    world_fund(w, WORLD_ALICE_ACCOUNT, "20.00");
    assert_string_equal(world_hand_in(w, &w->alice, &jws[3], &rest), "OK");
    world_batch_end(w);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "6000/6000");
    assert_string_equal(world_balance(w, WORLD_SHOP_ACCOUNT), "6000/0");
    world_order_free(&most);
    world_order_free(&more);
    world_order_free(&rest);
    for (size_t i = 0; i < 4; i++)
        buf_free(&jws[i]);
}

/* Of two orders the later one expires first, this very moment. */
static void test_the_order_that_is_due_first(void **state)
{
    struct world *w = *state;
    struct world_order late, soon, next;

    world_order(w, "1.00", &late);
    assert_string_equal(world_decide(w, &w->alice, &late, VERB_APPROVE), "OK");
    world_order_on(w, WORLD_ALICE_ACCOUNT, "2.00", "\"expires\":\"2026-11-23T09:03:00Z\",", &soon);
    assert_string_equal(world_decide(w, &w->alice, &soon, VERB_APPROVE), "OK");
    world_later(w, 180);
    w->time.now_us++;
    world_order(w, "4.00", &next);
    assert_string_equal(world_decide(w, &w->alice, &next, VERB_APPROVE), "OK");
    assert_string_equal(world_sql(w, "SELECT status || reason FROM orders WHERE amount = 200"),
                        "RJCTDS24");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/500");
    world_order_free(&late);
    world_order_free(&soon);
    world_order_free(&next);
}

static void roll_back(struct world *w)
{
    core_rollback(w->core);
    w->in_batch = false;
}

/* What such a batch changed never was. */
static void test_a_batch_that_is_rolled_back(void **state)
{
    struct world *w = *state;
    struct scene s;

    set_scene(w, &s);
    world_batch(w);
    assert_string_equal(set_key(w, "suspended"), "OK");
    assert_string_equal(world_hand_in(w, &w->bob, &s.jws[0], &s.orders[0]), "KEY_INACTIVE");
    roll_back(w);
    world_batch(w);
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(set_account(w, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK), "OK");
    assert_string_equal(go_on(w, &s), "ACCOUNT_BLOCKED");
    roll_back(w);
    assert_string_equal(go_on(w, &s), "OK");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/100");
    end_scene(&s);
}

/* Past this store, as when a backup is put back or a row is mended by hand. */
static void test_what_somebody_else_wrote(void **state)
{
    struct world *w = *state;
    struct scene s;

    set_scene(w, &s);
    assert_string_equal(go_on(w, &s), "OK");
    world_execute(w, "UPDATE account SET state = 'blocked'");
    assert_string_equal(go_on(w, &s), "ACCOUNT_BLOCKED");
    world_execute(w, "UPDATE account SET state = 'open'");
    assert_string_equal(go_on(w, &s), "OK");
    world_execute(w, "DELETE FROM session");
    assert_string_equal(go_on(w, &s), "SESSION_REQUIRED");
    end_scene(&s);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_until_a_source_changes),
        T(test_many),
        T(test_none_while_time_goes_on),
        T(test_due_until_an_order_is_written),
        T(test_tables_that_are_told_of),
        T(test_a_key),
        T(test_a_signers_key),
        T(test_a_session),
        T(test_an_account),
        T(test_an_account_of_the_banks),
        T(test_money),
        T(test_the_order_that_is_due_first),
        T(test_a_batch_that_is_rolled_back),
        T(test_what_somebody_else_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
