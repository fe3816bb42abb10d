/* SPDX-License-Identifier: Apache-2.0
 * Evidence: whole stories pass, every kind of lie is refused by its name. */
#include "base/text.h"
#include "tests/base/unit.h"
#include "tests/verifier/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pins {
    char root[65], alice[65];
};

static struct pins load_pins(void)
{
    struct pins p;

    strcpy(p.root, golden_digest("root"));
    strcpy(p.alice, golden_digest("alice"));
    return p;
}

static enum err verify(const struct buf *file, const char *root, const char *holder,
                       struct verify_report *out)
{
    const struct verify_evidence_input in = {.bytes = file->data,
                                             .len = file->len,
                                             .bank_key = root,
                                             .holder_keys = &holder,
                                             .holder_key_count = holder ? 1 : 0};

    return verify_evidence(&in, out);
}

static void settled(void **state)
{
    (void)state;
    struct buf file = golden_read("evidence/settled.json");
    struct pins pins = load_pins();
    struct verify_report r;
    char digest[65], time[TEXT_TIME_LEN + 1];

    assert_ok(verify(&file, pins.root, pins.alice, &r));
    assert_string_equal(r.status, "ACSC");
    assert_string_equal(r.reason, "");
    text_time(r.status_time_us, time);
    assert_string_equal(time, "2026-11-22T10:07:01Z");
    text_hex(r.order.digest, DIGEST_LEN, digest);
    assert_string_equal(digest, golden_digest("order"));
    assert_string_equal(r.order.amount, "77.78");
    assert_string_equal(r.policy_title, "Household: both");
    assert_int_equal(r.policy_version, 1);
    assert_int_equal(r.tree_size, 10);
    assert_int_equal(r.required, 2);
    assert_int_equal(r.given, 2);
    assert_int_equal(r.signer_count, 2);
    assert_string_equal(r.signers[0].holder, "alice");
    assert_string_equal(r.signers[1].holder, "bob");
    assert_int_equal(r.signers[1].verb, VERB_APPROVE);
    assert_true(r.signers[0].pinned);
    assert_false(r.signers[1].pinned);
    buf_free(&file);
}

static const struct {
    const char *file, *status, *reason;
    unsigned given;
} ends[] = {{"open", "PATC", "", 1},
            {"rejected", "RJCT", "MS02", 1},
            {"expired", "RJCT", "DS24", 1},
            {"unhurried", "ACCP", "", 2},
            {"challenged", "ACCP", "", 2},
            {"cancelled", "CANC", "DS02", 1},
            {"dated", "ACSC", "", 2},
            {"dated-saturday", "ACSC", "", 2},
            {"clock-put-back", "ACCP", "", 2},
            {"waited", "ACSC", "", 1},
            {"held", "PDNG", "", 2},
            {"released", "ACSC", "", 2},
            {"refused", "RJCT", "DS04", 2},
            {"deposit", "ACSC", "", 0},
            {"deposit-without-policy", "ACSC", "", 0},
            {"withdrawal", "ACSC", "", 1},
            {"withdrawal-rejected", "RJCT", "MS02", 0},
            {"withdrawal-open", "ACTC", "", 0},
            {"flagged", "PDNG", "", 2},
            {"sent", "ACSP", "", 2},
            {"confirmed", "ACSC", "", 2},
            {"sent-back", "RJCT", "AC01", 2},
            {"suspended-for-a-while", "ACSC", "", 2},
            {"suspended-by-himself", "ACSC", "", 2},
            {"ceremony", "ACSC", "", 2},
            {"ceremony-late", "ACSC", "", 2},
            {"sponsored", "ACSC", "", 2},
            {"sponsored-applied", "ACSC", "", 2},
            {"sponsored-delegated", "ACSC", "", 2},
            {"rotated", "ACSC", "", 2},
            {"rotated-before", "ACSC", "", 2},
            {"rotated-twice", "PATC", "", 1},
            {"retired-again", "ACSC", "", 2},
            {"rotated-revoked-since", "ACSC", "", 2},
            {"delegated", "ACSC", "", 2},
            {"delegated-anew", "ACSC", "", 2},
            {"delegated-too-little", "PATC", "", 1},
            {"withdrawn", "RJCT", "DS0H", 1},
            {"delegation-began", "ACSC", "", 2},
            {"act-released", "ACSC", "", 2},
            {"act-released-seen", "ACSC", "", 2},
            {"act-refused", "RJCT", "DS04", 2},
            {"act-held", "ACSC", "", 2},
            {"act-held-on", "PDNG", "", 2},
            {"act-held-late", "PDNG", "", 2},
            {"act-confirmed", "ACSC", "", 2},
            {"act-returned", "RJCT", "AC01", 2},
            {"act-revoked-since", "ACSC", "", 2},
            {"act-at-the-console", "ACSC", "", 2},
            {"rolled", "ACSC", "", 2},
            {"rolled-twice", "ACSC", "", 2}};

