/* SPDX-License-Identifier: Apache-2.0 */
#include "token/ckr.h"

#include "tests/base/unit.h"

/* Values, not names: the numbers of PKCS#11 2.40 are what a token answers. */
static void maps(void **state)
{
    static const struct {
        CK_RV rv;
        enum err err;
    } table[] = {
        {0x0, ERR_OK},
        {0x1, ERR_PIN_CANCELLED},
        {0x2, ERR_NO_MEMORY},
        {0x3, ERR_TOKEN_REMOVED},
        {0x5, ERR_TOKEN_FAILED},
        {0x30, ERR_TOKEN_FAILED},
        {0x31, ERR_TOKEN_FULL},
        {0x32, ERR_TOKEN_REMOVED},
        {0x50, ERR_PIN_CANCELLED},
        {0x54, ERR_TOKEN_UNSUPPORTED},
        {0x60, ERR_KEY_NOT_FOUND},
        {0x63, ERR_KEY_ALGORITHM},
        {0x68, ERR_KEY_NOT_FOUND},
        {0x70, ERR_TOKEN_NO_EC},
        {0x82, ERR_TOKEN_REMOVED},
        {0xa0, ERR_PIN_WRONG},
        {0xa1, ERR_PIN_INVALID},
        {0xa2, ERR_PIN_INVALID},
        {0xa3, ERR_PIN_EXPIRED},
        {0xa4, ERR_PIN_LOCKED},
        {0xb1, ERR_TOKEN_BUSY},
        {0xb3, ERR_TOKEN_REMOVED},
        {0xb5, ERR_TOKEN_READ_ONLY},
        {0xe0, ERR_TOKEN_REMOVED},
        {0xe1, ERR_TOKEN_REMOVED},
        {0xe2, ERR_TOKEN_READ_ONLY},
        {0x101, ERR_PIN_REQUIRED},
        {0x102, ERR_PIN_NOT_SET},
        {0x103, ERR_TOKEN_UNSUPPORTED},
        {0x130, ERR_TOKEN_NO_EC},
        {0x140, ERR_TOKEN_NO_EC},
        {0x80000001UL, ERR_TOKEN_FAILED},
        {0x1000000A0UL, ERR_TOKEN_FAILED}, /* an int would have made this a wrong PIN */
        {0x100000000UL, ERR_TOKEN_FAILED}, /* and this a success */
    };

    size_t named = 0, listed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_err(ckr_err(table[i].rv), table[i].err);
        listed += table[i].err != ERR_TOKEN_FAILED;
    }
    for (CK_RV rv = 0; rv < 0x1000; rv++)
        named += ckr_err(rv) != ERR_TOKEN_FAILED;
    assert_int_equal(named, listed); /* a row that is not here would be one more */
}

static void stale_are_these(void **state)
{
    static const CK_RV stale[] = {0x05, 0x30, 0x31, 0x32, 0x82, 0xb3, 0xe0, 0xe1, 0x101};
    size_t found = 0;

    (void)state;
    for (CK_RV rv = 0; rv < 0x300; rv++)
        found += ckr_is_stale(rv);
    assert_int_equal(found, sizeof stale / sizeof stale[0]);
    for (size_t i = 0; i < found; i++)
        assert_true(ckr_is_stale(stale[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps),
        cmocka_unit_test(stale_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
