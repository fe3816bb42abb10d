/* SPDX-License-Identifier: Apache-2.0
 *
 * One signature on many orders: each is taken or refused alone, counts as the same vote as a
 * decision of its own, and all of them are no more than what the signer saw.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define S WORLD_SECOND
#define MANY 5

/* Orders and one person's signature on all of them. */
struct many {
    struct world_order orders[MANY];
    struct batch_inclusion places[MANY];
    struct buf jws;
    size_t count;
};

static void orders(struct world *w, struct many *m, size_t count, const char *amount)
{
    *m = (struct many){.count = count};
    for (size_t i = 0; i < count; i++)
        world_order(w, amount, &m->orders[i]);
}

static void sign(struct world *w, const struct person *signer, struct many *m,
                 const struct world_says *says)
{
    world_sign_many(w, signer, m->orders, m->count, NULL, says, &m->jws, m->places);
}

static const char *send(struct world *w, const struct person *caller, const struct many *m,
                        size_t i)
{
    return world_hand_in_place(w, caller, &m->jws, &m->orders[i], &m->places[i]);
}

static void done(struct many *m)
{
    for (size_t i = 0; i < m->count; i++)
        world_order_free(&m->orders[i]);
    buf_free(&m->jws);
}

static void test_two_orders(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 2, "10.00");
    sign(w, &w->alice, &m, NULL);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(send(w, &w->alice, &m, i), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    sign(w, &w->bob, &m, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(send(w, &w->bob, &m, i), "OK");
        assert_string_equal(world_text(w, "status"), "ACSC");
    }
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "8000/0");
    for (size_t i = 0; i < 2; i++) {
        struct verify_report r = world_proves(w, &w->alice, &m.orders[i], "ACSC");
        assert_int_equal(r.signer_count, 2);
        assert_int_equal(r.signers[0].batch, 2);
        assert_int_equal(r.signers[1].batch, 2);
    }
    assert_string_equal(world_sql(w, "SELECT group_concat(taken || ' ' || taken_amount, ', ')"
                                     " FROM batch"),
                        "2 2000, 2 2000");
    done(&m);
}

/* Whatever becomes of one, the others go their way; what is refused counts for nothing. */
static void test_each_is_taken_or_refused_alone(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 3, "40.00"); /* together more than the account has */
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    assert_string_equal(send(w, &w->alice, &m, 2), "FUNDS_INSUFFICIENT");
    assert_string_equal(world_sql(w, "SELECT taken || ' ' || taken_amount FROM batch"), "2 8000");
    assert_string_equal(world_decide(w, &w->bob, &m.orders[0], VERB_REJECT), "OK");
    assert_string_equal(world_decide(w, &w->bob, &m.orders[1], VERB_APPROVE), "OK");
    world_proves(w, &w->alice, &m.orders[0], "RJCT");
    world_proves(w, &w->alice, &m.orders[1], "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "6000/0");
    /* by its own now that there is less to pay: the first no was an answer to the batch */
    assert_string_equal(send(w, &w->alice, &m, 2), "FUNDS_INSUFFICIENT");
    assert_string_equal(world_decide(w, &w->alice, &m.orders[2], VERB_APPROVE), "OK");
    done(&m);
}

/* Some hand in, a clerk or a co-holder: the batch then decides on what is there. */
static void test_on_orders_that_wait(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 2, "1.00");
    assert_string_equal(world_decide(w, &w->alice, &m.orders[0], VERB_SUBMIT), "OK");
    assert_string_equal(world_decide(w, &w->bob, &m.orders[0], VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->alice, &m.orders[1], VERB_APPROVE), "OK");
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->bob, &m, 0), "OK"); /* whose session it is does not matter */
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(send(w, &w->bob, &m, 1), "ALREADY_DECIDED");
    assert_string_equal(world_decide(w, &w->alice, &m.orders[1], VERB_CANCEL), "OK");
    world_proves(w, &w->bob, &m.orders[0], "ACSC");
    world_proves(w, &w->bob, &m.orders[1], "CANC");
    done(&m);
}

