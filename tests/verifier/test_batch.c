/* SPDX-License-Identifier: Apache-2.0
 * Batch decisions: the golden ones approve their orders, every forgery is refused by its name. */
#include "base/text.h"
#include "order/json.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <stdio.h>
#include <string.h>

#define BANK "demobank.example/demo"
#define ACCOUNT "PT50000201231234567890154"

struct scene {
    struct golden_keys keys;
    struct policy *policy;
};

static struct scene scene_load(void)
{
    return (struct scene){golden_keys_load(), golden_policy("policy.json")};
}

static void scene_free(struct scene *s)
{
    golden_keys_free(&s->keys);
    policy_free(s->policy);
}

/* One line of a file of signed decisions. */
static enum err verify_line(const struct scene *s, const char *line, size_t len, struct order *o,
                            struct verified **out)
{
    struct batch_inclusion place;
    struct js *value = NULL;
    struct verify_decision_input in = {
        .bank = BANK, .order = o, .policy = s->policy, .keys = golden_keys_lookup(&s->keys)};

    *out = NULL;
    assert_ok(js_parse_canonical(line, len, &value));
    const struct js *inclusion = js_get(value, "inclusion");
    enum err e = order_from_js(js_get(value, "order"), o, NULL);
    if (e == ERR_OK && inclusion)
        e = batch_inclusion_read(inclusion, &place);
    in.inclusion = inclusion ? &place : NULL;
    in.jws = js_text(js_get(value, "decision"), &in.jws_len);
    if (e == ERR_OK)
        e = verify_decision(&in, out);
    js_free(value);
    return e;
}

static void golden_batch(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf file = golden_read("batch.ndjson"), jws = golden_read("batch.jws");
    const char *at = buf_str(&file);

    for (uint64_t i = 0; i < 3; i++) {
        size_t len = strcspn(at, "\n");
        struct verified *v = NULL;
        struct order o;
        assert_ok(verify_line(&s, at, len, &o, &v));
        at += len + 1;
        assert_int_equal(verified_kind(v), STATEMENT_BATCH_DECISION);
        assert_string_equal(verified_signer(v), golden_digest("alice"));
        assert_string_equal(verified_jws(v, NULL), buf_str(&jws));
        assert_int_equal(verified_inclusion(v)->index, i);
        const struct decision *d = verified_decision(v);
        assert_int_equal(d->verb, VERB_APPROVE);
        assert_string_equal(d->order, o.id);
        assert_memory_equal(d->order_digest, o.digest, DIGEST_LEN);
        assert_memory_equal(d->policy_digest, policy_digest(s.policy), DIGEST_LEN);
        const struct batch *b = verified_batch(v);
        assert_int_equal(b->count, 3);
        assert_int_equal(b->total_count, 1);
        assert_int_equal(batch_total_in(b, "EUR")->amount_minor, 10000);
        assert_null(batch_total_in(b, "USD"));
        assert_null(verified_policy_change(v));
        verified_free(v);
    }
    buf_free(&file);
    buf_free(&jws);
    scene_free(&s);
}

static enum err verify_row(void *ctx, const char *line, struct verified **out)
{
    struct order o;

    return verify_line(ctx, line, strlen(line), &o, out);
}

static void try_rows(const char *prefix, size_t min)
{
    struct scene s = scene_load();

    golden_forged("batch-forged.txt", prefix, min, verify_row, &s);
    scene_free(&s);
}

static void every_forgery_is_refused_by_name(void **state)
{
    (void)state;
    try_rows("", 50);
}

static void threat_02_signed_for_elsewhere(void **state)
{
    (void)state;
    try_rows("02-", 5);

    struct scene s = scene_load();
    struct buf line = golden_read("batch-bundle.json");
    struct verified *v = NULL;
    struct order o;

    policy_free(s.policy);
    s.policy = golden_policy("policy-single.json");
    assert_err(verify_line(&s, buf_str(&line), line.len, &o, &v), ERR_POLICY_MISMATCH);
    buf_free(&line);
    scene_free(&s);
}

