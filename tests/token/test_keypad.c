/* SPDX-License-Identifier: Apache-2.0
 * A module that waits for somebody at the reader has longer than one that waits for nobody. */
#include "base/clock.h"
#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include "token/remote.h"
#include <poll.h>
#include <pthread.h>
#include <string.h>

#define DEADLINE_S 1
#define TYPING_US (INT64_C(1500) * 1000) /* more than that */

struct bench {
    struct softhsm h;
    struct token *t;
};

static int begin(void **state)
{
    static struct bench b;
    struct token_info info;

    memset(&b, 0, sizeof b);
    token_remote_deadline(30);
    softhsm_begin_faulty(&b.h, FAULT_MODULE);
    softhsm_init_token(&b.h, "alice", &info);
    *state = &b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;

    token_close(b->t);
    softhsm_end(&b->h);
    return 0;
}

/* Not logged in. */
static void open_token(struct bench *b)
{
    struct token_uri *uri = softhsm_uri("pkcs11:token=alice");

    assert_ok(token_open(b->h.module, uri, &b->t));
    token_uri_free(uri);
    token_remote_deadline(DEADLINE_S);
}

/* The key is pressed after the time of any other call. */
static void *type_late(void *arg)
{
    const struct bench *b = arg;
    int64_t until_us = clock_mono_us() + TYPING_US;

    while (clock_mono_us() < until_us)
        (void)poll(NULL, 0, 20);
    softhsm_fault(&b->h, "keypad " SOFTHSM_PIN);
    return NULL;
}

static void test_keypad_has_longer(void **state)
{
    struct bench *b = *state;
    pthread_t typist;

    softhsm_fault(&b->h, "keypad " SOFTHSM_PIN "\nC_Login 1 hang");
    open_token(b);
    assert_int_equal(pthread_create(&typist, NULL, type_late, b), 0);
    assert_ok(token_login(b->t, NULL, false));
    pthread_join(typist, NULL);
}

static void test_nobody_is_waited_for(void **state)
{
    struct bench *b = *state;

    softhsm_fault(&b->h, "C_Login 1 hang");
    open_token(b);
    int64_t began_us = clock_mono_us();
    assert_err(softhsm_login(b->t, SOFTHSM_PIN, false), ERR_TOKEN_HANGS);
    assert_true(clock_mono_us() - began_us >= INT64_C(1000000) * DEADLINE_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keypad_has_longer, begin, end),
        cmocka_unit_test_setup_teardown(test_nobody_is_waited_for, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
