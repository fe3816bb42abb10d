/* SPDX-License-Identifier: Apache-2.0
 * Rules of a policy: which load, what they decide, and what is said about them. Policies are
 * written with ' for ". Quorums are held against a search over all ways to give people to places.
 */
#include "base/text.h"
#include "order/policy_advice.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT "PT50000201231234567890154"
#define PAYEE "DE89370400440532013000"
#define OTHER "FR1420041010050500013M02606"
#define DAY_US (86400 * TEXT_SECOND_US)

/* Two A, two B, an E, a T. */
#define PEOPLE                                                                                     \
    "{'class':'A','id':'ada'},{'class':'A','id':'alan'},{'class':'B','id':'bea'},"                 \
    "{'class':'B','id':'ben'},{'class':'E','id':'eve'},{'class':'T','id':'tom'}"

static void write_policy(const char *people, const char *more, const char *rules, char *out,
                         size_t cap)
{
    int len = snprintf(out, cap,
                       "{'account':'" ACCOUNT "','bank':'demobank.example/demo','currency':'EUR',"
                       "'holders':[%s]%s,'rules':[%s],'title':'Rules','type':'policy',"
                       "'validFrom':'2026-11-01T00:00:00Z','version':1}",
                       people, more, rules);

    assert_true(len > 0 && (size_t)len < cap);
    for (char *at = out; *at; at++)
        *at = *at == '\'' ? '"' : *at;
}

static struct policy *load(const char *rules)
{
    char text[POLICY_MAX];
    struct policy *p;

    write_policy(PEOPLE, "", rules, text, sizeof text);
    assert_ok(policy_parse(text, strlen(text), &p));
    return p;
}

/* "ada bea -ben": who approved and, behind a minus, who rejected. */
static size_t read_votes(const char *words, char names[][HOLDER_MAX + 1], struct policy_vote *out)
{
    size_t count = 0;

    for (const char *at = words; *at; count++) {
        size_t len = strcspn(at, " ");
        bool no = *at == '-';

        snprintf(names[count], HOLDER_MAX + 1, "%.*s", (int)len - no, at + no);
        out[count] = (struct policy_vote){names[count], !no};
        at += len + (at[len] == ' ');
    }
    return count;
}

static void judge(const struct policy *p, const struct policy_case *c, const char *words,
                  struct policy_verdict *out)
{
    char names[16][HOLDER_MAX + 1];
    struct policy_vote votes[16];
    size_t count = read_votes(words, names, votes);

    policy_judge(p, c, votes, count, out);
}

/* --- quorums --- */

struct quorum {
    const char *votes;
    bool reached, unreachable;
    unsigned given, required;
};

static void check_quorums(const char *rules, const struct quorum *rows, size_t count)
{
    const struct policy_case payment = {.amount_minor = 100, .payee = PAYEE};
    struct policy *p = load(rules);

    for (size_t i = 0; i < count; i++) {
        struct policy_verdict v;

        judge(p, &payment, rows[i].votes, &v);
        if (v.reached != rows[i].reached || v.unreachable != rows[i].unreachable ||
            v.given != rows[i].given || v.required != rows[i].required || !v.covered)
            fail_msg("%s: reached %d, unreachable %d, %u of %u", rows[i].votes, v.reached,
                     v.unreachable, v.given, v.required);
    }
    policy_free(p);
}
#define CHECK_QUORUMS(rules, rows) check_quorums((rules), (rows), sizeof(rows) / sizeof(rows)[0])

static void test_all(void **state)
{
    (void)state;
    static const struct quorum rows[] = {
        {"", false, false, 0, 5},
        {"ada alan bea ben", false, false, 4, 5},
        {"ada alan bea ben eve", true, false, 5, 5},
        {"ada alan bea ben tom", false, false, 4, 5},
        {"ada -bea", false, true, 1, 5},
        {"ada ada", false, false, 0, 5},
    };

    CHECK_QUORUMS("{'require':'all'}", rows);
}

