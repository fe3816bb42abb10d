/* SPDX-License-Identifier: Apache-2.0
 * The token room over other modules than SoftHSM2 itself, as with-module has them: what a holder
 * does with a token, on each curve. */
#include "token/token.h"

#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct desk {
    struct token_module **modules;
    size_t count;
    struct token *t;
};

static void load(struct desk *d)
{
    const char *path = getenv("COUNTERSIGN_TEST_MODULE");

    if (!path) {
        assert_ok(token_modules_load(&d->modules, &d->count));
        return;
    }
    d->modules = calloc(1, sizeof *d->modules);
    assert_non_null(d->modules);
    d->count = 1;
    assert_ok(token_module_load(path, &d->modules[0]));
}

static int begin(void **state)
{
    static struct desk d;
    struct token_uri *uri = softhsm_uri(getenv("TOKEN_URI"));

    d = (struct desk){0};
    load(&d);
    for (size_t i = 0; i < d.count && !d.t; i++) {
        enum err e = token_open(d.modules[i], uri, &d.t);
        assert_true(e == ERR_OK || e == ERR_TOKEN_NOT_FOUND);
    }
    token_uri_free(uri);
    assert_non_null(d.t);
    *state = &d;
    return 0;
}

static int end(void **state)
{
    struct desk *d = *state;

    token_close(d->t);
    for (size_t i = 0; i < d->count; i++)
        token_module_unload(d->modules[i]);
    free(d->modules);
    return 0;
}

static enum err login(struct desk *d, const char *text)
{
    return softhsm_login(d->t, text, false);
}

static struct token_key *find(struct desk *d, uint8_t id, enum token_use use)
{
    char text[32];
    struct token_key *k = NULL;

    snprintf(text, sizeof text, "pkcs11:id=%%%02x", id);
    struct token_uri *uri = softhsm_uri(text);
    assert_ok(token_key_find(d->t, uri, use, &k));
    token_uri_free(uri);
    return k;
}

static const struct {
    enum token_curve curve;
    const char *name;
} curves[] = {{TOKEN_P256, "P-256"}, {TOKEN_P384, "P-384"}, {TOKEN_P521, "P-521"}};

static void wrong_pin(void **state)
{
    struct desk *d = *state;

    assert_err(login(d, "7654321"), ERR_PIN_WRONG);
    assert_ok(login(d, getenv("TOKEN_PIN")));
    assert_err(login(d, "7654321"), ERR_PIN_WRONG); /* although one is logged in */
}

/* token_sign verifies what it hands out. */
static void signs(void **state)
{
    struct desk *d = *state;
    struct token_key_info *keys = NULL;
    uint8_t hash[64] = {7}, sig[TOKEN_SIG_MAX];
    size_t count = 0, len = 0;

    assert_ok(login(d, getenv("TOKEN_PIN")));
    for (size_t i = 0; i < 3; i++) {
        const uint8_t id[] = {(uint8_t)(i + 1)};

        assert_ok(token_generate(d->t, TOKEN_USE_SIGN, curves[i].curve, "sign", id, sizeof id));
        struct token_key *k = find(d, id[0], TOKEN_USE_SIGN);
        assert_int_equal(token_key_about(k)->curve, curves[i].curve);
        assert_ok(token_sign(k, hash, token_hash_len(curves[i].curve), sig, sizeof sig, &len));
        assert_int_equal(len, token_sig_len(curves[i].curve));
        token_key_free(k);
    }
    assert_err(token_generate(d->t, TOKEN_USE_SIGN, TOKEN_P256, "again", (const uint8_t[]){1}, 1),
               ERR_KEY_EXISTS);
    assert_ok(token_key_list(d->t, &keys, &count));
    assert_int_equal(count, 3);
    free(keys);
}

/* Both sides of the agreement: the token's key and one of OpenSSL's. */
static void agrees(struct token_key *k, const char *curve)
{
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    struct buf spki = BUF_INIT(0);
    uint8_t point[TOKEN_POINT_MAX], z[66];
    size_t len = 0, z_len = sizeof z;
    struct secret *got = softhsm_secret();

    assert_ok(token_key_spki(k, &spki));
    const unsigned char *at = spki.data;
    EVP_PKEY *ours = d2i_PUBKEY(NULL, &at, (long)spki.len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(other, NULL);
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len),
        1);
    assert_ok(token_derive(k, point, len, got));
    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, ours), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, z, &z_len), 1);
    assert_int_equal(secret_len(got), z_len);
    assert_memory_equal(secret_bytes(got), z, z_len);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(other);
    buf_free(&spki);
    secret_free(got);
}

