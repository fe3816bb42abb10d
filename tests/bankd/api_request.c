/* SPDX-License-Identifier: Apache-2.0
 *
 * Every body: what a maker writes its reader takes, and what is not of the form is refused by name.
 */
#include "api/request.h"
#include "tests/base/unit.h"

#include <string.h>

#define THUMB "0123456789abcdefghijABCDEFGHIJ0123456789abA"
#define IBAN "PT50000201231234567890154"
#define ORDER                                                                                      \
    "{\"account\":\"" IBAN "\",\"amount\":\"77.78\",\"bank\":\"demobank.example/demo\","           \
    "\"created\":\"2026-11-22T10:00:00Z\",\"creditor\":{\"account\":\"" IBAN                       \
    "\",\"name\":\"EDP Comercial\"},\"currency\":\"EUR\",\"date\":\"2026-11-30\","                 \
    "\"description\":\"Electricity bill\",\"expires\":\"2026-12-04T10:00:00Z\","                   \
    "\"id\":\"0193527c-6e2f-7c4d-9a44-1234567890ab\",\"type\":\"payment-order\",\"version\":1}"

static enum err read_challenge(const char *s)
{
    struct request_challenge r;
    return request_challenge_read(s, strlen(s), &r);
}

static enum err read_login(const char *s)
{
    struct request_statement r;
    enum err e = request_statement_read(s, strlen(s), REQUEST_LOGIN, &r);
    request_statement_free(&r);
    return e;
}

static enum err read_decide(const char *s)
{
    struct request_decide r;
    enum err e = request_decide_read(s, strlen(s), &r);
    request_decide_free(&r);
    return e;
}

static enum err read_holder(const char *s)
{
    struct request_holder r;
    return request_holder_read(s, strlen(s), &r);
}

static enum err read_account(const char *s)
{
    struct request_account r;
    enum err e = request_account_read(s, strlen(s), &r);

    request_account_free(&r);
    return e;
}

static enum err read_fund(const char *s)
{
    struct request_fund r;
    return request_fund_read(s, strlen(s), &r);
}

static enum err read_terminal(const char *s)
{
    struct request_holder r;
    return request_terminal_read(s, strlen(s), &r);
}

static enum err read_cash(const char *s)
{
    struct request_decide r;
    enum err e = request_cash_read(s, strlen(s), &r);
    request_decide_free(&r);
    return e;
}

static enum err read_clock(const char *s)
{
    struct request_note r;
    return request_note_read(s, strlen(s), &r);
}

static enum err read_return(const char *s)
{
    struct request_return r;
    return request_return_read(s, strlen(s), &r);
}

static enum err read_rule(const char *s)
{
    struct request_category r;
    return request_category_rule_read(s, strlen(s), &r);
}

static enum err read_choice(const char *s)
{
    struct request_category r;
    return request_movement_category_read(s, strlen(s), &r);
}

