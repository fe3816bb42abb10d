/* SPDX-License-Identifier: Apache-2.0
 * Applications for accounts: the golden one is read, shown, made again and completed as the format
 * says; what is forged is refused by name. */
#include "order/application.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <string.h>

#define BANK "demobank.example/demo"

static struct application load(void)
{
    struct buf document = golden_read("application.json");
    struct application a;

    assert_ok(application_parse(document.data, document.len, &a));
    buf_free(&document);
    return a;
}

struct
try {
    struct golden_keys keys;
    struct application application;
};

static enum err verify(void *ctx, const char *jws, struct verified **out)
{
    const struct try *t = ctx;
    const struct verify_application_input in = {.bank = BANK,
                                                .jws = jws,
                                                .jws_len = strlen(jws),
                                                .application = &t->application,
                                                .keys = golden_keys_lookup(&t->keys)};

    return verify_application(&in, out);
}

static void shows(const struct application *a, enum application_verb verb, const char *file)
{
    struct buf expected = golden_read(file), text = {0};

    assert_ok(application_display_render(a, verb, &text));
    assert_string_equal(buf_str(&text), buf_str(&expected));
    buf_free(&expected);
    buf_free(&text);
}

static void a_word_is_verified(void **state)
{
    (void)state;
    struct try t = {golden_keys_load(), load()};
    struct buf jws = golden_read("application.jws");
    struct verified *v = NULL;

    assert_ok(verify(&t, buf_str(&jws), &v));
    assert_int_equal(verified_kind(v), STATEMENT_APPLICATION);
    assert_string_equal(verified_signer(v), golden_digest("alice"));
    assert_int_equal(verified_application(v)->verb, APPLICATION_APPLY);
    assert_memory_equal(verified_application(v)->application, t.application.digest, DIGEST_LEN);
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_null(verified_decision(v));
    shows(&t.application, APPLICATION_APPLY, "application-apply.txt");
    shows(&t.application, APPLICATION_WITHDRAW, "application-withdraw.txt");
    verified_free(v);
    buf_free(&jws);
    application_free(&t.application);
    golden_keys_free(&t.keys);
}

static void threats_02_03_04_09_18_forgeries(void **state)
{
    (void)state;
    struct try t = {golden_keys_load(), load()};

    golden_forged("applications-forged.txt", "", 20, verify, &t);
    application_free(&t.application);
    golden_keys_free(&t.keys);
}

static void try_document(enum err expected, const char *name, const char *document, void *ctx)
{
    struct application a;
    enum err got = application_parse(document, strlen(document), &a);

    (void)ctx;
    if (got != expected)
        print_error("%s: %s\n", name, err_name(got));
    assert_err(got, expected);
    application_free(&a);
}

static void documents_that_are_none(void **state)
{
    (void)state;
    golden_table("application-documents.txt", 20, try_document, NULL);
}

/* The account's first policy is what was signed, and the bank's members. */
static void it_becomes_a_policy(void **state)
{
    (void)state;
    struct buf expected = golden_read("application-policy.json");
    struct application a = load();
    struct policy *p = NULL;
    size_t len = 0;

    assert_ok(application_policy(&a, "PT50000201231234567890154", INT64_C(1795338120000000), &p));
    assert_string_equal(policy_bytes(p, &len), buf_str(&expected));
    policy_free(p);
    assert_err(application_policy(&a, "PT50000201231234567890155", 0, &p), ERR_IBAN_CHECK_DIGITS);
    assert_null(p);
    application_free(&a);
    buf_free(&expected);
}

/* What our code writes is what the format says. */
static void it_is_made_again(void **state)
{
    (void)state;
    struct try t = {golden_keys_load(), load()};
    struct buf jws = golden_read("application.jws"), payload = {0}, document = {0};
    const struct policy_person people[] = {{"alice", 'A'}, {"bob", 'B'}};
    const struct policy_terms terms = {.bank = BANK,
                                       .title = "Household",
                                       .currency = "EUR",
                                       .people = people,
                                       .count = 2,
                                       .rules = "",
                                       .limits = "",
                                       .deputies = "[\"bob\"]"};
    struct application_word again;
    struct application other;
    struct verified *v = NULL;

    assert_ok(verify(&t, buf_str(&jws), &v));
    assert_ok(application_word_make(&t.application, APPLICATION_APPLY, verified_head(v), &payload));
    assert_ok(application_word_parse(payload.data, payload.len, &again));
    assert_memory_equal(&again, verified_application(v), sizeof again);
    assert_ok(
        application_make(&terms, t.application.expires_us, "K9gGyX8OAK8aH8Myj6djqQ", &document));
    assert_ok(application_parse(document.data, document.len, &other));
    assert_string_equal(policy_title(other.policy), "Household");
    assert_int_equal(policy_holder_class(other.policy, 1), 'B');
    application_free(&other);
    verified_free(v);
    buf_free(&jws);
    buf_free(&payload);
    buf_free(&document);
    application_free(&t.application);
    golden_keys_free(&t.keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_verified),
        cmocka_unit_test(threats_02_03_04_09_18_forgeries),
        cmocka_unit_test(documents_that_are_none),
        cmocka_unit_test(it_becomes_a_policy),
        cmocka_unit_test(it_is_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
