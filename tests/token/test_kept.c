/* SPDX-License-Identifier: Apache-2.0
 * A token that is left to its helper: when it ends, and what it is good for until then. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include "token/remote.h"
#include "token/remote/inner.h"
#include "token/serve.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define WAIT_US (20 * SECOND_US) /* a deadline, not a delay */

struct bench {
    struct softhsm h;
    char path[128], slept[128];
};

static int begin(void **state)
{
    static struct bench b;
    static const uint8_t id = 2;
    struct token_info info;

    memset(&b, 0, sizeof b);
    softhsm_begin_faulty(&b.h, FAULT_MODULE);
    snprintf(b.path, sizeof b.path, "%s/socket", b.h.dir);
    snprintf(b.slept, sizeof b.slept, "%s/slept", b.h.dir);
    softhsm_init_token(&b.h, "alice", &info);
    struct token *t = softhsm_open(&b.h, "alice");
    assert_ok(token_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", &id, 1));
    token_close(t);
    *state = &b;
    return 0;
}

static void keep(struct bench *b, unsigned seconds, unsigned idle_seconds)
{
    const struct token_keep terms = {
        .path = b->path, .seconds = seconds, .idle_seconds = idle_seconds, .detached = true};
    struct token *t = softhsm_open(&b->h, "alice");

    assert_ok(token_keep(t, &terms));
    token_close(t);
}

/* One signature by whoever comes. */
static enum err sign(struct bench *b, unsigned *left_s)
{
    static const uint8_t hash[32] = {1};
    uint8_t sig[TOKEN_SIG_MAX];
    struct token_module *m = NULL;
    struct token *t = NULL;
    struct token_key *k = NULL;
    size_t len = 0;

    enum err e = token_join(b->path, &m, &t, left_s);
    if (e)
        return e;
    e = token_key_find(t, NULL, TOKEN_USE_SIGN, &k);
    if (!e)
        e = token_sign(k, hash, sizeof hash, sig, sizeof sig, &len);
    token_key_free(k);
    token_close(t);
    token_module_unload(m);
    return e;
}

/* Until nobody answers; the microseconds that it took. */
static int64_t await_end(struct bench *b)
{
    int64_t began_us = clock_mono_us();
    struct token_module *m = NULL;
    struct token *t = NULL;
    unsigned left_s;

    while (token_join(b->path, &m, &t, &left_s) == ERR_OK) {
        token_close(t);
        token_module_unload(m);
        assert_true(clock_mono_us() - began_us < WAIT_US);
        (void)poll(NULL, 0, 20);
    }
    return clock_mono_us() - began_us;
}

static int end(void **state)
{
    struct bench *b = *state;

    if (token_keep_end(b->path) == ERR_OK)
        (void)await_end(b);
    softhsm_end(&b->h);
    return 0;
}

static void test_outlives_who_left_it(void **state)
{
    struct bench *b = *state;
    unsigned left_s = 0;

    assert_err(sign(b, &left_s), ERR_UNAVAILABLE);
    keep(b, 60, 60);
    for (int i = 0; i < 3; i++)
        assert_ok(sign(b, &left_s));
    assert_true(left_s > 30 && left_s <= 61);
    assert_ok(token_keep_end(b->path));
    (void)await_end(b);
    assert_err(sign(b, &left_s), ERR_UNAVAILABLE);
    assert_int_equal(access(b->path, F_OK), -1);
    assert_err(token_keep_end(b->path), ERR_UNAVAILABLE);
    assert_int_equal(token_keep_why(b->path, true), ERR_OK); /* whoever ended it knows */
}

/* For whoever finds it gone, until it was said for the last time. */
static void ended_by(const struct bench *b, enum err why)
{
    assert_int_equal(token_keep_why(b->path, false), why);
    assert_int_equal(token_keep_why(b->path, true), why);
    assert_int_equal(token_keep_why(b->path, true), ERR_OK);
}

static void test_its_time_is_over(void **state)
{
    struct bench *b = *state;
    int64_t began_us = clock_mono_us();
    unsigned left_s = 0;

    keep(b, 2, 60);
    while (sign(b, &left_s) == ERR_OK) /* also while it is used */
        assert_true(clock_mono_us() - began_us < WAIT_US);
    assert_true(clock_mono_us() - began_us >= 2 * SECOND_US);
    (void)await_end(b);
    ended_by(b, ERR_KEPT_OVER);
}

/* To look whether it is there is no use of it. */
static void test_nobody_uses_it(void **state)
{
    struct bench *b = *state;

    keep(b, 60, 2);
    assert_true(await_end(b) >= 1 * SECOND_US);
    ended_by(b, ERR_KEPT_IDLE);
}

/* A helper on a machine that has slept for a day once there is a file B->slept. */
static void load_sleeper(struct bench *b)
{
    const char *options = getenv("ASAN_OPTIONS");
    char asan[512];

    snprintf(asan, sizeof asan, "%s:verify_asan_link_order=0", options ? options : "");
    token_module_unload(b->h.module);
    setenv("LATE_CLOCK", b->slept, 1);
    setenv("LD_PRELOAD", LATE_CLOCK, 1);
    setenv("ASAN_OPTIONS", asan, 1);
    enum err e = token_module_load(FAULT_MODULE, &b->h.module);
    unsetenv("LD_PRELOAD");
    unsetenv("LATE_CLOCK");
    assert_ok(e);
}

/* A machine that sleeps keeps nothing the longer: what was asked before the first look, neither. */
static void test_time_of_a_sleeping_machine(void **state)
{
    struct bench *b = *state;
    unsigned left_s;

    load_sleeper(b);
    keep(b, 3600, 3600);
    assert_ok(sign(b, &left_s));
    assert_int_equal(file_write(b->slept, "", 0, 0600), ERR_OK);
    assert_true(sign(b, &left_s) != ERR_OK);
    (void)await_end(b);
    ended_by(b, ERR_KEPT_OVER);
}

struct visitor {
    struct token_module *m;
    struct token *t;
    struct token_key *k;
    enum err e;
};

static void *ask_for_one(void *arg)
{
    static const uint8_t hash[32] = {1};
    struct visitor *v = arg;
    uint8_t sig[TOKEN_SIG_MAX];
    size_t len = 0;

    v->e = token_sign(v->k, hash, sizeof hash, sig, sizeof sig, &len);
    return NULL;
}

/* One's question is there before the other's is answered, which takes longer than the token's time:
 * that one is answered, and no other. */
static void test_is_never_left_alone(void **state)
{
    struct bench *b = *state;
    struct visitor visitors[2] = {0};
    pthread_t threads[2];
    unsigned left_s;

    keep(b, 2, 60);
    int64_t over_us = clock_mono_us() + 2 * SECOND_US;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(token_join(b->path, &visitors[i].m, &visitors[i].t, &left_s));
        assert_ok(token_key_find(visitors[i].t, NULL, TOKEN_USE_SIGN, &visitors[i].k));
    }
    softhsm_fault(&b->h, "C_Sign 1 hang");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_one, &visitors[i]), 0);
    while (clock_mono_us() < over_us)
        (void)poll(NULL, 0, 20);
    softhsm_fault(&b->h, "");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        token_key_free(visitors[i].k);
        token_close(visitors[i].t);
        token_module_unload(visitors[i].m);
    }
    assert_true((visitors[0].e == ERR_OK) != (visitors[1].e == ERR_OK));
}

