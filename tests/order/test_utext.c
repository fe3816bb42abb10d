/* SPDX-License-Identifier: Apache-2.0 */
#include "order/text.h"
#include "tests/base/unit.h"

#include <string.h>

static const struct {
    const char *what, *text;
    enum err verdict;
} texts[] = {
    {"plain", "Electricity bill", ERR_OK},
    {"composed", "Jo\xc3\xa3o \xc3\x85kesson", ERR_OK},
    {"markup", "<b>&amp; \"quotes\" 'n' \\n %s ${x}", ERR_OK},
    {"Greek", "\xce\x95\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1", ERR_OK},
    {"Han", "\xe9\x9b\xbb\xe5\x8a\x9b", ERR_OK},
    {"a mark that has no composed form", "x\xcc\xa3", ERR_OK},
    {"look-alike", "\xd0\xa0\xd0\xb0ypal", ERR_OK}, /* Cyrillic Er, a */
    {"symbols", "\xe2\x82\xac 5 \xe2\x84\x96 7 \xf0\x9f\x98\x82", ERR_OK},
    {"new in Unicode 15.0", "\xf0\x9f\xab\xa8", ERR_OK}, /* U+1FAE8 */

    {"empty", "", ERR_TEXT_INVALID},
    {"space", " ", ERR_TEXT_INVALID},
    {"leading space", " a", ERR_TEXT_INVALID},
    {"trailing space", "a ", ERR_TEXT_INVALID},
    {"double space", "a  b", ERR_TEXT_INVALID},
    {"not UTF-8", "a\xff", ERR_TEXT_INVALID},
    {"cut UTF-8", "a\xc3", ERR_TEXT_INVALID},
    {"surrogate", "\xed\xa0\x80", ERR_TEXT_INVALID},
    {"not NFC", "Joa\xcc\x83o", ERR_TEXT_INVALID},
    {"Angstrom sign", "\xe2\x84\xab", ERR_TEXT_INVALID}, /* U+212B is U+00C5 in NFC */
    {"mark first", "\xcc\xa3x", ERR_TEXT_INVALID},
    {"tab", "a\tb", ERR_TEXT_INVALID},
    {"line feed", "a\nb", ERR_TEXT_INVALID},
    {"carriage return", "a\rb", ERR_TEXT_INVALID},
    {"escape", "a\x1b[2Jb", ERR_TEXT_INVALID},
    {"delete", "a\x7f", ERR_TEXT_INVALID},
    {"C1 control", "a\xc2\x9b", ERR_TEXT_INVALID},
    {"no-break space", "a\xc2\xa0z", ERR_TEXT_INVALID},
    {"soft hyphen", "a\xc2\xadz", ERR_TEXT_INVALID},
    {"zero width space", "a\xe2\x80\x8bz", ERR_TEXT_INVALID},
    {"zero width joiner", "a\xe2\x80\x8dz", ERR_TEXT_INVALID},
    {"right-to-left override", "a\xe2\x80\xaez", ERR_TEXT_INVALID},
    {"isolate", "a\xe2\x81\xa6z", ERR_TEXT_INVALID},
    {"line separator", "a\xe2\x80\xa8z", ERR_TEXT_INVALID},
    {"paragraph separator", "a\xe2\x80\xa9z", ERR_TEXT_INVALID},
    {"ideographic space", "a\xe3\x80\x80z", ERR_TEXT_INVALID},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a",
     ERR_TEXT_INVALID},
    {"grapheme joiner", "a\xcd\x8fz", ERR_TEXT_INVALID},
    {"Hangul filler", "a\xe3\x85\xa4z", ERR_TEXT_INVALID},
    {"Hangul choseong filler", "a\xe1\x85\x9fz", ERR_TEXT_INVALID},
    {"variation selector", "a\xef\xb8\x8f", ERR_TEXT_INVALID},
    {"tag", "a\xf3\xa0\x81\x81", ERR_TEXT_INVALID},
    {"private use", "a\xee\x80\x80", ERR_TEXT_INVALID},
    {"noncharacter", "a\xef\xbf\xbf", ERR_TEXT_INVALID},
    {"unassigned", "a\xcd\xb8", ERR_TEXT_INVALID},             /* U+0378 */
    {"new in Unicode 15.1", "\xe2\xbf\xbc", ERR_TEXT_INVALID}, /* U+2FFC */
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum err e = utext_check(texts[i].text, strlen(texts[i].text), 140);

        if (e != texts[i].verdict)
            print_error("%s\n", texts[i].what);
        assert_err(e, texts[i].verdict);
    }
}