static void other_ends(void **state)
{
    (void)state;
    struct pins pins = load_pins();

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[64];
        struct verify_report r;
        struct buf file;

        snprintf(name, sizeof name, "evidence/%s.json", ends[i].file);
        file = golden_read(name);
        assert_ok(verify(&file, pins.root, NULL, &r));
        assert_string_equal(r.status, ends[i].status);
        assert_string_equal(r.reason, ends[i].reason);
        assert_int_equal(r.given, ends[i].given);
        assert_int_equal(r.put_back, strcmp(ends[i].file, "clock-put-back") == 0);
        buf_free(&file);
    }
}

/* A pin goes on to what took its key's place, until that key is revoked. */
static void pins_that_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool pinned;
    } rows[] = {{"rotated-before", true}, {"rotated-revoked-since", false}};
    struct pins pins = load_pins();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[64];
        struct verify_report r;
        struct buf file;

        snprintf(name, sizeof name, "evidence/%s.json", rows[i].file);
        file = golden_read(name);
        assert_ok(verify(&file, pins.root, pins.alice, &r));
        assert_string_not_equal(r.signers[0].thumbprint, pins.alice);
        assert_int_equal(r.signers[0].pinned, rows[i].pinned);
        buf_free(&file);
    }
}

static void is_carol(const struct verify_sponsors *all, size_t i)
{
    assert_string_equal(all->at[i].holder, "carol");
    assert_string_equal(all->at[i].account, "PT50000201231234567890154");
    assert_string_equal(all->at[i].thumbprint, golden_digest("second"));
}

/* Of each key that is told of: a signer's, one by which a policy came into force, a principal's. */
static void sponsors(void **state)
{
    (void)state;
    struct pins pins = load_pins();
    struct verify_report r;
    struct buf file = golden_read("evidence/sponsored.json");

    assert_ok(verify(&file, pins.root, NULL, &r));
    assert_int_equal(r.signers[0].sponsors.count, 2);
    is_carol(&r.signers[0].sponsors, 0);
    assert_string_equal(r.signers[0].sponsors.at[1].holder, "bob");
    assert_string_equal(r.signers[0].sponsors.at[1].thumbprint, golden_digest("bob"));
    assert_int_equal(r.signers[1].sponsors.count, 0);
    buf_free(&file);

    file = golden_read("evidence/sponsored-applied.json");
    assert_ok(verify(&file, pins.root, NULL, &r));
    assert_int_equal(r.policy_signer_count, 2);
    assert_int_equal(r.policy_signers[0].sponsors.count, 1);
    is_carol(&r.policy_signers[0].sponsors, 0);
    assert_int_equal(r.policy_signers[1].sponsors.count, 0);
    buf_free(&file);

    file = golden_read("evidence/sponsored-delegated.json");
    assert_ok(verify(&file, pins.root, NULL, &r));
    assert_int_equal(r.deputy_count, 1);
    assert_int_equal(r.deputies[0].sponsors.count, 1);
    is_carol(&r.deputies[0].sponsors, 0);
    buf_free(&file);
}

/* Who stood for whom is told as of the status's time, and who vouches for the key that says so. */
static void deputies(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t count;
    } rows[] = {{"evidence/settled.json", 0},
                {"evidence/delegated.json", 1},
                {"evidence/delegated-too-little.json", 0},
                {"evidence/withdrawn.json", 0},
                {"evidence/delegation-began.json", 2}};
    struct pins pins = load_pins();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf file = golden_read(rows[i].file);
        struct verify_report r;

        assert_ok(verify(&file, pins.root, NULL, &r));
        assert_int_equal(r.deputy_count, rows[i].count);
        if (rows[i].count > 0) {
            assert_string_equal(r.deputies[0].deputy, "bob");
            assert_string_equal(r.deputies[0].principal, "dora");
            assert_false(r.deputies[0].pinned);
            char pin[KEY_THUMBPRINT_LEN + 1];
            memcpy(pin, r.deputies[0].thumbprint, sizeof pin);
            assert_ok(verify(&file, pins.root, pin, &r));
            assert_true(r.deputies[0].pinned);
            assert_false(r.signers[0].pinned);
        }
        buf_free(&file);
    }
}