static void await_no_socket(const struct bench *b, int64_t wait_us)
{
    int64_t began_us = clock_mono_us();

    while (access(b->path, F_OK) == 0) {
        assert_true(clock_mono_us() - began_us < wait_us);
        (void)poll(NULL, 0, 20);
    }
}

/* With the PIN in a module that does not come back. */
static void test_hangs_beyond_its_time(void **state)
{
    struct bench *b = *state;
    unsigned left_s;

    keep(b, 2, 60);
    softhsm_fault(&b->h, "C_Sign 1 hang");
    assert_err(sign(b, &left_s), ERR_TOKEN_REMOVED);
    await_no_socket(b, WAIT_US);
}

/* Until the module did not come back from a call. */
static void await_hang(const struct bench *b)
{
    int64_t began_us = clock_mono_us();

    for (bool hangs = false; !hangs;) {
        struct buf seen = BUF_INIT(65536);
        hangs =
            file_read(b->h.trace, 65536, &seen) == ERR_OK && strstr(buf_str(&seen), "hang") != NULL;
        buf_free(&seen);
        assert_true(clock_mono_us() - began_us < WAIT_US);
        (void)poll(NULL, 0, 20);
    }
}

/* The session is over when it says so, whatever the module does. */
static void test_told_to_end_while_it_hangs(void **state)
{
    struct bench *b = *state;
    struct visitor v = {0};
    pthread_t thread;
    unsigned left_s;

    keep(b, 3600, 3600);
    assert_ok(token_join(b->path, &v.m, &v.t, &left_s));
    assert_ok(token_key_find(v.t, NULL, TOKEN_USE_SIGN, &v.k));
    softhsm_fault(&b->h, "trace\nC_Sign 1 hang");
    assert_int_equal(pthread_create(&thread, NULL, ask_for_one, &v), 0);
    await_hang(b);
    assert_ok(token_keep_end(b->path));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_err(v.e, ERR_TOKEN_REMOVED);
    assert_err(token_keep_end(b->path), ERR_UNAVAILABLE);
    assert_int_equal(access(b->path, F_OK), -1);
    token_key_free(v.k);
    token_close(v.t);
    token_module_unload(v.m);
}

