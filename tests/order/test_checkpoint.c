/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/checkpoint.h"
#include "tests/base/unit.h"
#include "tests/order/soft_key.h"

#include <stdlib.h>
#include <string.h>

#define BANK "demobank.example/demo"

/* Made by the openssl command line and Python: the root is SHA-256 of "root". */
#define TEXT BANK "\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
#define DASH "\xe2\x80\x94"
#define SIG256                                                                                     \
    "WUcGbjBGAiEAyqnuZni1OoiXEznj2345hjGhdK9FsTIE7fnsq/"                                           \
    "9AY2cCIQDDJvVzoXv8E8ns0ZQCMQd7brwq7amga9l3q"                                                  \
    "1Z7gl57ug=="
#define SIG521                                                                                     \
    "V3PvtDCBiAJCAJ0Rea28RAHU6EK4pH3pbIHCH7bdZtSr8PueXICRacSCJ2DyFHZTSlCQD1zE9YWrOApdKc1Jmfvet2uQ" \
    "o"                                                                                            \
    "wofEpFBAkIBK20ZSG2MF7eJ1icCzQx+WMvfv4yKTDMNTiE8TXCrpHY4L5ZU+ewBId/WxW/l5fi3miRVR/"            \
    "IszcFhsXJ5Ge"                                                                                 \
    "Ez06E="
#define NOTE256 TEXT "\n" DASH " " BANK " " SIG256 "\n"
#define NOTE521 TEXT "\n" DASH " " BANK " " SIG521 "\n"

static const char spki256[] =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200045dd28ef57dfe30575c2484200f7859edc0868624"
    "6"
    "f4349f50c6a862489b1603b1c26a1c1d777405be969da854f359e09f2fdf504f3db8aef480ed126defb9428";
static const char spki521[] = "30819b301006072a8648ce3d020106052b810400230381860004010554b4b52d23cb"
                              "819c18f42e96924d924fbaabd2f"
                              "54d8ad5e60ccc9b6f6192c036b36234378bef840b8b1f151d2b8165737831843d382"
                              "cca292a4a0a857619bc6701dc67"
                              "fbd576638cbd3dc5d59b134c14402eb411b0c29a893835dddcd4726b719a64cbf4ad"
                              "0ad3af1bc0e54c7392b3cf6cb33"
                              "03560760fa124b947ab3145b48b975c";

static struct key *key_of(const char *hex)
{
    uint8_t der[KEY_SPKI_MAX];
    size_t len = strlen(hex) / 2;
    struct key *k;

    assert_ok(text_unhex(hex, 2 * len, der, len));
    assert_ok(key_from_spki(der, len, &k));
    return k;
}

static enum err verify(const char *note, const char *bank, const struct key *key)
{
    struct checkpoint c;
    enum err e = checkpoint_verify(note, strlen(note), bank, key, &c);

    if (e == ERR_OK) {
        struct merkle_hash root;

        assert_int_equal(c.size, 1234);
        assert_ok(key_digest("root", 4, root.b));
        assert_memory_equal(&c.root, &root, sizeof root);
    } else {
        assert_int_equal(c.size, 0);
    }
    return e;
}

static void test_golden_notes(void **state)
{
    struct key *k256 = key_of(spki256), *k521 = key_of(spki521);

    (void)state;
    assert_ok(verify(NOTE256, BANK, k256));
    assert_ok(verify(NOTE521, BANK, k521));
    assert_err(verify(NOTE256, BANK, k521), ERR_CHECKPOINT_INVALID);
    assert_err(verify(NOTE521, BANK, k256), ERR_CHECKPOINT_INVALID);
    assert_err(verify(NOTE256, "demobank.example/test", k256), ERR_BANK_MISMATCH);
    assert_err(verify(NOTE256, "demobank.example/dem", k256), ERR_BANK_MISMATCH);
    key_free(k256);
    key_free(k521);
}

