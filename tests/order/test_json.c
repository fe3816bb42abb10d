/* SPDX-License-Identifier: Apache-2.0 */
#include "order/json.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

/* --- memory that ends --- */

void *__real_malloc(size_t len);
void *__real_reallocarray(void *p, size_t count, size_t len);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t len);
void *__wrap_reallocarray(void *p, size_t count, size_t len);
char *__wrap_strdup(const char *text);

static long left = -1; /* allocations until the one that fails; below zero: none */

static bool fails(void)
{
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t len)
{
    return fails() ? NULL : __real_malloc(len);
}

void *__wrap_reallocarray(void *p, size_t count, size_t len)
{
    return fails() ? NULL : __real_reallocarray(p, count, len);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* --- reading --- */

static const struct {
    const char *bytes;
    size_t len;
    enum err verdict;
} readings[] = {
    {BYTES("{}"), ERR_OK},
    {BYTES(" [1 , -2]\n"), ERR_OK},
    {BYTES("null"), ERR_OK},
    {BYTES("\"\\ud83d\\ude02\""), ERR_OK},
    {BYTES("9007199254740991"), ERR_OK},
    {BYTES("-9007199254740991"), ERR_OK},
    {BYTES("-0"), ERR_OK}, /* js_parse_canonical has its own opinion */
    {BYTES("\"\xef\xb7\x8f\xef\xb7\xb0\xef\xbf\xbd\""), ERR_OK}, /* beside the noncharacters */

    {BYTES(""), ERR_JSON_SYNTAX},
    {BYTES("{"), ERR_JSON_SYNTAX},
    {BYTES("{} {}"), ERR_JSON_SYNTAX},
    {BYTES("{}\0"), ERR_JSON_SYNTAX},
    {BYTES("\xef\xbb\xbf{}"), ERR_JSON_SYNTAX}, /* byte order mark */
    {BYTES("[1,]"), ERR_JSON_SYNTAX},
    {BYTES("{\"a\":1,}"), ERR_JSON_SYNTAX},
    {BYTES("{a:1}"), ERR_JSON_SYNTAX},
    {BYTES("'a'"), ERR_JSON_SYNTAX},
    {BYTES("01"), ERR_JSON_SYNTAX},
    {BYTES("+1"), ERR_JSON_SYNTAX},
    {BYTES("NaN"), ERR_JSON_SYNTAX},
    {BYTES("/**/1"), ERR_JSON_SYNTAX},
    {BYTES("\"\t\""), ERR_JSON_SYNTAX},
    {BYTES("\"\\x\""), ERR_JSON_SYNTAX},
    {BYTES("\"\\u0000\""), ERR_JSON_SYNTAX},
    {BYTES("{\"\\u0000\":1}"), ERR_JSON_SYNTAX},
    {BYTES("\"\xff\""), ERR_JSON_SYNTAX},
    {BYTES("\"\xc0\x80\""), ERR_JSON_SYNTAX},     /* overlong */
    {BYTES("\"\xed\xa0\x80\""), ERR_JSON_SYNTAX}, /* a surrogate in UTF-8 */
    {BYTES("\"\\ud800\""), ERR_JSON_SYNTAX},
    {BYTES("\"\\udc00\\ud800\""), ERR_JSON_SYNTAX},
    {BYTES("\"\\uffff\""), ERR_JSON_SYNTAX},
    {BYTES("\"\xef\xb7\x90\""), ERR_JSON_SYNTAX},       /* U+FDD0 */
    {BYTES("{\"\xef\xb7\xaf\":1}"), ERR_JSON_SYNTAX},   /* U+FDEF in a name */
    {BYTES("[\"\xf0\x9f\xbf\xbe\"]"), ERR_JSON_SYNTAX}, /* U+1FFFE */
    {BYTES("[[\"\\udbff\\udfff\"]]"), ERR_JSON_SYNTAX}, /* U+10FFFF */

    {BYTES("{\"a\":1,\"a\":1}"), ERR_JSON_DUPLICATE},
    {BYTES("{\"a\":1,\"\\u0061\":2}"), ERR_JSON_DUPLICATE},
    {BYTES("[{\"x\":{\"b\":0,\"b\":0}}]"), ERR_JSON_DUPLICATE},

    {BYTES("1.0"), ERR_JSON_NUMBER},
    {BYTES("1e2"), ERR_JSON_NUMBER},
    {BYTES("[1E400]"), ERR_JSON_NUMBER},
    {BYTES("-0.0"), ERR_JSON_NUMBER},
    {BYTES("1e-999"), ERR_JSON_NUMBER},
    {BYTES("9007199254740992"), ERR_JSON_NUMBER},
    {BYTES("-9007199254740992"), ERR_JSON_NUMBER},
    {BYTES("99999999999999999999999"), ERR_JSON_NUMBER},
};

static void test_reader(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        /* An exact copy, so that the sanitizer sees a read past the end. */
        char *copy = malloc(readings[i].len + 1);
        struct js *value;

        assert_non_null(copy);
        memcpy(copy, readings[i].bytes, readings[i].len);
        copy = realloc(copy, readings[i].len ? readings[i].len : 1);
        enum err e = js_parse(copy, readings[i].len, &value);
        if (e != readings[i].verdict)
            print_error("row %zu: %s\n", i, readings[i].bytes);
        assert_err(e, readings[i].verdict);
        assert_true((value != NULL) == (e == ERR_OK));
        js_free(value);
        free(copy);
    }
}

