/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: numbers for whoever watches the bank, in Prometheus' text format 0.0.4. The table is
 * metrics.def. Counting is one atomic addition, from any thread; there is no lock.
 */
#ifndef BANKD_SERVER_METRICS_H
#define BANKD_SERVER_METRICS_H

#include "api/route.h"
#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum metric {
#define X(id, type, unit, labels, name, help) METRIC_##id,
#include "bankd/server/metrics.def"
#undef X
    METRIC_COUNT
};

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_ABSENT INT64_MIN /* a value that is not known is not shown */

/* Samples of METRIC_REQUESTS and METRIC_QUEUED; those of the others are their enums, 0 without. */
size_t metrics_request(enum route r, int http); /* ROUTE_COUNT for none */
enum { METRICS_WORKERS, METRICS_COMMITTER };

struct metrics;

MUST_CHECK enum err metrics_new(struct metrics **out);
void metrics_free(struct metrics *m); /* NULL-safe */

/* A counter; a histogram's observation; a gauge. TIME is in microseconds. */
void metrics_add(struct metrics *m, enum metric which, size_t sample, int64_t n);
void metrics_observe(struct metrics *m, enum metric which, int64_t value);
void metrics_set(struct metrics *m, enum metric which, size_t sample, int64_t value);
/* CODE as in order/flag.h, "" for none. */
void metrics_payee_check(struct metrics *m, const char *code);

/* Appends all of it. */
MUST_CHECK enum err metrics_write(const struct metrics *m, struct buf *out);

#endif
