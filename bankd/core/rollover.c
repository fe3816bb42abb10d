/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "order/json.h"

#include <string.h>

/* One that the keeper makes is entered once; one that was entered, the keeper must still have. */
enum err core_rollovers(struct core *c, const struct verify_rollovers *chain, size_t *known)
{
    struct store_query *q = store_query(c->store, STORE_ROLLOVERS);
    bool found = false;
    enum err e = ERR_OK;

    if (verify_rollovers_count(chain) &&
        strcmp(verify_rollovers_at(chain, 0)->head.bank, c->bank) != 0)
        e = ERR_BANK_MISMATCH;
    for (*known = 0; !e; ++*known) {
        size_t len = 0;
        e = store_step(q, &found);
        if (e || !found)
            break;
        const void *digest = store_blob(q, 0, &len);
        if (*known == verify_rollovers_count(chain))
            e = ERR_KEEPER_STATE;
        else if (len != DIGEST_LEN ||
                 memcmp(digest, verify_rollovers_digest(chain, *known), DIGEST_LEN) != 0)
            e = ERR_ROLLOVER_FORK;
    }
    store_done(q);
    return e;
}

enum err core_rollover(struct core *c, size_t number, const struct js *rollover,
                       const uint8_t digest[static DIGEST_LEN])
{
    struct store_query *q = store_query(c->store, STORE_ROLLOVER_ADD);
    struct doc body = {0};

    entries_body(&body, "rollover", "bank", NO_ENTRY);
    doc_text(&body, "new", js_text(js_get(rollover, "new"), NULL));
    doc_text(&body, "old", js_text(js_get(rollover, "old"), NULL));
    store_bind_int(q, ":number", (int64_t)number);
    store_bind_blob(q, ":digest", digest, DIGEST_LEN);
    enum err e = store_run(q);
    if (e) {
        doc_free(&body);
        return e;
    }
    return entries_add_bank(c, &body);
}