/* COUNT opening and as many closing brackets. */
static enum err read_nested(size_t count, char open, char close)
{
    char *text = malloc(2 * count);
    struct js *value;
    enum err e;

    assert_non_null(text);
    memset(text, open, count);
    memset(text + count, close, count);
    e = js_parse(text, 2 * count, &value);
    js_free(value);
    free(text);
    return e;
}

static void test_depth_is_bounded(void **state)
{
    struct js *value;

    (void)state;
    assert_ok(read_nested(JS_DEPTH_MAX, '[', ']'));
    assert_err(read_nested(JS_DEPTH_MAX + 1, '[', ']'), ERR_JSON_DEPTH);
    assert_err(read_nested(1000000, '[', ']'), ERR_JSON_DEPTH);
    assert_err(read_nested(1000000, '{', '}'), ERR_JSON_SYNTAX); /* no name */
    /* Brackets inside a string, also behind an escaped quote, nest nothing. */
    assert_ok(js_parse(BYTES("\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\""), &value));
    js_free(value);
}

static const struct {
    const char *bytes;
    size_t len;
    const char *form;
} forms[] = {
    {BYTES("{ }"), "{}"},
    {BYTES("[ 56 , { \"d\" : true , \"10\" : null , \"1\" : [ ] } ]"),
     "[56,{\"1\":[],\"10\":null,\"d\":true}]"},
    {BYTES("-0"), "0"},
    {BYTES("{\"\":0,\"b\":1,\"a\":2,\"aa\":3,\"B\":4}"),
     "{\"\":0,\"B\":4,\"a\":2,\"aa\":3,\"b\":1}"},
    /* RFC 8785 3.2.2.2: only these are escaped, and in this spelling. */
    {BYTES("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\\b\\f\\n\\r\\t\\u007f\""),
     "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\n\\r\\t\x7f\""},
    /* The first and the last of two bytes and of three, the first of four. */
    {BYTES("\"\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\ud800\\udc00\""),
     "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\""},
    /* RFC 8785 3.2.3, its own example: by UTF-16 code units. */
    {BYTES("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
           "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
           "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
           "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}"),
     "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
     "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
     "\"😀\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}"},
};

static void test_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct buf out = {0};
        struct js *value, *again;

        assert_ok(js_parse(forms[i].bytes, forms[i].len, &value));
        assert_ok(js_canon(value, &out));
        assert_string_equal(buf_str(&out), forms[i].form);
        assert_ok(js_parse_canonical(out.data, out.len, &again));
        js_free(again);
        assert_err(js_parse_canonical(forms[i].bytes, forms[i].len, &again), ERR_DOC_NOT_CANONICAL);
        assert_null(again);
        js_free(value);
        buf_free(&out);
    }
}

