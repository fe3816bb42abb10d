/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/metrics.h"
#include "bankd/core/core.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum type { COUNTER, GAUGE, HISTOGRAM };
enum unit { NUMBER, TIME };

/* --- labels ------------------------------------------------------------------------------------*/

static const char *const classes[] = {"2xx", "4xx", "5xx"};
#define CLASSES (sizeof classes / sizeof *classes)
static const char *const queues[] = {
    [METRICS_WORKERS] = "workers", [METRICS_COMMITTER] = "committer"};
static const char *const payee_checks[] = {"RCVC", "RMVC", "RVNM", "RVNA"};
#define LENGTH(list) (sizeof(list) / sizeof *(list))

static enum err label_none(size_t i, struct buf *out)
{
    (void)i;
    (void)out;
    return ERR_OK;
}

static enum err label_request(size_t i, struct buf *out)
{
    size_t route = i / CLASSES;
    const char *class = classes[i % CLASSES];

    if (route == ROUTE_COUNT)
        return buf_addf(out, "{route=\"none\",status=\"%s\"}", class);
    const struct route_info *info = route_info((enum route)route);
    return buf_addf(out, "{route=\"%s %s\",status=\"%s\"}", info->method, info->path, class);
}

static enum err label_result(size_t i, struct buf *out)
{
    return buf_addf(out, "{result=\"%s\"}", err_name((enum err)i));
}

static enum err label_payee_check(size_t i, struct buf *out)
{
    return buf_addf(out, "{result=\"%s\"}", payee_checks[i]);
}

static enum err label_status(size_t i, struct buf *out)
{
    return buf_addf(out, "{status=\"%s\"}", status_name(CORE_WAITING_FIRST + (enum status)i));
}

static enum err label_radar(size_t i, struct buf *out)
{
    return buf_addf(out, "{kind=\"%s\"}", radar_name((enum radar)i));
}

static enum err label_queue(size_t i, struct buf *out)
{
    return buf_addf(out, "{queue=\"%s\"}", queues[i]);
}

static enum err label_build(size_t i, struct buf *out)
{
    (void)i;
    return buf_addf(out, "{version=\"%s\"}", COUNTERSIGN_VERSION);
}

/* A histogram's samples are its buckets, what is above the last bound, and the sum. */
static const int64_t sizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 1024};
static const int64_t times[] = {500,   1000,   2500,   5000,   10000,   25000,
                                50000, 100000, 250000, 500000, 1000000, 2500000};

static const struct labels {
    size_t count;
    enum err (*write)(size_t i, struct buf *out);
    const int64_t *bounds; /* of a histogram; COUNT of them */
} labels_NONE = {1, label_none, NULL},
  labels_REQUEST = {(ROUTE_COUNT + 1) * CLASSES, label_request, NULL},
  labels_RESULT = {ERR_COUNT, label_result, NULL},
  labels_PAYEE_CHECK = {LENGTH(payee_checks), label_payee_check, NULL},
  labels_STATUS = {CORE_WAITING_LAST - CORE_WAITING_FIRST + 1, label_status, NULL},
  labels_RADAR = {RADAR_COUNT, label_radar, NULL},
  labels_QUEUE = {LENGTH(queues), label_queue, NULL}, labels_BUILD = {1, label_build, NULL},
  labels_SIZES = {LENGTH(sizes), NULL, sizes}, labels_TIMES = {LENGTH(times), NULL, times};

/* --- the table ---------------------------------------------------------------------------------*/

static const struct family {
    enum type type;
    enum unit unit;
    const struct labels *labels;
    const char *name, *help;
} families[METRIC_COUNT] = {
#define X(id, type, unit, labels, name, help)                                                      \
    [METRIC_##id] = {type, unit, &labels_##labels, name, help},
#include "bankd/server/metrics.def"
#undef X
};

static size_t samples_of(const struct family *f)
{
    return f->labels->count + (f->type == HISTOGRAM ? 2 : 0);
}

struct metrics {
    size_t at[METRIC_COUNT]; /* of each family's samples in VALUE */
    _Atomic int64_t value[];
};

enum err metrics_new(struct metrics **out)
{
    size_t count = 0;

    for (size_t i = 0; i < METRIC_COUNT; i++)
        count += samples_of(&families[i]);
    struct metrics *m = calloc(1, sizeof *m + count * sizeof *m->value);
    *out = m;
    if (!m)
        return ERR_NO_MEMORY;
    for (size_t i = 1; i < METRIC_COUNT; i++)
        m->at[i] = m->at[i - 1] + samples_of(&families[i - 1]);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        for (size_t k = 0; families[i].type == GAUGE && k < samples_of(&families[i]); k++)
            metrics_set(m, (enum metric)i, k, METRICS_ABSENT);
    }
    metrics_set(m, METRIC_BUILD, 0, 1);
    return ERR_OK;
}

