/* SPDX-License-Identifier: Apache-2.0
 * token.h in front of a helper: every function is one question. */
#include "token/remote/inner.h"

#include "token/remote.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 64

/* A call about T or PIN. */
static void begin_at(struct call *c, struct token *t, enum wire_type type)
{
    call_begin(c, t->module, t->generation, type);
    c->keypad = t->info.keypad;
    wire_put(&c->out, t->number, 4);
}

static enum err run(struct call *c)
{
    return call_end(c, call_run(c, -1));
}

/* The number of a PIN for a helper of GENERATION; none is 0. One of an earlier helper is gone with
 * it. */
static enum err put_pin(struct call *c, const struct token_pin *pin)
{
    if (pin && (pin->module != c->module || pin->generation != c->generation))
        c->out.e = ERR_TOKEN_CRASHED;
    wire_put(&c->out, pin ? pin->number : 0, 4);
    return c->out.e;
}

/* --- modules --- */

enum err token_module_load_one_of(const struct token_source *source, struct token_module **out)
{
    *out = malloc(sizeof **out);
    if (!*out)
        return ERR_NO_MEMORY;
    module_init(*out, source);
    (*out)->one_of = true;
    module_recall(*out);
    return ERR_OK;
}

enum err token_module_load_from(const struct token_source *source, struct token_module **out)
{
    uint64_t generation;

    enum err e = token_module_load_one_of(source, out);
    if (e)
        return e;
    (*out)->one_of = (*out)->refuses = false;
    e = module_begin(*out, &generation);
    if (e) {
        token_module_unload(*out);
        *out = NULL;
    }
    return e;
}

const char *token_module_path(const struct token_module *m)
{
    return m->source.path;
}

const char *token_module_file(const struct token_module *m)
{
    return m->source.file;
}

enum err token_module_refusal(const struct token_module *m)
{
    return m->why;
}

void token_module_unload(struct token_module *m)
{
    struct call c;

    if (!m)
        return;
    if (m->pid && !m->joined) {
        call_begin(&c, m, m->generation, WIRE_UNLOAD);
        (void)run(&c); /* it ends whatever it says */
    }
    module_end(m);
    free(m);
}

/* --- PINs --- */

/* Nobody is hurried: the deadline is for reading what is there. */
static enum err await_line(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    while (poll(&one, 1, -1) < 0 && errno == EINTR)
        ;
    return one.revents & POLLNVAL ? ERR_IO : ERR_OK;
}

enum err pin_begin(struct token_module *m, struct call *c, enum wire_type type,
                   struct token_pin **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NO_MEMORY;
    (*out)->module = m;
    enum err e = module_begin(m, &(*out)->generation);
    if (!e) {
        call_begin(c, m, (*out)->generation, type);
        return ERR_OK;
    }
    free(*out);
    *out = NULL;
    return e;
}

enum err pin_end(struct call *c, enum err e, struct token_pin **out)
{
    if (!e)
        (*out)->number = (uint32_t)wire_get(&c->in, 4, UINT32_MAX);
    e = call_end(c, e);
    if (e) {
        free(*out);
        *out = NULL;
    }
    return e;
}

enum err token_pin_read(struct token_module *m, int fd, struct token_pin **out)
{
    struct call c;

    enum err e = pin_begin(m, &c, WIRE_PIN_READ, out);
    if (e)
        return e;
    e = await_line(fd);
    return pin_end(&c, e ? e : call_run(&c, fd), out);
}

enum err token_pin_same(const struct token_pin *a, const struct token_pin *b, bool *same)
{
    struct call c;

    *same = false;
    call_begin(&c, a->module, a->generation, WIRE_PIN_SAME);
    enum err e = put_pin(&c, a);
    if (!e)
        e = put_pin(&c, b);
    if (!e)
        e = call_run(&c, -1);
    if (!e)
        *same = wire_get(&c.in, 1, 1) != 0;
    e = call_end(&c, e);
    *same = *same && !e;
    return e;
}

void token_pin_free(struct token_pin *pin)
{
    struct call c;

    if (!pin)
        return;
    call_begin(&c, pin->module, pin->generation, WIRE_PIN_FREE);
    wire_put(&c.out, pin->number, 4);
    (void)run(&c); /* a helper that is gone took it along */
    free(pin);
}

/* --- what is plugged in --- */

