/* SPDX-License-Identifier: Apache-2.0
 * The two ends of the helper's wire, each against one that does not keep to it: the helper program
 * asked wrong questions, and token.h in front of a helper that lies. */
#include "token/remote/inner.h"

#include "base/clock.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include "token/serve.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

/* --- wrong questions --- */

struct line {
    pid_t pid;
    int control, fd;
};

static int begin(void **state)
{
    static struct line l;
    struct buf nothing = BUF_INIT(0);
    int ends[2];

    assert_ok(process_start(&l.pid, &l.control));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_ok(serve_call_giving(l.control, ends[1], WIRE_CONNECT, NULL, 0,
                                clock_mono_us() + 60 * SECOND, &nothing));
    close(ends[1]);
    l.fd = ends[0];
    buf_free(&nothing);
    *state = &l;
    return 0;
}

static int end(void **state)
{
    struct line *l = *state;

    close(l->fd);
    (void)process_end(l->pid, l->control, 20000);
    return 0;
}

static enum err ask(const struct line *l, uint16_t type, const void *msg, size_t len)
{
    struct buf answer = BUF_INIT(SERVE_MESSAGE_MAX);

    enum err e = serve_call(l->fd, type, msg, len, clock_mono_us() + 60 * SECOND, &answer);
    buf_free(&answer);
    return e;
}

static void load(const struct line *l)
{
    struct token_source source = {0};
    struct buf msg = BUF_INIT(SERVE_MESSAGE_MAX);
    struct wire_out out = {&msg, ERR_OK};

    snprintf(source.path, sizeof source.path, "%s", softhsm_path());
    wire_put_source(&out, &source);
    assert_ok(out.e);
    assert_ok(ask(l, WIRE_LOAD, msg.data, msg.len));
    assert_err(ask(l, WIRE_LOAD, msg.data, msg.len), ERR_USAGE); /* once */
    buf_free(&msg);
}

/* Empty, cut off, filled with one byte, too long: by name, and the helper goes on. */
static void refuses_what_is_no_question(void **state)
{
    static const struct {
        enum wire_type type;
        size_t max;
    } types[] = {
#define X(name, max, wait) {WIRE_##name, max},
#include "token/wire.def"
#undef X
    };
    static uint8_t bytes[SERVE_MESSAGE_MAX];
    const struct line *l = *state;

    assert_err(ask(l, WIRE_LIST, NULL, 0), ERR_USAGE); /* no module yet */
    load(l);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint16_t type = (uint16_t)types[i].type;

        if (type == WIRE_UNLOAD)
            continue;
        if (types[i].max < SERVE_MESSAGE_MAX)
            assert_err(ask(l, type, bytes, types[i].max + 1), ERR_TOO_LARGE);
        if (types[i].max)
            assert_err(ask(l, type, NULL, 0), ERR_USAGE);
        for (int fill = 0; types[i].max && fill < 256; fill += 85) {
            memset(bytes, fill, sizeof bytes);
            assert_err(ask(l, type, bytes, types[i].max), ERR_USAGE);
            assert_err(ask(l, type, bytes, types[i].max / 2), ERR_USAGE);
        }
    }
    assert_err(ask(l, WIRE_PIN_READ, NULL, 0), ERR_USAGE); /* without a descriptor */
    assert_err(ask(l, WIRE_PAGE, NULL, 0), ERR_USAGE);
    assert_err(ask(l, WIRE_TYPES, NULL, 0), ERR_USAGE);
    assert_err(ask(l, WIRE_CONNECT, NULL, 0), ERR_USAGE); /* at the first socket only */
    assert_err(ask(l, WIRE_READERS, NULL, 0), ERR_USAGE);
    assert_ok(ask(l, WIRE_LIST, NULL, 0));
    assert_ok(ask(l, WIRE_UNLOAD, NULL, 0));
    assert_err(ask(l, WIRE_UNLOAD, NULL, 0), ERR_USAGE);
}

