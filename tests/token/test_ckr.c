/* SPDX-License-Identifier: Apache-2.0 */
#include "token/ckr.h"

#include "tests/base/unit.h"

enum { LASTING, STALE };

static const struct {
    CK_RV rv;
    enum err err;
    bool stale;
} codes[] = {
#define CODE(rv, name, stale, exit_code) {rv, ERR_##name, stale},
#include "tests/token/codes.def"
#undef CODE
};
#define CODES (sizeof codes / sizeof codes[0])

/* Every code that a module may answer with; a row that is not in codes.def would be one more. */
static void maps(void **state)
{
    size_t named = 0, listed = 0;

    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        assert_err(ckr_err(codes[i].rv), codes[i].err);
        listed += codes[i].err != ERR_TOKEN_FAILED;
    }
    for (CK_RV rv = 1; rv < 0x1000; rv++)
        named += ckr_err(rv) != ERR_TOKEN_FAILED;
    assert_int_equal(named, listed);
    assert_err(ckr_err(0), ERR_OK);
}

/* An int would have made the one a wrong PIN, and the other a success. */
static void takes_the_whole_number(void **state)
{
    (void)state;
    assert_err(ckr_err(0x1000000A0UL), ERR_TOKEN_FAILED);
    assert_err(ckr_err(0x100000000UL), ERR_TOKEN_FAILED);
}

static void stale_are_these(void **state)
{
    size_t found = 0, listed = 0;

    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        assert_int_equal(ckr_is_stale(codes[i].rv), codes[i].stale);
        listed += codes[i].stale;
    }
    for (CK_RV rv = 0; rv < 0x1000; rv++)
        found += ckr_is_stale(rv);
    assert_int_equal(found, listed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps),
        cmocka_unit_test(takes_the_whole_number),
        cmocka_unit_test(stale_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