/* Which module it is, the asking side knows. */
static void get_info(struct call *c, struct token_info *out)
{
    wire_get_info(&c->in, out);
    memcpy(out->module, c->module->source.path, sizeof out->module);
}

enum err token_list(struct token_module *m, struct token_info **out, size_t *count)
{
    struct call c;
    uint64_t generation;

    *out = NULL;
    *count = 0;
    enum err e = module_begin(m, &generation);
    if (e)
        return e;
    call_begin(&c, m, generation, WIRE_LIST);
    e = call_run(&c, -1);
    size_t n = e ? 0 : (size_t)wire_get(&c.in, 2, SLOTS_MAX);
    struct token_info *infos = calloc(n + 1, sizeof *infos);
    for (size_t i = 0; infos && i < n; i++)
        get_info(&c, &infos[i]);
    e = call_end(&c, e || infos ? e : ERR_NO_MEMORY);
    if (e || n == 0) {
        free(infos);
        return e;
    }
    *out = infos;
    *count = n;
    return ERR_OK;
}

enum err token_init(struct token_module *m, const char *label, struct token_pin *so_pin,
                    struct token_pin *user_pin, struct token_info *out)
{
    struct call c;
    uint64_t generation;

    memset(out, 0, sizeof *out);
    if (strlen(label) > 32)
        return ERR_USAGE;
    enum err e = module_begin(m, &generation);
    if (e)
        return e;
    call_begin(&c, m, generation, WIRE_INIT);
    wire_put_text(&c.out, label);
    e = put_pin(&c, so_pin);
    if (!e)
        e = put_pin(&c, user_pin);
    if (!e)
        e = call_run(&c, -1);
    if (!e)
        get_info(&c, out);
    return call_end(&c, e);
}

/* --- an opened token --- */

static enum err put_uri(struct call *c, const struct token_uri *uri)
{
    struct buf text = BUF_INIT(TOKEN_URI_MAX);
    enum err e = uri ? token_uri_text(uri, &text) : ERR_OK;

    wire_put_text(&c->out, buf_str(&text));
    buf_free(&text);
    return e;
}

enum err token_open(struct token_module *m, const struct token_uri *uri, struct token **out)
{
    struct call c;

    *out = NULL;
    struct token *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    t->module = m;
    enum err e = module_begin(m, &t->generation);
    if (e) {
        free(t);
        return e;
    }
    call_begin(&c, m, t->generation, WIRE_OPEN);
    e = put_uri(&c, uri);
    if (!e)
        e = call_run(&c, -1);
    if (!e) {
        t->number = (uint32_t)wire_get(&c.in, 4, UINT32_MAX);
        get_info(&c, &t->info);
        c.in.bad = c.in.bad || !token_info_matches(&t->info, uri);
    }
    e = call_end(&c, e);
    if (e)
        free(t);
    else
        *out = t;
    return e;
}

void token_close(struct token *t)
{
    struct call c;

    if (!t)
        return;
    if (!t->module->joined) {
        begin_at(&c, t, WIRE_CLOSE);
        (void)run(&c); /* a helper that is gone took it along */
    }
    free(t);
}

struct token_module *token_module_of(const struct token *t)
{
    return t->module;
}

enum err token_info_of(struct token *t, struct token_info *out)
{
    struct call c;

    memset(out, 0, sizeof *out);
    begin_at(&c, t, WIRE_INFO);
    enum err e = call_run(&c, -1);
    if (!e) {
        get_info(&c, out);
        c.in.bad = c.in.bad || !token_info_same(out, &t->info);
    }
    return call_end(&c, e);
}

enum err token_login(struct token *t, struct token_pin *pin, bool last_try_allowed)
{
    struct call c;

    begin_at(&c, t, WIRE_LOGIN);
    enum err e = put_pin(&c, pin);
    wire_put(&c.out, last_try_allowed, 1);
    return call_end(&c, e ? e : call_run(&c, -1));
}

enum err token_logout(struct token *t)
{
    struct call c;

    begin_at(&c, t, WIRE_LOGOUT);
    return run(&c);
}

enum err token_change_pin(struct token *t, struct token_pin *old, struct token_pin *fresh,
                          bool last_try_allowed)
{
    struct call c;

    begin_at(&c, t, WIRE_CHANGE_PIN);
    enum err e = put_pin(&c, old);
    if (!e)
        e = put_pin(&c, fresh);
    wire_put(&c.out, last_try_allowed, 1);
    return call_end(&c, e ? e : call_run(&c, -1));
}

