/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom a client believes: TLS handshakes in memory with banks that are not quite the pinned one.
 */
#include "api/trust.h"
#include "base/secret.h"
#include "order/key.h"
#include "tests/base/unit.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#define BANK "demobank.example/demo"
#define NAME "URI:countersign:" BANK
#define HOUR 3600L

/* Made once: the bank's keys, those of another, a holder's for the session. */
static EVP_PKEY *root_key, *leaf_key, *other_key, *session_key;

static int make_keys(void **state)
{
    (void)state;
    root_key = EVP_EC_gen("P-256");
    leaf_key = EVP_EC_gen("P-256");
    other_key = EVP_EC_gen("P-256");
    session_key = EVP_EC_gen("P-256");
    return root_key && leaf_key && other_key && session_key ? 0 : -1;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(leaf_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(session_key);
    return 0;
}

static void thumbprint_of(EVP_PKEY *pkey, char out[static KEY_THUMBPRINT_LEN + 1])
{
    struct key *key = NULL;
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    assert_true(len > 0);
    assert_ok(key_from_spki(der, (size_t)len, &key));
    strcpy(out, key_thumbprint(key));
    key_free(key);
    OPENSSL_free(der);
}

/* --- certificates --- */

struct lifetime {
    long from, to; /* seconds from now */
};

static const struct lifetime day = {-HOUR, 24 * HOUR};

/* NAMES as in OpenSSL's configuration; NULL for none. */
static X509 *make_cert(EVP_PKEY *subject, EVP_PKEY *signer, const char *names, struct lifetime life)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"bank", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), life.from));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), life.to));
    assert_int_equal(X509_set_pubkey(cert, subject), 1);
    if (names) {
        X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        assert_non_null(san);
        assert_int_equal(X509_add_ext(cert, san, -1), 1);
        X509_EXTENSION_free(san);
    }
    assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
    return cert;
}

struct bank {
    const char *names;
    struct lifetime life;
    EVP_PKEY **root, **signer; /* of the second certificate, of the leaf */
    int behind_leaf;           /* certificates */
    int version;               /* of TLS, at most */
};

static int take_any(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

static SSL_CTX *open_bank(const struct bank *b)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    X509 *leaf = make_cert(leaf_key, *b->signer, b->names, b->life);

    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, b->version), 1);
    assert_int_equal(SSL_CTX_use_certificate(ctx, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, leaf_key), 1);
    for (int i = 0; i < b->behind_leaf; i++) { /* the context takes them over */
        X509 *root = make_cert(*b->root, *b->root, NULL, day);
        assert_int_equal(SSL_CTX_add0_chain_cert(ctx, root), 1);
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL); /* asks for a certificate, takes none too */
    SSL_CTX_set_cert_verify_callback(ctx, take_any, NULL);
    X509_free(leaf);
    return ctx;
}

/* --- handshakes --- */

/* Whether the client was content; SHOWN is what the bank saw of it, if anything. */
static bool shake_hands(SSL_CTX *bank_ctx, struct trust *trust, X509 **shown)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    BIO *near = NULL, *far = NULL;
    bool done = false;

    assert_non_null(ctx);
    assert_ok(trust_apply(trust, ctx));
    assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
    SSL *client = SSL_new(ctx), *bank = SSL_new(bank_ctx);
    SSL_set_bio(client, near, near);
    SSL_set_bio(bank, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(bank);
    for (int i = 0; i < 10 && !done; i++) { /* a handshake has fewer flights */
        int mine = SSL_do_handshake(client), its = SSL_do_handshake(bank);
        done = mine == 1 && its == 1;
    }
    if (shown)
        *shown = SSL_get1_peer_certificate(bank);
    SSL_free(client);
    SSL_free(bank);
    SSL_CTX_free(ctx);
    return done;
}

