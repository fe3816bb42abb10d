/* SPDX-License-Identifier: Apache-2.0
 * Orders, policies, statements, entries as documents: what is taken, and by which name the rest is
 * refused. Every bad order is the good one with one thing replaced. */
#include "base/text.h"
#include "order/application.h"
#include "order/display.h"
#include "order/entry.h"
#include "order/forms.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/status.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANK "demobank.example/demo"
#define ACCOUNT "PT50000201231234567890154"

static const char good_order[] =
    "{\"account\":\"" ACCOUNT "\",\"amount\":\"77.78\",\"bank\":\"" BANK "\","
    "\"created\":\"2026-11-22T10:00:00Z\",\"creditor\":{\"account\":\"DE89370400440532013000\","
    "\"address\":{\"country\":\"DE\",\"postcode\":\"50667\",\"street\":\"Domkloster 4\","
    "\"town\":\"Cologne\"},\"bic\":\"COBADEFFXXX\",\"name\":\"EDP Comercial\"},"
    "\"currency\":\"EUR\",\"date\":\"2026-11-30\",\"description\":\"Electricity bill\","
    "\"endToEndId\":\"INV 7\",\"expires\":\"2026-12-04T10:00:00Z\","
    "\"id\":\"019aab1e-d900-7c3f-8a5b-0123456789ab\",\"purpose\":\"ELEC\","
    "\"reference\":\"RF18539007547034\",\"type\":\"payment-order\",\"version\":1}";

static const char good_policy[] =
    "{\"account\":\"" ACCOUNT "\",\"bank\":\"" BANK "\",\"holders\":[{\"class\":\"A\",\"id\":"
    "\"alice\"},{\"class\":\"T\",\"id\":\"bob\"},{\"class\":\"B\",\"id\":\"carol\"}],"
    "\"rules\":[{\"require\":\"all\"}],\"title\":\"All of us\",\"type\":\"policy\","
    "\"validFrom\":\"2026-11-01T00:00:00Z\",\"version\":7}";

struct change {
    enum err expected;
    const char *old, *new;
};

/* BASE with the one occurrence of OLD replaced. */
static void replace(const char *base, const struct change *c, struct buf *out)
{
    const char *at = strstr(base, c->old);

    assert_non_null(at);
    buf_clear(out);
    assert_ok(buf_add(out, base, (size_t)(at - base)));
    assert_ok(buf_add_str(out, c->new));
    assert_ok(buf_add_str(out, at + strlen(c->old)));
}

static void try_orders(const struct change *rows, size_t count)
{
    struct buf text = {0};

    for (size_t i = 0; i < count; i++) {
        struct order order;
        enum err got;

        replace(good_order, &rows[i], &text);
        got = order_parse(text.data, text.len, &order);
        if (got != rows[i].expected)
            print_error("%s -> %s: %s\n", rows[i].old, rows[i].new, err_name(got));
        assert_err(got, rows[i].expected);
        assert_int_equal(order.account[0] != 0, rows[i].expected == ERR_OK);
    }
    buf_free(&text);
}

#define TRY(rows) try_orders(rows, sizeof(rows) / sizeof(rows)[0])

static void the_good_order(void **state)
{
    (void)state;
    struct order o;

    assert_ok(order_parse(good_order, sizeof good_order - 1, &o));
    assert_int_equal(o.amount_minor, 7778);
    assert_string_equal(o.amount, "77.78");
    assert_string_equal(o.town, "Cologne");
    assert_string_equal(o.reference, "RF18539007547034");
    assert_string_equal(o.end_to_end_id, "INV 7");
    assert_int_equal(o.expires_us - o.created_us, INT64_C(12) * 86400 * TEXT_SECOND_US);
}

