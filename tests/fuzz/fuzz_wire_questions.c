/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to the helper, from the program that started it and from those who come to a kept
 * token: each is answered, by a name that there is, and token.h is asked for nothing that its
 * contract does not allow. Here token.h and what keeps a token are only that contract.
 */
#include "base/log.h"
#include "tests/fuzz/fuzz.h"
#include "token/helper/answers.h"
#include "token/helper/keep.h"
#include "token/helper/things.h"
#include "token/inner.h"
#include "token/wire.h"
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTIONS_MAX 16 /* of one input */
#define VISITOR 0x8000u  /* at the kept token, once there is one */
#define GIVEN 0x4000u    /* a descriptor comes with it */
#define DER_MAX 65000
#define SERIAL "0123"

/* --- what is there, and what may be asked of it --- */

static struct {
    const struct serve_handler *table;
    size_t count;
    uint32_t number;
    void *ctx;
    bool in_use;
} kept;

static const struct token_info info = {
    .label = "alice", .serial = SERIAL, .initialized = true, .tries = TOKEN_TRIES_OK};
static const struct token_key_info about = {
    .label = "sign", .id = {2}, .id_len = 1, .ec = true, .sign = true, .curve = TOKEN_P256};
static EVP_PKEY *public;
static struct token_key *known; /* the key that visitors of a kept token find, for ever */
static size_t count;            /* of modules, tokens, other keys and PINs */

static void alive(const struct token *t)
{
    fuzz_must(t != NULL && strcmp(t->info.serial, SERIAL) == 0, "a token that was opened");
}

static const struct token_key *alive_key(const struct token_key *k)
{
    fuzz_must(k != NULL && k->public == public, "a key that was found");
    return k;
}

static void alive_pin(const struct token_pin *pin)
{
    fuzz_must(pin == NULL || pin->holders == 1, "a PIN that was read, or the keypad");
}

static void *make(size_t size)
{
    void *thing = calloc(1, size);
    fuzz_must(thing != NULL, "there is memory");
    count++;
    return thing;
}

static void text_of(const char *text, size_t max)
{
    fuzz_must(strnlen(text, max + 1) <= max, "a text has an end");
}

enum err token_module_sources(struct token_source out[static TOKEN_MODULES_MAX], size_t *n)
{
    memset(out, 0, 2 * sizeof *out);
    *n = 2;
    return ERR_OK;
}

enum err token_module_load_from(const struct token_source *source, struct token_module **out)
{
    text_of(source->path, sizeof source->path - 1);
    text_of(source->reserved, sizeof source->reserved - 1);
    *out = make(sizeof **out);
    return ERR_OK;
}

void token_module_unload(struct token_module *m)
{
    free(m);
    count--;
}

enum err token_list(struct token_module *m, struct token_info **out, size_t *n)
{
    (void)m;
    *out = calloc(2, sizeof **out);
    *n = *out != NULL ? 2 : 0;
    return ERR_OK;
}

enum err token_init(struct token_module *m, const char *label, struct token_pin *so_pin,
                    struct token_pin *user_pin, struct token_info *out)
{
    (void)m;
    text_of(label, 32);
    fuzz_must(so_pin != NULL && user_pin != NULL, "there are PINs");
    alive_pin(so_pin);
    alive_pin(user_pin);
    *out = info;
    return ERR_OK;
}

enum err token_pin_new(struct secret *secret, struct token_pin **out)
{
    *out = make(sizeof **out);
    (*out)->holders = 1;
    (*out)->secret = secret;
    return ERR_OK;
}

enum err token_pin_read(struct token_module *m, int fd, struct token_pin **out)
{
    (void)m;
    fuzz_must(fd >= 0, "there is something to read");
    return token_pin_new(NULL, out);
}

enum err token_pin_same(const struct token_pin *a, const struct token_pin *b, bool *same)
{
    fuzz_must(a != NULL && b != NULL, "there are PINs");
    *same = a == b;
    return ERR_OK;
}

void token_pin_free(struct token_pin *pin)
{
    if (pin == NULL)
        return;
    alive_pin(pin);
    secret_free(pin->secret);
    free(pin);
    count--;
}

enum err token_open(struct token_module *m, const struct token_uri *uri, struct token **out)
{
    fuzz_must(m != NULL && uri != NULL, "there is one to look for");
    *out = make(sizeof **out);
    (*out)->info = info;
    return ERR_OK;
}

