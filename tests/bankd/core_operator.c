/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's acts, the log for the committer, and opening a database.
 */
#include "order/checkpoint.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

static enum err add(struct world *w, const char *holder, const char *name, const uint8_t *spki,
                    size_t len)
{
    world_begin(w);
    world_end(w, core_holder_add(w->core, &world_operator, holder, name, spki, len, &w->answer));
    return w->answer.err;
}

static void test_holders(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_page page = {.cursor = ""};
    size_t len = 0, alice_len = 0;
    const uint8_t *spki = key_spki(w->root.key, &len);
    const uint8_t *alice_spki = key_spki(w->alice.key, &alice_len);

    assert_err(add(w, "Dora", "Dora", spki, len), ERR_DOC_MEMBER_INVALID);
    assert_err(add(w, "dora", "Dora\n", spki, len), ERR_TEXT_INVALID);
    assert_err(add(w, "dora", "Dora", spki, len - 1), ERR_KEY_INVALID);
    assert_err(add(w, "alice", "alice", spki, len), ERR_BANK_HOLDER_EXISTS);
    assert_err(add(w, "dora", "Dora", alice_spki, alice_len), ERR_KEY_TAKEN);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM holder"), "3");
    assert_err(add(w, "dora", "Dora", spki, len), ERR_OK);
    assert_int_equal(w->answer.http, 201);
    assert_err(add(w, "dora", "Dora", spki, len), ERR_OK);
    assert_int_equal(w->answer.http, 200);
    assert_err(add(w, "dora", "Theodora", spki, len), ERR_BANK_HOLDER_EXISTS);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM holder"), "4");
    assert_non_null(core_keys(w->core).find(w->core, key_thumbprint(w->root.key)));

    world_begin(w);
    world_end(w, core_holder_add(w->core, &alice, "eve", "Eve", spki, len, &w->answer));
    assert_err(w->answer.err, ERR_ROLE_REQUIRED);
    world_begin(w);
    world_end(w, core_holders(w->core, &world_operator, &page, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"holder\":\"dora\""));
}

static enum err open_account(struct world *w, const char *account, const char *currency,
                             const char *const *holders, size_t count)
{
    const struct world_account a = {
        .account = account, .currency = currency, .holders = holders, .count = count};

    return world_open_account(w, &a);
}

static void test_accounts(void **state)
{
    static const char *const both[] = {"bob", "alice"}, *const twice[] = {"bob", "bob"};
    static const char *const stranger[] = {"bob", "zoe"};
    struct world *w = *state;
    const char *account = "GB82WEST12345698765432";

    assert_err(open_account(w, WORLD_ALICE_ACCOUNT, "EUR", both, 2), ERR_ACCOUNT_EXISTS);
    assert_err(open_account(w, "GB83WEST12345698765432", "EUR", both, 2), ERR_IBAN_CHECK_DIGITS);
    assert_err(open_account(w, "bank:EUR", "EUR", both, 2), ERR_IBAN_INVALID);
    assert_err(open_account(w, account, "XXX", both, 2), ERR_CURRENCY_UNKNOWN);
    assert_err(open_account(w, account, "EUR", both, 0), ERR_POLICY_INVALID);
    assert_err(open_account(w, account, "EUR", twice, 2), ERR_POLICY_INVALID);
    assert_err(open_account(w, account, "EUR", stranger, 2), ERR_HOLDER_UNKNOWN);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM account WHERE customer = 1"), "2");
    assert_err(open_account(w, account, "EUR", both, 2), ERR_OK);
    assert_int_equal(w->answer.http, 201);
}

static enum err fund(struct world *w, const char *account, const char *amount, const char *currency)
{
    world_begin(w);
    world_end(w, core_fund(w->core, &world_operator, account, amount, currency, &w->answer));
    return w->answer.err;
}

static void test_funding(void **state)
{
    struct world *w = *state;

    assert_err(fund(w, "GB82WEST12345698765432", "1.00", "EUR"), ERR_ACCOUNT_UNKNOWN);
    assert_err(fund(w, WORLD_ALICE_ACCOUNT, "1.00", "USD"), ERR_CURRENCY_MISMATCH);
    assert_err(fund(w, WORLD_ALICE_ACCOUNT, "0.00", "EUR"), ERR_AMOUNT_ZERO);
    assert_err(fund(w, WORLD_ALICE_ACCOUNT, "1", "EUR"), ERR_AMOUNT_INVALID);
    assert_err(fund(w, WORLD_ALICE_ACCOUNT, "-1.00", "EUR"), ERR_AMOUNT_INVALID);
    /* All the money of a currency together must fit, so that no later sum can overflow. */
    assert_err(fund(w, WORLD_SHOP_ACCOUNT, "9999999999999899.99", "EUR"), ERR_OK);
    assert_err(fund(w, WORLD_ALICE_ACCOUNT, "0.01", "EUR"), ERR_AMOUNT_TOO_LARGE);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_string_equal(world_balance(w, "bank:EUR"), "-999999999999999999/0");
}