/* More members than fit on the writer's stack, in the worst order. */
static void test_canonical_form_of_many_members(void **state)
{
    struct buf out = {0};
    struct js *object;
    char name[16];

    (void)state;
    assert_ok(js_object_new(&object));
    for (int i = 99; i >= 0; i--) {
        snprintf(name, sizeof name, "m%02d", i);
        assert_ok(js_set_int(object, name, i));
    }
    assert_ok(js_canon(object, &out));
    assert_memory_equal(out.data, "{\"m00\":0,\"m01\":1,", 17);
    js_free(object);
    assert_ok(js_parse_canonical(out.data, out.len, &object));
    js_free(object);
    buf_free(&out);
}

/* What stands for itself and what does not, at each place of a name and of a text, and as the end
 * of one. */
static void test_texts_at_each_place(void **state)
{
    static const struct {
        const char *written;
        enum err verdict;
    } specials[] = {
        {"\\\"", ERR_OK},        {"\\\\", ERR_OK},          {"\\u001f", ERR_OK},
        {"\x7f", ERR_OK},        {"\xc3\xa9", ERR_OK},      {"\x1f", ERR_JSON_SYNTAX},
        {"\"", ERR_JSON_SYNTAX}, {"\xc3", ERR_JSON_SYNTAX}, {"\\u0061", ERR_DOC_NOT_CANONICAL}};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz !#$%&'()*+,-.";
    char bytes[256];
    struct js *value;

    (void)state;
    for (size_t len = 0; len < 40; len++) {
        for (size_t i = 0; i < (len + 1) * (sizeof specials / sizeof *specials); i++) {
            int at = (int)(i % (len + 1));
            const char *special = specials[i / (len + 1)].written;
            enum err verdict = specials[i / (len + 1)].verdict;

            for (int name = 0; name < 2; name++) {
                int used =
                    snprintf(bytes, sizeof bytes, name ? "{\"%.*s%s%s\":1}" : "[\"%.*s%s%s\"]", at,
                             letters, special, letters + sizeof letters - 1 - (int)len + at);
                assert_err(js_parse_canonical(bytes, (size_t)used, &value), verdict);
                js_free(value);
            }
        }
    }
}

static void test_canonical_only(void **state)
{
    static const char *const other[] = {"{\"a\":1} ", " {\"a\":1}",      "{\"a\":1}\n",
                                        "{\"a\": 1}", "{\"\\u0061\":1}", "{\"b\":1,\"a\":2}",
                                        "{\"a\":-0}", "{\"a\":\"\\/\"}", "{\"a\":\"\\u000A\"}"};
    struct js *value;

    (void)state;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_err(js_parse_canonical(other[i], strlen(other[i]), &value), ERR_DOC_NOT_CANONICAL);
    assert_err(js_parse_canonical(BYTES("{\"a\":1.0}"), &value), ERR_JSON_NUMBER);
}

static void test_canon_leaves_a_full_buffer_alone(void **state)
{
    struct buf out = BUF_INIT(8);
    struct js *value;

    (void)state;
    assert_ok(buf_add_str(&out, "keep"));
    assert_ok(js_parse(BYTES("[1,2,3,4,5]"), &value));
    assert_err(js_canon(value, &out), ERR_TOO_LARGE);
    assert_string_equal(buf_str(&out), "keep");
    js_free(value);
    buf_free(&out);
}

static enum err check_members(const char *text, const char **which)
{
    const struct js *name, *count, *list, *flag;
    const struct js_member table[] = {
        {"name", JS_TEXT, true, 1, 4, &name},
        {"count", JS_INT, true, 1, 10, &count},
        {"list", JS_ARRAY, false, 1, 2, &list},
        {"flag", JS_BOOL, false, 0, 0, &flag},
    };
    struct js *value;
    enum err e;

    assert_ok(js_parse(text, strlen(text), &value));
    e = js_members(value, table, 4, which);
    if (e == ERR_OK) {
        assert_string_equal(js_text(name, NULL), "abc");
        assert_int_equal(js_int(count), 10);
        assert_true(!flag || js_bool(flag));
    }
    if (which != NULL) { /* it may be the value's */
        static char kept[16];
        assert_true((size_t)snprintf(kept, sizeof kept, "%s", *which) < sizeof kept);
        *which = kept;
    }
    js_free(value);
    return e;
}

