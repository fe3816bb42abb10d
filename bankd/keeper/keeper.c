/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/keeper.h"

#include "bankd/keeper/acts.h"
#include "bankd/keeper/certs.h"
#include "bankd/keeper/heard.h"
#include "bankd/keeper/msg.h"
#include "bankd/keeper/new_root.h"
#include "bankd/keeper/papers.h"
#include "bankd/keeper/pins.h"
#include "bankd/keeper/state.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/checkpoint.h"
#include "order/forms.h"
#include "order/merkle.h"
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct keeper {
    const char *bank;
    const char *state_dir;
    struct hsm *hsm;
    struct state state;
    struct papers papers;
    struct pins *pins, *before; /* BEFORE: what they go back to where they cannot be written */
    unsigned admissions;
    int person_days;
    int stop_fd;
    bool unusable;
};

/* --- start and end --- */

static enum err load(struct keeper *k, struct hsm *hsm)
{
    enum err e = papers_open(k->state_dir, k->bank, hsm, &k->papers);
    if (!e)
        e = state_load(k->state_dir, &k->state);
    if (!e && strcmp(k->state.log_key, keeper_log_key(k)) != 0)
        e = log_fail(ERR_KEEPER_STATE, "keeper.state", "%s is about another log key than %s",
                     k->state_dir, keeper_log_key(k));
    if (!e)
        e = pins_load(k->state_dir, &k->pins);
    k->before = e ? NULL : calloc(1, sizeof *k->before);
    return e || k->before ? e : ERR_NO_MEMORY;
}

enum err keeper_open(const struct keeper_options *options, struct keeper **out)
{
    *out = NULL;
    struct keeper *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NO_MEMORY;
    k->bank = options->bank;
    k->state_dir = options->state_dir;
    k->hsm = options->hsm;
    k->stop_fd = options->stop_fd;
    k->admissions = options->admissions;
    k->person_days = options->person_days;
    enum err e = load(k, options->hsm);
    if (e) {
        keeper_close(k);
        return e;
    }
    *out = k;
    return ERR_OK;
}

void keeper_close(struct keeper *k)
{
    if (!k)
        return;
    papers_free(&k->papers);
    pins_free(k->pins);
    free(k->before); /* its keys are theirs */
    free(k);
}

bool keeper_unusable(const struct keeper *k)
{
    return k->unusable;
}

const char *keeper_pin(const struct keeper *k)
{
    return key_thumbprint(hsm_public(k->papers.root));
}

const char *keeper_log_key(const struct keeper *k)
{
    return key_thumbprint(hsm_public(k->papers.log));
}

uint64_t keeper_size(const struct keeper *k)
{
    return k->state.head.size;
}

/* The loop ends after this answer. */
static void end(struct keeper *k)
{
    static const uint64_t one = 1;

    k->unusable = true;
    if (write(k->stop_fd, &one, sizeof one) != (ssize_t)sizeof one)
        log_event(LOG_ERROR, "keeper.stop", "the loop could not be told");
}

/* A pulled token comes back by itself (token.h). A module that cannot be started again does not. */
static enum err judge_signing(struct keeper *k, const char *what, enum err e)
{
    if (!e)
        return ERR_OK;
    if (e == ERR_TOKEN_MODULE)
        end(k);
    return log_fail(e, "keeper.sign", "%s was not signed", what);
}

/* --- the questions --- */

static enum err answer_state(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    const struct keeper *k = ctx;

    (void)msg;
    return len ? ERR_USAGE : msg_put_state(&k->state.head, answer);
}

static bool same_head(const struct keeper_state *a, const struct keeper_state *b)
{
    return a->size == b->size && memcmp(a->root, b->root, KEEPER_HASH_LEN) == 0;
}

/* Whether the recorded tree is the beginning of ASKED. Any tree continues the empty one. */
static enum err check_growth(const struct keeper_state *from, const struct keeper_checkpoint *asked)
{
    struct merkle_hash old_root, new_root, proof[KEEPER_PROOF_MAX];

    if (asked->size <= from->size)
        return ERR_LOG_ROLLED_BACK;
    if (from->size == 0)
        return ERR_OK;
    memcpy(old_root.b, from->root, KEEPER_HASH_LEN);
    memcpy(new_root.b, asked->root, KEEPER_HASH_LEN);
    for (size_t i = 0; i < asked->proof_count; i++)
        memcpy(proof[i].b, asked->proof[i], KEEPER_HASH_LEN);
    return merkle_check_consistency(from->size, asked->size, &old_root, &new_root, proof,
                                    asked->proof_count);
}

/* Records the head before anything is signed. On failure the old one counts: nothing was signed
 * beyond it, whichever of the two the disk holds. */
