/* SPDX-License-Identifier: Apache-2.0
 * Tokens that fail: SoftHSM2 behind the fault module (testbank/fault/control.h), one error at a
 * time.
 */
#include "token/inner.h"

#include "base/file.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const CK_RV STALE[] = {0x05, 0x30, 0x31, 0x32, 0x82, 0xb3, 0xe0, 0xe1, 0x101};
#define STALE_COUNT (sizeof STALE / sizeof STALE[0])

struct bench {
    struct softhsm h;
    struct token *t;
    struct token_key *k;
};

static int begin(void **state)
{
    static struct bench b;
    struct token_info info;
    uint8_t id = 1;

    softhsm_begin_faulty(&b.h, FAULT_MODULE);
    softhsm_init_token(&b.h, "alice", &info);
    b.t = softhsm_open(&b.h, "alice");
    assert_ok(token_generate(b.t, TOKEN_USE_SIGN, TOKEN_P256, "sign", &id, 1));
    assert_ok(token_key_find(b.t, NULL, TOKEN_USE_SIGN, &b.k));
    *state = &b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "");
    token_key_free(b->k);
    token_close(b->t);
    softhsm_end(&b->h);
    return 0;
}

static enum err sign(struct bench *b)
{
    uint8_t hash[32] = {1}, sig[TOKEN_SIG_MAX] = {0}, none[TOKEN_SIG_MAX] = {0};
    size_t len = 1;

    enum err e = token_sign(b->k, hash, sizeof hash, sig, sizeof sig, &len);
    if (e) {
        assert_int_equal(len, 0);
        assert_memory_equal(sig, none, sizeof sig);
    }
    return e;
}

static enum err login(struct bench *b, const char *text, bool last_try_allowed)
{
    return softhsm_login(b->t, text, last_try_allowed);
}

static enum token_tries tries(struct bench *b)
{
    struct token_info info;
    assert_ok(token_info_of(b->t, &info));
    return info.tries;
}

/* Each error that means "gone" once, wherever a signature may meet it. */
static void comes_back_after_each_error(void **state)
{
    static const char *const functions[] = {"C_SignInit", "C_Sign"};
    struct bench *b = *state;
    char rule[64];

    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++)
        for (size_t i = 0; i < STALE_COUNT; i++) {
            snprintf(rule, sizeof rule, "%s 1 0x%lx\n", functions[f], STALE[i]);
            softhsm_fault(&b->h, rule);
            assert_ok(sign(b));
        }
}

/* The way back meets errors itself: the module is started anew. */
static void comes_back_through_a_restart(void **state)
{
    static const char *const rules[] = {
        "C_Sign 1 0xb3\nC_OpenSession 1 0x30\n", "C_Sign 1 0xb3\nC_GetSlotList 1 0x30\n",
        "C_Sign 1 0xb3\nC_GetTokenInfo 1 0xe0\n", /* the token is not there for a moment */
        "C_Sign 1 0x05\n",                        /* pcscd was restarted */
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        uint64_t epoch = b->h.module->epoch;
        softhsm_fault(&b->h, rules[i]);
        assert_ok(sign(b));
        assert_int_equal(b->h.module->epoch, epoch + 1);
    }
}

static void gives_up_by_name(void **state)
{
    static const struct {
        const char *rule;
        enum err err;
    } lasting[] = {
        {"C_Sign * 0x32", ERR_TOKEN_REMOVED},       {"C_Sign * 0x30", ERR_TOKEN_FAILED},
        {"C_SignInit * 0xe0", ERR_TOKEN_REMOVED},   {"C_Sign 1 0x54", ERR_TOKEN_UNSUPPORTED},
        {"C_Sign 1 0x80000001", ERR_TOKEN_FAILED}, /* a vendor's own */
        {"C_Sign * flip", ERR_TOKEN_BAD_SIGNATURE},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
        softhsm_fault(&b->h, lasting[i].rule);
        assert_err(sign(b), lasting[i].err);
        /* A session that saw an error is not used again. */
        assert_int_equal(b->t->idle_count, lasting[i].err == ERR_TOKEN_BAD_SIGNATURE);
        assert_int_equal(b->t->in_use, 0);
        softhsm_fault(&b->h, "");
        assert_ok(sign(b));
    }
}

