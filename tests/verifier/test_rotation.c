/* SPDX-License-Identifier: Apache-2.0
 * Rotations: the golden one passes, says what is shown, and is made again; what is forged is
 * refused by name. */
#include "order/rotation.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <string.h>

#define BANK "demobank.example/demo"

static enum err verify(const struct golden_keys *keys, const char *key, const char *jws,
                       struct verified **out)
{
    const struct verify_rotation_input in = {.bank = BANK,
                                             .key = key,
                                             .jws = jws,
                                             .jws_len = strlen(jws),
                                             .keys = golden_keys_lookup(keys)};

    return verify_rotation(&in, out);
}

static void a_rotation_is_verified(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();
    struct buf jws = golden_read("rotation.jws"), shown = golden_read("rotation.txt"), text = {0};
    struct verified *v = NULL;

    assert_err(verify(&keys, golden_digest("bob"), buf_str(&jws), &v), ERR_KEY_MISMATCH);
    assert_ok(verify(&keys, golden_digest("alice"), buf_str(&jws), &v));
    assert_int_equal(verified_kind(v), STATEMENT_ROTATION);
    assert_string_equal(verified_signer(v), golden_digest("alice"));
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_string_equal(verified_rotation(v)->replaces, golden_digest("alice"));
    assert_null(verified_decision(v));
    assert_ok(rotation_display_render(verified_rotation(v), &text));
    assert_string_equal(buf_str(&text), buf_str(&shown));
    verified_free(v);
    buf_free(&jws);
    buf_free(&shown);
    buf_free(&text);
    golden_keys_free(&keys);
}

static enum err verify_row(void *ctx, const char *jws, struct verified **out)
{
    return verify(ctx, NULL, jws, out);
}

static void threats_02_04_11_15_forgeries(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();

    golden_forged("rotations-forged.txt", "", 32, verify_row, &keys);
    golden_keys_free(&keys);
}

/* What our code writes is what the format says. */
static void it_is_made_again(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();
    struct buf jws = golden_read("rotation.jws"), made = {0}, offered = {0};
    struct verified *v = NULL;
    struct rotation again;

    assert_ok(verify(&keys, NULL, buf_str(&jws), &v));
    again = *verified_rotation(v);
    memset(again.display_digest, 0, DIGEST_LEN);
    assert_ok(rotation_name(&again, verified_rotation(v)->spki, verified_rotation(v)->spki_len));
    assert_memory_equal(again.display_digest, verified_rotation(v)->display_digest, DIGEST_LEN);
    assert_ok(rotation_make(&again, &made));
    assert_ok(rotation_offer(&again, &offered));
    assert_ok(rotation_parse(made.data, made.len, &again));
    assert_err(rotation_parse(offered.data, offered.len, &again), ERR_DOC_MEMBER_MISSING);
    verified_free(v);
    buf_free(&jws);
    buf_free(&made);
    buf_free(&offered);
    golden_keys_free(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotation_is_verified),
        cmocka_unit_test(threats_02_04_11_15_forgeries),
        cmocka_unit_test(it_is_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
