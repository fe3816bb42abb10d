/* SPDX-License-Identifier: Apache-2.0
 * Keys on SoftHSM2 that are used again after the sessions died under them. */
#include "token/inner.h"

#include "tests/base/unit.h"
#include "tests/token/keys.h"
#include "tests/token/softhsm.h"
#include <openssl/evp.h>

static void pools_sessions(void **state)
{
    struct token *t = softhsm_open(*state, "alice");

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    keys_sign_in_parallel(k, NULL, NULL);
    assert_in_range(t->idle_count, 1, 9); /* not leaked: eight threads and the test's own */
    assert_int_equal(t->in_use, 0);
    token_key_free(k);
    token_close(t);
}

/* What a pulled card, another program or pcscd does: the sessions are gone under the pool. */
static void sessions_lost(struct token *t)
{
    pthread_rwlock_rdlock(&t->module->lock);
    assert_int_equal(t->module->f->C_CloseAllSessions(t->slot), CKR_OK);
    pthread_rwlock_unlock(&t->module->lock);
}

static void logged_out_elsewhere(struct token *t)
{
    pthread_rwlock_rdlock(&t->module->lock);
    assert_int_equal(t->module->f->C_Logout(t->anchor), CKR_OK);
    pthread_rwlock_unlock(&t->module->lock);
}

static void module_restarted(struct token *t)
{
    pthread_rwlock_wrlock(&t->module->lock);
    assert_ok(token_module_restart(t->module));
    pthread_rwlock_unlock(&t->module->lock);
}

static void reattaches(void **state)
{
    static void (*const losses[])(struct token *) = {sessions_lost, logged_out_elsewhere,
                                                     module_restarted};
    struct token *t = softhsm_open(*state, "alice");

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        keys_sign_once(k);
        losses[i](t);
        keys_sign_once(k);
        losses[i](t);
        struct token_info info;
        assert_ok(token_info_of(t, &info));
        keys_generate(t, TOKEN_USE_DERIVE, TOKEN_P256, "open", (uint8_t)(i + 2));
    }
    token_key_free(k);
    token_close(t);
}

/* One loss a round: an operation comes back from one, and two in its way are an error. */
static void reattaches_under_load(void **state)
{
    struct token *t = softhsm_open(*state, "alice");

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    for (int i = 0; i < 5; i++)
        keys_sign_in_parallel(k, module_restarted, t);
    token_key_free(k);
    token_close(t);
}

/* The PIN was changed by another program: tried once when re-attaching, then forgotten. */
static void forgets_a_refused_pin(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    uint8_t hash[32] = {0}, sig[TOKEN_SIG_MAX];
    size_t len = 0;

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    struct token *other = softhsm_open(*state, "alice");
    struct token_pin *old = softhsm_pin(token_module_of(t), SOFTHSM_PIN);
    struct token_pin *fresh = softhsm_pin(token_module_of(t), "246813");
    assert_ok(token_change_pin(other, old, fresh, false));
    token_close(other);
    sessions_lost(t);
    assert_err(token_sign(k, hash, sizeof hash, sig, sizeof sig, &len), ERR_PIN_WRONG);
    assert_null(t->pin);
    assert_err(token_sign(k, hash, sizeof hash, sig, sizeof sig, &len), ERR_PIN_REQUIRED);
    assert_ok(token_login(t, fresh, false));
    keys_sign_once(k);
    token_pin_free(old);
    token_pin_free(fresh);
    token_key_free(k);
    token_close(t);
}

/* A public half that is not the private key's: nothing leaves. */
static void keeps_back_a_bad_signature(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    uint8_t hash[32] = {0}, sig[TOKEN_SIG_MAX] = {0}, none[TOKEN_SIG_MAX] = {0};
    size_t len = 1;

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    EVP_PKEY_free(k->public);
    k->public = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    assert_err(token_sign(k, hash, sizeof hash, sig, sizeof sig, &len), ERR_TOKEN_BAD_SIGNATURE);
    assert_int_equal(len, 0);
    assert_memory_equal(sig, none, sizeof sig);
    token_key_free(k);
    token_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pools_sessions, softhsm_setup_alice, softhsm_teardown),
        cmocka_unit_test_setup_teardown(reattaches, softhsm_setup_alice, softhsm_teardown),
        cmocka_unit_test_setup_teardown(reattaches_under_load, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(forgets_a_refused_pin, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(keeps_back_a_bad_signature, softhsm_setup_alice,
                                        softhsm_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