static void generating_fails_by_name(void **state)
{
    struct bench *b = *state;
    uint8_t id = 2;

    softhsm_fault(&b->h, "C_GenerateKeyPair * 0x31");
    assert_err(token_generate(b->t, TOKEN_USE_SIGN, TOKEN_P256, "x", &id, 1), ERR_TOKEN_FULL);
    softhsm_fault(&b->h, "C_GetMechanismInfo * 0x70");
    assert_err(token_generate(b->t, TOKEN_USE_SIGN, TOKEN_P256, "x", &id, 1), ERR_TOKEN_NO_EC);
    softhsm_fault(&b->h, "C_OpenSession * 0xe2");
    assert_err(token_generate(b->t, TOKEN_USE_SIGN, TOKEN_P256, "x", &id, 1), ERR_TOKEN_READ_ONLY);
    softhsm_fault(&b->h, "C_GetMechanismInfo 2 0x70"); /* it makes keys, and does not agree */
    assert_err(token_generate(b->t, TOKEN_USE_DERIVE, TOKEN_P256, "x", &id, 1),
               ERR_TOKEN_UNSUPPORTED);
}

static void has_rsa_only(void **state)
{
    struct bench *b = *state;
    struct token_info info;

    assert_ok(token_info_of(b->t, &info));
    assert_true(info.ecdsa);
    softhsm_fault(&b->h, "C_GetMechanismInfo * 0x70");
    assert_ok(token_info_of(b->t, &info));
    assert_false(info.ecdsa);
}

static void keypad_asks(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "keypad " SOFTHSM_PIN);
    assert_ok(token_login(b->t, NULL, false));
    assert_ok(sign(b));
    softhsm_fault(&b->h, "keypad 999999");
    assert_err(token_login(b->t, NULL, false), ERR_PIN_WRONG);
    softhsm_fault(&b->h, "keypad cancel");
    assert_err(token_login(b->t, NULL, false), ERR_PIN_CANCELLED);
    assert_err(sign(b), ERR_PIN_REQUIRED);
}

static void keypad_changes_and_unblocks(void **state)
{
    struct bench *b = *state;
    struct token_pin *pin = softhsm_pin(b->h.module, SOFTHSM_PIN);

    assert_err(token_change_pin(b->t, NULL, NULL, false), ERR_PIN_REQUIRED); /* there is none */
    assert_err(token_unblock(b->t, TOKEN_WAY_OFFICER, NULL, NULL, false), ERR_PIN_REQUIRED);
    softhsm_fault(&b->h, "keypad cancel");
    assert_err(token_change_pin(b->t, NULL, NULL, false), ERR_PIN_CANCELLED);
    assert_err(token_unblock(b->t, TOKEN_WAY_OFFICER, NULL, NULL, false), ERR_PIN_CANCELLED);
    assert_err(token_change_pin(b->t, NULL, pin, false), ERR_PIN_REQUIRED); /* half of it */
    assert_err(token_unblock(b->t, TOKEN_WAY_OFFICER, pin, NULL, false), ERR_PIN_REQUIRED);
    token_pin_free(pin);
    softhsm_fault(&b->h, "keypad " SOFTHSM_PIN " 246802");
    assert_ok(token_change_pin(b->t, NULL, NULL, false));
    softhsm_fault(&b->h, "keypad " SOFTHSM_SO_PIN " 135791");
    assert_ok(token_unblock(b->t, TOKEN_WAY_OFFICER, NULL, NULL, false));
    softhsm_fault(&b->h, "");
    assert_err(login(b, "246802", false), ERR_PIN_WRONG);
    assert_ok(login(b, "135791", false));
    assert_ok(sign(b));
}

static enum err unblock(struct bench *b, enum token_way way, const char *puk, bool last_try)
{
    struct token_pin *old = softhsm_pin(b->h.module, puk);
    struct token_pin *fresh = softhsm_pin(b->h.module, "135791");

    enum err e = token_unblock(b->t, way, old, fresh, last_try);
    token_pin_free(old);
    token_pin_free(fresh);
    return e;
}

