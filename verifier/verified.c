/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A zeroed one with a copy of the text and its digest. */
static enum err make_empty(const char *jws, size_t len, struct verified **out)
{
    struct verified *v;
    enum err e;

    *out = NULL;
    if (len > JWS_MAX)
        return ERR_TOO_LARGE;
    v = calloc(1, sizeof *v + len + 1);
    if (!v)
        return ERR_NO_MEMORY;
    memcpy(v->jws, jws, len);
    v->jws_len = len;
    e = key_digest(jws, len, v->jws_digest);
    if (e != ERR_OK) {
        verified_free(v);
        return e;
    }
    *out = v;
    return ERR_OK;
}

/* Appends the payload; sets kind and signer. */
static enum err open_jws(struct verified *v, enum statement_kind kind,
                         const struct verify_keys *keys, struct buf *payload)
{
    struct jws_parts parts;
    const struct key *key;
    enum err e = jws_split(v->jws, v->jws_len, &parts);

    if (e != ERR_OK)
        return e;
    if (strcmp(parts.header.typ, statement_typ(kind)) != 0)
        return ERR_JWS_TYPE;
    key = keys->find(keys->ctx, parts.header.kid);
    if (!key)
        return ERR_KEY_UNKNOWN;
    e = jws_verify_statement(&parts, statement_typ(kind), key, payload);
    if (e != ERR_OK)
        return e;
    v->kind = kind;
    memcpy(v->signer, key_thumbprint(key), sizeof v->signer);
    return ERR_OK;
}

enum err verified_make(enum statement_kind kind, const char *jws, size_t len,
                       const struct verify_keys *keys, verified_check check, const void *input,
                       struct verified **out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct verified *v = NULL;
    enum err e;

    *out = NULL;
    e = make_empty(jws, len, &v);
    if (e == ERR_OK)
        e = open_jws(v, kind, keys, &payload);
    if (e == ERR_OK)
        e = check(input, &payload, v);
    if (e == ERR_OK) {
        *out = v;
        v = NULL;
    }
    verified_free(v);
    buf_free(&payload);
    return e;
}

enum err verified_about(const struct verified_subject *said, const char *bank,
                        const struct order *order)
{
    if (strcmp(said->head->bank, order->bank) != 0 ||
        strcmp(said->head->bank, bank ? bank : order->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(said->account, order->account) != 0)
        return ERR_ACCOUNT_MISMATCH;
    if (strcmp(said->order, order->id) != 0 ||
        memcmp(said->order_digest, order->digest, DIGEST_LEN) != 0)
        return ERR_ORDER_MISMATCH;
    return ERR_OK;
}

const struct policy *verified_find_policy(const struct policy *given,
                                          const struct verify_policies *policies,
                                          const uint8_t digest[static DIGEST_LEN])
{
    return given || !policies->find ? given : policies->find(policies->ctx, digest);
}

enum err verified_under(const struct policy *p, const uint8_t digest[static DIGEST_LEN],
                        const char *bank, const char *account)
{
    if (!p || memcmp(digest, policy_digest(p), DIGEST_LEN) != 0)
        return ERR_POLICY_MISMATCH;
    if (strcmp(policy_bank(p), bank) != 0)
        return ERR_BANK_MISMATCH;
    return strcmp(policy_account(p), account) == 0 ? ERR_OK : ERR_ACCOUNT_MISMATCH;
}

enum err verified_shown(enum err rendered, const uint8_t digest[static DIGEST_LEN],
                        const uint8_t said[static DIGEST_LEN])
{
    if (rendered != ERR_OK)
        return rendered;
    return memcmp(digest, said, DIGEST_LEN) == 0 ? ERR_OK : ERR_DISPLAY_MISMATCH;
}

void verified_free(struct verified *v)
{
    if (v && v->kind == STATEMENT_OPERATOR_ACT)
        act_free(&v->body.act);
    if (v && v->kind == STATEMENT_ENROLMENT)
        enrolment_free(&v->body.enrolment);
    free(v);
}

enum statement_kind verified_kind(const struct verified *v)
{
    return v->kind;
}

const char *verified_signer(const struct verified *v)
{
    return v->signer;
}

static_assert(offsetof(struct decision, head) + offsetof(struct batch, head) +
                      offsetof(struct statement_login, head) +
                      offsetof(struct policy_change, head) +
                      offsetof(struct application_word, head) + offsetof(struct terminal, head) +
                      offsetof(struct delegation, head) + offsetof(struct sponsorship, head) +
                      offsetof(struct rotation, head) + offsetof(struct operator_act, head) +
                      offsetof(struct enrolment, head) ==
                  0,
              "every statement begins with its head");

const struct statement *verified_head(const struct verified *v)
{
    return &v->body.head;
}

const uint8_t *verified_jws_digest(const struct verified *v)
{
    return v->jws_digest;
}

const struct decision *verified_decision(const struct verified *v)
{
    if (v->kind == STATEMENT_BATCH_DECISION && v->body.batch.one.verb != VERB_NONE)
        return &v->body.batch.one;
    return v->kind == STATEMENT_DECISION ? &v->body.decision : NULL;
}

const struct batch *verified_batch(const struct verified *v)
{
    return v->kind == STATEMENT_BATCH_DECISION ? &v->body.batch.said : NULL;
}

const struct batch_inclusion *verified_inclusion(const struct verified *v)
{
    return v->kind == STATEMENT_BATCH_DECISION ? &v->body.batch.place : NULL;
}

const struct statement_login *verified_login(const struct verified *v)
{
    return v->kind == STATEMENT_LOGIN ? &v->body.login : NULL;
}

const struct policy_change *verified_policy_change(const struct verified *v)
{
    return v->kind == STATEMENT_POLICY ? &v->body.policy : NULL;
}

const struct application_word *verified_application(const struct verified *v)
{
    return v->kind == STATEMENT_APPLICATION ? &v->body.application : NULL;
}

const struct terminal *verified_terminal(const struct verified *v)
{
    return v->kind == STATEMENT_TERMINAL ? &v->body.terminal : NULL;
}

const struct delegation *verified_delegation(const struct verified *v)
{
    return v->kind == STATEMENT_DELEGATION ? &v->body.delegation : NULL;
}

const struct sponsorship *verified_sponsorship(const struct verified *v)
{
    return v->kind == STATEMENT_SPONSORSHIP ? &v->body.sponsorship : NULL;
}

const struct rotation *verified_rotation(const struct verified *v)
{
    return v->kind == STATEMENT_ROTATION ? &v->body.rotation : NULL;
}

const struct operator_act *verified_act(const struct verified *v)
{
    return v->kind == STATEMENT_OPERATOR_ACT ? &v->body.act : NULL;
}

const struct enrolment *verified_enrolment(const struct verified *v)
{
    return v->kind == STATEMENT_ENROLMENT ? &v->body.enrolment : NULL;
}

const char *verified_jws(const struct verified *v, size_t *len)
{
    if (len != NULL)
        *len = v->jws_len;
    return v->jws;
}
