/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/msg.h"

#include "base/clock.h"
#include "token/serve.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the layout --- */

static enum err put_number(struct buf *out, uint64_t value, size_t bytes)
{
    uint8_t be[8];

    for (size_t i = 0; i < bytes; i++)
        be[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return buf_add(out, be, bytes);
}

static uint64_t get_number(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* The fields that a state and a checkpoint begin with. */
static enum err put_head(uint64_t size, const uint8_t root[static KEEPER_HASH_LEN], struct buf *out)
{
    enum err e = put_number(out, size, 8);
    return e ? e : buf_add(out, root, KEEPER_HASH_LEN);
}

enum err msg_put_state(const struct keeper_state *s, struct buf *out)
{
    return put_head(s->size, s->root, out);
}

enum err msg_get_state(const uint8_t *msg, size_t len, struct keeper_state *out)
{
    memset(out, 0, sizeof *out);
    if (len != MSG_STATE_LEN)
        return ERR_USAGE;
    out->size = get_number(msg, 8);
    memcpy(out->root, msg + 8, KEEPER_HASH_LEN);
    return ERR_OK;
}

enum err msg_put_checkpoint(const struct keeper_checkpoint *c, struct buf *out)
{
    if (c->proof_count > KEEPER_PROOF_MAX)
        return ERR_USAGE;
    enum err e = put_head(c->size, c->root, out);
    if (!e)
        e = put_number(out, c->proof_count, 2);
    return e ? e : buf_add(out, c->proof, c->proof_count * KEEPER_HASH_LEN);
}

enum err msg_get_checkpoint(const uint8_t *msg, size_t len, struct keeper_checkpoint *out)
{
    memset(out, 0, sizeof *out);
    if (len < MSG_STATE_LEN + 2)
        return ERR_USAGE;
    size_t count = (size_t)get_number(msg + MSG_STATE_LEN, 2);
    if (count > KEEPER_PROOF_MAX || len != MSG_STATE_LEN + 2 + count * KEEPER_HASH_LEN)
        return ERR_USAGE;
    out->size = get_number(msg, 8);
    memcpy(out->root, msg + 8, KEEPER_HASH_LEN);
    out->proof_count = count;
    memcpy(out->proof, msg + MSG_STATE_LEN + 2, count * KEEPER_HASH_LEN);
    return ERR_OK;
}

static enum err put_certificate(const struct buf *der, struct buf *out)
{
    if (!der->len || der->len > MSG_CERTIFICATE_MAX)
        return ERR_USAGE;
    enum err e = put_number(out, der->len, 2);
    return e ? e : buf_add(out, der->data, der->len);
}

enum err msg_put_certificates(const struct buf *leaf, const struct buf *root, struct buf *out)
{
    enum err e = put_certificate(leaf, out);
    return e ? e : put_certificate(root, out);
}

/* The bytes of the certificate that begins at *AT, of which *LEN are left; moves behind it. */
static const uint8_t *next_certificate(const uint8_t **at, size_t *len, size_t *der_len)
{
    if (*len < 2)
        return NULL;
    *der_len = (size_t)get_number(*at, 2);
    if (!*der_len || *der_len > MSG_CERTIFICATE_MAX || *der_len > *len - 2)
        return NULL;
    const uint8_t *der = *at + 2;
    *at += 2 + *der_len;
    *len -= 2 + *der_len;
    return der;
}

enum err msg_get_certificates(const uint8_t *msg, size_t len, struct buf *leaf, struct buf *root)
{
    size_t leaf_len, root_len;
    const uint8_t *leaf_der = next_certificate(&msg, &len, &leaf_len);
    const uint8_t *root_der = leaf_der ? next_certificate(&msg, &len, &root_len) : NULL;
    if (!root_der || len)
        return ERR_USAGE;

    enum err e = buf_reserve(root, root_len);
    if (!e)
        e = buf_add(leaf, leaf_der, leaf_len);
    return e ? e : buf_add(root, root_der, root_len);
}

/* --- parts --- */

static enum err put_parts(const struct msg_part *part, size_t count, size_t max, struct buf *out)
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < count; i++) {
        e = part[i].len > max ? ERR_USAGE : put_number(out, part[i].len, 2);
        if (!e)
            e = buf_add(out, part[i].bytes, part[i].len);
    }
    return e;
}