static void threat_06_json(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {ERR_JSON_DUPLICATE, "\"version\":1", "\"version\":1,\"version\":1"},
        {ERR_JSON_DUPLICATE, "\"version\":1", "\"version\":1,\"\\u0076ersion\":1"},
        {ERR_JSON_SYNTAX, "{\"account\"", "\xEF\xBB\xBF{\"account\""},
        {ERR_JSON_SYNTAX, "Electricity", "\xC3("},
        {ERR_JSON_SYNTAX, "Electricity", "\\ud800"},
        {ERR_JSON_SYNTAX, "Electricity", "\\u0000"},
        {ERR_JSON_SYNTAX, "\"version\":1}", "\"version\":1}x"},
        {ERR_DOC_NOT_CANONICAL, "\"version\":1}", "\"version\":1}\n"},
        {ERR_DOC_NOT_CANONICAL, ",\"amount\"", ", \"amount\""},
        {ERR_DOC_NOT_CANONICAL, "Electricity", "\\u0045lectricity"},
        {ERR_DOC_MEMBER_UNKNOWN, "\"version\":1", "\"version\":1,\"zeal\":1"},
        {ERR_DOC_MEMBER_UNKNOWN, "\"town\":", "\"toon\":"},
        {ERR_DOC_MEMBER_MISSING, ",\"version\":1", ""},
        {ERR_DOC_MEMBER_INVALID, "\"ELEC\"", "7"},
        {ERR_DOC_TYPE, "\"version\":1", "\"version\":2"},
        {ERR_DOC_TYPE, "payment-order", "payment-offer"},
    };
    struct buf big = {0};
    struct order order;

    TRY(rows);
    for (unsigned i = 0; i < 40; i++)
        assert_ok(buf_add_byte(&big, '['));
    assert_err(order_parse(big.data, big.len, &order), ERR_JSON_DEPTH);
    while (big.len <= ORDER_MAX)
        assert_ok(buf_add_byte(&big, ' '));
    assert_err(order_parse(big.data, big.len, &order), ERR_TOO_LARGE);
    buf_free(&big);
}

static void threat_07_money(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {ERR_AMOUNT_INVALID, "77.78", "1e2"},
        {ERR_AMOUNT_INVALID, "77.78", "1.0"},
        {ERR_AMOUNT_INVALID, "77.78", "01.00"},
        {ERR_AMOUNT_INVALID, "77.78", "-1.00"},
        {ERR_AMOUNT_INVALID, "77.78", "+1.00"},
        {ERR_AMOUNT_INVALID, "77.78", "-0.00"},
        {ERR_AMOUNT_INVALID, "77.78", "0.001"},
        {ERR_AMOUNT_INVALID, "77.78", "77,78"},
        {ERR_AMOUNT_INVALID, "77.78", ""},
        {ERR_AMOUNT_INVALID, "77.78", " 77.78"},
        {ERR_AMOUNT_ZERO, "77.78", "0.00"},
        {ERR_AMOUNT_TOO_LARGE, "77.78", "99999999999999999.99"},
        {ERR_OK, "77.78", "9999999999999999.99"},
        {ERR_DOC_MEMBER_INVALID, "\"77.78\"", "77"},
        {ERR_JSON_NUMBER, "\"77.78\"", "77.78"},
        {ERR_JSON_NUMBER, "\"77.78\"", "1e400"},
        {ERR_JSON_NUMBER, "\"version\":1", "\"version\":1.0"},
        {ERR_JSON_NUMBER, "\"version\":1", "\"version\":1e0"},
        {ERR_JSON_NUMBER, "\"version\":1", "\"version\":9007199254740993"},
        {ERR_JSON_SYNTAX, "\"version\":1", "\"version\":01"},
        {ERR_DOC_NOT_CANONICAL, "\"version\":1", "\"version\":-0"},
        {ERR_AMOUNT_INVALID, "77.78\",\"bank\":\"" BANK "\",\"created\"",
         "77.7\",\"bank\":\"" BANK "\",\"created\""},
        {ERR_AMOUNT_INVALID, "\"currency\":\"EUR\"", "\"currency\":\"JPY\""},
        {ERR_AMOUNT_INVALID, "\"currency\":\"EUR\"", "\"currency\":\"BHD\""},
        {ERR_OK, "\"currency\":\"EUR\"", "\"currency\":\"USD\""},
        {ERR_CURRENCY_UNKNOWN, "\"currency\":\"EUR\"", "\"currency\":\"XAU\""},
        {ERR_CURRENCY_UNKNOWN, "\"currency\":\"EUR\"", "\"currency\":\"eur\""},
        {ERR_CURRENCY_UNKNOWN, "\"currency\":\"EUR\"", "\"currency\":\"EURO\""},
    };

    TRY(rows);
}