void token_close(struct token *t)
{
    if (t == NULL)
        return;
    alive(t);
    free(t);
    count--;
}

enum err token_info_of(struct token *t, struct token_info *out)
{
    alive(t);
    *out = t->info;
    return ERR_OK;
}

enum err token_login(struct token *t, struct token_pin *pin, bool last_try_allowed)
{
    (void)last_try_allowed;
    alive(t);
    alive_pin(pin);
    return ERR_OK;
}

enum err token_logout(struct token *t)
{
    alive(t);
    return ERR_OK;
}

enum err token_change_pin(struct token *t, struct token_pin *old, struct token_pin *fresh,
                          bool last_try_allowed)
{
    alive_pin(old);
    return token_login(t, fresh, last_try_allowed);
}

enum err token_unblock(struct token *t, enum token_way way, struct token_pin *puk,
                       struct token_pin *fresh, bool last_try_allowed)
{
    fuzz_must(way == TOKEN_WAY_OFFICER || way == TOKEN_WAY_PUK, "a way that there is");
    return token_change_pin(t, puk, fresh, last_try_allowed);
}

enum err token_generate(struct token *t, enum token_use use, enum token_curve curve,
                        const char *label, const uint8_t *id, size_t id_len)
{
    alive(t);
    fuzz_must(use == TOKEN_USE_SIGN || use == TOKEN_USE_DERIVE, "a use that there is");
    fuzz_must(curve >= TOKEN_P256 && curve <= TOKEN_P521, "a curve that there is");
    text_of(label, TOKEN_OBJECT_MAX);
    fuzz_must(id != NULL && id_len <= TOKEN_ID_MAX, "an id that has room");
    return ERR_OK;
}

enum err token_officer_generate(struct token *t, struct token_pin *officer, bool last_try_allowed,
                                enum token_use use, enum token_curve curve, const char *label,
                                const uint8_t *id, size_t id_len)
{
    (void)last_try_allowed;
    alive_pin(officer);
    return token_generate(t, use, curve, label, id, id_len);
}

enum err token_key_list(struct token *t, struct token_key_info **out, size_t *n)
{
    alive(t);
    *out = calloc(1, sizeof **out);
    fuzz_must(*out != NULL, "there is memory");
    **out = about;
    *n = 1;
    return ERR_OK;
}

enum err token_look(struct token *t, struct token_sight *out)
{
    alive(t);
    *out = (struct token_sight){.count = 1};
    out->keys[0].key = about;
    return ERR_OK;
}

enum err token_key_find(struct token *t, const struct token_uri *uri, enum token_use use,
                        struct token_key **out)
{
    (void)uri;
    alive(t);
    fuzz_must(use == TOKEN_USE_SIGN || use == TOKEN_USE_DERIVE, "a use that there is");
    *out = make(sizeof **out);
    (*out)->info = about;
    (*out)->public = public;
    if (kept.in_use && known == NULL) {
        known = *out;
        count--;
    }
    return ERR_OK;
}

void token_key_free(struct token_key *k)
{
    if (k == NULL || alive_key(k) == known)
        return;
    free(k);
    count--;
}

enum err token_key_store_certificate(struct token_key *k, const uint8_t *der, size_t len)
{
    alive_key(k);
    fuzz_must(der != NULL && len <= DER_MAX, "a certificate");
    return ERR_OK;
}

enum err token_sign_raw(struct token_key *k, const uint8_t *hashes, size_t n, token_made *made,
                        void *ctx)
{
    uint8_t sig[64] = {hashes[0]};
    enum err e = ERR_OK;
    fuzz_must(n > 0 && n <= TOKEN_AT_ONCE, "as many as it takes");
    alive_key(k);
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        e = made(ctx, sig, sizeof sig);
    return e;
}

enum err token_derive_raw(struct token_key *k, const uint8_t *peer, size_t peer_len, uint8_t *z,
                          size_t *z_len)
{
    alive_key(k);
    fuzz_must(peer != NULL && peer_len <= TOKEN_POINT_MAX, "a point has room");
    memset(z, 0, 32);
    *z_len = 32;
    return ERR_OK;
}

/* --- a token that is kept --- */

