/* SPDX-License-Identifier: Apache-2.0
 * Keys on SoftHSM2: made, found, used. */
#include "token/token.h"

#include "tests/base/unit.h"
#include "tests/token/keys.h"
#include "tests/token/softhsm.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static void signs_on_three_curves(void **state)
{
    static const struct {
        enum token_curve curve;
        size_t hash, sig, spki;
    } curves[] = {{TOKEN_P256, 32, 64, 91}, {TOKEN_P384, 48, 96, 120}, {TOKEN_P521, 64, 132, 158}};
    struct token *t = softhsm_open(*state, "alice");

    for (uint8_t i = 0; i < 3; i++) {
        struct buf spki = BUF_INIT(0);
        char uri[32] = "pkcs11:id=%01";
        uint8_t hash[64] = {0}, sig[TOKEN_SIG_MAX];
        size_t len = 1;

        uri[12] = (char)('1' + i);
        keys_generate(t, TOKEN_USE_SIGN, curves[i].curve, "sign", (uint8_t)(i + 1));
        struct token_key *k = keys_find(t, uri, TOKEN_USE_SIGN);
        assert_int_equal(token_key_about(k)->curve, curves[i].curve);
        assert_int_equal(token_hash_len(curves[i].curve), curves[i].hash);
        assert_int_equal(token_sig_len(curves[i].curve), curves[i].sig);
        assert_ok(token_key_spki(k, &spki));
        assert_int_equal(spki.len, curves[i].spki);
        keys_sign_once(k);
        /* A hash or room of another curve is the caller's mistake, not a signature. */
        assert_err(token_sign(k, hash, curves[i].hash - 1, sig, sizeof sig, &len), ERR_INTERNAL);
        assert_int_equal(len, 0);
        assert_err(token_sign(k, hash, curves[i].hash, sig, curves[i].sig - 1, &len), ERR_INTERNAL);
        buf_free(&spki);
        token_key_free(k);
    }
    token_close(t);
}

static void finds_one_key_or_none(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    struct token_uri *absent = softhsm_uri("pkcs11:object=absent");
    struct token_uri *same = softhsm_uri("pkcs11:object=same");
    struct token_key *k = NULL;

    assert_err(token_key_find(t, NULL, TOKEN_USE_SIGN, &k), ERR_KEY_NOT_FOUND);
    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "same", 1);
    keys_generate(t, TOKEN_USE_DERIVE, TOKEN_P256, "same", 2);
    k = keys_find(t, "pkcs11:object=same", TOKEN_USE_SIGN); /* the only one of that use */
    assert_int_equal(token_key_about(k)->id[0], 1);
    token_key_free(k);
    k = NULL;
    assert_err(token_key_find(t, absent, TOKEN_USE_SIGN, &k), ERR_KEY_NOT_FOUND);
    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "same", 3);
    assert_err(token_key_find(t, same, TOKEN_USE_SIGN, &k), ERR_KEY_AMBIGUOUS);
    assert_err(token_key_find(t, NULL, TOKEN_USE_SIGN, &k), ERR_KEY_AMBIGUOUS);
    assert_null(k);
    uint8_t id = 2;
    assert_err(token_generate(t, TOKEN_USE_SIGN, TOKEN_P384, "x", &id, 1), ERR_KEY_EXISTS);
    assert_err(token_generate(t, TOKEN_USE_SIGN, TOKEN_P384, "", &id, 1), ERR_USAGE);
    token_uri_free(absent);
    token_uri_free(same);
    token_close(t);
}

static void lists_keys(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    struct token_key_info *keys = NULL;
    struct token_info info;
    struct buf uri = BUF_INIT(0);
    size_t count = 1;

    assert_ok(token_key_list(t, &keys, &count));
    assert_null(keys);
    assert_int_equal(count, 0);
    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P521, "sign it", 7);
    keys_generate(t, TOKEN_USE_DERIVE, TOKEN_P384, "open", 8);
    assert_ok(token_key_list(t, &keys, &count));
    assert_int_equal(count, 2);
    const struct token_key_info *sign = keys[0].id[0] == 7 ? &keys[0] : &keys[1];
    const struct token_key_info *open = keys[0].id[0] == 7 ? &keys[1] : &keys[0];
    assert_true(sign->sign && !sign->derive && sign->ec && !sign->always_authenticate);
    assert_int_equal(sign->curve, TOKEN_P521);
    assert_true(open->derive && !open->sign);
    assert_int_equal(open->curve, TOKEN_P384);
    assert_ok(token_info_of(t, &info));
    assert_ok(token_key_info_uri(&info, sign, &uri));
    assert_non_null(strstr(buf_str(&uri), ";object=sign%20it;id=%07?module-path=/"));
    token_key_free(keys_find(t, buf_str(&uri), TOKEN_USE_SIGN));
    buf_free(&uri);
    free(keys);
    token_close(t);
}