static void threat_08_names(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP \xE2\x80\xAE Comercial"}, /* RLO */
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP\xE2\x80\x8B"},            /* zero width */
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP\\nFrom  Alice"},          /* newline */
        {ERR_TEXT_INVALID, "EDP Comercial", "\\u001b[2JEDP"},              /* escape */
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP\xE2\x80\xA8x"},           /* U+2028 */
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP\xC2\xADx"},               /* soft hyphen */
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP\xEF\xB8\x8F"},            /* variation */
        {ERR_TEXT_INVALID, "EDP Comercial", "Cafe\xCC\x81"},               /* not NFC */
        {ERR_TEXT_INVALID, "EDP Comercial", " EDP"},
        {ERR_TEXT_INVALID, "EDP Comercial", "EDP  Comercial"},
        {ERR_TEXT_INVALID, "EDP Comercial", ""},
        {ERR_TEXT_INVALID, "Cologne", "A town whose name has more than 35 letters"},
        {ERR_OK, "EDP Comercial", "<b>EDP</b> & \xD0\x95\xD0\xA0\xD0\xA0"}, /* look-alikes */
        {ERR_OK, "EDP Comercial", "Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x92\xB6"},
    };

    TRY(rows);
}

static void other_members(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {ERR_IBAN_CHECK_DIGITS, "DE89", "DE88"},
        {ERR_IBAN_INVALID, "DE89370400440532013000", "DE8937040044053201300"},
        {ERR_IBAN_INVALID, "DE89370400440532013000", "XX8937040044053201300"},
        {ERR_IBAN_INVALID, ACCOUNT "\",\"amount", "\",\"amount"},
        {ERR_BIC_INVALID, "COBADEFFXXX", "COBADEFFXX"},
        {ERR_REFERENCE_INVALID, "RF18", "RF19"},
        {ERR_DATE_INVALID, "2026-11-30", "2026-11-31"},
        {ERR_DATE_INVALID, "2026-11-30", "30.11.2026"},
        {ERR_TIME_INVALID, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.0Z"},
        {ERR_TIME_INVALID, "2026-11-22T10:00:00Z", "2026-11-22T10:00:60Z"},
        {ERR_TIME_INVALID, "2026-11-22T10:00:00Z", "2026-11-22 10:00:00Z"},
        {ERR_DOC_MEMBER_INVALID, "2026-12-04T10:00:00Z", "2026-11-22T10:00:00Z"},
        {ERR_OK, "2026-12-04T10:00:00Z", "2027-11-23T10:00:00Z"},
        {ERR_DOC_MEMBER_INVALID, "2026-12-04T10:00:00Z", "2027-11-23T10:00:01Z"},
        {ERR_DOC_MEMBER_INVALID, BANK, "demobank.example"},
        {ERR_DOC_MEMBER_INVALID, BANK, "Demobank.example/demo"},
        {ERR_DOC_MEMBER_INVALID, BANK, "demobank.example/demo/x"},
        {ERR_DOC_MEMBER_INVALID, BANK, "demobank.example/-"},
        {ERR_OK, BANK, "0.az-09/0-az9"},
        {ERR_DOC_MEMBER_INVALID, BANK, "a`b/demo"},
        {ERR_DOC_MEMBER_INVALID, BANK, "a{b/demo"},
        {ERR_DOC_MEMBER_INVALID, BANK, "a:b/demo"},
        {ERR_DOC_MEMBER_INVALID, "-7c3f-", "-4c3f-"},
        {ERR_DOC_MEMBER_INVALID, "-8a5b-", "-ca5b-"},
        {ERR_DOC_MEMBER_INVALID, "019aab1e", "019AAB1E"},
        {ERR_DOC_MEMBER_INVALID, "019aab1e-", "019aab1e"},
        {ERR_DOC_MEMBER_INVALID, "\"DE\"", "\"de\""},
        {ERR_OK, "\"DE\"", "\"AZ\""},
        {ERR_OK, "\"DE\"", "\"ZA\""},
        {ERR_DOC_MEMBER_INVALID, "\"DE\"", "\"[E\""},
        {ERR_DOC_MEMBER_INVALID, "\"DE\"", "\"@E\""},
        {ERR_DOC_MEMBER_INVALID, "\"DE\"", "\"D[\""},
        {ERR_DOC_MEMBER_INVALID, "\"DE\"", "\"D@\""},
        {ERR_DOC_MEMBER_INVALID, "\"ELEC\"", "\"ELECT\""},
        {ERR_OK, "\"ELEC\"", "\"AZ09\""},
        {ERR_DOC_MEMBER_INVALID, "\"ELEC\"", "\"A@\""},
        {ERR_DOC_MEMBER_INVALID, "\"ELEC\"", "\"A[\""},
        {ERR_DOC_MEMBER_INVALID, "\"ELEC\"", "\"A/\""},
        {ERR_DOC_MEMBER_INVALID, "\"ELEC\"", "\"A:\""},
        {ERR_DOC_MEMBER_INVALID, "\"INV 7\"", "\"INV_7\""},
        {ERR_DOC_MEMBER_INVALID, "\"INV 7\"", "\"\""},
        {ERR_OK, "\"INV 7\"", "\"7\""},
    };

    TRY(rows);
}

