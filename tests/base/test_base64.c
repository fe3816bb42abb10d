/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "tests/base/unit.h"

#include <string.h>

static const struct {
    const char *plain, *standard, *url;
} golden[] = {
    /* RFC 4648 section 10, and two by Python's base64 for the digits that differ. */
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
    {"\xfb\xff", "+/8=", "-_8"},
};

static void test_golden_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        const uint8_t *plain = (const uint8_t *)golden[i].plain;
        size_t len = strlen(golden[i].plain);
        struct buf b = {0};
        char text[16];

        assert_ok(text_b64_add(&b, plain, len));
        assert_string_equal(buf_str(&b), golden[i].standard);
        buf_clear(&b);
        assert_ok(text_b64url_add(&b, plain, len));
        assert_string_equal(buf_str(&b), golden[i].url);
        text_b64url(plain, len, text);
        assert_string_equal(text, golden[i].url);
        assert_int_equal(strlen(text), TEXT_B64_LEN(len));

        buf_clear(&b);
        assert_ok(text_unb64(golden[i].standard, strlen(golden[i].standard), &b));
        assert_ok(text_unb64url(golden[i].url, strlen(golden[i].url), &b));
        assert_int_equal(b.len, 2 * len);
        if (len) {
            assert_memory_equal(b.data, plain, len);
            assert_memory_equal(b.data + len, plain, len);
        }
        buf_free(&b);
    }
}

static void refuses(enum err (*decode)(const char *, size_t, struct buf *), const char *text)
{
    struct buf b = {0};
    assert_ok(buf_add_str(&b, "before"));
    assert_err(decode(text, strlen(text), &b), ERR_BASE64_INVALID);
    assert_string_equal(buf_str(&b), "before");
    buf_free(&b);
}

static void test_url_has_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",    "Zh",   "Zm9", "Zg==",      "Zg=", "+//+",  "Zm9v\n",
                                      "Zm 9", " Zm8", "Zm$", "Z\xc3\xa9", "=",   "Zm9vY", "Zm9vYh"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuses(text_unb64url, bad[i]);
        assert_err(text_check_b64url(bad[i], strlen(bad[i])), ERR_BASE64_INVALID);
    }
}

static void test_standard_has_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zg",       "Zg=",      "Zh==", "Zm9=", "Zg===",
                                      "=",        "====",     "-__-", "Z===", "Zg==\n",
                                      "Zg==Zg==", "Zm9v====", "=Zg="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(text_unb64, bad[i]);
}

static void test_nul_is_no_digit(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_err(text_unb64url("Zm\0v", 4, &b), ERR_BASE64_INVALID);
    assert_err(text_unb64("Zm9v\0\0\0\0", 8, &b), ERR_BASE64_INVALID);
    buf_free(&b);
}

/* text_check_b64url says the same. */
static bool takes_url(const char *text, size_t len)
{
    struct buf b = {0};
    enum err e = text_unb64url(text, len, &b);

    buf_free(&b);
    assert_int_equal(text_check_b64url(text, len), e);
    return e == ERR_OK;
}

/* Every byte in every place of a group of four, whole and cut off. */
static void test_every_byte(void **state)
{
    (void)state;
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    for (unsigned c = 0; c < 256; c++) {
        bool both = c && strchr(common, (int)c);
        for (size_t place = 0; place < 4; place++) {
            char text[] = "AAAAAA";
            struct buf b = {0};

            text[place] = (char)c;
            assert_int_equal(takes_url(text, 4), both || c == '-' || c == '_');
            if (place < 3 || c != '=') /* the padding */
                assert_int_equal(text_unb64(text, 4, &b) == ERR_OK, both || c == '+' || c == '/');
            buf_free(&b);
        }
        const char rest[] = {'A', 'A', 'A', 'A', (char)c, 'A'}, last[] = {'A', 'A', (char)c};
        assert_int_equal(takes_url(rest, 6), both || c == '-' || c == '_');
        assert_int_equal(takes_url(last, 3), c && strchr("AEIMQUYcgkosw048", (int)c));
        assert_int_equal(takes_url(last + 1, 2), c && strchr("AQgw", (int)c));
    }
}

static void test_exact_length(void **state)
{
    (void)state;
    uint8_t out[3];
    assert_ok(text_unb64url_exact("Zm9v", 4, out, 3));
    assert_memory_equal(out, "foo", 3);
    assert_err(text_unb64url_exact("Zm8", 3, out, 3), ERR_BASE64_INVALID);
    assert_err(text_unb64url_exact("Zm9vYg", 6, out, 3), ERR_BASE64_INVALID);
    assert_err(text_unb64url_exact("Zm9!", 4, out, 3), ERR_BASE64_INVALID);
    assert_memory_equal(out, "\0\0\0", 3);
}

static void test_a_full_buffer(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(2);
    assert_err(text_unb64url("Zm9v", 4, &b), ERR_TOO_LARGE);
    assert_err(text_b64url_add(&b, (const uint8_t *)"foo", 3), ERR_TOO_LARGE);
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_values),
        cmocka_unit_test(test_url_has_one_spelling),
        cmocka_unit_test(test_standard_has_one_spelling),
        cmocka_unit_test(test_nul_is_no_digit),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_exact_length),
        cmocka_unit_test(test_a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