static void test_forms_that_are_refused(void **state)
{
    static const char *const notes[] = {
        "",
        BANK,
        BANK "\n",
        TEXT,
        TEXT "\n",
        TEXT "\n" DASH " " BANK " " SIG256,                           /* no last LF */
        TEXT "\n" DASH " " BANK " " SIG256 "\n\n",                    /* something behind */
        TEXT "\n" DASH " " BANK " " SIG256 "\n" DASH " x AAAAAAA=\n", /* a second signature */
        TEXT DASH " " BANK " " SIG256 "\n",                           /* no empty line */
        TEXT "extension\n\n" DASH " " BANK " " SIG256 "\n",
        TEXT "\n- " BANK " " SIG256 "\n",
        TEXT "\n" DASH " other " SIG256 "\n",
        TEXT "\n" DASH " " BANK "  " SIG256 "\n",
        TEXT "\n" DASH " " BANK " \n",
        TEXT "\n" DASH " " BANK " WUcGbg==\n", /* the key id alone */
        BANK "\n01234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n" DASH " " BANK " " SIG256
             "\n",
        BANK "\n1235\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n" DASH " " BANK " " SIG256
             "\n",
        BANK "\n9223372036854775808\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n" DASH " " BANK
             " " SIG256 "\n",
        BANK "\n1234\nSBNJTRN-FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n" DASH " " BANK " " SIG256
             "\n",
        BANK "\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2dw==\n\n" DASH " " BANK " " SIG256
             "\n",
        BANK "\r\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n" DASH " " BANK " " SIG256
             "\n",
    };
    struct key *k = key_of(spki256);

    (void)state;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        enum err e = verify(notes[i], BANK, k);

        if (e != ERR_BANK_MISMATCH)
            assert_err(e, ERR_CHECKPOINT_INVALID);
    }
    key_free(k);
}

/* No byte of a note can be changed: not the text, not the mark, not the key id, not the signature.
 */
static void test_every_byte_counts(void **state)
{
    char note[] = NOTE256;
    struct key *k = key_of(spki256);
    struct checkpoint c;

    (void)state;
    for (size_t i = 0; i < strlen(NOTE256); i++) {
        note[i] ^= 1;
        assert_true(checkpoint_verify(note, strlen(NOTE256), BANK, k, &c) != ERR_OK);
        note[i] ^= 1;
        assert_true(checkpoint_verify(note, i, BANK, k, &c) != ERR_OK);
    }
    assert_ok(checkpoint_verify(note, strlen(NOTE256), BANK, k, &c));
    key_free(k);
}

static void test_made_notes_verify(void **state)
{
    (void)state;
    for (enum key_alg alg = KEY_ES256; alg <= KEY_ES512; alg++) {
        struct soft_key *k = soft_key_new(alg);
        struct checkpoint c = {.size = 1234}, back;
        struct buf note = {0}, text = {0};

        assert_ok(key_digest("root", 4, c.root.b));
        assert_ok(checkpoint_text(BANK, &c, &text));
        assert_string_equal(buf_str(&text), TEXT);
        assert_ok(checkpoint_make(BANK, &c, soft_key_public(k), soft_key_sign, k, &note));
        assert_memory_equal(note.data, text.data, text.len);
        assert_ok(checkpoint_verify(buf_str(&note), note.len, BANK, soft_key_public(k), &back));
        assert_memory_equal(&back, &c, sizeof c);
        buf_free(&note);
        buf_free(&text);
        soft_key_free(k);
    }
}

static void test_a_signature_of_another_curve_is_not_handed_out(void **state)
{
    struct soft_key *k = soft_key_new(KEY_ES256), *other = soft_key_new(KEY_ES384);
    struct checkpoint c = {.size = 1};
    struct buf note = {0};

    (void)state;
    assert_err(checkpoint_make(BANK, &c, soft_key_public(k), soft_key_sign, other, &note),
               ERR_SIGNATURE_INVALID);
    assert_int_equal(note.len, 0);
    soft_key_free(k);
    soft_key_free(other);
    buf_free(&note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_notes),
        cmocka_unit_test(test_forms_that_are_refused),
        cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_made_notes_verify),
        cmocka_unit_test(test_a_signature_of_another_curve_is_not_handed_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