/* At the first socket, and nothing but how long. */
static void readers_are_asked_for_rightly(void **state)
{
    const struct line *l = *state, first = {.fd = l->control};
    struct token_reader all[TOKEN_READERS_MAX];
    struct token_readers *r = NULL;
    size_t count = 1;

    assert_err(ask(&first, WIRE_READERS, NULL, 0), ERR_USAGE);
    assert_err(ask(&first, WIRE_READERS, "\0\0\0\0", 5), ERR_TOO_LARGE);
    assert_err(ask(&first, WIRE_READERS, "\x00\x00\xea\x61", 4), ERR_USAGE);
    assert_int_equal(setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1), 0);
    assert_ok(token_readers_open(&r));
    for (int i = 0; i < 2; i++) { /* it may come */
        assert_err(token_readers_next(r, 60000, all, &count), ERR_TOKEN_NO_PCSCD);
        assert_int_equal(count, 0);
    }
    token_readers_close(r);
    assert_int_equal(unsetenv("PCSCLITE_CSOCK_NAME"), 0);
}

static uint32_t read_pin(const struct line *l)
{
    struct buf answer = BUF_INIT(SERVE_MESSAGE_MAX);
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "1234\n", 5), 5);
    close(ends[1]);
    assert_ok(serve_call_giving(l->fd, ends[0], WIRE_PIN_READ, NULL, 0,
                                clock_mono_us() + 60 * SECOND, &answer));
    close(ends[0]);
    struct wire_in in = {answer.data, answer.len, false};
    uint32_t number = (uint32_t)wire_get(&in, 4, UINT32_MAX);
    assert_true(wire_ended(&in));
    buf_free(&answer);
    return number;
}

/* The number of a PIN names no token and no key, and after it was freed nothing. */
static void numbers_are_of_one_kind(void **state)
{
    static const enum wire_type others[] = {WIRE_INFO, WIRE_CLOSE, WIRE_LOGOUT,
                                            WIRE_KEYS, WIRE_LOOK,  WIRE_KEY_FREE};
    const struct line *l = *state;

    load(l);
    uint32_t pin = read_pin(l);
    const uint8_t number[4] = {(uint8_t)(pin >> 24), (uint8_t)(pin >> 16), (uint8_t)(pin >> 8),
                               (uint8_t)pin};
    const uint8_t longer[5] = {number[0], number[1], number[2], number[3], 0};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_err(ask(l, (uint16_t)others[i], number, sizeof number), ERR_USAGE);
    assert_err(ask(l, WIRE_PIN_FREE, longer, sizeof longer), ERR_TOO_LARGE);
    assert_ok(ask(l, WIRE_PIN_FREE, number, sizeof number));
    assert_err(ask(l, WIRE_PIN_FREE, number, sizeof number), ERR_USAGE);
    assert_int_equal(read_pin(l), pin); /* the number is free again */
}

/* --- lying answers --- */

/* The helper of these tests is a process that answers every question with the same bytes. */
static const uint8_t *lie;
static size_t lie_len;

static enum err answer_with_lie(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    (void)ctx;
    (void)msg;
    (void)len;
    return buf_add(answer, lie, lie_len);
}

static void tell_lie(const struct buf *bytes)
{
    lie = bytes->data;
    lie_len = bytes->len;
}

static enum err say_yes(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    (void)ctx;
    (void)msg;
    (void)len;
    (void)answer;
    return ERR_OK;
}

static const struct serve_handler liar[] = {
    {WIRE_PAGE, 0, say_yes},
#define X(name, max, wait) {WIRE_##name, SERVE_MESSAGE_MAX, answer_with_lie},
#include "token/wire.def"
#undef X
};

static bool dies;
static void map_page(void *ctx, int fd);
static enum err fill_page_and_die(void *ctx, const uint8_t *msg, size_t len, struct buf *answer);

static const struct serve_handler dying[] = {{WIRE_PAGE, 0, say_yes},
                                             {WIRE_SIGN, SERVE_MESSAGE_MAX, fill_page_and_die}};

/* One connection is all that these tests open. */
static void serve_the_connection(void *ctx, int fd)
{
    if (fork() == 0)
        _exit(dies ? serve_loop_given(fd, dying, 2, ctx, -1, map_page) != ERR_OK
                   : serve_loop(fd, liar, sizeof liar / sizeof liar[0], ctx, -1) != ERR_OK);
    close(fd);
}