static const struct {
    enum err (*read)(const char *body);
    const char *body;
    enum err err;
} cases[] = {
    {read_challenge, "{\"for\":\"login\",\"thumbprint\":\"" THUMB "\"}", ERR_OK},
    {read_challenge, " {\"thumbprint\":\"" THUMB "\", \"for\":\"decision\"}\n", ERR_OK},
    {read_challenge, "{\"for\":\"x\",\"thumbprint\":\"" THUMB "\"}", ERR_DOC_MEMBER_INVALID},
    {read_challenge, "{\"for\":\"login\",\"thumbprint\":\"x\"}", ERR_DOC_MEMBER_INVALID},
    {read_challenge, "{\"for\":\"login\"}", ERR_DOC_MEMBER_MISSING},
    {read_challenge, "{\"for\":\"login\",\"thumbprint\":\"" THUMB "\",\"x\":1}",
     ERR_DOC_MEMBER_UNKNOWN},
    {read_challenge, "{\"for\":\"login\",\"f\\u006fr\":\"login\",\"thumbprint\":\"" THUMB "\"}",
     ERR_JSON_DUPLICATE},
    {read_challenge, "[]", ERR_DOC_MEMBER_INVALID},
    {read_challenge, "", ERR_JSON_SYNTAX},
    {read_challenge, "{} {}", ERR_JSON_SYNTAX},
    {read_login, "{\"login\":\"a.b.c\"}", ERR_OK},
    {read_login, "{\"login\":\"\"}", ERR_DOC_MEMBER_INVALID},
    {read_login, "{\"login\":7}", ERR_DOC_MEMBER_INVALID},
    {read_decide, "{\"decision\":\"a.b.c\",\"order\":" ORDER "}", ERR_OK},
    {read_decide, "{\"decision\":\"a.b.c\",\"order\":{}}", ERR_DOC_MEMBER_MISSING},
    {read_decide, "{\"decision\":\"a.b.c\",\"order\":\"x\"}", ERR_DOC_MEMBER_INVALID},
    {read_decide, "{\"decision\":\"a.b.c\"}", ERR_DOC_MEMBER_MISSING},
    {read_cash, "{\"order\":" ORDER ",\"statement\":\"a.b.c\"}", ERR_OK},
    {read_cash, "{\"decision\":\"a.b.c\",\"order\":" ORDER "}", ERR_DOC_MEMBER_UNKNOWN},
    {read_decide, "{\"order\":" ORDER ",\"statement\":\"a.b.c\"}", ERR_DOC_MEMBER_UNKNOWN},
    {read_terminal, "{\"name\":\"Till 1\",\"spki\":\"AAEC\",\"terminal\":\"till-1\"}", ERR_OK},
    {read_terminal, "{\"holder\":\"till-1\",\"name\":\"Till 1\",\"spki\":\"AAEC\"}",
     ERR_DOC_MEMBER_UNKNOWN},
    {read_terminal, "{\"name\":\"Till 1\",\"spki\":\"AAEC\",\"terminal\":\"Till 1\"}",
     ERR_DOC_MEMBER_INVALID},
    {read_holder, "{\"holder\":\"alice\",\"name\":\"Alice A.\",\"spki\":\"AAEC\"}", ERR_OK},
    {read_holder, "{\"holder\":\"Alice\",\"name\":\"Alice A.\",\"spki\":\"AAEC\"}",
     ERR_DOC_MEMBER_INVALID},
    {read_holder, "{\"holder\":\"alice\",\"name\":\"A\\nB\",\"spki\":\"AAEC\"}", ERR_TEXT_INVALID},
    {read_holder, "{\"holder\":\"alice\",\"name\":\"A\",\"spki\":\"AA==\"}", ERR_BASE64_INVALID},
    {read_account,
     "{\"account\":\"" IBAN "\",\"currency\":\"EUR\",\"holders\":[\"alice\",\"bob\"],"
     "\"title\":\"Joint\"}",
     ERR_OK},
    {read_account,
     "{\"account\":\"PT50000201231234567890155\",\"currency\":\"EUR\",\"holders\":[\"alice\"],"
     "\"title\":\"Joint\"}",
     ERR_IBAN_CHECK_DIGITS},
    {read_account,
     "{\"account\":\"" IBAN "\",\"currency\":\"XXX\",\"holders\":[\"alice\"],\"title\":\"J\"}",
     ERR_CURRENCY_UNKNOWN},
    {read_account, "{\"account\":\"" IBAN "\",\"currency\":\"EUR\",\"holders\":[],\"title\":\"J\"}",
     ERR_DOC_MEMBER_INVALID},
    {read_account,
     "{\"account\":\"" IBAN "\",\"currency\":\"EUR\",\"holders\":[7],\"title\":\"J\"}",
     ERR_DOC_MEMBER_INVALID},
    {read_fund, "{\"amount\":\"872.22\",\"currency\":\"EUR\"}", ERR_OK},
    {read_fund, "{\"amount\":872.22,\"currency\":\"EUR\"}", ERR_JSON_NUMBER},
    {read_fund, "{\"amount\":\"1111111111111111111111111\",\"currency\":\"EUR\"}",
     ERR_DOC_MEMBER_INVALID},
    {read_clock, "{\"note\":\"time server mended\"}", ERR_OK},
    {read_clock, "{\"note\":\"\"}", ERR_TEXT_INVALID},
    {read_return, "{\"note\":\"pacs.004\",\"reason\":\"AC01\"}", ERR_OK},
    {read_return, "{\"note\":\"pacs.004\",\"reason\":\"AC011\"}", ERR_REASON_INVALID},
    {read_return, "{\"note\":\"pacs.004\",\"reason\":1}", ERR_DOC_MEMBER_INVALID},
    {read_rule, "{\"category\":\"energy-2\",\"payee\":\"" IBAN "\"}", ERR_OK},
    {read_rule, "{\"payee\":\"" IBAN "\"}", ERR_OK},
    {read_rule, "{\"category\":\"energy\"}", ERR_DOC_MEMBER_MISSING},
    {read_rule, "{\"category\":\"energy\",\"payee\":\"PT50\"}", ERR_IBAN_INVALID},
    {read_choice, "{\"category\":\"01234567890123456789012345678901\"}", ERR_OK},
    {read_choice, "{}", ERR_OK},
    {read_choice, "{\"category\":\"012345678901234567890123456789012\"}", ERR_DOC_MEMBER_INVALID},
    {read_choice, "{\"category\":\"\"}", ERR_DOC_MEMBER_INVALID},
    {read_choice, "{\"category\":\"Food\"}", ERR_DOC_MEMBER_INVALID},
    {read_choice, "{\"category\":\"a b\"}", ERR_DOC_MEMBER_INVALID},
    {read_choice, "{\"category\":\"=1\"}", ERR_DOC_MEMBER_INVALID},
    {read_choice, "{\"category\":7}", ERR_DOC_MEMBER_INVALID},
    {read_choice, "{\"payee\":\"" IBAN "\"}", ERR_DOC_MEMBER_UNKNOWN},
};

