/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/answer.h"

#include "api/problem.h"
#include "bankd/core/entries.h"
#include "base/text.h"
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
    return e && (err_info(e)->http < 500 || e == ERR_BUSY || e == ERR_LOG_UNSIGNED);
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

/* The problem document of REFUSAL; POLICY may be NULL. */
static enum err problem(struct core *c, enum err refusal, const char *detail,
                        const struct policy *policy, struct core_answer *out)
{
    struct doc body = {0};

    body.err = problem_new(refusal, detail, &body.root);
    if (policy) {
        size_t len = 0;
        const char *bytes = policy_bytes(policy, &len);
        doc_json(&body, "policy", bytes, len);
    }
    enum err e = answer_doc(c, err_info(refusal)->http, &body, out);
    out->err = e ? ERR_OK : refusal;
    return e;
}

static enum err count(struct core *c, enum err refusal)
{
    struct store_query *q = store_query(c->store, STORE_REFUSED_COUNT);

    store_bind_int(q, ":minute", c->now_us - c->now_us % MINUTE_US);
    store_bind_text(q, ":reason", err_name(refusal));
    return store_run(q);
}

enum err answer_refuse(struct core *c, enum err e, const char *detail, struct core_answer *out)
{
    if (!answer_is_refusal(e))
        return e;
    enum err failed = count(c, e);
    return failed ? failed : problem(c, e, detail, NULL, out);
}

enum err answer_finish(struct core *c, enum err e, int http, struct doc *body,
                       struct core_answer *out)
{
    if (!e)
        return answer_doc(c, http, body, out);
    doc_free(body);
    return answer_refuse(c, e, NULL, out);
}

enum err answer_refuse_stale(struct core *c, const struct policy *policy, struct core_answer *out)
{
    enum err e = count(c, ERR_POLICY_STALE);
    return e ? e : problem(c, ERR_POLICY_STALE, NULL, policy, out);
}

enum err answer_refuse_signed(struct core *c, const struct answer_signed *what, enum err e,
                              struct core_answer *out)
{
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    if (!answer_is_refusal(e))
        return e;
    people_object(what->key->holder_name, object);
    entries_body(&body, "refusal", object, what->key->holder_entry);
    doc_text(&body, "reason", err_name(e));
    doc_digest(&body, "statementDigest", verified_jws_digest(what->verified));
    doc_text(&body, "holder", what->key->holder_name);
    doc_text(&body, "thumbprint", verified_signer(what->verified));
    if (what->order_digest)
        doc_digest(&body, "orderDigest", what->order_digest);
    enum err failed = entries_add(c, &body, &entry);
    if (!failed)
        failed = people_set_entry(c, what->key->holder, entry);
    return failed ? failed : problem(c, e, NULL, what->policy, out);
}

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