static void unblocking_spends_what_is_allowed(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "officer 0");
    assert_err(unblock(b, TOKEN_WAY_OFFICER, SOFTHSM_SO_PIN, true), ERR_PUK_LOCKED);
    softhsm_fault(&b->h, "officer 1");
    assert_err(unblock(b, TOKEN_WAY_OFFICER, SOFTHSM_SO_PIN, false), ERR_PUK_LAST_TRY);
    assert_err(unblock(b, TOKEN_WAY_OFFICER, "11111111", true), ERR_PUK_WRONG);
    softhsm_fault(&b->h, "C_SetPIN * 0x05"); /* it never gets so far */
    assert_err(unblock(b, TOKEN_WAY_PUK, SOFTHSM_SO_PIN, true), ERR_PIN_NOT_LOCKED);
    softhsm_fault(&b->h, "officer 3");
    assert_err(unblock(b, TOKEN_WAY_OFFICER, "", false), ERR_PIN_INVALID);
    assert_ok(login(b, SOFTHSM_PIN, false)); /* none of it did anything */
    assert_ok(sign(b));
    assert_ok(unblock(b, TOKEN_WAY_OFFICER, SOFTHSM_SO_PIN, false));
    assert_err(sign(b), ERR_PIN_REQUIRED); /* the login ended */
    assert_ok(login(b, "135791", false));
    assert_ok(sign(b));
}

static void last_try_only_in_so_many_words(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "tries 3");
    assert_int_equal(tries(b), TOKEN_TRIES_OK);
    assert_err(login(b, "999999", false), ERR_PIN_WRONG);
    assert_int_equal(tries(b), TOKEN_TRIES_LOW);
    assert_err(login(b, "999999", false), ERR_PIN_WRONG);
    assert_int_equal(tries(b), TOKEN_TRIES_FINAL);
    assert_err(login(b, SOFTHSM_PIN, false), ERR_PIN_LAST_TRY); /* even the right one */
    struct token_pin *pin = softhsm_pin(b->h.module, SOFTHSM_PIN);
    assert_err(token_change_pin(b->t, pin, pin, false), ERR_PIN_LAST_TRY);
    assert_int_equal(tries(b), TOKEN_TRIES_FINAL); /* and no try was spent */
    assert_ok(token_change_pin(b->t, pin, pin, true));
    token_pin_free(pin);
    assert_int_equal(tries(b), TOKEN_TRIES_OK);
    for (int i = 0; i < 2; i++)
        assert_err(login(b, "999999", false), ERR_PIN_WRONG);
    assert_ok(login(b, SOFTHSM_PIN, true));
    assert_int_equal(tries(b), TOKEN_TRIES_OK);
    for (int i = 0; i < 3; i++)
        assert_err(login(b, "999999", true), ERR_PIN_WRONG);
    assert_int_equal(tries(b), TOKEN_TRIES_LOCKED);
    softhsm_fault(&b->h, "tries 3\nC_Login * crash"); /* not even asked */
    assert_err(login(b, SOFTHSM_PIN, true), ERR_PIN_LOCKED);
}

/* The token was wiped of tries by somebody else while we hold the PIN: re-attaching spares the last
 * one. */
static void reattaching_spares_the_last_try(void **state)
{
    struct bench *b = *state;
    char path[160];

    softhsm_fault(&b->h, "tries 3\nC_Sign 1 0xb3");
    snprintf(path, sizeof path, "%s.failures", b->h.control);
    assert_ok(file_write(path, "2", 1, 0600));
    assert_err(sign(b), ERR_PIN_LAST_TRY);
    assert_err(sign(b), ERR_PIN_REQUIRED);
    assert_int_equal(tries(b), TOKEN_TRIES_FINAL);
}

/* A PIN that went to the token goes there again only when the user says so; one that did not get
 * that far does. */
static void login_without_a_verdict(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "C_Login 1 0x05\nC_Login 2 crash");
    assert_err(login(b, SOFTHSM_PIN, false), ERR_TOKEN_FAILED);
    assert_err(sign(b), ERR_PIN_REQUIRED);
    softhsm_fault(&b->h, "C_Login 1 0x30\nC_GetSlotList * 0xe0"); /* it was pulled meanwhile */
    assert_err(login(b, SOFTHSM_PIN, false), ERR_TOKEN_REMOVED);
    softhsm_fault(&b->h, "");
    assert_ok(login(b, SOFTHSM_PIN, false));
    softhsm_fault(&b->h, "C_GetTokenInfo 1 0x30\nC_Login 2 crash");
    assert_ok(login(b, SOFTHSM_PIN, false));
    assert_ok(sign(b));
}

