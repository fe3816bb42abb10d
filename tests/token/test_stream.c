/* SPDX-License-Identifier: Apache-2.0
 * Many hashes in one question: no signature that is made is lost by what happens to those after it,
 * none waits for one that is slow by more than that one takes; the module is asked for none twice.
 */
#include "base/clock.h"
#include "base/file.h"
#include "tests/base/unit.h"
#include "tests/token/keys.h"
#include "tests/token/softhsm.h"
#include "token/remote.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANY TOKEN_AT_ONCE
#define HASH_LEN 32
#define SIG_LEN 64
#define DEADLINE_S 2
#define SLOW_US (INT64_C(700) * 1000) /* for one signature: for all of them it is too much */
#define SLOW_COUNT 4
#define TRACE_MAX 65536

struct bench {
    struct softhsm h;
    struct token *t;
    struct token_key *k;
    uint8_t hashes[MANY * HASH_LEN], sigs[MANY * SIG_LEN];
    size_t taken;
    atomic_bool done;
};

static int begin(void **state)
{
    static struct bench b;
    struct token_info info;

    memset(&b, 0, sizeof b);
    token_remote_deadline(TOKEN_DEADLINE_S);
    softhsm_begin_faulty(&b.h, FAULT_MODULE);
    softhsm_init_token(&b.h, "alice", &info);
    b.t = softhsm_open(&b.h, "alice");
    keys_generate(b.t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    b.k = keys_find(b.t, "pkcs11:", TOKEN_USE_SIGN);
    for (size_t i = 0; i < MANY; i++)
        b.hashes[i * HASH_LEN] = (uint8_t)i;
    *state = &b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;

    token_key_free(b->k);
    token_close(b->t);
    softhsm_end(&b->h);
    return 0;
}

static enum err take(void *ctx, const uint8_t *sig)
{
    struct bench *b = ctx;

    memcpy(b->sigs + b->taken++ * SIG_LEN, sig, SIG_LEN);
    return ERR_OK;
}

static enum err sign(struct bench *b, size_t count)
{
    b->taken = 0;
    enum err e = token_sign_many(b->k, b->hashes, count, take, b);
    for (size_t i = 0; i < b->taken; i++)
        assert_true(keys_verifies(b->k, b->hashes + i * HASH_LEN, HASH_LEN, b->sigs + i * SIG_LEN,
                                  SIG_LEN));
    return e;
}

/* How often the module was asked for a signature since it was asked last. */
static size_t calls(const struct bench *b)
{
    struct buf text = BUF_INIT(TRACE_MAX);
    size_t count = 0;

    assert_ok(file_read(b->h.trace, TRACE_MAX, &text));
    for (const char *at = buf_str(&text); (at = strstr(at, "C_Sign ")); at++)
        count++;
    buf_free(&text);
    unlink(b->h.trace);
    return count;
}

static void crashes_at_the_sixth(void **state)
{
    struct bench *b = *state;

    assert_ok(sign(b, MANY)); /* of which nothing is given again */
    softhsm_fault(&b->h, "trace\nC_Sign 6 crash");
    assert_err(sign(b, MANY), ERR_TOKEN_CRASHED);
    assert_int_equal(b->taken, 5);
    assert_int_equal(calls(b), 6);
}

static void hangs_at_the_sixth(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "trace\nC_Sign 6 hang");
    token_remote_deadline(DEADLINE_S);
    assert_err(sign(b, MANY), ERR_TOKEN_HANGS);
    assert_int_equal(b->taken, 5);
    assert_int_equal(calls(b), 6);
}

/* It would do so the second time. */
static void refuses_the_sixth(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "trace\nC_Sign 6 0x54");
    assert_err(sign(b, MANY), ERR_TOKEN_UNSUPPORTED);
    assert_int_equal(b->taken, 5);
    assert_int_equal(calls(b), 6);
    assert_ok(sign(b, MANY)); /* the helper is as it was */
    assert_int_equal(calls(b), MANY);
}