static void test_ebics(void **state)
{
    (void)state;
    static const struct quorum rows[] = {
        {"", false, false, 0, 1},
        {"eve", true, false, 1, 1},
        {"ada alan", true, false, 2,
         2}, /* of the two ways that are complete, the one that took them */
        {"ada bea", true, false, 2, 2},
        {"bea ben", false, false, 0, 1}, /* never B and B: an E is still the nearest */
        {"tom", false, false, 0, 1},
        {"ada -eve", false, false, 1, 2},
        {"-ada -alan bea ben", false, false, 0, 1},
        {"-ada -alan -eve bea ben", false, true, 0, 1},
        {"-eve -ada bea", false, false, 1, 2}, /* alan can still come */
    };

    CHECK_QUORUMS("{'require':'ebics'}", rows);
}

static void test_k_of_n(void **state)
{
    (void)state;
    static const struct quorum rows[] = {
        {"ada bea", true, false, 2, 2},      {"ada ben", false, false, 1, 2},
        {"ada -bea", false, false, 1, 2},    {"-ada -bea", false, true, 0, 2},
        {"-ada bea eve", true, false, 2, 2},
    };

    CHECK_QUORUMS("{'anyOf':[{'signers':[{'count':2,'of':['ada','bea','eve']}]}]}", rows);
}

/* Who fits two places must not take the one that another needs. */
static void test_one_person_one_place(void **state)
{
    (void)state;
    static const struct quorum rows[] = {
        {"ada", false, false, 1, 2},     /* not both places */
        {"ada alan", true, false, 2, 2}, /* ada moves to the second */
        {"ada bea", true, false, 2, 2},
        {"bea ben", false, false, 1, 2},
    };

    CHECK_QUORUMS("{'anyOf':[{'signers':[{'class':'A','count':1},"
                  "{'count':1,'of':['ada','bea','ben']}]}]}",
                  rows);
}

/* --- which rule --- */

static void test_bands_and_payees(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        const char *payee;
        bool covered;
        unsigned required;
    } rows[] = {
        {1, OTHER, true, 1},       {10000, OTHER, true, 1},    {10001, OTHER, true, 2},
        {500000, OTHER, true, 2},  {500001, OTHER, false, 0},  {500001, PAYEE, true, 1},
        {1000000, PAYEE, true, 1}, {1000001, PAYEE, false, 0},
    };
    struct policy *p = load("{'anyOf':[{'signers':[{'class':'E','count':1}]}],'payees':['" PAYEE
                            "'],'upTo':'10000.00'},"
                            "{'anyOf':[{'signers':[{'count':1}]}],'upTo':'100.00'},"
                            "{'above':'100.00','require':'ebics','upTo':'5000.00'}");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct policy_case c = {.amount_minor = rows[i].amount, .payee = rows[i].payee};
        struct policy_verdict v;

        judge(p, &c, "-eve", &v);
        assert_int_equal(v.covered, rows[i].covered);
        if (rows[i].covered && strcmp(rows[i].payee, OTHER) == 0)
            assert_int_equal(v.required, rows[i].required);
        /* What no rule is for, and what only eve may approve, is out of reach without her. */
        assert_int_equal(v.unreachable, !rows[i].covered || strcmp(rows[i].payee, PAYEE) == 0);
    }
    policy_free(p);
}

static void test_subjects(void **state)
{
    (void)state;
    const struct policy_case cash = {.subject = POLICY_CASH, .amount_minor = 100};
    const struct policy_case change = {.subject = POLICY_CHANGE};
    struct policy_verdict v;
    struct policy *p = load("{'require':'all'}");

    judge(p, &cash, "ada alan bea ben eve", &v);
    assert_false(v.covered || v.reached);
    judge(p, &change, "ada alan bea ben", &v);
    assert_true(v.covered && !v.reached && v.required == 5);
    policy_free(p);
    p = load("{'anyOf':[{'signers':[{'class':'E','count':1}]}],'for':'cash','upTo':'1.00'},"
             "{'anyOf':[{'signers':[{'class':'A','count':2}]}],'for':'policy'},{'require':'all'}");
    judge(p, &cash, "eve", &v);
    assert_true(v.reached);
    judge(p, &change, "ada alan", &v);
    assert_true(v.reached);
    policy_free(p);
}

