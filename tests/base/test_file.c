/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "tests/base/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/countersign-file.XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static size_t names_here(void)
{
    DIR *d = opendir(".");
    size_t count = 0;

    assert_non_null(d);
    for (const struct dirent *entry = readdir(d); entry; entry = readdir(d))
        count += entry->d_name[0] != '.';
    closedir(d);
    return count;
}

static void assert_content(const char *path, const char *expected)
{
    struct buf b = {0};
    assert_ok(file_read(path, 100, &b));
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777u;
}

static void test_replacing(void **state)
{
    (void)state;
    mode_t old = umask(077);
    assert_ok(file_write("f", "one", 3, 0644));
    umask(old);
    assert_int_equal(mode_of("f"), 0644);
    assert_content("f", "one");
    assert_ok(file_write("./f", "", 0, 0600));
    assert_content("f", "");
    assert_int_equal(mode_of("f"), 0600);
    assert_int_equal(names_here(), 1);
    assert_ok(file_remove("f"));
    assert_ok(file_remove("f"));
}

static void test_new_means_new(void **state)
{
    (void)state;
    assert_ok(file_write_new("f", "one", 3, 0600));
    assert_err(file_write_new("f", "two", 3, 0600), ERR_IO);
    assert_content("f", "one");
    assert_int_equal(names_here(), 1);
    assert_ok(file_remove("f"));
}

static void test_a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_err(file_write("d", "x", 1, 0600), ERR_IO); /* rename over a directory */
    assert_err(file_write("none/f", "x", 1, 0600), ERR_IO);
    assert_int_equal(names_here(), 1);
    assert_int_equal(rmdir("d"), 0);
}

static void test_reading(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_ok(file_write("f", "12345", 5, 0600));
    assert_ok(buf_add_str(&b, "0"));
    assert_err(file_read("f", 4, &b), ERR_TOO_LARGE);
    assert_string_equal(buf_str(&b), "0");
    assert_ok(file_read("f", 5, &b));
    assert_string_equal(buf_str(&b), "012345");
    assert_err(file_read("none", 5, &b), ERR_FILE_NOT_FOUND);
    assert_err(file_read("f/none", 5, &b), ERR_FILE_NOT_FOUND);
    assert_err(file_read(".", 5, &b), ERR_IO);
    assert_string_equal(buf_str(&b), "012345");
    buf_free(&b);
    assert_ok(file_remove("f"));
}

static void test_reading_a_large_file(void **state)
{
    (void)state;
    size_t len = 300000;
    uint8_t *bytes = malloc(len);
    struct buf b = {0};
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    assert_ok(file_write("f", bytes, len, 0600));
    assert_ok(file_read("f", len, &b));
    assert_int_equal(b.len, len);
    assert_memory_equal(b.data, bytes, len);
    buf_free(&b);
    free(bytes);
    assert_ok(file_remove("f"));
}

static void test_standard_input(void **state)
{
    (void)state;
    int fds[2];
    struct buf b = {0};
    int saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "in", 2), 2);
    close(fds[1]);
    assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    close(fds[0]);
    assert_ok(file_read("-", 2, &b));
    assert_string_equal(buf_str(&b), "in");
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
    buf_free(&b);
}

static void test_directories(void **state)
{
    (void)state;
    mode_t old = umask(0277);
    assert_ok(file_make_dir("d", 0700));
    umask(old);
    assert_int_equal(mode_of("d"), 0700);
    assert_ok(file_make_dir("d", 0700));
    assert_err(file_make_dir("d/e/f", 0700), ERR_IO);

    assert_int_equal(chmod("d", 0710), 0);
    assert_err(file_make_dir("d", 0700), ERR_IO);
    assert_ok(file_make_dir("d", 0750));

    assert_int_equal(symlink("d", "link"), 0);
    assert_err(file_make_dir("link", 0750), ERR_IO);
    assert_ok(file_remove("link"));
    assert_err(file_remove("d"), ERR_IO);
    assert_int_equal(rmdir("d"), 0);
}

static void test_somebody_elses_directory(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(chown("d", 1, 1), 0);
        assert_err(file_make_dir("d", 0700), ERR_IO);
        assert_int_equal(rmdir("d"), 0);
    } else {
        assert_err(file_make_dir("/", 0777), ERR_IO);
    }
}

static void test_tmpfs(void **state)
{
    (void)state;
    assert_true(file_on_tmpfs("/dev/shm"));
    assert_false(file_on_tmpfs("/proc"));
    assert_false(file_on_tmpfs("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replacing),
        cmocka_unit_test(test_new_means_new),
        cmocka_unit_test(test_a_failed_write_leaves_nothing),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_reading_a_large_file),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_somebody_elses_directory),
        cmocka_unit_test(test_tmpfs),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
