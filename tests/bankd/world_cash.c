/* SPDX-License-Identifier: Apache-2.0
 *
 * Terminals of a world's bank, and the cash orders that they hand in.
 */
#include "order/jws.h"
#include "order/terminal.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>

void world_terminal(struct world *w, struct person *p)
{
    size_t len = 0;
    const uint8_t *spki = key_spki(p->key, &len);

    world_begin(w);
    world_end(w,
              core_terminal_add(w->core, &world_operator, p->name, p->name, spki, len, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    world_login(w, p);
}

void world_cash(struct world *w, enum order_kind kind, const char *amount, struct world_order *out)
{
    char draft[256];

    snprintf(draft, sizeof draft,
             "{\"amount\":\"%s\",\"currency\":\"EUR\",\"description\":\"Market day\","
             "\"terminal\":\"till-1\",\"type\":\"%s\"}",
             amount, order_type(kind));
    world_order_from(w, draft, out);
}

void world_sign_cash(struct world *w, const struct person *signer, const struct world_order *o,
                     const struct world_says *says, struct buf *jws)
{
    struct statement head;
    struct buf payload = {0};

    world_head(w, says, &head);
    assert_ok(terminal_make(&o->order, &head, &payload));
    world_sign_statement(signer, STATEMENT_TERMINAL, &payload, jws);
    buf_free(&payload);
}

const char *world_hand_in_cash(struct world *w, const struct person *caller, const struct buf *jws,
                               const struct world_order *o)
{
    const struct core_caller who = {.session = caller->session};
    const struct verify_terminal_input in = {.bank = WORLD_BANK,
                                             .jws = buf_str(jws),
                                             .jws_len = jws->len,
                                             .order = &o->order,
                                             .keys = core_keys(w->core)};
    const struct core_document document = {&o->order, o->bytes.data, o->bytes.len, ""};
    struct verified *verified = NULL;

    enum err e = verify_terminal(&in, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, &who, e, NULL, &w->answer));
    else
        world_end(w, core_cash(w->core, &who, verified, &document, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_cash_in(struct world *w, const struct person *signer, const struct world_order *o)
{
    struct buf jws = {0};

    world_sign_cash(w, signer, o, NULL, &jws);
    const char *name = world_hand_in_cash(w, signer, &jws, o);
    buf_free(&jws);
    return name;
}
