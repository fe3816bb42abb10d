/* SPDX-License-Identifier: Apache-2.0
 * Tries on one token everything that docs/TOKENS.md has a column for, in front of the helper, as a
 * holder's program would; what came of it goes to the file that is its argument, a line each. Only
 * what is tried gets a line. Runs under with-module or tests/card/with-card.
 */
#include "token/token.h"

#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include "token/reader.h"
#include "token/remote.h"
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 10000
#define WRONG_PINS_MAX 6
#define MODULE_S 20

static const char *const curves[] = {
    [TOKEN_P256] = "P-256", [TOKEN_P384] = "P-384", [TOKEN_P521] = "P-521"};

static const char *record_path;

static struct desk {
    struct token_module *module;
    struct token *t;
    FILE *record;
} d;

static void note(const char *column, const char *value)
{
    assert_true(fprintf(d.record, "%s\t%s\n", column, value) > 0);
}

static void note_err(const char *column, enum err e)
{
    char text[64];

    snprintf(text, sizeof text, "no: %s", err_name(e));
    note(column, e ? text : "yes");
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    assert_non_null(value);
    return value;
}

static const char *pin(void)
{
    const char *value = getenv("TOKEN_PIN");
    return value ? value : environment("CARD_PIN");
}

static bool is_card(const char *kind)
{
    const char *value = getenv("CARD_KIND");
    return value && strcmp(value, kind) == 0;
}

/* Its keys are all on one token, and come with certificates. */
static bool is_piv(void)
{
    return is_card("pivcard");
}

static void open_token(void)
{
    const char *path = getenv("COUNTERSIGN_TEST_MODULE"), *text = getenv("TOKEN_URI");
    struct token_module **all = NULL;
    struct token_uri *uri = softhsm_uri(text ? text : "pkcs11:");
    size_t count = 0;

    if (path) {
        assert_ok(token_module_load(path, &d.module));
        assert_ok(token_open(d.module, uri, &d.t));
    } else {
        assert_ok(token_modules_load(&all, &count));
        for (size_t i = 0; i < count; i++) {
            if (!d.t && token_open(all[i], uri, &d.t) == ERR_OK)
                d.module = all[i];
            else
                token_module_unload(all[i]);
        }
        free(all);
    }
    token_uri_free(uri);
    assert_non_null(d.t);
}

/* --- keys --- */

static enum err find(uint8_t id, enum token_use use, struct token_key **out)
{
    char text[32];

    snprintf(text, sizeof text, "pkcs11:id=%%%02x", id);
    struct token_uri *uri = softhsm_uri(text);
    enum err e = token_key_find(d.t, uri, use, out);
    token_uri_free(uri);
    return e;
}

/* token_sign verifies what it hands out. */
static enum err sign(struct token_key *k)
{
    uint8_t hash[64] = {7}, sig[TOKEN_SIG_MAX];
    size_t len = 0;

    return token_sign(k, hash, token_hash_len(token_key_about(k)->curve), sig, sizeof sig, &len);
}

/* With a point of its own curve, so that both sides are one. */
static enum err derive(struct token_key *k)
{
    const size_t point_len = 2 * ((size_t)token_sig_len(token_key_about(k)->curve) / 2) + 1;
    struct buf spki = BUF_INIT(0);
    struct secret *z = softhsm_secret();

    assert_ok(token_key_spki(k, &spki));
    enum err e = token_derive(k, spki.data + spki.len - point_len, point_len, z);
    buf_free(&spki);
    secret_free(z);
    return e;
}

/* OpenSC 0.23 fails on one in 256 signatures of a SmartCard-HSM on P-521; the page says so. */
static enum err sign_again(struct token_key *k)
{
    int tries = is_card("hsmcard") && token_key_about(k)->curve == TOKEN_P521 ? 4 : 1;
    enum err e = ERR_TOKEN_FAILED;

    for (; tries > 0 && e == ERR_TOKEN_FAILED; tries--)
        e = sign(k);
    return e;
}

/* Made, found and used; the first of them that fails is its error. */
static void make_key(enum token_use use, enum token_curve curve, uint8_t id, const char *column)
{
    struct token_key *k = NULL;

    enum err e = token_generate(d.t, use, curve, "test", &id, 1);
    if (use == TOKEN_USE_SIGN && curve == TOKEN_P256)
        note_err("generate", e);
    if (!e)
        e = find(id, use, &k);
    if (!e)
        e = use == TOKEN_USE_SIGN ? sign_again(k) : derive(k);
    token_key_free(k);
    note_err(column, e);
}

static void make_keys(void)
{
    char column[32];
    uint8_t id = 0x11;

    for (enum token_curve c = TOKEN_P256; c <= TOKEN_P521; c++, id++) {
        snprintf(column, sizeof column, "sign %s", curves[c]);
        make_key(TOKEN_USE_SIGN, c, id, column);
    }
    make_key(TOKEN_USE_DERIVE, TOKEN_P256, id, "derive");
}

