/* SPDX-License-Identifier: Apache-2.0
 * The token room on a smartcard: OpenSC or ykcs11 over a real pcscd and the tests' virtual PIV
 * card. Runs under tests/card/with-card, one test (by name) a card. */
#include "token/token.h"

#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#define WAIT_MS 10000

/* Both keep a little for themselves. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:opensc-pkcs11.so\nleak:libykcs11.so\n";
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    assert_non_null(value);
    return value;
}

struct desk {
    struct token_module *module;
    struct token *t;
};

static int begin(void **state)
{
    static struct desk d;
    struct token_uri *uri = softhsm_uri("pkcs11:");

    assert_ok(token_module_load(environment("COUNTERSIGN_TEST_MODULE"), &d.module));
    assert_ok(token_open(d.module, uri, &d.t));
    token_uri_free(uri);
    *state = &d;
    return 0;
}

static int end(void **state)
{
    struct desk *d = *state;

    token_close(d->t);
    token_module_unload(d->module);
    return 0;
}

static enum err login(struct desk *d, const char *text, bool last_try_allowed)
{
    return softhsm_login(d->t, text, last_try_allowed);
}

static struct token_key *find(struct desk *d, const char *text, enum token_use use)
{
    struct token_uri *uri = softhsm_uri(text);
    struct token_key *k = NULL;

    assert_ok(token_key_find(d->t, uri, use, &k));
    token_uri_free(uri);
    return k;
}

/* token_sign verifies what it hands out. */
static enum err sign(struct token_key *k)
{
    uint8_t hash[64] = {7}, sig[TOKEN_SIG_MAX];
    size_t len = 0;

    return token_sign(k, hash, token_hash_len(token_key_about(k)->curve), sig, sizeof sig, &len);
}

static enum token_tries tries(struct desk *d)
{
    struct token_info info;
    assert_ok(token_info_of(d->t, &info));
    return info.tries;
}

static void lists(void **state)
{
    struct desk *d = *state;
    struct token_info info;
    struct token_key_info *keys = NULL;
    size_t count = 0;

    assert_ok(token_info_of(d->t, &info));
    assert_non_null(strstr(info.slot, environment("CARD_READER")));
    assert_ok(login(d, environment("CARD_PIN"), false));
    assert_ok(token_key_list(d->t, &keys, &count));
    assert_int_equal(count, 4); /* 9A, 9C, 9D, 9E of PIV */
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(keys[i].id[0], i + 1);
        assert_int_equal(keys[i].curve, TOKEN_P256);
        assert_int_equal(keys[i].always_authenticate, keys[i].id[0] == 2);
    }
    free(keys);
}

static void *sign_five(void *arg)
{
    static const char good[] = "good";

    for (int i = 0; i < 5; i++)
        if (sign(arg))
            return NULL;
    return (void *)(uintptr_t)good;
}

/* 01 signs after one login, 02 wants the PIN for each signature, also from several threads. */
static void signs(void **state)
{
    static const char *const uris[] = {"pkcs11:id=%01", "pkcs11:id=%02"};
    struct desk *d = *state;
    pthread_t threads[4];
    void *good[4];

    assert_ok(login(d, environment("CARD_PIN"), false));
    for (size_t u = 0; u < 2; u++) {
        struct token_key *k = find(d, uris[u], TOKEN_USE_SIGN);
        assert_ok(sign(k));
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, sign_five, k), 0);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], &good[i]);
        for (int i = 0; i < 4; i++)
            assert_non_null(good[i]);
        token_key_free(k);
    }
}

static void derives(void **state)
{
    struct desk *d = *state;
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    struct buf spki = BUF_INIT(0);
    uint8_t point[TOKEN_POINT_MAX], z[32];
    size_t len = 0, z_len = sizeof z;
    struct secret *got = softhsm_secret();

    assert_ok(login(d, environment("CARD_PIN"), false));
    struct token_key *k = find(d, "pkcs11:id=%03", TOKEN_USE_DERIVE);
    assert_ok(token_key_spki(k, &spki));
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len),
        1);
    assert_ok(token_derive(k, point, len, got));

    const unsigned char *at = spki.data;
    EVP_PKEY *ours = d2i_PUBKEY(NULL, &at, (long)spki.len);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(other, NULL);
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
    token_key_free(k);
}

