/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/new_root.h"

#include "bankd/keeper/hsm.h"
#include "bankd/keeper/papers.h"
#include "bankd/keeper/state.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/jws.h"
#include "order/rollover.h"
#include "token/serve.h"
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_US (24 * 60 * 60 * TEXT_SECOND_US)

/* Whoever was interrupted while the token made it. */
static enum err half_made(const char *what)
{
    return log_fail(ERR_KEY_EXISTS, "keeper.rollover",
                    "the token has half a pair for the next root key: delete its %s "
                    "(the last bank-root-N) and repeat",
                    what);
}

/* The pair that takes over: left by a run that failed, or made now. */
struct next_root {
    struct hsm_key *key;
    bool found;
};

static enum err find_next(struct hsm *hsm, struct next_root *out)
{
    enum err e = hsm_find(hsm, HSM_NEXT_ROOT, &out->key);
    out->found = !e;
    if (e == ERR_KEY_NOT_FOUND)
        e = hsm_generate(hsm, HSM_NEXT_ROOT);
    if (e == ERR_KEY_EXISTS)
        return half_made("one object");
    if (!e && !out->found)
        e = hsm_find(hsm, HSM_NEXT_ROOT, &out->key);
    return e ? log_fail(e, "keeper.rollover", "the next root key") : ERR_OK;
}

static enum err copy_key(const struct hsm_key *from, struct key **out)
{
    size_t len;
    const uint8_t *spki = key_spki(hsm_public(from), &len);
    return key_from_spki(spki, len, out);
}

/* What both roots are to sign. */
static enum err fill(const struct papers *p, const char *bank, const struct hsm_key *next,
                     int64_t overlap_days, struct rollover *out)
{
    size_t count = verify_rollovers_count(p->chain);
    uint8_t nonce[NONCE_BYTES];

    if (RAND_bytes(nonce, sizeof nonce) != 1)
        return log_fail(ERR_INTERNAL, "keeper.random", "the random number generator failed");
    forms_make_nonce(nonce, out->head.nonce);
    (void)snprintf(out->head.bank, sizeof out->head.bank, "%s", bank);
    (void)snprintf(out->log, sizeof out->log, "%s", key_thumbprint(hsm_public(p->log)));
    out->head.issued_us = clock_now_us();
    out->head.expires_us = out->head.issued_us + overlap_days * DAY_US;
    out->follows = count > 0;
    if (out->follows)
        memcpy(out->previous, verify_rollovers_digest(p->chain, count - 1), sizeof out->previous);
    enum err e = copy_key(p->root, &out->old_root);
    return e ? e : copy_key(next, &out->new_root);
}

static enum err sign(const struct buf *payload, struct hsm_key *key, struct buf *jws)
{
    return jws_make(hsm_public(key), statement_typ(STATEMENT_ROLLOVER), payload->data, payload->len,
                    hsm_sign, key, jws);
}

/* What fails may be the token, or a pair that was found and is not whole: that one fails again, and
 * the old key signs in between. */
static enum err sign_anew(const struct buf *payload, struct hsm_key *old,
                          const struct next_root *next, struct buf *jws)
{
    struct buf by_old = BUF_INIT(JWS_MAX);

    enum err e = sign(payload, next->key, jws);
    if (e != ERR_TOKEN_FAILED)
        return e;
    if (next->found) {
        enum err other = sign(payload, old, &by_old);
        buf_free(&by_old);
        buf_clear(jws);
        e = other ? other : sign(payload, next->key, jws);
        if (e == ERR_TOKEN_FAILED && !other)
            return half_made("two objects");
    }
    return e ? log_fail(e, "keeper.rollover",
                        "the token failed to sign with the next root key, which stays there: see "
                        "what is wrong with the token, and repeat")
             : ERR_OK;
}

/* TEXT, an array, with {"new":...,"old":...} behind what it has. */
static enum err append(const struct buf *text, const char *by_new, const char *by_old,
                       struct buf *out)
{
    struct doc link = {0};

