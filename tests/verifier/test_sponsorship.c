/* SPDX-License-Identifier: Apache-2.0
 * Sponsorships: the golden one passes, says what is shown, and is made again; what is forged is
 * refused by name. */
#include "base/text.h"
#include "order/jws.h"
#include "order/sponsorship.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <string.h>

#define BANK "demobank.example/demo"

static enum err verify(const struct golden_keys *keys, const char *enrolment, const char *jws,
                       struct verified **out)
{
    const struct verify_sponsorship_input in = {.bank = BANK,
                                                .enrolment = enrolment,
                                                .jws = jws,
                                                .jws_len = strlen(jws),
                                                .keys = golden_keys_lookup(keys)};

    return verify_sponsorship(&in, out);
}

/* What the golden one is about: the digest of a text that is no request, as the format names one.
 */
static const char *request(void)
{
    static char name[ENROLMENT_ID_LEN + 1];
    static const char text[] = "a request to be enrolled";

    assert_ok(enrolment_id(text, sizeof text - 1, name));
    return name;
}

static void a_sponsorship_is_verified(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();
    struct buf jws = golden_read("sponsorship.jws"), shown = golden_read("sponsorship.txt");
    struct buf text = {0};
    struct verified *v = NULL;

    assert_err(verify(&keys, golden_digest("alice"), buf_str(&jws), &v), ERR_SPONSORSHIP_MISMATCH);
    assert_ok(verify(&keys, request(), buf_str(&jws), &v));
    assert_int_equal(verified_kind(v), STATEMENT_SPONSORSHIP);
    assert_string_equal(verified_signer(v), golden_digest("alice"));
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_string_equal(verified_sponsorship(v)->enrolment, request());
    assert_null(verified_decision(v));
    assert_null(verified_delegation(v));
    assert_ok(sponsorship_display_render(verified_sponsorship(v), &text));
    assert_string_equal(buf_str(&text), buf_str(&shown));
    verified_free(v);
    buf_free(&jws);
    buf_free(&shown);
    buf_free(&text);
    golden_keys_free(&keys);
}

static enum err verify_row(void *ctx, const char *jws, struct verified **out)
{
    return verify(ctx, request(), jws, out);
}

static void threats_02_04_08_11_18_forgeries(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();

    golden_forged("sponsorships-forged.txt", "", 22, verify_row, &keys);
    golden_keys_free(&keys);
}

/* What our code writes is what the format says, byte for byte. */
static void it_is_made_again(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();
    struct buf jws = golden_read("sponsorship.jws"), made = {0}, signed_text = {0};
    struct jws_parts parts;
    struct sponsorship again;
    struct verified *v = NULL;

    assert_ok(verify(&keys, request(), buf_str(&jws), &v));
    again = *verified_sponsorship(v);
    memset(again.display_digest, 0, DIGEST_LEN);
    assert_ok(sponsorship_make(&again, &made));
    assert_ok(jws_split(buf_str(&jws), jws.len, &parts));
    assert_ok(text_unb64url(parts.payload_b64, parts.payload_b64_len, &signed_text));
    assert_string_equal(buf_str(&made), buf_str(&signed_text));
    verified_free(v);
    buf_free(&jws);
    buf_free(&made);
    buf_free(&signed_text);
    golden_keys_free(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sponsorship_is_verified),
        cmocka_unit_test(threats_02_04_08_11_18_forgeries),
        cmocka_unit_test(it_is_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
