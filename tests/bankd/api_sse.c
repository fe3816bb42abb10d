/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sse.h"
#include "tests/base/unit.h"

#include <string.h>

static const char whole[] = "retry: 2000\n\nevent: open\nid: 7\ndata: {}\n\n: here\nid: 9\n\n"
                            "event: order-waiting\nid: 12\ndata: {\"a\":\"b: c\"}\n\n: half";

static void check_next(struct sse *s, struct sse_event *event, const char *name, const char *data,
                       int64_t id)
{
    bool found = false;

    assert_ok(sse_next(s, &found, event));
    assert_int_equal(found, name != NULL);
    if (name) {
        assert_string_equal(event->name, name);
        assert_string_equal(buf_str(&event->data), data);
    }
    assert_int_equal(s->last_id, id);
}

static void test_events_in_one_piece(void **state)
{
    struct sse_event event = {.data = BUF_INIT(SSE_MAX)};
    struct sse s;

    (void)state;
    sse_start(&s);
    check_next(&s, &event, NULL, NULL, -1);
    assert_ok(sse_feed(&s, whole, strlen(whole)));
    assert_true(sse_ready(&s));
    check_next(&s, &event, "open", "{}", 7);
    check_next(&s, &event, "order-waiting", "{\"a\":\"b: c\"}", 12);
    check_next(&s, &event, NULL, NULL, 12);
    assert_false(sse_ready(&s)); /* the half comment stays */
    buf_free(&event.data);
    sse_free(&s);
}

/* The id of what has no data counts, too. */
static void test_byte_by_byte(void **state)
{
    struct sse_event event = {.data = BUF_INIT(SSE_MAX)};
    size_t count = 0;
    struct sse s;

    (void)state;
    sse_start(&s);
    for (const char *at = whole; *at; at++) {
        bool found = false;
        assert_ok(sse_feed(&s, at, 1));
        assert_ok(sse_next(&s, &found, &event));
        count += found;
        if (strncmp(at, ": half", 6) == 0)
            assert_int_equal(s.last_id, 12);
    }
    assert_int_equal(count, 2);
    buf_free(&event.data);
    sse_free(&s);
}

static void test_what_the_bank_does_not_write(void **state)
{
    static const char *const wrong[] = {
        "id: -1\n\n", "id: 1x\n\n",
        "event: 0123456789012345678901234567890123456789012345678901234567890123\ndata: {}\n\n"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sse_event event = {.data = BUF_INIT(SSE_MAX)};
        bool found = false;
        struct sse s;
        sse_start(&s);
        assert_ok(sse_feed(&s, wrong[i], strlen(wrong[i])));
        assert_err(sse_next(&s, &found, &event), ERR_DOC_MEMBER_INVALID);
        assert_false(found);
        buf_free(&event.data);
        sse_free(&s);
    }
}

static void test_a_stream_without_lines_ends(void **state)
{
    static char much[65536];
    enum err e = ERR_OK;
    struct sse s;

    (void)state;
    memset(much, 'x', sizeof much);
    sse_start(&s);
    for (size_t n = 0; e == ERR_OK && n <= SSE_MAX; n += sizeof much)
        e = sse_feed(&s, much, sizeof much);
    assert_err(e, ERR_TOO_LARGE);
    sse_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_in_one_piece),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_what_the_bank_does_not_write),
        cmocka_unit_test(test_a_stream_without_lines_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
