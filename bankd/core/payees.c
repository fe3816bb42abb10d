/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/payees.h"

#include "order/text.h"
#include <string.h>

enum err payees_look(const char *name, uint8_t out[static DIGEST_LEN])
{
    struct buf skeleton = {0};
    enum err e = utext_skeleton(name, strlen(name), &skeleton);

    if (!e)
        e = key_digest(skeleton.data, skeleton.len, out);
    buf_free(&skeleton);
    return e;
}

enum err payees_note(struct core *c, const struct life_order *o)
{
    struct store_query *q = store_query(c->store, STORE_PAYEE_ADD);

    store_bind_int(q, ":account", o->account);
    store_bind_text(q, ":payee", o->payee);
    store_bind_blob(q, ":look", o->look, DIGEST_LEN);
    return store_run(q);
}

static enum err has_row(struct store_query *q, bool *out)
{
    enum err e = store_step(q, out);

    store_done(q);
    return e;
}

enum err payees_flags(struct core *c, const struct life_order *o, flag_set *out)
{
    struct store_query *q = store_query(c->store, STORE_PAYEE_KNOWN);
    bool known = false, looks = false;

    *out = 0;
    store_bind_int(q, ":account", o->account);
    store_bind_text(q, ":payee", o->payee);
    enum err e = has_row(q, &known);
    if (e || known)
        return e;
    q = store_query(c->store, STORE_PAYEE_LOOKS);
    store_bind_int(q, ":account", o->account);
    store_bind_blob(q, ":look", o->look, DIGEST_LEN);
    e = has_row(q, &looks);
    *out = FLAG_BIT(FLAG_FIRST_PAYMENT) | (looks ? FLAG_BIT(FLAG_LOOK_ALIKE) : 0);
    return e;
}