/* Pulled, and what looks for it does not come back: a use has no more time than whoever asked for
 * it waits, by his own setting, and unless somebody has to type that is a module's deadline. */
static void test_hangs_longer_than_anybody_waits(void **state)
{
    struct bench *b = *state;
    unsigned left_s;

    token_remote_deadline(4);
    keep(b, 3600, 3600);
    softhsm_fault(&b->h, "C_Sign 1 0x32\nC_GetTokenInfo * hang");
    enum err e = sign(b, &left_s);
    token_remote_deadline(TOKEN_DEADLINE_S);
    assert_err(e, ERR_TOKEN_HANGS);
    await_no_socket(b, 3 * 4 * SECOND_US);
}

/* What the module may take is no reason to keep it beyond its time; the watcher says why. */
static void test_sleeps_while_it_hangs(void **state)
{
    struct bench *b = *state;

    load_sleeper(b);
    keep(b, 3600, 3600);
    softhsm_fault(&b->h, "trace\nC_GetSlotInfo * hang");
    await_hang(b);
    assert_int_equal(file_write(b->slept, "", 0, 0600), ERR_OK);
    await_no_socket(b, WAIT_US);
    ended_by(b, ERR_KEPT_OVER);
}

static void test_needs_a_login(void **state)
{
    struct bench *b = *state;
    const struct token_keep terms = {.path = b->path, .seconds = 60, .idle_seconds = 60};
    struct token *t = softhsm_open(&b->h, "alice");

    assert_ok(token_logout(t));
    assert_err(token_keep(t, &terms), ERR_USAGE);
    assert_int_equal(access(b->path, F_OK), -1);
    token_close(t);
}

static void test_token_is_pulled(void **state)
{
    struct bench *b = *state;

    keep(b, 60, 60);
    softhsm_fault(&b->h, "C_GetSlotInfo * 0xe0");
    (void)await_end(b);
    softhsm_fault(&b->h, "");
    ended_by(b, ERR_TOKEN_REMOVED);
}

/* Pulled and back between two looks: the one signature finds it again, and then it is over. */
static void test_token_came_anew(void **state)
{
    struct bench *b = *state;
    unsigned left_s;

    keep(b, 60, 60);
    assert_ok(sign(b, &left_s));
    softhsm_fault(&b->h, "C_Sign 1 0xb3");
    (void)sign(b, &left_s);
    (void)await_end(b);
}

/* The process at the socket, a child of this one. */
static pid_t who_is_there(const struct bench *b)
{
    int fd = -1;

    assert_ok(serve_connect(b->path, &fd));
    pid_t pid = serve_peer(fd);
    close(fd);
    assert_true(pid > 0 && pid != getpid());
    return pid;
}

