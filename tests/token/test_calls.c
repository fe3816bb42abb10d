/* SPDX-License-Identifier: Apache-2.0
 * Every call that the room makes (calls.def) meets every answer that a module may give (codes.def),
 * at once and for ever: SoftHSM2 behind the fault module. Whatever it is: the right name, no
 * signature that does not verify, no PIN tried again, and when the fault is over it works again.
 */
#include "token/inner.h"

#include "base/file.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <ctype.h>
#include <glob.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_S 20 /* of one case; SIGALRM ends the test */

enum { LASTING, STALE };
enum verdict { CURED, GONE, FOUND, FORGIVEN, AGAIN, NAMED, UNSENT, OF_PUK, ABSENT, MODULE, MINOR };

static const struct code {
    CK_RV rv;
    enum err err;
    bool stale;
} codes[] = {
#define CODE(rv, name, stale, exit_code) {rv, ERR_##name, stale},
#include "tests/token/codes.def"
#undef CODE
};
#define CODES (sizeof codes / sizeof codes[0])

enum { SIGN = 1, DERIVE, ALWAYS, KEYS };

struct bench {
    struct softhsm h;
    struct token *t;
    struct token_key *keys[KEYS];
    uint8_t made; /* ids of keys that were made */
};

static struct bench b;

/* The rules from now on, and that calls are written down. Nobody reads meanwhile, so that this
 * needs none of softhsm_fault's care, which would cost a minute. */
static void fault(const char *rules)
{
    unlink(b.h.trace);
    FILE *f = fopen(b.h.control, "we");
    assert_non_null(f);
    assert_true(fprintf(f, "%s\ntrace\n", rules) > 0);
    assert_int_equal(fclose(f), 0);
}

/* How many calls of FUNCTION there were, of which *VERDICTS said something about a PIN. */
static unsigned calls_of(const char *function, unsigned *verdicts)
{
    char name[64];
    unsigned long rv;
    unsigned count = 0;

    *verdicts = 0;
    FILE *f = fopen(b.h.trace, "re");
    while (f && fscanf(f, "%63s %lx", name, &rv) == 2) {
        count += strcmp(name, function) == 0;
        *verdicts += strcmp(name, function) == 0 && rv >= 0xa0 && rv <= 0xa4;
    }
    if (f)
        fclose(f);
    return count;
}

/* --- a token with keys --- */

/* Of token.h's own making none wants the PIN for each signature. */
static void make_always_key(void)
{
    CK_FUNCTION_LIST *f = b.h.module->f;
    CK_SESSION_HANDLE s = 0;
    CK_BBOOL yes = CK_TRUE;
    CK_BYTE id = ALWAYS, p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof yes},
                             {CKA_EC_PARAMS, p256, sizeof p256},
                             {CKA_VERIFY, &yes, sizeof yes},
                             {CKA_ID, &id, 1}};
    CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof yes},
                              {CKA_PRIVATE, &yes, sizeof yes},
                              {CKA_SIGN, &yes, sizeof yes},
                              {CKA_ALWAYS_AUTHENTICATE, &yes, sizeof yes},
                              {CKA_ID, &id, 1}};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE made[2];

    assert_int_equal(
        f->C_OpenSession(b.t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s), CKR_OK);
    assert_int_equal(f->C_GenerateKeyPair(s, &mechanism, public, 4, private, 5, &made[0], &made[1]),
                     CKR_OK);
    f->C_CloseSession(s);
}

static enum err find(uint8_t id, enum token_use use, struct token_key **out)
{
    char text[32];

    snprintf(text, sizeof text, "pkcs11:id=%%%02x", id);
    struct token_uri *uri = softhsm_uri(text);
    enum err e = token_key_find(b.t, uri, use, out);
    token_uri_free(uri);
    return e;
}

static enum err do_store(void);

static int begin(void **state)
{
    struct token_info info;
    uint8_t ids[] = {0, SIGN, DERIVE};

    (void)state;
    memset(&b, 0, sizeof b);
    softhsm_begin_faulty(&b.h, FAULT_MODULE);
    softhsm_init_token(&b.h, "alice", &info);
    b.t = softhsm_open(&b.h, "alice");
    assert_ok(token_generate(b.t, TOKEN_USE_SIGN, TOKEN_P256, "sign", &ids[SIGN], 1));
    assert_ok(token_generate(b.t, TOKEN_USE_DERIVE, TOKEN_P256, "derive", &ids[DERIVE], 1));
    make_always_key();
    assert_ok(find(SIGN, TOKEN_USE_SIGN, &b.keys[SIGN]));
    assert_ok(find(DERIVE, TOKEN_USE_DERIVE, &b.keys[DERIVE]));
    assert_ok(find(ALWAYS, TOKEN_USE_SIGN, &b.keys[ALWAYS]));
    b.made = KEYS;
    assert_ok(do_store());
    return 0;
}

