/* SPDX-License-Identifier: Apache-2.0
 * Delegations: the golden ones pass, and not for another bank, account, policy or kind. */
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <string.h>

#define BANK "demobank.example/demo"
#define ACCOUNT "PT50000201231234567890154"

struct scene {
    struct golden_keys keys;
    struct policy *policy, *other;
    struct buf give, withdraw;
};

static int enter(void **state)
{
    static struct scene s;

    s = (struct scene){golden_keys_load(), golden_policy("policy-deputies.json"),
                       golden_policy("policy.json"), golden_read("delegation-give.jws"),
                       golden_read("delegation-withdraw.jws")};
    *state = &s;
    return 0;
}

static int leave(void **state)
{
    struct scene *s = *state;

    golden_keys_free(&s->keys);
    policy_free(s->policy);
    policy_free(s->other);
    buf_free(&s->give);
    buf_free(&s->withdraw);
    return 0;
}

static const struct policy *find_policy(void *ctx, const uint8_t digest[static DIGEST_LEN])
{
    (void)digest;
    return ctx;
}

static struct verify_delegation_input ask(const struct scene *s, const struct buf *jws)
{
    return (struct verify_delegation_input){.bank = BANK,
                                            .account = ACCOUNT,
                                            .jws = buf_str(jws),
                                            .jws_len = jws->len,
                                            .policies = {find_policy, s->policy},
                                            .keys = golden_keys_lookup(&s->keys)};
}

static void assert_shown(const struct verified *v, const struct policy *policy, const char *name)
{
    struct buf expected = golden_read(name), text = {0};

    assert_ok(delegation_display_render(verified_delegation(v), policy, &text));
    assert_string_equal(buf_str(&text), buf_str(&expected));
    buf_free(&expected);
    buf_free(&text);
}

static void golden_delegations(void **state)
{
    struct scene *s = *state;
    struct verify_delegation_input give = ask(s, &s->give), withdraw = ask(s, &s->withdraw);
    struct verified *v = NULL;

    assert_ok(verify_delegation(&give, &v));
    assert_int_equal(verified_kind(v), STATEMENT_DELEGATION);
    assert_string_equal(verified_signer(v), golden_digest("alice"));
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_null(verified_decision(v));
    assert_string_equal(verified_delegation(v)->deputy, "bob");
    assert_int_equal(verified_delegation(v)->amount_minor, 7778);
    assert_shown(v, s->policy, "delegation-give.txt");
    verified_free(v);
    assert_ok(verify_delegation(&withdraw, &v));
    assert_int_equal(verified_delegation(v)->verb, DELEGATION_WITHDRAW);
    assert_shown(v, NULL, "delegation-withdraw.txt");
    verified_free(v);
}

static void threat_02_delegations_of_something_else(void **state)
{
    struct scene *s = *state;
    struct buf decision = golden_read("decision.jws");
    const struct {
        const struct buf *jws;
        const char *bank, *account;
        const struct policy *policy;
        enum err expected;
    } rows[] = {
        {&s->give, BANK, ACCOUNT, s->policy, ERR_OK},
        {&s->give, "demobank.example/test", ACCOUNT, s->policy, ERR_BANK_MISMATCH},
        {&s->give, BANK, "DE89370400440532013000", s->policy, ERR_ACCOUNT_MISMATCH},
        {&s->give, BANK, ACCOUNT, s->other, ERR_POLICY_MISMATCH},
        {&s->withdraw, "demobank.example/test", ACCOUNT, NULL, ERR_BANK_MISMATCH},
        {&s->withdraw, BANK, "DE89370400440532013000", NULL, ERR_ACCOUNT_MISMATCH},
        {&decision, BANK, ACCOUNT, s->policy, ERR_JWS_TYPE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verify_delegation_input in = ask(s, rows[i].jws);
        struct verified *v = NULL;

        in.bank = rows[i].bank;
        in.account = rows[i].account;
        in.policy = rows[i].policy;
        assert_err(verify_delegation(&in, &v), rows[i].expected);
        assert_true((v != NULL) == (rows[i].expected == ERR_OK));
        verified_free(v);
    }
    struct verify_delegation_input nowhere = ask(s, &s->give);
    struct verified *v = NULL;
    nowhere.policies.find = NULL;
    assert_err(verify_delegation(&nowhere, &v), ERR_POLICY_MISMATCH);
    buf_free(&decision);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        T(golden_delegations),
        T(threat_02_delegations_of_something_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