/* Of the keys that the card came with, the last one for each cell. */
static void use_keys(const struct token_key_info *keys, size_t count)
{
    const struct token_key_info *signs = NULL, *always = NULL, *derives = NULL;
    char column[32];
    struct token_key *k = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!keys[i].curve || keys[i].id_len != 1)
            continue;
        if (keys[i].sign)
            *(keys[i].always_authenticate ? &always : &signs) = &keys[i];
        if (keys[i].derive)
            derives = &keys[i];
    }
    if (signs) {
        snprintf(column, sizeof column, "sign %s", curves[signs->curve]);
        assert_ok(find(signs->id[0], TOKEN_USE_SIGN, &k));
        note_err(column, sign(k));
        token_key_free(k);
    }
    if (always) {
        assert_ok(find(always->id[0], TOKEN_USE_SIGN, &k));
        note_err("always authenticates", sign(k));
        token_key_free(k);
    }
    if (!derives && is_piv())
        note_err("derive", token_key_find(d.t, NULL, TOKEN_USE_DERIVE, &k));
    if (derives) {
        assert_ok(find(derives->id[0], TOKEN_USE_DERIVE, &k));
        note_err("derive", derive(k));
        token_key_free(k);
    }
}

/* With those that it comes with, where it comes with any. */
static void try_keys(bool card)
{
    struct token_key_info *keys = NULL;
    size_t count = 0;
    const uint8_t id = 0x11;

    if (!card || is_card("hsmcard")) {
        make_keys();
        return;
    }
    assert_ok(token_key_list(d.t, &keys, &count));
    use_keys(keys, count);
    free(keys);
    note_err("generate", token_generate(d.t, TOKEN_USE_SIGN, TOKEN_P256, "test", &id, 1));
}

/* --- the rest --- */

static struct token_key *any_key(void)
{
    struct token_key_info *keys = NULL;
    struct token_key *k = NULL;
    size_t count = 0;

    assert_ok(token_key_list(d.t, &keys, &count));
    for (size_t i = 0; i < count && !k; i++)
        if (keys[i].sign && keys[i].curve)
            (void)find(keys[i].id[0], TOKEN_USE_SIGN, &k);
    free(keys);
    return k;
}

static void try_certificate(struct token_key *k)
{
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    struct buf spki = BUF_INIT(0);
    uint8_t *der = NULL;

    assert_ok(token_key_spki(k, &spki));
    const unsigned char *at = spki.data;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &at, (long)spki.len);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    /* Of the issuer of the one that it comes with, or that would be somebody's who needs it. */
    const char *name = is_piv() ? "PIV AUTH" : "Test";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    assert_int_equal(X509_set_issuer_name(x, X509_get_subject_name(x)), 1);
    assert_int_equal(X509_set_pubkey(x, public), 1);
    assert_true(X509_sign(x, issuer, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    note_err("store a certificate", token_key_store_certificate(k, der, (size_t)len));
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(public);
    EVP_PKEY_free(issuer);
    buf_free(&spki);
}

static void try_change_pin(void)
{
    struct token_pin *old = softhsm_pin(d.module, pin()), *fresh = softhsm_pin(d.module, "7654321");

    enum err e = token_change_pin(d.t, old, fresh, false);
    note_err("change the PIN", e);
    if (!e)
        assert_ok(token_change_pin(d.t, fresh, old, false));
    token_pin_free(fresh);
    token_pin_free(old);
}

/* Tells the card and waits until pcscd knows. */
static void tell_card(int number, bool there)
{
    struct token_readers *readers = NULL;
    struct token_reader list[TOKEN_READERS_MAX] = {0};
    size_t count = 0;

    assert_ok(token_readers_open(&readers));
    assert_int_equal(kill((pid_t)atoi(environment("CARD_PID")), number), 0);
    do {
        assert_ok(token_readers_next(readers, WAIT_MS, list, &count));
        assert_true(count > 0); /* the driver has one more, which stays empty */
    } while (list[0].card != there);
    token_readers_close(readers);
}

/* Gone it is told by name; back it signs with the PIN that it took before. */
static void try_hot_plug(struct token_key *k)
{
    tell_card(SIGUSR1, false);
    enum err gone = sign(k);
    assert_true(gone == ERR_TOKEN_REMOVED || gone == ERR_TOKEN_NOT_FOUND);
    tell_card(SIGUSR2, true);
    note_err("comes back", sign(k));
}

/* Which states it shows on the way to its locked PIN. Nothing is tried after that. */
static void try_lock(void)
{
    char seen[64] = "";
    struct token_info info;
    enum token_tries last = TOKEN_TRIES_OK;

    for (int i = 0; i < WRONG_PINS_MAX && last != TOKEN_TRIES_LOCKED; i++) {
        enum err e = softhsm_login(d.t, "7654321", true);
        assert_int_not_equal(e, ERR_OK);
        if (token_info_of(d.t, &info) || info.tries == last)
            continue;
        last = info.tries;
        size_t len = strlen(seen);
        snprintf(seen + len, sizeof seen - len, "%s%s", len ? ", " : "", token_tries_name(last));
    }
    note("shows tries left", seen[0] ? seen : "no");
}

static void tries_everything(void **state)
{
    struct token_info info;
    const bool card = getenv("CARD_PID") != NULL;

    (void)state;
    token_remote_deadline(MODULE_S);
    d.record = fopen(record_path, "we");
    assert_non_null(d.record);
    open_token();
    assert_ok(token_info_of(d.t, &info));
    if (info.keypad)
        note_err("keypad", token_login(d.t, NULL, false));
    assert_ok(softhsm_login(d.t, pin(), false));
    try_keys(card);
    struct token_key *k = any_key();
    if (k) {
        try_certificate(k);
        if (card)
            try_hot_plug(k);
        token_key_free(k);
    }
    try_change_pin();
    try_lock();
    token_close(d.t);
    token_module_unload(d.module);
    assert_int_equal(fclose(d.record), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tries_everything)};

    if (argc != 2)
        return 2;
    record_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