static void test_who_is_believed(void **state)
{
    static const struct {
        const char *what;
        struct bank bank;
        bool believed;
    } rows[] = {
        {"the bank", {NAME, {-HOUR, HOUR}, &root_key, &root_key, 1, TLS1_3_VERSION}, true},
        {"another root", {NAME, {-HOUR, HOUR}, &other_key, &other_key, 1, TLS1_3_VERSION}, false},
        {"signed by another",
         {NAME, {-HOUR, HOUR}, &root_key, &other_key, 1, TLS1_3_VERSION},
         false},
        {"signed by itself", {NAME, {-HOUR, HOUR}, &root_key, &leaf_key, 1, TLS1_3_VERSION}, false},
        {"no root", {NAME, {-HOUR, HOUR}, &root_key, &root_key, 0, TLS1_3_VERSION}, false},
        {"a third", {NAME, {-HOUR, HOUR}, &root_key, &root_key, 2, TLS1_3_VERSION}, false},
        {"over", {NAME, {-HOUR, -1}, &root_key, &root_key, 1, TLS1_3_VERSION}, false},
        {"not yet", {NAME, {HOUR / 2, HOUR}, &root_key, &root_key, 1, TLS1_3_VERSION}, false},
        {"no name", {NULL, {-HOUR, HOUR}, &root_key, &root_key, 1, TLS1_3_VERSION}, false},
        {"the beginning of the name",
         {"URI:countersign:demobank.example/dem",
          {-HOUR, HOUR},
          &root_key,
          &root_key,
          1,
          TLS1_3_VERSION},
         false},
        {"more than the name",
         {NAME "2", {-HOUR, HOUR}, &root_key, &root_key, 1, TLS1_3_VERSION},
         false},
        {"the test system",
         {"URI:countersign:demobank.example/test",
          {-HOUR, HOUR},
          &root_key,
          &root_key,
          1,
          TLS1_3_VERSION},
         false},
        {"two names",
         {NAME ",URI:countersign:other.example/demo",
          {-HOUR, HOUR},
          &root_key,
          &root_key,
          1,
          TLS1_3_VERSION},
         false},
        {"another kind of name",
         {"DNS:countersign:" BANK, {-HOUR, HOUR}, &root_key, &root_key, 1, TLS1_3_VERSION},
         false},
        {"TLS 1.2", {NAME, {-HOUR, HOUR}, &root_key, &root_key, 1, TLS1_2_VERSION}, false},
    };
    char pin[KEY_THUMBPRINT_LEN + 1];
    struct trust *trust = NULL;

    (void)state;
    thumbprint_of(root_key, pin);
    assert_ok(trust_new(BANK, pin, NULL, &trust));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        SSL_CTX *bank = open_bank(&rows[i].bank);
        if (shake_hands(bank, trust, NULL) != rows[i].believed)
            fail_msg("%s", rows[i].what);
        SSL_CTX_free(bank);
    }
    trust_free(trust);
}

static void test_the_session_key_is_shown(void **state)
{
    const struct bank good = {NAME, day, &root_key, &root_key, 1, TLS1_3_VERSION};
    char pin[KEY_THUMBPRINT_LEN + 1];
    struct secret *secret = NULL;
    struct trust *trust = NULL;
    uint8_t *der = NULL;
    X509 *shown = NULL;
    int len = i2d_PrivateKey(session_key, &der);

    (void)state;
    assert_true(len > 0);
    assert_ok(secret_new(&secret));
    assert_ok(secret_add(secret, der, (size_t)len));
    thumbprint_of(root_key, pin);
    assert_ok(trust_new(BANK, pin, secret, &trust));
    SSL_CTX *bank = open_bank(&good);
    assert_true(shake_hands(bank, trust, &shown));
    assert_non_null(shown);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(shown), session_key), 1);
    X509_free(shown);
    SSL_CTX_free(bank);
    trust_free(trust);
    secret_free(secret);
    OPENSSL_clear_free(der, (size_t)len);
}

static void test_words_that_are_no_pin_or_bank(void **state)
{
    struct trust *trust;
    char pin[KEY_THUMBPRINT_LEN + 1];

    (void)state;
    thumbprint_of(root_key, pin);
    assert_true(trust_new(BANK, "", NULL, &trust) != ERR_OK);
    assert_null(trust);
    assert_true(trust_new("", pin, NULL, &trust) != ERR_OK);
    pin[KEY_THUMBPRINT_LEN - 1] = 0;
    assert_true(trust_new(BANK, pin, NULL, &trust) != ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_believed),
        cmocka_unit_test(test_the_session_key_is_shown),
        cmocka_unit_test(test_words_that_are_no_pin_or_bank),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
