/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/note.h"
#include "bankd/core/core.h"
#include "bankd/keeper/msg.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/checkpoint.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/merkle.h"
#include "verifier/verifier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_FIRST_US INT64_C(50000)
#define PAUSE_MAX_US INT64_C(1000000)
#define START_WAIT_MS 10000 /* a token may need long for its first signature */
#define BANK_KEYS_BYTES_MAX ((size_t)64 << 10)

struct note {
    const char *keeper_socket;
    int wait_ms;
    struct keeper_conn *keeper; /* NULL: not connected */
    bool known;                 /* STATE is what the keeper has recorded */
    struct keeper_state state;
    uint64_t size;
    struct buf text, bank_keys;
    struct buf rollovers;   /* a JSON array */
    int64_t overlap_end_us; /* of the newest rollover; 0: none */
    bool unentered;         /* one of them waits for a clock that is believed */
    int64_t pause_us;       /* 0: the last attempt succeeded */
    int64_t due_us;
    struct note_trouble trouble;
};

enum err note_new(const char *keeper_socket, int wait_ms, struct note **out)
{
    struct note *n = calloc(1, sizeof *n);

    *out = n;
    if (!n)
        return ERR_NO_MEMORY;
    n->keeper_socket = keeper_socket;
    n->wait_ms = wait_ms;
    n->text.max = CHECKPOINT_MAX;
    n->bank_keys.max = n->rollovers.max = BANK_KEYS_BYTES_MAX;
    return ERR_OK;
}

void note_set_wait(struct note *n, int wait_ms)
{
    n->wait_ms = wait_ms;
}

static void hang_up(struct note *n)
{
    keeper_disconnect(n->keeper);
    n->keeper = NULL;
    n->known = false;
}

void note_free(struct note *n)
{
    if (!n)
        return;
    hang_up(n);
    buf_free(&n->text);
    buf_free(&n->bank_keys);
    buf_free(&n->rollovers);
    free(n);
}

bool note_current(const struct note *n, const struct core *core)
{
    struct core_head head;

    core_head(core, &head);
    return n->text.len && n->size == head.size;
}

int64_t note_due_us(const struct note *n)
{
    return n->pause_us ? n->due_us : INT64_MAX;
}

void note_trouble(const struct note *n, struct note_trouble *out)
{
    *out = n->trouble;
}

uint64_t note_size(const struct note *n)
{
    return n->size;
}

const char *note_text(const struct note *n)
{
    return buf_str(&n->text);
}

const char *note_bank_keys(const struct note *n)
{
    return buf_str(&n->bank_keys);
}

int64_t note_bank_keys_end(const struct note *n)
{
    struct statement_bank_keys keys;
    struct jws_parts parts;
    const char *jws = note_bank_keys(n);

    if (jws_split(jws, strlen(jws), &parts) ||
        verify_bank_keys(jws, strlen(jws), parts.header.kid, &keys))
        return INT64_MAX;
    return keys.head.expires_us;
}

const char *note_rollovers(const struct note *n)
{
    return buf_str(&n->rollovers);
}

int64_t note_overlap_end_us(const struct note *n)
{
    return n->overlap_end_us;
}

/* --- one attempt -------------------------------------------------------------------------------*/

static int ms_until(int64_t deadline_us)
{
    int64_t left = (deadline_us - clock_mono_us()) / 1000;

    return left > 0 ? (int)left : 0;
}

static enum err learn_state(struct note *n, int64_t deadline_us)
{
    if (!n->keeper) {
        enum err e = keeper_connect(n->keeper_socket, &n->keeper);
        if (e)
            return e;
    }
    if (n->known)
        return ERR_OK;
    enum err e = keeper_state(n->keeper, ms_until(deadline_us), &n->state);
    n->known = !e;
    return e;
}

/* The proof from the keeper's head to ours. That it holds is the keeper's to judge as well; here it
 * gives a database of another branch its name. */
