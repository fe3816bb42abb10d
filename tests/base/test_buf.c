/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "tests/base/unit.h"

#include <string.h>

static void test_zeroed_memory_is_empty(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_string_equal(buf_str(&b), "");
    buf_drop(&b, 0);
    buf_clear(&b);
    buf_free(&b);
    buf_free(NULL);
}

static void test_appending(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_ok(buf_add_str(&b, "one "));
    assert_ok(buf_addf(&b, "%d-%s", 2, "three"));
    assert_ok(buf_add_byte(&b, '!'));
    assert_ok(buf_add(&b, NULL, 0));
    assert_string_equal(buf_str(&b), "one 2-three!");
    assert_int_equal(b.len, 12);
    buf_drop(&b, 4);
    assert_string_equal(buf_str(&b), "2-three!");
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    buf_free(&b);
    assert_null(b.data);
}

static void test_growing_keeps_the_content(void **state)
{
    (void)state;
    struct buf b = {0};
    for (unsigned i = 0; i < 100000; i++)
        assert_ok(buf_add_byte(&b, (uint8_t)(i * 7)));
    assert_int_equal(b.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], (uint8_t)(i * 7));
    assert_int_equal(b.data[b.len], 0);
    buf_free(&b);
}

static void test_the_maximum_holds_at_its_edge(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10);
    assert_ok(buf_add(&b, "0123456789", 10));
    assert_err(buf_add_byte(&b, 'x'), ERR_TOO_LARGE);
    assert_err(buf_addf(&b, "%s", "x"), ERR_TOO_LARGE);
    assert_err(buf_reserve(&b, SIZE_MAX), ERR_TOO_LARGE);
    assert_string_equal(buf_str(&b), "0123456789");
    assert_ok(buf_addf(&b, "%s", ""));
    buf_free(&b);
    assert_err(buf_add(&b, "0123456789x", 11), ERR_TOO_LARGE);
    assert_null(b.data);

    struct buf d = {0};
    assert_err(buf_reserve(&d, BUF_MAX_DEFAULT + 1), ERR_TOO_LARGE);
    assert_ok(buf_reserve(&d, BUF_MAX_DEFAULT));
    buf_free(&d);
}

static void test_bytes_are_not_text(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_ok(buf_add(&b, "a\0b", 3));
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 4);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_memory_is_empty),
        cmocka_unit_test(test_appending),
        cmocka_unit_test(test_growing_keeps_the_content),
        cmocka_unit_test(test_the_maximum_holds_at_its_edge),
        cmocka_unit_test(test_bytes_are_not_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
