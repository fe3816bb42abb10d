/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of a helper whose module has taken it over: whatever it says, the program that asks goes
 * on, with what its contract (token/token.h) promises or with an error. The input is a list of
 * calls, each with the packets that the helper sends on every connection before it closes it.
 */
#include "base/log.h"
#include "tests/fuzz/fuzz.h"
#include "token/reader.h"
#include "token/remote.h"
#include "token/remote/inner.h"
#include "token/serve.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS_MAX 8 /* of one input */
#define HELPERS_MAX 4
#define MANY 3
#define MORE 0x8000u /* another packet of the same call follows */
#define RAW 0x4000u  /* what stands there is all; otherwise "OK" comes before it */

/* RFC 6979, A.2.5: a key, the hash of "sample", and the signature that belongs to it. */
static const uint8_t point[] = {4,    0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61,
                                0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b,
                                0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6,
                                0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9,
                                0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e,
                                0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99};
static const uint8_t hash[32] = {0xaf, 0x2b, 0xdb, 0xe1, 0xaa, 0x9b, 0x6e, 0xc1, 0xe2, 0xad, 0xe1,
                                 0xd6, 0x94, 0xf4, 0x1f, 0xc7, 0x1a, 0x83, 0x1d, 0x02, 0x68, 0xe9,
                                 0x89, 0x15, 0x62, 0x11, 0x3d, 0x8a, 0x62, 0xad, 0xd1, 0xbf};

/* --- the helper --- */

static const uint8_t *packets; /* of this call */
static size_t packets_len;

static struct helper {
    bool runs;
    int control;
    pthread_t thread;
    int connections[CONNECTIONS_MAX];
    size_t count;
} helpers[HELPERS_MAX];

/* The next packet of a call; its bytes, or NULL at the end. */
static const uint8_t *next_packet(const uint8_t **at, const uint8_t *end, unsigned *head,
                                  size_t *len)
{
    if (end - *at < 2)
        return NULL;
    *head = (unsigned)(*at)[0] << 8 | (*at)[1];
    *at += 2;
    *len = *head & (RAW - 1);
    if (*len > (size_t)(end - *at))
        *len = (size_t)(end - *at);
    const uint8_t *bytes = *at;
    *at += *len;
    return bytes;
}

static void answer(int fd, unsigned head, const uint8_t *bytes, size_t len)
{
    struct iovec parts[] = {{.iov_base = (char[]){2, 'O', 'K'}, .iov_len = head & RAW ? 0 : 3},
                            {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    (void)!sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); /* what has no room is lost */
}

/* Then no more comes; but questions still go there. */
static void answer_all(int fd)
{
    const uint8_t *at = packets, *end = packets + packets_len, *bytes;
    unsigned head = MORE;
    size_t len = 0;

    while (head & MORE && (bytes = next_packet(&at, end, &head, &len)) != NULL)
        answer(fd, head, bytes, len);
    (void)shutdown(fd, SHUT_WR);
}

/* One question. False: the program has closed its end. *FD: the end of a connection that came with
 * it, or -1. */
static bool receive_question(int control, int *fd)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } room;
    uint8_t question[2];
    struct iovec part = {.iov_base = question, .iov_len = sizeof question};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = room.room,
                             .msg_controllen = sizeof room.room};

    *fd = -1;
    if (recvmsg(control, &message, MSG_CMSG_CLOEXEC) <= 0)
        return false;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (c != NULL)
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return true;
}

/* All that it will ever say stands ready before it says that a connection is made. */
static void *help(void *arg)
{
    struct helper *h = arg;
    int fd;

    while (h->count < CONNECTIONS_MAX && receive_question(h->control, &fd)) {
        if (fd >= 0)
            answer(fd, 0, NULL, 0); /* it takes the page */
        answer_all(fd >= 0 ? fd : h->control);
        if (fd < 0)
            continue;
        h->connections[h->count++] = fd;
        answer(h->control, 0, NULL, 0);
    }
    while (h->count > 0)
        close(h->connections[--h->count]);
    close(h->control);
    return NULL;
}

enum err process_start(pid_t *pid, int *control)
{
    struct helper *h = helpers;
    int ends[2];

    while (h < helpers + HELPERS_MAX && h->runs)
        h++;
    fuzz_must(h < helpers + HELPERS_MAX, "as many helpers as modules");
    fuzz_must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket");
    *h = (struct helper){.runs = true, .control = ends[1]};
    fuzz_must(pthread_create(&h->thread, NULL, help, h) == 0, "a thread");
    *pid = (pid_t)(h - helpers) + 1;
    *control = ends[0];
    return ERR_OK;
}

int process_end(pid_t pid, int control, int left_ms)
{
    struct helper *h = &helpers[pid - 1];

    (void)left_ms;
    close(control);
    (void)pthread_join(h->thread, NULL);
    h->runs = false;
    return 0;
}

/* --- what is promised --- */

static struct token_module module;
static struct token token;
static struct token_pin pin;
static struct token_key *key;

