/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/core.h"

#include "bankd/core/answer.h"
#include "bankd/core/application_row.h"
#include "bankd/core/change.h"
#include "bankd/core/contact.h"
#include "bankd/core/enrolment.h"
#include "bankd/core/entries.h"
#include "bankd/core/freshness.h"
#include "bankd/core/life.h"
#include "bankd/core/notices.h"
#include "bankd/core/session.h"
#include "bankd/core/state.h"
#include "base/text.h"
#include "order/json.h"
#include "order/key.h"
#include "order/text.h"
#include <stdlib.h>
#include <string.h>

#define SESSION_IDLE_US (300 * TEXT_SECOND_US)
#define SESSION_MAX_US (12 * 3600 * TEXT_SECOND_US)

/* --- opening --- */

static void free_key(void *value)
{
    key_free(value);
}

static void free_policy(void *value)
{
    policy_free(value);
}

/* What the store holds was checked before it came in. */
static enum err stored(enum err e)
{
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

static enum err add_key(struct core *c, const struct store_query *q)
{
    struct key *key = NULL;
    size_t len = 0;
    const void *spki = store_blob(q, 1, &len);

    enum err e = stored(key_from_spki(spki, len, &key));
    return e ? e : cache_put(c->keys, key_thumbprint(key), key);
}

static enum err add_policy(struct core *c, const struct store_query *q)
{
    struct policy *policy = NULL;
    size_t len = 0;
    const void *document = store_blob(q, 0, &len);

    enum err e = stored(policy_parse(document, len, &policy));
    return e ? e : cache_put(c->policies, policy_digest(policy), policy);
}

static enum err load_all(struct core *c, enum store_statement which,
                         enum err (*add)(struct core *c, const struct store_query *q))
{
    struct store_query *q = store_query(c->store, which);
    bool row = false;

    enum err e = store_step(q, &row);
    while (!e && row) {
        e = add(c, q);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

/* The log's first entry says whose log it is. */
static enum err check_bank(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_ENTRY_FIND);
    struct js *body = NULL;
    bool found = false;
    size_t len = 0;

    store_bind_int(q, ":id", 0);
    enum err e = store_step(q, &found);
    if (!e && found) {
        const void *bytes = store_blob(q, 4, &len);
        e = stored(js_parse(bytes, len, &body));
    }
    if (!e && found) {
        const char *bank = js_text(js_get(body, "bank"), NULL);
        e = bank && strcmp(bank, c->bank) == 0 ? ERR_OK : ERR_BANK_MISMATCH;
    }
    js_free(body);
    store_done(q);
    return e;
}

static enum err load(struct core *c)
{
    static const size_t sizes[ROWS_KINDS] = {[ROWS_KEY] = sizeof(struct people_key),
                                             [ROWS_SESSION] = sizeof(struct session_begun),
                                             [ROWS_ACCOUNT] = sizeof(struct ledger_account)};