static void test_nul_is_a_control(void **state)
{
    (void)state;
    assert_err(utext_check("a\0b", 3, 140), ERR_TEXT_INVALID);
}

/* Characters are counted, not bytes or UTF-16 units. */
static void test_length(void **state)
{
    static const char four[] = "\xf0\x9f\x98\x82\xf0\x9f\x98\x82\xf0\x9f\x98\x82\xf0\x9f\x98\x82";

    (void)state;
    assert_ok(utext_check("abcd", 4, 4));
    assert_err(utext_check("abcde", 5, 4), ERR_TEXT_INVALID);
    assert_ok(utext_check(four, strlen(four), 4));
    assert_err(utext_check(four, strlen(four), 3), ERR_TEXT_INVALID);
    assert_err(utext_check("a", 1, 0), ERR_TEXT_INVALID);
}

static void test_suspicious(void **state)
{
    static const char *const fine[] = {"Electricity bill", "Jo\xc3\xa3o",
                                       "\xd0\x96\xd0\xb8\xd0\xb7\xd0\xbd\xd1\x8c", /* Cyrillic */
                                       "\xe9\x9b\xbb\xe5\x8a\x9b Co. 7", "12.50 - 3"};
    static const char *const odd[] = {
        "\xd0\xa0\xd0\xb0ypal",                     /* Cyrillic letters among Latin ones */
        "\xd1\x80\xd0\xb0\xd1\x83\xd1\x80\xd0\xb0", /* all Cyrillic, looks like "paypa" */
        "\xce\x91pple",                             /* Greek Alpha */
    };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_false(utext_suspicious(fine[i], strlen(fine[i])));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_true(utext_suspicious(odd[i], strlen(odd[i])));
}

static bool look_same(const char *one, const char *other, bool by_shape)
{
    struct buf a = {0}, b = {0};

    assert_ok(utext_skeleton(one, strlen(one), by_shape, &a));
    assert_ok(utext_skeleton(other, strlen(other), by_shape, &b));
    bool same = a.len == b.len && memcmp(buf_str(&a), buf_str(&b), a.len) == 0;
    buf_free(&a);
    buf_free(&b);
    return same;
}

static void test_skeleton(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"EDP Comercial", "EDP C\xd0\xbemercial", true}, /* a Cyrillic o */
        {"EDP Comercial", "E.D.P.  comercial", true},
        {"PayPal", "PayPa1", true},
        {"Stra\xc3\x9f"
         "e",
         "STRASSE", true},
        {"paypal", "paypaI", true},                     /* a capital I */
        {"The Kiosk", "\xd0\xa2he \xd0\x9aiosk", true}, /* Cyrillic capitals */
        {"MOTH", "\xd0\x9c\xd0\x9e\xd0\xa2\xd0\x9d", true},
        {"moth", "\xd0\x9c\xd0\x9e\xd0\xa2\xd0\x9d", true},
        {"amazon", "Amaz0n", true},
        {"PAID", "Paid", true},
        {"\xd0\x92\xd0\xbe\xd0\xb2\xd0\xb0", "\xd0\x92\xd0\x9e\xd0\x92\xd0\x90", true},
        {"EDP Comercial", "EDP Comerciar", false},
        {"Alice", "Bob", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool same = look_same(rows[i].a, rows[i].b, false) || look_same(rows[i].a, rows[i].b, true);
        if (same != rows[i].same)
            print_error("%s, %s\n", rows[i].a, rows[i].b);
        assert_int_equal(same, rows[i].same);
    }
    struct buf out = {0};
    assert_err(utext_skeleton("\xff", 1, false, &out), ERR_TEXT_INVALID);
    assert_err(utext_skeleton("", 0, true, &out), ERR_TEXT_INVALID);
    assert_ok(utext_skeleton("...", 3, true, &out)); /* nothing is left of it */
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),    cmocka_unit_test(test_nul_is_a_control),
        cmocka_unit_test(test_length),   cmocka_unit_test(test_suspicious),
        cmocka_unit_test(test_skeleton),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
