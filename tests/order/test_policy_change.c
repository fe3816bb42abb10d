/* SPDX-License-Identifier: Apache-2.0
 * A word on a new policy: its form, and the text that is signed, written here by hand from
 * docs/FORMAT.md section 8.2. */
#include "base/text.h"
#include "order/policy_change.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT "PT50000201231234567890154"

static const char old_text[] =
    "{\"account\":\"" ACCOUNT "\",\"bank\":\"demobank.example/demo\",\"holders\":[{\"class\":\"A\","
    "\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}],\"rules\":[{\"require\":\"all\"}],"
    "\"title\":"
    "\"Household: both\",\"type\":\"policy\",\"validFrom\":\"2026-11-01T00:00:00Z\",\"version\":1}";

static const char new_text[] =
    "{\"account\":\"" ACCOUNT
    "\",\"bank\":\"demobank.example/demo\",\"currency\":\"EUR\",\"holders\":["
    "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"B\",\"id\":\"bob\"},{\"class\":\"E\",\"id\":"
    "\"eve\"},"
    "{\"class\":\"T\",\"id\":\"tom\"}],\"limits\":[{\"amount\":\"30.00\",\"per\":\"month\"},"
    "{\"amount\":\"5.00\",\"per\":\"day\"}],\"rules\":[{\"anyOf\":[{\"signers\":[{\"count\":2}]},"
    "{\"afterDays\":3,\"signers\":[{\"class\":\"A\",\"count\":1},{\"count\":1,\"of\":[\"bob\","
    "\"eve\"]}]}],"
    "\"payees\":[\"DE89370400440532013000\",\"FR1420041010050500013M02606\"],\"upTo\":\"1.50\"},"
    "{\"above\":\"1.50\",\"require\":\"ebics\"},{\"for\":\"cash\",\"require\":\"all\",\"upTo\":\"2."
    "00\"},"
    "{\"for\":\"policy\",\"require\":\"all\"}],\"title\":\"The "
    "firm\",\"type\":\"policy\",\"validFrom\":"
    "\"2026-11-22T00:00:00Z\",\"validUntil\":\"2027-11-22T00:00:00Z\",\"version\":2}";

/* The digests are those that sha256sum prints for the two documents. */
#define OLD_DIGEST "e55a4a50a0a0a880"
#define NEW_DIGEST "405f518d2dc4d298"

static const char shown[] = "I reject this new policy.\n"
                            "\n"
                            "Account       PT50 0002 0123 1234 5678 9015 4\n"
                            "Bank          demobank.example/demo\n"
                            "Title         The firm\n"
                            "Version       2, replacing " OLD_DIGEST "\n"
                            "Digest        " NEW_DIGEST "\n"
                            "Valid from    2026-11-22T00:00:00Z\n"
                            "Valid until   2027-11-22T00:00:00Z\n"
                            "Holders       alice (A), bob (B), eve (E), tom (T)\n"
                            "Limit         5.00 EUR a day\n"
                            "Limit         30.00 EUR a month\n"
                            "Rule 1        payments up to 1.50 EUR to DE89 3704 0044 0532 0130 00, "
                            "FR14 2004 1010 0505 0001 3M02 606\n"
                            "              2 of alice, bob, eve\n"
                            "              or after 3 days 1 of alice and 1 of bob, eve\n"
                            "Rule 2        payments above 1.50 EUR\n"
                            "              1 of eve\n"
                            "              or 1 of alice and 1 of bob\n"
                            "Rule 3        cash up to 2.00 EUR\n"
                            "              3 of alice, bob, eve\n"
                            "Rule 4        a new policy\n"
                            "              3 of alice, bob, eve\n"
                            "Reason        MS02\n";

static int load(void **state)
{
    static struct policy_step step;
    struct policy *from, *to;

    assert_ok(policy_parse(old_text, strlen(old_text), &from));
    assert_ok(policy_parse(new_text, strlen(new_text), &to));
    step = (struct policy_step){from, to};
    *state = &step;
    return 0;
}

static int unload(void **state)
{
    struct policy_step *step = *state;

    policy_free((struct policy *)(uintptr_t)step->from);
    policy_free((struct policy *)(uintptr_t)step->to);
    return 0;
}

static void test_what_is_shown(void **state)
{
    struct buf text = {0};

    assert_ok(policy_display_render(*state, VERB_REJECT, &text));
    assert_string_equal(buf_str(&text), shown);
    buf_clear(&text);
    assert_ok(policy_display_render(*state, VERB_APPROVE, &text));
    assert_non_null(strstr(buf_str(&text), "I approve this new policy.\n\nAccount"));
    assert_null(strstr(buf_str(&text), "Reason"));
    buf_clear(&text);
    assert_err(policy_display_render(*state, VERB_CANCEL, &text), ERR_DOC_MEMBER_INVALID);
    buf_free(&text);
}

/* NEW_TEXT with a member before its title, read. */
static enum err read_with(const char *member, struct policy **out)
{
    char text[4096];
    const char *title = strstr(new_text, "\"title\"");

