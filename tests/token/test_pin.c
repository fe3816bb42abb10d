/* SPDX-License-Identifier: Apache-2.0
 * A child whose controlling terminal is a pseudo terminal of ours runs pin_read_terminal. */
#include "token/pin.h"

#include "tests/base/unit.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct typist {
    pid_t child;
    int terminal; /* master side */
    int keep;     /* slave side, so that the settings can be read after the child's end */
    int result;   /* what the child reports: error name, space, PIN */
};

/* Who takes the line, takes no terminal with it. */
static enum err take(void *secret, int fd)
{
    return isatty(fd) ? ERR_INTERNAL : pin_take_secret(secret, fd);
}

/* Says that it has the line, and hangs as somebody's driver might. */
static int hung = -1;
static enum err take_and_hang(void *secret, int fd)
{
    (void)secret;
    (void)fd;
    (void)!write(hung, "h", 1);
    while (pause() < 0)
        ;
    return ERR_INTERNAL;
}

static pin_take *taker = take;

/* Whoever runs the tests in the background may have them ignored. */
static const int ends[] = {SIGTERM, SIGHUP, SIGINT};

static void child_main(int report)
{
    struct secret *pin = NULL;

    hung = report;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        (void)signal(ends[i], SIG_DFL);
    alarm(20);
    if (secret_new(&pin))
        _exit(9);
    enum err e = pin_read_terminal("\x1b[2J\xc2\x9b"
                                   "1APIN of alice: ",
                                   taker, pin);
    dprintf(report, "%s %.*s", err_name(e), (int)secret_len(pin), (const char *)secret_bytes(pin));
    secret_free(pin);
    _exit(0);
}

static void begin(struct typist *t)
{
    int report[2];
    char name[64];

    assert_int_equal(pipe(report), 0);
    t->child = forkpty(&t->terminal, name, NULL, NULL);
    assert_true(t->child >= 0);
    if (t->child == 0)
        child_main(report[1]);
    close(report[1]);
    t->result = report[0];
    t->keep = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(t->keep >= 0);
}

/* Everything that the terminal shows, until TEXT. */
static void await_text(const struct typist *t, const char *text)
{
    char seen[256] = "";
    size_t len = 0;

    while (!strstr(seen, text)) {
        struct pollfd one = {.fd = t->terminal, .events = POLLIN};
        assert_int_equal(poll(&one, 1, 20000), 1);
        ssize_t n = read(t->terminal, seen + len, sizeof seen - 1 - len);
        assert_true(n > 0);
        len += (size_t)n;
        seen[len] = '\0';
    }
}

static void await_prompt(const struct typist *t)
{
    await_text(t, "?[2J?1APIN of alice: ");
}

static bool has_echo(const struct typist *t)
{
    struct termios now;
    assert_int_equal(tcgetattr(t->keep, &now), 0);
    return (now.c_lflag & ECHO) != 0;
}

static void type(const struct typist *t, const char *text)
{
    assert_int_equal(write(t->terminal, text, strlen(text)), strlen(text));
}

/* Waits for the child; OUT gets its report; returns its wait status. */
static int end(struct typist *t, char *out, size_t size)
{
    int status = 0;
    char shown[256];

    ssize_t n = read(t->result, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    assert_int_equal(waitpid(t->child, &status, 0), t->child);
    assert_true(has_echo(t));
    assert_int_equal(fcntl(t->terminal, F_SETFL, O_NONBLOCK), 0);
    n = read(t->terminal, shown, sizeof shown - 1);
    shown[n > 0 ? n : 0] = '\0';
    assert_null(strstr(shown, "123456"));
    close(t->terminal);
    close(t->keep);
    close(t->result);
    return status;
}

static void reads_without_echo(void **state)
{
    struct typist t;
    char report[128];

    (void)state;
    begin(&t);
    await_prompt(&t);
    assert_false(has_echo(&t));
    type(&t, "123456\n");
    assert_int_equal(end(&t, report, sizeof report), 0);
    assert_string_equal(report, "OK 123456");
}

static void nothing_typed_is_a_cancel(void **state)
{
    static const char *const nothing[] = {"\n", "\x04"}; /* Enter; end of file */
    struct typist t;
    char report[128];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&t);
        await_prompt(&t);
        type(&t, nothing[i]);
        assert_int_equal(end(&t, report, sizeof report), 0);
        assert_string_equal(report, "PIN_CANCELLED ");
    }
}

static void a_signal_ends_it_with_echo_back(void **state)
{
    struct typist t;
    char report[128];

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        begin(&t);
        await_prompt(&t);
        type(&t, "1234"); /* half a line */
        assert_int_equal(kill(t.child, ends[i]), 0);
        int status = end(&t, report, sizeof report);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), ends[i]);
        assert_string_equal(report, "");
    }
}