enum err msg_get_parts(const uint8_t *msg, size_t len, size_t max, struct msg_part *out,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (len < 2)
            return ERR_USAGE;
        out[i] = (struct msg_part){msg + 2, (size_t)get_number(msg, 2)};
        if (out[i].len > max || out[i].len > len - 2)
            return ERR_USAGE;
        msg += 2 + out[i].len;
        len -= 2 + out[i].len;
    }
    return len ? ERR_USAGE : ERR_OK;
}

enum err msg_put_rolled(unsigned missing, struct buf *out)
{
    return put_number(out, missing, MSG_ROLLED_LEN);
}

static enum err get_rolled(const uint8_t *msg, size_t len, unsigned *missing)
{
    if (len != MSG_ROLLED_LEN)
        return ERR_USAGE;
    *missing = (unsigned)get_number(msg, len);
    return ERR_OK;
}

enum err msg_put_person(const struct keeper_person *p, struct buf *out)
{
    const struct msg_part parts[] = {{p->sign.data, p->sign.len},
                                     {p->authenticate.data, p->authenticate.len},
                                     {p->root.data, p->root.len}};
    enum err e = put_number(out, p->missing, 2);

    return e ? e : put_parts(parts, 3, MSG_CERTIFICATE_MAX, out);
}

static enum err get_person(const uint8_t *msg, size_t len, struct keeper_person *out)
{
    struct buf *const into[] = {&out->sign, &out->authenticate, &out->root};
    struct msg_part parts[3];

    *out = (struct keeper_person){0};
    if (len < 2)
        return ERR_USAGE;
    out->missing = (unsigned)get_number(msg, 2);
    enum err e = msg_get_parts(msg + 2, len - 2, MSG_CERTIFICATE_MAX, parts, 3);
    /* Certificates or a want of operators, never both. */
    if (!e && (out->missing > 0) == (parts[0].len > 0 || parts[2].len > 0))
        e = ERR_USAGE;
    for (size_t i = 0; !e && i < 3; i++)
        e = buf_add(into[i], parts[i].bytes, parts[i].len);
    if (e)
        keeper_person_free(out);
    return e;
}

void keeper_person_free(struct keeper_person *p)
{
    buf_free(&p->sign);
    buf_free(&p->authenticate);
    buf_free(&p->root);
    *p = (struct keeper_person){0};
}

/* --- the calls --- */

struct keeper_conn {
    int fd; /* -1 once an answer failed to come: what comes later would answer another question */
};

enum err keeper_connect(const char *socket_path, struct keeper_conn **out)
{
    *out = NULL;
    struct keeper_conn *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NO_MEMORY;
    enum err e = serve_connect(socket_path, &k->fd);
    if (e) {
        free(k);
        return e == ERR_UNAVAILABLE ? ERR_KEEPER_GONE : e;
    }
    *out = k;
    return ERR_OK;
}

static void hang_up(struct keeper_conn *k)
{
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
}

void keeper_disconnect(struct keeper_conn *k)
{
    if (!k)
        return;
    hang_up(k);
    free(k);
}

static enum err call(struct keeper_conn *k, enum keeper_msg type, int wait_ms, const void *msg,
                     size_t len, struct buf *answer)
{
    if (k->fd < 0)
        return ERR_KEEPER_GONE;
    int64_t deadline = clock_mono_us() + (int64_t)wait_ms * 1000;
    enum err e = serve_call(k->fd, (uint16_t)type, msg, len, deadline, answer);
    if (e != ERR_TIMEOUT && e != ERR_UNAVAILABLE)
        return e;
    hang_up(k);
    return ERR_KEEPER_GONE;
}

/* An answer that is not of the documented form: this is no keeper of ours. */
static enum err nonsense(struct keeper_conn *k, enum err e)
{
    if (e != ERR_USAGE)
        return e;
    hang_up(k);
    return ERR_KEEPER_GONE;
}