static enum err prove(const struct note *n, struct core *core, const struct core_head *head,
                      struct keeper_checkpoint *out)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX], recorded;

    if (n->state.size > head->size)
        return ERR_LOG_ROLLED_BACK;
    if (n->state.size == 0)
        return ERR_OK;
    enum err e = core_head_proof(core, n->state.size, proof, &out->proof_count);
    if (e)
        return e;
    memcpy(recorded.b, n->state.root, sizeof recorded.b);
    if (merkle_check_consistency(n->state.size, head->size, &recorded, &head->root, proof,
                                 out->proof_count))
        return ERR_LOG_ROLLED_BACK;
    memcpy(out->proof, proof, out->proof_count * sizeof *proof);
    return ERR_OK;
}

static enum err sign(struct note *n, struct core *core, int64_t deadline_us)
{
    struct keeper_checkpoint c = {.proof_count = 0};
    struct buf text = BUF_INIT(CHECKPOINT_MAX);
    struct core_head head;

    enum err e = learn_state(n, deadline_us);
    if (e)
        return e;
    core_head(core, &head);
    e = prove(n, core, &head, &c);
    if (e)
        return e;
    c.size = head.size;
    memcpy(c.root, head.root.b, sizeof c.root);
    e = keeper_sign_checkpoint(n->keeper, ms_until(deadline_us), &c, &text);
    if (e) {
        buf_free(&text);
        return e;
    }
    buf_free(&n->text);
    n->text = text;
    n->size = head.size;
    n->trouble.signed_us = clock_mono_us();
    n->trouble.since_us = 0;
    n->state.size = c.size;
    memcpy(n->state.root, c.root, sizeof n->state.root);
    return ERR_OK;
}

/* A keeper that was restarted since the last call shows as gone at once; the time that is left goes
 * to a second try with a fresh connection. What the keeper has recorded is asked anew after any
 * failure: an answer may have been lost behind it. */
static enum err attempt(struct note *n, struct core *core, int wait_ms)
{
    int64_t deadline_us = clock_mono_us() + (int64_t)wait_ms * 1000;
    bool fresh = !n->keeper;
    enum err e = sign(n, core, deadline_us);

    if (e && !fresh && ms_until(deadline_us) > 0) {
        hang_up(n);
        e = sign(n, core, deadline_us);
    }
    if (e)
        hang_up(n);
    return e;
}

void note_advance(struct note *n, struct core *core)
{
    if (note_current(n, core))
        return;
    enum err e = attempt(n, core, n->wait_ms);
    if (!e) {
        if (n->pause_us)
            log_event(LOG_INFO, "bankd.signed", "the keeper signs again; size=%" PRIu64, n->size);
        n->pause_us = 0;
        return;
    }
    if (!n->pause_us)
        log_event(LOG_ERROR, "bankd.unsigned", "%s: %s %s", err_name(e), err_info(e)->cause,
                  err_info(e)->remedy);
    n->trouble.failures++;
    if (!n->trouble.since_us)
        n->trouble.since_us = clock_mono_us();
    n->pause_us = n->pause_us ? n->pause_us * 2 : PAUSE_FIRST_US;
    if (n->pause_us > PAUSE_MAX_US)
        n->pause_us = PAUSE_MAX_US;
    n->due_us = clock_mono_us() + n->pause_us;
}

/* --- start, and the bank's keys ----------------------------------------------------------------*/

static enum err begin_log(struct note *n, struct core *core, const struct core_time *now)
{
    enum err e = core_begin(core, now);

    if (!e)
        e = core_log_start(core, note_bank_keys(n));
    if (!e)
        e = core_commit(core);
    if (e)
        core_rollback(core);
    else
        log_event(LOG_INFO, "bankd.log", "a new log begins");
    return e;
}

/* Those behind the first KNOWN. While the clock is insane nothing can be entered: CLOCK_INSANE. */
static enum err enter(struct core *core, const struct core_time *now, const struct js *list,
                      const struct verify_rollovers *chain, size_t known)
{
    enum err e = core_begin(core, now);

    for (size_t i = known; !e && i < js_count(list); i++)
        e = core_rollover(core, i, js_at(list, i), verify_rollovers_digest(chain, i));
    if (!e)
        e = core_commit(core);
    if (e)
        core_rollback(core);
    else
        log_event(LOG_WARN, "bankd.rollover", "the bank's root key was replaced");
    return e;
}

/* The log has every rollover of the root key, and the keeper every one that the log has. */
static enum err compare_rollovers(struct core *core, const struct core_time *now,
                                  const struct js *list, const struct verify_rollovers *chain)
{
    size_t known = 0;
    enum err e = core_rollovers(core, chain, &known);

    return e || known == js_count(list) ? e : enter(core, now, list, chain, known);
}