static void threat_01_an_order_of_a_batch_again(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 2, "10.00");
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_decide(w, &w->bob, &m.orders[0], VERB_APPROVE), "OK");
    char entries[32];
    snprintf(entries, sizeof entries, "%s", world_sql(w, "SELECT size FROM head"));
    for (int i = 0; i < 3; i++) {
        assert_string_equal(send(w, &w->alice, &m, 0), "OK");
        assert_string_equal(world_text(w, "status"), "PATC"); /* the first answer */
        assert_int_equal(w->answer.http, 201);
        world_later(w, 100);
        if (i == 1)
            world_restart(w);
    }
    assert_string_equal(world_sql(w, "SELECT size FROM head"), entries);
    assert_string_equal(world_sql(w, "SELECT taken FROM batch"), "1");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9000/0");
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    done(&m);
}

/* The other one of the two signatures that one signature is: another JWS with the same nonce. */
static void threat_01_the_nonce_of_a_batch_again(void **state)
{
    const struct world_says says = {.nonce = "AAAAAAAAAAAAAAAAAAAAAA"};
    struct world *w = *state;
    struct buf jws = {0};
    struct many m, other;

    orders(w, &m, 2, "1.00");
    orders(w, &other, 2, "2.00");
    sign(w, &w->alice, &m, &says);
    sign(w, &w->alice, &other, &says);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    assert_string_equal(send(w, &w->alice, &other, 0), "NONCE_REUSED");
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    assert_string_equal(send(w, &w->alice, &other, 1), "NONCE_REUSED");
    world_sign(w, &w->alice, &other.orders[0], VERB_APPROVE, &says, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &other.orders[0]), "NONCE_REUSED");
    assert_string_equal(world_decide(w, &w->alice, &other.orders[0], VERB_APPROVE), "OK");
    buf_free(&jws);
    done(&m);
    done(&other);
}

static void threat_02_a_batch_of_another_account_or_bank(void **state)
{
    struct world *w = *state;
    struct world_order shop;
    struct many m;

    orders(w, &m, 1, "1.00");
    world_order_on(w, WORLD_SHOP_ACCOUNT, "1.00", "", &shop);
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(world_hand_in_place(w, &w->carol, &m.jws, &shop, &m.places[0]),
                        "ACCOUNT_MISMATCH");
    assert_string_equal(send(w, &w->carol, &m, 0), "ACCOUNT_UNKNOWN"); /* not hers to know of */
    sign(w, &w->carol, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "NOT_A_HOLDER");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    world_order_free(&shop);
    done(&m);
}

static void threat_03_an_order_that_is_not_in_the_batch(void **state)
{
    struct world *w = *state;
    struct many m, other;

    orders(w, &m, 2, "1.00");
    orders(w, &other, 1, "1.00");
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(world_hand_in_place(w, &w->alice, &m.jws, &other.orders[0], &m.places[0]),
                        "BATCH_PROOF_INVALID");
    assert_string_equal(world_hand_in_place(w, &w->alice, &m.jws, &m.orders[0], &m.places[1]),
                        "BATCH_PROOF_INVALID");
    assert_string_equal(world_hand_in(w, &w->alice, &m.jws, &m.orders[0]), "JWS_TYPE");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM batch"), "0");
    done(&m);
    done(&other);
}

/* A program that shows one sum and signs for more: the bank holds it to what was shown. */
static void threat_08_more_than_the_signer_saw(void **state)
{
    struct world *w = *state;
    const struct batch lie = {.totals = {{"EUR", 2000}}, .total_count = 1};
    const struct batch dollars = {.totals = {{"EUR", 3000}, {"USD", 1}}, .total_count = 2};
    struct many m;

    orders(w, &m, 3, "10.00");
    world_sign_many(w, &w->alice, m.orders, m.count, &lie, NULL, &m.jws, m.places);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    assert_string_equal(send(w, &w->alice, &m, 2), "BATCH_EXCEEDED");
    assert_string_equal(send(w, &w->alice, &m, 2), "BATCH_EXCEEDED");
    assert_string_equal(world_sql(w, "SELECT taken || ' ' || taken_amount FROM batch"), "2 2000");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/2000");
    world_sign_many(w, &w->alice, &m.orders[2], 1, &dollars, NULL, &m.jws, m.places);
    assert_string_equal(world_hand_in_place(w, &w->alice, &m.jws, &m.orders[2], &m.places[0]),
                        "CURRENCY_MISMATCH");
    done(&m);
}

/* More orders than the tree has leaves nobody can make; were it so, the count holds. */
static void threat_08_more_orders_than_were_counted(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 2, "1.00");
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    world_execute(w, "UPDATE batch SET taken = 2");
    assert_string_equal(send(w, &w->alice, &m, 1), "BATCH_EXCEEDED");
    done(&m);
}

