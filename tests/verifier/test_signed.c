/* SPDX-License-Identifier: Apache-2.0
 * Statements signed here, each sound but for what it says: a decision under a policy that is not
 * its order's, a bank's keys that contradict themselves. */
#include "order/decision.h"
#include "order/statement.h"
#include "tests/base/unit.h"
#include "tests/order/policy_all.h"
#include "tests/order/soft_key.h"
#include "tests/verifier/golden.h"

#include <string.h>

#define BANK "demobank.example/demo"
#define TEST_BANK "demobank.example/test"
#define ACCOUNT "PT50000201231234567890154"
#define OTHER_ACCOUNT "DE89370400440532013000"
#define NOON INT64_C(1795348800000000) /* 2026-11-22T12:00:00Z */
#define HOUR INT64_C(3600000000)

static struct statement head(const char *challenge)
{
    struct statement h = {.bank = BANK, .issued_us = NOON, .expires_us = NOON + HOUR};

    memset(h.nonce, 'A', NONCE_LEN);
    strcpy(h.challenge, challenge);
    return h;
}

/* --- a decision under a policy that is not its order's --- */

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct key *key = soft_key_public(ctx);

    return strcmp(key_thumbprint(key), thumbprint) == 0 ? key : NULL;
}

static const struct policy *find_policy(void *ctx, const uint8_t digest[static DIGEST_LEN])
{
    (void)digest; /* a careless one */
    return ctx;
}

static struct policy *make_policy(const char *bank, const char *account)
{
    static const char *const both[] = {"alice", "bob"};
    struct buf bytes = {0};
    struct policy *p = NULL;

    assert_ok(policy_all(bank, account, "Both", 1, NOON, both, 2, &bytes));
    assert_ok(policy_parse(bytes.data, bytes.len, &p));
    buf_free(&bytes);
    return p;
}

/* The order's approval under SIGNED_POLICY, judged where LOOKED_UP is what a search finds; NULL:
 * the policy is handed in with the decision. */
static enum err judge(struct policy *signed_policy, struct policy *looked_up)
{
    const struct statement h = head("");
    struct soft_key *alice = soft_key_new(KEY_ES256);
    struct buf bytes = golden_read("order.json"), payload = {0}, jws = {0};
    struct order order;
    struct verified *v = NULL;

    assert_ok(order_parse(bytes.data, bytes.len, &order));
    assert_ok(decision_make(&order, signed_policy, VERB_APPROVE, &h, &payload));
    assert_ok(jws_make(soft_key_public(alice), statement_typ(STATEMENT_DECISION), payload.data,
                       payload.len, soft_key_sign, alice, &jws));
    const struct verify_decision_input in = {.bank = BANK,
                                             .jws = buf_str(&jws),
                                             .jws_len = jws.len,
                                             .order = &order,
                                             .policy = looked_up ? NULL : signed_policy,
                                             .policies = {find_policy, looked_up},
                                             .keys = {find_key, alice}};
    enum err e = verify_decision(&in, &v);
    assert_true((v != NULL) == (e == ERR_OK));
    verified_free(v);
    buf_free(&bytes);
    buf_free(&payload);
    buf_free(&jws);
    soft_key_free(alice);
    return e;
}

static void threat_02_a_policy_of_another_account(void **state)
{
    struct policy *own = make_policy(BANK, ACCOUNT), *other = make_policy(BANK, OTHER_ACCOUNT);
    struct policy *foreign = make_policy(TEST_BANK, ACCOUNT);

    (void)state;
    assert_err(judge(own, NULL), ERR_OK);
    assert_err(judge(own, own), ERR_OK);
    assert_err(judge(other, NULL), ERR_ACCOUNT_MISMATCH);
    assert_err(judge(other, other), ERR_ACCOUNT_MISMATCH);
    assert_err(judge(foreign, NULL), ERR_BANK_MISMATCH);
    assert_err(judge(foreign, foreign), ERR_BANK_MISMATCH);
    assert_err(judge(own, other), ERR_POLICY_MISMATCH);
    policy_free(own);
    policy_free(other);
    policy_free(foreign);
}

/* --- a bank's keys --- */