enum err token_unblock(struct token *t, enum token_way way, struct token_pin *puk,
                       struct token_pin *fresh, bool last_try_allowed)
{
    struct call c;

    begin_at(&c, t, WIRE_UNBLOCK);
    wire_put(&c.out, way, 1);
    enum err e = put_pin(&c, puk);
    if (!e)
        e = put_pin(&c, fresh);
    wire_put(&c.out, last_try_allowed, 1);
    return call_end(&c, e ? e : call_run(&c, -1));
}

enum err token_look(struct token *t, struct token_sight *out)
{
    struct call c;

    memset(out, 0, sizeof *out);
    begin_at(&c, t, WIRE_LOOK);
    enum err e = call_run(&c, -1);
    if (!e)
        wire_get_sight(&c.in, out);
    return call_end(&c, e);
}

/* --- keys --- */

static void put_wish(struct call *c, enum token_use use, enum token_curve curve, const char *label,
                     const uint8_t *id, size_t id_len)
{
    wire_put(&c->out, use, 1);
    wire_put(&c->out, curve, 1);
    wire_put_text(&c->out, label);
    wire_put_bytes(&c->out, id, id_len);
}

enum err token_generate(struct token *t, enum token_use use, enum token_curve curve,
                        const char *label, const uint8_t *id, size_t id_len)
{
    struct call c;

    if (strlen(label) > TOKEN_OBJECT_MAX || id_len > TOKEN_ID_MAX)
        return ERR_USAGE;
    begin_at(&c, t, WIRE_GENERATE);
    put_wish(&c, use, curve, label, id, id_len);
    return run(&c);
}

enum err token_officer_generate(struct token *t, struct token_pin *officer, bool last_try_allowed,
                                enum token_use use, enum token_curve curve, const char *label,
                                const uint8_t *id, size_t id_len)
{
    struct call c;

    if (strlen(label) > TOKEN_OBJECT_MAX || id_len > TOKEN_ID_MAX)
        return ERR_USAGE;
    begin_at(&c, t, WIRE_OFFICER_GENERATE);
    enum err e = put_pin(&c, officer);
    wire_put(&c.out, last_try_allowed, 1);
    put_wish(&c, use, curve, label, id, id_len);
    return call_end(&c, e ? e : call_run(&c, -1));
}

enum err token_key_list(struct token *t, struct token_key_info **out, size_t *count)
{
    struct call c;

    *out = NULL;
    *count = 0;
    begin_at(&c, t, WIRE_KEYS);
    enum err e = call_run(&c, -1);
    size_t n = e ? 0 : (size_t)wire_get(&c.in, 2, UINT16_MAX);
    n = n <= c.in.left ? n : 0; /* a key takes more than a byte */
    struct token_key_info *keys = calloc(n + 1, sizeof *keys);
    for (size_t i = 0; keys && i < n; i++)
        wire_get_key(&c.in, &keys[i]);
    e = call_end(&c, e || keys ? e : ERR_NO_MEMORY);
    if (e || n == 0) {
        free(keys);
        return e;
    }
    *out = keys;
    *count = n;
    return ERR_OK;
}

/* A point that is none, or on no curve, or another key than was asked for, is the answer of a
 * helper that lies. */
static void get_key(struct call *c, const struct token_uri *uri, struct token_key *k)
{
    size_t len = 0;

    k->handle = (uint32_t)wire_get(&c->in, 4, UINT32_MAX);
    wire_get_key(&c->in, &k->info);
    const uint8_t *point = wire_get_bytes(&c->in, TOKEN_POINT_MAX, &len);
    if (!point || !k->info.curve || !token_key_info_matches(&k->info, uri) ||
        token_public_from_point(k->info.curve, point, len, &k->public) != ERR_OK)
        c->in.bad = true;
}

enum err token_key_find(struct token *t, const struct token_uri *uri, enum token_use use,
                        struct token_key **out)
{
    struct call c;