static int end(void **state)
{
    (void)state;
    fault("");
    for (size_t i = 0; i < KEYS; i++)
        token_key_free(b.keys[i]);
    token_close(b.t);
    softhsm_end(&b.h);
    return 0;
}

/* Nobody has the module. */
static int begin_unloaded(void **state)
{
    begin(state);
    for (size_t i = 0; i < KEYS; i++)
        token_key_free(b.keys[i]);
    token_close(b.t);
    token_module_unload(b.h.module);
    memset(b.keys, 0, sizeof b.keys);
    b.t = NULL;
    b.h.module = NULL;
    return 0;
}

/* --- what a caller does --- */

static enum err do_load(void)
{
    struct token_module *m = NULL;

    enum err e = token_module_load(FAULT_MODULE, &m);
    token_module_unload(m);
    return e;
}

static enum err do_open(void)
{
    struct token *t = NULL;
    struct token_uri *uri = softhsm_uri("pkcs11:token=alice");

    enum err e = token_open(b.h.module, uri, &t);
    token_close(t);
    token_uri_free(uri);
    return e;
}

static enum err do_login(void)
{
    return softhsm_login(b.t, SOFTHSM_PIN, false);
}

static enum err do_logout(void)
{
    return token_logout(b.t);
}

static enum err do_init(void)
{
    struct token_pin *so_pin = softhsm_pin(b.h.module, SOFTHSM_SO_PIN);
    struct token_pin *pin = softhsm_pin(b.h.module, SOFTHSM_PIN);
    struct token_info info;

    enum err e = token_init(b.h.module, "another", so_pin, pin, &info);
    token_pin_free(so_pin);
    token_pin_free(pin);
    return e;
}

static enum err do_change_pin(void)
{
    struct token_pin *pin = softhsm_pin(b.h.module, SOFTHSM_PIN);

    enum err e = token_change_pin(b.t, pin, pin, false);
    token_pin_free(pin);
    return e;
}

static enum err do_unblock(void)
{
    struct token_pin *puk = softhsm_pin(b.h.module, SOFTHSM_SO_PIN);
    struct token_pin *pin = softhsm_pin(b.h.module, SOFTHSM_PIN);

    enum err e = token_unblock(b.t, TOKEN_WAY_OFFICER, puk, pin, false);
    token_pin_free(puk);
    token_pin_free(pin);
    return e;
}

static enum err do_officer_generate(void)
{
    struct token_pin *officer = softhsm_pin(b.h.module, SOFTHSM_SO_PIN);
    uint8_t id = b.made++;

    assert_ok(token_logout(b.t));
    enum err e =
        token_officer_generate(b.t, officer, false, TOKEN_USE_SIGN, TOKEN_P256, "another", &id, 1);
    token_pin_free(officer);
    return e;
}

static enum err do_find(void)
{
    struct token_key *k = NULL;

    while (b.t->idle_count) /* so that it opens one */
        b.h.module->f->C_CloseSession(b.t->idle[--b.t->idle_count]);
    enum err e = find(SIGN, TOKEN_USE_SIGN, &k);
    assert_int_equal(k != NULL, e == ERR_OK);
    token_key_free(k);
    return e;
}

static enum err do_look(void)
{
    struct token_sight sight;

    return token_look(b.t, &sight);
}

static enum err do_generate(void)
{
    uint8_t id = b.made++;

    return token_generate(b.t, TOKEN_USE_DERIVE, TOKEN_P256, "another", &id, 1);
}

static X509 *certificate_of(struct token_key *k)
{
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"bank", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(x, name), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    assert_int_equal(X509_set_pubkey(x, k->public), 1);
    assert_true(X509_sign(x, issuer, EVP_sha256()) > 0);
    EVP_PKEY_free(issuer);
    return x;
}

static enum err do_store(void)
{
    X509 *x = certificate_of(b.keys[SIGN]);
    unsigned char *der = NULL;
    int len = i2d_X509(x, &der);

    assert_true(len > 0);
    enum err e = token_key_store_certificate(b.keys[SIGN], der, (size_t)len);
    OPENSSL_free(der);
    X509_free(x);
    return e;
}

