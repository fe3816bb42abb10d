/* SPDX-License-Identifier: Apache-2.0
 * Cash orders, what holders are shown of them, and the statement of the terminal. */
#include "order/display.h"
#include "order/order.h"
#include "order/terminal.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <stdio.h>
#include <string.h>

#define BANK "demobank.example/demo"

struct scene {
    struct key *till;
    struct order withdrawal, deposit;
    size_t tried;
};

static struct order load_order(const char *name)
{
    struct buf file = golden_read(name);
    struct order o;

    assert_ok(order_parse(file.data, file.len, &o));
    buf_free(&file);
    return o;
}

static struct scene load(void)
{
    struct scene s = {.withdrawal = load_order("cash-withdrawal.json"),
                      .deposit = load_order("cash-deposit.json")};
    struct buf spki = golden_read("till.spki");

    assert_ok(key_from_spki(spki.data, spki.len, &s.till));
    buf_free(&spki);
    return s;
}

static const struct key *find(void *ctx, const char *thumbprint)
{
    const struct scene *s = ctx;

    return strcmp(key_thumbprint(s->till), thumbprint) == 0 ? s->till : NULL;
}

static enum err verify(struct scene *s, const struct order *o, const char *jws,
                       struct verified **out)
{
    const struct verify_terminal_input in = {
        .bank = BANK, .jws = jws, .jws_len = strlen(jws), .order = o, .keys = {find, s}};

    return verify_terminal(&in, out);
}

static void a_statement_is_verified(void **state)
{
    (void)state;
    struct scene s = load();
    struct buf jws = golden_read("terminal.jws");
    struct verified *v = NULL;

    assert_ok(verify(&s, &s.withdrawal, buf_str(&jws), &v));
    assert_int_equal(verified_kind(v), STATEMENT_TERMINAL);
    assert_string_equal(verified_terminal(v)->terminal, "till-1");
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_null(verified_decision(v));
    verified_free(v);
    buf_free(&jws);
    key_free(s.till);
}

static void the_payload_is_made_again(void **state)
{
    (void)state;
    struct scene s = load();
    struct buf golden = golden_read("terminal-payload.json"), made = {0};
    struct order payment = load_order("order.json");
    struct terminal said;

    assert_ok(terminal_parse(golden.data, golden.len, &said));
    assert_ok(terminal_make(&s.withdrawal, &said.head, &made));
    assert_int_equal(made.len, golden.len);
    assert_memory_equal(made.data, golden.data, made.len);
    assert_err(terminal_make(&payment, &said.head, &made), ERR_DOC_TYPE);
    buf_free(&golden);
    buf_free(&made);
    key_free(s.till);
}

static enum err verify_row(void *ctx, const char *jws, struct verified **out)
{
    struct scene *s = ctx;

    return verify(s, &s->withdrawal, jws, out);
}

static void forgeries_are_refused_by_name(void **state)
{
    (void)state;
    struct scene s = load();

    golden_forged("terminals-forged.txt", "", 12, verify_row, &s);
    key_free(s.till);
}

static void another_order_is_refused(void **state)
{
    (void)state;
    struct scene s = load();
    struct buf jws = golden_read("terminal.jws");
    struct order payment = load_order("order.json");
    struct verified *v = NULL;

    assert_err(verify(&s, &s.deposit, buf_str(&jws), &v), ERR_ORDER_MISMATCH);
    assert_err(verify(&s, &payment, buf_str(&jws), &v), ERR_DOC_TYPE);
    buf_free(&jws);
    key_free(s.till);
}

static void kinds(void **state)
{
    (void)state;
    struct scene s = load();

    assert_int_equal(s.withdrawal.kind, ORDER_WITHDRAWAL);
    assert_int_equal(s.deposit.kind, ORDER_DEPOSIT);
    assert_string_equal(s.withdrawal.terminal, "till-1");
    assert_string_equal(s.withdrawal.creditor_account, "");
    assert_int_equal(s.withdrawal.amount_minor, 10000);
    assert_memory_not_equal(s.withdrawal.digest, s.deposit.digest, DIGEST_LEN);
    key_free(s.till);
}

static void forms(void **state)
{
    (void)state;
    static const struct {
        enum err error;
        const char *from, *to;
    } rows[] = {
        {ERR_DOC_MEMBER_MISSING, ",\"terminal\":\"till-1\"", ""},
        {ERR_DOC_MEMBER_INVALID, "\"till-1\"", "\"Till 1\""},
        {ERR_DOC_MEMBER_UNKNOWN, ",\"description\"", ",\"date\":\"2026-11-22\",\"description\""},
        {ERR_DOC_MEMBER_UNKNOWN, ",\"terminal\"", ",\"reference\":\"RF18\",\"terminal\""},
        {ERR_DOC_MEMBER_UNKNOWN, "cash-withdrawal", "payment-order"},
        {ERR_DOC_MEMBER_UNKNOWN, "cash-withdrawal", "cash-gift"},
        {ERR_AMOUNT_ZERO, "100.00", "0.00"},
        {ERR_DOC_TYPE, "\"version\":1", "\"version\":2"},
    };
    struct buf good = golden_read("cash-withdrawal.json");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        struct order o;
        const char *at = strstr(buf_str(&good), rows[i].from);
        assert_non_null(at);
        int before = (int)(at - buf_str(&good));
        snprintf(text, sizeof text, "%.*s%s%s", before, buf_str(&good), rows[i].to,
                 at + strlen(rows[i].from));
        enum err got = order_parse(text, strlen(text), &o);
        if (got != rows[i].error)
            print_error("row %zu: %s\n", i, err_name(got));
        assert_err(got, rows[i].error);
    }
    buf_free(&good);
}

static void what_holders_are_shown(void **state)
{
    (void)state;
    static const struct {
        enum verb verb;
        const char *file;
    } rows[] = {{VERB_APPROVE, "cash-display-approve.txt"},
                {VERB_REJECT, "cash-display-reject.txt"},
                {VERB_CANCEL, "cash-display-cancel.txt"}};
    struct scene s = load();
    struct policy *p = golden_policy("policy.json");
    struct buf file, text = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&text);
        file = golden_read(rows[i].file);
        assert_ok(display_render(&s.withdrawal, p, rows[i].verb, &text));
        assert_string_equal(buf_str(&text), buf_str(&file));
        buf_free(&file);
    }
    assert_err(display_render(&s.withdrawal, p, VERB_SUBMIT, &text), ERR_DECISION_NOT_OFFERED);
    for (unsigned v = VERB_SUBMIT; v <= VERB_CANCEL; v++)
        assert_err(display_render(&s.deposit, p, (enum verb)v, &text), ERR_DECISION_NOT_OFFERED);
    buf_free(&text);
    policy_free(p);
    key_free(s.till);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_verified),
        cmocka_unit_test(the_payload_is_made_again),
        cmocka_unit_test(forgeries_are_refused_by_name),
        cmocka_unit_test(another_order_is_refused),
        cmocka_unit_test(kinds),
        cmocka_unit_test(forms),
        cmocka_unit_test(what_holders_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