static void control_c_ends_it(void **state)
{
    struct typist t;
    char report[128];

    (void)state;
    begin(&t);
    await_prompt(&t);
    type(&t, "12\x03");
    int status = end(&t, report, sizeof report);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static void control_c_ends_it_while_the_line_is_taken(void **state)
{
    struct typist t;
    char report[128];

    (void)state;
    taker = take_and_hang;
    begin(&t);
    taker = take;
    await_prompt(&t);
    type(&t, "123456\n");
    assert_int_equal(read(t.result, report, 1), 1);
    assert_true(has_echo(&t));
    type(&t, "\x03");
    struct pollfd over = {.fd = t.result, .events = POLLIN};
    bool ended = poll(&over, 1, 10000) == 1;
    kill(t.child, SIGKILL);
    assert_true(ended);
    int status = end(&t, report, sizeof report);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* Stopped in a way that nobody can catch; whoever has the terminal meanwhile sets it to MODE. */
static void stop(const struct typist *t, tcflag_t mode)
{
    struct termios theirs;
    int status;

    assert_int_equal(kill(t->child, SIGSTOP), 0);
    assert_int_equal(waitpid(t->child, &status, WUNTRACED), t->child);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(tcgetattr(t->keep, &theirs), 0);
    theirs.c_lflag = (theirs.c_lflag & ~(tcflag_t)(ECHO | ICANON)) | mode;
    assert_int_equal(tcsetattr(t->keep, TCSADRAIN, &theirs), 0);
}

static void continued_it_is_silent_again(void **state)
{
    struct typist t;
    char report[128];

    (void)state;
    begin(&t);
    await_prompt(&t);
    type(&t, "99");
    stop(&t, ECHO | ICANON);
    type(&t, "9999\n");
    await_text(&t, "9999"); /* that can be seen, and the terminal has it */
    assert_int_equal(kill(t.child, SIGCONT), 0);
    await_prompt(&t);
    assert_false(has_echo(&t));
    type(&t, "123456\n");
    assert_int_equal(end(&t, report, sizeof report), 0);
    assert_string_equal(report, "OK 123456");
}

/* As a shell has it that edits its line; it ends the program that it stopped. */
static void leaves_a_shell_its_terminal(void **state)
{
    struct typist t;
    struct termios left;
    int status;

    (void)state;
    begin(&t);
    await_prompt(&t);
    stop(&t, 0);
    assert_int_equal(kill(t.child, SIGTERM), 0);
    assert_int_equal(kill(t.child, SIGCONT), 0);
    assert_int_equal(waitpid(t.child, &status, 0), t.child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(tcgetattr(t.keep, &left), 0);
    assert_int_equal(left.c_lflag & (ECHO | ICANON), 0);
    close(t.terminal);
    close(t.keep);
    close(t.result);
}

/* In a group that no shell knows of: nobody could bring it to the front. */
static void no_front_to_come_to(void **state)
{
    int report[2], terminal = -1;
    char text[64] = "";

    (void)state;
    assert_int_equal(pipe(report), 0);
    pid_t leader = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(leader >= 0);
    if (leader == 0) {
        pid_t middle = fork();
        if (middle == 0) {
            pid_t parent = getpid();
            if (fork() != 0)
                _exit(0);
            setpgid(0, 0);
            while (getppid() == parent) /* until it is nobody's */
                ;
            child_main(report[1]);
        }
        waitpid(middle, NULL, 0);
        for (;;)
            pause();
    }
    close(report[1]);
    assert_true(read(report[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "PIN_NO_TERMINAL ");
    assert_int_equal(kill(leader, SIGKILL), 0);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    close(terminal);
    close(report[0]);
}

static void needs_a_terminal(void **state)
{
    int report[2], status = 0;
    char text[64] = "";

    (void)state;
    assert_int_equal(pipe(report), 0);
    pid_t child = fork();
    if (child == 0) {
        setsid(); /* no controlling terminal */
        child_main(report[1]);
    }
    close(report[1]);
    assert_true(read(report[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "PIN_NO_TERMINAL ");
    assert_int_equal(waitpid(child, &status, 0), child);
    close(report[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_without_echo),
        cmocka_unit_test(nothing_typed_is_a_cancel),
        cmocka_unit_test(a_signal_ends_it_with_echo_back),
        cmocka_unit_test(control_c_ends_it),
        cmocka_unit_test(control_c_ends_it_while_the_line_is_taken),
        cmocka_unit_test(continued_it_is_silent_again),
        cmocka_unit_test(leaves_a_shell_its_terminal),
        cmocka_unit_test(no_front_to_come_to),
        cmocka_unit_test(needs_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
