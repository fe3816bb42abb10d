/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/answer.h"

#include "api/problem.h"
#include "bankd/core/entries.h"
#include "bankd/core/session.h"
#include "base/text.h"
#include "order/json.h"
#include <string.h>

#define MINUTE_US (60 * TEXT_SECOND_US)

void core_answer_free(struct core_answer *a)
{
    if (!a)
        return;
    buf_free(&a->body);
    *a = (struct core_answer){0};
}

bool answer_is_refusal(enum err e)
{
    return e && (err_info(e)->http < 500 || e == ERR_BUSY || e == ERR_LOG_UNSIGNED ||
                 e == ERR_LEDGER_CONTRADICTION);
}

enum err answer_doc(struct core *c, int http, struct doc *body, struct core_answer *out)
{
    *out = (struct core_answer){.http = http, .needs_size = c->tree.size};
    enum err e = doc_canon(body, &out->body);
    doc_free(body);
    if (e)
        core_answer_free(out);
    return e;
}

/* --- the answer --- */

/* What a problem document says beside the refusal; NULL: nothing. */
struct more {
    const struct policy *policy; /* to sign under */
    const char *claimed_by;
};

static enum err problem(struct core *c, enum err refusal, const struct more *more,
                        struct core_answer *out)
{
    struct js *body = NULL, *document = NULL;
    size_t len = 0;

    *out = (struct core_answer){.http = err_info(refusal)->http, .needs_size = c->tree.size};
    enum err e = problem_new(refusal, NULL, &body);
    if (!e && more->claimed_by)
        e = js_set_text(body, "claimedBy", more->claimed_by);
    if (!e && more->policy) {
        const char *bytes = policy_bytes(more->policy, &len);
        e = js_parse(bytes, len, &document);
        if (!e)
            e = js_set(body, "policy", document);
    }
    if (!e)
        e = js_canon(body, &out->body);
    js_free(body);
    if (e)
        core_answer_free(out);
    else
        out->err = refusal;
    return e;
}

/* --- the record --- */

static enum err count(struct core *c, enum err refusal)
{
    struct store_query *q = store_query(c->store, STORE_REFUSED_COUNT);

    store_bind_int(q, ":minute", c->now_us - c->now_us % MINUTE_US);
    store_bind_text(q, ":reason", err_name(refusal));
    return store_run(q);
}

/* Begins the entry about a holder whose newest entry is PREVIOUS. */
static void begin_entry(enum err refusal, const char *holder, int64_t previous, struct doc *body)
{
    char object[PEOPLE_OBJECT_MAX];

    people_object(holder, object);
    entries_body(body, "refusal", object, previous);
    doc_text(body, "reason", err_name(refusal));
    doc_text(body, "holder", holder);
}

/* Frees BODY. */
static enum err end_entry(struct core *c, struct doc *body, int64_t holder)
{
    int64_t entry = NO_ENTRY;

    enum err e = entries_add(c, body, &entry);
    return e ? e : people_set_entry(c, holder, entry);
}

static enum err record_holder(struct core *c, const char *holder, enum err refusal)
{
    struct people_holder person;
    struct doc body = {0};

    enum err e = people_holder_find(c, holder, &person);
    if (e)
        return e == ERR_HOLDER_UNKNOWN ? ERR_STORE_FAILED : e;
    begin_entry(refusal, holder, person.entry, &body);
    return end_entry(c, &body, person.id);
}

static enum err record_operator(struct core *c, const char *operator_name, enum err refusal)
{
    struct doc body = {0};

    entries_body(&body, "refusal", "bank", NO_ENTRY);
    doc_text(&body, "reason", err_name(refusal));
    doc_text(&body, "operator", operator_name);
    return entries_add_bank(c, &body);
}

/* An insane clock writes nothing: its time would stand in the log. */
static enum err record(struct core *c, const struct core_caller *who, enum err refusal)
{
    struct session_viewer viewer;

