/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/payees.h"

#include "order/text.h"
#include <string.h>

struct looks {
    uint8_t letters[DIGEST_LEN];
    uint8_t shape[DIGEST_LEN];
};

static enum err look(const char *name, bool by_shape, uint8_t out[static DIGEST_LEN])
{
    struct buf skeleton = {0};
    enum err e = utext_skeleton(name, strlen(name), by_shape, &skeleton);

    if (!e)
        e = key_digest(buf_str(&skeleton), skeleton.len, out);
    buf_free(&skeleton);
    return e;
}

/* The statement with the payee's account bound. */
static struct store_query *about(struct core *c, enum store_statement which,
                                 const struct life_order *o)
{
    struct store_query *q = store_query(c->store, which);

    store_bind_int(q, ":account", o->account);
    store_bind_text(q, ":payee", o->payee);
    return q;
}

/* The statement with what the name looks like bound. */
static enum err bind_looks(struct store_query *q, const char *name, struct looks *looks)
{
    enum err e = look(name, false, looks->letters);

    if (!e)
        e = look(name, true, looks->shape);
    store_bind_blob(q, ":letters", looks->letters, DIGEST_LEN);
    store_bind_blob(q, ":shape", looks->shape, DIGEST_LEN);
    return e;
}

static enum err has_row(struct store_query *q, bool *out)
{
    enum err e = store_step(q, out);

    store_done(q);
    return e;
}

enum err payees_note(struct core *c, const struct life_order *o)
{
    struct store_query *q = about(c, STORE_PAYEE_NAMED, o);
    struct looks looks;
    bool known = false;

    store_bind_text(q, ":name", o->payee_name);
    enum err e = has_row(q, &known);
    if (e || known)
        return e;
    q = about(c, STORE_PAYEE_ADD, o);
    store_bind_text(q, ":name", o->payee_name);
    e = bind_looks(q, o->payee_name, &looks);
    return e ? e : store_run(q);
}

enum err payees_flags(struct core *c, const struct life_order *o, flag_set *out)
{
    bool known = false, alike = false;
    struct looks looks;

    *out = 0;
    enum err e = has_row(about(c, STORE_PAYEE_KNOWN, o), &known);
    if (e || known)
        return e;
    struct store_query *q = store_query(c->store, STORE_PAYEE_LOOKS);
    store_bind_int(q, ":account", o->account);
    e = bind_looks(q, o->payee_name, &looks);
    if (!e)
        e = has_row(q, &alike);
    *out = FLAG_BIT(FLAG_FIRST_PAYMENT) | (alike ? FLAG_BIT(FLAG_LOOK_ALIKE) : 0);
    return e;
}
