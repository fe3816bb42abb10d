/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of the keeper's messages against bytes written out by hand from msg.h. */
#include "bankd/keeper/msg.h"

#include "tests/base/unit.h"
#include <stdlib.h>
#include <string.h>

static void fill(uint8_t *out, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(first + i);
}

static void test_state(void **state)
{
    struct keeper_state s = {.size = 0x0102030405060708}, back;
    uint8_t expected[MSG_STATE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct buf out = {0};

    (void)state;
    fill(s.root, sizeof s.root, 0x40);
    fill(expected + 8, KEEPER_HASH_LEN, 0x40);
    assert_err(msg_put_state(&s, &out), ERR_OK);
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    assert_err(msg_get_state(out.data, out.len, &back), ERR_OK);
    assert_memory_equal(&back, &s, sizeof s);
    for (size_t len = 0; len < out.len; len++)
        assert_err(msg_get_state(out.data, len, &back), ERR_USAGE);
    assert_err(buf_add_byte(&out, 0), ERR_OK);
    assert_err(msg_get_state(out.data, out.len, &back), ERR_USAGE);
    assert_int_equal(back.size, 0);
    buf_free(&out);
}

static void test_checkpoint(void **state)
{
    static struct keeper_checkpoint c, back;
    uint8_t expected[MSG_STATE_LEN + 2 + 2 * KEEPER_HASH_LEN] = {0, 0, 0, 0, 0, 0, 1, 0};
    struct buf out = {0};

    (void)state;
    c.size = 256;
    c.proof_count = 2;
    fill(c.root, KEEPER_HASH_LEN, 0x10);
    fill(c.proof[0], 2 * KEEPER_HASH_LEN, 0x80);
    fill(expected + 8, KEEPER_HASH_LEN, 0x10);
    expected[MSG_STATE_LEN + 1] = 2;
    fill(expected + MSG_STATE_LEN + 2, 2 * KEEPER_HASH_LEN, 0x80);
    assert_err(msg_put_checkpoint(&c, &out), ERR_OK);
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    assert_err(msg_get_checkpoint(out.data, out.len, &back), ERR_OK);
    assert_memory_equal(&back, &c, sizeof c);
    for (size_t len = 0; len < out.len; len++)
        assert_err(msg_get_checkpoint(out.data, len, &back), ERR_USAGE);
    buf_free(&out);
}

static void test_the_longest_proof(void **state)
{
    static struct keeper_checkpoint c, back;
    struct buf out = {0};

    (void)state;
    c.proof_count = KEEPER_PROOF_MAX;
    assert_err(msg_put_checkpoint(&c, &out), ERR_OK);
    assert_int_equal(out.len, MSG_CHECKPOINT_MAX);
    assert_err(msg_get_checkpoint(out.data, out.len, &back), ERR_OK);
    c.proof_count++;
    assert_err(msg_put_checkpoint(&c, &out), ERR_USAGE);
    /* One hash more than there may be, however long the message is. */
    assert_err(buf_reserve(&out, KEEPER_HASH_LEN), ERR_OK);
    memset(out.data + out.len, 0, KEEPER_HASH_LEN);
    out.data[MSG_STATE_LEN + 1]++;
    assert_err(msg_get_checkpoint(out.data, out.len + KEEPER_HASH_LEN, &back), ERR_USAGE);
    buf_free(&out);
}

/* Of a copy of just that length, so that a sanitizer sees a read behind its end. */
static enum err get_certificates(const uint8_t *msg, size_t len, struct buf *leaf, struct buf *root)
{
    uint8_t *exactly = malloc(len ? len : 1);

    assert_non_null(exactly);
    memcpy(exactly, msg, len);
    enum err e = msg_get_certificates(exactly, len, leaf, root);
    free(exactly);
    return e;
}

static void test_certificates(void **state)
{
    static const uint8_t expected[] = {0, 2, 'l', 'f', 0, 3, 'r', 'o', 'o'};
    static const uint8_t refused[][9] = {
        {0, 3, 'l', 'f', 0, 3, 'r', 'o', 'o'}, {0, 2, 'l', 'f', 0, 2, 'r', 'o', 'o'},
        {0, 2, 'l', 'f', 0, 4, 'r', 'o', 'o'}, {0, 0, 0, 5, 'l', 'f', 'r', 'o', 'o'},
        {0, 7, 'l', 'f', 0, 3, 'r', 'o', 'o'}, {0xff, 0xff, 'l', 'f', 0, 3, 'r', 'o', 'o'},
    };
    struct buf leaf = {0}, root = {0}, out = {0};

    (void)state;
    assert_err(buf_add_str(&leaf, "lf"), ERR_OK);
    assert_err(buf_add_str(&root, "roo"), ERR_OK);
    assert_err(msg_put_certificates(&leaf, &root, &out), ERR_OK);
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    assert_err(msg_get_certificates(out.data, out.len, &leaf, &root), ERR_OK);
    assert_string_equal(buf_str(&leaf), "lflf");
    assert_string_equal(buf_str(&root), "rooroo");
    for (size_t len = 0; len < sizeof expected; len++)
        assert_err(get_certificates(expected, len, &leaf, &root), ERR_USAGE);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_err(get_certificates(refused[i], 9, &leaf, &root), ERR_USAGE);
    assert_int_equal(leaf.len + root.len, 10);
    buf_clear(&leaf);
    assert_err(msg_put_certificates(&leaf, &root, &out), ERR_USAGE);
    buf_free(&leaf);
    buf_free(&root);
    buf_free(&out);
}

static void test_the_largest_certificate(void **state)
{
    struct buf leaf = {0}, root = {0}, out = {0}, back = {0};

    (void)state;
    assert_err(buf_reserve(&leaf, MSG_CERTIFICATE_MAX + 1), ERR_OK);
    memset(leaf.data, 'l', MSG_CERTIFICATE_MAX + 1);
    assert_err(buf_add_str(&root, "roo"), ERR_OK);
    leaf.len = MSG_CERTIFICATE_MAX;
    assert_err(msg_put_certificates(&leaf, &root, &out), ERR_OK);
    assert_err(msg_get_certificates(out.data, out.len, &back, &root), ERR_OK);
    assert_int_equal(back.len, MSG_CERTIFICATE_MAX);
    buf_clear(&out);
    leaf.len++;
    assert_err(msg_put_certificates(&leaf, &root, &out), ERR_USAGE);
    /* One byte more than there may be, from one who does not ask. */
    buf_clear(&out);
    assert_err(buf_add(&out, "\x10\x01", 2), ERR_OK);
    assert_err(buf_add(&out, leaf.data, leaf.len), ERR_OK);
    assert_err(buf_add(&out, "\0\1r", 3), ERR_OK);
    assert_err(msg_get_certificates(out.data, out.len, &back, &root), ERR_USAGE);
    buf_free(&leaf);
    buf_free(&root);
    buf_free(&out);
    buf_free(&back);
}

static void test_parts(void **state)
{
    static const uint8_t msg[] = {0, 2, 'a', 'b', 0, 1, 'c', 0};
    struct msg_part part[2];

    (void)state;
    for (size_t len = 1; len <= sizeof msg; len++) {
        uint8_t *exactly = malloc(len); /* so that a sanitizer sees a read behind the end */

        assert_non_null(exactly);
        memcpy(exactly, msg, len);
        assert_err(msg_get_parts(exactly, len, 2, part, 2), len == 7 ? ERR_OK : ERR_USAGE);
        free(exactly);
    }
    assert_err(msg_get_parts(msg, 7, 2, part, 2), ERR_OK);
    assert_memory_equal(part[0].bytes, "ab", part[0].len);
    assert_memory_equal(part[1].bytes, "c", part[1].len);
    assert_int_equal(part[0].len * 10 + part[1].len, 21);
    assert_err(msg_get_parts(msg, 7, 1, part, 2), ERR_USAGE);
    assert_err(msg_get_parts(msg, 7, 2, part, 1), ERR_USAGE);
    assert_err(msg_get_parts((const uint8_t *)"\0\0\0\0", 4, 2, part, 2), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_checkpoint),
        cmocka_unit_test(test_the_longest_proof),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_the_largest_certificate),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
