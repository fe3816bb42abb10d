/* SPDX-License-Identifier: Apache-2.0 */
#include "token/serve.h"

#include "base/clock.h"
#include "tests/base/unit.h"
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
enum { ECHO = 1, LOCKED, SUM, BIG, FAIL_AS };

static enum err echo(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    (void)ctx;
    return buf_add(answer, msg, len);
}

/* Leaves bytes in ANSWER: they must not reach the caller. */
static enum err locked(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    (void)ctx;
    (void)msg;
    (void)len;
    enum err e = buf_add_str(answer, "half an answer");
    return e ? e : ERR_PIN_LOCKED;
}

static enum err sum(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    unsigned *total = ctx;

    for (size_t i = 0; i < len; i++)
        *total += msg[i];
    return buf_addf(answer, "%u", *total);
}

static enum err big(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    enum err e = ERR_OK;

    (void)ctx;
    (void)msg;
    (void)len;
    while (!e && answer->len < SERVE_MESSAGE_MAX)
        e = buf_add_byte(answer, 'x');
    return e;
}

/* What it is asked to fail with. */
static enum err fail_as(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    (void)ctx;
    (void)answer;
    return err_from_name((const char *)msg, len);
}

static const struct serve_handler TABLE[] = {
    {ECHO, 100, echo}, {FAIL_AS, 100, fail_as}, {LOCKED, 0, locked}, {SUM, SERVE_MESSAGE_MAX, sum},
    {BIG, 0, big},
};

struct helper {
    int listen_fd, stop_fd;
    unsigned total;
    char dir[64], path[96];
    enum err result;
    pthread_t thread;
};

static void *run_helper(void *arg)
{
    struct helper *h = arg;
    h->result =
        serve_loop(h->listen_fd, TABLE, sizeof TABLE / sizeof TABLE[0], &h->total, h->stop_fd);
    return NULL;
}

static int begin(void **state)
{
    struct helper *h = calloc(1, sizeof *h);

    assert_non_null(h);
    strcpy(h->dir, "/tmp/countersign-serve-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->path, sizeof h->path, "%s/socket", h->dir);
    assert_ok(serve_listen(h->path, &h->listen_fd));
    h->stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pthread_create(&h->thread, NULL, run_helper, h), 0);
    *state = h;
    return 0;
}

static int end(void **state)
{
    struct helper *h = *state;

    assert_int_equal(eventfd_write(h->stop_fd, 1), 0);
    pthread_join(h->thread, NULL);
    assert_ok(h->result);
    close(h->stop_fd);
    close(h->listen_fd);
    unlink(h->path);
    rmdir(h->dir);
    free(h);
    return 0;
}

static int join(const struct helper *h)
{
    int fd = -1;
    assert_ok(serve_connect(h->path, &fd));
    return fd;
}

static enum err ask(int fd, uint16_t type, const char *text, struct buf *answer)
{
    buf_clear(answer);
    return serve_call(fd, type, (const uint8_t *)text, strlen(text), clock_mono_us() + 5 * SECOND,
                      answer);
}

static void answers(void **state)
{
    struct buf answer = BUF_INIT(SERVE_MESSAGE_MAX);
    int a = join(*state), b = join(*state);

    assert_ok(ask(a, ECHO, "hello", &answer));
    assert_string_equal(buf_str(&answer), "hello");
    assert_ok(ask(b, SUM, "\x05", &answer));
    assert_ok(ask(a, SUM, "\x06", &answer)); /* one state behind all connections */
    assert_string_equal(buf_str(&answer), "11");
    assert_ok(ask(a, ECHO, "", &answer));
    assert_int_equal(answer.len, 0);
    assert_ok(ask(a, BIG, "", &answer));
    assert_int_equal(answer.len, SERVE_MESSAGE_MAX);
    close(a);
    assert_ok(ask(b, ECHO, "still here", &answer));
    close(b);
    buf_free(&answer);
}

