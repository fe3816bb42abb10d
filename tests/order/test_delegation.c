/* SPDX-License-Identifier: Apache-2.0
 * A delegation: its form, and the text that is signed, written here by hand from docs/FORMAT.md
 * section 8.4. */
#include "base/text.h"
#include "order/delegation.h"
#include "order/policy.h"
#include "tests/base/unit.h"

#include <string.h>

#define ACCOUNT "PT50000201231234567890154"
#define DAY_US (86400 * TEXT_SECOND_US)

static const char policy_text[] =
    "{\"account\":\"" ACCOUNT "\",\"bank\":\"demobank.example/demo\",\"deputies\":[\"bob\"],"
    "\"holders\":[{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"}],\"rules\":["
    "{\"require\":\"all\"}],\"title\":\"Household: both\",\"type\":\"policy\",\"validFrom\":"
    "\"2026-11-01T00:00:00Z\",\"version\":1}";

/* The digest is the one that sha256sum prints for the document. */
static const char shown[] = "I let this person approve payments in my place.\n"
                            "\n"
                            "Deputy        bob\n"
                            "Up to         500.00 EUR an order\n"
                            "From          2026-12-01T00:00:00Z\n"
                            "Until         2026-12-15T00:00:00Z\n"
                            "Account       PT50 0002 0123 1234 5678 9015 4\n"
                            "Bank          demobank.example/demo\n"
                            "Policy        Household: both, version 1, 81911833bc0d4bb7\n";

static const char withdrawn[] = "I withdraw my delegation.\n"
                                "\n"
                                "Account       PT50 0002 0123 1234 5678 9015 4\n"
                                "Bank          demobank.example/demo\n";

static struct delegation gift(void)
{
    struct delegation d = {.verb = DELEGATION_GIVE,
                           .account = ACCOUNT,
                           .deputy = "bob",
                           .currency = "EUR",
                           .amount_minor = 50000};

    strcpy(d.head.bank, "demobank.example/demo");
    strcpy(d.head.nonce, "AAECAwQFBgcICQoLDA0ODw");
    assert_ok(text_parse_time("2026-11-22T10:00:00Z", TEXT_TIME_LEN, &d.head.issued_us));
    d.head.expires_us = d.head.issued_us + 60 * TEXT_SECOND_US;
    assert_ok(text_parse_time("2026-12-01T00:00:00Z", TEXT_TIME_LEN, &d.from_us));
    d.until_us = d.from_us + 14 * DAY_US;
    return d;
}

static struct delegation withdrawal(void)
{
    struct delegation all = gift(), d = {.verb = DELEGATION_WITHDRAW, .account = ACCOUNT};

    d.head = all.head;
    return d;
}

static int load(void **state)
{
    struct policy *p;

    assert_ok(policy_parse(policy_text, strlen(policy_text), &p));
    *state = p;
    return 0;
}

static int unload(void **state)
{
    policy_free(*state);
    return 0;
}

static void test_what_is_shown(void **state)
{
    struct delegation give = gift(), back = withdrawal();
    struct buf text = {0};

    assert_ok(delegation_display_render(&give, *state, &text));
    assert_string_equal(buf_str(&text), shown);
    buf_clear(&text);
    assert_ok(delegation_display_render(&back, NULL, &text));
    assert_string_equal(buf_str(&text), withdrawn);
    assert_err(delegation_display_render(&give, NULL, &text), ERR_DOC_MEMBER_INVALID);
    assert_err(delegation_display_render(&back, *state, &text), ERR_DOC_MEMBER_INVALID);
    buf_free(&text);
}

