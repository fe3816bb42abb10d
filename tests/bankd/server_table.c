/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of handlers against the table of routes, and the queue that requests wait in.
 */
#include "bankd/server/handler.h"
#include "bankd/server/queue.h"
#include "base/clock.h"
#include "tests/base/unit.h"

#include <pthread.h>
#include <string.h>

/* A body is prepared before it is applied; what has none may not write by being read. */
static void test_every_route_has_a_handler(void **state)
{
    (void)state;
    for (int i = 0; i < ROUTE_COUNT; i++) {
        const struct route_info *info = route_info((enum route)i);
        const struct handler *h = handler_of((enum route)i);
        assert_int_equal(!!h->apply + !!h->page + !!h->named + !!h->stated, 1);
        assert_true(!h->page || h->query & REQUEST_CURSOR);
        assert_true(!h->named || strchr(info->path, '{'));
        assert_true(!h->stated || h->prepare);
        assert_int_equal(h->prepare != NULL, info->body_max > 0);
        assert_int_equal(h->writes, strcmp(info->method, "POST") == 0);
        assert_true(h->query == 0 || strcmp(info->method, "GET") == 0);
        assert_true(!h->long_read || !h->writes);
    }
}

#define FOR_EVER (INT64_C(3600) * 1000000)
static const struct queue_patience none = {0};
static const struct queue_patience endless = {FOR_EVER, FOR_EVER};

static struct job *job_named(uint32_t name)
{
    struct job *j;

    assert_ok(job_new(&j));
    j->slot = name;
    return j;
}

static void take(struct queue *q, size_t max, uint32_t first, size_t count)
{
    struct job_list got = {0};

    assert_true(queue_take(q, max, INT64_MAX, &got));
    assert_int_equal(got.count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct job *j = job_list_take(&got);
        assert_int_equal(j->slot, first + i);
        job_free(j);
    }
    assert_null(job_list_take(&got));
}

static void test_queue_order_and_limit(void **state)
{
    (void)state;
    struct queue *q;
    struct job *late = job_named(9);

    assert_ok(queue_new(4, &none, &q));
    for (uint32_t i = 0; i < 4; i++)
        assert_true(queue_put(q, job_named(i)));
    assert_false(queue_put(q, late));
    take(q, 1, 0, 1);
    take(q, 2, 1, 2);
    assert_true(queue_put(q, job_named(4)));
    take(q, 8, 3, 2);
    job_free(late);
    queue_free(q);
}

static struct job *long_read_named(uint32_t name)
{
    struct job *j = job_named(name);

    j->match.route = ROUTE_EVIDENCE;
    j->routed = true;
    return j;
}

/* What others ask is not kept by many long reads, nor the other way round. */
static void test_queue_gives_long_reads_one_at_a_time(void **state)
{
    (void)state;
    struct queue *q;
    struct job *late = job_named(9), *refused = long_read_named(3);

    refused->err = ERR_SESSION_REQUIRED;
    assert_ok(queue_new(5, &endless, &q));
    queue_answered(q, 9, FOR_EVER); /* none of whom is waited for */
    assert_true(queue_put(q, long_read_named(4)));
    assert_true(queue_put(q, long_read_named(5)));
    assert_true(queue_put(q, job_named(1)));
    assert_true(queue_put(q, job_named(2)));
    assert_true(queue_put(q, refused)); /* what is refused is none */
    assert_false(queue_put(q, late));
    assert_int_equal(queue_depth(q), 5);
    take(q, 4, 1, 4);
    assert_true(queue_put(q, long_read_named(6)));
    take(q, 4, 5, 1);
    queue_close(q);
    take(q, 4, 6, 1);
    queue_free(q);
    job_free(late);
}

/* Many long reads, which cost who asks nothing, leave places to everybody else. */
static void test_long_reads_have_half_of_the_places(void **state)
{
    (void)state;
    struct queue *q;
    struct job *third = long_read_named(9), *late = job_named(9);

    assert_ok(queue_new(4, &none, &q));
    assert_true(queue_put(q, long_read_named(2)));
    assert_true(queue_put(q, long_read_named(3)));
    assert_false(queue_put(q, third));
    assert_true(queue_put(q, job_named(0)));
    assert_true(queue_put(q, job_named(1)));
    assert_false(queue_put(q, late));
    take(q, 4, 0, 3);
    assert_true(queue_put(q, third));
    queue_free(q);
    job_free(late);
    assert_ok(queue_new(1, &none, &q)); /* of which half is one */
    assert_true(queue_put(q, long_read_named(0)));
    take(q, 1, 0, 1);
    queue_free(q);
}

static void test_queue_frees_what_nobody_took(void **state)
{
    (void)state;
    struct queue *q;

    assert_ok(queue_new(2, &none, &q));
    assert_true(queue_put(q, long_read_named(0)));
    assert_true(queue_put(q, job_named(1)));
    queue_free(q); /* the sanitizer counts */
}

static void test_queue_waits_only_so_long(void **state)
{
    (void)state;
    struct queue *q;
    struct job_list got = {0};

    assert_ok(queue_new(1, &none, &q));
    assert_true(queue_take(q, 1, 0, &got));
    assert_int_equal(got.count, 0);
    queue_free(q);
}

/* Brings the second of two announced jobs. */
static void *bring_expected(void *arg)
{
    assert_true(queue_put_expected(arg, job_named(1)));
    return NULL;
}