static void threat_09_a_batch_is_fresh_once(void **state)
{
    struct world *w = *state;
    struct many m, late;
    int64_t signed_us = w->time.now_us;
    const struct world_says says = {.issued_us = signed_us, .expires_us = signed_us + 7200 * S};

    orders(w, &m, 2, "1.00");
    orders(w, &late, 2, "2.00");
    sign(w, &w->alice, &m, &says);
    sign(w, &w->alice, &late, &says);
    world_later(w, 300);
    world_login(w, &w->alice);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    world_later(w, 1);
    assert_string_equal(send(w, &w->alice, &late, 0), "ISSUED_TOO_OLD");
    assert_string_equal(send(w, &w->alice, &late, 1), "ISSUED_TOO_OLD");
    world_later(w, 3000);
    world_login(w, &w->alice);
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    world_proves(w, &w->alice, &m.orders[1], "PATC");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM batch"), "1");
    done(&m);
    done(&late);
}

/* Even where the first of its orders was refused: its age is judged no more. */
static void threat_09_a_refused_first_order(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 1, "1000.00");
    m.count = 2;
    world_order(w, "1.00", &m.orders[1]);
    sign(w, &w->alice, &m, NULL);
    world_later(w, 299);
    assert_string_equal(send(w, &w->alice, &m, 0), "FUNDS_INSUFFICIENT");
    world_later(w, 2);
    world_login(w, &w->alice);
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    world_proves(w, &w->alice, &m.orders[1], "PATC");
    done(&m);
}

static void threat_09_a_batch_that_expired_or_is_below_the_floor(void **state)
{
    struct world *w = *state;
    struct many m;
    const struct world_says brief = {.issued_us = w->time.now_us,
                                     .expires_us = w->time.now_us + 60 * S};

    orders(w, &m, 3, "1.00");
    sign(w, &w->alice, &m, &brief);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    world_later(w, 60);
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    world_later(w, 1);
    assert_string_equal(send(w, &w->alice, &m, 2), "STATEMENT_EXPIRED");
    done(&m);
    orders(w, &m, 2, "1.00");
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    world_execute(w, "UPDATE signing_key SET floor_us = floor_us + 1000000000");
    assert_string_equal(send(w, &w->alice, &m, 1), "KEY_FLOOR");
    done(&m);
}

static const char *set_key(struct world *w, const struct person *p, const char *status)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, p->name, key_thumbprint(p->key), status,
                              "lost", &w->answer));
    return err_name(w->answer.err);
}

