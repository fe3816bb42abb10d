/* SPDX-License-Identifier: Apache-2.0
 * token/reader.h in front of a helper that lies: whatever it says, and however slowly, is refused
 * by name, within the time that was given, and costs no more memory than there is room for readers.
 */
#include "token/reader.h"

#include "base/clock.h"
#include "tests/base/unit.h"
#include "token/remote/inner.h"
#include "token/serve.h"
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define WAIT_MS 100
#define PATIENCE_MS 60000 /* for what is sure to come */

/* --- the helper: a process that does what the case wants --- */

struct lie {
    const void *bytes; /* said after "OK", unless RAW */
    size_t len;
    bool raw;
};
static void (*helper)(int fd, const struct lie *lie);
static const struct lie *lie_told;
static int control_of_helper; /* the program's end */

enum err process_start(pid_t *pid, int *control)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    *pid = fork();
    assert_true(*pid >= 0);
    if (*pid == 0) {
        close(ends[0]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* where an assertion ends the test */
        helper(ends[1], lie_told);
        _exit(0);
    }
    close(ends[1]);
    *control = control_of_helper = ends[0];
    return ERR_OK;
}

int process_end(pid_t pid, int control, int left_ms)
{
    int status = 0;

    (void)left_ms;
    close(control);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool asked(int fd)
{
    uint8_t question[16];
    return recv(fd, question, sizeof question, 0) > 0;
}

static bool say(int fd, const void *bytes, size_t len)
{
    return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool say_lie(int fd, const struct lie *lie)
{
    static uint8_t packet[3 + SERVE_MESSAGE_MAX + 100] = {2, 'O', 'K'};
    size_t head = lie->raw ? 0 : 3;

    memcpy(packet + head, lie->bytes, lie->len);
    return say(fd, packet, head + lie->len);
}

static void answer(int fd, const struct lie *lie)
{
    while (asked(fd) && say_lie(fd, lie))
        ;
    pause();
}

static void be_silent(int fd, const struct lie *lie)
{
    (void)fd;
    (void)lie;
    pause();
}

static void hang_up(int fd, const struct lie *lie)
{
    (void)lie;
    (void)asked(fd);
    close(fd);
    pause();
}

/* Byte by byte. */
static void drip(int fd, const struct lie *lie)
{
    (void)asked(fd);
    for (size_t i = 0; i < lie->len && say(fd, (const uint8_t *)lie->bytes + i, 1); i++)
        ;
    pause();
}

/* As much as the socket takes, for ever, whether somebody asked or not. */
static void stream(int fd, const struct lie *lie)
{
    while (say_lie(fd, lie))
        ;
    pause();
}

/* --- what is made of it --- */

static const char *told; /* for words */

static enum err ask_once(struct token_readers *r, unsigned wait_ms, size_t *count)
{
    static struct token_reader all[TOKEN_READERS_MAX];
    int64_t begun = clock_mono_us();

    enum err e = token_readers_next(r, wait_ms, all, count);
    if (clock_mono_us() - begun > (TOKEN_READERS_S + 4) * SECOND + INT64_C(1000) * wait_ms)
        fail_msg("%s: later than it may be", told);
    if (e && *count != 0)
        fail_msg("%s: a refusal gives nothing", told);
    for (size_t i = 0; i < *count; i++)
        if (!memchr(all[i].name, '\0', sizeof all[i].name) ||
            !memchr(all[i].atr, '\0', sizeof all[i].atr))
            fail_msg("%s: a text without an end", told);
    return e;
}

static void must_be(const char *words, void (*how)(int, const struct lie *), const struct lie *lie,
                    enum err expected)
{
    struct token_readers *r = NULL;
    size_t count = 1;

    told = words;
    helper = how;
    lie_told = lie;
    assert_ok(token_readers_open(&r));
    enum err e = ask_once(r, WAIT_MS, &count);
    token_readers_close(r);
    if (e != expected)
        fail_msg("%s: %s", words, err_name(e));
}

static void refuses_what_cannot_be(void **state)
{
    static uint8_t huge[SERVE_MESSAGE_MAX + 90];
    static const struct {
        const char *words;
        struct lie lie;
    } lies[] = {
        {"nothing", {"", 0, false}},
        {"an empty packet", {"", 0, true}},
        {"a name of 255 bytes", {"\xff", 1, true}},
        {"half a name", {"\x02O", 2, true}},
        {"a name of nothing", {"\x02OJ", 3, true}},
        {"255 readers", {"\xff", 1, false}},
        {"one more than there may be", {"\x11", 1, false}},
        {"16 readers, and none of them", {"\x10", 1, false}},
        {"a name longer than the packet",
         {"\x01\xff\xff"
          "A",
          4, false}},
        {"a name without room", {"\x01\x00\x81", 3, false}},
        {"half a reader",
         {"\x01\x00\x01"
          "A\x01\x00",
          6, false}},
        {"a NUL in a name",
         {"\x01\x00\x02"
          "A\x00\x00\x00\x00\x00\x00\x00\x00",
          12, false}},
        {"flags that are none",
         {"\x01\x00\x01"
          "A\xff\x00\x00\x00\x00\x00\x00",
          11, false}},
        {"an ATR without room",
         {"\x01\x00\x01"
          "A\x01\x00\x43",
          7, false}},
        {"a byte too many",
         {"\x01\x00\x01"
          "A\x01\x00\x00\x00\x00\x00\x00!",
          12, false}},
        {"all of one byte", {huge, SERVE_MESSAGE_MAX, false}},
        {"more than a message has", {huge, sizeof huge, false}},
        {"a long packet of nothing", {huge, sizeof huge, true}},
    };

    (void)state;
    memset(huge, 0x2a, sizeof huge);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        must_be(lies[i].words, answer, &lies[i].lie, ERR_TOKEN_CRASHED);
    must_be("an end", hang_up, &lies[0].lie, ERR_TOKEN_CRASHED);
}

/* It may say that pcscd is not there, and no other word: not that it is late, either. */
static void believes_one_word(void **state)
{
    static const enum err all[] = {
#define X(name, ...) ERR_##name,
#include "base/err.def"
#undef X
    };
    uint8_t packet[66];

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *name = err_name(all[i]);
        const struct lie lie = {packet, strlen(name) + 1, true};

        packet[0] = (uint8_t)strlen(name);
        memcpy(packet + 1, name, strlen(name));
        must_be(name, answer, &lie,
                all[i] == ERR_TOKEN_NO_PCSCD ? ERR_TOKEN_NO_PCSCD : ERR_TOKEN_CRASHED);
    }
}

static const uint8_t one[] = {1, 0, 1, 'A', 1, 0, 2, '3', 'B', 0, 0, 0, 7};
static const struct lie truth = {one, sizeof one, false};

/* What comes by the byte is no answer. */
static void waits_for_no_drip(void **state)
{
    static const uint8_t whole[3 + sizeof one] = {2, 'O', 'K', 1,   0, 1, 'A', 1,
                                                  0, 2,   '3', 'B', 0, 0, 0,   7};
    const struct lie lie = {whole, sizeof whole, true};

    (void)state;
    must_be("a drip", drip, &lie, ERR_TOKEN_CRASHED);
}

static void waits_for_no_silence(void **state)
{
    struct token_readers *r = NULL;
    size_t count = 1;
    int64_t begun = clock_mono_us();

    (void)state;
    told = "silence";
    helper = be_silent;
    assert_ok(token_readers_open(&r));
    assert_err(ask_once(r, 60000, &count), ERR_TOKEN_PCSCD_HANGS);
    assert_in_range(clock_mono_us() - begun, TOKEN_READERS_S * SECOND - SECOND / 10,
                    (TOKEN_READERS_S + 4) * SECOND);
    assert_err(ask_once(r, WAIT_MS, &count), ERR_TOKEN_PCSCD_HANGS);
    token_readers_close(r);
}

/* Answers without a question, however right they look, are soon called what they are. */
static void hears_no_stream(void **state)
{
    struct token_readers *r = NULL;
    struct rusage before, after;
    size_t count = 0;

    (void)state;
    told = "a stream";
    helper = stream;
    lie_told = &truth;
    assert_ok(token_readers_open(&r));
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    enum err e = ask_once(r, WAIT_MS, &count); /* it may not have begun before the first */
    if (!e) {
        struct pollfd unasked = {.fd = control_of_helper, .events = POLLIN};
        assert_int_equal(poll(&unasked, 1, PATIENCE_MS), 1);
        e = ask_once(r, WAIT_MS, &count);
    }
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_err(e, ERR_TOKEN_CRASHED);
    assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 16384); /* KiB */
    token_readers_close(r);
}

static void takes_what_is_right(void **state)
{
    struct token_readers *r = NULL;
    size_t count = 0;

    (void)state;
    told = "the truth";
    helper = answer;
    lie_told = &truth;
    assert_ok(token_readers_open(&r));
    for (int i = 0; i < 3; i++) {
        assert_ok(ask_once(r, WAIT_MS, &count));
        assert_int_equal(count, 1);
    }
    token_readers_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_cannot_be), cmocka_unit_test(believes_one_word),
        cmocka_unit_test(waits_for_no_drip),      cmocka_unit_test(waits_for_no_silence),
        cmocka_unit_test(hears_no_stream),        cmocka_unit_test(takes_what_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