static void start_liar(struct token_module *m)
{
    static const struct serve_handler connect_only[] = {{WIRE_CONNECT, 0, say_yes}};
    static const struct token_source source = {.path = "/liar"};
    int ends[2];

    module_init(m, &source);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    m->pid = fork();
    assert_true(m->pid >= 0);
    if (m->pid == 0) {
        close(ends[0]);
        signal(SIGCHLD, SIG_IGN);
        _exit(serve_loop_given(ends[1], connect_only, 1, NULL, -1, serve_the_connection) != ERR_OK);
    }
    close(ends[1]);
    m->control = ends[0];
    m->generation = 1;
}

static enum err take_none(void *ctx, const uint8_t *sig, size_t len)
{
    (void)ctx;
    (void)sig;
    fail_msg("a signature of %zu bytes came out", len);
    return ERR_OK;
}

/* Functions that read an answer, one after another. */
static enum err call_one(size_t which, struct token_module *m)
{
    struct token t = {.module = m, .generation = 1, .number = 1};
    struct token_pin pin = {.module = m, .generation = 1, .number = 1};
    struct token_key k = {.token = &t, .generation = 1, .handle = 1, .info.curve = TOKEN_P256};
    struct token_info info, *infos = NULL;
    struct token_key_info *keys = NULL;
    static struct token_sight sight;
    struct token *opened = NULL;
    struct token_key *found = NULL;
    uint8_t hash[TOKEN_AT_ONCE * 32] = {0}, z[TOKEN_Z_MAX];
    size_t count = 0;
    bool same = false;
    enum err e = ERR_INTERNAL;

    switch (which) {
    case 0:
        e = token_list(m, &infos, &count);
        free(infos);
        break;
    case 1:
        e = token_info_of(&t, &info);
        break;
    case 2:
        e = token_key_list(&t, &keys, &count);
        free(keys);
        break;
    case 3:
        e = token_look(&t, &sight);
        break;
    case 4:
        e = token_key_find(&t, NULL, TOKEN_USE_SIGN, &found);
        assert_null(found);
        break;
    case 5:
        e = token_sign_raw(&k, hash, TOKEN_AT_ONCE, take_none, NULL);
        break;
    case 6:
        e = token_derive_raw(&k, hash, 65, z, &count);
        break;
    case 7:
        e = token_open(m, NULL, &opened);
        assert_null(opened);
        break;
    case 8:
        e = token_logout(&t);
        break;
    case 9:
        e = token_login(&t, &pin, false);
        break;
    case 10:
        e = token_pin_same(&pin, &pin, &same);
        break;
    default:
        break;
    }
    return e;
}
#define CALLS 11

/* Whatever it answers that cannot be ends the helper, and nothing of it comes out. */
static void believes_no_lie(void **state)
{
    static uint8_t huge[60000], more[2 * (TOKEN_AT_ONCE + 1)];
    static const struct {
        const void *bytes;
        size_t len;
    } lies[] = {
        {"\xff", 1},                                 /* more than there is of anything */
        {"\xff\xff\xff\xff\xff\xff", 6},             /* counts and lengths without their content */
        {"\x00\x01\x00\x40\x41", 5},                 /* one thing, cut off in its first text */
        {"\x00\x00\x00\x00\x00\x02\x00\x00\x00", 9}, /* texts with a NUL in them */
        {huge, sizeof huge},                         /* trailing bytes */
        {more, sizeof more},                         /* a signature that nobody asked for */
    };

    (void)state;
    memset(huge, 0x2a, sizeof huge);
    for (size_t call = 0; call < CALLS; call++)
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
            struct token_module m;

            lie = lies[i].bytes;
            lie_len = lies[i].len;
            start_liar(&m);
            enum err e = call_one(call, &m);
            if (e != ERR_TOKEN_CRASHED)
                fail_msg("call %zu took lie %zu: %s", call, i, err_name(e));
            assert_int_equal(m.pid, 0);
            module_end(&m);
        }
}

/* It could go on for ever, each within its deadline. */
static void waits_for_no_end_of_nothing(void **state)
{
    struct token_module m;

    (void)state;
    lie = (const uint8_t *)"";
    lie_len = 0;
    start_liar(&m);
    assert_err(call_one(5, &m), ERR_TOKEN_CRASHED);
    assert_int_equal(m.pid, 0);
    module_end(&m);
}