/* What js_get gives of another document that has none. */
static void what_is_not_there(void **state)
{
    (void)state;
    struct order o;
    struct policy *policy = NULL;
    struct application a;
    struct entry_leaf leaf;
    struct buf bytes = {0};

    assert_err(order_from_js(NULL, &o, &bytes), ERR_DOC_MEMBER_MISSING);
    assert_int_equal(bytes.len, 0);
    assert_string_equal(o.id, "");
    assert_err(policy_from_js(NULL, &policy), ERR_DOC_MEMBER_MISSING);
    assert_null(policy);
    assert_err(application_from_js(NULL, &a), ERR_DOC_MEMBER_MISSING);
    application_free(&a);
    assert_true(entry_leaf_from_js(NULL, &leaf) != ERR_OK);
}

/* By the place that it has; "" where it is nobody's. */
static void the_member_at_fault(void **state)
{
    (void)state;
    static const struct {
        struct change change;
        const char *member;
    } rows[] = {
        {{ERR_DOC_MEMBER_MISSING, "\"description\":\"Electricity bill\",", ""}, "description"},
        {{ERR_DOC_MEMBER_MISSING, ",\"name\":\"EDP Comercial\"", ""}, "creditor.name"},
        {{ERR_DOC_MEMBER_MISSING, "\"country\":\"DE\",", ""}, "creditor.address.country"},
        {{ERR_DOC_MEMBER_UNKNOWN, "\"town\"", "\"towns\""}, "creditor.address.towns"},
        {{ERR_DOC_MEMBER_UNKNOWN, "\"amount\"", "\"ammount\""}, "ammount"},
        {{ERR_DOC_TYPE, "\"version\":1", "\"version\":2"}, ""},
        {{ERR_IBAN_CHECK_DIGITS, "PT50", "PT51"}, "account"},
        {{ERR_AMOUNT_ZERO, "77.78", "0.00"}, "amount"},
        {{ERR_CURRENCY_UNKNOWN, "\"EUR\"", "\"XXX\""}, "currency"},
        {{ERR_TIME_INVALID, "2026-11-22T10", "2026-11-22 10"}, "created"},
        {{ERR_DOC_MEMBER_INVALID, "2026-12-04T10", "2026-11-04T10"}, "expires"},
        {{ERR_DATE_INVALID, "2026-11-30", "2026-11-31"}, "date"},
        {{ERR_TEXT_INVALID, "Domkloster 4", "Domkloster  4"}, "creditor.address.street"},
        {{ERR_OK, "Domkloster 4", "Domkloster 5"}, ""},
    };
    struct buf text = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct order_fault fault = {.member = "?"};
        struct js *value = NULL;
        struct order o;

        replace(good_order, &rows[i].change, &text);
        assert_ok(js_parse(text.data, text.len, &value));
        assert_err(order_read(value, &o, NULL, &fault), rows[i].change.expected);
        assert_string_equal(fault.member, rows[i].member);
        js_free(value);
    }
    buf_free(&text);
}