    if (c->insane)
        return ERR_OK;
    enum err e = session_viewer(c, who, &viewer);
    if (e)
        return e == ERR_SESSION_REQUIRED ? count(c, refusal) : e;
    return viewer.is_operator ? record_operator(c, who->operator_name, refusal)
                              : record_holder(c, viewer.holder_name, refusal);
}

/* --- both --- */

static enum err refuse(struct core *c, const struct core_caller *who, enum err refusal,
                       const struct more *more, struct core_answer *out)
{
    if (!answer_is_refusal(refusal))
        return refusal;
    enum err failed = record(c, who, refusal);
    return failed ? failed : problem(c, refusal, more, out);
}

enum err answer_refuse(struct core *c, const struct core_caller *who, enum err e,
                       struct core_answer *out)
{
    return refuse(c, who, e, &(struct more){NULL, NULL}, out);
}

enum err answer_refuse_stale(struct core *c, const struct core_caller *who,
                             const struct policy *policy, struct core_answer *out)
{
    return refuse(c, who, ERR_POLICY_STALE, &(struct more){policy, NULL}, out);
}

enum err answer_refuse_claimed(struct core *c, const struct core_caller *who, const char *by,
                               struct core_answer *out)
{
    return refuse(c, who, ERR_ITEM_CLAIMED, &(struct more){NULL, by}, out);
}

enum err answer_finish(struct core *c, const struct core_caller *who, enum err e, int http,
                       struct doc *body, struct core_answer *out)
{
    if (!e)
        return answer_doc(c, http, body, out);
    doc_free(body);
    return answer_refuse(c, who, e, out);
}

enum err answer_refuse_signed(struct core *c, const struct answer_signed *what, enum err e,
                              struct core_answer *out)
{
    const struct people_key *key = what->key;
    struct doc body = {0};

    if (!answer_is_refusal(e))
        return e;
    begin_entry(e, key->holder_name, key->holder_entry, &body);
    doc_digest(&body, "statementDigest", verified_jws_digest(what->verified));
    doc_text(&body, "thumbprint", verified_signer(what->verified));
    if (what->order_digest)
        doc_digest(&body, "orderDigest", what->order_digest);
    enum err failed = end_entry(c, &body, key->holder);
    return failed ? failed : problem(c, e, &(struct more){what->policy, NULL}, out);
}

/* --- counts --- */

static enum err drop(struct core *c, int64_t minute_us, const char *reason)
{
    struct store_query *q = store_query(c->store, STORE_REFUSED_DROP);

    store_bind_int(q, ":minute", minute_us);
    store_bind_text(q, ":reason", reason);
    return store_run(q);
}

/* The oldest count of a minute that is over becomes an entry. */
static enum err flush_one(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_REFUSED_NEXT);
    char reason[64] = "";

    store_bind_int(q, ":minute", c->now_us - c->now_us % MINUTE_US);
    enum err e = store_step(q, found);
    if (e || !*found)
        return e;
    int64_t minute_us = store_int(q, 0);
    int64_t times = store_int(q, 2);
    e = store_copy_text(q, 1, reason, sizeof reason);
    store_done(q);
    if (e)
        return e;
    struct doc body = {0};
    entries_body(&body, "refusals", "bank", NO_ENTRY);
    doc_text(&body, "reason", reason);
    doc_time(&body, "minute", minute_us);
    doc_int(&body, "count", times);
    e = entries_add_bank(c, &body);
    return e ? e : drop(c, minute_us, reason);
}

enum err answer_flush_counts(struct core *c)
{
    bool found = c->tree.size > 0; /* the first entry is the bank's keys */
    enum err e = ERR_OK;

    while (!e && found)
        e = flush_one(c, &found);
    return e;
}

enum err answer_repeat(const struct store_query *q, struct core_answer *out)
{
    const char *reason = store_text(q, 1);
    size_t len = 0;

    if (strcmp(reason, err_name(ERR_OK)) != 0)
        out->err = err_from_name(reason, strlen(reason));
    out->http = (int)store_int(q, 2);
    out->needs_size = (uint64_t)store_int(q, 3);
    const void *body = store_blob(q, 4, &len);
    return buf_add(&out->body, body, len);
}
