/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/queue.h"
#include "base/buf.h"
#include "base/text.h"
#include "order/json.h"
#include "tests/base/unit.h"

#include <string.h>

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)

static void test_ages_read(void **state)
{
    static const char *const bad[] = {"", "h", "4", "4 h", "-4h", "4.5h", "4w", "10000h", "h4"};
    int64_t us = 0;

    (void)state;
    assert_ok(queue_read_age("90m", &us));
    assert_int_equal(us, 90 * MINUTE);
    assert_ok(queue_read_age("2d", &us));
    assert_int_equal(us, 48 * HOUR);
    assert_ok(queue_read_age("0s", &us));
    assert_int_equal(us, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(queue_read_age(bad[i], &us), ERR_USAGE);
}

static void test_ages_shown(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } ages[] = {{-1, "0s"},        {59999999, "59s"},        {MINUTE, "1m"},
                {HOUR - 1, "59m"}, {24 * HOUR - 1, "23h"},   {24 * HOUR, "1d"},
                {49 * HOUR, "2d"}, {400 * 24 * HOUR, "400d"}};
    char text[QUEUE_AGE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        queue_age(ages[i].us, text);
        assert_string_equal(text, ages[i].text);
    }
}

static struct js *parse(const char *json)
{
    struct js *root = NULL;

    assert_ok(js_parse(json, strlen(json), &root));
    return root;
}

static void assert_selected(const char *account, enum queue_sort sort, const char *ids)
{
    static const char json[] =
        "[{\"account\":\"A\",\"amount\":\"9.00\",\"currency\":\"EUR\",\"id\":\"1\"},"
        "{\"account\":\"A\",\"id\":\"2\"},"
        "{\"account\":\"B\",\"amount\":\"80.00\",\"currency\":\"EUR\",\"id\":\"3\"},"
        "{\"account\":\"A\",\"amount\":\"7.00\",\"currency\":\"CHF\",\"id\":\"4\"},"
        "{\"account\":\"A\",\"amount\":\"9.00\",\"currency\":\"EUR\",\"id\":\"5\"}]";
    struct js *items = parse(json), *found = NULL;
    char got[16] = "";

    assert_ok(queue_select(items, account, sort, &found));
    assert_in_range(js_count(found), 0, sizeof got - 1);
    for (size_t i = 0; i < js_count(found); i++)
        strncat(got, js_text(js_get(js_at(found, i), "id"), NULL), 1);
    assert_string_equal(got, ids);
    js_free(found);
    js_free(items);
}

static void test_selected(void **state)
{
    (void)state;
    assert_selected(NULL, QUEUE_BY_AGE, "12345");
    assert_selected("A", QUEUE_BY_AGE, "1245");
    assert_selected(NULL, QUEUE_BY_AMOUNT, "43152"); /* 80 is more than 9, CHF is no EUR */
    assert_selected("C", QUEUE_BY_AMOUNT, "");
}

/* The first words of each line but the title. */
static void assert_ages(bool painted, const char *expected)
{
    static const char json[] =
        "[{\"since\":\"2026-11-21T12:00:00Z\",\"waitsFor\":\"time\"},"
        "{\"since\":\"2026-11-22T12:00:00Z\",\"waitsFor\":\"bank\"},"
        "{\"since\":\"2026-11-23T08:00:00Z\",\"waitsFor\":\"holders\"},"
        "{\"since\":\"2026-11-23T08:00:01Z\",\"waitsFor\":\"other-bank\"},{}]";
    struct queue_look look = {.amber_us = 4 * HOUR, .red_us = 24 * HOUR, .painted = painted};
    struct js *items = parse(json);
    struct buf out = {0}, ages = {0};

    assert_ok(text_parse_time("2026-11-23T12:00:00Z", 20, &look.now_us));
    assert_ok(queue_render(items, &look, &out));
    const char *line = strchr(buf_str(&out), '\n');
    for (; line && line[1]; line = strchr(line + 1, '\n')) {
        const char *word = line + 1 + strspn(line + 1, " ");
        assert_ok(buf_addf(&ages, "%.*s ", (int)strcspn(word, " "), word));
    }
    assert_string_equal(buf_str(&ages), expected);
    buf_free(&ages);
    buf_free(&out);
    js_free(items);
}

static void test_late_is_painted(void **state)
{
    (void)state;
    assert_ages(false, "2d 1d 4h 3h - ");
    assert_ages(true, "2d \033[31m1d\033[0m \033[33m4h\033[0m 3h - ");
}

static void test_a_row(void **state)
{
    static const char json[] =
        "[{\"account\":\"A\",\"amount\":\"9.00\",\"canDecide\":[\"carol\"],\"claimedBy\":\"olga\","
        "\"comments\":[{\"operator\":\"otto\",\"text\":\"rang twice\"},{}],\"currency\":\"EUR\","
        "\"decisions\":[{\"decision\":\"approve\",\"holder\":\"alice\"},"
        "{\"decision\":\"reject\",\"holder\":\"bob\"}],\"heldFor\":[\"above-limit\",\"RVNM\"],"
        "\"id\":\"1\",\"kind\":\"payment\",\"payee\":{\"account\":\"B\",\"name\":\"EDP\\u001b[2J\"}"
        ","
        "\"since\":\"2026-11-23T10:00:00Z\",\"waitsFor\":\"bank\"},"
        "{\"account\":\"A\",\"amount\":\"10.00\",\"currency\":\"EUR\","
        "\"debtor\":{\"name\":\"Toby\"},\"id\":\"17\",\"kind\":\"credit\","
        "\"since\":\"2026-11-23T10:00:00Z\",\"waitsFor\":\"bank\"}]";
    struct queue_look look = {.amber_us = HOUR, .red_us = HOUR};
    struct js *items = parse(json);
    struct buf out = {0};

    (void)state;
    assert_ok(text_parse_time("2026-11-23T12:00:00Z", 20, &look.now_us));
    assert_ok(queue_render(items, &look, &out));
    assert_string_equal(
        buf_str(&out),
        "AGE  WAITS-FOR  AMOUNT  CURRENCY  PAYEE      FLAGS             SIGNED            MISSING  "
        "DAY  CLAIMED  KIND     ID  ACCOUNT  COMMENT\n"
        " 2h  bank         9.00  EUR       EDP?[2J    above-limit RVNM  alice bob:reject  carol    "
        "  -  olga     payment  1   A        otto: rang twice\n"
        " 2h  bank        10.00  EUR       from Toby  -                 -                 -        "
        "  -  -        credit   17  A        -\n");
    buf_free(&out);
    js_free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ages_read), cmocka_unit_test(test_ages_shown),
        cmocka_unit_test(test_selected),  cmocka_unit_test(test_late_is_painted),
        cmocka_unit_test(test_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
