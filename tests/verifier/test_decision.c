/* SPDX-License-Identifier: Apache-2.0
 * Decisions, logins, bank keys: the golden ones pass, every forgery is refused by its name. */
#include "base/text.h"
#include "order/display.h"
#include "tests/base/unit.h"
#include "tests/order/policy_all.h"
#include "tests/verifier/golden.h"

#include <stdlib.h>
#include <string.h>

#define BANK "demobank.example/demo"

struct scene {
    struct golden_keys keys;
    struct order order;
    struct policy *policy;
};

static struct scene scene_load(void)
{
    struct scene s = {.keys = golden_keys_load(), .policy = golden_policy("policy.json")};
    struct buf order = golden_read("order.json");

    assert_ok(order_parse(order.data, order.len, &s.order));
    buf_free(&order);
    return s;
}

static void scene_free(struct scene *s)
{
    golden_keys_free(&s->keys);
    policy_free(s->policy);
}

static enum err verify(const struct scene *s, const char *bank, const char *jws,
                       struct verified **out)
{
    const struct verify_decision_input in = {.bank = bank,
                                             .jws = jws,
                                             .jws_len = strlen(jws),
                                             .order = &s->order,
                                             .policy = s->policy,
                                             .keys = golden_keys_lookup(&s->keys)};

    return verify_decision(&in, out);
}

static void golden_decision(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf jws = golden_read("decision.jws");
    struct verified *v = NULL;
    uint8_t digest[DIGEST_LEN];
    size_t len;

    assert_ok(verify(&s, BANK, buf_str(&jws), &v));
    assert_int_equal(verified_kind(v), STATEMENT_DECISION);
    assert_string_equal(verified_signer(v), golden_digest("alice"));
    assert_int_equal(verified_decision(v)->verb, VERB_APPROVE);
    assert_string_equal(verified_head(v)->bank, BANK);
    assert_null(verified_login(v));
    assert_string_equal(verified_jws(v, &len), buf_str(&jws));
    assert_int_equal(len, jws.len);
    assert_ok(key_digest(jws.data, jws.len, digest));
    assert_memory_equal(verified_jws_digest(v), digest, DIGEST_LEN);
    verified_free(v);
    buf_free(&jws);
    scene_free(&s);
}

static enum err verify_row(void *ctx, const char *jws, struct verified **out)
{
    return verify(ctx, BANK, jws, out);
}

static void try_rows(const char *prefix, size_t min)
{
    struct scene s = scene_load();

    golden_forged("decisions-forged.txt", prefix, min, verify_row, &s);
    scene_free(&s);
}

static void every_forgery_is_refused_by_name(void **state)
{
    (void)state;
    try_rows("", 60);
}

static void threat_02_signed_for_elsewhere(void **state)
{
    (void)state;
    try_rows("02-", 5);

    struct scene s = scene_load();
    struct buf jws = golden_read("decision.jws");
    struct verified *v;

    assert_err(verify(&s, "demobank.example/test", buf_str(&jws), &v), ERR_BANK_MISMATCH);
    buf_free(&jws);
    scene_free(&s);
}

static void threat_03_two_documents_with_one_id(void **state)
{
    (void)state;
    try_rows("03-", 2);
}

static void threat_04_the_key_fixes_the_algorithm(void **state)
{
    (void)state;
    try_rows("04-", 15);
}

static void threat_05_headers(void **state)
{
    (void)state;
    try_rows("05-", 10);
}

/* Each character of the text is covered by a refusal. */
static void no_changed_character_verifies(void **state)
{
    (void)state;
    struct scene s = scene_load();

    golden_changed("decision.jws", verify_row, &s);
    scene_free(&s);
}

static void a_policy_of_another_account_is_refused(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf jws = golden_read("decision.jws"), policy = {0};
    const char *both[] = {"alice", "bob"};
    struct verified *v;

    policy_free(s.policy);
    assert_ok(policy_all(BANK, "DE89370400440532013000", "Both", 1, s.order.created_us, both, 2,
                         &policy));
    assert_ok(policy_parse(policy.data, policy.len, &s.policy));
    assert_err(verify(&s, BANK, buf_str(&jws), &v), ERR_POLICY_MISMATCH);
    buf_free(&policy);
    buf_free(&jws);
    scene_free(&s);
}

static void login(void **state)
{
    (void)state;
    struct golden_keys keys = golden_keys_load();
    struct verify_keys lookup = golden_keys_lookup(&keys);
    struct buf jws = golden_read("login.jws"), other = golden_read("decision.jws");
    struct verified *v;

    assert_ok(verify_login(BANK, buf_str(&jws), jws.len, lookup, &v));
    assert_int_equal(verified_kind(v), STATEMENT_LOGIN);
    assert_string_equal(verified_signer(v), golden_digest("bob"));
    assert_string_equal(verified_login(v)->session, golden_digest("stranger"));
    assert_null(verified_decision(v));
    verified_free(v);
    assert_err(verify_login("demobank.example/test", buf_str(&jws), jws.len, lookup, &v),
               ERR_BANK_MISMATCH);
    assert_null(v);
    assert_err(verify_login(BANK, buf_str(&other), other.len, lookup, &v), ERR_JWS_TYPE);
    jws.data[jws.len / 2] ^= 1;
    assert_true(verify_login(BANK, buf_str(&jws), jws.len, lookup, &v) != ERR_OK);
    buf_free(&jws);
    buf_free(&other);
    golden_keys_free(&keys);
}

