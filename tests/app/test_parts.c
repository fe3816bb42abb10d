/* SPDX-License-Identifier: Apache-2.0
 * Parts of a document: cut and joined again in any order, and every way in which they are not the
 * parts of one whole. The base32 is that of RFC 4648 section 10. */
#include "app/parts.h"

#include "app/qr.h"
#include "tests/base/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sha256sum of "foobar" */
#define FOOBAR "C3AB8FF13720E8AD9047DD39466B3C8974E592C2FA383D4A3960714CAEF0C4F2"
#define OTHER "D3AB8FF13720E8AD9047DD39466B3C8974E592C2FA383D4A3960714CAEF0C4F2"

static struct buf document(size_t len)
{
    struct buf b = BUF_INIT(0);

    for (size_t i = 0; i < len; i++)
        assert_ok(buf_add_byte(&b, (uint8_t)(rand() & 0xff)));
    return b;
}

static void take(struct parts *p, const char *text, enum err expected)
{
    assert_err(parts_take(p, text, strlen(text)), expected);
}

static void test_as_the_standard_has_it(void **state)
{
    struct buf b = BUF_INIT(0), text = BUF_INIT(0), again = BUF_INIT(0);
    struct parts p = {.at = NULL};

    (void)state;
    assert_ok(buf_add_str(&b, "foobar"));
    assert_ok(parts_make(&b, PARTS_BYTES, 1, &text));
    assert_string_equal(buf_str(&text), "CSQ1/1/1/" FOOBAR "/MZXW6YTBOI");
    take(&p, buf_str(&text), ERR_OK);
    assert_ok(parts_join(&p, &again));
    assert_string_equal(buf_str(&again), "foobar");
    buf_clear(&text);
    assert_ok(parts_make(&b, 5, 2, &text));
    assert_string_equal(buf_str(&text), "CSQ1/2/2/" FOOBAR "/OI");
    parts_free(&p);
    buf_free(&b);
    buf_free(&text);
    buf_free(&again);
}

/* Any length, any cut, any order, some of them again. */
static void test_any_order(void **state)
{
    (void)state;
    srand(17);
    for (int round = 0; round < 50; round++) {
        struct buf b = document(1 + (size_t)rand() % 3000), again = BUF_INIT(0);
        size_t each = PARTS_BYTES_MIN + (size_t)rand() % 400, count = 0;
        struct parts p = {.at = NULL};
        assert_ok(parts_count(b.len, each, &count));
        for (size_t left = 2 * count; left > 0 || p.have<count; left -= left> 0) {
            struct buf text = BUF_INIT(PARTS_TEXT_MAX);
            assert_ok(parts_make(&b, each, 1 + (size_t)rand() % count, &text));
            assert_true(p.have == count || parts_join(&p, &again) == ERR_PARTS_MISSING);
            take(&p, buf_str(&text), ERR_OK);
            buf_free(&text);
        }
        assert_ok(parts_join(&p, &again));
        assert_int_equal(again.len, b.len);
        assert_memory_equal(again.data, b.data, b.len);
        parts_free(&p);
        buf_free(&b);
        buf_free(&again);
    }
}

static void test_what_is_no_part(void **state)
{
    static const char *const texts[] = {
        "",
        "https://example.org/",
        "CSQ1/1/1/" FOOBAR,
        "CSQ1/1/1/" FOOBAR "/",
        "CSQ2/1/1/" FOOBAR "/MZXW6YTBOI",
        "csq1/1/1/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/0/1/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/2/1/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/01/1/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/-1/1/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/1/1000/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/1/0/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/1/99999999999999999999999/" FOOBAR "/MZXW6YTBOI",
        "CSQ1/1/1/c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2/MZXW6YTBOI",
        "CSQ1/1/1/" FOOBAR "A/MZXW6YTBOI",
        "CSQ1/1/1/" FOOBAR "/MZXW6YTBOI=",
        "CSQ1/1/1/" FOOBAR "/MZXW6YTBOJ", /* bits behind the last byte */
        "CSQ1/1/1/" FOOBAR "/MZXW6YTBO",  /* a whole character of them */
        "CSQ1/1/1/" FOOBAR "/mzxw6ytboi",
        "CSQ1/1/1/" FOOBAR "/MZXW6 YTBOI",
        "CSQ1/1/1/" FOOBAR "/MZXW61TBOI",
        "CSQ1/1/1/" FOOBAR "/MZXW6YTBOI/",
    };
    struct parts p = {.at = NULL};
    struct buf none = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        take(&p, texts[i], ERR_PART_MALFORMED);
    assert_err(parts_take(&p, "CSQ1/1/1/" FOOBAR "/MZXW6\0TBOI", 84), ERR_PART_MALFORMED);
    assert_err(parts_join(&p, &none), ERR_PARTS_MISSING);
    parts_free(&p);
    buf_free(&none);
}

static void test_mixed_damaged_and_missing(void **state)
{
    struct buf missing = BUF_INIT(0), out = BUF_INIT(0);
    struct parts p = {.at = NULL};

    (void)state;
    take(&p, "CSQ1/2/4/" FOOBAR "/OI", ERR_OK);
    take(&p, "CSQ1/2/4/" OTHER "/OI", ERR_PARTS_MIXED);
    take(&p, "CSQ1/2/3/" FOOBAR "/OI", ERR_PARTS_MIXED);
    take(&p, "CSQ1/2/4/" FOOBAR "/OA", ERR_PARTS_DAMAGED);
    take(&p, "CSQ1/2/4/" FOOBAR "/OI", ERR_OK);
    assert_err(parts_join(&p, &out), ERR_PARTS_MISSING);
    assert_ok(parts_tell_missing(&p, &missing));
    assert_string_equal(buf_str(&missing), "1, 3, 4");
    take(&p, "CSQ1/1/4/" FOOBAR "/OI", ERR_OK);
    take(&p, "CSQ1/3/4/" FOOBAR "/OI", ERR_OK);
    take(&p, "CSQ1/4/4/" FOOBAR "/OI", ERR_OK);
    assert_err(parts_join(&p, &out), ERR_PARTS_DAMAGED);
    parts_free(&p);
    buf_free(&missing);
    buf_free(&out);
}

/* The largest part fits into the largest code, and the limits are those that are said. */
static void test_limits(void **state)
{
    struct buf b = document(PARTS_MAX * PARTS_BYTES_MIN), text = BUF_INIT(PARTS_TEXT_MAX),
               png = BUF_INIT(0);
    size_t count = 0;

    (void)state;
    assert_ok(parts_count(b.len, PARTS_BYTES_MIN, &count));
    assert_int_equal(count, PARTS_MAX);
    assert_err(parts_count(b.len + 1, PARTS_BYTES_MIN, &count), ERR_TOO_LARGE);
    assert_ok(parts_make(&b, PARTS_BYTES_MAX, 10, &text));
    assert_ok(qr_png(buf_str(&text), &png));
    buf_free(&b);
    buf_free(&text);
    buf_free(&png);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_standard_has_it),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_what_is_no_part),
        cmocka_unit_test(test_mixed_damaged_and_missing),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