static size_t point_of(const EVP_PKEY *key, uint8_t out[static TOKEN_POINT_MAX])
{
    size_t len = 0;
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out, TOKEN_POINT_MAX, &len),
        1);
    return len;
}

/* OpenSSL derives the other side; both must come to one Z. */
static void derive_both_sides(struct token_key *k, const char *group)
{
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
    EVP_PKEY *ours = keys_public(k);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(other, NULL);
    uint8_t point[TOKEN_POINT_MAX], z[66];
    size_t z_len = sizeof z;
    struct secret *got = softhsm_secret();

    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, ours), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, z, &z_len), 1);
    size_t len = point_of(other, point);
    assert_ok(token_derive(k, point, len, got));
    assert_int_equal(secret_len(got), z_len);
    assert_memory_equal(secret_bytes(got), z, z_len);

    point[len - 1] ^= 1;
    assert_err(token_derive(k, point, len, got), ERR_KEY_NOT_ON_CURVE);
    point[0] = 0x02;
    assert_err(token_derive(k, point, (len + 1) / 2, got), ERR_KEY_COMPRESSED);
    assert_err(token_derive(k, (const uint8_t *)"\0", 1, got), ERR_KEY_INVALID); /* infinity */
    assert_err(token_derive(k, point, len - 1, got), ERR_KEY_INVALID);
    assert_int_equal(secret_len(got), z_len); /* a refusal adds nothing */
    secret_free(got);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(other);
    EVP_PKEY_free(ours);
}

static void derives_on_three_curves(void **state)
{
    static const char *const groups[] = {"", "P-256", "P-384", "P-521"};
    struct token *t = softhsm_open(*state, "alice");

    for (unsigned curve = TOKEN_P256; curve <= TOKEN_P521; curve++) {
        char uri[32] = "pkcs11:id=%00";
        uri[12] = (char)('0' + curve);
        keys_generate(t, TOKEN_USE_DERIVE, (enum token_curve)curve, "open", (uint8_t)curve);
        struct token_key *k = keys_find(t, uri, TOKEN_USE_DERIVE);
        for (int i = 0; i < 20; i++) /* some Z begin with a zero byte */
            derive_both_sides(k, groups[curve]);
        token_key_free(k);
    }
    token_close(t);
}

static void signs_in_parallel(void **state)
{
    struct token *t = softhsm_open(*state, "alice");

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    keys_sign_in_parallel(k, NULL, NULL);
    token_key_free(k);
    token_close(t);
}

/* After the login is gone for good, an operation says so and does not guess. */
static void wants_the_pin_after_logout(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    uint8_t hash[32] = {0}, sig[TOKEN_SIG_MAX];
    size_t len = 0;

    keys_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    struct token_key *k = keys_find(t, "pkcs11:", TOKEN_USE_SIGN);
    assert_ok(token_logout(t));
    assert_err(token_sign(k, hash, sizeof hash, sig, sizeof sig, &len), ERR_PIN_REQUIRED);
    uint8_t id = 9;
    assert_err(token_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "x", &id, 1), ERR_PIN_REQUIRED);
    assert_ok(softhsm_login(t, SOFTHSM_PIN, false));
    keys_sign_once(k);
    token_key_free(k);
    token_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signs_on_three_curves, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(finds_one_key_or_none, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(lists_keys, softhsm_setup_alice, softhsm_teardown),
        cmocka_unit_test_setup_teardown(derives_on_three_curves, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(signs_in_parallel, softhsm_setup_alice, softhsm_teardown),
        cmocka_unit_test_setup_teardown(wants_the_pin_after_logout, softhsm_setup_alice,
                                        softhsm_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