/* TEXT, the keeper's array of them. */
static enum err take_rollovers(struct note *n, struct core *core, const struct core_time *now,
                               const struct buf *text)
{
    struct verify_rollovers *chain = NULL;
    struct js *list = NULL;
    enum err e = js_parse_canonical(text->data, text->len, &list);

    if (!e)
        e = verify_rollovers(list, NULL, &chain);
    if (!e)
        e = compare_rollovers(core, now, list, chain);
    size_t count = verify_rollovers_count(chain);
    if (!e && count)
        n->overlap_end_us = verify_rollovers_at(chain, count - 1)->head.expires_us;
    verify_rollovers_free(chain);
    js_free(list);
    return e ? log_fail(e, "bankd.keys", "the keeper's rollovers: %s %s", err_info(e)->cause,
                        err_info(e)->remedy)
             : ERR_OK;
}

/* What the keeper says of the bank's keys. */
static enum err ask_keys(struct note *n, int64_t deadline_us, struct buf *bank_keys,
                         struct buf *rollovers)
{
    enum err e = keeper_bank_keys(n->keeper, ms_until(deadline_us), bank_keys);

    return e ? e : keeper_rollovers(n->keeper, ms_until(deadline_us), rollovers);
}

static enum err ask_anew(struct note *n, struct buf *bank_keys, struct buf *rollovers)
{
    int64_t deadline_us = clock_mono_us() + INT64_C(1000) * n->wait_ms;

    hang_up(n); /* its keeper may have been replaced since */
    enum err e = learn_state(n, deadline_us);
    if (!e)
        e = ask_keys(n, deadline_us, bank_keys, rollovers);
    return e ? log_fail(e, "bankd.keys", "keeper at %s: %s", n->keeper_socket, err_info(e)->remedy)
             : ERR_OK;
}

static bool same(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

enum err note_refresh(struct note *n, struct core *core, const struct core_time *now, bool *rolled)
{
    struct buf bank_keys = BUF_INIT(BANK_KEYS_BYTES_MAX);
    struct buf rollovers = BUF_INIT(BANK_KEYS_BYTES_MAX);

    enum err e = ask_anew(n, &bank_keys, &rollovers);
    *rolled = !e && (n->unentered || !same(&rollovers, &n->rollovers));
    if (*rolled)
        e = take_rollovers(n, core, now, &rollovers);
    *rolled &= !e;
    if (*rolled) {
        n->unentered = false;
        const struct buf before[] = {n->bank_keys, n->rollovers};
        n->bank_keys = bank_keys;
        n->rollovers = rollovers;
        bank_keys = before[0];
        rollovers = before[1];
    }
    buf_free(&bank_keys);
    buf_free(&rollovers);
    return e;
}

enum err note_start(struct note *n, struct core *core, const struct core_time *now)
{
    int64_t deadline_us = clock_mono_us() + INT64_C(1000) * START_WAIT_MS;
    struct core_head head;

    enum err e = learn_state(n, deadline_us);
    if (!e)
        e = ask_keys(n, deadline_us, &n->bank_keys, &n->rollovers);
    if (e)
        return log_fail(e, "bankd.start", "keeper at %s: %s", n->keeper_socket,
                        err_info(e)->remedy);
    core_head(core, &head);
    if (head.size == 0 && n->state.size == 0) {
        e = begin_log(n, core, now);
        if (e)
            return log_fail(e, "bankd.start", "the log cannot begin: %s", err_info(e)->remedy);
    }
    e = attempt(n, core, START_WAIT_MS);
    if (e == ERR_LOG_ROLLED_BACK)
        return log_fail(e, "bankd.start",
                        "the database has %" PRIu64 " entries, the keeper signed %" PRIu64
                        ": restore the newer database; nothing else helps",
                        head.size, n->state.size);
    if (e)
        return log_fail(e, "bankd.start", "the log's head cannot be signed: %s",
                        err_info(e)->remedy);
    e = take_rollovers(n, core, now, &n->rollovers);
    n->unentered = e == ERR_CLOCK_INSANE;
    if (!e)
        note_advance(n, core);
    return n->unentered ? ERR_OK : e;
}