void metrics_free(struct metrics *m)
{
    free(m);
}

/* --- counting ----------------------------------------------------------------------------------*/

size_t metrics_request(enum route r, int http)
{
    size_t class = http < 400 ? 0 : http < 500 ? 1 : 2;

    return (size_t)r * CLASSES + class;
}

void metrics_add(struct metrics *m, enum metric which, size_t sample, int64_t n)
{
    atomic_fetch_add_explicit(&m->value[m->at[which] + sample], n, memory_order_relaxed);
}

void metrics_set(struct metrics *m, enum metric which, size_t sample, int64_t value)
{
    atomic_store_explicit(&m->value[m->at[which] + sample], value, memory_order_relaxed);
}

void metrics_observe(struct metrics *m, enum metric which, int64_t value)
{
    const struct labels *l = families[which].labels;
    size_t bucket = 0;

    while (bucket < l->count && value > l->bounds[bucket])
        bucket++;
    metrics_add(m, which, bucket, 1);
    metrics_add(m, which, l->count + 1, value);
}

void metrics_payee_check(struct metrics *m, const char *code)
{
    for (size_t i = 0; i < LENGTH(payee_checks); i++) {
        if (strcmp(payee_checks[i], code) == 0)
            metrics_add(m, METRIC_PAYEE_CHECKS, i, 1);
    }
}

/* --- writing -----------------------------------------------------------------------------------*/

static int64_t read_value(const struct metrics *m, size_t family, size_t sample)
{
    return atomic_load_explicit(&m->value[m->at[family] + sample], memory_order_relaxed);
}

static enum err write_value(enum unit unit, int64_t value, struct buf *out)
{
    if (unit == NUMBER)
        return buf_addf(out, "%" PRId64, value);
    return buf_addf(out, "%s%" PRId64 ".%06" PRId64, value < 0 ? "-" : "",
                    value < 0 ? -(value / 1000000) : value / 1000000,
                    value < 0 ? -(value % 1000000) : value % 1000000);
}

static enum err write_samples(const struct metrics *m, size_t family, struct buf *out)
{
    const struct family *f = &families[family];
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < f->labels->count; i++) {
        int64_t value = read_value(m, family, i);
        if (value == METRICS_ABSENT)
            continue;
        e = buf_add_str(out, f->name);
        if (!e)
            e = f->labels->write(i, out);
        if (!e)
            e = buf_add_str(out, " ");
        if (!e)
            e = write_value(f->unit, value, out);
        if (!e)
            e = buf_add_str(out, "\n");
    }
    return e;
}

/* Buckets count what is below them, too; the count is their sum, so that they always agree. */
static enum err write_histogram(const struct metrics *m, size_t family, struct buf *out)
{
    const struct family *f = &families[family];
    const struct labels *l = f->labels;
    int64_t below = 0;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < l->count; i++) {
        below += read_value(m, family, i);
        e = buf_addf(out, "%s_bucket{le=\"", f->name);
        if (!e)
            e = write_value(f->unit, l->bounds[i], out);
        if (!e)
            e = buf_addf(out, "\"} %" PRId64 "\n", below);
    }
    below += read_value(m, family, l->count);
    if (!e)
        e = buf_addf(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n%s_sum ", f->name, below, f->name);
    if (!e)
        e = write_value(f->unit, read_value(m, family, l->count + 1), out);
    if (!e)
        e = buf_addf(out, "\n%s_count %" PRId64 "\n", f->name, below);
    return e;
}

enum err metrics_write(const struct metrics *m, struct buf *out)
{
    static const char *const types[] = {
        [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < METRIC_COUNT; i++) {
        const struct family *f = &families[i];
        e = buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name,
                     types[f->type]);
        if (!e)
            e = f->type == HISTOGRAM ? write_histogram(m, i, out) : write_samples(m, i, out);
    }
    return e;
}