/* Which PIN it has now, the token alone knows: none goes there by itself. */
static void changing_without_a_verdict(void **state)
{
    static const char *const verdicts[] = {"0x05", "0x30", "0x32", "0xe0", "0x80000001"};
    struct bench *b = *state;
    char rules[64];

    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        struct token_pin *old = softhsm_pin(b->h.module, SOFTHSM_PIN),
                         *fresh = softhsm_pin(b->h.module, "fresh");
        softhsm_fault(&b->h, "");
        assert_ok(login(b, SOFTHSM_PIN, false));
        snprintf(rules, sizeof rules, "C_SetPIN 1 %s", verdicts[i]);
        softhsm_fault(&b->h, rules);
        enum err e = token_change_pin(b->t, old, fresh, false);
        assert_true(e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_FAILED);
        softhsm_fault(&b->h, "C_SignInit 1 0xe0\nC_Login 1 crash");
        assert_err(sign(b), ERR_PIN_REQUIRED);
        token_pin_free(old);
        token_pin_free(fresh);
    }
}

/* Nobody is asked, so the PIN goes there once, whatever the token makes of it, and never again. */
static void reattaching_sends_the_pin_once(void **state)
{
    static const char *const verdicts[] = {"0x05", "0x30", "0x06", "0x80000001", "0xa0", "0x03",
                                           "0x32", "0x82", "0xb3", "0xe0",       "0xe1"};
    struct bench *b = *state;
    char rules[96];

    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        snprintf(rules, sizeof rules, "C_SignInit 1 0xe0\nC_Login 1 %s\nC_Login 2 crash",
                 verdicts[i]);
        softhsm_fault(&b->h, rules);
        assert_int_not_equal(sign(b), ERR_OK);
        assert_err(sign(b), ERR_PIN_REQUIRED);
        softhsm_fault(&b->h, "");
        assert_ok(login(b, SOFTHSM_PIN, false));
    }
}

/* Trouble on the way to the PIN, or a token that is out when it is asked for: nothing was spent,
 * and the next signature finds it. C_GetTokenInfo is called for each slot, before the PIN and
 * after. */
static void reattaching_goes_on_later(void **state)
{
    static const char *const rules[] = {
        "C_SignInit 1 0xe0\nC_GetTokenInfo 3 0xe0\nC_Login 1 crash",
        "C_SignInit 1 0xe0\nC_GetTokenInfo 3 0x30\nC_GetTokenInfo 6 0x30\nC_Login 1 crash",
        "C_SignInit 1 0xe0\nC_Login 1 0xe0\nC_GetTokenInfo 4 0xe0\nC_Login 2 crash",
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        softhsm_fault(&b->h, rules[i]);
        enum err e = sign(b);
        assert_true(e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_FAILED);
        softhsm_fault(&b->h, "");
        assert_ok(sign(b));
    }
}

/* The same with a key that wants the PIN for each signature. */
static void always_authenticating_sends_the_pin_once(void **state)
{
    static const char *const verdicts[] = {"0x05", "0x32", "0xe0", "0xb3"};
    struct bench *b = *state;
    char rules[96];

    b->k->info.always_authenticate = true;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        snprintf(rules, sizeof rules, "C_Login 1 %s\nC_Login 2 crash", verdicts[i]);
        softhsm_fault(&b->h, rules);
        assert_int_not_equal(sign(b), ERR_OK);
        assert_err(sign(b), ERR_PIN_REQUIRED);
        softhsm_fault(&b->h, "");
        assert_ok(login(b, SOFTHSM_PIN, false));
    }
}

static enum err change_pin(struct bench *b, const char *from, const char *to, bool last_try)
{
    struct token_pin *old = softhsm_pin(b->h.module, from), *fresh = softhsm_pin(b->h.module, to);
    enum err e = token_change_pin(b->t, old, fresh, last_try);

    token_pin_free(old);
    token_pin_free(fresh);
    return e;
}

static void changing_the_pin_costs_tries(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "tries 3");
    assert_err(change_pin(b, "wrong", "5678", false), ERR_PIN_WRONG);
    assert_int_equal(tries(b), TOKEN_TRIES_LOW);
    assert_err(change_pin(b, "wrong", "5678", false), ERR_PIN_WRONG);
    assert_int_equal(tries(b), TOKEN_TRIES_FINAL);
    assert_err(change_pin(b, "wrong", "5678", false), ERR_PIN_LAST_TRY);
    assert_int_equal(tries(b), TOKEN_TRIES_FINAL);
    assert_ok(change_pin(b, SOFTHSM_PIN, "5678", true));
    assert_int_equal(tries(b), TOKEN_TRIES_OK);
    assert_ok(sign(b));
}

static void a_new_pin_is_not_empty(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "C_SetPIN * crash");
    assert_err(change_pin(b, SOFTHSM_PIN, "", false), ERR_PIN_INVALID);
}

