/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/payees.h"

#include "order/text.h"
#include <string.h>

static enum err look(const char *name, bool by_shape, uint8_t out[static DIGEST_LEN])
{
    struct buf skeleton = {0};
    enum err e = utext_skeleton(name, strlen(name), by_shape, &skeleton);

    if (!e)
        e = key_digest(buf_str(&skeleton), skeleton.len, out);
    buf_free(&skeleton);
    return e;
}

enum err payees_look(const char *name, uint8_t out[static LIFE_LOOKS_LEN])
{
    enum err e = look(name, false, out);

    return e ? e : look(name, true, out + DIGEST_LEN);
}

enum err payees_note(struct core *c, const struct life_order *o)
{
    enum err e = ERR_OK;

    for (size_t at = 0; !e && at < LIFE_LOOKS_LEN; at += DIGEST_LEN) {
        struct store_query *q = store_query(c->store, STORE_PAYEE_ADD);
        store_bind_int(q, ":account", o->account);
        store_bind_text(q, ":payee", o->payee);
        store_bind_blob(q, ":look", o->looks + at, DIGEST_LEN);
        e = store_run(q);
    }
    return e;
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
    store_bind_blob(q, ":letters", o->looks, DIGEST_LEN);
    store_bind_blob(q, ":shape", o->looks + DIGEST_LEN, DIGEST_LEN);
    e = has_row(q, &looks);
    *out = FLAG_BIT(FLAG_FIRST_PAYMENT) | (looks ? FLAG_BIT(FLAG_LOOK_ALIKE) : 0);
    return e;
}