/* What the end of the day says of the newest checkpoint that is stored. */
static void checkpoint_is(struct world *w, uint64_t size)
{
    char text[64];

    world_begin(w);
    world_end(w, core_reconcile(w->core, &world_operator, &w->answer));
    (void)snprintf(text, sizeof text, "\"log\":{\"checkpoint\":%llu,", (unsigned long long)size);
    assert_non_null(strstr(buf_str(&w->answer.body), text));
}

static void test_the_log_grows_consistently(void **state)
{
    struct world *w = *state;
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    struct core_head old, new;
    struct buf note = {0};
    size_t count = 0;

    assert_err(core_log_start(w->core, "x"), ERR_LOG_ROLLED_BACK);
    for (int i = 0; i < 20; i++) {
        core_head(w->core, &old);
        for (int k = 0; k <= i % 3; k++)
            world_fund(w, WORLD_ALICE_ACCOUNT, "0.01");
        if (i % 5 == 0)
            world_restart(w);
        core_head(w->core, &new);
        assert_ok(core_head_proof(w->core, old.size, proof, &count));
        assert_ok(merkle_check_consistency(old.size, new.size, &old.root, &new.root, proof, count));
    }
    assert_err(core_head_proof(w->core, new.size + 1, proof, &count), ERR_LOG_ROLLED_BACK);

    checkpoint_is(w, 0);
    world_checkpoint(w, &note);
    for (int i = 0; i < 2; i++) {
        world_begin(w);
        world_end(w, core_checkpoint_store(w->core, buf_str(&note), new.size + (uint64_t)i));
    }
    checkpoint_is(w, new.size + 1);
    buf_free(&note);
}

/* Whether each earlier head goes before the present one. HEADS are by their sizes. */
static void all_follow(struct world *w, const struct core_head *heads, size_t count)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    const struct core_head *new = &heads[count - 1];

    for (size_t i = 0; i < count; i++) {
        size_t hashes = 0;
        assert_ok(core_head_proof(w->core, heads[i].size, proof, &hashes));
        assert_ok(merkle_check_consistency(heads[i].size, new->size, &heads[i].root, &new->root,
                                           proof, hashes));
    }
}

/* More entries than have their nodes in memory, and some that were rolled back. */
static void test_a_long_log_grows_consistently(void **state)
{
    struct world *w = *state;
    static struct core_head heads[700];
    size_t count = 0;

    while (count < sizeof heads / sizeof *heads) {
        if (count % 100 == 99) {
            world_begin(w);
            assert_ok(
                core_fund(w->core, &world_operator, WORLD_SHOP_ACCOUNT, "0.01", "EUR", &w->answer));
            core_rollback(w->core);
        }
        world_fund(w, WORLD_ALICE_ACCOUNT, "0.01");
        core_head(w->core, &heads[count++]);
    }
    all_follow(w, heads, count);
    world_restart(w);
    all_follow(w, heads, count);
}

static void test_evidence_waits_for_its_checkpoint(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_caller carol = {.session = w->carol.session};
    struct world_order o;
    struct core_head head;

    core_head(w->core, &head);
    const struct core_signed by = {"keys", "[]", "note", head.size};
    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_begin(w);
    world_end(w, core_evidence(w->core, &alice, WORLD_ALICE_ACCOUNT, o.order.id, &by, &w->answer));
    assert_err(w->answer.err, ERR_LOG_UNSIGNED);
    assert_int_equal(w->answer.http, 503);
    world_begin(w);
    world_end(w, core_evidence(w->core, &carol, WORLD_ALICE_ACCOUNT, o.order.id, &by, &w->answer));
    assert_err(w->answer.err, ERR_ACCOUNT_UNKNOWN);
    world_order_free(&o);
}

static void test_another_banks_database(void **state)
{
    struct world *w = *state;
    struct core_options options = {.bank = "other.example/test"};
    struct core *c = NULL;

    assert_err(core_open(w->store, &options, &c), ERR_BANK_MISMATCH);
    assert_null(c);
    options.bank = "Other";
    assert_err(core_open(w->store, &options, &c), ERR_DOC_MEMBER_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_holders),
        T(test_accounts),
        T(test_funding),
        T(test_the_log_grows_consistently),
        T(test_a_long_log_grows_consistently),
        T(test_evidence_waits_for_its_checkpoint),
        T(test_another_banks_database),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