static enum err advance(struct keeper *k, const struct keeper_checkpoint *asked)
{
    struct state next = k->state;

    next.head.size = asked->size;
    memcpy(next.head.root, asked->root, KEEPER_HASH_LEN);
    if (same_head(&next.head, &k->state.head))
        return ERR_OK;
    enum err e = check_growth(&k->state.head, asked);
    if (e)
        return log_fail(e, "keeper.checkpoint",
                        "size %" PRIu64 " does not continue the recorded size %" PRIu64,
                        asked->size, k->state.head.size);
    e = state_save(k->state_dir, &next);
    if (!e)
        k->state = next;
    return e;
}

static enum err answer_checkpoint(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct keeper *k = ctx;
    struct keeper_checkpoint asked;
    struct checkpoint head;

    enum err e = msg_get_checkpoint(msg, len, &asked);
    if (!e)
        e = advance(k, &asked);
    if (e)
        return e;
    head.size = k->state.head.size;
    memcpy(head.root.b, k->state.head.root, KEEPER_HASH_LEN);
    e = checkpoint_make(k->bank, &head, hsm_public(k->papers.log), hsm_sign, k->papers.log, answer);
    return judge_signing(k, "a checkpoint", e);
}

static enum err answer_bank_keys(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    const struct keeper *k = ctx;

    (void)msg;
    return len ? ERR_USAGE : buf_add(answer, k->papers.bank_keys.data, k->papers.bank_keys.len);
}

static enum err answer_rollovers(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    const struct keeper *k = ctx;

    (void)msg;
    return len ? ERR_USAGE : buf_add(answer, k->papers.rollovers.data, k->papers.rollovers.len);
}

static enum err answer_certify(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct keeper *k = ctx;
    const struct certs_issuer issuer = {k->bank, hsm_public(k->papers.root), hsm_sign,
                                        k->papers.root};
    uint8_t serial[CERTS_SERIAL_LEN];
    struct buf leaf = BUF_INIT(MSG_CERTIFICATE_MAX);

    if (RAND_bytes(serial, sizeof serial) != 1)
        return log_fail(ERR_INTERNAL, "keeper.random", "the random number generator failed");
    enum err e = certs_leaf(&issuer, &k->papers.root_der, msg, len, clock_now_us(), serial, &leaf);
    e = judge_signing(k, "a certificate", e);
    if (!e)
        e = msg_put_certificates(&leaf, &k->papers.root_der, answer);
    buf_free(&leaf);
    return e;
}

/* --- operators and people --- */

static struct acts_judge judge_now(struct keeper *k)
{
    *k->before = *k->pins;
    return (struct acts_judge){k->pins, k->bank, clock_now_us(), k->admissions};
}

/* What is missing stands behind it, where something is. */
static void log_taken(const struct acts_taken *t)
{
    char missing[32] = "";

    if (t->missing)
        (void)snprintf(missing, sizeof missing, " missing=%u", t->missing);
    log_event(LOG_INFO, "keeper.act", "operator=%s path=%s%s%s", t->operator_id, t->path, missing,
              t->again ? " again" : "");
}

/* On the disk before anything is answered or signed. E: what was judged; where that, or the disk,
 * failed, all is as it was. */
static enum err keep(struct keeper *k, enum err e)
{
    if (!e)
        e = pins_save(k->state_dir, k->pins);
    if (e)
        pins_go_back(k->pins, k->before);
    return e;
}

static enum err take(struct keeper *k, const struct acts_taken *t, enum err e)
{
    if (!e && t->nothing)
        return ERR_OK;
    e = keep(k, e);
    if (!e)
        log_taken(t);
    return e;
}

static enum err answer_act(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct keeper *k = ctx;
    const struct acts_judge j = judge_now(k);
    struct acts_taken taken = {0};

    enum err e = take(k, &taken, acts_change(&j, (const char *)msg, len, &taken));
    return e ? e : msg_put_rolled(taken.missing, answer);
}

static enum err answer_rotate(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct keeper *k = ctx;
    const struct acts_judge j = judge_now(k);
    struct acts_taken taken = {0};

    (void)answer;
    return take(k, &taken, heard_rotation(&j, (const char *)msg, len, &taken));
}

static enum err answer_suspend(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    char thumbprint[KEY_THUMBPRINT_LEN + 1] = "";
    struct keeper *k = ctx;
    const struct acts_judge j = judge_now(k);
    struct acts_taken taken = {0};

    (void)answer;
    if (forms_thumbprint((const char *)msg, len))
        return ERR_USAGE;
    memcpy(thumbprint, msg, KEY_THUMBPRINT_LEN);
    heard_suspension(&j, thumbprint, &taken);
    return take(k, &taken, ERR_OK);
}

