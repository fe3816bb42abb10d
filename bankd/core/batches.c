/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/batches.h"

#include "bankd/core/entries.h"
#include "base/text.h"
#include "order/amount.h"
#include <stdio.h>
#include <string.h>

#define OBJECT_MAX (sizeof "batch:" + 2 * DIGEST_LEN)

enum err batches_find(struct core *c, const struct verified *v, struct batches_row *out)
{
    struct store_query *q = store_query(c->store, STORE_BATCH_FIND);
    bool found = false;

    *out = (struct batches_row){.entry = NO_ENTRY};
    store_bind_blob(q, ":digest", verified_jws_digest(v), DIGEST_LEN);
    enum err e = store_step(q, &found);
    if (!e && found)
        *out = (struct batches_row){.id = store_int(q, 0),
                                    .entry = store_int(q, 1),
                                    .taken = store_int(q, 2),
                                    .taken_amount = store_int(q, 3)};
    store_done(q);
    return e;
}

static enum err add_entry(struct core *c, const struct verified *v, const char *holder,
                          int64_t *entry)
{
    char object[OBJECT_MAX], digest[2 * DIGEST_LEN + 1];
    struct doc body = {0};

    text_hex(verified_jws_digest(v), DIGEST_LEN, digest);
    snprintf(object, sizeof object, "batch:%s", digest);
    entries_body(&body, "batch", object, NO_ENTRY);
    doc_text(&body, "holder", holder);
    doc_text(&body, "statement", verified_jws(v, NULL));
    return entries_add(c, &body, entry);
}

enum err batches_enter(struct core *c, const struct verified *v, const struct people_key *signer,
                       const struct ledger_account *a, struct batches_row *out)
{
    enum err e = add_entry(c, v, signer->holder_name, &out->entry);

    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_BATCH_ADD);
    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":key", signer->id);
    store_bind_blob(q, ":digest", verified_jws_digest(v), DIGEST_LEN);
    store_bind_int(q, ":entry", out->entry);
    e = store_run(q);
    if (!e)
        out->id = store_last_id(c->store);
    return e;
}

enum err batches_fits(const struct batches_row *row, const struct batch *said,
                      const struct ledger_account *a, int64_t amount)
{
    const struct batch_total *total = batch_total_in(said, a->currency);
    int64_t sum = 0;

    if (!total || said->total_count != 1)
        return ERR_CURRENCY_MISMATCH;
    bool fits = row->taken < said->count && amount_add(row->taken_amount, amount, &sum) == ERR_OK &&
                sum <= total->amount_minor;
    return fits ? ERR_OK : ERR_BATCH_EXCEEDED;
}

enum err batches_count(struct core *c, struct batches_row *row, int64_t amount)
{
    struct store_query *q = store_query(c->store, STORE_BATCH_COUNT);

    row->taken++;
    row->taken_amount += amount;
    store_bind_int(q, ":id", row->id);
    store_bind_int(q, ":taken", row->taken);
    store_bind_int(q, ":amount", row->taken_amount);
    return store_run(q);
}
