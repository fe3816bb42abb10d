/* SPDX-License-Identifier: Apache-2.0
 * Which certificate a holder takes from his bank: made here by OpenSSL, each wrong in one thing. */
#include "app/repin.h"
#include "signer/issued.h"

#include "tests/base/unit.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#define HOUR 3600L
#define URI "URI:countersign:bank.example/test#carol"

static EVP_PKEY *root_key, *carol_key, *other_key;
static struct key *carol_public;
static struct buf root;
static char pin[KEY_THUMBPRINT_LEN + 1];
static struct issued_to carol = {.name = "Carol", .bank = "bank.example/test", .holder = "carol"};

/* What a certificate has; a test changes one thing. */
struct recipe {
    EVP_PKEY *key, *signer;
    const char *issuer, *name, *second_name, *uri;
    int name_type;
    long from, until; /* seconds from now */
};

static struct recipe good(void)
{
    return (struct recipe){carol_key, root_key,          "Root", "Carol",   NULL,
                           URI,       V_ASN1_UTF8STRING, -HOUR,  24L * HOUR};
}

static void add_name(X509_NAME *to, int type, const char *name)
{
    assert_int_equal(X509_NAME_add_entry_by_NID(to, NID_commonName, type,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
}

static void make(const struct recipe *r, struct buf *out)
{
    X509 *x = X509_new();
    uint8_t *der = NULL;

    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 7), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), r->from);
    X509_gmtime_adj(X509_getm_notAfter(x), r->until);
    add_name(X509_get_subject_name(x), r->name_type, r->name);
    if (r->second_name)
        add_name(X509_get_subject_name(x), r->name_type, r->second_name);
    add_name(X509_get_issuer_name(x), V_ASN1_UTF8STRING, r->issuer);
    assert_int_equal(X509_set_pubkey(x, r->key), 1);
    if (r->uri) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, r->uri);
        assert_non_null(e);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(x, r->signer, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    assert_true(len > 0);
    assert_ok(buf_add(out, der, (size_t)len));
    OPENSSL_free(der);
    X509_free(x);
}

static struct key *public_of(EVP_PKEY *key)
{
    uint8_t *der = NULL;
    struct key *out = NULL;
    int len = i2d_PUBKEY(key, &der);
    assert_ok(key_from_spki(der, (size_t)len, &out));
    OPENSSL_free(der);
    return out;
}

static int enter(void **state)
{
    struct recipe r;

    (void)state;
    root_key = EVP_EC_gen("P-256");
    carol_key = EVP_EC_gen("P-384");
    other_key = EVP_EC_gen("P-256");
    r = good();
    r.key = root_key;
    r.name = "Root";
    make(&r, &root);
    carol.key = carol_public = public_of(carol_key);
    struct key *k = public_of(root_key);
    memcpy(pin, key_thumbprint(k), sizeof pin);
    key_free(k);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(carol_key);
    EVP_PKEY_free(other_key);
    key_free(carol_public);
    buf_free(&root);
    return 0;
}

/* Refused, and for no other reason than WHY. */
static void refused(const struct recipe *r, const char *why)
{
    struct buf der = {0};
    const char *said = "";

    make(r, &der);
    assert_err(issued_check(&der, &root, &carol, &said), ERR_CERTIFICATE_MISMATCH);
    assert_string_equal(said, why);
    buf_free(&der);
}

static void test_the_one_that_was_asked_for(void **state)
{
    struct recipe r = good();
    struct buf der = {0}, pem = {0};
    struct app app = {.bank_key = pin};
    char found[KEY_THUMBPRINT_LEN + 1];
    const char *why = "";

    (void)state;
    make(&r, &der);
    assert_ok(issued_root(&root, found, &why));
    assert_ok(repin_from(&app, found));
    assert_ok(issued_check(&der, &root, &carol, &why));
    assert_ok(issued_pem(&der, &pem));
    assert_memory_equal(pem.data, "-----BEGIN CERTIFICATE-----\n", 28);
    assert_ok(buf_add_byte(&der, 0));
    assert_err(issued_check(&der, &root, &carol, &why), ERR_CERTIFICATE_MISMATCH);
    assert_string_equal(why, "it is no certificate");
    buf_free(&der);
    buf_free(&pem);
}

static void test_a_root_that_is_not_pinned(void **state)
{
    struct recipe r = good();
    struct buf der = {0};
    /* Nobody is there to say that the pinned one replaced it. */
    struct app app = {.bank = "bank.example/test", .bank_key = pin, .url = "https://127.0.0.1:1"};
    char found[KEY_THUMBPRINT_LEN + 1];
    const char *why = "";

    (void)state;
    r.key = r.signer = other_key;
    make(&r, &der);
    assert_ok(issued_root(&der, found, &why));
    assert_err(repin_from(&app, found), ERR_UNAVAILABLE);
    assert_err(issued_root(&(struct buf){0}, found, &why), ERR_CERTIFICATE_MISMATCH);
    buf_free(&der);
}

static void test_another_signer(void **state)
{
    struct recipe r = good();

    (void)state;
    r.signer = other_key;
    refused(&r, "the bank's root did not sign it");
    r = good();
    r.issuer = "Boot";
    refused(&r, "the bank's root did not sign it");
}

static void test_another_key(void **state)
{
    struct recipe r = good();

    (void)state;
    r.key = other_key;
    refused(&r, "it is of another key than the one on this token");
}

static void test_another_name(void **state)
{
    static const char *const uris[] = {NULL, "URI:countersign:bank.example/test#carla",
                                       "URI:countersign:bank.example/other#carol",
                                       "DNS:countersign", URI ",URI:x:y"};
    struct recipe r;

    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        r = good();
        r.uri = uris[i];
        refused(&r, "it names somebody else");
    }
    r = good();
    r.name = "Carola";
    refused(&r, "it names somebody else");
    r = good();
    r.second_name = "Mallory";
    refused(&r, "it names somebody else");
    r = good();
    r.name_type = V_ASN1_PRINTABLESTRING;
    refused(&r, "it names somebody else");
}

static void test_another_time(void **state)
{
    struct recipe r = good();

    (void)state;
    r.from = HOUR;
    refused(&r, "it is not valid now");
    r = good();
    r.until = -60;
    refused(&r, "it is not valid now");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_one_that_was_asked_for),
        cmocka_unit_test(test_a_root_that_is_not_pinned),
        cmocka_unit_test(test_another_signer),
        cmocka_unit_test(test_another_key),
        cmocka_unit_test(test_another_name),
        cmocka_unit_test(test_another_time),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