static void test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum err e = cases[i].read(cases[i].body);
        if (e != cases[i].err)
            fail_msg("%s: %s", cases[i].body, err_name(e));
    }
}

static void test_what_is_made_is_read(void **state)
{
    (void)state;
    struct buf b = {0};
    struct request_decide d;
    static struct request_account a = {.account = IBAN, .currency = "EUR", .title = "Joint"};
    static struct request_account a2;
    static struct request_holder h = {"alice", "Alice A.", {1, 2, 3}, 3};
    static struct request_holder h2;

    assert_ok(request_decide_make("a.b.c", ORDER, strlen(ORDER), &b));
    assert_ok(request_decide_read(b.data, b.len, &d));
    assert_string_equal(d.jws, "a.b.c");
    assert_string_equal(buf_str(&d.order_bytes), ORDER);
    assert_string_equal(d.order.amount, "77.78");
    request_decide_free(&d);

    buf_clear(&b);
    a.count = 2;
    a.people[0] = (struct policy_person){"bob", 'B'};
    a.people[1] = (struct policy_person){"alice", 'A'};
    assert_ok(buf_add_str(&a.rules, "[{\"require\":\"ebics\"}]"));
    assert_ok(buf_add_str(&a.deputies, "[\"bob\"]"));
    assert_ok(request_account_make(&a, &b));
    assert_string_equal(buf_str(&b), "{\"account\":\"" IBAN "\",\"currency\":\"EUR\","
                                     "\"deputies\":[\"bob\"],\"holders\":"
                                     "[{\"class\":\"B\",\"id\":\"bob\"},\"alice\"],"
                                     "\"rules\":[{\"require\":\"ebics\"}],\"title\":\"Joint\"}");
    assert_ok(request_account_read(b.data, b.len, &a2));
    assert_memory_equal(a.people, a2.people, sizeof a.people);
    assert_string_equal(buf_str(&a2.rules), buf_str(&a.rules));
    assert_string_equal(buf_str(&a2.deputies), buf_str(&a.deputies));
    assert_int_equal(a2.limits.len, 0);
    request_account_free(&a);
    request_account_free(&a2);

    buf_clear(&b);
    assert_ok(request_holder_make(&h, &b));
    assert_string_equal(buf_str(&b),
                        "{\"holder\":\"alice\",\"name\":\"Alice A.\",\"spki\":\"AQID\"}");
    assert_ok(request_holder_read(b.data, b.len, &h2));
    assert_memory_equal(&h, &h2, sizeof h);

    buf_clear(&b);
    assert_ok(request_terminal_make(&h, &b));
    assert_ok(read_terminal(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_cash_make("a.b.c", ORDER, strlen(ORDER), &b));
    assert_ok(read_cash(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_challenge_make(&(struct request_challenge){THUMB, true}, &b));
    assert_ok(read_challenge(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_statement_make(REQUEST_LOGIN, "a.b.c", &b));
    assert_ok(read_login(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_fund_make(&(struct request_fund){"1.00", "EUR"}, &b));
    assert_ok(read_fund(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_note_make(&(struct request_note){"mended"}, &b));
    assert_ok(read_clock(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_category_make(&(struct request_category){"energy", IBAN}, &b));
    assert_ok(read_rule(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_category_make(&(struct request_category){"energy", ""}, &b));
    assert_ok(read_choice(buf_str(&b)));
    buf_clear(&b);
    assert_ok(request_category_make(&(struct request_category){"", ""}, &b));
    assert_string_equal(buf_str(&b), "{}");
    buf_free(&b);
}

#define PAGE (REQUEST_CURSOR | REQUEST_LIMIT)
#define PERIOD (REQUEST_FROM_DAY | REQUEST_TO_DAY)

static const struct {
    const char *query;
    unsigned allowed;
    enum err err;
} queries[] = {
    {"", 0, ERR_OK},
    {"", PAGE, ERR_OK},
    {"limit=1", PAGE, ERR_OK},
    {"limit=200&cursor=a.B-9_", PAGE, ERR_OK},
    {"from=9007199254740991", REQUEST_FROM, ERR_OK},
    {"from=2026-11-01&to=2026-11-30&limit=1", PAGE | PERIOD, ERR_OK},
    {"to=2199-12-31", PERIOD, ERR_OK},
    {"after=0", REQUEST_AFTER, ERR_OK},
    {"after=-1", REQUEST_AFTER, ERR_USAGE},
    {"after=1", PAGE, ERR_USAGE},
    {"waiting=other-bank&limit=1", PAGE | REQUEST_WAITING, ERR_OK},
    {"waiting=bank", REQUEST_WAITING, ERR_OK},
    {"waiting=banks", REQUEST_WAITING, ERR_USAGE},
    {"waiting=ban", REQUEST_WAITING, ERR_USAGE},
    {"waiting=", REQUEST_WAITING, ERR_USAGE},
    {"waiting=bank&waiting=time", REQUEST_WAITING, ERR_USAGE},
    {"waiting=bank", PAGE, ERR_USAGE},
    {"limit=1", 0, ERR_USAGE},
    {"limit=0", PAGE, ERR_USAGE},
    {"limit=201", PAGE, ERR_USAGE},
    {"limit=01", PAGE, ERR_USAGE},
    {"limit=1&limit=2", PAGE, ERR_USAGE},
    {"limit", PAGE, ERR_USAGE},
    {"&limit=1", PAGE, ERR_USAGE},
    {"cursor=", PAGE, ERR_USAGE},
    {"cursor=a%20b", PAGE, ERR_USAGE},
    {"cursor=' or 1=1", PAGE, ERR_USAGE},
    {"cursor=01234567890123456789012345678901234567890123456789012345678901234", PAGE, ERR_USAGE},
    {"Limit=1", PAGE, ERR_USAGE},
    {"from=9007199254740992", REQUEST_FROM, ERR_USAGE},
    {"other=1", PAGE, ERR_USAGE},
    {"from=1", PAGE, ERR_USAGE},
    {"from=1", PERIOD, ERR_DATE_INVALID},
    {"from=2026-11-31", PERIOD, ERR_DATE_INVALID},
    {"to=2026-11-3", PERIOD, ERR_DATE_INVALID},
    {"to=1999-12-31", PERIOD, ERR_DATE_INVALID},
    {"to=", PERIOD, ERR_DATE_INVALID},
    {"from=2026-11-01&from=2026-11-02", PERIOD, ERR_USAGE},
    {"from=2026-11-01", REQUEST_FROM, ERR_USAGE},
    {"since=2026-11-01", PERIOD, ERR_USAGE},
};

static void test_queries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct request_query q;
        const char *s = queries[i].query;
        enum err e = request_query_read(s, strlen(s), queries[i].allowed, &q);
        if (e != queries[i].err)
            fail_msg("%s: %s", s, err_name(e));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_what_is_made_is_read),
        cmocka_unit_test(test_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