struct bank {
    struct soft_key *root, *log;
    struct statement_bank_keys keys;
};

static void put_key(const struct soft_key *k, uint8_t out[static KEY_SPKI_MAX], size_t *len)
{
    const uint8_t *spki = key_spki(soft_key_public(k), len);

    memcpy(out, spki, *len);
}

/* A bank whose statement names COUNT keys; they are all the log key. */
static struct bank open_bank(size_t count)
{
    struct bank b = {.root = soft_key_new(KEY_ES256), .log = soft_key_new(KEY_ES256)};

    b.keys.head = head("");
    b.keys.count = count;
    put_key(b.root, b.keys.root_spki, &b.keys.root_spki_len);
    for (size_t i = 0; i < count; i++) {
        b.keys.keys[i].use = BANK_KEY_LOG;
        put_key(b.log, b.keys.keys[i].spki, &b.keys.keys[i].spki_len);
    }
    return b;
}

/* Signs what the bank says, with the text OLD in it replaced by NEW of the same length, and asks
 * the verifier. Closes the bank. */
static enum err publish(struct bank *b, const char *old, const char *new)
{
    const struct key *root = soft_key_public(b->root);
    struct statement_bank_keys out;
    struct buf payload = {0}, jws = {0};

    assert_ok(statement_bank_keys_make(&b->keys, &payload));
    if (old) {
        char *at = strstr((char *)payload.data, old);
        assert_non_null(at);
        assert_int_equal(strlen(old), strlen(new));
        memcpy(at, new, strlen(new));
    }
    assert_ok(jws_make(root, statement_typ(STATEMENT_BANK_KEYS), payload.data, payload.len,
                       soft_key_sign, b->root, &jws));
    enum err e = verify_bank_keys(buf_str(&jws), jws.len, key_thumbprint(root), &out);
    assert_true((out.count != 0) == (e == ERR_OK));
    buf_free(&payload);
    buf_free(&jws);
    soft_key_free(b->root);
    soft_key_free(b->log);
    return e;
}

static void exactly_one_log_key(void **state)
{
    struct bank b = open_bank(1);

    (void)state;
    assert_err(publish(&b, NULL, NULL), ERR_OK);
    b = open_bank(2);
    b.keys.keys[1].use = BANK_KEY_UNWRAP;
    assert_err(publish(&b, NULL, NULL), ERR_OK);
    b = open_bank(2);
    assert_err(publish(&b, NULL, NULL), ERR_DOC_MEMBER_INVALID);
    b = open_bank(1);
    b.keys.keys[0].use = BANK_KEY_UNWRAP;
    assert_err(publish(&b, NULL, NULL), ERR_DOC_MEMBER_INVALID);
    b = open_bank(1);
    assert_err(publish(&b, "\"use\":\"log\"", "\"use\":\"Log\""), ERR_DOC_MEMBER_INVALID);
}

static void a_key_and_its_thumbprint(void **state)
{
    struct bank b = open_bank(1);
    char log[KEY_THUMBPRINT_LEN + 1], root[KEY_THUMBPRINT_LEN + 1];

    (void)state;
    strcpy(log, key_thumbprint(soft_key_public(b.log)));
    strcpy(root, key_thumbprint(soft_key_public(b.root)));
    assert_err(publish(&b, log, root), ERR_KEY_MISMATCH);
}

static void the_root_inside_is_the_pinned_one(void **state)
{
    struct bank b = open_bank(1);

    (void)state;
    put_key(b.log, b.keys.root_spki, &b.keys.root_spki_len);
    assert_err(publish(&b, NULL, NULL), ERR_KEY_MISMATCH);
}

static void nobody_challenges_the_bank(void **state)
{
    struct bank b = open_bank(1);

    (void)state;
    b.keys.head = head("AAAAAAAAAAAAAAAAAAAAAA");
    assert_err(publish(&b, NULL, NULL), ERR_DOC_MEMBER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threat_02_a_policy_of_another_account),
        cmocka_unit_test(exactly_one_log_key),
        cmocka_unit_test(a_key_and_its_thumbprint),
        cmocka_unit_test(the_root_inside_is_the_pinned_one),
        cmocka_unit_test(nobody_challenges_the_bank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
