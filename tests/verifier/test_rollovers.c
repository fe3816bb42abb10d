/* SPDX-License-Identifier: Apache-2.0
 * Who pinned which root key believes what, before and after the bank's root key was replaced. The
 * forged chains are in test_evidence's list. */
#include "base/text.h"
#include "order/json.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <stdio.h>
#include <string.h>

enum { FIRST, SECOND, THIRD, ROOTS };

static char roots[ROOTS][KEY_THUMBPRINT_LEN + 1];

static int load_roots(void **state)
{
    struct buf file = golden_read("roots.txt");
    int found = sscanf(buf_str(&file), "first %43s second %43s third %43s", roots[FIRST],
                       roots[SECOND], roots[THIRD]);

    (void)state;
    buf_free(&file);
    return found == ROOTS ? 0 : -1;
}

static int64_t at(const char *text)
{
    int64_t us;

    assert_ok(text_parse_time(text, strlen(text), &us));
    return us;
}

static enum err keep(const char *name, struct verify_rollovers **out)
{
    struct buf file = golden_read(name);
    struct js *value = NULL;

    assert_ok(js_parse(file.data, file.len, &value));
    enum err e = verify_rollovers(js_get(value, "rollovers"), NULL, out);
    js_free(value);
    buf_free(&file);
    return e;
}

static struct verify_rollovers *kept(const char *name)
{
    struct verify_rollovers *r = NULL;

    assert_ok(keep(name, &r));
    return r;
}

/* KEPT NULL: the reader has none himself. */
static enum err verify(const char *name, const char *kept_name, int pin, struct verify_report *out)
{
    struct buf file = golden_read(name);
    struct verify_rollovers *r = kept_name ? kept(kept_name) : NULL;
    const struct verify_evidence_input in = {
        .bytes = file.data, .len = file.len, .bank_key = roots[pin], .rollovers = r};
    enum err e = verify_evidence(&in, out);

    verify_rollovers_free(r);
    buf_free(&file);
    return e;
}

static void the_old_pin_leads_forward(void **state)
{
    struct verify_report r;

    (void)state;
    assert_ok(verify("evidence/rolled.json", NULL, FIRST, &r));
    assert_int_equal(r.rollovers, 1);
    assert_string_equal(r.root, roots[SECOND]);
    assert_int_equal(r.root_until_us, 0);
    assert_ok(verify("evidence/rolled-twice.json", NULL, FIRST, &r));
    assert_int_equal(r.rollovers, 2);
    assert_ok(verify("evidence/rolled-twice.json", NULL, SECOND, &r));
    assert_int_equal(r.rollovers, 1);
    assert_string_equal(r.root, roots[THIRD]);
}

static void the_new_pin_needs_no_other(void **state)
{
    struct verify_report r;

    (void)state;
    assert_ok(verify("evidence/rolled.json", NULL, SECOND, &r));
    assert_int_equal(r.rollovers, 0);
    assert_string_equal(r.root, "");
    assert_ok(verify("evidence/rolled-twice.json", NULL, THIRD, &r));
    assert_err(verify("evidence/rolled.json", NULL, THIRD, &r), ERR_KEY_MISMATCH);
    assert_string_equal(r.where, "rollovers");
}

/* Evidence from before stays evidence, by the rollovers that the reader has himself. */
static void the_new_pin_leads_back(void **state)
{
    struct verify_report r;

    (void)state;
    assert_ok(verify("evidence/settled.json", NULL, FIRST, &r));
    assert_err(verify("evidence/settled.json", NULL, SECOND, &r), ERR_KEY_MISMATCH);
    assert_ok(verify("evidence/settled.json", "rollovers-first.json", SECOND, &r));
    assert_int_equal(r.rollovers, 1);
    assert_string_equal(r.root, roots[FIRST]);
    assert_int_equal(r.root_until_us, at("2027-02-20T12:00:00Z"));
    assert_ok(verify("evidence/settled.json", "rollovers.json", THIRD, &r));
    assert_int_equal(r.rollovers, 2);
    assert_ok(verify("evidence/rolled.json", "rollovers.json", THIRD, &r));
    assert_string_equal(r.root, roots[SECOND]);
    assert_err(verify("evidence/settled.json", "rollovers-first.json", THIRD, &r),
               ERR_KEY_MISMATCH);
    assert_err(verify("evidence/settled.json", "rollovers-elsewhere.json", SECOND, &r),
               ERR_BANK_MISMATCH);
}