static void refusals_have_names(void **state)
{
    struct buf answer = BUF_INIT(0);
    char long_text[102];
    int fd = join(*state);

    memset(long_text, 'x', 101);
    long_text[101] = '\0';
    assert_err(ask(fd, LOCKED, "", &answer), ERR_PIN_LOCKED);
    assert_int_equal(answer.len, 0);
    assert_err(ask(fd, FAIL_AS, "IO", &answer), ERR_IO);               /* as short as OK */
    assert_err(ask(fd, FAIL_AS, "TIMEOUT", &answer), ERR_UNAVAILABLE); /* not its to say */
    assert_err(ask(fd, 77, "", &answer), ERR_USAGE);
    assert_err(ask(fd, ECHO, long_text, &answer), ERR_TOO_LARGE);
    assert_err(ask(fd, LOCKED, "x", &answer), ERR_TOO_LARGE);
    long_text[100] = '\0';
    assert_ok(ask(fd, ECHO, long_text, &answer)); /* and the connection goes on */
    close(fd);
    buf_free(&answer);
}

/* Packets that no caller of ours sends: short, and longer than the loop's buffer. */
static void survives_junk(void **state)
{
    static uint8_t junk[SERVE_MESSAGE_MAX + 4096];
    struct buf answer = BUF_INIT(0);
    char name[16] = {0};
    int fd = join(*state);

    assert_int_equal(send(fd, "x", 1, 0), 1);
    assert_int_equal(recv(fd, name, sizeof name - 1, 0), 6);
    assert_string_equal(name + 1, "USAGE");
    assert_int_equal(send(fd, junk, sizeof junk, 0), sizeof junk);
    assert_int_equal(recv(fd, name, sizeof name - 1, 0), 10);
    assert_string_equal(name + 1, "TOO_LARGE");
    assert_ok(ask(fd, ECHO, "x", &answer));
    close(fd);
    buf_free(&answer);
}

/* Questions without end whose answers nobody reads: that client is dropped, others are served. */
static void drops_who_does_not_read(void **state)
{
    const uint8_t question[] = {0, BIG};
    struct buf answer = BUF_INIT(0);
    int greedy = join(*state), other = join(*state);

    for (int i = 0; i < 10000; i++)
        if (send(greedy, question, sizeof question, MSG_NOSIGNAL) < 0)
            break;
    assert_ok(ask(other, ECHO, "x", &answer));
    assert_int_equal(send(greedy, question, sizeof question, MSG_NOSIGNAL), -1);
    close(greedy);
    close(other);
    buf_free(&answer);
}

/* Those who connect and say nothing hold no place for ever; who talked last keeps his. */
static void silence_gives_way(void **state)
{
    const struct helper *h = *state;
    int silent[SERVE_CONNECTIONS_MAX];
    struct buf answer = {0};
    char byte;

    int talker = join(h);
    for (int i = 0; i < SERVE_CONNECTIONS_MAX - 1; i++)
        silent[i] = join(h);
    assert_ok(ask(talker, ECHO, "I am here", &answer));
    int late = join(h);
    assert_ok(ask(late, ECHO, "and I", &answer));
    assert_ok(ask(talker, ECHO, "still", &answer));
    assert_int_equal(recv(silent[0], &byte, 1, 0), 0);
    assert_ok(ask(silent[1], ECHO, "late but in time", &answer));
    for (int i = 0; i < SERVE_CONNECTIONS_MAX - 1; i++)
        close(silent[i]);
    close(talker);
    close(late);
    buf_free(&answer);
}

static void caller_sees_deadline_and_death(void **state)
{
    struct buf answer = BUF_INIT(0);
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    int64_t before = clock_mono_us();
    assert_err(serve_call(pair[0], ECHO, NULL, 0, before + SECOND / 20, &answer), ERR_TIMEOUT);
    assert_true(clock_mono_us() - before < 2 * SECOND);
    assert_int_equal(send(pair[1], "\x09OK", 3, 0), 3); /* a name longer than the packet */
    assert_err(ask(pair[0], ECHO, "", &answer), ERR_UNAVAILABLE);
    close(pair[1]);
    assert_err(ask(pair[0], ECHO, "", &answer), ERR_UNAVAILABLE);
    close(pair[0]);
    buf_free(&answer);
}

static bool at_once(void)
{
    return true;
}