static void a_draft_is_completed(void **state)
{
    (void)state;
    static const uint8_t random[10] = {0x3c, 0x3f, 0x0a, 0x5b, 1, 2, 3, 4, 5, 6};
    static const char draft[] =
        " { \"amount\": \"77.78\", \"currency\": \"EUR\", \"description\": \"Electricity bill\",\n"
        "\"creditor\": {\"name\": \"EDP\", \"account\": \"DE89370400440532013000\"} }\n";
    const struct order_fill fill = {.bank = BANK,
                                    .account = ACCOUNT,
                                    .now_us = INT64_C(1795341600) * TEXT_SECOND_US,
                                    .lifetime_us = INT64_C(86400) * TEXT_SECOND_US,
                                    .random = random};
    struct order_fault fault;
    struct buf out = {0};
    struct order o;

    assert_ok(order_complete(draft, sizeof draft - 1, &fill, &out, NULL));
    assert_ok(order_parse(out.data, out.len, &o));
    assert_string_equal(o.bank, BANK);
    assert_string_equal(o.id, "01a202b2-c500-7c3f-8a5b-010203040506");
    assert_int_equal(o.created_us, fill.now_us);
    assert_int_equal(o.date_days, text_day_of(fill.now_us));
    buf_clear(&out);
    assert_err(order_complete("[]", 2, &fill, &out, NULL), ERR_DOC_MEMBER_INVALID);
    assert_err(order_complete("{}", 2, &fill, &out, &fault), ERR_DOC_MEMBER_MISSING);
    assert_string_equal(fault.member, "amount");
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

/* --- policies --- */

static void policies(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {ERR_OK, "\"version\":7", "\"version\":9007199254740991"},
        {ERR_POLICY_INVALID, "\"all\"", "\"none\""},
        {ERR_POLICY_INVALID, "[{\"require\":\"all\"}]", "[]"},
        {ERR_POLICY_INVALID, "[{\"require\":\"all\"}]",
         "[{\"require\":\"all\"},{\"require\":\"all\"}]"},
        {ERR_DOC_MEMBER_UNKNOWN, "\"require\":\"all\"", "\"require\":\"all\",\"s\":1"},
        {ERR_POLICY_INVALID, "\"A\"", "\"C\""},
        {ERR_DOC_MEMBER_INVALID, "\"rules\"", "\"limits\":[],\"rules\""},
        {ERR_CURRENCY_UNKNOWN, "\"holders\"", "\"currency\":\"EUX\",\"holders\""},
        {ERR_POLICY_INVALID, "\"carol\"", "\"bob\""},
        {ERR_POLICY_INVALID, "\"alice\"", "\"dave\""},
        {ERR_DOC_MEMBER_INVALID, "\"alice\"", "\"Alice\""},
        {ERR_DOC_MEMBER_INVALID, "\"alice\"", "\"\""},
        {ERR_DOC_MEMBER_INVALID, "\"version\":7", "\"version\":0"},
        {ERR_DOC_TYPE, "\"policy\"", "\"police\""},
        {ERR_TEXT_INVALID, "All of us", "All\xE2\x80\x8Bof us"},
        {ERR_DOC_MEMBER_INVALID, ",\"version\"",
         ",\"validUntil\":\"2026-11-01T00:00:00Z\",\"version\""},
    };
    struct buf text = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct policy *p;

        replace(good_policy, &rows[i], &text);
        assert_err(policy_parse(text.data, text.len, &p), rows[i].expected);
        assert_true((p != NULL) == (rows[i].expected == ERR_OK));
        policy_free(p);
    }
    buf_free(&text);
}

/* Nobody who may approve, and nobody at all. */
static void an_unreachable_policy_does_not_load(void **state)
{
    (void)state;
    static const struct change only_tellers = {
        ERR_POLICY_INVALID,
        "[{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"T\",\"id\":\"bob\"},"
        "{\"class\":\"B\",\"id\":\"carol\"}]",
        "[{\"class\":\"T\",\"id\":\"bob\"}]"};
    const struct change nobody = {ERR_POLICY_INVALID, only_tellers.old, "[]"};
    struct buf text = {0};
    struct policy *p;

    replace(good_policy, &only_tellers, &text);
    assert_err(policy_parse(text.data, text.len, &p), ERR_POLICY_INVALID);
    replace(good_policy, &nobody, &text);
    assert_err(policy_parse(text.data, text.len, &p), ERR_POLICY_INVALID);
    buf_free(&text);
}