enum err keeper_state(struct keeper_conn *k, int wait_ms, struct keeper_state *out)
{
    struct buf answer = BUF_INIT(MSG_STATE_LEN);

    memset(out, 0, sizeof *out);
    enum err e = call(k, KEEPER_STATE, wait_ms, NULL, 0, &answer);
    if (!e)
        e = nonsense(k, msg_get_state(answer.data, answer.len, out));
    buf_free(&answer);
    return e;
}

enum err keeper_sign_checkpoint(struct keeper_conn *k, int wait_ms,
                                const struct keeper_checkpoint *c, struct buf *note)
{
    struct buf msg = BUF_INIT(MSG_CHECKPOINT_MAX);
    enum err e = msg_put_checkpoint(c, &msg);
    if (!e)
        e = call(k, KEEPER_CHECKPOINT, wait_ms, msg.data, msg.len, note);
    buf_free(&msg);
    return e;
}

enum err keeper_bank_keys(struct keeper_conn *k, int wait_ms, struct buf *statement)
{
    return call(k, KEEPER_BANK_KEYS, wait_ms, NULL, 0, statement);
}

enum err keeper_rollovers(struct keeper_conn *k, int wait_ms, struct buf *array)
{
    return call(k, KEEPER_ROLLOVERS, wait_ms, NULL, 0, array);
}

enum err keeper_certify(struct keeper_conn *k, int wait_ms, const uint8_t *request, size_t len,
                        struct buf *leaf, struct buf *root)
{
    struct buf answer = {0};
    enum err e = call(k, KEEPER_CERTIFY, wait_ms, request, len, &answer);
    if (!e)
        e = nonsense(k, msg_get_certificates(answer.data, answer.len, leaf, root));
    buf_free(&answer);
    return e;
}

/* What more than one operator may have to ask for. */
static enum err ask(struct keeper_conn *k, enum keeper_msg what, int wait_ms, const char *act,
                    size_t len, unsigned *missing)
{
    struct buf answer = BUF_INIT(MSG_ROLLED_LEN);

    *missing = 0;
    enum err e = call(k, what, wait_ms, act, len, &answer);
    if (!e)
        e = nonsense(k, get_rolled(answer.data, answer.len, missing));
    buf_free(&answer);
    return e;
}

enum err keeper_act(struct keeper_conn *k, int wait_ms, const char *act, size_t len,
                    unsigned *missing)
{
    return ask(k, KEEPER_ACT, wait_ms, act, len, missing);
}

enum err keeper_roll(struct keeper_conn *k, int wait_ms, const char *act, size_t len,
                     unsigned *missing)
{
    return ask(k, KEEPER_ROLL, wait_ms, act, len, missing);
}

static enum err tell(struct keeper_conn *k, enum keeper_msg what, int wait_ms, const char *text,
                     size_t len)
{
    struct buf answer = BUF_INIT(1);
    enum err e = call(k, what, wait_ms, text, len, &answer);

    buf_free(&answer);
    return e;
}

enum err keeper_rotate(struct keeper_conn *k, int wait_ms, const char *statement, size_t len)
{
    return tell(k, KEEPER_ROTATE, wait_ms, statement, len);
}

enum err keeper_suspend(struct keeper_conn *k, int wait_ms, const char *thumbprint)
{
    return tell(k, KEEPER_SUSPEND, wait_ms, thumbprint, strlen(thumbprint));
}

enum err keeper_admit(struct keeper_conn *k, int wait_ms, const char *statement,
                      size_t statement_len, const char *act, size_t act_len,
                      struct keeper_person *out)
{
    const struct msg_part parts[] = {{(const uint8_t *)statement, statement_len},
                                     {(const uint8_t *)act, act_len}};
    struct buf msg = {0}, answer = {0};

    *out = (struct keeper_person){0};
    enum err e = put_parts(parts, 2, MSG_STATEMENT_MAX, &msg);
    if (!e)
        e = call(k, KEEPER_ADMIT, wait_ms, msg.data, msg.len, &answer);
    if (!e)
        e = nonsense(k, get_person(answer.data, answer.len, out));
    buf_free(&msg);
    buf_free(&answer);
    return e;
}