static void nothing_new_under_the_old_root(void **state)
{
    struct verify_report r;

    (void)state;
    assert_err(verify("evidence/settled.json", "rollovers-early.json", SECOND, &r),
               ERR_ROLLOVER_EXPIRED);
    assert_non_null(strstr(r.where, "entries["));
    assert_ok(verify("evidence/open.json", "rollovers-early.json", SECOND, &r));
}

/* Who has stolen the old root key convinces nobody who pins the new one. */
static void threat_02_a_stolen_old_root(void **state)
{
    static const char *const reader_has[] = {NULL, "rollovers-first.json", "rollovers.json"};
    struct verify_report r;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        enum err fork = i ? ERR_ROLLOVER_FORK : ERR_KEY_MISMATCH;
        assert_err(verify("stolen/another-log.json", reader_has[i], SECOND, &r), ERR_KEY_MISMATCH);
        assert_err(verify("stolen/fork.json", reader_has[i], SECOND, &r), fork);
    }
    /* With the old pin it is the bank that speaks: docs/FORMAT.md says so. */
    assert_ok(verify("stolen/another-log.json", NULL, FIRST, &r));
    assert_err(verify("stolen/fork.json", "rollovers-first.json", FIRST, &r), ERR_ROLLOVER_FORK);
}

static void a_client_follows_while_it_may(void **state)
{
    struct verify_rollovers *r = kept("rollovers.json"), *none = NULL;
    const char *root;

    (void)state;
    /* the second's overlap has the first one's behind it: nobody can come from the first any more
     */
    assert_ok(verify_rolled(r, roots[SECOND], at("2027-03-01T00:00:00Z"), &root));
    assert_string_equal(root, roots[THIRD]);
    assert_ok(verify_rolled(r, roots[SECOND], at("2027-02-28T23:59:50Z"), &root));
    assert_err(verify_rolled(r, roots[SECOND], at("2027-02-28T23:59:49Z"), &root),
               ERR_ISSUED_IN_FUTURE);
    assert_ok(verify_rolled(r, roots[SECOND], at("2027-03-31T23:59:59Z"), &root));
    assert_err(verify_rolled(r, roots[SECOND], at("2027-04-01T00:00:00Z"), &root),
               ERR_ROLLOVER_EXPIRED);
    assert_null(root);
    assert_err(verify_rolled(r, roots[FIRST], at("2027-03-01T00:00:00Z"), &root),
               ERR_ROLLOVER_EXPIRED);
    assert_ok(verify_rolled(r, roots[THIRD], at("2030-01-01T00:00:00Z"), &root));
    assert_string_equal(root, roots[THIRD]);
    assert_err(verify_rolled(r, golden_digest("stranger"), at("2027-03-01T00:00:00Z"), &root),
               ERR_KEY_MISMATCH);
    assert_err(verify_rolled(none, roots[FIRST], at("2027-03-01T00:00:00Z"), &root),
               ERR_KEY_MISMATCH);
    verify_rollovers_free(r);
}

static void what_is_no_list(void **state)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {{"{}", ERR_DOC_MEMBER_INVALID},
                {"[1]", ERR_DOC_MEMBER_INVALID},
                {"[{}]", ERR_DOC_MEMBER_MISSING},
                {"[{\"new\":\"a.b.c\",\"old\":\"\"}]", ERR_JWS_MALFORMED},
                {"[]", ERR_OK}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verify_rollovers *r = NULL;
        struct js *value = NULL;
        assert_ok(js_parse(rows[i].text, strlen(rows[i].text), &value));
        assert_err(verify_rollovers(value, NULL, &r), rows[i].expected);
        assert_int_equal(verify_rollovers_count(r), 0);
        verify_rollovers_free(r);
        js_free(value);
    }
    struct verify_rollovers *r = NULL;
    assert_err(verify_rollovers(NULL, NULL, &r), ERR_DOC_MEMBER_INVALID);
    assert_err(keep("rollovers-of-two-banks.json", &r), ERR_BANK_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_old_pin_leads_forward),
        cmocka_unit_test(the_new_pin_needs_no_other),
        cmocka_unit_test(the_new_pin_leads_back),
        cmocka_unit_test(nothing_new_under_the_old_root),
        cmocka_unit_test(threat_02_a_stolen_old_root),
        cmocka_unit_test(a_client_follows_while_it_may),
        cmocka_unit_test(what_is_no_list),
    };

    return cmocka_run_group_tests(tests, load_roots, NULL);
}
