/* SPDX-License-Identifier: Apache-2.0
 * What a policy is made of: holders as people name them, a file of rules, and the document of both.
 */
#include "order/json.h"
#include "order/policy_advice.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void test_people(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id;
        char class;
        enum err expected;
    } rows[] = {
        {"bob", "bob", 'A', ERR_OK},
        {"bob:T", "bob", 'T', ERR_OK},
        {"bob:x", "bob", 'x', ERR_OK},
        {"bob:", "", 'A', ERR_USAGE},
        {"bob:AB", "", 'A', ERR_USAGE},
        {":A", "", 'A', ERR_USAGE},
        {"Bob:A", "", 'A', ERR_USAGE},
        {"", "", 'A', ERR_USAGE},
        {"a23456789012345678901234567890123", "", 'A', ERR_USAGE},
    };
    struct policy_person two[] = {{"bob", 'A'}, {"alice", 'B'}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct policy_person p;

        assert_err(policy_person_read(rows[i].text, &p), rows[i].expected);
        assert_string_equal(p.id, rows[i].id);
        assert_int_equal(p.class, rows[i].class);
    }
    policy_people_sort(two, 2);
    assert_string_equal(two[0].id, "alice");
    assert_int_equal(two[0].class, 'B');
}

static enum err read_terms(const char *text, struct buf *rules, struct buf *limits,
                           struct buf *deputies, bool *single)
{
    struct js *value = NULL;

    assert_ok(js_parse(text, strlen(text), &value));
    enum err e = policy_terms_read(value, rules, limits, deputies, single);
    js_free(value);
    return e;
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err expected;
        const char *rules, *limits, *deputies;
        bool single;
    } rows[] = {
        {"{}", ERR_OK, "", "", "", false},
        {"{\"rules\": [ {\"require\": \"all\"} ]}", ERR_OK, "[{\"require\":\"all\"}]", "", "",
         false},
        {"{\"limits\":[{\"per\":\"day\",\"amount\":\"1\"}]}", ERR_OK, "",
         "[{\"amount\":\"1\",\"per\":\"day\"}]", "", false},
        {"{\"deputies\":[ \"bob\" ]}", ERR_OK, "", "", "[\"bob\"]", false},
        {"{\"signatures\":\"single\"}", ERR_OK, "", "", "", true},
        {"{\"signatures\":\"many\"}", ERR_DOC_MEMBER_INVALID, "", "", "", false},
        {"{\"signatures\":true}", ERR_DOC_MEMBER_INVALID, "", "", "", false},
        {"{\"deputies\":[]}", ERR_DOC_MEMBER_INVALID, "", "", "", false},
        {"{\"rules\":[]}", ERR_DOC_MEMBER_INVALID, "", "", "", false},
        {"{\"rules\":{}}", ERR_DOC_MEMBER_INVALID, "", "", "", false},
        {"{\"rules\":[1],\"holders\":[]}", ERR_DOC_MEMBER_UNKNOWN, "", "", "", false},
        {"[]", ERR_DOC_MEMBER_INVALID, "", "", "", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf rules = {0}, limits = {0}, deputies = {0};
        bool single = false;

        assert_err(read_terms(rows[i].text, &rules, &limits, &deputies, &single), rows[i].expected);
        assert_int_equal(single, rows[i].single);
        assert_string_equal(buf_str(&rules), rows[i].rules);
        assert_string_equal(buf_str(&limits), rows[i].limits);
        assert_string_equal(buf_str(&deputies), rows[i].deputies);
        buf_free(&rules);
        buf_free(&limits);
        buf_free(&deputies);
    }
}

/* A document that does not load is written and linted, but not made. */
static void test_write(void **state)
{
    (void)state;
    static const struct policy_person people[] = {{"alice", 'A'}, {"bob", 'B'}};
    struct policy_terms terms = {.bank = "bank.example/test",
                                 .account = "PT50000201231234567890154",
                                 .title = "Rules",
                                 .currency = "EUR",
                                 .version = 1,
                                 .valid_from_us = INT64_C(1793491200000000),
                                 .people = people,
                                 .count = 2,
                                 .rules = "[{\"anyOf\":[{\"signers\":[{\"count\":3}]}]}]",
                                 .limits = "",
                                 .deputies = ""};
    struct policy_findings found;
    struct buf written = {0}, made = {0};

    assert_ok(policy_write(&terms, &written));
    assert_err(policy_lint(written.data, written.len, &found), ERR_POLICY_INVALID);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.at[0].fault, POLICY_UNREACHABLE);
    assert_err(policy_make(&terms, &made), ERR_POLICY_INVALID);
    assert_int_equal(made.len, 0);
    terms.rules = "";
    buf_clear(&written);
    assert_ok(policy_write(&terms, &written));
    assert_ok(policy_make(&terms, &made));
    assert_string_equal(buf_str(&made), buf_str(&written));
    buf_free(&written);
    buf_free(&made);
}

/* What a stranger's 15 kB may cost; the committer parses it again at each look. */
static void test_the_greatest_is_read_quickly(void **state)
{
    static char text[POLICY_MAX];
    struct policy *p = NULL;
    size_t n = 0;

    (void)state;
#define PUT(...) n += (size_t)snprintf(text + n, sizeof text - n, __VA_ARGS__)
    PUT("{\"account\":\"PT50000201231234567890154\",\"bank\":\"demobank.example/"
        "a\",\"currency\":\"EUR\",\"holders\":[");
    for (int i = 0; i < 64; i++)
        PUT("%s{\"class\":\"A\",\"id\":\"%c%c\"}", i ? "," : "", 'a' + i / 26, 'a' + i % 26);
    PUT("],\"rules\":[");
    for (int i = 0; i < 32; i++) {
        PUT("%s{\"above\":\"%d.00\",\"anyOf\":[", i ? "," : "", i);
        for (int k = 0; k < 13; k++)
            PUT("%s{\"signers\":[{\"count\":64}]}", k ? "," : "");
        PUT("],\"upTo\":\"%d.00\"}", i + 1);
    }
    PUT("],\"title\":\"x\",\"type\":\"policy\",\"validFrom\":\"2026-11-23T09:00:00Z\","
        "\"version\":2}");
    clock_t start = clock();
    enum err e = policy_parse(text, n, &p);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    policy_free(p);
    assert_string_equal(err_name(e), "OK");
    assert_true(seconds < 0.5); /* with sanitizers */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_the_greatest_is_read_quickly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
