/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/rows.h"

#include "bankd/store/store.h"
#include <stdlib.h>
#include <string.h>

#define PLACES 4096u     /* of each kind: what comes later takes the place of what was there */
#define KEPT_NAME_MAX 63 /* a longer one is not kept */

/* The time of this module is the count of writes and of times that all was forgotten. */
struct place {
    uint64_t read_at; /* 0: empty */
    struct rows_source sources[ROWS_SOURCES];
    char name[KEPT_NAME_MAX + 1];
};

/* That there is nothing. */
struct none {
    uint64_t read_at;
    int64_t account, now_us;
};

struct rows {
    struct store *store;
    uint64_t time;
    uint64_t forgot_at;
    size_t size[ROWS_KINDS];
    struct place *places[ROWS_KINDS];
    uint8_t *values[ROWS_KINDS];
    uint32_t *by_id[ROWS_KINDS];       /* the place of an id, or of another that shares it */
    uint64_t *written_at[ROWS_TABLES]; /* a row, or another that shares its place */
    uint64_t table_at[ROWS_TABLES];    /* any of its rows */
    struct none *none[ROWS_TABLES];
    int64_t due_us; /* of all open orders, as it was known at DUE_AT */
    uint64_t due_at;
};

static const char *const tables[ROWS_TABLES] = {
    [ROWS_OF_ACCOUNTS] = "account",       [ROWS_OF_CHANGES] = "policy_change",
    [ROWS_OF_DELEGATIONS] = "delegation", [ROWS_OF_HOLDERS] = "holder",
    [ROWS_OF_KEYS] = "signing_key",       [ROWS_OF_ORDERS] = "orders",
    [ROWS_OF_SESSIONS] = "session",
};

static size_t spot(int64_t id)
{
    return (uint64_t)id % PLACES;
}

/* FNV-1a: who makes names that meet only has them read again. */
static size_t spot_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash % PLACES;
}

static void changed(void *ctx, const char *table, int64_t id)
{
    struct rows *r = ctx;

    for (size_t t = 0; t < ROWS_TABLES; t++) {
        if (tables[t][0] == table[0] && strcmp(tables[t], table) == 0)
            r->table_at[t] = r->written_at[t][spot(id)] = ++r->time;
    }
}

static enum err make_places(struct rows *r)
{
    bool made = true;

    for (size_t k = 0; k < ROWS_KINDS; k++) {
        r->places[k] = calloc(PLACES, sizeof *r->places[k]);
        r->values[k] = calloc(PLACES, r->size[k]);
        r->by_id[k] = calloc(PLACES, sizeof *r->by_id[k]);
        made = made && r->places[k] && r->values[k] && r->by_id[k];
    }
    for (size_t t = 0; t < ROWS_TABLES; t++) {
        r->written_at[t] = calloc(PLACES, sizeof *r->written_at[t]);
        r->none[t] = calloc(PLACES, sizeof *r->none[t]);
        made = made && r->written_at[t] && r->none[t];
    }
    return made ? ERR_OK : ERR_NO_MEMORY;
}

enum err rows_new(struct store *store, const size_t sizes[static ROWS_KINDS], struct rows **out)
{
    *out = NULL;
    struct rows *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    r->store = store;
    memcpy(r->size, sizes, sizeof r->size);
    enum err e = make_places(r);
    if (e) {
        rows_free(r);
        return e;
    }
    rows_forget(r);
    store_watch(store, changed, r);
    *out = r;
    return ERR_OK;
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    store_watch(r->store, NULL, NULL);
    for (size_t k = 0; k < ROWS_KINDS; k++) {
        free(r->places[k]);
        free(r->values[k]);
        free(r->by_id[k]);
    }
    for (size_t t = 0; t < ROWS_TABLES; t++) {
        free(r->written_at[t]);
        free(r->none[t]);
    }
    free(r);
}

void rows_forget(struct rows *r)
{
    r->forgot_at = ++r->time;
}

enum err rows_begin(struct rows *r)
{
    bool wrote = true;

    enum err e = store_others_wrote(r->store, &wrote);
    if (e || wrote)
        rows_forget(r);
    return e;
}

/* --- what was read --- */

static bool holds(const struct rows *r, const struct place *p)
{
    bool still = p->read_at >= r->forgot_at;

    for (size_t i = 0; still && i < ROWS_SOURCES; i++)
        still = r->written_at[p->sources[i].table][spot(p->sources[i].id)] <= p->read_at;
    return still;
}

static void copy_out(const struct rows *r, enum rows_kind kind, size_t at, void *out)
{
    memcpy(out, r->values[kind] + at * r->size[kind], r->size[kind]);
}

bool rows_find(const struct rows *r, enum rows_kind kind, const char *name, void *out)
{
    size_t at = spot_of(name);
    const struct place *p = &r->places[kind][at];

    if (!holds(r, p) || strcmp(p->name, name) != 0)
        return false;
    copy_out(r, kind, at, out);
    return true;
}

bool rows_find_id(const struct rows *r, enum rows_kind kind, int64_t id, void *out)
{
    size_t at = r->by_id[kind][spot(id)];
    const struct place *p = &r->places[kind][at];

    if (!holds(r, p) || p->sources[0].id != id)
        return false;
    copy_out(r, kind, at, out);
    return true;
}

void rows_keep(struct rows *r, enum rows_kind kind, const char *name, const void *value,
               const struct rows_source sources[static ROWS_SOURCES])
{
    size_t at = spot_of(name), len = strlen(name);
    struct place *p = &r->places[kind][at];

    if (len > KEPT_NAME_MAX)
        return;
    p->read_at = r->time;
    memcpy(p->sources, sources, sizeof p->sources);
    memcpy(p->name, name, len + 1);
    memcpy(r->values[kind] + at * r->size[kind], value, r->size[kind]);
    r->by_id[kind][spot(sources[0].id)] = (uint32_t)at;
}

/* --- what there is not --- */

bool rows_none(const struct rows *r, enum rows_table table, int64_t account, int64_t now_us)
{
    const struct none *n = &r->none[table][spot(account)];

    return n->account == account && n->read_at >= r->forgot_at &&
           n->read_at >= r->table_at[table] && n->now_us <= now_us;
}

void rows_keep_none(struct rows *r, enum rows_table table, int64_t account, int64_t now_us)
{
    r->none[table][spot(account)] = (struct none){r->time, account, now_us};
}

/* --- what comes first --- */

int64_t rows_due(const struct rows *r)
{
    bool still = r->due_at >= r->forgot_at && r->due_at >= r->table_at[ROWS_OF_ORDERS];

    return still ? r->due_us : ROWS_DUE_UNKNOWN;
}

void rows_keep_due(struct rows *r, int64_t due_us)
{
    r->due_us = due_us;
    r->due_at = r->time;
}
