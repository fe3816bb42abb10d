/* SPDX-License-Identifier: Apache-2.0
 * What an enrolment wants of a token: requests (PKCS#10) signed on it, and the certificate stored
 * beside the key; OpenSSL judges the requests, apart from the product. */
#include "token/inner.h"

#include "order/pkcs10.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static struct token_key *make_key(struct token *t, enum token_curve curve, uint8_t id)
{
    char text[] = "pkcs11:id=%00";
    struct token_key *k = NULL;

    text[12] = (char)('0' + id);
    struct token_uri *uri = softhsm_uri(text);
    assert_ok(token_generate(t, TOKEN_USE_SIGN, curve, "key of Carol", &id, 1));
    assert_ok(token_key_find(t, uri, TOKEN_USE_SIGN, &k));
    token_uri_free(uri);
    return k;
}

static EVP_PKEY *public_of(const struct token_key *k)
{
    struct buf spki = BUF_INIT(0);

    assert_ok(token_key_spki(k, &spki));
    const unsigned char *at = spki.data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    assert_non_null(key);
    buf_free(&spki);
    return key;
}

static enum err sign_with(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig, size_t cap,
                          size_t *len)
{
    return token_sign(ctx, hash, hash_len, sig, cap, len);
}

static void request(struct token_key *k, const char *name, struct buf *der)
{
    struct buf spki = BUF_INIT(0);
    struct key *public = NULL;

    assert_ok(token_key_spki(k, &spki));
    assert_ok(key_from_spki(spki.data, spki.len, &public));
    assert_ok(pkcs10_make(public, name, sign_with, k, der));
    key_free(public);
    buf_free(&spki);
}

static X509_REQ *parse(const struct buf *der)
{
    const unsigned char *at = der->data;
    X509_REQ *r = d2i_X509_REQ(NULL, &at, (long)der->len);
    assert_non_null(r);
    assert_ptr_equal(at, der->data + der->len);
    return r;
}

static void requests_on_three_curves(void **state)
{
    static const int nids[] = {0, NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384,
                               NID_ecdsa_with_SHA512};
    struct token *t = softhsm_open(*state, "alice");

    for (unsigned curve = TOKEN_P256; curve <= TOKEN_P521; curve++) {
        struct token_key *k = make_key(t, (enum token_curve)curve, (uint8_t)curve);
        struct buf der = BUF_INIT(0);
        char name[80];

        request(k, "Carol Exemplo \xc3\xa9", &der);
        X509_REQ *r = parse(&der);
        EVP_PKEY *key = public_of(k);
        assert_int_equal(X509_REQ_verify(r, key), 1);
        assert_int_equal(X509_REQ_get_signature_nid(r), nids[curve]);
        assert_int_equal(X509_REQ_get_attr_count(r), 0);
        assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(r)), 1);
        X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(r), NID_commonName, name, sizeof name);
        assert_string_equal(name, "Carol Exemplo \xc3\xa9");
        EVP_PKEY_free(key);
        X509_REQ_free(r);
        buf_free(&der);
        token_key_free(k);
    }
    token_close(t);
}

/* Some signatures end in zero bytes, which a BIT STRING must keep. */
static void many_requests(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    struct token_key *k = make_key(t, TOKEN_P256, 1);

    for (int i = 0; i < 400; i++) {
        struct buf der = BUF_INIT(0);
        request(k, "Carol", &der);
        EVP_PKEY *key = public_of(k);
        X509_REQ *r = parse(&der);
        assert_int_equal(X509_REQ_verify(r, key), 1);
        X509_REQ_free(r);
        EVP_PKEY_free(key);
        buf_free(&der);
    }
    token_key_free(k);
    token_close(t);
}

