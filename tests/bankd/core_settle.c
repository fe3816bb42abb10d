/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bank knows beside the books, keys and policies, it knows once the books have it: not
 * before the commit, not after a rollback, and for certain after a commit whose result was lost.
 * The program is linked so that the store can lose it.
 */
#include "order/policy.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

enum err __real_store_commit(struct store *s);
enum err __wrap_store_commit(struct store *s);
enum err __real_store_step(struct store_query *q, bool *row);
enum err __wrap_store_step(struct store_query *q, bool *row);

static bool loses_result, is_silent;

enum err __wrap_store_commit(struct store *s)
{
    enum err e = __real_store_commit(s);

    return loses_result ? ERR_STORE_FAILED : e;
}

enum err __wrap_store_step(struct store_query *q, bool *row)
{
    return is_silent ? ERR_STORE_FAILED : __real_store_step(q, row);
}

/* --- what a batch brings --- */

struct brought {
    struct person dora;
    struct policy *two;
};

static struct policy *next_policy(struct world *w)
{
    return world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                        "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}",
                        "{\"require\":\"all\"}");
}

static void prepare(struct world *w, struct brought *b)
{
    b->two = next_policy(w);
    world_key(&b->dora, "dora", "P-256");
    assert_string_equal(world_policy_decide(w, &w->alice, b->two, VERB_APPROVE), "OK");
}

static void done(struct brought *b)
{
    world_person_free(&b->dora);
    policy_free(b->two);
}

static bool knows(struct world *w, const struct brought *b)
{
    struct verify_keys keys = core_keys(w->core);
    struct verify_policies policies = core_policies(w->core);
    bool key = keys.find(keys.ctx, key_thumbprint(b->dora.key)) != NULL;
    bool policy = policies.find(policies.ctx, policy_digest(b->two)) != NULL;

    assert_int_equal(key, policy);
    return key;
}

/* Begins a batch with a new key and a policy that comes into force, which is what counts in it. */
static void bring(struct world *w, struct brought *b)
{
    const struct core_caller bob = {.session = w->bob.session};

    world_batch(w);
    world_enrol(w, &b->dora);
    assert_string_equal(world_policy_decide(w, &w->bob, b->two, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "in-force");
    world_begin(w);
    world_end(w, core_account(w->core, &bob, WORLD_ALICE_ACCOUNT, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    w->in_batch = false;
    assert_false(knows(w, b));
}

/* --- the tests --- */

static void threat_23_a_batch_that_was_rolled_back(void **state)
{
    struct world *w = *state;
    struct brought b;

    prepare(w, &b);
    bring(w, &b);
    core_rollback(w->core);
    assert_false(knows(w, &b));
    assert_ok(core_begin(w->core, &w->time));
    assert_ok(core_commit(w->core));
    assert_false(knows(w, &b));
    bring(w, &b);
    assert_ok(core_commit(w->core));
    assert_true(knows(w, &b));
    done(&b);
}

/* The books have it though nobody said so. */
static void threat_23_a_result_that_was_lost(void **state)
{
    struct world *w = *state;
    struct brought b;

    prepare(w, &b);
    bring(w, &b);
    loses_result = true;
    assert_err(core_commit(w->core), ERR_STORE_FAILED);
    loses_result = false;
    assert_false(knows(w, &b));
    core_rollback(w->core);
    assert_true(knows(w, &b));
    done(&b);
}

/* It cannot be asked at once: the next batch begins with what holds. */
static void threat_23_a_store_that_falls_silent(void **state)
{
    struct world *w = *state;
    struct brought b;

    prepare(w, &b);
    bring(w, &b);
    loses_result = true;
    assert_err(core_commit(w->core), ERR_STORE_FAILED);
    loses_result = false;
    is_silent = true;
    core_rollback(w->core);
    is_silent = false;
    assert_false(knows(w, &b));
    assert_ok(core_begin(w->core, &w->time));
    assert_true(knows(w, &b));
    core_rollback(w->core);
    assert_true(knows(w, &b));
    done(&b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(threat_23_a_batch_that_was_rolled_back),
        CASE(threat_23_a_result_that_was_lost),
        CASE(threat_23_a_store_that_falls_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
