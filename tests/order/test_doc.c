/* SPDX-License-Identifier: Apache-2.0
 * Documents as they are written: always canonical, or an error. */
#include "order/doc.h"
#include "order/json.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

static void finish(struct doc *d, enum err expected, const char *text)
{
    struct buf out = {0};
    struct js *value = NULL;

    assert_err(doc_canon(d, &out), expected);
    if (expected == ERR_OK) {
        assert_string_equal(buf_str(&out), text);
        assert_ok(js_parse_canonical(out.data, out.len, &value));
    }
    js_free(value);
    doc_free(d);
    buf_free(&out);
}

static void test_members_are_sorted_and_escaped(void **state)
{
    (void)state;
    static const uint8_t digest[DIGEST_LEN] = {0xab};
    struct doc d = {0}, list = {0}, inner = {0};

    doc_object(&inner);
    doc_array(&list);
    doc_push_text(&list, "\"\\\n\x01/\xC3\xA9");
    doc_push(&list, &inner);
    doc_push_base64(&list, "ab", 2);
    doc_object(&d);
    doc_text(&d, "z", "");
    doc_int(&d, "b", -JS_INT_MAX);
    doc_bool(&d, "ab", true);
    doc_put(&d, "a", &list);
    doc_text_optional(&d, "none", "");
    doc_text_optional(&d, "some", "x");
    doc_time(&d, "time", 0);
    doc_digest(&d, "digest", digest);
    doc_bytes(&d, "bytes", "\xff\xfe", 2);
    doc_money(&d, "money", -5, "EUR");
    doc_canonical(&d, "raw", "[1]", 3);
    finish(
        &d, ERR_OK,
        "{\"a\":[\"\\\"\\\\\\n\\u0001/\xC3\xA9\",{},\"YWI=\"],\"ab\":true,\"b\":-9007199254740991,"
        "\"bytes\":\"__4\",\"digest\":\"ab000000000000000000000000000000000000000000000000000000"
        "00000000\",\"money\":\"-0.05\",\"raw\":[1],\"some\":\"x\","
        "\"time\":\"1970-01-01T00:00:00Z\",\"z\":\"\"}");
}

static void test_the_first_failure_sticks(void **state)
{
    (void)state;
    struct doc d = {0}, child = {0};

    doc_object(&d);
    doc_text(&d, "a", "\xff");
    doc_int(&d, "b", JS_INT_MAX + 1);
    finish(&d, ERR_TEXT_INVALID, NULL);
    doc_object(&d);
    doc_int(&d, "b", JS_INT_MAX + 1);
    finish(&d, ERR_JSON_NUMBER, NULL);
    doc_object(&child);
    doc_fail(&child, ERR_TIMEOUT);
    doc_object(&d);
    doc_put(&d, "child", &child);
    finish(&d, ERR_TIMEOUT, NULL);
}

static void test_limits(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                        "j", "k", "l", "m", "n", "o", "p", "q", "r",
                                        "s", "t", "u", "v", "w", "x", "y"};
    _Static_assert(sizeof names / sizeof *names == DOC_MEMBERS_MAX + 1, "one too many");
    struct buf exact = BUF_INIT(sizeof "{\"a\":0,\"b\":1}" - 1);
    struct doc d = {0};

    doc_object(&d);
    for (int i = 0; i <= DOC_MEMBERS_MAX; i++)
        doc_int(&d, names[i], i);
    finish(&d, ERR_INTERNAL, NULL);
    doc_object(&d);
    doc_push_text(&d, "an element of an object");
    finish(&d, ERR_INTERNAL, NULL);
    doc_array(&d);
    doc_int(&d, "member", 1);
    finish(&d, ERR_INTERNAL, NULL);
    doc_object(&d);
    doc_int(&d, "b", 1);
    doc_int(&d, "a", 0);
    assert_ok(doc_canon(&d, &exact)); /* fits to the byte */
    doc_free(&d);
    buf_free(&exact);
}

/* Wherever it stands among bytes that are written as they are: text is looked at eight at a time.
 */
static void test_escapes_at_each_place(void **state)
{
    static const struct {
        char c;
        const char *escaped; /* NULL: not UTF-8 */
    } specials[] = {
        {'"', "\\\""}, {'\\', "\\\\"}, {'\x1f', "\\u001f"}, {'\x7f', "\x7f"}, {'\xC3', NULL}};
    static const char before[] = "abcdefghijklmnopqrstuvwxyz !#$%&'()*+,-.";
    static const char after[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]~}";
    char text[96], expected[128];
    struct buf out = {0};

    (void)state;
    for (size_t len = 1; len < 40; len++) {
        for (size_t i = 0; i < len * (sizeof specials / sizeof *specials); i++) {
            const char *escaped = specials[i / len].escaped;
            int at = (int)(i % len), behind = (int)len - at - 1;
            snprintf(text, sizeof text, "%.*s%c%.*s", at, before, specials[i / len].c, behind,
                     after);
            snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", at, before,
                     escaped ? escaped : "", behind, after);
            buf_clear(&out);
            assert_err(js_canon_text(text, &out), escaped ? ERR_OK : ERR_TEXT_INVALID);
            assert_string_equal(buf_str(&out), escaped ? expected : "");
        }
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_sorted_and_escaped),
        cmocka_unit_test(test_escapes_at_each_place),
        cmocka_unit_test(test_the_first_failure_sticks),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