static void test_waiting(void **state)
{
    (void)state;
    struct policy_case c = {.amount_minor = 100, .payee = PAYEE, .waited_us = 30 * DAY_US - 1};
    struct policy_verdict v;
    struct policy *p = load("{'anyOf':[{'signers':[{'class':'A','count':2}]},"
                            "{'afterDays':30,'signers':[{'class':'A','count':1}]}]}");

    judge(p, &c, "ada", &v);
    assert_true(!v.reached && !v.unreachable);
    c.waited_us++;
    judge(p, &c, "ada", &v);
    assert_true(v.reached);
    judge(p, &c, "", &v);
    assert_false(v.reached);
    c.waited_us = 0;
    judge(p, &c, "-alan", &v); /* only the waiting is left */
    assert_true(!v.unreachable && v.required == 1);
    assert_int_equal(policy_next_opening(p, &c), 30 * DAY_US);
    c.waited_us = 30 * DAY_US;
    assert_int_equal(policy_next_opening(p, &c), -1);
    policy_free(p);
}

/* --- what loads --- */

static void check_load(const char *people, const char *more, const char *rules, enum err expected,
                       const char *findings)
{
    char text[POLICY_MAX], got[512] = "";
    struct policy_findings found;
    struct policy *p;

    write_policy(people, more, rules, text, sizeof text);
    assert_err(policy_parse(text, strlen(text), &p), expected);
    assert_true((p != NULL) == (expected == ERR_OK));
    policy_free(p);
    assert_err(policy_lint(text, strlen(text), &found), expected);
    for (size_t i = 0; i < found.count; i++) {
        size_t used = strlen(got);

        snprintf(got + used, sizeof got - used, "%s%s %zu.%zu %s", used ? "; " : "",
                 policy_fault_name(found.at[i].fault), found.at[i].rule, found.at[i].way,
                 found.at[i].what);
    }
    assert_string_equal(got, findings);
    assert_int_equal(found.fatal, expected == ERR_POLICY_INVALID);
}

#define BAD ERR_POLICY_INVALID
#define FORM ERR_DOC_MEMBER_INVALID

