/* SPDX-License-Identifier: Apache-2.0 */
#include "token/uri.h"

#include "tests/base/unit.h"
#include <stdio.h>
#include <string.h>

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const char *const ACCEPTED[] = {
    "pkcs11:",
    "pkcs11:token=alice",
    "pkcs11:token=alice;object=sign;type=private",
    "pkcs11:object=sign;token=alice", /* any order */
    "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken",
    "pkcs11:token=a:[]@!$'()*+,=&b",
    "pkcs11:token=azAZ09-._~",
    "pkcs11:token=%C3%A1lvaro",
    "pkcs11:id=%00%01", /* bytes */
    "pkcs11:id=%69%95%3E%5C%F4%BD%EC%91",
    "pkcs11:model=PKCS%2315%20emulated;manufacturer=piv_II;serial=00000000",
    "pkcs11:slot-description=Virtual%20PCD%2000%2000",
    "pkcs11:token=a?module-path=/usr/lib/softhsm/libsofthsm2.so",
    "pkcs11:?module-path=/x",
    "pkcs11:token=01234567890123456789012345678901", /* 32 bytes */
};

static const struct {
    const char *why;
    const char *text;
} REFUSED[] = {
    {"no scheme", "token=alice"},
    {"another scheme", "pkcs12:token=alice"},
    {"empty text", ""},
    {"unknown attribute", "pkcs11:colour=red"},
    {"vendor attribute", "pkcs11:x-colour=red"},
    {"vendor query", "pkcs11:token=a?x-vendor=1"},
    {"attribute twice", "pkcs11:token=a;token=a"},
    {"attribute twice, encoded", "pkcs11:token=a;token=%61"},
    {"encoded name", "pkcs11:%74oken=a"},
    {"name in capitals", "pkcs11:Token=a"},
    {"query twice", "pkcs11:?module-path=/a&module-path=/a"},
    {"empty value", "pkcs11:token="},
    {"empty id", "pkcs11:id="},
    {"no equals sign", "pkcs11:token"},
    {"empty attribute", "pkcs11:token=a;;object=b"},
    {"semicolon at the end", "pkcs11:token=a;"},
    {"empty query", "pkcs11:token=a?"},
    {"ampersand at the end", "pkcs11:?module-path=/a&"},
    {"NUL", "pkcs11:token=a%00b"},
    {"NUL in the path", "pkcs11:?module-path=/lib/a.so%00.txt"},
    {"not UTF-8", "pkcs11:token=%C3%28"},
    {"raw byte above ASCII", "pkcs11:token=\xc3\xa1"},
    {"raw space", "pkcs11:token=a b"},
    {"raw line end", "pkcs11:token=a\n"},
    {"raw number sign", "pkcs11:token=a#b"},
    {"raw brace", "pkcs11:token=a{b"},
    {"raw accent", "pkcs11:token=a`b"},
    {"raw circumflex", "pkcs11:token=a^b"},
    {"wrong path before a good query", "pkcs11:colour=red?module-path=/x"},
    {"raw slash in the path", "pkcs11:token=a/b"},
    {"half an escape", "pkcs11:token=a%2"},
    {"a lone per cent", "pkcs11:token=100%"},
    {"no hexadecimal", "pkcs11:token=%zz"},
    {"PIN in the URI", "pkcs11:token=a?pin-value=123456"},
    {"PIN from a file", "pkcs11:token=a?pin-source=file:/etc/pin"},
    {"PIN from a command", "pkcs11:token=a?pin-source=|/bin/getpin"},
    {"pipe", "pkcs11:?module-path=/a|b"},
    {"slot number", "pkcs11:slot-id=3"},
    {"library", "pkcs11:library-manufacturer=x"},
    {"module by name", "pkcs11:?module-name=softhsm2"},
    {"relative module", "pkcs11:?module-path=libsofthsm2.so"},
    {"path attribute in the query", "pkcs11:?token=a"},
    {"query attribute in the path", "pkcs11:module-path=/a"},
    {"type public", "pkcs11:type=public"},
    {"label of 33 bytes", "pkcs11:token=012345678901234567890123456789012"},
    {"serial of 17 bytes", "pkcs11:serial=01234567890123456"},
    {"id of 65 bytes", "pkcs11:id=" TEN TEN TEN TEN TEN TEN "01234"},
    {"more than 1024", "pkcs11:?module-path=/" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
                           HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED},
};

static void accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ACCEPTED / sizeof ACCEPTED[0]; i++) {
        struct token_uri *u = NULL;
        if (token_uri_parse(ACCEPTED[i], &u))
            fail_msg("refused: %s", ACCEPTED[i]);
        token_uri_free(u);
    }
}

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        struct token_uri *u = (struct token_uri *)1;
        if (token_uri_parse(REFUSED[i].text, &u) != ERR_TOKEN_URI || u != NULL)
            fail_msg("%s: %s", REFUSED[i].why, REFUSED[i].text);
    }
}

static void decodes(void **state)
{
    struct token_uri *u = NULL;
    size_t len = 0;

    (void)state;
    assert_ok(token_uri_parse("pkcs11:token=a%20%C3%A1;id=%00%FF?module-path=/x%20y", &u));
    assert_string_equal(token_uri_get(u, TOKEN_URI_TOKEN, &len), "a \xc3\xa1");
    assert_int_equal(len, 4);
    assert_memory_equal(token_uri_get(u, TOKEN_URI_ID, &len), "\x00\xff", 2);
    assert_int_equal(len, 2);
    assert_string_equal(token_uri_module_path(u), "/x y");
    assert_null(token_uri_get(u, TOKEN_URI_SERIAL, NULL));
    token_uri_free(u);
}

/* What is written is what RFC 3986 makes of it, and reads back to the same bytes. */
static void writes(void **state)
{
    const struct token_uri_part parts[] = {
        {TOKEN_URI_TOKEN, "a;b/\xc3\xa1", 6},
        {TOKEN_URI_MODEL, "M\xfcller", 6}, /* Latin-1 */
        {TOKEN_URI_SERIAL, "", 0},
        {TOKEN_URI_ID, "\x00z", 2},
        {TOKEN_URI_MODULE_PATH, "/l&b", 4},
    };
    struct buf out = BUF_INIT(256);
    struct token_uri *u = NULL;

    (void)state;
    assert_ok(token_uri_write(parts, sizeof parts / sizeof parts[0], &out));
    assert_string_equal(buf_str(&out), "pkcs11:token=a%3Bb%2F%C3%A1;id=%00%7A?module-path=/l%26b");
    assert_ok(token_uri_parse(buf_str(&out), &u));
    assert_string_equal(token_uri_get(u, TOKEN_URI_TOKEN, NULL), "a;b/\xc3\xa1");
    assert_string_equal(token_uri_module_path(u), "/l&b");
    token_uri_free(u);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(decodes),
        cmocka_unit_test(writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
