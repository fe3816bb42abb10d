/* SPDX-License-Identifier: Apache-2.0
 * A token that is left to its helper: when it ends, and what it is good for until then. */
#include "base/clock.h"
#include "base/file.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include "token/remote.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define WAIT_US (20 * SECOND_US) /* a deadline, not a delay */

struct bench {
    struct softhsm h;
    char control[128], path[128];
};

static void fault(const struct bench *b, const char *rules)
{
    assert_int_equal(file_write(b->control, rules, strlen(rules), 0600), ERR_OK);
}

static int begin(void **state)
{
    static struct bench b;
    static const uint8_t id = 2;
    struct token_info info;

    memset(&b, 0, sizeof b);
    setenv("FAULT_MODULE", softhsm_path(), 1);
    unsetenv("FAULT_CONTROL");
    softhsm_begin_with(&b.h, FAULT_MODULE);
    snprintf(b.control, sizeof b.control, "%s/control", b.h.dir);
    snprintf(b.path, sizeof b.path, "%s/socket", b.h.dir);
    setenv("FAULT_CONTROL", b.control, 1);
    token_module_unload(b.h.module); /* which began before there was a control file */
    assert_ok(token_module_load(FAULT_MODULE, &b.h.module));
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
}

/* To look whether it is there is no use of it. */
static void test_nobody_uses_it(void **state)
{
    struct bench *b = *state;

    keep(b, 60, 2);
    assert_true(await_end(b) >= 1 * SECOND_US);
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
    fault(b, "C_GetSlotInfo * 0xe0");
    (void)await_end(b);
    fault(b, "");
}

/* Pulled and back between two looks: the one signature finds it again, and then it is over. */
static void test_token_came_anew(void **state)
{
    struct bench *b = *state;
    unsigned left_s;

    keep(b, 60, 60);
    assert_ok(sign(b, &left_s));
    fault(b, "C_Sign 1 0xb3");
    (void)sign(b, &left_s);
    (void)await_end(b);
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
        cmocka_unit_test_setup_teardown(test_needs_a_login, begin, end),
        cmocka_unit_test_setup_teardown(test_token_is_pulled, begin, end),
        cmocka_unit_test_setup_teardown(test_token_came_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_socket_is_private, begin, end),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
