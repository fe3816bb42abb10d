/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"
#include "tests/base/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define END "\x01"

static char seen[4096];

/* A terminal hands on what was written in parts and later: SEEN is what comes before a last byte.
 */
static void read_until_end(int fd)
{
    for (size_t n = 0; n < sizeof seen; n++) {
        assert_int_equal(read(fd, seen + n, 1), 1);
        if (seen[n] == END[0]) {
            seen[n] = '\0';
            return;
        }
    }
    fail();
}

/* Draws with DONE of TOTAL while standard error is WRITE_END; what arrives at READ_END is seen. */
static void draw(int write_end, int read_end, uint64_t done, uint64_t total)
{
    struct progress p;
    int kept = dup(STDERR_FILENO);
    assert_int_equal(dup2(write_end, STDERR_FILENO), STDERR_FILENO);
    progress_start(&p, "Signing", total);
    progress_set(&p, done); /* within the first moment: nothing yet */
    p.drawn_us -= 1000000;
    progress_set(&p, done);
    progress_end(&p);
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    close(kept);
    assert_int_equal(write(write_end, END, 1), 1);
    read_until_end(read_end);
}

static void draw_on_terminal(uint64_t done, uint64_t total)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    draw(terminal, master, done, total);
    close(terminal);
    close(master);
}

static void test_terminal(void **state)
{
    (void)state;
    draw_on_terminal(1, 4);
    assert_string_equal(seen,
                        "\r\033[KSigning [#######.......................]  25 %  1 of 4\r\033[K");
    draw_on_terminal(5, 4); /* more than expected */
    assert_non_null(strstr(seen, "[##############################] 100 %  5 of 4"));
    draw_on_terminal(7, 0);
    assert_string_equal(seen, "\r\033[KSigning 7\r\033[K");
}

static void test_no_terminal(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    draw(fds[1], fds[0], 1, 4);
    assert_string_equal(seen, "");
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