static enum err verify_alone(void *ctx, const char *jws, struct verified **out)
{
    const struct scene *s = ctx;
    const struct verify_batch_input in = {.bank = BANK,
                                          .account = ACCOUNT,
                                          .jws = jws,
                                          .jws_len = strlen(jws),
                                          .policy = s->policy,
                                          .keys = golden_keys_lookup(&s->keys)};

    return verify_batch(&in, out);
}

static void no_changed_character_verifies(void **state)
{
    (void)state;
    struct scene s = scene_load();

    golden_changed("batch.jws", verify_alone, &s);
    scene_free(&s);
}

/* By itself it is sound and decides on nothing. */
static void without_an_order_it_is_no_decision(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf jws = golden_read("batch.jws");
    struct verified *v = NULL;
    struct verify_batch_input in = {.bank = BANK,
                                    .account = ACCOUNT,
                                    .jws = buf_str(&jws),
                                    .jws_len = jws.len,
                                    .policy = s.policy,
                                    .keys = golden_keys_lookup(&s.keys)};

    assert_ok(verify_batch(&in, &v));
    assert_null(verified_decision(v));
    assert_int_equal(verified_batch(v)->count, 3);
    verified_free(v);
    in.account = "DE89370400440532013000";
    assert_err(verify_batch(&in, &v), ERR_ACCOUNT_MISMATCH);
    in.account = ACCOUNT;
    in.bank = "demobank.example/test";
    assert_err(verify_batch(&in, &v), ERR_BANK_MISMATCH);
    in.bank = BANK;
    in.policy = NULL;
    assert_err(verify_batch(&in, &v), ERR_POLICY_MISMATCH);
    buf_free(&jws);
    scene_free(&s);
}

/* A cash order has no place in a batch, whatever the tree says. */
static void cash_is_approved_alone(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf jws = golden_read("batch.jws"), bytes = golden_read("cash-withdrawal.json");
    const struct batch_inclusion place = {.index = 0};
    struct verified *v = NULL;
    struct order o;

    assert_ok(order_parse(bytes.data, bytes.len, &o));
    const struct verify_decision_input in = {.bank = BANK,
                                             .jws = buf_str(&jws),
                                             .jws_len = jws.len,
                                             .order = &o,
                                             .inclusion = &place,
                                             .policy = s.policy,
                                             .keys = golden_keys_lookup(&s.keys)};
    assert_err(verify_decision(&in, &v), ERR_DECISION_NOT_OFFERED);
    buf_free(&jws);
    buf_free(&bytes);
    scene_free(&s);
}

/* --- our own writer makes, from the same parts, what the script made --- */

static void what_is_signed_is_the_golden_text(void **state)
{
    (void)state;
    struct scene s = scene_load();
    struct buf golden = golden_read("batch-payload.json"), made = {0};
    struct buf display = golden_read("batch-display.txt"), file = golden_read("batch.ndjson");
    struct merkle_hash leaves[3];
    struct batch_tree *tree = NULL;
    struct batch signed_one, b = {.count = 0};
    const char *at = buf_str(&file);

    assert_ok(batch_parse(golden.data, golden.len, &signed_one));
    b.head = signed_one.head;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strcspn(at, "\n");
        struct verified *v = NULL;
        struct order o;
        assert_ok(verify_line(&s, at, len, &o, &v));
        assert_ok(batch_leaf(&o, s.policy, &leaves[i]));
        assert_ok(batch_add(&b, &o));
        memcpy(b.account, o.account, sizeof b.account);
        verified_free(v);
        at += len + 1;
    }
    assert_ok(batch_tree_make(leaves, 3, &tree));
    assert_ok(batch_tree_root(tree, b.root));
    assert_ok(batch_make(&b, s.policy, &made));
    assert_string_equal(buf_str(&made), buf_str(&golden));
    buf_clear(&made);
    assert_ok(batch_display_render(&b, s.policy, &made));
    assert_string_equal(buf_str(&made), buf_str(&display));
    batch_tree_free(tree);
    buf_free(&made);
    buf_free(&golden);
    buf_free(&display);
    buf_free(&file);
    scene_free(&s);
}