    *out = NULL;
    struct token_key *k = NULL;
    enum err e = token_public_new(t, use, &k);
    if (e)
        return e;
    k->generation = t->generation;
    begin_at(&c, t, WIRE_FIND);
    wire_put(&c.out, use, 1);
    e = put_uri(&c, uri);
    if (!e)
        e = call_run(&c, -1);
    if (!e)
        get_key(&c, uri, k);
    e = call_end(&c, e);
    if (e)
        token_public_free(k);
    else
        *out = k;
    return e;
}

static void begin_key(struct call *c, struct token_key *k, enum wire_type type)
{
    call_begin(c, k->token->module, k->generation, type);
    c->keypad = k->token->info.keypad;
    wire_put(&c->out, k->handle, 4);
}

void token_key_free(struct token_key *k)
{
    struct call c;

    if (!k)
        return;
    if (!k->token->module->joined) {
        begin_key(&c, k, WIRE_KEY_FREE);
        (void)run(&c); /* a helper that is gone took it along */
    }
    token_public_free(k);
}

enum err token_key_store_certificate(struct token_key *k, const uint8_t *der, size_t len)
{
    struct call c;

    begin_key(&c, k, WIRE_STORE);
    wire_put_bytes(&c.out, der, len);
    return run(&c);
}

/* Signatures in an answer, of which none is taken unless all are whole; 0: it is not of them alone.
 */
static size_t count_made(struct wire_in in)
{
    size_t count = 0, len = 0;

    do {
        (void)wire_get_bytes(&in, TOKEN_SIG_MAX, &len);
        count++;
    } while (!in.bad && in.left);
    return in.bad ? 0 : count;
}

/* What one answer brings of the LEFT that are to come, to MADE; it counts in *TAKEN. */
static enum err take_made(struct call *c, size_t left, token_made *made, void *ctx, size_t *taken)
{
    const size_t count = count_made(c->in);
    enum err e = ERR_OK;

    c->in.bad = count == 0 || count > left; /* which ends the call */
    c->awaited = count < left && !c->in.bad;
    for (size_t i = 0; !e && !c->in.bad && i < count; i++) {
        size_t len = 0;
        const uint8_t *sig = wire_get_bytes(&c->in, TOKEN_SIG_MAX, &len);
        e = made(ctx, sig, len);
        *taken += !e;
    }
    return e;
}

/* What the helper had made, and not sent yet, when it was lost: at most up to COUNT, whatever it
 * says. */
static enum err take_left(const struct page *page, size_t from, size_t count, token_made *made,
                          void *ctx)
{
    uint8_t sig[TOKEN_SIG_MAX];
    size_t len = 0;
    enum err e = ERR_OK;

    for (size_t i = from; !e && i < count && page_get(page, i, sig, &len); i++)
        e = made(ctx, sig, len);
    return e;
}

/* One question. */
static enum err sign(struct token_key *k, const uint8_t *hashes, size_t count, token_made *made,
                     void *ctx)
{
    struct call c;
    size_t taken = 0;

    begin_key(&c, k, WIRE_SIGN);
    wire_put_bytes(&c.out, hashes, count * token_hash_len(k->info.curve));
    enum err e = call_ask(&c, -1);
    while (!e && c.awaited) {
        e = call_hear(&c);
        if (c.lost) {
            enum err first = take_left(c.conn.page, taken, count, made, ctx);
            e = first ? first : e;
        }
        if (!e)
            e = take_made(&c, count - taken, made, ctx, &taken);
    }
    return call_end(&c, e);
}

/* Of a token that is kept one at a time: others who ask it have their turn in between. */
enum err token_sign_raw(struct token_key *k, const uint8_t *hashes, size_t count, token_made *made,
                        void *ctx)
{
    const size_t at_once = k->token->module->joined ? 1 : count;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < count; i += at_once)
        e = sign(k, hashes + i * token_hash_len(k->info.curve), at_once, made, ctx);
    return e;
}

enum err token_derive_raw(struct token_key *k, const uint8_t *peer, size_t peer_len, uint8_t *z,
                          size_t *z_len)
{
    struct call c;

    begin_key(&c, k, WIRE_DERIVE);
    wire_put_bytes(&c.out, peer, peer_len);
    enum err e = call_run(&c, -1);
    const uint8_t *answer = e ? NULL : wire_get_bytes(&c.in, TOKEN_Z_MAX, z_len);
    if (answer)
        memcpy(z, answer, *z_len);
    return call_end(&c, e);
}