static void threat_10_the_key_of_a_batch_is_revoked(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 1, "1.00");
    m.count = 2;
    world_order_on(w, WORLD_ALICE_ACCOUNT, "2.00", "\"date\":\"2026-11-25\",", &m.orders[1]);
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    assert_string_equal(world_decide(w, &w->bob, &m.orders[1], VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACCP");
    assert_string_equal(set_key(w, &w->alice, "revoked"), "OK");
    assert_string_equal(send(w, &w->bob, &m, 0), "KEY_INACTIVE");
    world_later(w, 3 * 86400);
    world_look(w, 10);
    assert_string_equal(world_newest(w), "RJCTDS0C");
    world_login(w, &w->bob);
    world_proves(w, &w->bob, &m.orders[1], "RJCT");
    done(&m);
}

static void threat_11_two_batches_of_one_person(void **state)
{
    struct world *w = *state;
    struct many m;

    orders(w, &m, 2, "1.00");
    for (int i = 0; i < 2; i++) {
        sign(w, &w->alice, &m, NULL);
        assert_string_equal(send(w, &w->alice, &m, 0), i == 0 ? "OK" : "ALREADY_DECIDED");
    }
    assert_string_equal(world_decide(w, &w->alice, &m.orders[0], VERB_APPROVE), "ALREADY_DECIDED");
    assert_string_equal(world_newest(w), "PATC");
    done(&m);
}

/* --- a policy that wants single signatures --- */

static struct policy *single_policy(void)
{
    const char *text =
        "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK
        "\",\"holders\":[{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\","
        "\"id\":\"bob\"}],\"rules\":[{\"require\":\"all\"}],\"signatures\":\"single\","
        "\"title\":\"One by one\",\"type\":\"policy\",\"validFrom\":"
        "\"2026-11-01T00:00:00Z\",\"version\":2}";
    struct policy *p = NULL;

    assert_ok(policy_parse(text, strlen(text), &p));
    return p;
}

static void test_single_signatures(void **state)
{
    struct world *w = *state;
    struct policy *single = single_policy();
    struct many m;

    assert_string_equal(world_policy_decide(w, &w->alice, single, VERB_APPROVE), "OK");
    assert_string_equal(world_policy_decide(w, &w->bob, single, VERB_APPROVE), "OK");
    orders(w, &m, 2, "1.00");
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "BATCH_NOT_ALLOWED");
    assert_string_equal(world_decide(w, &w->alice, &m.orders[0], VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &m.orders[0], VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    policy_free(single);
    done(&m);
}

/* The order's own policy lets a batch, the one in force does not: both are asked. */
static void test_single_signatures_since(void **state)
{
    struct world *w = *state;
    struct policy *single = single_policy();
    struct world_says says = {.policy = NULL};
    struct many m;
    struct buf jws = {0};

    orders(w, &m, 2, "1.00");
    says.policy = world_policy_of(w, m.orders[0].order.account);
    sign(w, &w->alice, &m, NULL);
    assert_string_equal(send(w, &w->alice, &m, 0), "OK");
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    assert_string_equal(world_policy_decide(w, &w->alice, single, VERB_APPROVE), "OK");
    assert_string_equal(world_policy_decide(w, &w->bob, single, VERB_APPROVE), "OK");
    sign(w, &w->bob, &m, &says);
    assert_string_equal(send(w, &w->bob, &m, 0), "BATCH_NOT_ALLOWED");
    world_sign(w, &w->bob, &m.orders[0], VERB_APPROVE, &says, &jws);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &m.orders[0]), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC"); /* alice's word by batch stands */
    world_proves(w, &w->alice, &m.orders[0], "ACSC");
    buf_free(&jws);
    policy_free(single);
    done(&m);
}

/* --- a policy that did not come into force --- */

static struct policy *next_policy(struct world *w)
{
    return world_policy(w, WORLD_ALICE_ACCOUNT, 2,
                        "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}",
                        "{\"require\":\"all\"}");
}

/* Bob's word would bring it into force, but the transaction fails. */
static void vote_in_vain(struct world *w, const struct policy *next)
{
    w->in_batch = true;
    assert_ok(core_begin(w->core, &w->time));
    assert_string_equal(world_policy_decide(w, &w->bob, next, VERB_APPROVE), "OK");
    w->in_batch = false;
    core_rollback(w->core);
}

/* Evidence has no policy that was in force when the bank entered the batch: it must not enter it,
 * though it had the policy in its hands. */
static void threat_08_a_batch_under_a_policy_not_in_force(void **state)
{
    struct world *w = *state;
    struct policy *next = next_policy(w);
    const struct world_says says = {.policy = next};
    struct many m;

    assert_string_equal(world_policy_decide(w, &w->alice, next, VERB_APPROVE), "OK");
    vote_in_vain(w, next);
    orders(w, &m, 2, "1.00");
    sign(w, &w->alice, &m, &says);
    assert_string_equal(send(w, &w->alice, &m, 0), "POLICY_MISMATCH");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM batch"), "0");
    assert_string_equal(world_policy_decide(w, &w->bob, next, VERB_APPROVE), "OK");
    assert_string_equal(send(w, &w->alice, &m, 1), "OK");
    world_proves(w, &w->alice, &m.orders[1], "PATC");
    policy_free(next);
    done(&m);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_enter, world_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_two_orders),
        CASE(test_each_is_taken_or_refused_alone),
        CASE(test_on_orders_that_wait),
        CASE(threat_01_an_order_of_a_batch_again),
        CASE(threat_01_the_nonce_of_a_batch_again),
        CASE(threat_02_a_batch_of_another_account_or_bank),
        CASE(threat_03_an_order_that_is_not_in_the_batch),
        CASE(threat_08_more_than_the_signer_saw),
        CASE(threat_08_more_orders_than_were_counted),
        CASE(threat_09_a_batch_is_fresh_once),
        CASE(threat_09_a_refused_first_order),
        CASE(threat_09_a_batch_that_expired_or_is_below_the_floor),
        CASE(threat_10_the_key_of_a_batch_is_revoked),
        CASE(threat_11_two_batches_of_one_person),
        CASE(test_single_signatures),
        CASE(test_single_signatures_since),
        CASE(threat_08_a_batch_under_a_policy_not_in_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