static void judging(void **state)
{
    (void)state;
    static const struct {
        struct policy_vote votes[3];
        size_t count;
        unsigned given;
        bool reached, unreachable;
    } rows[] = {
        {{{0}}, 0, 0, false, false},
        {{{"alice", true}}, 1, 1, false, false},
        {{{"alice", true}, {"carol", true}}, 2, 2, true, false},
        {{{"alice", true}, {"bob", true}}, 2, 1, false, false},     /* may not approve */
        {{{"alice", true}, {"alice", true}}, 2, 0, false, false},   /* named twice */
        {{{"alice", true}, {"mallory", true}}, 2, 1, false, false}, /* no holder */
        {{{"alice", true}, {"carol", false}}, 2, 1, false, true},
        {{{"bob", false}}, 1, 0, false, false}, /* his no does not count */
        {{{"alice", true}, {"carol", true}, {"carol", false}}, 3, 1, false, false},
    };
    const struct policy_case payment = {.amount_minor = 7778, .payee = ACCOUNT};
    struct policy *p;
    struct policy_verdict v;

    assert_ok(policy_parse(good_policy, sizeof good_policy - 1, &p));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        policy_judge(p, &payment, rows[i].votes, rows[i].count, &v);
        assert_int_equal(v.required, 2);
        assert_int_equal(v.given, rows[i].given);
        assert_int_equal(v.reached, rows[i].reached);
        assert_int_equal(v.unreachable, rows[i].unreachable);
    }
    assert_true(policy_may_submit(p, "bob"));
    assert_false(policy_may_approve(p, "bob"));
    assert_false(policy_may_submit(p, "mallory"));
    assert_false(policy_valid_at(p, 0));
    policy_free(p);
}

/* --- the display, the life, the log --- */

/* The text that is too long for the screen is still shown whole or not at all. */
static void the_longest_display_fits(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(DISPLAY_MAX);
    struct policy *p;
    struct order o;

    assert_ok(order_parse(good_order, sizeof good_order - 1, &o));
    assert_ok(policy_parse(good_policy, sizeof good_policy - 1, &p));
    for (unsigned i = 0; i < 140; i++) {
        memcpy(o.creditor_name + 4 * i, "\xF0\x9F\x92\xB6", 5);
        memcpy(o.description + 4 * i, "\xF0\x9F\x92\xB6", 5);
    }
    assert_ok(display_render(&o, p, VERB_REJECT, &text));
    assert_non_null(strstr(buf_str(&text), "\nReason        MS02\n"));
    assert_err(display_render(&o, p, VERB_NONE, &text), ERR_DOC_MEMBER_INVALID);
    policy_free(p);
    buf_free(&text);
}

static void life_of_an_order(void **state)
{
    (void)state;
    static const char *const happy[] = {"RCVD", "ACTC", "PATC", "ACCP", "ACSP", "ACSC"};
    enum status at = STATUS_NONE;

    for (size_t i = 0; i < sizeof happy / sizeof happy[0]; i++) {
        enum status next = status_from_name(happy[i], 4);

        assert_string_equal(status_name(next), happy[i]);
        assert_true(status_may_follow(at, next));
        assert_false(status_may_follow(next, at));
        assert_false(status_may_follow(next, next));
        at = next;
    }
    assert_true(status_final(STATUS_ACSC) && status_final(STATUS_RJCT) &&
                status_final(STATUS_CANC));
    for (unsigned to = STATUS_RCVD; to <= STATUS_CANC; to++) {
        assert_false(status_may_follow(STATUS_ACSC, (enum status)to));
        assert_false(status_may_follow(STATUS_RJCT, (enum status)to));
        assert_false(status_may_follow(STATUS_CANC, (enum status)to));
    }
    assert_false(status_may_follow(STATUS_ACSP, STATUS_CANC));
    assert_int_equal(status_from_name("ACSCX", 5), STATUS_NONE);
    assert_int_equal(status_from_name("", 0), STATUS_NONE);
    assert_true(status_open(STATUS_PATC));
    assert_false(status_open(STATUS_ACCP));
}

/* A leaf as it stands in a document. */
static enum err read_leaf(const struct buf *bytes, struct entry_leaf *out)
{
    struct js *value = NULL;

    enum err e = js_parse_canonical(bytes->data, bytes->len, &value);
    if (!e)
        e = entry_leaf_from_js(value, out);
    js_free(value);
    return e;
}

/* The leaf, and the document that says so. */
static enum err make_leaf(uint64_t index, const uint8_t *salt, const void *body, size_t len,
                          struct entry_leaf *out, struct buf *bytes)
{
    enum err e = entry_make(index, INT64_C(1795341600) * TEXT_SECOND_US + 1, salt, body, len, out);

    return e == ERR_OK ? entry_leaf_write(index, out->time_us, out->commitment, bytes) : e;
}