    snprintf(text, sizeof text, "%.*s%s,%s", (int)(title - new_text), new_text, member, title);
    return policy_parse(text, strlen(text), out);
}

/* That each order is signed by itself is between the limits and the rules; nothing else is a word.
 */
static void test_single_signatures(void **state)
{
    const struct policy_step *step = *state;
    struct policy *single = NULL;
    struct buf text = {0};

    assert_false(policy_wants_single(step->to));
    assert_err(read_with("\"signatures\":\"many\"", &single), ERR_DOC_MEMBER_INVALID);
    assert_err(read_with("\"signatures\":1", &single), ERR_DOC_MEMBER_INVALID);
    assert_ok(read_with("\"signatures\":\"single\"", &single));
    assert_true(policy_wants_single(single));
    const struct policy_step to_single = {step->from, single};
    assert_ok(policy_display_render(&to_single, VERB_APPROVE, &text));
    assert_non_null(strstr(buf_str(&text), "Limit         30.00 EUR a month\n"
                                           "Signatures    one for each order\n"
                                           "Rule 1        payments"));
    policy_free(single);
    buf_free(&text);
}

static void make(const struct policy_step *step, enum verb verb, struct buf *out)
{
    const struct statement head = {
        .nonce = "AAECAwQFBgcICQoLDA0ODw", .issued_us = 0, .expires_us = TEXT_SECOND_US};
    struct statement now = head;

    now.issued_us = INT64_C(1795341600) * TEXT_SECOND_US;
    now.expires_us = now.issued_us + 60 * TEXT_SECOND_US;
    buf_clear(out);
    assert_ok(policy_change_make(step, verb, &now, out));
}

static void test_made_and_read(void **state)
{
    const struct policy_step *step = *state;
    struct policy_change said;
    struct buf payload = {0};

    make(step, VERB_REJECT, &payload);
    assert_ok(policy_change_parse(payload.data, payload.len, &said));
    assert_int_equal(said.verb, VERB_REJECT);
    assert_string_equal(said.account, ACCOUNT);
    assert_string_equal(said.head.bank, "demobank.example/demo");
    assert_memory_equal(said.policy, policy_digest(step->to), DIGEST_LEN);
    assert_memory_equal(said.replaces, policy_digest(step->from), DIGEST_LEN);
    buf_free(&payload);
}

static void test_bad_forms(void **state)
{
    static const struct {
        enum err expected;
        const char *old, *new;
    } rows[] = {
        {ERR_DOC_MEMBER_INVALID, "\"approve\"", "\"submit\""},
        {ERR_DOC_MEMBER_INVALID, "\"approve\"", "\"reject\""},
        {ERR_DOC_MEMBER_INVALID, "\"replaces\"", "\"reason\":\"MS02\",\"replaces\""},
        {ERR_DISPLAY_UNKNOWN, "display/1;en", "display/2;en"},
        {ERR_DOC_MEMBER_UNKNOWN, "\"policy\"", "\"order\":\"x\",\"policy\""},
        {ERR_DOC_MEMBER_MISSING, "\"account\":\"" ACCOUNT "\",", ""},
        {ERR_IBAN_CHECK_DIGITS, "PT50", "PT51"},
    };
    struct buf payload = {0}, bad = {0};
    struct policy_change said;

    make(*state, VERB_APPROVE, &payload);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = strstr(buf_str(&payload), rows[i].old);

        assert_non_null(at);
        buf_clear(&bad);
        assert_ok(buf_add(&bad, payload.data, (size_t)(at - buf_str(&payload))));
        assert_ok(buf_add_str(&bad, rows[i].new));
        assert_ok(buf_add_str(&bad, at + strlen(rows[i].old)));
        assert_err(policy_change_parse(bad.data, bad.len, &said), rows[i].expected);
    }
    buf_free(&payload);
    buf_free(&bad);
}

static void test_steps(void **state)
{
    const struct policy_step *step = *state, back = {step->to, step->from},
                             again = {step->from, step->from};

    assert_ok(policy_step_check(step));
    assert_err(policy_step_check(&back), ERR_POLICY_VERSION);
    assert_err(policy_step_check(&again), ERR_POLICY_VERSION);
}

static void test_steps_to_elsewhere(void **state)
{
    static const struct {
        const char *old, *new;
        enum err expected;
    } rows[] = {{"bank\":\"demobank", "bank\":\"gemobank", ERR_BANK_MISMATCH},
                {ACCOUNT, "PT50002700000001234567833", ERR_ACCOUNT_MISMATCH}};
    const struct policy_step *step = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy_step there = {step->from, NULL};
        char text[sizeof new_text];
        struct policy *to = NULL;

        memcpy(text, new_text, sizeof text);
        memcpy(strstr(text, rows[i].old), rows[i].new, strlen(rows[i].new));
        assert_ok(policy_parse(text, strlen(text), &to));
        there.to = to;
        assert_err(policy_step_check(&there), rows[i].expected);
        policy_free(to);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, load, unload)
    const struct CMUnitTest tests[] = {
        T(test_what_is_shown), T(test_single_signatures),  T(test_made_and_read), T(test_bad_forms),
        T(test_steps),         T(test_steps_to_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
