/* SPDX-License-Identifier: Apache-2.0
 * Requests to be enrolled: the golden one is verified under the key that it brings; what is forged
 * is refused by name. */
#include "order/enrolment.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <string.h>

#define BANK "demobank.example/demo"

static void a_request_is_verified(void **state)
{
    (void)state;
    struct buf jws = golden_read("enrolment.jws");
    struct verified *v = NULL;

    assert_err(verify_enrolment("demobank.example/test", buf_str(&jws), jws.len, &v),
               ERR_BANK_MISMATCH);
    assert_null(v);
    assert_ok(verify_enrolment(BANK, buf_str(&jws), jws.len, &v));
    assert_int_equal(verified_kind(v), STATEMENT_ENROLMENT);
    assert_string_equal(verified_signer(v), golden_digest("alice"));
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_string_equal(verified_enrolment(v)->name, "Alice Example");
    assert_string_equal(verified_enrolment(v)->holder, "alice");
    assert_null(verified_enrolment(v)->key[KEY_USE_AUTHENTICATE]);
    assert_null(verified_decision(v));
    verified_free(v);
    buf_free(&jws);
}

static enum err verify_row(void *ctx, const char *jws, struct verified **out)
{
    (void)ctx;
    return verify_enrolment(BANK, jws, strlen(jws), out);
}

static void threats_02_04_11_15_18_forgeries(void **state)
{
    (void)state;
    golden_forged("enrolments-forged.txt", "", 36, verify_row, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_verified),
        cmocka_unit_test(threats_02_04_11_15_18_forgeries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