/* By OpenSSL alone. */
static bool verifies(struct token_key *k, const uint8_t hash[static 32],
                     const uint8_t sig[static 64])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(k->public, NULL);

    assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(sig, 32, NULL), BN_bin2bn(sig + 32, 32, NULL)),
                     1);
    int len = i2d_ECDSA_SIG(pair, &der);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    bool good = EVP_PKEY_verify(context, der, (size_t)len, hash, 32) == 1;
    EVP_PKEY_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    return good;
}

static enum err sign_with(struct token_key *k)
{
    uint8_t hash[32] = {1}, sig[TOKEN_SIG_MAX] = {0}, none[TOKEN_SIG_MAX] = {0};
    size_t len = 1;

    enum err e = token_sign(k, hash, sizeof hash, sig, sizeof sig, &len);
    if (e) {
        assert_int_equal(len, 0);
        assert_memory_equal(sig, none, sizeof sig);
    } else {
        assert_int_equal(len, 64);
        assert_true(verifies(k, hash, sig));
    }
    return e;
}

static enum err do_sign(void)
{
    return sign_with(b.keys[SIGN]);
}

static enum err do_sign_always(void)
{
    return sign_with(b.keys[ALWAYS]);
}

static enum err do_derive(void)
{
    struct buf spki = BUF_INIT(0);
    struct secret *z = softhsm_secret();

    assert_ok(token_key_spki(b.keys[SIGN], &spki)); /* a point on the curve */
    enum err e = token_derive(b.keys[DERIVE], spki.data + spki.len - 65, 65, z);
    assert_int_equal(secret_len(z), e ? 0 : 32);
    buf_free(&spki);
    secret_free(z);
    return e;
}

enum operation {
#define OPERATION(name) OP_##name
    OPERATION(load),
    OPERATION(open),
    OPERATION(login),
    OPERATION(login_again),
    OPERATION(restart),
    OPERATION(logout),
    OPERATION(init),
    OPERATION(change_pin),
    OPERATION(officer_generate),
    OPERATION(unblock),
    OPERATION(find),
    OPERATION(look),
    OPERATION(generate),
    OPERATION(store),
    OPERATION(sign),
    OPERATION(sign_always),
    OPERATION(derive)
#undef OPERATION
};

static const struct {
    enum err (*run)(void);
    const char *before; /* rules that take it to where the call is */
    unsigned pins;      /* how often the token may get the PIN */
} operations[] = {
    [OP_load] = {do_load, "", 0},
    [OP_open] = {do_open, "", 0},
    [OP_login] = {do_login, "", 1},
    /* "Already logged in" says nothing about the PIN, and costs no try. */
    [OP_login_again] = {do_login, "", 2},
    /* Only a module that is started anew finds the token, and it is logged in by the PIN that it
     * took before, once. */
    [OP_restart] = {do_sign, "C_Sign 1 0xb3\nC_GetSlotList 1 0x30\n", 1},
    [OP_logout] = {do_logout, "", 0},
    [OP_init] = {do_init, "", 1},
    [OP_officer_generate] = {do_officer_generate, "", 1},
    [OP_change_pin] = {do_change_pin, "", 0},
    [OP_unblock] = {do_unblock, "", 1},
    [OP_find] = {do_find, "", 2},
    [OP_look] = {do_look, "", 2},
    [OP_generate] = {do_generate, "", 2},
    [OP_store] = {do_store, "", 2},
    [OP_sign] = {do_sign, "", 2},
    [OP_sign_always] = {do_sign_always, "", 3},
    [OP_derive] = {do_derive, "", 2},
};

