/* SPDX-License-Identifier: Apache-2.0
 * Every system call of the helper's list ends a process that makes it, in any of its threads; made
 * without the list it does not, so that it was the list. The arguments are such as no call takes,
 * but where the list goes by them.
 */
#include "token/helper/sandbox.h"

#include "tests/base/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* What must be on the list whoever rewrites it: all that every machine has. */
static const char *const wanted[] = {"execve",
                                     "execveat",
                                     "ptrace",
                                     "process_vm_readv",
                                     "process_vm_writev",
                                     "bpf",
                                     "mount",
                                     "umount2",
                                     "pivot_root",
                                     "keyctl",
                                     "add_key",
                                     "request_key",
                                     "init_module",
                                     "finit_module",
                                     "kexec_load",
                                     "userfaultfd",
                                     "setns",
                                     "perf_event_open",
                                     "unshare",
                                     "chroot",
                                     "reboot",
                                     "swapon",
                                     "io_uring_setup",
                                     "fanotify_init",
                                     "pidfd_send_signal",
                                     "tkill",
                                     "process_madvise",
                                     "pidfd_getfd",
                                     "kcmp",
                                     "io_uring_enter",
                                     "io_uring_register",
                                     "delete_module",
                                     "syslog",
                                     "move_mount",
                                     "open_tree",
                                     "fsopen",
                                     "fsconfig",
                                     "fsmount",
                                     "fspick",
                                     "mount_setattr",
                                     "open_by_handle_at",
                                     "swapoff",
                                     "quotactl",
                                     "acct",
                                     "settimeofday",
                                     "clock_settime",
                                     "clock_adjtime",
                                     "adjtimex",
                                     "sethostname",
                                     "setdomainname"};

static const struct {
    const char *name;
    long number;
} requests[] = {
#define X(request) {#request, request},
#include "token/helper/sandbox_ioctl.def"
#undef X
};

static long typing[] = {TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCSPGRP, FIOSETOWN, SIOCSPGRP};

static void make_call(void *number)
{
#ifdef __NR_vfork
    if (*(long *)number ==
        __NR_vfork) { /* who comes back from syscall() spoils the parent's stack */
        if (vfork() == 0)
            _exit(0);
        return;
    }
#endif
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

/* --- what goes by its arguments --- */

struct given {
    const char *what;
    long number, args[4];
};

/* Whoever asks is the child of this process. */
static const struct given harmful[] = {
    {"a child", __NR_clone, {SIGCHLD}},
    {"a child in this memory", __NR_clone, {CLONE_VM | SIGCHLD, -1}},
    {"a namespace", __NR_clone, {CLONE_NEWUSER | SIGCHLD}},
    {"a thread in a namespace", __NR_clone, {CLONE_THREAD | CLONE_NEWNET, -1}},
    {"a signal to the parent", __NR_kill, {-2, SIGURG}},
    {"a signal to all", __NR_kill, {-1, SIGURG}},
    {"a signal to a thread of the parent", __NR_tgkill, {-2, -2, SIGURG}},
    {"a signal with a word", __NR_rt_sigqueueinfo, {-2, SIGURG}},
    {"one to a thread", __NR_rt_tgsigqueueinfo, {-2, -2, SIGURG}},
    {"limits of the parent", __NR_prlimit64, {-2, RLIMIT_NOFILE}},
    {"being read by others", __NR_prctl, {PR_SET_DUMPABLE, 1}},
    {"a descriptor's signals", __NR_fcntl, {-1, F_SETOWN, -2}},
    {"a descriptor's signals to a thread", __NR_fcntl, {-1, F_SETOWN_EX}},
};
/* The answer that each must have, and errno. */
static const struct {
    struct given call;
    long answer;
    int failure;
} harmless[] = {
    {{"clone3, which nobody judges", __NR_clone3, {0}}, -1, ENOSYS},
    {{"whether the parent is there", __NR_kill, {-2, 0}}, 0, 0},
    {{"a signal to itself", __NR_kill, {-3, SIGURG}}, 0, 0},
    {{"one to its thread", __NR_tgkill, {-3, -3, SIGURG}}, 0, 0},
    {{"its limits", __NR_prlimit64, {0, RLIMIT_NOFILE}}, 0, 0},
    {{"its limits by number", __NR_prlimit64, {-3, RLIMIT_NOFILE}}, 0, 0},
    {{"not being read", __NR_prctl, {PR_SET_DUMPABLE, 0}}, 0, 0},
    {{"whether it may get new rights", __NR_prctl, {PR_GET_NO_NEW_PRIVS}}, 1, 0},
    {{"a copy of a descriptor", __NR_fcntl, {0, F_GETFD}}, 0, 0},
};

/* -2 is the parent's number, -3 its own. */
static long make_given(const struct given *g)
{
    long args[4];

    for (size_t i = 0; i < 4; i++)
        args[i] = g->args[i] == -2 ? getppid() : g->args[i] == -3 ? getpid() : g->args[i];
    errno = 0;
    return syscall(g->number, args[0], args[1], args[2], args[3], 0L);
}

static void do_harm(void *given)
{
    (void)make_given(given);
}

static void each_harmful_argument_kills(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++) {
        struct given g = harmful[i];
        if (!is_killed(child(true, do_harm, &g)))
            fail_msg("not denied: %s", g.what);
    }
}