static const struct {
    const char *rules;
    enum err expected;
    const char *findings;
} lint_rows[] = {
    {"{'require':'ebics'}", ERR_OK, ""},
    {"{'require':'all'}", ERR_OK, "EVERYBODY 1.0 ada, alan, bea, ben, eve"},
    {"{'anyOf':[{'signers':[{'class':'E','count':1}]}]}", ERR_OK, "SINGLE_POINT 1.0 eve"},
    {"{'require':'ebics','upTo':'10.00'}", ERR_OK, "GAP 0.0 above 10.00 EUR"},
    {"{'above':'10.00','require':'ebics'}", ERR_OK, "GAP 0.0 above 0.00 up to 10.00 EUR"},
    {"{'require':'ebics','upTo':'10.00'},{'above':'20.00','require':'ebics'}", ERR_OK,
     "GAP 0.0 above 10.00 up to 20.00 EUR"},
    {"{'payees':['" PAYEE "'],'require':'ebics'}", ERR_OK, "GAP 0.0 above 0.00 EUR"},
    {"{'for':'cash','require':'ebics'}", ERR_OK, "GAP 0.0 above 0.00 EUR"},
    {"{'anyOf':[{'signers':[{'count':0}]}]}", BAD, "ZERO 1.1 "},
    {"{'anyOf':[{'signers':[{'count':1},{'class':'A','count':0}]}]}", BAD, "ZERO 1.1 "},
    {"{'anyOf':[{'signers':[{'count':1}]},{'signers':[{'class':'A','count':3}]}]}", BAD,
     "UNREACHABLE 1.2 "},
    {"{'anyOf':[{'signers':[{'count':5},{'count':1}]}]}", BAD, "UNREACHABLE 1.1 "},
    {"{'anyOf':[{'signers':[{'class':'A','count':2},{'count':1,'of':['ada','alan']}]}]}", BAD,
     "UNREACHABLE 1.1 "},
    {"{'anyOf':[{'signers':[{'count':64},{'count':64}]}]}", BAD, "UNREACHABLE 1.1 "},
    {"{'anyOf':[{'signers':[{'class':'T','count':1}]}]}", BAD, "UNKNOWN 1.1 T; UNREACHABLE 1.1 "},
    {"{'anyOf':[{'signers':[{'count':1,'of':['ada','zoe']}]}]}", BAD, "UNKNOWN 1.1 zoe"},
    {"{'anyOf':[{'signers':[{'count':1,'of':['ada','tom']}]}]}", BAD, "UNKNOWN 1.1 tom"},
    {"{'anyOf':[{'signers':[{'count':1,'of':['ada','ada']}]}]}", BAD, "UNKNOWN 1.1 ada"},
    {"{'anyOf':[{'signers':[{'count':1,'of':['alan','ada']}]}]}", BAD, "UNKNOWN 1.1 ada"},
    {"{'require':'most'}", BAD, "UNKNOWN 1.0 most; UNREACHABLE 1.0 "},
    {"{'for':'payment','require':'all'}", BAD, "UNKNOWN 1.0 payment"},
    {"{'require':'all'},{'require':'ebics'}", BAD, "NEVER 2.0 "},
    {"{'require':'all'},{'payees':['" PAYEE "'],'require':'ebics'}", BAD, "NEVER 2.0 "},
    {"{'payees':['" PAYEE "'],'require':'ebics'},{'require':'ebics'}", ERR_OK, ""},
    {"{'payees':['" PAYEE "'],'require':'ebics'},{'payees':['" OTHER "'],'require':'ebics'},"
     "{'payees':['" PAYEE "','" OTHER "'],'require':'ebics'}",
     BAD, "NEVER 3.0 "},
    {"{'payees':['" PAYEE "','" OTHER "'],'require':'ebics'},"
     "{'payees':['" OTHER "'],'require':'all'},{'require':'ebics'}",
     BAD, "NEVER 2.0 "},
    {"{'require':'ebics','upTo':'5.00'},{'above':'5.00','require':'ebics','upTo':'9.00'},"
     "{'above':'2.00','require':'all','upTo':'9.00'}",
     BAD, "NEVER 3.0 "},
    {"{'above':'5.00','require':'ebics','upTo':'9.00'},{'require':'ebics','upTo':'5.00'},"
     "{'above':'2.00','require':'ebics','upTo':'9.01'}",
     ERR_OK, "GAP 0.0 above 9.01 EUR"},
    {"{'for':'policy','require':'all'},{'for':'policy','require':'ebics'},{'require':'ebics'}", BAD,
     "NEVER 2.0 "},
    {"{'above':'9.00','require':'all','upTo':'9.00'}", BAD, "RANGE 1.0 "},
    {"{'for':'cash','payees':['" PAYEE "'],'require':'ebics'}", BAD, "RANGE 1.0 "},
    {"{'payees':['" PAYEE "','" PAYEE "'],'require':'ebics'}", BAD, "UNKNOWN 1.0 " PAYEE},
    {"{'for':'policy','require':'ebics','upTo':'9.00'}", BAD, "RANGE 1.0 "},
    {"{'payees':['" OTHER "','" PAYEE "'],'require':'ebics'}", BAD, "UNKNOWN 1.0 " PAYEE},
    {"{'anyOf':[{'signers':[{'count':1}]}],'require':'all'}", FORM, ""},
    {"{'upTo':'9.00'}", FORM, ""},
    {"{'anyOf':[]}", FORM, ""},
    {"{'anyOf':[{'signers':[]}]}", FORM, ""},
    {"{'anyOf':[{'signers':[{'count':65}]}]}", FORM, ""},
    {"{'anyOf':[{'signers':[{'count':-1}]}]}", FORM, ""},
    {"{'anyOf':[{'signers':[{'class':'A','count':1,'of':['ada']}]}]}", FORM, ""},
    {"{'anyOf':[{'signers':[{'count':1,'of':[1]}]}]}", FORM, ""},
    {"{'anyOf':[{'afterDays':0,'signers':[{'count':1}]}]}", FORM, ""},
    {"{'anyOf':[{'afterDays':367,'signers':[{'count':1}]}]}", FORM, ""},
    {"{'anyOf':[{'signers':[{'class':'A'}]}]}", ERR_DOC_MEMBER_MISSING, ""},
    {"{'require':'all','why':'x'}", ERR_DOC_MEMBER_UNKNOWN, ""},
    {"{'require':'all','upTo':'9'}", ERR_AMOUNT_INVALID, ""},
    {"{'payees':['DE00'],'require':'all'}", ERR_IBAN_INVALID, ""},
};

