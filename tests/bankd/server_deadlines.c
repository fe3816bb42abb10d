/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/deadlines.h"
#include "tests/base/unit.h"

#define COUNT 3

static struct deadlines all;
static struct deadline d[COUNT];

static int fresh(void **state)
{
    (void)state;
    all = (struct deadlines){.wait_us = {[PHASE_HANDSHAKE] = 50,
                                         [PHASE_IDLE] = 100,
                                         [PHASE_HEAD] = 10,
                                         [PHASE_WORK] = INT64_MAX,
                                         [PHASE_LINGER] = 5}};
    for (int i = 0; i < COUNT; i++)
        d[i] = (struct deadline){0};
    return 0;
}

static void test_nothing_is_due(void **state)
{
    (void)state;
    assert_null(deadlines_due(&all, INT64_MAX));
    assert_null(deadlines_idlest(&all));
    assert_true(deadlines_next_us(&all) == INT64_MAX);
    deadlines_enter(&all, &d[0], PHASE_NONE, 0);
    assert_null(deadlines_idlest(&all));
}

static void test_at_its_time_and_not_before(void **state)
{
    (void)state;
    deadlines_enter(&all, &d[0], PHASE_IDLE, 1000);
    deadlines_enter(&all, &d[1], PHASE_IDLE, 1001);
    deadlines_enter(&all, &d[2], PHASE_HEAD, 1080);
    assert_int_equal(deadlines_next_us(&all), 1090);
    assert_null(deadlines_due(&all, 1089));
    assert_ptr_equal(deadlines_due(&all, 1090), &d[2]);
    deadlines_enter(&all, &d[2], PHASE_NONE, 1090);
    assert_int_equal(deadlines_next_us(&all), 1100);
    assert_null(deadlines_due(&all, 1099));
    assert_ptr_equal(deadlines_due(&all, 1100), &d[0]);
}

static void test_entering_again_begins_anew(void **state)
{
    (void)state;
    deadlines_enter(&all, &d[0], PHASE_IDLE, 0);
    deadlines_enter(&all, &d[1], PHASE_IDLE, 1);
    deadlines_enter(&all, &d[0], PHASE_IDLE, 2);
    assert_ptr_equal(deadlines_due(&all, 1000), &d[1]);
    assert_int_equal(deadlines_next_us(&all), 101);
}

static void test_work_is_never_due_and_never_idle(void **state)
{
    (void)state;
    deadlines_enter(&all, &d[0], PHASE_WORK, 7);
    assert_null(deadlines_due(&all, INT64_MAX - 1));
    assert_null(deadlines_idlest(&all));
}

static void test_new_lengths_count_from_the_beginning(void **state)
{
    (void)state;
    const int64_t longer[PHASE_COUNT] = {
        [PHASE_IDLE] = 300, [PHASE_HEAD] = 2, [PHASE_WORK] = INT64_MAX};

    deadlines_enter(&all, &d[0], PHASE_IDLE, 1000);
    deadlines_enter(&all, &d[1], PHASE_HEAD, 1000);
    deadlines_enter(&all, &d[2], PHASE_WORK, 1000);
    deadlines_set(&all, longer);
    assert_int_equal(deadlines_next_us(&all), 1002);
    assert_ptr_equal(deadlines_due(&all, 1002), &d[1]);
    deadlines_enter(&all, &d[1], PHASE_IDLE, 1100);
    assert_null(deadlines_due(&all, 1299));
    assert_ptr_equal(deadlines_due(&all, 1300), &d[0]);
    deadlines_enter(&all, &d[0], PHASE_NONE, 1300);
    assert_ptr_equal(deadlines_due(&all, 1400), &d[1]);
    deadlines_enter(&all, &d[1], PHASE_NONE, 1400);
    assert_null(deadlines_due(&all, INT64_MAX - 1));
}

/* Who closes anyway goes first, then who has kept us waiting longest, in whatever phase. */
static void test_who_makes_room(void **state)
{
    (void)state;
    deadlines_enter(&all, &d[0], PHASE_IDLE, 2);
    deadlines_enter(&all, &d[1], PHASE_HANDSHAKE, 1);
    deadlines_enter(&all, &d[2], PHASE_HEAD, 3);
    assert_ptr_equal(deadlines_idlest(&all), &d[1]);
    deadlines_enter(&all, &d[1], PHASE_WORK, 4);
    assert_ptr_equal(deadlines_idlest(&all), &d[0]);
    deadlines_enter(&all, &d[0], PHASE_NONE, 5);
    assert_ptr_equal(deadlines_idlest(&all), &d[2]);
    deadlines_enter(&all, &d[1], PHASE_LINGER, 6);
    assert_ptr_equal(deadlines_idlest(&all), &d[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_is_due, fresh),
        cmocka_unit_test_setup(test_at_its_time_and_not_before, fresh),
        cmocka_unit_test_setup(test_entering_again_begins_anew, fresh),
        cmocka_unit_test_setup(test_work_is_never_due_and_never_idle, fresh),
        cmocka_unit_test_setup(test_new_lengths_count_from_the_beginning, fresh),
        cmocka_unit_test_setup(test_who_makes_room, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
