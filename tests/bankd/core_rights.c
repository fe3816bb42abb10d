/* SPDX-License-Identifier: Apache-2.0
 *
 * Rights: who may hand in and who may approve, and a right that is lowered while an order waits.
 */
#include "bankd/core/rights.h"
#include "base/text.h"
#include "order/policy.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

/* Alice may approve, Bob may only hand in. */
#define POLICY                                                                                     \
    "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK "\",\"holders\":["           \
    "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"T\",\"id\":\"bob\"}],"                        \
    "\"rules\":[{\"require\":\"all\"}],\"title\":\"Alice\",\"type\":\"policy\","                   \
    "\"validFrom\":\"2026-11-23T09:00:00Z\",\"version\":2}"

static struct policy *alice_alone(void)
{
    struct policy *p = NULL;

    assert_ok(policy_parse(POLICY, sizeof POLICY - 1, &p));
    return p;
}

static void test_rights(void **state)
{
    static const struct {
        const char *holder;
        enum verb verb;
        enum err verdict;
    } rows[] = {
        {"alice", VERB_SUBMIT, ERR_OK},
        {"alice", VERB_APPROVE, ERR_OK},
        {"alice", VERB_REJECT, ERR_OK},
        {"alice", VERB_CANCEL, ERR_OK},
        {"bob", VERB_SUBMIT, ERR_OK},
        {"bob", VERB_APPROVE, ERR_MAY_NOT_APPROVE},
        {"bob", VERB_REJECT, ERR_MAY_NOT_APPROVE},
        {"bob", VERB_CANCEL, ERR_OK},
        {"carol", VERB_SUBMIT, ERR_NOT_A_HOLDER},
        {"carol", VERB_APPROVE, ERR_NOT_A_HOLDER},
        {"carol", VERB_REJECT, ERR_NOT_A_HOLDER},
        {"carol", VERB_CANCEL, ERR_NOT_A_HOLDER},
        {"Alice", VERB_SUBMIT, ERR_NOT_A_HOLDER},
        {"", VERB_SUBMIT, ERR_NOT_A_HOLDER},
    };
    struct policy *p = alice_alone();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_err(rights_check(p, rows[i].holder, rows[i].verb), rows[i].verdict);
    policy_free(p);
}

/* A second version of the account's policy, as a later part of the bank will enter it. */
static void lower_bob(struct world *w)
{
    struct policy *p = alice_alone();
    char digest[2 * DIGEST_LEN + 1], document[2 * sizeof POLICY], sql[4096];

    text_hex(policy_digest(p), DIGEST_LEN, digest);
    text_hex((const uint8_t *)POLICY, sizeof POLICY - 1, document);
    snprintf(sql, sizeof sql,
             "INSERT INTO policy (digest, account, version, document, entry)"
             " VALUES (x'%s', '" WORLD_ALICE_ACCOUNT "', 2, x'%s', 0);"
             "UPDATE account SET policy = last_insert_rowid()"
             " WHERE account = '" WORLD_ALICE_ACCOUNT "'",
             digest, document);
    policy_free(p);
    world_execute(w, sql);
    world_restart(w);
}

static void threat_10_a_right_lowered_in_between(void **state)
{
    static struct world world;
    struct world *w = &world;
    struct world_order o, next;
    struct buf jws = {0};

    (void)state;
    world_open(w);
    world_populate(w);
    world_order(w, "60.00", &o);
    world_order(w, "10.00", &next);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_sign(w, &w->bob, &o, VERB_APPROVE, NULL, &jws); /* under the policy of the order */
    lower_bob(w);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "MAY_NOT_APPROVE");
    assert_string_equal(world_sql(w, "SELECT status FROM orders"), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    assert_string_equal(world_decide(w, &w->bob, &next, VERB_APPROVE), "MAY_NOT_APPROVE");
    assert_string_equal(world_decide(w, &w->bob, &next, VERB_SUBMIT), "OK");
    assert_string_equal(world_text(w, "status"), "ACTC");
    assert_string_equal(world_decide(w, &w->alice, &next, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9000/6000");
    world_check(w);
    world_close(w);
    buf_free(&jws);
    world_order_free(&o);
    world_order_free(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights),
        cmocka_unit_test(threat_10_a_right_lowered_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