    doc_object(&link);
    doc_text(&link, "new", by_new);
    doc_text(&link, "old", by_old);
    enum err e = buf_add(out, text->data, text->len - 1);
    if (!e && text->len > 2)
        e = buf_add_byte(out, ',');
    if (!e)
        e = doc_canon(&link, out);
    doc_free(&link);
    return e ? e : buf_add_byte(out, ']');
}

/* A chain that nobody would believe is not put in force. */
static enum err read_back(const struct buf *text, const char *bank, const struct papers *p,
                          struct new_root_result *out)
{
    const char *old_pin = key_thumbprint(hsm_public(p->root)), *pin = NULL;
    struct verify_rollovers *chain = NULL;
    struct js *list = NULL;

    enum err e = js_parse_canonical(text->data, text->len, &list);
    if (!e)
        e = verify_rollovers(list, bank, &chain);
    if (!e)
        e = verify_rolled(chain, old_pin, clock_now_us(), &pin);
    if (!e) {
        (void)snprintf(out->pin, sizeof out->pin, "%s", pin);
        (void)snprintf(out->old_pin, sizeof out->old_pin, "%s", old_pin);
        out->until_us =
            verify_rollovers_at(chain, verify_rollovers_count(chain) - 1)->head.expires_us;
    }
    verify_rollovers_free(chain);
    js_free(list);
    return e;
}

static enum err make_rollovers(const struct papers *p, const char *bank,
                               const struct next_root *next, int64_t overlap_days, struct buf *out)
{
    struct buf payload = BUF_INIT(JWS_MAX), by_old = BUF_INIT(JWS_MAX), by_new = BUF_INIT(JWS_MAX);
    struct rollover r = {.follows = false};

    enum err e = fill(p, bank, next->key, overlap_days, &r);
    if (!e)
        e = rollover_make(&r, &payload);
    if (!e)
        e = sign(&payload, p->root, &by_old);
    if (!e)
        e = sign_anew(&payload, p->root, next, &by_new);
    if (!e)
        e = append(&p->rollovers, buf_str(&by_new), buf_str(&by_old), out);
    rollover_free(&r);
    buf_free(&payload);
    buf_free(&by_old);
    buf_free(&by_new);
    return e;
}

enum err new_root_make(const struct new_root_place *at, int64_t overlap_days,
                       struct new_root_result *out)
{
    struct buf rollovers = BUF_INIT(SERVE_MESSAGE_MAX);
    const struct papers *p = at->papers;
    struct next_root next = {.key = NULL};
    size_t count = verify_rollovers_count(p->chain);

    memset(out, 0, sizeof *out);
    if (count == VERIFY_ROLLOVERS_MAX)
        return log_fail(ERR_TOO_LARGE, "keeper.rollover", "the root key was replaced %zu times",
                        count);
    enum err e = find_next(at->hsm, &next);
    if (!e)
        e = make_rollovers(p, at->bank, &next, overlap_days, &rollovers);
    if (!e)
        e = read_back(&rollovers, at->bank, p, out);
    if (!e)
        e = papers_make(at->state_dir, count + 1, at->bank, next.key, p->log, clock_now_us());
    if (!e)
        e = papers_roll(at->state_dir, &rollovers);
    buf_free(&rollovers);
    return e;
}

static enum err roll(const struct settings *s, const struct new_root_options *o, struct hsm *hsm,
                     struct new_root_result *out)
{
    struct papers papers;
    const struct new_root_place at = {s->bank, s->state, hsm, &papers};

    enum err e = papers_open(s->state, s->bank, hsm, &papers);
    if (!e)
        e = new_root_make(&at, o->overlap_days, out);
    papers_free(&papers);
    return e;
}

enum err new_root_run(const struct settings *settings, const struct new_root_options *options,
                      struct new_root_result *out)
{
    const struct hsm_options token = {settings->module, settings->token, options->pin_fd};
    struct hsm *hsm = NULL;
    int lock = -1;

    memset(out, 0, sizeof *out);
    enum err e = state_lock(settings->state, &lock);
    if (!e)
        e = hsm_open(&token, &hsm);
    if (!e)
        e = roll(settings, options, hsm, out);
    hsm_close(hsm);
    if (lock >= 0)
        close(lock);
    return e;
}
