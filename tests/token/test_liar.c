/* SPDX-License-Identifier: Apache-2.0
 * Modules that lie: SoftHSM2 with one function replaced by one that answers what no module should.
 */
#include "token/inner.h"

#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <stdlib.h>
#include <string.h>

struct bench {
    struct softhsm h;
    CK_FUNCTION_LIST *honest;
    CK_FUNCTION_LIST lies;
    struct token *t;
    struct token_key *k;
};

static struct bench b;
static unsigned logins; /* PINs that reached the module */

static int begin(void **state)
{
    struct token_info info;
    uint8_t id = 1;

    (void)state;
    softhsm_begin(&b.h);
    softhsm_init_token(&b.h, "alice", &info);
    b.t = softhsm_open(&b.h, "alice");
    assert_ok(token_generate(b.t, TOKEN_USE_SIGN, TOKEN_P256, "sign", &id, 1));
    assert_ok(token_key_find(b.t, NULL, TOKEN_USE_SIGN, &b.k));
    b.honest = b.h.module->f;
    b.lies = *b.honest;
    b.h.module->f = &b.lies;
    logins = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    b.h.module->f = b.honest;
    token_key_free(b.k);
    token_close(b.t);
    softhsm_end(&b.h);
    return 0;
}

static enum err login(const char *text)
{
    return softhsm_login(b.t, text, false);
}

static enum err sign(void)
{
    uint8_t hash[32] = {1}, sig[TOKEN_SIG_MAX];
    size_t len;
    return token_sign(b.k, hash, sizeof hash, sig, sizeof sig, &len);
}

static CK_RV too_many_objects(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *n)
{
    CK_RV rv = b.honest->C_FindObjects(s, out, max, n);
    *n = max + 1;
    return rv;
}

static void more_objects_than_asked_for(void **state)
{
    struct token_key_info *keys = NULL;
    struct token_key *k = NULL;
    size_t count = 0;

    (void)state;
    b.lies.C_FindObjects = too_many_objects;
    assert_err(token_key_list(b.t, &keys, &count), ERR_TOKEN_FAILED);
    assert_null(keys);
    assert_err(token_key_find(b.t, NULL, TOKEN_USE_SIGN, &k), ERR_TOKEN_FAILED);
    assert_null(k);
}

static CK_RV too_many_slots(CK_BBOOL present, CK_SLOT_ID *out, CK_ULONG *n)
{
    CK_RV rv = b.honest->C_GetSlotList(present, out, n);
    *n = TOKEN_SLOTS_MAX + 1;
    return rv;
}

static void more_slots_than_asked_for(void **state)
{
    struct token_info *infos = NULL;
    size_t count = 0;

    (void)state;
    b.lies.C_GetSlotList = too_many_slots;
    assert_err(token_list(b.h.module, &infos, &count), ERR_TOKEN_FAILED);
    assert_null(infos);
}

static CK_ULONG said_length;

static CK_RV absurd_length(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *sig,
                           CK_ULONG *len)
{
    CK_RV rv = b.honest->C_Sign(s, data, data_len, sig, len);
    *len = said_length;
    return rv;
}

static void signature_of_another_length(void **state)
{
    static const CK_ULONG lengths[] = {0, 63, 65, 96, TOKEN_SIG_MAX + 1, (CK_ULONG)-1};

    (void)state;
    b.lies.C_Sign = absurd_length;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        said_length = lengths[i];
        assert_err(sign(), ERR_TOKEN_BAD_SIGNATURE);
    }
}

static CK_RV absurd_attribute(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a, CK_ULONG n)
{
    CK_RV rv = b.honest->C_GetAttributeValue(s, o, a, n);
    if (a->type == CKA_LABEL || a->type == CKA_EC_POINT)
        a->ulValueLen = said_length;
    return rv;
}

static void attribute_of_absurd_length(void **state)
{
    static const CK_ULONG lengths[] = {0, 1, 161, (CK_ULONG)1 << 40, (CK_ULONG)-1};

    (void)state;
    b.lies.C_GetAttributeValue = absurd_attribute;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct token_key_info *keys = NULL;
        struct token_key *k = NULL;
        size_t count = 0;
        said_length = lengths[i];
        assert_ok(token_key_list(b.t, &keys, &count));
        assert_int_equal(count, 1);
        assert_int_equal(keys[0].curve, 0);
        free(keys);
        assert_err(token_key_find(b.t, NULL, TOKEN_USE_SIGN, &k),
                   lengths[i] == 1 ? ERR_KEY_INVALID : ERR_KEY_NO_PUBLIC);
    }
}

static CK_RV count_login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
    logins++;
    return b.honest->C_Login(s, user, pin, len);
}

/* A line without a PIN would cost a try like any wrong one. */
static void empty_pin_stays_here(void **state)
{
    (void)state;
    b.lies.C_Login = count_login;
    assert_err(login(""), ERR_PIN_INVALID);
    assert_int_equal(logins, 0);
}

static CK_RV other_serial(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = b.honest->C_GetTokenInfo(slot, info);
    info->serialNumber[0] ^= 1;
    return rv;
}

/* Cards were swapped in one reader, and the module let the session live on. */
static void pin_is_for_one_token(void **state)
{
    (void)state;
    b.lies.C_Login = count_login;
    b.lies.C_GetTokenInfo = other_serial;
    assert_err(login(SOFTHSM_PIN), ERR_TOKEN_REMOVED);
    assert_int_equal(logins, 0);
}

static CK_RV context_answer;

static CK_RV answer_context(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
    if (user != CKU_CONTEXT_SPECIFIC)
        return b.honest->C_Login(s, user, pin, len);
    logins++;
    return context_answer;
}

/* What a key that always authenticates says of the kept PIN; a second signature sends none. */
static void refused_pin_is_forgotten(void **state)
{
    static const struct {
        CK_RV rv;
        enum err err;
    } answers[] = {
        {CKR_PIN_INCORRECT, ERR_PIN_WRONG}, {CKR_PIN_LOCKED, ERR_PIN_LOCKED},
        {CKR_PIN_INVALID, ERR_PIN_INVALID}, {CKR_PIN_LEN_RANGE, ERR_PIN_INVALID},
        {CKR_PIN_EXPIRED, ERR_PIN_EXPIRED},
    };

    (void)state;
    b.lies.C_Login = answer_context;
    b.k->info.always_authenticate = true;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        assert_ok(login(SOFTHSM_PIN));
        context_answer = answers[i].rv;
        logins = 0;
        assert_err(sign(), answers[i].err);
        assert_err(sign(), ERR_PIN_REQUIRED);
        assert_int_equal(logins, 1);
    }
    assert_ok(login(SOFTHSM_PIN));
    context_answer = CKR_OK;
    assert_ok(sign());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_objects_than_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(more_slots_than_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(signature_of_another_length, begin, end),
        cmocka_unit_test_setup_teardown(attribute_of_absurd_length, begin, end),
        cmocka_unit_test_setup_teardown(empty_pin_stays_here, begin, end),
        cmocka_unit_test_setup_teardown(pin_is_for_one_token, begin, end),
        cmocka_unit_test_setup_teardown(refused_pin_is_forgotten, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