static void test_members(void **state)
{
    static const struct {
        const char *text;
        enum err verdict;
        const char *which;
    } rows[] = {
        {"{\"count\":10,\"name\":\"abc\"}", ERR_OK, ""},
        {"{\"count\":10,\"name\":\"abc\",\"flag\":true,\"list\":[1]}", ERR_OK, ""},
        {"{\"count\":10,\"name\":\"abc\",\"other\":1}", ERR_DOC_MEMBER_UNKNOWN, "other"},
        {"{\"count\":10,\"name\":\"abc\",\"Name\":\"abc\"}", ERR_DOC_MEMBER_UNKNOWN, "Name"},
        {"{\"name\":\"abc\"}", ERR_DOC_MEMBER_MISSING, "count"},
        {"{\"count\":11,\"name\":\"abc\"}", ERR_DOC_MEMBER_INVALID, "count"},
        {"{\"count\":0,\"name\":\"abc\"}", ERR_DOC_MEMBER_INVALID, "count"},
        {"{\"count\":10,\"name\":\"\"}", ERR_DOC_MEMBER_INVALID, "name"},
        {"{\"count\":10,\"name\":\"abcde\"}", ERR_DOC_MEMBER_INVALID, "name"},
        {"{\"count\":10,\"name\":null}", ERR_DOC_MEMBER_INVALID, "name"},
        {"{\"count\":\"10\",\"name\":\"abc\"}", ERR_DOC_MEMBER_INVALID, "count"},
        {"{\"count\":10,\"list\":[],\"name\":\"abc\"}", ERR_DOC_MEMBER_INVALID, "list"},
        {"{\"count\":10,\"flag\":1,\"name\":\"abc\"}", ERR_DOC_MEMBER_INVALID, "flag"},
        {"[]", ERR_DOC_MEMBER_INVALID, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *which = NULL;

        assert_err(check_members(rows[i].text, &which), rows[i].verdict);
        assert_string_equal(which, rows[i].which);
        assert_err(check_members(rows[i].text, NULL), rows[i].verdict);
    }
}

static void test_building(void **state)
{
    struct js *object, *array, *copy;
    struct buf out = {0};

    (void)state;
    assert_ok(js_object_new(&object));
    assert_ok(js_array_new(&array));
    assert_ok(js_push_text(array, "x"));
    assert_err(js_push_text(array, "\xff"), ERR_TEXT_INVALID);
    assert_ok(js_set_int(object, "i", JS_INT_MAX));
    assert_err(js_set_int(object, "i", JS_INT_MAX + 1), ERR_JSON_NUMBER);
    assert_err(js_set_int(object, "i", -JS_INT_MAX - 1), ERR_JSON_NUMBER);
    assert_ok(js_set_bool(object, "b", true));
    assert_ok(js_set_text(object, "t", "first"));
    assert_ok(js_set_text(object, "t", "second"));
    assert_err(js_set_text(object, "t", "\xc3"), ERR_TEXT_INVALID);
    assert_err(js_set_text(object, "\xc3", "t"), ERR_TEXT_INVALID);
    assert_ok(js_set(object, "a", array));
    assert_ok(js_copy(object, &copy));
    assert_ok(js_set_text(object, "t", "third"));
    assert_ok(js_canon(copy, &out));
    assert_string_equal(buf_str(&out),
                        "{\"a\":[\"x\"],\"b\":true,\"i\":9007199254740991,\"t\":\"second\"}");
    assert_int_equal(js_count(copy), 4);
    assert_int_equal(js_type(js_get(copy, "a")), JS_ARRAY);
    assert_null(js_get(copy, "z"));
    js_drop(object, "z");
    js_drop(object, "a");
    js_drop(object, "t");
    assert_int_equal(js_count(object), 2);
    assert_null(js_get(object, "a"));
    assert_true(js_bool(js_get(object, "b")));
    assert_null(js_at(js_get(copy, "a"), 1));
    assert_null(js_text(js_get(copy, "i"), NULL));
    assert_int_equal(js_int(js_get(copy, "t")), 0);
    js_free(copy);
    js_free(object);
    buf_free(&out);
}

static struct js *read_text(const char *text)
{
    struct js *value;

    assert_ok(js_parse(text, strlen(text), &value));
    return value;
}

/* What was read can be changed and taken over like what was built. */
static void test_building_on_what_was_read(void **state)
{
    struct js *order = read_text("{\"c\":[1,{\"x\":\"y\"}],\"a\":\"b\",\"b\":{}}");
    struct js *list = read_text("[\"one\"]"), *copy;
    struct buf b = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        char name[16];

        snprintf(name, sizeof name, "m%02d", i);
        assert_ok(js_set_int(order, name, i));
        assert_ok(js_push_text(list, name));
    }
    assert_ok(js_set_text(order, "a", "another"));
    js_drop(order, "b");
    assert_ok(js_set(order, "c", list)); /* instead of what was read */
    for (int i = 1; i < 20; i++) {
        char name[16];

        snprintf(name, sizeof name, "m%02d", i);
        js_drop(order, name);
    }
    assert_ok(js_object_new(&copy));
    assert_ok(js_set(copy, "order", order)); /* with its blocks */
    order = copy;
    assert_ok(js_copy(order, &copy));
    js_free(order);
    assert_ok(js_canon(copy, &b));
    assert_string_equal(buf_str(&b),
                        "{\"order\":{\"a\":\"another\",\"c\":[\"one\",\"m00\",\"m01\",\"m02\","
                        "\"m03\",\"m04\",\"m05\",\"m06\",\"m07\",\"m08\",\"m09\",\"m10\","
                        "\"m11\",\"m12\",\"m13\",\"m14\",\"m15\",\"m16\",\"m17\",\"m18\","
                        "\"m19\"],\"m00\":0}}");
    js_free(copy);
    buf_free(&b);
}

