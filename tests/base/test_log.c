/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAMP_LEN 28 /* 2026-11-22T10:00:00.123456Z and a space */

static char seen[8192];
static int saved_stderr;
static int read_end;

static void capture(void)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    close(fds[1]);
    read_end = fds[0];
}

/* What was written, without the time stamp of the first line; "" for nothing. */
static const char *captured(void)
{
    assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
    close(saved_stderr);
    ssize_t n = read(read_end, seen, sizeof seen - 1);
    close(read_end);
    assert_true(n >= 0);
    seen[n] = 0;
    return n > STAMP_LEN ? seen + STAMP_LEN : "";
}

static void test_one_line_an_event(void **state)
{
    (void)state;
    capture();
    log_event(LOG_INFO, "unit.start", "port=%d", 7);
    assert_string_equal(captured(), "INFO unit unit.start port=7\n");
    int year;
    unsigned fraction;
    assert_int_equal(sscanf(seen, "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%6uZ ", &year, &fraction), 2);
    assert_true(year >= 2024);
}

static void test_a_failure_names_its_error(void **state)
{
    (void)state;
    capture();
    enum err e = log_fail(ERR_IO, "file.read", "%s", "");
    assert_string_equal(captured(), "ERROR unit file.read error=IO\n");
    assert_err(e, ERR_IO);
}

static void test_lesser_events_are_left_out(void **state)
{
    (void)state;
    capture();
    log_event(LOG_DEBUG, "unit.detail", "x");
    assert_string_equal(captured(), "");
}

static void test_a_value_cannot_make_a_line(void **state)
{
    (void)state;
    capture();
    log_event(LOG_WARN, "unit.odd", "%s", "a\nb\r\033[2J\\ \xc3\xa9 \xc2\x9b \x7f");
    assert_string_equal(captured(), "WARN unit unit.odd a\\x0ab\\x0d\\x1b[2J\\x5c \xc3\xa9 "
                                    "\\xc2\\x9b \\x7f\n");
    capture();
    log_event(LOG_WARN, "unit.odd", "%s", "z\xff\xc3\xa9");
    assert_string_equal(captured(), "WARN unit unit.odd z\\xff\\xc3\\xa9\n");
    capture();
    log_event(LOG_WARN, "unit.odd", "%s",
              "1\xe2\x80\xae"
              "2\xf3\xa0\x81\x81");
    assert_string_equal(captured(), "WARN unit unit.odd 1\\xe2\\x80\\xae"
                                    "2\\xf3\\xa0\\x81\\x81\n");
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, '\n', sizeof text);
    text[sizeof text - 1] = 0;
    capture();
    log_event(LOG_ERROR, "unit.long", "%s", text);
    size_t len = strlen(captured());
    assert_true(len > 1024 && len < 5000);
    assert_ptr_equal(strchr(seen, '\n'), seen + strlen(seen) - 1);
}

/* One object a line, its members sorted; the format's own keys are its fields. */
static void test_as_json(void **state)
{
    (void)state;
    assert_ok(log_set_format("json"));
    capture();
    log_event(LOG_INFO, "unit.start", "bank=%s port=%d", "a/b", 7);
    captured();
    static const char expected[] =
        "{\"event\":\"unit.start\",\"fields\":{\"bank\":\"a/b\",\"port\":\"7\"},"
        "\"level\":\"INFO\",\"program\":\"unit\",\"time\":\"20";
    assert_memory_equal(seen, expected, sizeof expected - 1);
    assert_string_equal(seen + strlen(seen) - 4, "Z\"}\n");
    capture();
    assert_err(log_fail(ERR_IO, "file.read", "%s: %s", "x y", "z=1"), ERR_IO);
    captured();
    static const char failed[] = "{\"error\":\"IO\",\"event\":\"file.read\",\"level\":\"ERROR\","
                                 "\"program\":\"unit\",\"text\":\"x y: z=1\",";
    assert_memory_equal(seen, failed, sizeof failed - 1);
    assert_ok(log_set_format("text"));
    assert_err(log_set_format("xml"), ERR_CONFIG_INVALID);
}

static const char *json_of(const char *value)
{
    static char out[8192];

    capture();
    log_event(LOG_WARN, "unit.odd", "first of them a=%s b=%s", value, "2");
    captured();
    const char *fields = strstr(seen, "\"fields\""), *text = strstr(seen, "\"text\"");
    assert_ptr_equal(strchr(seen, '\n'), seen + strlen(seen) - 1);
    snprintf(out, sizeof out, "%.*s%.*s", fields ? (int)(strstr(fields, ",\"level") - fields) : 0,
             fields ? fields : "", text ? (int)(strstr(text, ",\"time") - text) : 0,
             text ? text : "");
    return out;
}

/* No value makes a line, a member or another field. */
static void test_no_value_makes_a_field(void **state)
{
    (void)state;
    assert_ok(log_set_format("json"));
    assert_string_equal(json_of("x"),
                        "\"fields\":{\"a\":\"x\",\"b\":\"2\"}\"text\":\"first of them\"");
    assert_string_equal(json_of("\"\n\\\x1b\xc2\x9b\xc3\xa9"),
                        "\"fields\":{\"a\":\"\\\"\\u000a\\\\\\u001b\\u009b\xc3\xa9\",\"b\":\"2\"}"
                        "\"text\":\"first of them\"");
    assert_string_equal(json_of("\xff"),
                        "\"fields\":{\"a\":\"\\\\xff\",\"b\":\"2\"}\"text\":\"first of them\"");
    assert_string_equal(json_of("1 b=3"), "\"text\":\"first of them a=1 b=3 b=2\"");
    assert_string_equal(json_of("1 a=3"), "\"text\":\"first of them a=1 a=3 b=2\"");
    assert_string_equal(json_of("xb=3"),
                        "\"fields\":{\"a\":\"xb=3\",\"b\":\"2\"}\"text\":\"first of them\"");
    assert_string_equal(json_of("\xe2\x80\xae\xf3\xa0\x81\x81"),
                        "\"fields\":{\"a\":\"\\u202e\\udb40\\udc41\",\"b\":\"2\"}"
                        "\"text\":\"first of them\"");
    char text[3000];
    /* So long that the real one is cut off. */
    snprintf(text, sizeof text, "1 b=false %01100d", 0);
    assert_memory_equal(json_of(text), "\"text\":\"first of them a=1 b=false 0", 35);
    memset(text, '\n', sizeof text);
    text[sizeof text - 1] = 0;
    assert_memory_equal(json_of(text), "\"text\":\"first of them a=\\u000a", 29);
    assert_ok(log_set_format("text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line_an_event),
        cmocka_unit_test(test_a_failure_names_its_error),
        cmocka_unit_test(test_lesser_events_are_left_out),
        cmocka_unit_test(test_a_value_cannot_make_a_line),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_as_json),
        cmocka_unit_test(test_no_value_makes_a_field),
    };
    log_init("unit", LOG_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
