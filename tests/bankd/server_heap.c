/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that prefers huge pages: what it says of itself when it goes on.
 */
#include "bankd/server/heap.h"
#include "tests/base/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TUNABLES "GLIBC_TUNABLES"

static int say(char **argv)
{
    char called[16] = "";
    const char *tunables = NULL;

    heap_prefer_huge_pages(argv);
    tunables = getenv(TUNABLES);
    prctl(PR_GET_NAME, called);
    return printf("%d %s %s %s", (int)getpid(), called, argv[1], tunables ? tunables : "-") < 0;
}

/* What it says in a process of its own with these TUNABLES, or none. */
static void ask(const char *tunables, char *said, size_t size)
{
    char self[PATH_MAX] = "", word[] = "say";
    char *argv[] = {self, word, NULL};
    char line[512] = "", begin[64];
    int ends[2], status = 0;

    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        if (tunables ? setenv(TUNABLES, tunables, 1) : unsetenv(TUNABLES))
            _exit(1);
        execv(self, argv);
        _exit(1);
    }
    close(ends[1]);
    FILE *f = fdopen(ends[0], "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)snprintf(begin, sizeof begin, "%d server_heap say ", (int)pid);
    assert_memory_equal(line, begin, strlen(begin));
    (void)snprintf(said, size, "%s", line + strlen(begin));
}

/* In the same process, under its own name, with its own arguments. */
static void test_runs_again_with_huge_pages(void **state)
{
    char said[512];

    (void)state;
    ask(NULL, said, sizeof said);
    assert_non_null(strstr(said, "glibc.malloc.hugetlb=1"));
    assert_non_null(strstr(said, "glibc.malloc.top_pad="));
    assert_non_null(strstr(said, "glibc.malloc.mmap_threshold="));
}

static void test_leaves_what_somebody_set(void **state)
{
    char said[512];

    (void)state;
    ask("glibc.malloc.tcache_count=7", said, sizeof said);
    assert_string_equal(said, "glibc.malloc.tcache_count=7");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_again_with_huge_pages),
        cmocka_unit_test(test_leaves_what_somebody_set),
    };

    if (argc == 2 && strcmp(argv[1], "say") == 0)
        return say(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