/* A certificate of KEY, as anybody may make one. */
static void certify_as(const char *by, EVP_PKEY *key, long serial, struct buf *out)
{
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    uint8_t *der = NULL;

    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), serial), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"Carol", -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)by, -1, -1, 0);
    assert_int_equal(X509_set_pubkey(x, key), 1);
    assert_true(X509_sign(x, issuer, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    assert_ok(buf_add(out, der, (size_t)len));
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(issuer);
}

static void certify(EVP_PKEY *key, long serial, struct buf *out)
{
    certify_as("The Bank", key, serial, out);
}

struct stored {
    uint8_t der[4096];
    char label[64];
    size_t len, count;
};

static CK_RV read_back(struct token *t, const struct token_session *s, void *arg)
{
    struct stored *out = arg;
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];
    size_t label_len = 0;
    CK_FUNCTION_LIST *f = t->module->f;

    CK_RV rv = token_object_find_id(f, s->handle, CKO_CERTIFICATE, (const uint8_t *)"\1", 1, found,
                                    &out->count);
    if (rv != CKR_OK || !out->count)
        return rv;
    rv = token_object_bytes(f, s->handle, found[0], CKA_LABEL, out->label, 63, &label_len);
    return rv == CKR_OK ? token_object_bytes(f, s->handle, found[0], CKA_VALUE, out->der,
                                             sizeof out->der, &out->len)
                        : rv;
}

static void assert_stored(struct token *t, const struct buf *der)
{
    struct stored got = {.count = 0};

    assert_ok(token_session_run(t, "C_FindObjects", read_back, &got));
    assert_int_equal(got.count, 1);
    assert_int_equal(got.len, der->len);
    assert_memory_equal(got.der, der->data, der->len);
    assert_string_equal(got.label, "key of Carol");
}

static void stores_one_certificate(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    struct token_key *k = make_key(t, TOKEN_P256, 1);
    EVP_PKEY *key = public_of(k), *other = EVP_EC_gen("P-256");
    struct buf first = BUF_INIT(0), second = BUF_INIT(0), foreign = BUF_INIT(0);

    certify(key, 1, &first);
    certify(key, 2, &second);
    certify(other, 3, &foreign);
    assert_ok(token_key_store_certificate(k, first.data, first.len));
    assert_stored(t, &first);
    assert_ok(token_key_store_certificate(k, second.data, second.len));
    assert_stored(t, &second);
    assert_err(token_key_store_certificate(k, foreign.data, foreign.len), ERR_KEY_MISMATCH);
    assert_err(token_key_store_certificate(k, first.data, first.len - 1), ERR_KEY_INVALID);
    assert_stored(t, &second);
    struct token_info info;
    assert_ok(token_info_of(t, &info));
    assert_true(info.ecdsa);
    buf_free(&first);
    buf_free(&second);
    buf_free(&foreign);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    token_key_free(k);
    token_close(t);
}

/* Of another bank, or the card's maker: somebody needs it. */
static CK_RV store_foreign(struct token *t, const struct token_session *s, void *arg)
{
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_OBJECT_HANDLE made;
    const struct buf *der = arg;
    uint8_t id = 1;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_CERTIFICATE_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &no, sizeof no},
        {CKA_LABEL, (void *)(uintptr_t) "key of Carol", 12},
        {CKA_ID, &id, 1},
        {CKA_SUBJECT, (void *)(uintptr_t) "\x30\0", 2},
        {CKA_VALUE, der->data, der->len},
    };

    return t->module->f->C_CreateObject(s->handle, template, sizeof template / sizeof *template,
                                        &made);
}

static void leaves_foreign_certificates(void **state)
{
    struct token *t = softhsm_open(*state, "alice");
    struct token_key *k = make_key(t, TOKEN_P256, 1);
    EVP_PKEY *key = public_of(k);
    struct buf ours = BUF_INIT(0), theirs = BUF_INIT(0);

    certify(key, 1, &ours);
    certify_as("Another Bank", key, 2, &theirs);
    assert_ok(token_session_run_rw(t, "C_CreateObject", store_foreign, &theirs));
    assert_err(token_key_store_certificate(k, ours.data, ours.len), ERR_TOKEN_CERTIFICATE);
    assert_stored(t, &theirs);
    buf_free(&ours);
    buf_free(&theirs);
    EVP_PKEY_free(key);
    token_key_free(k);
    token_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_on_three_curves, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(many_requests, softhsm_setup_alice, softhsm_teardown),
        cmocka_unit_test_setup_teardown(stores_one_certificate, softhsm_setup_alice,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(leaves_foreign_certificates, softhsm_setup_alice,
                                        softhsm_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
