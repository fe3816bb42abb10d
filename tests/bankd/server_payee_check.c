/* SPDX-License-Identifier: Apache-2.0
 *
 * Each allocation of a question to the payee checker fails in turn: then nothing is known, and
 * nothing is said about the payee.
 */
#include "bankd/server/payee_check.h"
#include "tests/bankd/memory.h"
#include "tests/base/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];
static pid_t checker;

/* A checker to which every name is right. */
static void serve(int listener)
{
    static const char answer[] = "{\"result\":\"RCVC\"}\n";
    char question[4096];

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (read(fd, question, sizeof question) > 0 && write(fd, answer, sizeof answer - 1) < 0)
            _exit(1);
        close(fd);
    }
}

static int start(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    snprintf(path, sizeof path, "/tmp/payee-check.%ld", (long)getpid());
    unlink(path);
    memcpy(address.sun_path, path, sizeof path);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 64), 0);
    checker = fork();
    assert_true(checker >= 0);
    if (checker == 0)
        serve(listener);
    close(listener);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    kill(checker, SIGKILL);
    waitpid(checker, NULL, 0);
    unlink(path);
    return 0;
}

static void threat_23_a_check_without_memory(void **state)
{
    const struct order order = {.creditor_account = "DE89370400440532013000",
                                .creditor_name = "The Shop"};
    struct payee_check *p = NULL;
    char code[PAYEE_CHECK_LEN + 1];
    bool failed = true;
    long n = 0, refused = 0;

    (void)state;
    assert_ok(payee_check_new(path, 5000, &p));
    for (; failed; n++) {
        memory_fail_after(n);
        enum err e = payee_check_ask(p, &order, code);
        failed = memory_recover();
        if (e)
            assert_err(e, ERR_NO_MEMORY);
        assert_string_equal(code, e ? "" : "RCVC");
        assert_true(failed || !e);
        refused += e != ERR_OK;
    }
    assert_int_equal(refused, n - 1); /* nothing is missing where all can be had */
    assert_true(refused >= 4);        /* the question, its document, the answer, its value */
    payee_check_free(p);
}

static void test_without_a_checker(void **state)
{
    const struct order order = {.creditor_account = "DE89370400440532013000"};
    struct payee_check *p = NULL;
    char code[PAYEE_CHECK_LEN + 1] = "x";

    (void)state;
    assert_ok(payee_check_ask(NULL, &order, code));
    assert_string_equal(code, "");
    assert_ok(payee_check_new("/nowhere/at/all", 5000, &p));
    assert_ok(payee_check_ask(p, &order, code));
    assert_string_equal(code, "RVNA");
    payee_check_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threat_23_a_check_without_memory, start, stop),
        cmocka_unit_test(test_without_a_checker),
    };

    memory_wrap_libraries();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