enum err keep_begin(struct token *t, uint32_t number, int listen_fd, const struct keep_terms *terms,
                    const struct serve_handler *table, size_t n, void *ctx)
{
    alive(t);
    text_of(terms->path, sizeof terms->path - 1);
    fuzz_must(terms->seconds <= KEEP_MAX_S && terms->idle_seconds <= KEEP_MAX_S &&
                  terms->patience_seconds <= KEEP_MAX_S,
              "no longer than that");
    if (kept.table != NULL)
        return ERR_USAGE;
    close(listen_fd);
    kept.table = table;
    kept.count = n;
    kept.number = number;
    kept.ctx = ctx;
    return ERR_OK;
}

enum err keep_info(struct token_info *out)
{
    *out = info;
    return ERR_OK;
}

uint32_t keep_token(void)
{
    return kept.number;
}

uint64_t keep_left_s(void)
{
    return 7;
}

void keep_end(enum err why)
{
    fuzz_must(why == ERR_OK, "nothing went wrong with the token");
}

enum err keep_use_begins(void)
{
    fuzz_must(!kept.in_use, "one use at a time");
    kept.in_use = true;
    return ERR_OK;
}

enum err keep_use_ends(enum err e)
{
    kept.in_use = false;
    return e;
}

/* --- questions --- */

static struct answers connection;

static void ask(int fd, const uint8_t *packet, size_t len, bool given)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } room = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)packet, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int gift = given ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (gift >= 0) {
        room.align = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof gift), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&room.align), &gift, sizeof gift);
        message.msg_control = room.room;
        message.msg_controllen = sizeof room.room;
    }
    fuzz_must(sendmsg(fd, &message, MSG_NOSIGNAL) >= 0, "a question goes out");
    if (gift >= 0)
        close(gift);
}

/* Every answer has a name that there is. */
static void hear(int fd)
{
    static uint8_t packet[SERVE_MESSAGE_MAX + 256];
    ssize_t n;
    while ((n = recv(fd, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
        const char *name = (const char *)packet + 1;
        fuzz_must(n > packet[0], "an answer begins with its name");
        const char *error = err_name(err_from_name(name, packet[0]));
        fuzz_must(fuzz_same(name, packet[0], "OK", 2) ||
                      fuzz_same(name, packet[0], error, strlen(error)),
                  "which is one");
    }
}

static void run(unsigned head, const uint8_t *packet, size_t len)
{
    const bool visits = (head & VISITOR) != 0 && kept.table != NULL;
    size_t own_count = 0;
    const struct serve_handler *own = answers_table(&own_count);
    int ends[2];
    if (len == 0)
        return; /* which would be the end of the connection */
    fuzz_must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket");
    ask(ends[0], packet, len, (head & GIVEN) != 0);
    (void)shutdown(ends[0], SHUT_WR);
    if (visits)
        fuzz_must(serve_loop(ends[1], kept.table, kept.count, kept.ctx, -1) == ERR_OK, "it ends");
    else
        fuzz_must(serve_loop_given(ends[1], own, own_count, &connection, -1, answers_given) ==
                      ERR_OK,
                  "it ends");
    answers_given(&connection, -1);
    close(ends[1]);
    hear(ends[0]);
    close(ends[0]);
}

/* Everything that has a number goes, as at the end of the helper, but for KNOWN. */
static void forget(void)
{
    static const uint8_t unload[] = {WIRE_UNLOAD >> 8, WIRE_UNLOAD};
    for (uint32_t i = 1; i <= THINGS_MAX; i++) {
        if (things_get(THING_KEY, i) != known)
            token_key_free(things_take(THING_KEY, i));
        token_pin_free(things_take(THING_PIN, i));
        token_close(things_take(THING_TOKEN, i));
    }
    memset(&kept, 0, sizeof kept);
    run(0, unload, sizeof unload);
    fuzz_must(count == 0, "nothing is left without a number");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *at = data, *end = data + len;
    log_init("fuzz", LOG_SILENT);
    if (public == NULL)
    public = EVP_EC_gen("P-256");
    connection.given = -1;
    for (size_t i = 0; i < QUESTIONS_MAX && end - at >= 2; i++) {
        const unsigned head = (unsigned)at[0] << 8 | at[1];
        size_t packet_len = head & (GIVEN - 1);
        at += 2;
        if (packet_len > (size_t)(end - at))
            packet_len = (size_t)(end - at);
        run(head, at, packet_len);
        at += packet_len;
    }
    forget();
    return 0;
}