/* A helper that dies with more signatures in the page than it was asked for. */
static struct page *liars_page;

static void map_page(void *ctx, int fd)
{
    (void)ctx;
    (void)!page_map(fd, &liars_page);
    close(fd);
}

static enum err fill_page_and_die(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    static const uint8_t sig[64] = {1};

    (void)ctx;
    (void)msg;
    (void)len;
    (void)answer;
    for (size_t i = 0; i < TOKEN_AT_ONCE; i++)
        page_add(liars_page, sig, sizeof sig);
    _exit(1);
}

static enum err count_made(void *ctx, const uint8_t *sig, size_t len)
{
    size_t *count = ctx;

    (void)sig;
    (void)len;
    ++*count;
    return ERR_OK;
}

static void takes_no_more_than_it_asked_for(void **state)
{
    struct token_module m;
    struct token t = {.module = &m, .generation = 1, .number = 1};
    struct token_key k = {.token = &t, .generation = 1, .handle = 1, .info.curve = TOKEN_P256};
    const uint8_t hash[32] = {0};
    size_t count = 0;

    (void)state;
    dies = true;
    start_liar(&m);
    dies = false;
    assert_err(token_sign_raw(&k, hash, 1, count_made, &count), ERR_TOKEN_CRASHED);
    assert_int_equal(count, 1);
    module_end(&m);
}

/* A key whose point is on no curve would sign with nothing that can be checked. */
static void believes_no_point_off_its_curve(void **state)
{
    static const uint8_t id[] = {2};
    struct token_key_info info = {
        .label = "sign", .id_len = 1, .ec = true, .sign = true, .curve = TOKEN_P256};
    uint8_t point[65] = {4, 1};
    struct buf bytes = BUF_INIT(SERVE_MESSAGE_MAX);
    struct wire_out out = {&bytes, ERR_OK};
    struct token_module m;

    (void)state;
    memcpy(info.id, id, sizeof id);
    wire_put(&out, 7, 4);
    wire_put_key(&out, &info);
    wire_put_bytes(&out, point, sizeof point);
    assert_ok(out.e);
    tell_lie(&bytes);
    start_liar(&m);
    assert_err(call_one(4, &m), ERR_TOKEN_CRASHED);
    module_end(&m);
    buf_free(&bytes);
}

static const struct token_info alice = {.label = "alice",
                                        .manufacturer = "maker",
                                        .model = "model",
                                        .serial = "0001",
                                        .slot = "reader",
                                        .initialized = true};

static enum err open_by(const char *text, const struct token_info *said)
{
    struct buf bytes = BUF_INIT(SERVE_MESSAGE_MAX);
    struct wire_out out = {&bytes, ERR_OK};
    struct token_uri *uri = softhsm_uri(text);
    struct token_module m;
    struct token *t = NULL;

    wire_put(&out, 7, 4);
    wire_put_info(&out, said);
    assert_ok(out.e);
    tell_lie(&bytes);
    start_liar(&m);
    enum err e = token_open(&m, uri, &t);
    assert_true(!e == (t != NULL));
    assert_true(!e == (m.pid != 0)); /* one that lied is gone */
    free(t);
    module_end(&m);
    token_uri_free(uri);
    buf_free(&bytes);
    return e;
}

/* A token that was opened is the one that the URI names, by all that it names. */
static void believes_no_other_token(void **state)
{
    static const char *const wrong[] = {
        "pkcs11:token=bob",    "pkcs11:token=alice;serial=0002", "pkcs11:manufacturer=other",
        "pkcs11:model=model2", "pkcs11:slot-description=desk",
    };
    struct token_info blank = alice;

    (void)state;
    assert_ok(open_by("pkcs11:", &alice));
    assert_ok(open_by("pkcs11:token=alice;manufacturer=maker;model=model;serial=0001;"
                      "slot-description=reader",
                      &alice));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_err(open_by(wrong[i], &alice), ERR_TOKEN_CRASHED);
    blank.initialized = false;
    assert_err(open_by("pkcs11:", &blank), ERR_TOKEN_CRASHED);
}