static void test_lint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lint_rows / sizeof lint_rows[0]; i++)
        check_load(PEOPLE, "", lint_rows[i].rules, lint_rows[i].expected, lint_rows[i].findings);
}

static void test_envelope(void **state)
{
    (void)state;
    static const char only_b[] = "{'class':'B','id':'bea'},{'class':'B','id':'ben'}";

    check_load("{'class':'T','id':'tom'}", "", "{'require':'all'}", BAD,
               "NO_APPROVER 0.0 ; ZERO 1.1 ");
    check_load(only_b, "", "{'require':'ebics'}", BAD, "UNREACHABLE 1.0 ");
    check_load("{'class':'X','id':'bea'},{'class':'A','id':'ada'}", "", "{'require':'all'}", BAD,
               "UNKNOWN 0.0 X; UNKNOWN 0.0 ada");
    check_load(PEOPLE, ",'limits':[{'amount':'9.00','per':'day'},{'amount':'10.00','per':'month'}]",
               "{'require':'ebics'}", ERR_OK, "");
    check_load(PEOPLE, ",'limits':[{'amount':'9.00','per':'week'}]", "{'require':'ebics'}", BAD,
               "UNKNOWN 0.0 week");
    check_load(PEOPLE, ",'limits':[{'amount':'9.00','per':'day'},{'amount':'9.00','per':'day'}]",
               "{'require':'ebics'}", BAD, "UNKNOWN 0.0 day");
}

static void test_limits(void **state)
{
    (void)state;
    char text[POLICY_MAX];
    struct policy *p;

    write_policy(PEOPLE, ",'limits':[{'amount':'9.00','per':'month'}]", "{'require':'all'}", text,
                 sizeof text);
    assert_ok(policy_parse(text, strlen(text), &p));
    assert_int_equal(policy_limit(p, POLICY_DAY), -1);
    assert_int_equal(policy_limit(p, POLICY_MONTH), 900);
    assert_string_equal(policy_currency(p), "EUR");
    policy_free(p);
}

/* An error of the form tells its place. */
static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *more, *rules, *where;
    } rows[] = {
        {"", "{'require':'all'},{'anyOf':[{'signers':[{'class':'A'}]}]}", "rule 2, way 1: count"},
        {"", "{'anyOf':[{'signers':[]}]}", "rule 1, way 1: signers"},
        {"", "{'require':'all','why':'x'}", "rule 1: why"},
        {"", "{'require':'all','upTo':'9'}", "rule 1"},
        {"", "", "rules"},
        {",'limits':[{'amount':'9','per':'day'}]", "{'require':'all'}", "limits"},
        {",'validUntil':1", "{'require':'all'}", "validUntil"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[POLICY_MAX];
        struct policy_findings found;

        write_policy(PEOPLE, rows[i].more, rows[i].rules, text, sizeof text);
        assert_int_not_equal(policy_lint(text, strlen(text), &found), ERR_OK);
        assert_string_equal(found.where, rows[i].where);
        assert_int_equal(found.count, 0);
    }
}

