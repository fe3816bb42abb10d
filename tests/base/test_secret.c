/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kilobytes that /proc/self/status calls locked. */
static long locked_kb(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kb = -1;

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "VmLck: %ld", &kb) == 1)
            break;
    fclose(f);
    return kb;
}

/* The VmFlags of the mapping that holds P. */
static void flags_of(const void *p, char *out, size_t out_len)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    int inside = 0;

    assert_non_null(f);
    out[0] = 0;
    while (fgets(line, sizeof line, f)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)p >= from && (uintptr_t)p < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(out, out_len, "%s", line);
    }
    fclose(f);
}

static void test_the_page_is_locked_and_not_dumped(void **state)
{
    (void)state;
    struct secret *s;
    char flags[512];
    long before = locked_kb();

    assert_ok(secret_new(&s));
    assert_ok(secret_add(s, "123456", 6));
    assert_true(locked_kb() > before);
    flags_of(secret_bytes(s), flags, sizeof flags);
    assert_non_null(strstr(flags, " lo")); /* locked */
    assert_non_null(strstr(flags, " dd")); /* do not dump */
    assert_non_null(strstr(flags, " wf")); /* wipe on fork */
    secret_free(s);
    assert_int_equal(locked_kb(), before);
    secret_free(NULL);
}

static void test_a_forked_child_has_nothing(void **state)
{
    (void)state;
    struct secret *s;
    int status;

    assert_ok(secret_new(&s));
    assert_ok(secret_add(s, "123456", 6));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(secret_len(s) == 0 && secret_bytes(s)[0] == 0 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(secret_len(s), 6);
    secret_free(s);
}

static void test_the_maximum(void **state)
{
    (void)state;
    struct secret *s;
    uint8_t bytes[SECRET_MAX] = {1};

    assert_ok(secret_new(&s));
    assert_ok(secret_add(s, bytes, SECRET_MAX));
    assert_err(secret_add(s, bytes, 1), ERR_TOO_LARGE);
    assert_err(secret_add(s, bytes, SIZE_MAX), ERR_TOO_LARGE);
    assert_int_equal(secret_len(s), SECRET_MAX);
    secret_free(s);
}

/* A pipe that holds LEN bytes and then ends. */
static int pipe_with(const void *bytes, size_t len)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], bytes, len), (ssize_t)len);
    close(fds[1]);
    return fds[0];
}

static void test_reading_a_line_leaves_the_rest(void **state)
{
    (void)state;
    struct secret *s;
    int fd = pipe_with("1234\nrest", 9);
    char rest[8] = "";

    assert_ok(secret_new(&s));
    assert_ok(secret_read_line(s, fd));
    assert_int_equal(secret_len(s), 4);
    assert_memory_equal(secret_bytes(s), "1234", 4);
    assert_int_equal(read(fd, rest, sizeof rest), 4);
    assert_memory_equal(rest, "rest", 4);
    assert_err(secret_read_line(s, fd), ERR_IO);
    assert_int_equal(secret_len(s), 4);
    close(fd);
    assert_err(secret_read_line(s, fd), ERR_IO);
    secret_free(s);
}

static void test_lines_without_and_with_nothing(void **state)
{
    (void)state;
    struct secret *s;
    int fd = pipe_with("\n12", 3);

    assert_ok(secret_new(&s));
    assert_ok(secret_read_line(s, fd));
    assert_int_equal(secret_len(s), 0);
    assert_ok(secret_read_line(s, fd)); /* an end after some bytes ends the line */
    assert_int_equal(secret_len(s), 2);
    close(fd);
    secret_free(s);
}

static void test_a_line_has_a_maximum(void **state)
{
    (void)state;
    struct secret *s;
    char line[SECRET_MAX + 2];

    memset(line, '7', sizeof line);
    line[SECRET_MAX] = '\n';
    int fits = pipe_with(line, SECRET_MAX + 1);
    assert_ok(secret_new(&s));
    assert_ok(secret_read_line(s, fits));
    assert_int_equal(secret_len(s), SECRET_MAX);
    secret_free(s);
    close(fits);

    line[SECRET_MAX] = '7';
    int longer = pipe_with(line, SECRET_MAX + 2);
    assert_ok(secret_new(&s));
    assert_err(secret_read_line(s, longer), ERR_TOO_LARGE);
    assert_int_equal(secret_len(s), 0);
    assert_int_equal(secret_bytes(s)[0], 0);
    secret_free(s);
    close(longer);
}

static void test_wipe_and_equal(void **state)
{
    (void)state;
    char a[4] = "abc";

    assert_true(secret_equal(a, "abc", 4));
    assert_false(secret_equal(a, "abd", 3));
    assert_false(secret_equal(a, "bbc", 3));
    assert_true(secret_equal(a, "xyz", 0));
    secret_wipe(a, 3);
    assert_memory_equal(a, "\0\0\0", 4);
    secret_wipe(NULL, 0);
}

/* In a child: what is switched off cannot be switched on again. */
static void test_hardening(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit core;
        int bad = secret_harden_process() != ERR_OK || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
                  getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0;
        _exit(bad);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_page_is_locked_and_not_dumped),
        cmocka_unit_test(test_a_forked_child_has_nothing),
        cmocka_unit_test(test_the_maximum),
        cmocka_unit_test(test_reading_a_line_leaves_the_rest),
        cmocka_unit_test(test_lines_without_and_with_nothing),
        cmocka_unit_test(test_a_line_has_a_maximum),
        cmocka_unit_test(test_wipe_and_equal),
        cmocka_unit_test(test_hardening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