/* Who of the bank did what, and whether his signature proves it or the bank's word alone. */
static void operators(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t count;
        const char *name, *said;
        bool is_signed;
    } rows[] = {{"evidence/settled.json", 0, "", "", false},
                {"evidence/held.json", 0, "", "", false},
                {"evidence/released.json", 1, "uid 0 (root)", "released", false},
                {"evidence/act-at-the-console.json", 1, "uid 0 (root)", "released", false},
                {"evidence/act-released.json", 1, "olga", "released", true},
                {"evidence/act-refused.json", 1, "olga", "closed", true},
                {"evidence/act-held.json", 2, "olga", "held", true},
                {"evidence/act-held-late.json", 3, "olga", "held", true},
                {"evidence/act-confirmed.json", 1, "olga", "confirmed", true},
                {"evidence/act-returned.json", 1, "olga", "returned", true}};
    struct pins pins = load_pins();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf file = golden_read(rows[i].file);
        struct verify_report r;

        assert_ok(verify(&file, pins.root, NULL, &r));
        assert_int_equal(r.word_count, rows[i].count);
        if (rows[i].count) {
            assert_string_equal(r.words[0].operator_name, rows[i].name);
            assert_string_equal(r.words[0].said, rows[i].said);
            assert_int_equal(r.words[0].thumbprint[0] != 0, rows[i].is_signed);
            assert_false(r.words[0].pinned);
        }
        if (rows[i].is_signed) {
            char pin[KEY_THUMBPRINT_LEN + 1];
            memcpy(pin, r.words[0].thumbprint, sizeof pin);
            assert_ok(verify(&file, pins.root, pin, &r));
            assert_true(r.words[0].pinned);
        }
        buf_free(&file);
    }
}

static void wrong_pin(void **state)
{
    (void)state;
    struct buf file = golden_read("evidence/settled.json");
    struct pins pins = load_pins();
    struct verify_report r;

    assert_err(verify(&file, pins.alice, NULL, &r), ERR_KEY_MISMATCH);
    assert_string_equal(r.where, "bankKeys");
    assert_string_equal(r.status, "");
    buf_free(&file);
}

static void try_forgery(enum err expected, const char *name, const char *rest, void *ctx)
{
    const struct pins *pins = ctx;
    char path[128];
    struct verify_report r;
    struct buf file;
    enum err got;

    (void)rest;
    snprintf(path, sizeof path, "forged/%s.json", name);
    file = golden_read(path);
    got = verify(&file, pins->root, NULL, &r);
    if (got != expected)
        print_error("%s: %s at %s\n", name, err_name(got), r.where);
    assert_err(got, expected);
    assert_int_equal(r.signer_count, 0);
    assert_string_equal(r.status, "");
    buf_free(&file);
}

static void every_forgery_is_refused_by_name(void **state)
{
    (void)state;
    struct pins pins = load_pins();

    golden_table("forged/list.txt", 50, try_forgery, &pins);
}

/* One of the eight bits of every STEP-th byte from FROM on, all of them in turn. */
static void flip_bytes(struct buf *file, size_t from, size_t step)
{
    struct pins pins = load_pins();
    struct verify_report r;

    for (size_t i = from; i < file->len; i += step) {
        uint8_t bit = (uint8_t)(1u << (i % 8));

        file->data[i] ^= bit;
        if (verify(file, pins.root, NULL, &r) == ERR_OK)
            fail_msg("byte %zu", i);
        file->data[i] ^= bit;
    }
    assert_ok(verify(file, pins.root, NULL, &r));
}

/* Every byte of a short story, and of the longer one what the short one lacks, its settlement:
 * every third byte there, for each costs a signature on P-521. */
static void no_changed_byte_verifies(void **state)
{
    (void)state;
    struct buf open = golden_read("evidence/open.json");
    struct buf settled = golden_read("evidence/settled.json");
    const char *settlement = strstr(buf_str(&settled), "{\"body\":{\"amount\":");

    assert_non_null(settlement);
    flip_bytes(&open, 0, 1);
    flip_bytes(&settled, (size_t)(settlement - buf_str(&settled)), 3);
    buf_free(&open);
    buf_free(&settled);
}

static void no_shortened_file_verifies(void **state)
{
    (void)state;
    struct buf file = golden_read("evidence/settled.json");
    struct pins pins = load_pins();
    struct verify_report r;

    for (size_t len = 0; len < file.len; len += 97) {
        struct buf part = {.data = file.data, .len = len};

        assert_true(verify(&part, pins.root, NULL, &r) != ERR_OK);
    }
    buf_free(&file);
}

/* Its bytes are not looked at. */
static void too_large(void **state)
{
    (void)state;
    static uint8_t many[((size_t)4 << 20) + 1];
    struct buf file = {.data = many, .len = sizeof many};
    struct pins pins = load_pins();
    struct verify_report r;

    assert_err(verify(&file, pins.root, NULL, &r), ERR_TOO_LARGE);
    file.len--;
    assert_err(verify(&file, pins.root, NULL, &r), ERR_JSON_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settled),
        cmocka_unit_test(other_ends),
        cmocka_unit_test(pins_that_go_on),
        cmocka_unit_test(sponsors),
        cmocka_unit_test(deputies),
        cmocka_unit_test(operators),
        cmocka_unit_test(wrong_pin),
        cmocka_unit_test(every_forgery_is_refused_by_name),
        cmocka_unit_test(no_changed_byte_verifies),
        cmocka_unit_test(no_shortened_file_verifies),
        cmocka_unit_test(too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