/* A name is cut between two characters. */
static void test_long_names(void **state)
{
    (void)state;
    char name[401] = "", rules[500], text[POLICY_MAX];
    struct policy_findings found;

    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 2 ? '\xa9' : '\xc3'; /* e with an acute accent */
    snprintf(rules, sizeof rules, "{'require':'x%s'}", name);
    write_policy(PEOPLE, "", rules, text, sizeof text);
    assert_err(policy_lint(text, strlen(text), &found), ERR_POLICY_INVALID);
    assert_int_equal(strlen(found.at[0].what), POLICY_TITLE_BYTES - 1);
    assert_true(text_is_utf8(found.at[0].what, strlen(found.at[0].what)));
}

/* --- advice --- */

static void test_explain(void **state)
{
    (void)state;
    const struct policy_case c = {.amount_minor = 100, .payee = PAYEE, .waited_us = DAY_US + 1};
    const struct policy_vote votes[] = {{"bea", true}, {"ada", false}};
    struct policy *p = load("{'require':'ebics','upTo':'10.00'}");
    struct buf out = {0};

    assert_ok(policy_explain(p, &c, votes, 2, &out));
    assert_string_equal(buf_str(&out),
                        "1 of eve: 1 missing, next from eve\n"
                        "2 of ada, alan: out of reach\n"
                        "1 of ada, alan and 1 of bea, ben: 1 missing, next from alan\n");
    assert_int_equal(policy_helpers(p, &c, votes, 2), 1u << 1 | 1u << 4);
    buf_clear(&out);
    const struct policy_case large = {.amount_minor = 1001, .payee = PAYEE};
    assert_ok(policy_explain(p, &large, votes, 2, &out));
    assert_string_equal(buf_str(&out),
                        "No rule of the policy is for this: nobody can approve it.\n");
    assert_int_equal(policy_helpers(p, &large, votes, 2), 0);
    policy_free(p);
    p = load("{'anyOf':[{'afterDays':3,'signers':[{'class':'B','count':1}]}]}");
    buf_clear(&out);
    assert_ok(policy_explain(p, &c, votes, 2, &out));
    assert_string_equal(buf_str(&out), "1 of bea, ben: complete, open in 2 days\n");
    const struct policy_case later = {.amount_minor = 100, .waited_us = 2 * DAY_US};
    buf_clear(&out);
    assert_ok(policy_explain(p, &later, votes, 2, &out));
    assert_string_equal(buf_str(&out), "1 of bea, ben: complete, open in 1 day\n");
    buf_clear(&out);
    assert_ok(policy_tell(p, &later, &out));
    assert_string_equal(buf_str(&out), "1 of bea, ben, after 3 days\n");
    policy_free(p);
    buf_free(&out);
}

static void test_which_rule(void **state)
{
    (void)state;
    const struct policy_case small = {.amount_minor = 100}, change = {.subject = POLICY_CHANGE};
    const struct policy_case large = {.amount_minor = 1001}, cash = {.subject = POLICY_CASH};
    struct policy *p = load("{'require':'ebics','upTo':'10.00'},{'above':'10.00','anyOf':["
                            "{'afterDays':30,'signers':[{'count':1}]},{'signers':[{'count':2}]},"
                            "{'afterDays':7,'signers':[{'class':'A','count':1}]}]}");
    struct policy_case waited = large;

    assert_int_equal(policy_rule_number(p, &small), 1);
    assert_int_equal(policy_rule_number(p, &large), 2);
    assert_int_equal(policy_rule_number(p, &cash), 0);
    assert_int_equal(policy_rule_number(p, &change), 0);
    assert_int_equal(policy_opens_after(p, &small), 0);
    assert_int_equal(policy_opens_after(p, &cash), 0);
    assert_int_equal(policy_opens_after(p, &large), 7);
    waited.waited_us = 7 * DAY_US;
    assert_int_equal(policy_opens_after(p, &waited), 30);
    waited.waited_us = 30 * DAY_US;
    assert_int_equal(policy_opens_after(p, &waited), 0);
    policy_free(p);
}