static void an_entry_commits_to_its_body(void **state)
{
    (void)state;
    uint8_t salt[ENTRY_SALT_LEN] = {7};
    struct entry_leaf made, leaf;
    struct buf bytes = {0};

    assert_ok(make_leaf(42, salt, "{}", 2, &made, &bytes));
    assert_ok(read_leaf(&bytes, &leaf));
    assert_int_equal(leaf.index, 42);
    assert_int_equal(leaf.time_us, INT64_C(1795341600) * TEXT_SECOND_US);
    assert_memory_equal(leaf.commitment, made.commitment, DIGEST_LEN);
    assert_memory_equal(leaf.hash.b, made.hash.b, DIGEST_LEN);
    assert_ok(entry_check(&leaf, salt, "{}", 2));
    assert_err(entry_check(&leaf, salt, "{ }", 3), ERR_PROOF_INVALID);
    salt[31] ^= 1;
    assert_err(entry_check(&leaf, salt, "{}", 2), ERR_PROOF_INVALID);
    for (size_t i = 0; i < bytes.len; i++) {
        enum err e;

        bytes.data[i] ^= 1;
        e = read_leaf(&bytes, &leaf);
        assert_true(e != ERR_OK || memcmp(leaf.hash.b, made.hash.b, DIGEST_LEN) != 0);
        bytes.data[i] ^= 1;
    }
    buf_free(&bytes);
}

static void an_entry_has_a_largest_body(void **state)
{
    (void)state;
    static const uint8_t salt[ENTRY_SALT_LEN] = {7};
    static const uint8_t body[ENTRY_BODY_MAX + 1];
    static const struct entry_leaf empty;
    struct entry_leaf leaf;
    struct buf bytes = {0};

    assert_err(make_leaf(1, salt, body, sizeof body, &leaf, &bytes), ERR_TOO_LARGE);
    assert_memory_equal(&leaf, &empty, sizeof leaf);
    assert_err(make_leaf((uint64_t)JS_INT_MAX + 1, salt, "{}", 2, &leaf, &bytes), ERR_TOO_LARGE);
    assert_memory_equal(&leaf, &empty, sizeof leaf);
    assert_int_equal(bytes.len, 0);
    assert_ok(make_leaf(1, salt, body, sizeof body - 1, &leaf, &bytes));
    assert_ok(entry_check(&leaf, salt, body, sizeof body - 1));
    assert_err(entry_check(&leaf, salt, body, sizeof body), ERR_PROOF_INVALID);
    buf_free(&bytes);
}

/* In clear storage the seal is the commitment. */
static void a_leaf_with_another_seal_is_refused(void **state)
{
    (void)state;
    static const uint8_t salt[ENTRY_SALT_LEN] = {7};
    struct entry_leaf leaf;
    struct buf bytes = {0};
    char *seal;

    assert_ok(make_leaf(1, salt, "{}", 2, &leaf, &bytes));
    seal = strstr((char *)bytes.data, "\"sealed\":\"");
    assert_non_null(seal);
    seal[10] = seal[10] == '0' ? '1' : '0';
    assert_err(read_leaf(&bytes, &leaf), ERR_PROOF_INVALID);
    buf_free(&bytes);
}

/* What begins with its time, as Python's int.to_bytes and base64 write it. */
static void ids_and_nonces_begin_with_their_time(void **state)
{
    static const uint8_t random[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    char id[ORDER_ID_LEN + 1], nonce[NONCE_LEN + 1];

    (void)state;
    forms_make_order_id(INT64_C(1764090912123456), random, id);
    assert_string_equal(id, "019abc03-1d7b-7001-8203-040506070809");
    forms_make_dated_nonce(INT64_C(1764090912123456), random, nonce);
    assert_string_equal(nonce, "AZq8Ax17AAECAwQFBgcICQ");
    assert_ok(forms_nonce(nonce, NONCE_LEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_nonces_begin_with_their_time),
        cmocka_unit_test(the_good_order),
        cmocka_unit_test(threat_06_json),
        cmocka_unit_test(threat_07_money),
        cmocka_unit_test(threat_08_names),
        cmocka_unit_test(other_members),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(the_member_at_fault),
        cmocka_unit_test(a_draft_is_completed),
        cmocka_unit_test(policies),
        cmocka_unit_test(an_unreachable_policy_does_not_load),
        cmocka_unit_test(judging),
        cmocka_unit_test(the_longest_display_fits),
        cmocka_unit_test(life_of_an_order),
        cmocka_unit_test(an_entry_commits_to_its_body),
        cmocka_unit_test(an_entry_has_a_largest_body),
        cmocka_unit_test(a_leaf_with_another_seal_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
