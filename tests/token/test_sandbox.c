/* SPDX-License-Identifier: Apache-2.0
 * Every system call of the helper's list ends a process that makes it, in any of its threads; made
 * without the list it does not, so that it was the list. The arguments are such as no call takes.
 */
#include "token/helper/sandbox.h"

#include "tests/base/unit.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    long number;
} denied[] = {
#define X(call) {#call, __NR_##call},
#include "token/helper/sandbox.def"
#undef X
};
#define DENIED (sizeof denied / sizeof denied[0])

/* What must be on the list whoever rewrites it. */
static const char *const wanted[] = {
    "execve",      "execveat",    "ptrace",          "process_vm_readv", "process_vm_writev",
    "bpf",         "mount",       "umount2",         "pivot_root",       "keyctl",
    "add_key",     "request_key", "init_module",     "finit_module",     "kexec_load",
    "userfaultfd", "setns",       "perf_event_open", "unshare",          "chroot",
    "reboot",      "swapon",      "io_uring_setup",
};

static const struct {
    const char *name;
    long number;
} requests[] = {
#define X(request) {#request, request},
#include "token/helper/sandbox_ioctl.def"
#undef X
};

static long typing[] = {TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCSPGRP};

static void make_call(void *number)
{
    (void)syscall(*(long *)number, -1L, -1L, -1L, -1L, -1L, -1L);
}

static void *in_a_thread(void *number)
{
    make_call(number);
    return NULL;
}

static void make_call_in_a_thread(void *number)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, in_a_thread, number) == 0)
        pthread_join(thread, NULL);
}

static int child(bool sandboxed, void (*act)(void *arg), void *arg)
{
    static const struct rlimit none = {0, 0};
    int status = 0;

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setrlimit(RLIMIT_CORE, &none);
        if (sandboxed && sandbox_enter())
            _exit(9);
        act(arg);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool is_killed(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void each_denied_call_kills(void **state)
{
    (void)state;
    assert_true(DENIED >= sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < DENIED; i++) {
        long number = denied[i].number;

        if (child(false, make_call, &number) != 0)
            fail_msg("%s ends the process without the list, too", denied[i].name);
        if (!is_killed(child(true, make_call, &number)))
            fail_msg("%s is not denied", denied[i].name);
    }
}

static void make_request(void *request)
{
    (void)syscall(__NR_ioctl, -1L, *(long *)request, 0L);
}

/* Nobody types into the shell that waits behind the program. The kernel looks at 32 bits of the
 * request. */
static void each_denied_request_kills(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        long request = requests[i].number, longer = request | 1L << 32;

        if (child(false, make_request, &request) != 0)
            fail_msg("%s ends the process without the list, too", requests[i].name);
        if (!is_killed(child(true, make_request, &request)) ||
            !is_killed(child(true, make_request, &longer)))
            fail_msg("%s is not denied", requests[i].name);
    }
}

static void what_must_be_denied_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t at = 0;
        while (at < DENIED && strcmp(denied[at].name, wanted[i]) != 0)
            at++;
        if (at == DENIED)
            fail_msg("%s is not on the list", wanted[i]);
    }
    for (size_t i = 0; i < sizeof typing / sizeof typing[0]; i++)
        assert_true(is_killed(child(true, make_request, &typing[i])));
}

static void holds_in_every_thread(void **state)
{
    long number = __NR_ptrace;

    (void)state;
    assert_true(is_killed(child(true, make_call_in_a_thread, &number)));
}

#if defined(__x86_64__)
static void call_as_i386(void *arg)
{
    long result = 20; /* getpid there */

    (void)arg;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
}

static void call_as_x32(void *arg)
{
    (void)arg;
    (void)syscall(0x40000000L + __NR_getpid);
}

/* Another table of numbers would be a way around the list. A kernel without i386 has no such door:
 * there the call is a fault. */
static void other_architectures_kill(void **state)
{
    (void)state;
    int status = child(true, call_as_i386, NULL);
    assert_true(is_killed(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
    assert_true(is_killed(child(true, call_as_x32, NULL)));
}
#endif

/* What drivers do: files, memory, threads, sockets to a service that was started anew. */
static void use_it(void *arg)
{
    pthread_t thread;
    long number = __NR_getpid;

    (void)arg;
    struct winsize size;
    (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool good = fd >= 0 && s >= 0 && page != MAP_FAILED && mlock(page, 4096) == 0 &&
                pthread_create(&thread, NULL, in_a_thread, &number) == 0 &&
                pthread_join(thread, NULL) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
    _exit(good ? 0 : 1);
}

static void drivers_still_work(void **state)
{
    (void)state;
    assert_int_equal(child(true, use_it, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_denied_call_kills),
        cmocka_unit_test(each_denied_request_kills),
        cmocka_unit_test(what_must_be_denied_is),
        cmocka_unit_test(holds_in_every_thread),
#if defined(__x86_64__)
        cmocka_unit_test(other_architectures_kill),
#endif
        cmocka_unit_test(drivers_still_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
