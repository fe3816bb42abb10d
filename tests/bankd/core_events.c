/* SPDX-License-Identifier: Apache-2.0
 *
 * Following what happens: how much one look reads, and that looking on misses nothing.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <string.h>

/* A look of the holder P behind AFTER; what it read is in the world's answer. */
static int64_t look(struct world *w, const struct person *p, int64_t after, unsigned span)
{
    const struct core_caller who = {.session = p->session};
    struct core_head head;

    core_head(w->core, &head);
    struct core_events events = {
        .after = after, .until = (int64_t)head.size - 1, .limit = 200, .span = span};
    world_begin(w);
    world_end(w, core_events(w->core, &who, &events, &w->answer));
    assert_string_equal(err_name(w->answer.err), "OK");
    return events.reached;
}

static void pay(struct world *w)
{
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
}

/* For Carol, whom little of it concerns, no more is read than for anybody. */
static void test_a_look_ends_behind_its_span(void **state)
{
    struct world *w = *state;
    struct core_head head;

    for (int i = 0; i < 3; i++)
        pay(w);
    core_head(w->core, &head);
    assert_true(head.size > 12);
    assert_int_equal(look(w, &w->carol, 2, 4), 6);
    assert_int_equal(look(w, &w->carol, 2, 1000), (int64_t)head.size - 1);
}

static void test_looking_on_misses_nothing(void **state)
{
    struct world *w = *state;
    struct buf whole = {0}, steps = {0};
    struct core_head head;
    int64_t at = 2;

    pay(w);
    core_head(w->core, &head);
    (void)look(w, &w->alice, at, 1000);
    assert_ok(buf_add(&whole, w->answer.body.data, w->answer.body.len));
    assert_non_null(strstr(buf_str(&whole), "event: order-settled\n"));
    for (int64_t before = -1; at != before && at < (int64_t)head.size - 1;) {
        before = at;
        at = look(w, &w->alice, at, 3);
        if (w->answer.body.len > 0)
            assert_ok(buf_add(&steps, w->answer.body.data, w->answer.body.len));
    }
    assert_int_equal(at, (int64_t)head.size - 1);
    assert_string_equal(buf_str(&steps), buf_str(&whole));
    buf_free(&whole);
    buf_free(&steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_look_ends_behind_its_span, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_looking_on_misses_nothing, world_enter, world_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