static const struct call {
    const char *function, *name;
    enum operation operation;
    enum verdict verdict;
} calls[] = {
#define CALL(function, operation, verdict)                                                         \
    {#function, #function "_in_" #operation, OP_##operation, verdict},
#include "tests/token/calls.def"
#undef CALL
};
#define CALLS (sizeof calls / sizeof calls[0])

/* --- the table --- */

static enum err expected(const struct call *c, const struct code *code, bool always)
{
    const bool failed = code->err == ERR_TOKEN_FAILED;

    switch (c->verdict) {
    case CURED:
        return code->stale && !always ? ERR_OK : code->err;
    case GONE:
        return code->err == ERR_TOKEN_REMOVED && code->stale && !always ? ERR_OK : code->err;
    case FOUND:
        if (!failed && code->err != ERR_TOKEN_REMOVED)
            return code->err;
        return always ? ERR_TOKEN_REMOVED : ERR_OK;
    case FORGIVEN:
        return code->stale ? ERR_OK : code->err;
    case AGAIN:
        return always ? ERR_TOKEN_FAILED : ERR_OK;
    case UNSENT:
        return code->err == ERR_TOKEN_REMOVED ? ERR_TOKEN_NOT_FOUND : code->err;
    case OF_PUK:
        if (code->err == ERR_PIN_WRONG)
            return ERR_PUK_WRONG;
        return code->err == ERR_PIN_LOCKED ? ERR_PUK_LOCKED : code->err;
    case NAMED:
        return code->err;
    case ABSENT:
        return ERR_TOKEN_NOT_FOUND;
    case MODULE:
        return ERR_TOKEN_MODULE;
    case MINOR:
    default:
        return ERR_OK;
    }
}

/* Until somebody says that PIN anew. */
static void stays_refused(const struct call *c, const char *rules)
{
    unsigned verdicts;

    fault("");
    if (operations[c->operation].run() != ERR_PIN_REQUIRED)
        fail_msg("%s: it goes on without a PIN", rules);
    if (calls_of("C_Login", &verdicts) != 0)
        fail_msg("%s: the token got the refused PIN later", rules);
}

static void meets(const struct call *c, const struct code *code, bool always)
{
    char rules[160];
    unsigned verdicts;

    snprintf(rules, sizeof rules, "%s%s %s 0x%lx", operations[c->operation].before, c->function,
             always ? "*" : "1", code->rv);
    fault(rules);
    alarm(DEADLINE_S);
    enum err e = operations[c->operation].run();
    alarm(0);
    if (e != expected(c, code, always))
        fail_msg("%s: %s instead of %s", rules, err_name(e), err_name(expected(c, code, always)));
    if (calls_of(c->function, &verdicts) == 0)
        fail_msg("%s: it was not called", rules);
    if (calls_of("C_Login", &verdicts) > operations[c->operation].pins || verdicts > 1)
        fail_msg("%s: the token got the PIN again", rules);
    if (e && strcmp(c->function, "C_Login") == 0 &&
        (c->operation == OP_sign_always || c->operation == OP_restart))
        stays_refused(c, rules);
    fault("");
    if (b.t) {
        assert_ok(do_login());
        assert_ok(do_sign());
    }
}

static void meets_every_code(void **state)
{
    const struct call *c = *state;

    for (size_t i = 0; i < CODES; i++) {
        meets(c, &codes[i], true);
        meets(c, &codes[i], false);
        if (c->operation == OP_init && i % 16 == 15) { /* it made tokens, and their slots are few */
            end(state);
            begin(state);
        }
    }
}

/* --- no call without a row --- */

static bool has_row(const char *name, size_t len)
{
    for (size_t i = 0; i < CALLS; i++)
        if (strlen(calls[i].function) == len && memcmp(calls[i].function, name, len) == 0)
            return true;
    return false;
}

static size_t look_through(const char *path)
{
    struct buf text = BUF_INIT(0);
    size_t found = 0;

    assert_ok(file_read(path, 1 << 20, &text));
    assert_ok(buf_add(&text, "", 1));
    const char *at = (const char *)text.data;
    while ((at = strstr(at, "->C_"))) {
        size_t len = 0;
        at += strlen("->");
        while (isalnum((unsigned char)at[len]) || at[len] == '_')
            len++;
        if (!has_row(at, len))
            fail_msg("%s calls %.*s, which has no row in tests/token/calls.def", path, (int)len,
                     at);
        found++;
    }
    buf_free(&text);
    return found;
}

static void every_call_has_a_row(void **state)
{
    glob_t files;
    size_t found = 0;

    (void)state;
    assert_int_equal(glob("token/*.c", 0, NULL, &files), 0);
    (void)glob("token/*/*.c", GLOB_APPEND, NULL, &files);
    for (size_t i = 0; i < files.gl_pathc; i++)
        found += look_through(files.gl_pathv[i]);
    globfree(&files);
    assert_true(found > 30); /* it looked where they are */
}

int main(void)
{
    struct CMUnitTest tests[CALLS + 1] = {cmocka_unit_test(every_call_has_a_row)};

    for (size_t i = 0; i < CALLS; i++)
        tests[i + 1] = (struct CMUnitTest){
            .name = calls[i].name,
            .test_func = meets_every_code,
            .setup_func = calls[i].operation == OP_load ? begin_unloaded : begin,
            .teardown_func = end,
            .initial_state = (void *)(uintptr_t)&calls[i],
        };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