/* One that nobody finds any more ends, and leaves the other, who has its place, alone. */
static void test_another_takes_its_place(void **state)
{
    struct bench *b = *state;
    int64_t began_us = clock_mono_us();
    char other[sizeof b->path + 8];
    struct stat its, left;
    int fd = -1;

    keep(b, 3600, 3600);
    pid_t first = who_is_there(b);
    token_module_unload(b->h.module); /* whose helper stays */
    (void)snprintf(other, sizeof other, "%s.other", b->path);
    assert_ok(serve_listen(other, &fd));
    assert_int_equal(stat(other, &its), 0);
    assert_int_equal(rename(other, b->path), 0);
    while (waitpid(first, NULL, WNOHANG) != first) {
        assert_true(clock_mono_us() - began_us < WAIT_US);
        (void)poll(NULL, 0, 20);
    }
    assert_int_equal(stat(b->path, &left), 0);
    assert_true(left.st_ino == its.st_ino);
    close(fd);
    assert_ok(token_module_load(FAULT_MODULE, &b->h.module));
}

#define RIVALS 8
#define RACES 100

struct rival {
    const struct bench *b;
    pthread_barrier_t *start;
    int fd;
};

static void *take_the_place(void *arg)
{
    struct rival *r = arg;

    (void)pthread_barrier_wait(r->start);
    (void)!keep_place(r->b->path, &r->fd);
    return NULL;
}

/* Where one was that was killed: of all who come at the same moment one has the place, and is who
 * is found there. */
static void test_race_for_the_place(void **state)
{
    struct bench *b = *state;
    struct rival rivals[RIVALS];
    pthread_t threads[RIVALS];
    pthread_barrier_t start;

    log_init("test", LOG_SILENT); /* all but one have an error */
    assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
    for (int race = 0; race < RACES; race++) {
        int have = 0, visit = -1;
        for (size_t i = 0; i < RIVALS; i++) {
            rivals[i] = (struct rival){.b = b, .start = &start};
            assert_int_equal(pthread_create(&threads[i], NULL, take_the_place, &rivals[i]), 0);
        }
        for (size_t i = 0; i < RIVALS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            have += rivals[i].fd >= 0;
        }
        enum err found = serve_connect(b->path, &visit);
        if (!found)
            close(visit);
        for (size_t i = 0; i < RIVALS; i++)
            if (rivals[i].fd >= 0)
                close(rivals[i].fd); /* and its file stays */
        assert_int_equal(have, 1);
        assert_ok(found);
    }
    pthread_barrier_destroy(&start);
    log_init("test", LOG_INFO);
}

/* A module of another token, in the process that it is shut in, is of the same user. */
static void test_no_other_module_signs(void **state)
{
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog filter = {1, allow};
    struct bench *b = *state;
    unsigned left_s;
    int status;

    keep(b, 60, 60);
    pid_t module = fork();
    if (module == 0) {
        bool shut = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
        for (int i = 0; shut && i < 8; i++)
            shut = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
        _exit(shut ? (int)sign(b, &left_s) : 255);
    }
    assert_int_equal(waitpid(module, &status, 0), module);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_TOKEN_REMOVED);
    assert_ok(sign(b, &left_s));
}

static void test_socket_is_private(void **state)
{
    struct bench *b = *state;
    struct stat st;

    keep(b, 60, 60);
    assert_int_equal(stat(b->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_outlives_who_left_it, begin, end),
        cmocka_unit_test_setup_teardown(test_its_time_is_over, begin, end),
        cmocka_unit_test_setup_teardown(test_nobody_uses_it, begin, end),
        cmocka_unit_test_setup_teardown(test_time_of_a_sleeping_machine, begin, end),
        cmocka_unit_test_setup_teardown(test_is_never_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_hangs_beyond_its_time, begin, end),
        cmocka_unit_test_setup_teardown(test_told_to_end_while_it_hangs, begin, end),
        cmocka_unit_test_setup_teardown(test_hangs_longer_than_anybody_waits, begin, end),
        cmocka_unit_test_setup_teardown(test_sleeps_while_it_hangs, begin, end),
        cmocka_unit_test_setup_teardown(test_needs_a_login, begin, end),
        cmocka_unit_test_setup_teardown(test_token_is_pulled, begin, end),
        cmocka_unit_test_setup_teardown(test_token_came_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_another_takes_its_place, begin, end),
        cmocka_unit_test_setup_teardown(test_race_for_the_place, begin, end),
        cmocka_unit_test_setup_teardown(test_no_other_module_signs, begin, end),
        cmocka_unit_test_setup_teardown(test_socket_is_private, begin, end),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