static void must_end(const char *text, size_t size)
{
    fuzz_must(memchr(text, '\0', size) != NULL, "a text has an end");
}

static void must_be_info(const struct token_info *i)
{
    must_end(i->label, sizeof i->label);
    must_end(i->manufacturer, sizeof i->manufacturer);
    must_end(i->model, sizeof i->model);
    must_end(i->serial, sizeof i->serial);
    must_end(i->slot, sizeof i->slot);
    must_end(i->module, sizeof i->module);
    fuzz_must(i->tries <= TOKEN_TRIES_LOCKED && i->puk_tries <= TOKEN_TRIES_LOCKED, "known tries");
    fuzz_must(i->pin_min <= SECRET_MAX && i->pin_max <= SECRET_MAX, "a PIN that can be kept");
}

static void must_be_key(const struct token_key_info *k)
{
    must_end(k->label, sizeof k->label);
    fuzz_must(k->id_len <= sizeof k->id, "an id has room");
    fuzz_must(k->curve <= TOKEN_P521, "one of the curves, or none");
}

static void must_be_nothing(enum err e, const void *out)
{
    fuzz_must(e == ERR_OK || out == NULL, "a refusal gives nothing");
}

/* --- the calls --- */

static void call_sources(void)
{
    static struct token_source sources[TOKEN_MODULES_MAX];
    size_t count = 0;
    enum err e = token_module_sources(sources, &count);
    fuzz_must(count <= (e == ERR_OK ? TOKEN_MODULES_MAX : 0), "so many have room");
    for (size_t i = 0; i < count; i++) {
        must_end(sources[i].path, sizeof sources[i].path);
        must_end(sources[i].reserved, sizeof sources[i].reserved);
    }
}

static void call_list(void)
{
    struct token_info *infos = NULL;
    size_t count = 0;
    enum err e = token_list(&module, &infos, &count);
    must_be_nothing(e, infos);
    fuzz_must((count == 0) == (infos == NULL), "none is nothing");
    for (size_t i = 0; i < count; i++)
        must_be_info(&infos[i]);
    free(infos);
}

static void call_init(void)
{
    struct token_info info;
    if (token_init(&module, "label", &pin, &pin, &info) == ERR_OK)
        must_be_info(&info);
}

static void call_open(void)
{
    struct token_uri *uri = NULL;
    struct token *t = NULL;
    fuzz_must(token_uri_parse("pkcs11:token=alice", &uri) == ERR_OK, "a URI");
    enum err e = token_open(&module, uri, &t);
    must_be_nothing(e, t);
    if (t != NULL)
        fuzz_must(strcmp(t->info.label, "alice") == 0, "it is the one that was asked for");
    token_close(t);
    token_uri_free(uri);
}

static void call_info(void)
{
    struct token_info info;
    if (token_info_of(&token, &info) != ERR_OK)
        return;
    must_be_info(&info);
    fuzz_must(token_info_same(&info, &token.info), "it is still that one");
}

static void call_login(void)
{
    (void)!token_login(&token, &pin, false);
    (void)!token_change_pin(&token, &pin, &pin, false);
    (void)!token_unblock(&token, TOKEN_WAY_PUK, &pin, &pin, true);
    (void)!token_logout(&token);
}

static void call_pins(void)
{
    struct token_pin *a = NULL;
    bool same = false;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    enum err e = token_pin_read(&module, fd, &a);
    must_be_nothing(e, a);
    if (a != NULL)
        fuzz_must(token_pin_same(a, a, &same) == ERR_OK || !same, "no answer is no yes");
    token_pin_free(a);
    close(fd);
}

static void call_generate(void)
{
    (void)!token_generate(&token, TOKEN_USE_SIGN, TOKEN_P256, "sign", (const uint8_t *)"\2", 1);
}

static void call_keys(void)
{
    struct token_key_info *keys = NULL;
    size_t count = 0;
    enum err e = token_key_list(&token, &keys, &count);
    must_be_nothing(e, keys);
    fuzz_must((count == 0) == (keys == NULL), "none is nothing");
    for (size_t i = 0; i < count; i++)
        must_be_key(&keys[i]);
    free(keys);
}

static void call_look(void)
{
    struct token_sight sight;
    if (token_look(&token, &sight) != ERR_OK)
        return;
    fuzz_must(sight.count <= TOKEN_SEEN_MAX, "so many have room");
    for (size_t i = 0; i < sight.count; i++)
        must_be_key(&sight.keys[i].key);
}

static void call_find(void)
{
    struct buf spki = BUF_INIT(1024);
    struct token_key *k = NULL;
    enum err e = token_key_find(&token, NULL, TOKEN_USE_SIGN, &k);
    must_be_nothing(e, k);
    if (k != NULL) {
        must_be_key(token_key_about(k));
        fuzz_must(token_key_about(k)->curve != 0, "a key has a curve");
        fuzz_must(token_key_spki(k, &spki) == ERR_OK, "and a public half");
    }
    token_key_free(k);
    buf_free(&spki);
}