/* Not for ever, nor by the next who asks; and what comes late is had all the same. */
static void caller_gives_up(void **state)
{
    struct buf answer = BUF_INIT(8);
    int64_t before = clock_mono_us();
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    serve_give_up(at_once);
    assert_err(ask(pair[0], ECHO, "", &answer), ERR_TIMEOUT);
    assert_true(clock_mono_us() - before < 2 * SECOND);
    serve_give_up(NULL);
    assert_err(serve_hear(pair[0], clock_mono_us() + SECOND / 20, &answer), ERR_TIMEOUT);
    assert_int_equal(send(pair[1], "\x02OKlate", 7, 0), 7);
    assert_ok(serve_hear(pair[0], clock_mono_us() + 5 * SECOND, &answer));
    assert_string_equal(buf_str(&answer), "late");
    close(pair[0]);
    close(pair[1]);
    buf_free(&answer);
}

static void serves_a_socketpair(void **state)
{
    struct helper h = {.stop_fd = eventfd(0, EFD_CLOEXEC)};
    struct buf answer = BUF_INIT(0);
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    h.listen_fd = pair[1];
    assert_int_equal(pthread_create(&h.thread, NULL, run_helper, &h), 0);
    assert_ok(ask(pair[0], ECHO, "hello", &answer));
    assert_string_equal(buf_str(&answer), "hello");
    close(pair[0]); /* ends the loop */
    pthread_join(h.thread, NULL);
    assert_ok(h.result);
    close(pair[1]);
    close(h.stop_fd);
    buf_free(&answer);
}

static void count_given(void *ctx, int fd)
{
    ++*(unsigned *)ctx;
    close(fd);
}

static void *run_given(void *arg)
{
    struct helper *h = arg;

    h->result = serve_loop_given(h->listen_fd, TABLE, sizeof TABLE / sizeof TABLE[0], &h->total,
                                 h->stop_fd, count_given);
    return NULL;
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* A question to ECHO with two descriptors. */
static void ask_giving_two(int fd, int give)
{
    const int two[] = {give, give};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof two)];
    } control = {0};
    uint8_t question[] = {0, ECHO};
    struct iovec part = {.iov_base = question, .iov_len = sizeof question};
    const struct msghdr message = {.msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = control.room,
                                   .msg_controllen = sizeof control.room};
    char answer[8];

    control.align = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof two), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.align), two, sizeof two);
    assert_int_equal(sendmsg(fd, &message, 0), sizeof question);
    assert_int_equal(recv(fd, answer, sizeof answer, 0), 6);
    assert_memory_equal(answer, "\5USAGE", 6);
}

/* Of two neither is kept, and the question is refused. */
static void takes_one_descriptor(void **state)
{
    struct helper h = {.stop_fd = eventfd(0, EFD_CLOEXEC)};
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    h.listen_fd = pair[1];
    assert_int_equal(pthread_create(&h.thread, NULL, run_given, &h), 0);
    const size_t before = open_descriptors();
    ask_giving_two(pair[0], h.stop_fd);
    assert_int_equal(open_descriptors(), before);
    close(pair[0]);
    pthread_join(h.thread, NULL);
    assert_ok(h.result);
    assert_int_equal(h.total, 0);
    close(pair[1]);
    close(h.stop_fd);
}

static void listens_once(void **state)
{
    const struct helper *h = *state;
    struct stat st;
    int fd = -1;

    assert_int_equal(lstat(h->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_err(serve_listen(h->path, &fd), ERR_IO); /* alive */
    char dead[128];
    snprintf(dead, sizeof dead, "%s/dead", h->dir);
    assert_ok(serve_listen(dead, &fd));
    close(fd);
    assert_err(serve_connect(dead, &fd), ERR_UNAVAILABLE);
    assert_ok(serve_listen(dead, &fd)); /* takes the place of what a dead process left */
    close(fd);
    unlink(dead);
    assert_err(serve_connect(dead, &fd), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, begin, end),
        cmocka_unit_test_setup_teardown(refusals_have_names, begin, end),
        cmocka_unit_test_setup_teardown(survives_junk, begin, end),
        cmocka_unit_test_setup_teardown(drops_who_does_not_read, begin, end),
        cmocka_unit_test_setup_teardown(silence_gives_way, begin, end),
        cmocka_unit_test_setup_teardown(listens_once, begin, end),
        cmocka_unit_test(caller_sees_deadline_and_death),
        cmocka_unit_test(caller_gives_up),
        cmocka_unit_test(serves_a_socketpair),
        cmocka_unit_test(takes_one_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