/* Of little text, so that its values need many times as much room. */
static void test_many_small_values(void **state)
{
    struct buf text = {0}, again = {0};
    struct js *value;

    (void)state;
    assert_ok(buf_add_byte(&text, '['));
    for (int i = 0; i < 3000; i++)
        assert_ok(buf_add_str(&text, i % 3 == 0 ? "[]," : i % 3 == 1 ? "1," : "{\"a\":\"\"},"));
    assert_ok(buf_add_str(&text, "null]"));
    assert_ok(js_parse_canonical(text.data, text.len, &value));
    assert_int_equal(js_count(value), 3001);
    assert_ok(js_canon(value, &again));
    assert_string_equal(buf_str(&again), buf_str(&text));
    js_free(value);
    text.data[text.len - 1] = '}';
    assert_err(js_parse(text.data, text.len, &value), ERR_JSON_SYNTAX);
    buf_free(&text);
    buf_free(&again);
}

/* Reads, takes over what was read, and changes and copies it. */
static enum err read_and_build(const char *text, struct js *into, struct js **copy)
{
    struct js *value = NULL;

    *copy = NULL;
    enum err e = js_parse(text, strlen(text), &value);
    if (e != ERR_OK)
        assert_null(value);
    if (e == ERR_OK)
        e = js_set(into, "read", value);
    if (e == ERR_OK)
        e = js_set_int(value, "more", 1);
    return e == ERR_OK ? js_copy(into, copy) : e;
}

static void test_each_allocation_fails_in_turn(void **state)
{
    struct buf text = {0}, b = {0};
    enum err e = ERR_NO_MEMORY;
    long tried = 0;

    (void)state;
    assert_ok(buf_add_str(&text, "{\"list\":["));
    for (int i = 0; i < 100; i++)
        assert_ok(buf_add_str(&text, "[],"));
    assert_ok(buf_add_str(&text, "{\"a\":\"b\"}]}"));
    for (; e != ERR_OK; tried++) {
        struct js *into, *copy;

        assert_err(e, ERR_NO_MEMORY);
        assert_ok(js_object_new(&into));
        left = tried;
        e = read_and_build(buf_str(&text), into, &copy);
        left = -1;
        buf_clear(&b);
        assert_ok(js_canon(into, &b)); /* is whole in either case */
        js_free(into);
        js_free(copy);
    }
    assert_true(tried > 100); /* the copy alone */
    buf_free(&text);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_canonical_form),
        cmocka_unit_test(test_canonical_form_of_many_members),
        cmocka_unit_test(test_texts_at_each_place),
        cmocka_unit_test(test_canonical_only),
        cmocka_unit_test(test_canon_leaves_a_full_buffer_alone),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_building),
        cmocka_unit_test(test_building_on_what_was_read),
        cmocka_unit_test(test_many_small_values),
        cmocka_unit_test(test_each_allocation_fails_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