/* Trees of every shape: each leaf stands where it is, and nowhere else. */
static void every_place_is_proved(void **state)
{
    (void)state;
    struct merkle_hash leaves[70];
    struct batch b = {.count = 0};

    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        assert_ok(merkle_leaf(&i, sizeof i, &leaves[i]));
    for (size_t count = 1; count <= sizeof leaves / sizeof leaves[0]; count++) {
        struct batch_tree *tree = NULL;
        struct batch_inclusion place;

        assert_ok(batch_tree_make(leaves, count, &tree));
        assert_ok(batch_tree_root(tree, b.root));
        b.count = (int64_t)count;
        for (size_t i = 0; i < count; i++) {
            assert_ok(batch_tree_place(tree, i, &place));
            assert_ok(batch_check(&b, &place, &leaves[i]));
            if (count > 1)
                assert_err(batch_check(&b, &place, &leaves[(i + 1) % count]),
                           ERR_BATCH_PROOF_INVALID);
        }
        assert_err(batch_tree_place(tree, count, &place), ERR_PROOF_INVALID);
        batch_tree_free(tree);
    }
}

/* Totals by currency; no sum and no count beyond what can be shown. */
static void sums_have_limits(void **state)
{
    (void)state;
    static const char *const currencies[] = {"USD", "EUR", "GBP", "CHF", "SEK",
                                             "NOK", "DKK", "PLN", "CZK"};
    struct batch b = {.count = 0};
    struct order o = {.amount_minor = 5};

    for (size_t i = 0; i < 9; i++) {
        snprintf(o.currency, sizeof o.currency, "%s", currencies[i]);
        assert_err(batch_add(&b, &o), i < 8 ? ERR_OK : ERR_TOO_LARGE);
    }
    for (size_t i = 1; i < b.total_count; i++)
        assert_true(strcmp(b.totals[i - 1].currency, b.totals[i].currency) < 0);
    snprintf(o.currency, sizeof o.currency, "EUR");
    assert_ok(batch_add(&b, &o));
    assert_int_equal(batch_total_in(&b, "EUR")->amount_minor, 10);
    o.amount_minor = INT64_MAX;
    assert_true(batch_add(&b, &o) != ERR_OK);
    b.count = BATCH_ORDERS_MAX;
    o.amount_minor = 1;
    assert_err(batch_add(&b, &o), ERR_TOO_LARGE);
}

/* The worked example stands in docs/FORMAT.md as the independent script computed it. */
static void format_page_shows_the_golden_values(void **state)
{
    (void)state;
    static const char *const files[] = {"batch-payload.json", "batch-display.txt",
                                        "batch-leaf.json", "batch-bundle.json"};
    struct buf page = golden_read("../../../docs/FORMAT.md");
    struct buf digests = golden_read("batch-digests.txt");
    const char *at = buf_str(&digests);

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct buf file = golden_read(files[i]);
        if (!strstr(buf_str(&page), buf_str(&file)))
            fail_msg("docs/FORMAT.md lacks %s", files[i]);
        buf_free(&file);
    }
    for (size_t i = 0; i < 3; i++) {
        char digest[2 * DIGEST_LEN + 1] = "";
        assert_int_equal(sscanf(at, "%*s %64s", digest), 1);
        if (!strstr(buf_str(&page), digest))
            fail_msg("docs/FORMAT.md lacks %s", digest);
        at += strcspn(at, "\n") + 1;
    }
    buf_free(&page);
    buf_free(&digests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_batch),
        cmocka_unit_test(every_forgery_is_refused_by_name),
        cmocka_unit_test(threat_02_signed_for_elsewhere),
        cmocka_unit_test(no_changed_character_verifies),
        cmocka_unit_test(without_an_order_it_is_no_decision),
        cmocka_unit_test(cash_is_approved_alone),
        cmocka_unit_test(what_is_signed_is_the_golden_text),
        cmocka_unit_test(every_place_is_proved),
        cmocka_unit_test(sums_have_limits),
        cmocka_unit_test(format_page_shows_the_golden_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
