/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting from many threads at once, and how the numbers are shown.
 */
#include "bankd/server/metrics.h"
#include "tests/base/unit.h"

#include <pthread.h>
#include <string.h>

#define THREADS 4
#define ROUNDS 20000

static struct metrics *m;
static struct buf text;

static int start(void **state)
{
    (void)state;
    text = (struct buf){0};
    return metrics_new(&m) ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    metrics_free(m);
    buf_free(&text);
    return 0;
}

static void shows(const char *line)
{
    buf_clear(&text);
    assert_ok(metrics_write(m, &text));
    if (!strstr(buf_str(&text), line))
        fail_msg("no %s in\n%s", line, buf_str(&text));
}

static void shows_not(const char *line)
{
    buf_clear(&text);
    assert_ok(metrics_write(m, &text));
    assert_null(strstr(buf_str(&text), line));
}

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        metrics_add(m, METRIC_COMMITS, 0, 1);
        metrics_observe(m, METRIC_BATCH, 3);
    }
    return NULL;
}

static void test_no_count_is_lost(void **state)
{
    (void)state;
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    shows("\ncountersign_commits_total 80000\n");
    shows("\ncountersign_batch_requests_sum 240000\ncountersign_batch_requests_count 80000\n");
}

static void test_samples_do_not_mix(void **state)
{
    (void)state;
    metrics_add(m, METRIC_REQUESTS, metrics_request(ROUTE_DECIDE, 201), 1);
    metrics_add(m, METRIC_REQUESTS, metrics_request(ROUTE_DECIDE, 403), 2);
    metrics_add(m, METRIC_REQUESTS, metrics_request(ROUTE_COUNT, 503), 3);
    metrics_add(m, METRIC_DECISIONS, ERR_OK, 4);
    metrics_add(m, METRIC_DECISIONS, ERR_COUNT - 1, 5);
    metrics_payee_check(m, "RCVC");
    metrics_payee_check(m, "RVNA");
    metrics_payee_check(m, "");
    shows("{route=\"POST /v1/decisions\",status=\"2xx\"} 1\n");
    shows("{route=\"POST /v1/decisions\",status=\"4xx\"} 2\n");
    shows("{route=\"POST /v1/decisions\",status=\"5xx\"} 0\n");
    shows("{route=\"none\",status=\"5xx\"} 3\n");
    shows("decisions_total{result=\"OK\"} 4\n");
    shows("} 5\n# HELP countersign_payee_checks_total ");
    shows("{result=\"RCVC\"} 1\n");
    shows("{result=\"RMVC\"} 0\n");
    shows("{result=\"RVNA\"} 1\n# HELP countersign_orders ");
}

static void test_buckets_count_what_is_below(void **state)
{
    (void)state;
    metrics_observe(m, METRIC_COMMIT_TIME, 500); /* a bound is in its bucket */
    metrics_observe(m, METRIC_COMMIT_TIME, 501);
    metrics_observe(m, METRIC_COMMIT_TIME, 9000000);
    shows("commit_seconds_bucket{le=\"0.000500\"} 1\n");
    shows("commit_seconds_bucket{le=\"0.001000\"} 2\n");
    shows("commit_seconds_bucket{le=\"2.500000\"} 2\n");
    shows("commit_seconds_bucket{le=\"+Inf\"} 3\n");
    shows("commit_seconds_sum 9.001001\n");
    shows("commit_seconds_count 3\n");
}

static void test_gauges_are_absent_until_set(void **state)
{
    (void)state;
    shows("# TYPE countersign_suspense_credits gauge\n");
    shows_not("\ncountersign_suspense_credits ");
    metrics_set(m, METRIC_SUSPENSE, 0, 7);
    shows("\ncountersign_suspense_credits 7\n");
    metrics_set(m, METRIC_SUSPENSE, 0, METRICS_ABSENT);
    shows_not("\ncountersign_suspense_credits ");
    metrics_set(m, METRIC_CERTIFICATE_LEFT, 0, -1500000);
    shows("\ncountersign_certificate_left_seconds -1.500000\n");
    shows("\ncountersign_build_info{version=\"" COUNTERSIGN_VERSION "\"} 1\n");
}

static void test_no_room(void **state)
{
    (void)state;
    struct buf small = BUF_INIT(4000);

    assert_err(metrics_write(m, &small), ERR_TOO_LARGE);
    buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_count_is_lost, start, stop),
        cmocka_unit_test_setup_teardown(test_samples_do_not_mix, start, stop),
        cmocka_unit_test_setup_teardown(test_buckets_count_what_is_below, start, stop),
        cmocka_unit_test_setup_teardown(test_gauges_are_absent_until_set, start, stop),
        cmocka_unit_test_setup_teardown(test_no_room, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