static enum err take(void *ctx, const uint8_t *sig)
{
    size_t *taken = ctx;
    fuzz_must(token_public_check(key, hash, sizeof hash, sig, 64) == ERR_OK,
              "what is handed out verifies");
    ++*taken;
    return ERR_OK;
}

static void call_sign(void)
{
    uint8_t sig[TOKEN_SIG_MAX];
    size_t len = 0, taken = 0;
    if (token_sign(key, hash, sizeof hash, sig, sizeof sig, &len) == ERR_OK)
        fuzz_must(len == 64 && take(&taken, sig) == ERR_OK, "a signature");
    else
        fuzz_must(len == 0, "no signature");
}

static void call_sign_many(void)
{
    uint8_t hashes[MANY * sizeof hash];
    size_t taken = 0;
    for (size_t i = 0; i < MANY; i++)
        memcpy(hashes + i * sizeof hash, hash, sizeof hash);
    enum err e = token_sign_many(key, hashes, MANY, take, &taken);
    fuzz_must(e != ERR_OK || taken == MANY, "all, or an error");
}

static void call_derive(void)
{
    struct secret *z = NULL;
    fuzz_must(secret_new(&z) == ERR_OK, "there is memory");
    enum err e = token_derive(key, point, sizeof point, z);
    fuzz_must(secret_len(z) == (e == ERR_OK ? 32 : 0), "a coordinate, or none");
    secret_free(z);
}

static void call_readers(void)
{
    struct token_reader all[TOKEN_READERS_MAX];
    struct token_readers *r = NULL;
    size_t n = 0;
    fuzz_must(token_readers_open(&r) == ERR_OK, "a helper starts");
    enum err e = token_readers_next(r, 0, all, &n);
    fuzz_must(n <= (e == ERR_OK ? TOKEN_READERS_MAX : 0), "so many have room");
    for (size_t i = 0; i < n; i++) {
        must_end(all[i].name, sizeof all[i].name);
        must_end(all[i].atr, sizeof all[i].atr);
    }
    token_readers_close(r);
}

static void call_store(void)
{
    (void)!token_key_store_certificate(key, point, sizeof point);
}

static char place[64]; /* where a kept token would be */
static int listener = -1;

static void leave_place(void)
{
    (void)unlink(place);
}

static void *let_in(void *arg)
{
    struct pollfd one = {.fd = listener, .events = POLLIN};
    int *visit = arg;
    (void)poll(&one, 1, -1);
    *visit = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    answer_all(*visit);
    return NULL;
}

static void call_join(void)
{
    struct token_module *m = NULL;
    struct token *t = NULL;
    pthread_t thread;
    unsigned left_s = 0;
    int visit = -1;
    if (listener < 0) {
        (void)snprintf(place, sizeof place, "/tmp/countersign-fuzz.%d", (int)getpid());
        fuzz_must(serve_listen(place, &listener) == ERR_OK && atexit(leave_place) == 0, "a place");
    }
    fuzz_must(pthread_create(&thread, NULL, let_in, &visit) == 0, "a thread");
    enum err e = token_join(place, &m, &t, &left_s);
    (void)pthread_join(thread, NULL);
    must_be_nothing(e, m);
    must_be_nothing(e, t);
    token_close(t);
    token_module_unload(m);
    close(visit);
}

static void (*const calls[])(void) = {
    call_sources, call_list,     call_init,      call_open, call_info,   call_login,
    call_pins,    call_generate, call_keys,      call_look, call_find,   call_sign,
    call_derive,  call_store,    call_sign_many, call_join, call_readers};

/* --- one input --- */

static void run(unsigned which)
{
    static const struct token_source none;
    uint64_t generation = 0;
    module_init(&module, &none);
    fuzz_must(module_begin(&module, &generation) == ERR_OK, "a helper starts");
    token = (struct token){.module = &module,
                           .generation = generation,
                           .number = 7,
                           .info = {.label = "alice",
                                    .manufacturer = "SoftHSM project",
                                    .model = "SoftHSM v2",
                                    .serial = "0123"}};
    pin = (struct token_pin){&module, generation, 8};
    fuzz_must(token_public_new(&token, TOKEN_USE_SIGN, &key) == ERR_OK, "there is memory");
    key->info.curve = TOKEN_P256;
    key->generation = generation;
    fuzz_must(token_public_from_point(TOKEN_P256, point, sizeof point, &key->public) == ERR_OK,
              "the point is one");
    calls[which % (sizeof calls / sizeof *calls)]();
    token_public_free(key);
    module_end(&module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *at = data, *end = data + len;
    log_init("fuzz", LOG_SILENT);
    for (size_t i = 0; i < CALLS_MAX && at < end; i++) {
        const unsigned which = *at++;
        unsigned head = MORE;
        size_t packet_len = 0;
        packets = at;
        while (head & MORE && next_packet(&at, end, &head, &packet_len) != NULL)
            ;
        packets_len = (size_t)(at - packets);
        run(which);
    }
    return 0;
}