static void derives(void **state)
{
    struct desk *d = *state;

    assert_ok(login(d, getenv("TOKEN_PIN")));
    for (size_t i = 0; i < 3; i++) {
        const uint8_t id[] = {(uint8_t)(i + 1)};

        assert_ok(token_generate(d->t, TOKEN_USE_DERIVE, curves[i].curve, "derive", id, sizeof id));
        struct token_key *k = find(d, id[0], TOKEN_USE_DERIVE);
        agrees(k, curves[i].name);
        token_key_free(k);
    }
}

static enum token_tries tries(struct desk *d)
{
    struct token_info info;

    assert_ok(token_info_of(d->t, &info));
    return info.tries;
}

/* With a token's own flags, and never a try that was not asked for. */
static void locks(void **state)
{
    struct desk *d = *state;

    assert_int_equal(tries(d), TOKEN_TRIES_OK);
    assert_err(login(d, "7654321"), ERR_PIN_WRONG);
    assert_int_equal(tries(d), TOKEN_TRIES_LOW);
    assert_err(login(d, "7654321"), ERR_PIN_WRONG);
    assert_int_equal(tries(d), TOKEN_TRIES_FINAL);
    assert_err(login(d, getenv("TOKEN_PIN")), ERR_PIN_LAST_TRY); /* even the right one */
    assert_int_equal(tries(d), TOKEN_TRIES_FINAL);
    assert_err(softhsm_login(d->t, "7654321", true), ERR_PIN_WRONG);
    assert_int_equal(tries(d), TOKEN_TRIES_LOCKED);
    assert_err(softhsm_login(d->t, getenv("TOKEN_PIN"), true), ERR_PIN_LOCKED);
}

static void has_no_curves(void **state)
{
    struct desk *d = *state;
    struct token_info info;
    struct token_key *k = NULL;
    const uint8_t id = 1;

    assert_ok(token_info_of(d->t, &info));
    assert_false(info.ecdsa);
    assert_ok(login(d, getenv("TOKEN_PIN")));
    for (size_t i = 0; i < 3; i++)
        assert_err(token_generate(d->t, TOKEN_USE_SIGN, curves[i].curve, "sign", &id, 1),
                   ERR_TOKEN_NO_EC);
    assert_err(token_key_find(d->t, NULL, TOKEN_USE_SIGN, &k), ERR_KEY_NOT_FOUND);
}

static void signs_but_not_p521(void **state)
{
    struct desk *d = *state;
    uint8_t hash[64] = {7}, sig[TOKEN_SIG_MAX], id = 1;
    size_t len = 0;

    assert_ok(login(d, getenv("TOKEN_PIN")));
    for (; id <= 2; id++) {
        assert_ok(token_generate(d->t, TOKEN_USE_SIGN, curves[id - 1].curve, "sign", &id, 1));
        struct token_key *k = find(d, id, TOKEN_USE_SIGN);
        for (int i = 0; i < 20; i++) /* more than the TPM has handles for */
            assert_ok(
                token_sign(k, hash, token_hash_len(curves[id - 1].curve), sig, sizeof sig, &len));
        token_key_free(k);
    }
    /* It makes one, and says nothing right of its public half. */
    struct token_uri *uri = softhsm_uri("pkcs11:id=%03");
    struct token_key *k = NULL;
    assert_ok(token_generate(d->t, TOKEN_USE_SIGN, TOKEN_P521, "sign", &id, 1));
    assert_err(token_key_find(d->t, uri, TOKEN_USE_SIGN, &k), ERR_KEY_INVALID);
    token_uri_free(uri);
}

static void does_not_derive(void **state)
{
    struct desk *d = *state;
    const uint8_t id = 1;

    assert_ok(login(d, getenv("TOKEN_PIN")));
    assert_err(token_generate(d->t, TOKEN_USE_DERIVE, TOKEN_P256, "derive", &id, 1),
               ERR_TOKEN_UNSUPPORTED);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_pin, begin, end),
        cmocka_unit_test_setup_teardown(signs, begin, end),
        cmocka_unit_test_setup_teardown(derives, begin, end),
        cmocka_unit_test_setup_teardown(locks, begin, end),
        cmocka_unit_test_setup_teardown(has_no_curves, begin, end),
        cmocka_unit_test_setup_teardown(signs_but_not_p521, begin, end),
        cmocka_unit_test_setup_teardown(does_not_derive, begin, end),
    };
    if (argc != 2)
        return 2;
    cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