static void test_simulate(void **state)
{
    (void)state;
    const struct policy_case c = {.amount_minor = 100, .payee = PAYEE};
    /* eve; ada+alan; each A with each B */
    static const uint64_t expected[] = {16, 3, 5, 9, 6, 10};
    struct policy_coalitions got;
    struct policy *p = load("{'require':'ebics'}");

    policy_simulate(p, &c, &got);
    assert_int_equal(got.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < got.count; i++)
        assert_int_equal(got.at[i], expected[i]);
    assert_false(got.more);
    policy_free(p);
}

/* --- against a search that only counts --- */

struct place {
    unsigned who;
};

static bool can_fill(const struct place *places, size_t count, unsigned people)
{
    if (count == 0)
        return true;
    for (unsigned i = 0; i < 5; i++) {
        unsigned person = 1u << i;

        if ((places[0].who & people & person) && can_fill(places + 1, count - 1, people & ~person))
            return true;
    }
    return false;
}

/* A way of three terms by the digits of SEED, as a document and as places. */
static size_t make_way(unsigned seed, char *out, size_t cap, struct place places[static 6])
{
    static const char *const names[] = {"ada", "alan", "bea", "ben", "eve"};
    size_t used = 0, count = 0;

    for (unsigned t = 0; t < 3; t++, seed /= 62) {
        unsigned who = 1 + seed % 31, n = 1 + seed % 62 / 31;

        used += (size_t)snprintf(out + used, cap - used, "%s{'count':%u,'of':[", t ? "," : "", n);
        for (unsigned i = 0, first = 1; i < 5; i++) {
            if (who >> i & 1) {
                used +=
                    (size_t)snprintf(out + used, cap - used, "%s'%s'", first ? "" : ",", names[i]);
                first = 0;
            }
        }
        used += (size_t)snprintf(out + used, cap - used, "]}");
        for (unsigned i = 0; i < n; i++)
            places[count++] = (struct place){who};
    }
    return count;
}

static void test_against_a_search(void **state)
{
    (void)state;
    static const char *const names[] = {"ada", "alan", "bea", "ben", "eve"};
    const struct policy_case c = {.amount_minor = 100, .payee = PAYEE};
    unsigned loaded = 0;

    for (unsigned seed = 0; seed < 62 * 62 * 62; seed += 137) {
        char way[600], rules[700], text[POLICY_MAX];
        struct place places[6];
        struct policy *p;
        size_t count = make_way(seed, way, sizeof way, places);

        snprintf(rules, sizeof rules, "{'anyOf':[{'signers':[%s]}]}", way);
        write_policy(PEOPLE, "", rules, text, sizeof text);
        enum err e = policy_parse(text, strlen(text), &p);
        assert_err(e, can_fill(places, count, 31) ? ERR_OK : ERR_POLICY_INVALID);
        loaded += e == ERR_OK;
        for (unsigned people = 0; p && people < 32; people++) {
            struct policy_vote votes[5];
            struct policy_verdict v;
            size_t n = 0;

            for (unsigned i = 0; i < 5; i++) {
                if (people >> i & 1)
                    votes[n++] = (struct policy_vote){names[i], true};
            }
            policy_judge(p, &c, votes, n, &v);
            assert_int_equal(v.reached, can_fill(places, count, people));
        }
        policy_free(p);
    }
    assert_true(loaded > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_ebics),
        cmocka_unit_test(test_k_of_n),
        cmocka_unit_test(test_one_person_one_place),
        cmocka_unit_test(test_bands_and_payees),
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_lint),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_which_rule),
        cmocka_unit_test(test_simulate),
        cmocka_unit_test(test_against_a_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
