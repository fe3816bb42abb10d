/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"
#include "base/file.h"
#include "tests/base/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT 3

static char path[] = "/tmp/countersign-conf.XXXXXX";
static char *bank;
static char *listen_on;
static uint64_t workers;
static size_t lines[COUNT];
static char message[200];

static struct conf_item items[COUNT] = {
    {"bank", CONF_TEXT, true, NULL, 1, 20, &bank},
    {"listen", CONF_TEXT, false, "localhost:0", 1, 20, &listen_on},
    {"workers", CONF_U64, false, NULL, 1, 64, &workers},
};

static int enter(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd >= 0 && close(fd) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return unlink(path);
}

static enum err load(const char *text, size_t len)
{
    assert_ok(file_write(path, text, len, 0600));
    return conf_load(path, items, COUNT, lines, message, sizeof message);
}

static void test_good_files(void **state)
{
    (void)state;
    const char *text = "# the bank\n\n bank = a = b \r\nworkers=64";
    assert_ok(load(text, strlen(text)));
    assert_string_equal(bank, "a = b");
    assert_string_equal(listen_on, "localhost:0");
    assert_int_equal(workers, 64);
    assert_int_equal(lines[0], 3);
    assert_int_equal(lines[1], 0); /* absent */
    assert_int_equal(lines[2], 4);
    assert_string_equal(message, "");
    conf_free(items, COUNT);
    assert_null(bank);
    conf_free(items, COUNT);

    assert_ok(load("bank=x\nlisten=[::1]:99\n", 23));
    assert_string_equal(listen_on, "[::1]:99");
    assert_int_equal(workers, 0);
    conf_free(items, COUNT);
}

/* The file is refused with this behind its name, and no item is filled. */
static void refuses(const char *text, size_t len, const char *why)
{
    workers = 7;
    assert_err(load(text, len), ERR_CONFIG_INVALID);
    assert_memory_equal(message, path, strlen(path));
    assert_string_equal(message + strlen(path), why);
    assert_null(bank);
    assert_null(listen_on);
    assert_int_equal(workers, 7);
}

static void test_refusals_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", ": bank is missing"},
        {"workers = 3\n", ": bank is missing"},
        {"bank=x\nbank=y\n", ":2: bank is set a second time"},
        {"bank=x\n\nbanks=y\n", ":3: there is no setting \"banks\""},
        {"bank=x\nBank=y\n", ":2: there is no setting \"Bank\""},
        {"bank=x\n=y\n", ":2: there is no setting \"\""},
        {"bank x\n", ":1: this is not a \"name = value\" line"},
        {"bank=\n", ":1: bank must have 1 to 20 bytes"},
        {"bank=123456789012345678901\n", ":1: bank must have 1 to 20 bytes"},
        {"bank=x\nworkers=0\n", ":2: workers must be a whole number from 1 to 64"},
        {"bank=x\nworkers=65\n", ":2: workers must be a whole number from 1 to 64"},
        {"bank=x\nworkers=-1\n", ":2: workers must be a whole number from 1 to 64"},
        {"bank=x\nworkers=\n", ":2: workers must be a whole number from 1 to 64"},
        {"bank=\xff\n", ": this is not a text file in UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(cases[i].text, strlen(cases[i].text), cases[i].why);
    refuses("bank=x\0y\n", 9, ": this is not a text file in UTF-8");
}

static void test_places(void **state)
{
    (void)state;
    char place[32];

    conf_place("/etc/a.conf", 7, place, sizeof place);
    assert_string_equal(place, "/etc/a.conf:7");
    conf_place("/etc/a.conf", 0, place, sizeof place);
    assert_string_equal(place, "/etc/a.conf");
}

static void test_files_that_cannot_be_read(void **state)
{
    (void)state;
    assert_err(conf_load("/none", items, COUNT, lines, message, sizeof message),
               ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(message, "/none: "));

    char *large = malloc(70000);
    assert_non_null(large);
    memset(large, '#', 70000);
    assert_err(load(large, 70000), ERR_TOO_LARGE);
    free(large);
}

static void assert_file(const char *expected)
{
    struct buf text = BUF_INIT(70000);
    assert_ok(file_read(path, 70000, &text));
    assert_string_equal(buf_str(&text), expected);
    buf_free(&text);
}

static void test_writes_settings_in_place(void **state)
{
    static const struct conf_change changes[] = {
        {"bank", "b"}, {"listen", NULL}, {"workers", "9"}, {"absent", NULL}};
    (void)state;
    const char *text = "# the bank\n bank = a\nlisten = x\n#workers = 1\nbanks = 2\nbank=twice";
    assert_ok(file_write(path, text, strlen(text), 0640));
    assert_ok(conf_write(path, changes, 4));
    assert_file("# the bank\nbank = b\n#workers = 1\nbanks = 2\nworkers = 9\n");
    assert_ok(conf_write(path, changes, 4));
    assert_file("# the bank\nbank = b\n#workers = 1\nbanks = 2\nworkers = 9\n");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void test_writes_a_new_file(void **state)
{
    static const struct conf_change changes[] = {{"bank", "b"}, {"workers", "9"}};
    char link[sizeof path + 5];
    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_ok(conf_write(path, changes, 2));
    assert_file("bank = b\nworkers = 9\n");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(link, sizeof link, "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_ok(conf_write(link, &(struct conf_change){"bank", "c"}, 1));
    assert_file("bank = c\nworkers = 9\n");
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(unlink(link), 0);
}

static void test_writes_only_what_can_be_read(void **state)
{
    static const char *const bad[] = {"", " a", "a ", "a\nbank_key = x", "a\r", "\xff"};
    (void)state;
    assert_ok(file_write(path, "bank = a\n", 9, 0600));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(conf_write(path, &(struct conf_change){"bank", bad[i]}, 1), ERR_CONFIG_INVALID);
    assert_file("bank = a\n");
}

static void *write_often(void *name)
{
    for (int i = 0; i < 100; i++) {
        char value[12];
        snprintf(value, sizeof value, "%d", i);
        assert_ok(conf_write(path, &(struct conf_change){name, value}, 1));
    }
    return NULL;
}

/* None takes back what another one wrote meanwhile. */
static void test_writers_take_turns(void **state)
{
    static char names[4][2] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    struct buf text = BUF_INIT(70000);
    (void)state;
    assert_ok(file_write(path, "", 0, 0600));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_often, names[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_ok(file_read(path, 70000, &text));
    for (size_t i = 0; i < 4; i++) {
        char line[24];
        snprintf(line, sizeof line, "%s = 99\n", names[i]);
        assert_non_null(strstr(buf_str(&text), line));
    }
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_files),
        cmocka_unit_test(test_refusals_name_the_line),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_writes_settings_in_place),
        cmocka_unit_test(test_writes_a_new_file),
        cmocka_unit_test(test_writes_only_what_can_be_read),
        cmocka_unit_test(test_writers_take_turns),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
