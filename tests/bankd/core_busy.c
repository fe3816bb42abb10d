/* SPDX-License-Identifier: Apache-2.0
 *
 * One account has more to do than others may wait for.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"
#define DAY 86400
#define FEW 64     /* of each account, in a batch */
#define MANY 1024  /* more of them together */
#define REST 200   /* more than FEW */
#define AT_ONCE 66 /* of the logins' time */

static const char *executed(struct world *w)
{
    return world_sql(w, "SELECT count(*) FROM orders WHERE status = 'ACSC'");
}

static void hand_in_many(struct world *w, const char *account, size_t count)
{
    for (size_t i = 0; i < count;) {
        world_login(w, &w->alice);
        world_batch(w);
        for (size_t k = 0; k < AT_ONCE && i < count; k++, i++) {
            struct world_order o;
            world_order_on(w, account, "0.01", "\"date\":\"2026-11-24\",", &o);
            assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
            world_order_free(&o);
        }
        world_batch_end(w);
    }
}

static enum err look_at(struct world *w, const char *account)
{
    const struct core_caller alice = {.session = w->alice.session};

    world_begin(w);
    world_end(w, core_account(w->core, &alice, account, &w->answer));
    enum err e = w->answer.err;
    core_answer_free(&w->answer);
    return e;
}

/* --- an operator's act --- */

#define BLOCK "/v1/accounts/" FIRM "/block"

struct wish {
    struct world *w;
    const char *path;
    core_run_fn run;
    struct core_word word; /* of HOLD */
};

static enum err block(void *ctx, const struct core_operator *as, struct core_answer *out)
{
    const struct core_caller who = {.operator_name = as->name, .roles = as->roles, .act = as->act};
    const struct wish *wish = ctx;

    return core_account_state(wish->w->core, &who, FIRM, CORE_ACCOUNT_BLOCK, "as told", out);
}

static enum err hold(void *ctx, const struct core_operator *as, struct core_answer *out)
{
    const struct core_caller who = {.operator_name = as->name, .roles = as->roles, .act = as->act};
    const struct wish *wish = ctx;

    return core_order_hold(wish->w->core, &who, &wish->word, out);
}

static enum err act(struct wish *wish, const struct person *p, const struct buf *jws)
{
    const struct core_caller who = {.session = p->session};
    struct world *w = wish->w;
    const struct verify_act_input in = {.bank = WORLD_BANK,
                                        .path = wish->path,
                                        .jws = buf_str(jws),
                                        .jws_len = jws->len,
                                        .keys = core_keys(w->core)};
    struct verified *verified = NULL;

    assert_ok(verify_act(&in, &verified));
    core_answer_free(&w->answer);
    world_begin(w);
    world_end(w, core_act(w->core, &who, verified, ROLE_ANY, wish->run, wish, &w->answer));
    verified_free(verified);
    return w->answer.err;
}

/* --- */

/* They fall due together: who comes is told to come again, others are not kept waiting, and nothing
 * that came too early is held against it. */
static void test_a_day_with_more_than_a_batch_may_do(void **state)
{
    static const char *const alone[] = {"alice"};
    const struct world_account firm = {.account = FIRM,
                                       .holders = alone,
                                       .count = 1,
                                       .limits = "[{\"amount\":\"900.00\",\"per\":\"month\"}]"};
    struct world *w = *state;
    struct world_order early;
    struct wish wish = {.w = w, .path = BLOCK, .run = block};
    struct person sven = {0};
    struct buf jws = {0}, word = {0};
    char text[16];

    world_key(&sven, "sven", "P-256");
    world_operator_add(w, &sven, ROLE_BIT(ROLE_SECURITY));
    world_open_funded(w, &firm, "1000.00");
    hand_in_many(w, FIRM, FEW + MANY + REST);
    hand_in_many(w, WORLD_ALICE_ACCOUNT, 1);
    world_later(w, DAY);
    world_login(w, &w->alice);
    world_order_on(w, FIRM, "0.05", "", &early);
    world_sign(w, &w->alice, &early, VERB_APPROVE, NULL, &jws);
    world_login(w, &sven);
    world_sign_act(w, &sven, BLOCK, &word);
    assert_string_equal(executed(w), "0");

    world_batch(w);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &early), "BUSY");
    assert_err(look_at(w, FIRM), ERR_BUSY);
    assert_err(act(&wish, &sven, &word), ERR_BUSY);
    assert_ok(look_at(w, WORLD_ALICE_ACCOUNT));
    world_batch_end(w);
    snprintf(text, sizeof text, "%d", FEW + MANY);
    assert_string_equal(executed(w), text); /* however often it was touched */

    assert_string_equal(world_hand_in(w, &w->alice, &jws, &early), "OK");
    snprintf(text, sizeof text, "%d", FEW + MANY + REST + 1);
    assert_string_equal(executed(w), text);
    assert_string_equal(world_sql(w, "SELECT sum(amount) FROM spending"), "1293");
    assert_ok(act(&wish, &sven, &word));
    assert_string_equal(world_text(w, "state"), "blocked");
    world_person_free(&sven);
    buf_free(&word);
    buf_free(&jws);
    world_order_free(&early);
}

/* What an operator wants held back may come after his word, which is no worse for that. */
static void test_an_act_before_its_order(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct person paula = {0};
    struct buf word = {0};
    char size[24];
    struct wish wish = {.w = w, .path = "/v1/hold", .run = hold};

    world_key(&paula, "paula", "P-256");
    world_operator_add(w, &paula, ROLE_BIT(ROLE_PAYMENTS));
    world_login(w, &paula);
    world_order(w, "10.00", &o);
    wish.word = (struct core_word){o.order.account, o.order.id, "as told", 0};
    world_sign_act(w, &paula, wish.path, &word);
    assert_err(act(&wish, &paula, &word), ERR_NOT_FOUND);
    assert_err(act(&wish, &paula, &word), ERR_NOT_FOUND);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_ok(act(&wish, &paula, &word));
    snprintf(size, sizeof size, "%s", world_sql(w, "SELECT count(*) FROM entry"));
    assert_ok(act(&wish, &paula, &word)); /* its answer from then on */
    assert_string_equal(world_sql(w, "SELECT count(*) FROM entry"), size);
    world_person_free(&paula);
    buf_free(&word);
    world_order_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_day_with_more_than_a_batch_may_do, world_enter,
                                        world_leave),
        cmocka_unit_test_setup_teardown(test_an_act_before_its_order, world_enter, world_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
