/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators' keys that count no more, for the keeper, which must not believe them either.
 */
#include "bankd/core/core.h"
#include "bankd/core/state.h"
#include "order/json.h"

/* The rotation that its entry has, while TELL reads it. */
static enum err tell_retired(const struct store_query *q, core_gone_fn tell, void *ctx)
{
    struct js *body = NULL;
    size_t len = 0;
    const void *bytes = store_blob(q, 2, &len);
    enum err e = js_parse(bytes, len, &body);
    const char *statement = e ? NULL : js_text(js_get(body, "statement"), NULL);

    if (!e)
        e = statement ? tell(ctx, store_text(q, 0), statement) : ERR_STORE_FAILED;
    js_free(body);
    return e;
}

enum err core_gone(struct core *c, core_gone_fn tell, void *ctx)
{
    struct store_query *q = store_query(c->store, STORE_KEYS_GONE);
    bool found = false;

    enum err e = store_step(q, &found);
    while (!e && found) {
        e = store_int(q, 1) ? tell_retired(q, tell, ctx) : tell(ctx, store_text(q, 0), NULL);
        if (!e)
            e = store_step(q, &found);
    }
    store_done(q);
    return e;
}