/* What an opened token says of itself is about that one. */
static void stays_the_token_that_was_opened(void **state)
{
    struct token_info said[] = {alice, alice, alice};
    struct buf bytes = BUF_INIT(SERVE_MESSAGE_MAX);
    struct wire_out out = {&bytes, ERR_OK};

    (void)state;
    said[0].tries = TOKEN_TRIES_LOW; /* that changes */
    snprintf(said[1].label, sizeof said[1].label, "bob");
    snprintf(said[2].serial, sizeof said[2].serial, "0002");
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct token_module m;
        struct token t = {.module = &m, .generation = 1, .number = 1, .info = alice};
        struct token_info info;

        buf_clear(&bytes);
        wire_put_info(&out, &said[i]);
        tell_lie(&bytes);
        start_liar(&m);
        assert_err(token_info_of(&t, &info), i == 0 ? ERR_OK : ERR_TOKEN_CRASHED);
        module_end(&m);
    }
    buf_free(&bytes);
}

/* The base point of P-256: the public half of a key that nobody has. */
static const uint8_t base_point[] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

/* A key that was found is the one that the URI names. */
static void believes_no_other_key(void **state)
{
    static const struct {
        const char *uri;
        enum err e;
    } asked[] = {
        {"pkcs11:", ERR_OK},
        {"pkcs11:token=alice;object=sign;id=%02%00", ERR_OK},
        {"pkcs11:id=%02", ERR_TOKEN_CRASHED},
        {"pkcs11:id=%02%01", ERR_TOKEN_CRASHED},
        {"pkcs11:object=signs", ERR_TOKEN_CRASHED},
        {"pkcs11:object=sign;id=%03%00", ERR_TOKEN_CRASHED},
    };
    const struct token_key_info info = {
        .label = "sign", .id = {2, 0}, .id_len = 2, .ec = true, .sign = true, .curve = TOKEN_P256};
    struct buf bytes = BUF_INIT(SERVE_MESSAGE_MAX);
    struct wire_out out = {&bytes, ERR_OK};

    (void)state;
    wire_put(&out, 7, 4);
    wire_put_key(&out, &info);
    wire_put_bytes(&out, base_point, sizeof base_point);
    assert_ok(out.e);
    tell_lie(&bytes);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct token_uri *uri = softhsm_uri(asked[i].uri);
        struct token_module m;
        struct token t = {.module = &m, .generation = 1, .number = 1, .info = alice};
        struct token_key *k = NULL;

        start_liar(&m);
        assert_err(token_key_find(&t, uri, TOKEN_USE_SIGN, &k), asked[i].e);
        assert_true(!asked[i].e == (k != NULL));
        token_public_free(k);
        module_end(&m);
        token_uri_free(uri);
    }
    buf_free(&bytes);
}

static void reads_to_the_end_and_no_further(void **state)
{
    static const struct {
        const char *bytes, *text; /* NULL: it is bad */
        size_t len;
    } rows[] = {
        {"\0\3abc", "abc", 5}, {"\0\4abcd", NULL, 6}, {"\0\3ab", NULL, 4}, {"\0\3a\0c", NULL, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t *exactly = memcpy(malloc(rows[i].len), rows[i].bytes, rows[i].len);
        struct wire_in in = {.at = exactly, .left = rows[i].len};
        char out[4];

        wire_get_text(&in, out, sizeof out);
        assert_int_equal(in.bad, !rows[i].text);
        assert_string_equal(out, rows[i].text ? rows[i].text : "");
        free(exactly);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_what_is_no_question, begin, end),
        cmocka_unit_test_setup_teardown(readers_are_asked_for_rightly, begin, end),
        cmocka_unit_test_setup_teardown(numbers_are_of_one_kind, begin, end),
        cmocka_unit_test(reads_to_the_end_and_no_further),
        cmocka_unit_test(believes_no_lie),
        cmocka_unit_test(takes_no_more_than_it_asked_for),
        cmocka_unit_test(waits_for_no_end_of_nothing),
        cmocka_unit_test(believes_no_point_off_its_curve),
        cmocka_unit_test(believes_no_other_token),
        cmocka_unit_test(stays_the_token_that_was_opened),
        cmocka_unit_test(believes_no_other_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
