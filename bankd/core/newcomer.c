/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/newcomer.h"

#include <string.h>

void newcomer_free(struct newcomer *a)
{
    verified_free(a->statement);
    a->statement = NULL;
}

bool newcomer_waits(const struct newcomer *a)
{
    return strcmp(a->state, "waiting") == 0;
}

const struct enrolment *newcomer_said(const struct newcomer *a)
{
    return verified_enrolment(a->statement);
}

enum err newcomer_read(struct core *c, const struct store_query *q, struct newcomer *out)
{
    const char *jws = store_text(q, 2);

    *out = (struct newcomer){.id = store_int(q, 0),
                             .received_us = store_int(q, 3),
                             .expires_us = store_int(q, 4),
                             .entry = store_int(q, 8)};
    enum err e = store_copy_text(q, 1, out->name, sizeof out->name);
    if (!e)
        e = store_copy_text(q, 5, out->state, sizeof out->state);
    if (!e)
        e = store_copy_text(q, 6, out->reason, sizeof out->reason);
    if (!e && !store_is_null(q, 7))
        e = store_copy_text(q, 7, out->holder, sizeof out->holder);
    if (!e)
        e = store_copy_text(q, 9, out->by, sizeof out->by);
    if (!e)
        e = verify_enrolment(c->bank, jws, strlen(jws), &out->statement);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

enum err newcomer_one(struct core *c, struct store_query *q, bool *found, struct newcomer *out)
{
    *out = (struct newcomer){0};
    enum err e = store_step(q, found);
    if (!e && *found)
        e = newcomer_read(c, q, out);
    store_done(q);
    return e;
}

enum err newcomer_find(struct core *c, const char *name, struct newcomer *out)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_FIND);
    bool found = false;

    store_bind_text(q, ":enrolment", name);
    enum err e = newcomer_one(c, q, &found, out);
    return !e && !found ? ERR_NOT_FOUND : e;
}

enum err newcomer_count(struct core *c, int64_t *out)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_COUNT);
    bool found = false;

    enum err e = store_step(q, &found);
    *out = !e && found ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}