static void test_queue_holds_for_the_announced(void **state)
{
    (void)state;
    struct queue *q;
    pthread_t bringer;

    assert_ok(queue_new(4, &endless, &q));
    queue_expect(q);
    queue_expect(q);
    assert_true(queue_put_expected(q, job_named(0)));
    assert_int_equal(pthread_create(&bringer, NULL, bring_expected, q), 0);
    take(q, 4, 0, 2);
    pthread_join(bringer, NULL);
    queue_expect(q);
    assert_true(queue_put(q, job_named(0)));
    assert_true(queue_put(q, job_named(1)));
    take(q, 2, 0, 2); /* enough is there */
    queue_close(q);
    queue_free(q);
}

static void test_a_full_queue_is_not_held(void **state)
{
    (void)state;
    struct queue *q;
    struct job *third = job_named(2);

    assert_ok(queue_new(2, &endless, &q));
    for (int i = 0; i < 4; i++)
        queue_expect(q);
    assert_true(queue_put_expected(q, job_named(0)));
    assert_true(queue_put_expected(q, job_named(1)));
    assert_false(queue_put_expected(q, third));
    take(q, 4, 0, 2);
    job_free(third);
    queue_free(q);
}

static void test_queue_holds_only_so_long(void **state)
{
    (void)state;
    struct queue *q;

    assert_ok(queue_new(4, &(struct queue_patience){.hold_us = 1}, &q));
    queue_expect(q);
    assert_true(queue_put(q, job_named(0)));
    take(q, 4, 0, 1);
    queue_free(q);
}

/* Who was answered and may ask again. */
static void test_queue_holds_for_the_answered(void **state)
{
    static const struct queue_patience short_while = {10000, FOR_EVER};
    struct queue *q;

    (void)state;
    assert_ok(queue_new(4, &short_while, &q));
    queue_answered(q, 2, FOR_EVER);
    assert_true(queue_put(q, job_named(0)));
    int64_t begun_us = clock_mono_us();
    take(q, 4, 0, 1); /* the other one never came */
    assert_true(clock_mono_us() - begun_us >= short_while.hold_us);
    queue_free(q);
}

/* Twice what the answers took that the others had. */
static void test_quick_answers_are_not_held_for_long(void **state)
{
    struct queue *q;

    (void)state;
    assert_ok(queue_new(4, &endless, &q));
    queue_answered(q, 2, 5000);
    assert_true(queue_put(q, job_named(0)));
    int64_t begun_us = clock_mono_us();
    take(q, 4, 0, 1); /* the other one never came */
    assert_true(clock_mono_us() - begun_us >= 10000);
    queue_free(q);
}

/* Nobody else was answered: there is nothing to wait for. */
static void test_who_asks_alone_is_not_held(void **state)
{
    struct queue *q;

    (void)state;
    assert_ok(queue_new(4, &endless, &q));
    for (uint32_t i = 0; i < 2; i++) {
        queue_expect(q);
        assert_true(queue_put_expected(q, job_named(i)));
        take(q, 4, i, 1);
        queue_answered(q, 1, FOR_EVER);
    }
    queue_free(q);
}

/* Neither for who was answered nor for one that is prepared for long. */
static void test_nobody_is_held_for_who_is_silent(void **state)
{
    static const struct queue_patience quiet = {5000000, 1};
    int64_t begun_us = clock_mono_us();
    struct queue *q;

    (void)state;
    assert_ok(queue_new(4, &quiet, &q));
    queue_answered(q, 3, FOR_EVER);
    assert_true(queue_put(q, job_named(0)));
    take(q, 4, 0, 1);
    queue_expect(q);
    assert_true(queue_put(q, job_named(1)));
    take(q, 4, 1, 1);
    assert_true(clock_mono_us() - begun_us < quiet.hold_us);
    queue_free(q);
}

struct taker {
    size_t count;
    struct queue *q;
};

static void *run_taker(void *arg)
{
    struct job_list got = {0};
    struct taker *t = arg;

    while (queue_take(t->q, 3, INT64_MAX, &got)) {
        t->count += got.count;
        for (struct job *j = job_list_take(&got); j; j = job_list_take(&got))
            job_free(j);
    }
    return NULL;
}

static void test_closed_queue_gives_what_it_has(void **state)
{
    (void)state;
    struct taker a = {0}, b = {0};
    pthread_t ta, tb;
    struct job *late = job_named(0);

    assert_ok(queue_new(1000, &none, &a.q));
    b.q = a.q;
    assert_int_equal(pthread_create(&ta, NULL, run_taker, &a), 0);
    assert_int_equal(pthread_create(&tb, NULL, run_taker, &b), 0);
    for (uint32_t i = 0; i < 500; i++)
        assert_true(queue_put(a.q, job_named(i)));
    queue_close(a.q);
    assert_false(queue_put(a.q, late));
    pthread_join(ta, NULL);
    pthread_join(tb, NULL);
    assert_int_equal(a.count + b.count, 500);
    job_free(late);
    queue_free(a.q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_has_a_handler),
        cmocka_unit_test(test_queue_order_and_limit),
        cmocka_unit_test(test_queue_gives_long_reads_one_at_a_time),
        cmocka_unit_test(test_long_reads_have_half_of_the_places),
        cmocka_unit_test(test_queue_frees_what_nobody_took),
        cmocka_unit_test(test_queue_waits_only_so_long),
        cmocka_unit_test(test_queue_holds_for_the_announced),
        cmocka_unit_test(test_queue_holds_only_so_long),
        cmocka_unit_test(test_a_full_queue_is_not_held),
        cmocka_unit_test(test_queue_holds_for_the_answered),
        cmocka_unit_test(test_who_asks_alone_is_not_held),
        cmocka_unit_test(test_quick_answers_are_not_held_for_long),
        cmocka_unit_test(test_nobody_is_held_for_who_is_silent),
        cmocka_unit_test(test_closed_queue_gives_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