static void no_harmless_argument_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        int status = 0;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(sandbox_enter() || make_given(&harmless[i].call) != harmless[i].answer ||
                  errno != harmless[i].failure);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0)
            fail_msg("denied, or answered otherwise: %s", harmless[i].call.what);
    }
}

/* --- what has a name --- */

static bool opens(const char *path, int how)
{
    int fd = open(path, how | O_NOCTTY | O_CLOEXEC, 0600);

    close(fd);
    return fd >= 0;
}

/* The bits of what can be opened. */
static void open_what_is_shut(void *terminal)
{
    char memory[64];

    snprintf(memory, sizeof memory, "/proc/%d/mem", (int)getppid());
    _exit(opens(terminal, O_RDONLY) | opens(terminal, O_WRONLY) << 1 |
          opens(terminal, O_RDWR) << 2 | opens(memory, O_RDWR) << 3);
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* A terminal by its own name, for which no job control would hold; and the memory of others. */
static void threat_22_no_terminal_by_name(void **state)
{
    char name[64];
    int ends[2];

    (void)state;
    if (!has_landlock()) {
        print_message("SKIPPED: this kernel has no Landlock\n");
        skip();
    }
    assert_int_equal(openpty(&ends[0], &ends[1], name, NULL, NULL), 0);
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
    assert_int_equal(WEXITSTATUS(child(false, open_what_is_shut, name)), 15);
    assert_int_equal(child(true, open_what_is_shut, name), 0);
    close(ends[0]);
    close(ends[1]);
}

/* Files that modules have: where they keep tokens, what services and devices there are. */
static void open_what_is_not(void *dir)
{
    char from[128], to[128];

    snprintf(from, sizeof from, "%s/a/file", (const char *)dir);
    snprintf(to, sizeof to, "%s/b/file", (const char *)dir);
    bool good = opens("/dev/null", O_RDWR) && opens("/dev/urandom", O_RDONLY) &&
                opens("/etc/passwd", O_RDONLY) && opens("/proc/self/maps", O_RDONLY) &&
                opens(from, O_RDWR | O_CREAT) && rename(from, to) == 0 && unlink(to) == 0;
    int fd = shm_open("/countersign-test-fence", O_RDWR | O_CREAT | O_EXCL, 0600);
    good = good && fd >= 0 && shm_unlink("/countersign-test-fence") == 0;
    _exit(good ? 0 : 1);
}

static void all_else_by_name(void **state)
{
    char dir[] = "/tmp/countersign-fence-XXXXXX", a[128], b[128];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(a, sizeof a, "%s/a", dir);
    snprintf(b, sizeof b, "%s/b", dir);
    assert_int_equal(mkdir(a, 0700) + mkdir(b, 0700), 0);
    assert_int_equal(child(true, open_what_is_not, dir), 0);
    assert_int_equal(rmdir(a) + rmdir(b) + rmdir(dir), 0);
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
                pthread_join(thread, NULL) == 0 && raise(SIGURG) == 0 &&
                prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
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
        cmocka_unit_test(each_harmful_argument_kills),
        cmocka_unit_test(no_harmless_argument_does),
        cmocka_unit_test(threat_22_no_terminal_by_name),
        cmocka_unit_test(all_else_by_name),
        cmocka_unit_test(holds_in_every_thread),
#if defined(__x86_64__)
        cmocka_unit_test(other_architectures_kill),
#endif
        cmocka_unit_test(drivers_still_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
