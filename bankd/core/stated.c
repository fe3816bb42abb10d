/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/stated.h"

#include "bankd/core/answer.h"
#include "bankd/core/freshness.h"
#include "base/text.h"
#include "order/forms.h"
#include <string.h>

/* --- carrier and signer --- */

static enum err find_people(struct stated *s, const struct core_caller *who,
                            struct session_viewer *viewer)
{
    if (who->operator_name)
        return ERR_SESSION_REQUIRED; /* statements come from holders */
    enum err e = session_viewer(s->c, who, viewer);
    return e ? e : people_key_find(s->c, verified_signer(s->verified), &s->key);
}

/* --- rule 1: the first answer again --- */

/* A batch decision comes once with each of its orders. */
static size_t subject_len(const struct stated *s)
{
    return verified_batch(s->verified) ? DIGEST_LEN : 0;
}

static bool is_subject(const struct stated *s, const void *bytes, size_t len)
{
    return len == subject_len(s) && (!len || memcmp(bytes, s->subject, len) == 0);
}

/* As they are kept, in the order of their bytes; its form was checked with the statement's. */
static enum err read_nonce(const struct stated *s, uint8_t out[static NONCE_BYTES])
{
    return text_unb64url_exact(verified_head(s->verified)->nonce, NONCE_LEN, out, NONCE_BYTES);
}

/* The first row of the nonce from this subject on: all rows of a nonce are of one JWS, so any of
 * them tells whether another one took it. */
static enum err look(struct stated *s, const void *subject, size_t subject_len, bool *row,
                     bool *replayed, struct core_answer *out)
{
    uint8_t digest[DIGEST_LEN], nonce[NONCE_BYTES];
    size_t len = 0;

    enum err e = read_nonce(s, nonce);
    if (e)
        return e;
    struct store_query *q = store_query(s->c->store, STORE_STATEMENT_FIND);
    store_bind_int(q, ":key", s->key.id);
    store_bind_blob(q, ":nonce", nonce, sizeof nonce);
    store_bind_blob(q, ":subject", subject, subject_len);
    e = store_step(q, row);
    if (!e && *row)
        e = store_copy_blob(q, 0, digest, sizeof digest);
    if (!e && *row) {
        const void *about = store_blob(q, 5, &len);
        s->nonce_taken = memcmp(digest, verified_jws_digest(s->verified), DIGEST_LEN) != 0;
        *replayed = !s->nonce_taken && is_subject(s, about, len);
    }
    if (!e && *replayed)
        e = answer_repeat(q, out);
    store_done(q);
    return e;
}

/* Whether these very bytes came before: the twin of an ECDSA signature is another statement. A
 * nonce belongs to one JWS, and that names one document, or one batch of them: with another one it
 * is taken (rule 4). */
static enum err replay(struct stated *s, struct core_answer *out, bool *replayed)
{
    size_t len = subject_len(s);
    bool row = false;

    *replayed = false;
    enum err e = look(s, len ? s->subject : (const uint8_t *)"", len, &row, replayed, out);
    if (!e && !row && len)
        e = look(s, "", 0, &row, replayed, out);
    return e;
}

static enum err remember(struct stated *s, const struct core_answer *a)
{
    uint8_t nonce[NONCE_BYTES];

    if (s->nonce_taken)
        return ERR_OK; /* its row belongs to the statement that took it */
    enum err e = read_nonce(s, nonce);
    if (e)
        return e;
    struct store_query *q = store_query(s->c->store, STORE_STATEMENT_ADD);
    store_bind_int(q, ":key", s->key.id);
    store_bind_blob(q, ":nonce", nonce, sizeof nonce);
    store_bind_blob(q, ":subject", subject_len(s) ? s->subject : (const uint8_t *)"",
                    subject_len(s));
    store_bind_blob(q, ":jws_digest", verified_jws_digest(s->verified), DIGEST_LEN);
    store_bind_text(q, ":reason", err_name(a->err));
    store_bind_int(q, ":http", a->http);
    store_bind_int(q, ":size", (int64_t)a->needs_size);
    store_bind_blob(q, ":body", a->body.data, a->body.len);
    return store_run(q);
}

/* --- rules 3 to 5 --- */

static enum err check_age(const struct stated *s)
{
    const struct statement *head = verified_head(s->verified);
    struct freshness_challenge challenge;

    enum err e = session_challenge(s->c, head, &s->key, false, &challenge);
    return e ? e : freshness_issued(s->c->now_us, head->issued_us, &challenge);
}

static enum err check_fresh(const struct stated *s)
{
    const struct statement *head = verified_head(s->verified);

    enum err e = s->aged ? ERR_OK : check_age(s);
    if (!e)
        e = freshness_floor(head->issued_us, s->key.floor_us);
    if (!e && s->nonce_taken)
        e = ERR_NONCE_REUSED;
    if (!e)
        e = freshness_expires(s->c->now_us, head->expires_us);
    return e;
}

/* --- the way --- */

/* With an entry about the signer. */
static enum err refuse(struct stated *s, enum err e, struct core_answer *out)
{
    const struct answer_signed what = {.verified = s->verified,
                                       .key = &s->key,
                                       .order_digest = s->subject,
                                       .policy = e == ERR_POLICY_STALE ? s->policy : NULL};

    return answer_refuse_signed(s->c, &what, e, out);
}

/* What is due goes first: until now everything was as it was. */
static enum err judge(struct stated *s, const struct stated_steps *steps, void *ctx)
{
    if (strcmp(verified_head(s->verified)->bank, s->c->bank) != 0)
        return ERR_BANK_MISMATCH;
    enum err e = steps->due ? steps->due(ctx) : ERR_OK;
    if (!e)
        e = check_fresh(s);
    if (!e)
        e = people_key_signs(&s->key);
    if (!e && steps->enter)
        e = steps->enter(ctx);
    return e ? e : steps->judge(ctx);
}

/* What it is about may come after it, and a bank that is busy takes it later, also where that is
 * found only when it does what was signed. */
static bool may_come_again(const struct core_answer *a)
{
    return a->err == ERR_NOT_FOUND || a->err == ERR_BUSY;
}

enum err stated_run(struct stated *s, const struct stated_steps *steps, void *ctx,
                    const struct core_caller *who, struct core_answer *out)
{
    struct session_viewer viewer;
    bool replayed = false;

    *out = (struct core_answer){0};
    if (s->c->insane) /* docs/FORMAT.md section 10, rule 2 */
        return ERR_CLOCK_INSANE;
    if (verified_kind(s->verified) != steps->kind)
        return ERR_INTERNAL;
    enum err e = find_people(s, who, &viewer);
    if (e)
        return answer_refuse(s->c, who, e, out);
    e = steps->access(ctx, &viewer);
    if (e)
        return refuse(s, e, out);
    e = replay(s, out, &replayed);
    if (!e && !replayed) {
        enum err no = judge(s, steps, ctx);
        e = no ? refuse(s, no, out) : steps->take(ctx, out);
        if (!e && !may_come_again(out))
            e = remember(s, out);
    }
    if (e)
        core_answer_free(out);
    return e;
}