/* A certificate of PUBLIC by NAME, as anybody may make one. */
static enum err store_certificate(struct token_key *k, EVP_PKEY *public, const char *name)
{
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    uint8_t *der = NULL;

    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    assert_int_equal(X509_set_issuer_name(x, X509_get_subject_name(x)), 1);
    assert_int_equal(X509_set_pubkey(x, public), 1);
    assert_true(X509_sign(x, issuer, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    enum err e = token_key_store_certificate(k, der, (size_t)len);
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(issuer);
    return e;
}

/* The one that is there stays, for whoever needs it; and OpenSC writes none to a PIV card: that
 * takes the administrator's key. */
static void keeps_no_certificate(void **state)
{
    struct desk *d = *state;
    struct token_info info;
    struct buf spki = BUF_INIT(0);

    assert_ok(login(d, environment("CARD_PIN"), false));
    assert_ok(token_info_of(d->t, &info));
    assert_true(info.ecdsa);
    struct token_key *k = find(d, "pkcs11:id=%02", TOKEN_USE_SIGN);
    assert_ok(token_key_spki(k, &spki));
    const unsigned char *at = spki.data;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &at, (long)spki.len);
    assert_err(store_certificate(k, public, "Carol"), ERR_TOKEN_CERTIFICATE);
    assert_err(store_certificate(k, public, "PIV SIGN"), ERR_TOKEN_UNSUPPORTED);
    assert_ok(sign(k));
    EVP_PKEY_free(public);
    buf_free(&spki);
    token_key_free(k);
}

/* OpenSC never does for PIV. */
static bool says_low(void)
{
    return strcmp(environment("CARD_DRIVER"), "opensc") != 0;
}

static void pin_locks(void **state)
{
    struct desk *d = *state;

    assert_int_equal(tries(d), TOKEN_TRIES_OK);
    assert_err(login(d, "999999", false), ERR_PIN_WRONG);
    assert_int_equal(tries(d), says_low() ? TOKEN_TRIES_LOW : TOKEN_TRIES_OK);
    assert_err(login(d, "999999", false), ERR_PIN_WRONG);
    assert_int_equal(tries(d), TOKEN_TRIES_FINAL);
    assert_err(login(d, environment("CARD_PIN"), false), ERR_PIN_LAST_TRY);
    assert_ok(login(d, environment("CARD_PIN"), true));
    struct token_key *k = find(d, "pkcs11:id=%02", TOKEN_USE_SIGN);
    assert_ok(sign(k)); /* its PIN entries are under the same permission */
    token_key_free(k);
    for (int i = 0; i < 3; i++)
        assert_err(login(d, "999999", true), ERR_PIN_WRONG);
    assert_int_equal(tries(d), TOKEN_TRIES_LOCKED);
    assert_err(login(d, environment("CARD_PIN"), true), ERR_PIN_LOCKED);
}

/* Tells the card and waits until pcscd knows; a signature before that hangs in OpenSC 0.23. */
static void tell_card(const char *reader, int number, DWORD wanted)
{
    SCARD_READERSTATE state = {.szReader = reader, .dwCurrentState = SCARD_STATE_UNAWARE};
    SCARDCONTEXT pcsc;

    assert_int_equal(kill((pid_t)atoi(environment("CARD_PID")), number), 0);
    assert_int_equal(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &pcsc), SCARD_S_SUCCESS);
    while (!(state.dwEventState & wanted)) {
        assert_int_equal(SCardGetStatusChange(pcsc, WAIT_MS, &state, 1), SCARD_S_SUCCESS);
        state.dwCurrentState = state.dwEventState;
    }
    SCardReleaseContext(pcsc);
}

/* Pulled: refused by name. Plugged in again: the next signature logs in by itself. */
static void pulled(void **state)
{
    struct desk *d = *state;
    struct token_info info;

    assert_ok(login(d, environment("CARD_PIN"), false));
    assert_ok(token_info_of(d->t, &info));
    struct token_key *k = find(d, "pkcs11:id=%01", TOKEN_USE_SIGN);
    assert_ok(sign(k));
    for (int i = 0; i < 2; i++) {
        tell_card(info.slot, SIGUSR1, SCARD_STATE_EMPTY);
        assert_err(sign(k), ERR_TOKEN_REMOVED);
        assert_err(sign(k), ERR_TOKEN_REMOVED);
        tell_card(info.slot, SIGUSR2, SCARD_STATE_PRESENT);
        assert_ok(sign(k));
    }
    token_key_free(k);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists, begin, end),
        cmocka_unit_test_setup_teardown(signs, begin, end),
        cmocka_unit_test_setup_teardown(derives, begin, end),
        cmocka_unit_test_setup_teardown(keeps_no_certificate, begin, end),
        cmocka_unit_test_setup_teardown(pin_locks, begin, end),
        cmocka_unit_test_setup_teardown(pulled, begin, end),
    };
    if (argc != 2)
        return 2;
    cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