/* Appends the certificate, unless he has no such key. */
static enum err certify_key(struct keeper *k, const struct acts_admission *a, enum key_use use,
                            struct buf *out)
{
    const struct certs_issuer issuer = {k->bank, hsm_public(k->papers.root), hsm_sign,
                                        k->papers.root};
    const struct enrolment *in = verified_enrolment(a->request);
    const struct certs_person person = {in->key[use], use, in->name, a->holder, k->person_days};
    uint8_t serial[CERTS_SERIAL_LEN];

    if (!person.key)
        return ERR_OK;
    if (RAND_bytes(serial, sizeof serial) != 1)
        return log_fail(ERR_INTERNAL, "keeper.random", "the random number generator failed");
    enum err e = certs_person(&issuer, &k->papers.root_der, &person, clock_now_us(), serial, out);
    if (!e)
        log_event(LOG_INFO, "keeper.certificate", "holder=%s use=%s thumbprint=%s enrolment=%s",
                  a->holder, key_use_name(use), key_thumbprint(person.key), a->enrolment);
    return judge_signing(k, "a person's certificate", e);
}

static enum err certify_person(struct keeper *k, const struct acts_admission *a, struct buf *answer)
{
    struct keeper_person p = {.missing = a->missing};
    enum err e = ERR_OK;

    if (!p.missing) {
        e = certify_key(k, a, KEY_USE_SIGN, &p.sign);
        if (!e)
            e = certify_key(k, a, KEY_USE_AUTHENTICATE, &p.authenticate);
        if (!e)
            e = buf_add(&p.root, k->papers.root_der.data, k->papers.root_der.len);
    }
    if (!e)
        e = msg_put_person(&p, answer);
    keeper_person_free(&p);
    return e;
}

static enum err answer_admit(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct keeper *k = ctx;
    const struct acts_judge j = judge_now(k);
    struct acts_admission a = {.request = NULL};
    struct msg_part part[2];

    enum err e = msg_get_parts(msg, len, MSG_STATEMENT_MAX, part, 2);
    if (!e)
        e = acts_admit(&j, (const char *)part[0].bytes, part[0].len, (const char *)part[1].bytes,
                       part[1].len, &a);
    e = keep(k, e);
    if (!e)
        log_taken(&a.by);
    if (!e)
        e = certify_person(k, &a, answer);
    verified_free(a.request);
    return e;
}

/* Where the new papers cannot be read, nothing may go on under the old ones. */
static enum err replace_root(struct keeper *k, int64_t overlap_days)
{
    const struct new_root_place at = {k->bank, k->state_dir, k->hsm, &k->papers};
    struct new_root_result made;

    enum err e = new_root_make(&at, overlap_days, &made);
    if (e)
        return judge_signing(k, "a rollover", e);
    papers_free(&k->papers);
    e = papers_open(k->state_dir, k->bank, k->hsm, &k->papers);
    if (e)
        end(k);
    else
        log_event(LOG_WARN, "keeper.rollover", "the root key is %s, in place of %s", made.pin,
                  made.old_pin);
    return e;
}

static enum err answer_roll(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct keeper *k = ctx;
    const struct acts_judge j = judge_now(k);
    struct acts_rollover r;

    enum err e = keep(k, acts_rollover(&j, (const char *)msg, len, &r));
    if (!e && !r.missing)
        e = replace_root(k, r.overlap_days);
    return e ? e : msg_put_rolled(r.missing, answer);
}

static const struct serve_handler handlers[] = {
    {KEEPER_STATE, 0, answer_state},
    {KEEPER_CHECKPOINT, MSG_CHECKPOINT_MAX, answer_checkpoint},
    {KEEPER_BANK_KEYS, 0, answer_bank_keys},
    {KEEPER_CERTIFY, MSG_REQUEST_MAX, answer_certify},
    {KEEPER_ACT, MSG_STATEMENT_MAX, answer_act},
    {KEEPER_ADMIT, 2 * (2 + MSG_STATEMENT_MAX), answer_admit},
    {KEEPER_ROLLOVERS, 0, answer_rollovers},
    {KEEPER_ROLL, MSG_STATEMENT_MAX, answer_roll},
    {KEEPER_ROTATE, MSG_STATEMENT_MAX, answer_rotate},
    {KEEPER_SUSPEND, KEY_THUMBPRINT_LEN, answer_suspend},
};

const struct serve_handler *keeper_handlers(size_t *count)
{
    *count = sizeof handlers / sizeof handlers[0];
    return handlers;
}