static void *sign_ten(void *arg)
{
    static const char good[] = "good";
    struct bench *b = arg;

    for (uint8_t i = 0; i < 10; i++) {
        uint8_t hash[32] = {i}, sig[TOKEN_SIG_MAX];
        size_t len = 0;
        if (token_sign(b->k, hash, sizeof hash, sig, sizeof sig, &len))
            return NULL;
    }
    return (void *)(uintptr_t)good;
}

/* One session beside the anchor is all that the token has: eight threads share it. */
static void waits_for_a_session(void **state)
{
    struct bench *b = *state;
    pthread_t threads[8];
    void *good[8];

    assert_ok(sign(b));
    softhsm_fault(&b->h, "C_OpenSession * 0xb1");
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_ten, b), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], &good[i]);
    for (int i = 0; i < 8; i++)
        assert_non_null(good[i]);
    struct token_uri *uri = softhsm_uri("pkcs11:token=alice");
    struct token *other = NULL;
    assert_err(token_open(b->h.module, uri, &other), ERR_TOKEN_BUSY);
    token_uri_free(uri);
}

/* --- the only session comes back while another is asked for in vain --- */

static struct bench *late;
static CK_FUNCTION_LIST honest;
static atomic_bool is_out, is_asked;

static CK_RV sign_when_asked(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *sig,
                             CK_ULONG *sig_len)
{
    atomic_store(&is_out, true);
    while (!atomic_load(&is_asked))
        sched_yield();
    return honest.C_Sign(s, data, data_len, sig, sig_len);
}

static CK_RV refuse_when_back(CK_SLOT_ID slot, CK_FLAGS flags, void *ctx, CK_NOTIFY notify,
                              CK_SESSION_HANDLE *out)
{
    size_t idle = 0;

    (void)slot, (void)flags, (void)ctx, (void)notify, (void)out;
    atomic_store(&is_asked, true);
    while (idle == 0) {
        sched_yield();
        pthread_mutex_lock(&late->t->pool_lock);
        idle = late->t->idle_count;
        pthread_mutex_unlock(&late->t->pool_lock);
    }
    return CKR_SESSION_COUNT;
}

static void takes_a_session_that_came_back(void **state)
{
    CK_FUNCTION_LIST slow;
    pthread_t thread;
    void *good = NULL;

    late = *state;
    assert_ok(sign(late)); /* and one is idle */
    honest = slow = *late->h.module->f;
    slow.C_Sign = sign_when_asked;
    slow.C_OpenSession = refuse_when_back;
    CK_FUNCTION_LIST *before = late->h.module->f;
    late->h.module->f = &slow;
    alarm(20);
    assert_int_equal(pthread_create(&thread, NULL, sign_ten, late), 0);
    while (!atomic_load(&is_out))
        sched_yield();
    assert_ok(sign(late));
    pthread_join(thread, &good);
    alarm(0);
    late->h.module->f = before;
    assert_non_null(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back_after_each_error, begin, end),
        cmocka_unit_test_setup_teardown(comes_back_through_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(gives_up_by_name, begin, end),
        cmocka_unit_test_setup_teardown(generating_fails_by_name, begin, end),
        cmocka_unit_test_setup_teardown(has_rsa_only, begin, end),
        cmocka_unit_test_setup_teardown(keypad_asks, begin, end),
        cmocka_unit_test_setup_teardown(keypad_changes_and_unblocks, begin, end),
        cmocka_unit_test_setup_teardown(unblocking_spends_what_is_allowed, begin, end),
        cmocka_unit_test_setup_teardown(last_try_only_in_so_many_words, begin, end),
        cmocka_unit_test_setup_teardown(reattaching_spares_the_last_try, begin, end),
        cmocka_unit_test_setup_teardown(reattaching_sends_the_pin_once, begin, end),
        cmocka_unit_test_setup_teardown(reattaching_goes_on_later, begin, end),
        cmocka_unit_test_setup_teardown(always_authenticating_sends_the_pin_once, begin, end),
        cmocka_unit_test_setup_teardown(changing_the_pin_costs_tries, begin, end),
        cmocka_unit_test_setup_teardown(a_new_pin_is_not_empty, begin, end),
        cmocka_unit_test_setup_teardown(login_without_a_verdict, begin, end),
        cmocka_unit_test_setup_teardown(changing_without_a_verdict, begin, end),
        cmocka_unit_test_setup_teardown(waits_for_a_session, begin, end),
        cmocka_unit_test_setup_teardown(takes_a_session_that_came_back, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