static void test_made_and_read(void **state)
{
    struct delegation give = gift(), back = withdrawal(), said;
    const struct policy *p = *state;
    struct buf payload = {0};

    assert_ok(delegation_make(&give, p, &payload));
    assert_ok(delegation_parse(payload.data, payload.len, &said));
    assert_int_equal(said.verb, DELEGATION_GIVE);
    assert_string_equal(said.account, ACCOUNT);
    assert_string_equal(said.deputy, "bob");
    assert_string_equal(said.currency, "EUR");
    assert_int_equal(said.amount_minor, 50000);
    assert_int_equal(said.from_us, give.from_us);
    assert_int_equal(said.until_us, give.until_us);
    assert_memory_equal(said.policy_digest, policy_digest(p), DIGEST_LEN);
    buf_clear(&payload);
    assert_ok(delegation_make(&back, NULL, &payload));
    assert_ok(delegation_parse(payload.data, payload.len, &said));
    assert_int_equal(said.verb, DELEGATION_WITHDRAW);
    assert_string_equal(said.deputy, "");
    buf_free(&payload);
}

static void test_periods(void **state)
{
    static const struct {
        int64_t length_us;
        enum err expected;
    } rows[] = {{0, ERR_DOC_MEMBER_INVALID},
                {-TEXT_SECOND_US, ERR_DOC_MEMBER_INVALID},
                {TEXT_SECOND_US, ERR_OK},
                {366 * DAY_US, ERR_OK},
                {366 * DAY_US + TEXT_SECOND_US, ERR_DOC_MEMBER_INVALID}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct delegation d = gift();
        struct buf payload = {0};

        d.until_us = d.from_us + rows[i].length_us;
        assert_err(delegation_make(&d, *state, &payload), rows[i].expected);
        buf_free(&payload);
    }
}

static void refuse(const struct buf *payload, const char *old, const char *new, enum err expected)
{
    const char *at = strstr(buf_str(payload), old);
    struct delegation said;
    struct buf bad = {0};

    assert_non_null(at);
    assert_ok(buf_add(&bad, payload->data, (size_t)(at - buf_str(payload))));
    assert_ok(buf_add_str(&bad, new));
    assert_ok(buf_add_str(&bad, at + strlen(old)));
    enum err got = delegation_parse(bad.data, bad.len, &said);
    if (got != expected)
        fail_msg("%s: %s", new, err_name(got));
    buf_free(&bad);
}

static void test_bad_forms(void **state)
{
    static const struct {
        enum err expected;
        const char *old, *new;
    } rows[] = {
        {ERR_DOC_MEMBER_INVALID, "\"give\"", "\"lend\""},
        {ERR_DOC_MEMBER_INVALID, "\"give\"", "\"\""},
        {ERR_DOC_MEMBER_UNKNOWN, "\"give\"", "\"withdraw\""},
        {ERR_DISPLAY_UNKNOWN, "display/1;en", "display/2;en"},
        {ERR_DOC_MEMBER_UNKNOWN, "\"version\":1", "\"version\":1,\"why\":1"},
        {ERR_DOC_MEMBER_MISSING, "\"deputy\":\"bob\",", ""},
        {ERR_DOC_MEMBER_INVALID, "\"bob\"", "\"Bob\""},
        {ERR_IBAN_CHECK_DIGITS, "PT50", "PT51"},
        {ERR_AMOUNT_ZERO, "500.00", "0.00"},
        {ERR_AMOUNT_INVALID, "500.00", "500"},
        {ERR_CURRENCY_UNKNOWN, "EUR", "EUX"},
        {ERR_TIME_INVALID, "2026-12-01T00:00:00Z", "2026-12-01"},
        {ERR_DOC_MEMBER_INVALID, "2026-12-15", "2026-12-01"},
        {ERR_DOC_MEMBER_INVALID, "2026-12-15", "2027-12-03"},
    };
    struct delegation give = gift(), back = withdrawal();
    struct buf payload = {0};

    assert_ok(delegation_make(&give, *state, &payload));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuse(&payload, rows[i].old, rows[i].new, rows[i].expected);
    buf_clear(&payload);
    assert_ok(delegation_make(&back, NULL, &payload));
    refuse(&payload, "\"withdraw\"", "\"give\"", ERR_DOC_MEMBER_MISSING);
    refuse(&payload, "\"display\"", "\"deputy\":\"bob\",\"display\"", ERR_DOC_MEMBER_UNKNOWN);
    buf_free(&payload);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, load, unload)
    const struct CMUnitTest tests[] = {
        T(test_what_is_shown),
        T(test_made_and_read),
        T(test_periods),
        T(test_bad_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
