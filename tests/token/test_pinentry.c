/* SPDX-License-Identifier: Apache-2.0
 * A pinentry that keeps somebody waiting: one deadline, whatever it sends meanwhile. */
#include "token/helper/pinentry.h"

#include "base/clock.h"
#include "tests/base/unit.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct pinentry_words words = {"Why", "PIN:", "", 1};

/* Says HELLO, answers every line with OK but for GETPIN, which it answers with TEXT again and
 * again, or never. */
static void play(int fd, const char *hello, const char *text)
{
    char line[2048];
    FILE *in = fdopen(fd, "r");

    alarm(20);
    if (!in || (hello && write(fd, hello, strlen(hello)) < 0))
        _exit(0);
    while (fgets(line, sizeof line, in) && strncmp(line, "GETPIN", 6) != 0)
        if (hello && write(fd, "OK\n", 3) < 0)
            _exit(0);
    while (text && write(fd, text, strlen(text)) > 0)
        (void)poll(NULL, 0, 5);
    for (;;)
        pause();
}

static enum err ask(const char *hello, const char *text, int64_t *took_us)
{
    struct secret *pin = NULL;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        play(ends[1], hello, text);
    }
    close(ends[1]);
    int64_t began_us = clock_mono_us();
    enum err e = pinentry_ask(ends[0], &words, &pin);
    *took_us = clock_mono_us() - began_us;
    assert_true(e == ERR_OK || pin == NULL);
    secret_free(pin);
    close(ends[0]);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return e;
}

static void is_late(const char *hello, const char *text)
{
    int64_t took_us = 0;

    assert_int_equal(ask(hello, text, &took_us), ERR_PIN_PINENTRY);
    assert_true(took_us >= 1000000);
    assert_true(took_us < 15000000);
}

static void test_hangs(void **state)
{
    (void)state;
    is_late(NULL, NULL);
    is_late("OK\n", NULL);
}

static void test_goes_on_for_ever(void **state)
{
    (void)state;
    is_late("OK\n", "# wait\n");
    is_late("OK\n", "S WAIT\n");
}

static void test_answers_in_time(void **state)
{
    int64_t took_us = 0;

    (void)state;
    assert_int_equal(ask("OK\n", "D 1234\nOK\n", &took_us), ERR_OK);
    assert_int_equal(ask("OK\n", "OK\n", &took_us), ERR_PIN_CANCELLED);
    assert_int_equal(ask("OK\n", "INQUIRE WHAT\n", &took_us), ERR_PIN_PINENTRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_goes_on_for_ever),
        cmocka_unit_test(test_answers_in_time),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