    enum err e = cache_new(KEY_THUMBPRINT_LEN, free_key, &c->keys);
    if (!e)
        e = cache_new(DIGEST_LEN, free_policy, &c->policies);
    if (!e)
        e = rows_new(c->store, sizes, &c->rows);
    if (!e)
        e = check_bank(c);
    if (!e)
        e = load_all(c, STORE_KEY_ALL, add_key);
    if (!e)
        e = load_all(c, STORE_POLICY_ALL, add_policy);
    if (e)
        return e;
    cache_settle(c->keys, true);
    cache_settle(c->policies, true);
    return entries_load(c);
}

enum err core_open(struct store *store, const struct core_options *options, struct core **out)
{
    *out = NULL;
    size_t len = strlen(options->bank);
    enum err e = forms_bank(options->bank, len);
    if (!e)
        e = utext_load();
    if (e)
        return e;
    struct core *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    c->store = store;
    memcpy(c->bank, options->bank, len + 1);
    c->terms = options->terms;
    c->random = options->random;
    c->random_ctx = options->random_ctx;
    c->session_idle_us = options->session_idle_us ? options->session_idle_us : SESSION_IDLE_US;
    c->session_max_us = options->session_max_us ? options->session_max_us : SESSION_MAX_US;
    e = load(c);
    if (e) {
        core_close(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void core_close(struct core *c)
{
    if (!c)
        return;
    cache_free(c->keys);
    cache_free(c->policies);
    rows_free(c->rows);
    free(c);
}

void core_set_terms(struct core *c, const struct core_terms *terms)
{
    c->terms = *terms;
}

/* --- lookups --- */

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    struct core *c = ctx;

    return strlen(thumbprint) == KEY_THUMBPRINT_LEN ? cache_find(c->keys, thumbprint) : NULL;
}

struct verify_keys core_keys(struct core *c)
{
    return (struct verify_keys){.find = find_key, .ctx = c};
}

static const struct policy *find_policy(void *ctx, const uint8_t digest[static DIGEST_LEN])
{
    struct core *c = ctx;

    return cache_find(c->policies, digest);
}

struct verify_policies core_policies(struct core *c)
{
    return (struct verify_policies){.find = find_policy, .ctx = c};
}

enum err state_policy(struct core *c, const uint8_t digest[static DIGEST_LEN],
                      const struct policy **out)
{
    *out = cache_find_own(c->policies, digest);
    return *out ? ERR_OK : ERR_STORE_FAILED;
}

/* --- the batch --- */

/* What it brought is known once the books have it, all of it, and otherwise not at all: the head
 * that they have says which. */
static void settle(struct core *c)
{
    bool stands = c->durable.size == c->committing;

    cache_settle(c->keys, stands);
    cache_settle(c->policies, stands);
    c->committing = 0;
}

enum err core_begin(struct core *c, const struct core_time *t)
{
    enum err e = store_begin(c->store);
    if (!e)
        e = rows_begin(c->rows);
    if (!e)
        e = entries_load(c);
    if (e) {
        core_rollback(c);
        return e;
    }
    settle(c); /* unless that was not known before */
    c->given = *t;
    c->accepted = false;
    c->looks = c->looked_count = 0;
    c->now_us = t->now_us > c->newest_us ? t->now_us : c->newest_us;
    if (freshness_clock(t, c->newest_us, &c->anchor))
        c->stopped = true;
    c->insane = c->stopped;
    if (c->insane)
        return ERR_CLOCK_INSANE;
    if (c->anchor.now_us == 0)
        c->anchor = *t;
    e = answer_flush_counts(c);
    if (e)
        core_rollback(c);
    return e;
}

enum err core_due(struct core *c, unsigned max, bool *more)
{
    enum err e = c->insane ? ERR_CLOCK_INSANE : ERR_OK;

    *more = true;
    for (unsigned i = 0; !e && *more && i < max; i++) {
        e = change_catch_up_one(c, more); /* what was due first may change what is due now */
        if (!e && !*more)
            e = life_catch_up_one(c, more);
        if (!e && !*more)
            e = enrolment_catch_up_one(c, more);
        if (!e && !*more)
            e = application_row_catch_up(c, more);
    }
    if (!e)
        e = contact_forget(c);
    return e ? e : notices_forget(c);
}

enum err core_commit(struct core *c)
{
    struct core_head head = {.size = c->tree.size};

    if (c->insane) {
        core_rollback(c);
        return ERR_CLOCK_INSANE;
    }
    c->committing = c->tree.size;
    enum err e = merkle_frontier_root(&c->tree, &head.root);
    if (!e)
        e = notices_make(c);
    if (!e)
        e = entries_save(c);
    if (!e)
        e = store_commit(c->store);
    if (!e) {
        c->durable = head;
        settle(c);
    }
    if (!e && c->accepted) {
        c->anchor = c->given;
        c->stopped = false;
    }
    return e;
}

/* Also after a commit of which nobody knows whether it happened: the store is asked. Where it does
 * not answer, the next core_begin asks again. */
void core_rollback(struct core *c)
{
    store_rollback(c->store);
    rows_forget(c->rows);
    c->tree_current = false;
    if (entries_load(c) == ERR_OK)
        settle(c);
    else
        c->tree_current = false;
}

/* --- the log, for the committer --- */

void core_head(const struct core *c, struct core_head *out)
{
    *out = c->durable;
}

enum err core_head_proof(struct core *c, uint64_t from_size, struct merkle_hash *proof,
                         size_t *count)
{
    *count = 0;
    if (from_size == 0 || from_size == c->durable.size)
        return ERR_OK;
    if (from_size > c->durable.size)
        return ERR_LOG_ROLLED_BACK;
    return merkle_consistency_proof(from_size, c->durable.size, entries_node, c, proof, count);
}

enum err core_log_start(struct core *c, const char *bank_keys)
{
    struct doc body = {0};

    if (c->tree.size != 0)
        return ERR_LOG_ROLLED_BACK;
    entries_body(&body, "log-start", "bank", NO_ENTRY);
    doc_text(&body, "bank", c->bank);
    doc_text(&body, "statement", bank_keys);
    return entries_add_bank(c, &body);
}

enum err core_checkpoint_store(struct core *c, const char *note, uint64_t size)
{
    struct store_query *q = store_query(c->store, STORE_CHECKPOINT_SAVE);

    store_bind_int(q, ":size", (int64_t)size);
    store_bind_text(q, ":note", note);
    return store_run(q);
}