static void bank_keys_under_the_pin(void **state)
{
    (void)state;
    struct buf jws = golden_read("bank-keys.jws"), other = golden_read("login.jws");
    struct statement_bank_keys keys;
    struct key *log_key = NULL;
    char pin[65];

    strcpy(pin, golden_digest("root"));
    assert_ok(verify_bank_keys(buf_str(&jws), jws.len, pin, &keys));
    assert_string_equal(keys.head.bank, BANK);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.keys[0].use, BANK_KEY_LOG);
    assert_ok(key_from_spki(keys.keys[0].spki, keys.keys[0].spki_len, &log_key));
    assert_string_equal(key_thumbprint(log_key), golden_digest("log"));
    key_free(log_key);

    assert_err(verify_bank_keys(buf_str(&jws), jws.len, golden_digest("alice"), &keys),
               ERR_KEY_MISMATCH);
    assert_int_equal(keys.count, 0);
    assert_err(verify_bank_keys(buf_str(&other), other.len, pin, &keys), ERR_JWS_TYPE);
    for (size_t i = 0; i < jws.len; i++) {
        jws.data[i] ^= 1;
        assert_true(verify_bank_keys(buf_str(&jws), jws.len, pin, &keys) != ERR_OK);
        jws.data[i] ^= 1;
    }
    buf_free(&jws);
    buf_free(&other);
}

/* THREATS 8: what is shown is what is signed; byte for byte what another program renders. */
static void threat_08_displays(void **state)
{
    (void)state;
    static const struct {
        const char *order, *display;
        enum verb verb;
    } rows[] = {{"order.json", "display-submit.txt", VERB_SUBMIT},
                {"order.json", "display-approve.txt", VERB_APPROVE},
                {"order.json", "display-reject.txt", VERB_REJECT},
                {"order.json", "display-cancel.txt", VERB_CANCEL},
                {"order-full.json", "display-full.txt", VERB_APPROVE}};
    struct scene s = scene_load();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf order = golden_read(rows[i].order), display = golden_read(rows[i].display);
        struct buf text = {0};
        struct order o;

        assert_ok(order_parse(order.data, order.len, &o));
        assert_ok(display_render(&o, s.policy, rows[i].verb, &text));
        assert_string_equal(buf_str(&text), buf_str(&display));
        buf_free(&order);
        buf_free(&display);
        buf_free(&text);
    }
    scene_free(&s);
}

/* Our own writer makes, from the same parts, the payload that the script made. */
static void decision_payload_is_the_golden_one(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf golden = golden_read("decision-payload.json"), made = {0};
    struct decision d;

    assert_ok(decision_parse(golden.data, golden.len, &d));
    assert_ok(decision_make(&s.order, s.policy, VERB_APPROVE, &d.head, &made));
    assert_string_equal(buf_str(&made), buf_str(&golden));
    buf_free(&golden);
    buf_free(&made);
    scene_free(&s);
}

/* The worked example stands in docs/FORMAT.md as the independent script computed it. */
static void format_page_shows_the_golden_values(void **state)
{
    (void)state;
    static const char *const files[] = {"order.json", "policy.json", "display-approve.txt",
                                        "decision-payload.json", "decision.jws"};
    static const char *const digests[] = {"order", "policy", "display", "alice"};
    struct buf page = golden_read("../../../docs/FORMAT.md");

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct buf file = golden_read(files[i]);

        if (!strstr(buf_str(&page), buf_str(&file)))
            fail_msg("docs/FORMAT.md lacks %s", files[i]);
        buf_free(&file);
    }
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        if (!strstr(buf_str(&page), golden_digest(digests[i])))
            fail_msg("docs/FORMAT.md lacks the digest of %s", digests[i]);
    }
    buf_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_decision),
        cmocka_unit_test(every_forgery_is_refused_by_name),
        cmocka_unit_test(threat_02_signed_for_elsewhere),
        cmocka_unit_test(threat_03_two_documents_with_one_id),
        cmocka_unit_test(threat_04_the_key_fixes_the_algorithm),
        cmocka_unit_test(threat_05_headers),
        cmocka_unit_test(no_changed_character_verifies),
        cmocka_unit_test(a_policy_of_another_account_is_refused),
        cmocka_unit_test(login),
        cmocka_unit_test(bank_keys_under_the_pin),
        cmocka_unit_test(threat_08_displays),
        cmocka_unit_test(decision_payload_is_the_golden_one),
        cmocka_unit_test(format_page_shows_the_golden_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
