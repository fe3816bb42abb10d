/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that is made again under its Idempotency-Key gets its first answer, and does nothing.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/session.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define KEPT_US (INT64_C(86400) * TEXT_SECOND_US)
#define KEPT_MAX 1000 /* of one caller: his oldest gives way */
#define CALLER_MAX 128

/* Whose key it is: the person, over whichever session, or the user at the console. "" for a
 * stranger, who is refused anyway. */
static enum err find_caller(struct core *c, const struct core_caller *who,
                            char out[static CALLER_MAX])
{
    struct session_viewer viewer;

    out[0] = '\0';
    enum err e = session_viewer(c, who, &viewer);
    if (e)
        return e == ERR_SESSION_REQUIRED ? ERR_OK : e;
    if (viewer.is_operator)
        snprintf(out, CALLER_MAX, "console:%s", who->operator_name);
    else
        snprintf(out, CALLER_MAX, "holder:%s", viewer.holder_name);
    return ERR_OK;
}

enum err core_once_find(struct core *c, const struct core_caller *who, const struct core_once *once,
                        bool *again, struct core_answer *out)
{
    char caller[CALLER_MAX];
    uint8_t request[DIGEST_LEN];
    bool other = false;

    *again = false;
    *out = (struct core_answer){0};
    enum err e = c->insane ? ERR_OK : find_caller(c, who, caller);
    if (e || c->insane || !caller[0])
        return e;
    struct store_query *q = store_query(c->store, STORE_ONCE_FIND);
    store_bind_text(q, ":caller", caller);
    store_bind_text(q, ":once_key", once->key);
    store_bind_int(q, ":since", c->now_us - KEPT_US);
    e = store_step(q, again);
    if (!e && *again)
        e = store_copy_blob(q, 0, request, sizeof request);
    if (!e && *again) {
        other = memcmp(request, once->request, DIGEST_LEN) != 0;
        e = other ? ERR_OK : answer_repeat(q, out);
    }
    store_done(q);
    if (!e && other)
        e = answer_refuse(c, who, ERR_IDEMPOTENCY_KEY_REUSED, out);
    if (e)
        core_answer_free(out);
    return e;
}

static enum err drop(struct core *c, const char *caller)
{
    struct store_query *q = store_query(c->store, STORE_ONCE_SWEEP);

    store_bind_int(q, ":before", c->now_us - KEPT_US);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_ONCE_TRIM);
    store_bind_text(q, ":caller", caller);
    store_bind_int(q, ":kept", KEPT_MAX - 1);
    return store_run(q);
}

enum err core_once_keep(struct core *c, const struct core_caller *who, const struct core_once *once,
                        const struct core_answer *a)
{
    char caller[CALLER_MAX];

    enum err e = c->insane ? ERR_OK : find_caller(c, who, caller);
    if (e || c->insane || !caller[0] || a->http >= 500)
        return e; /* what may be tried again is no answer yet */
    e = drop(c, caller);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ONCE_ADD);
    store_bind_text(q, ":caller", caller);
    store_bind_text(q, ":once_key", once->key);
    store_bind_blob(q, ":request", once->request, DIGEST_LEN);
    store_bind_text(q, ":reason", err_name(a->err));
    store_bind_int(q, ":http", a->http);
    store_bind_int(q, ":size", (int64_t)a->needs_size);
    store_bind_blob(q, ":body", a->body.data, a->body.len);
    store_bind_int(q, ":done", c->now_us);
    return store_run(q);
}