/* Those after it may be made by then; nobody gets them. */
static void lies_at_the_sixth(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "C_Sign 6 flip");
    assert_err(sign(b, MANY), ERR_TOKEN_BAD_SIGNATURE);
    assert_int_equal(b->taken, 5);
    assert_ok(sign(b, MANY));
}

/* Its session is gone, and another does: the one way to a second call. */
static void forgets_its_session_at_the_sixth(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "trace\nC_Sign 6 0xb3");
    assert_ok(sign(b, MANY));
    assert_int_equal(b->taken, MANY);
    assert_int_equal(calls(b), MANY + 1);
}

/* Lets a call that hangs go on, again and again. */
static void *let_go(void *arg)
{
    struct bench *b = arg;
    char rules[64];

    for (unsigned turn = 0; !b->done; turn++) {
        int64_t until_us = clock_mono_us() + SLOW_US;
        while (clock_mono_us() < until_us)
            (void)poll(NULL, 0, 20);
        snprintf(rules, sizeof rules, "C_Sign * hang # %u", turn);
        softhsm_fault(&b->h, rules);
    }
    return NULL;
}

static void begin_slowly(struct bench *b, pthread_t *other)
{
    softhsm_fault(&b->h, "C_Sign * hang");
    assert_int_equal(pthread_create(other, NULL, let_go, b), 0);
    token_remote_deadline(DEADLINE_S);
}

static void end_slowly(struct bench *b, pthread_t other)
{
    b->done = true;
    pthread_join(other, NULL);
}

/* The deadline is for each of them. */
static void is_slow(void **state)
{
    struct bench *b = *state;
    pthread_t other;

    begin_slowly(b, &other);
    int64_t began_us = clock_mono_us();
    enum err e = sign(b, SLOW_COUNT);
    bool slow = clock_mono_us() - began_us > INT64_C(1000000) * DEADLINE_S;
    end_slowly(b, other);
    assert_ok(e);
    assert_int_equal(b->taken, SLOW_COUNT);
    assert_true(slow);
}

static enum err take_none(void *ctx, const uint8_t *sig)
{
    (void)ctx;
    (void)sig;
    return ERR_IO;
}

/* What still comes for a question that was given up is no answer to the next. */
static void is_given_up(void **state)
{
    struct bench *b = *state;
    pthread_t other;

    begin_slowly(b, &other);
    enum err given_up = token_sign_many(b->k, b->hashes, SLOW_COUNT, take_none, NULL);
    enum err e = sign(b, 2);
    end_slowly(b, other);
    assert_err(given_up, ERR_IO);
    assert_ok(e);
    assert_int_equal(b->taken, 2);
}

/* What TAKE says is said, though the helper crashed later. */
static enum err take_two(void *ctx, const uint8_t *sig)
{
    size_t *taken = ctx;

    (void)sig;
    return ++*taken > 2 ? ERR_IO : ERR_OK;
}

static void is_not_taken_and_crashes(void **state)
{
    struct bench *b = *state;
    size_t taken = 0;

    softhsm_fault(&b->h, "C_Sign 6 crash");
    assert_err(token_sign_many(b->k, b->hashes, MANY, take_two, &taken), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(crashes_at_the_sixth, begin, end),
        cmocka_unit_test_setup_teardown(hangs_at_the_sixth, begin, end),
        cmocka_unit_test_setup_teardown(refuses_the_sixth, begin, end),
        cmocka_unit_test_setup_teardown(lies_at_the_sixth, begin, end),
        cmocka_unit_test_setup_teardown(forgets_its_session_at_the_sixth, begin, end),
        cmocka_unit_test_setup_teardown(is_slow, begin, end),
        cmocka_unit_test_setup_teardown(is_given_up, begin, end),
        cmocka_unit_test_setup_teardown(is_not_taken_and_crashes, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
