/* SPDX-License-Identifier: Apache-2.0
 *
 * What must not work, as far as the core alone can show it: each attack by name, the refusal's
 * name, that nothing moved, and that books and log are whole afterwards.
 */
#include "base/text.h"
#include "order/delegation.h"
#include "order/json.h"
#include "order/policy.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "tests/order/policy_all.h"
#include "verifier/verifier.h"

#include <openssl/bn.h>
#include <stdio.h>
#include <string.h>

#define ENTRIES "SELECT count(*) FROM entry"
#define REFUSALS(name)                                                                             \
    "SELECT count(*) FROM entry WHERE json_extract(CAST(body AS TEXT), '$.type') = 'refusal'"      \
    " AND json_extract(CAST(body AS TEXT), '$.reason') = '" name "'"
#define COUNTED(name) "SELECT coalesce(sum(count), 0) FROM refused WHERE reason = '" name "'"

/* --- 1: the same again --- */

static void threat_01_the_same_decision_again(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf submit = {0}, approve = {0}, first = {0};
    char entries[32];

    world_order(w, "60.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &submit);
    world_sign(w, &w->bob, &o, VERB_APPROVE, NULL, &approve);
    assert_string_equal(world_hand_in(w, &w->alice, &submit, &o), "OK");
    assert_ok(buf_add(&first, w->answer.body.data, w->answer.body.len));
    assert_string_equal(world_hand_in(w, &w->bob, &approve, &o), "OK");
    snprintf(entries, sizeof entries, "%s", world_sql(w, ENTRIES));

    for (int i = 0; i < 3; i++) { /* after execution, after a restart, long after */
        assert_string_equal(world_hand_in(w, &w->bob, &submit, &o), "OK");
        assert_int_equal(w->answer.http, 201);
        assert_int_equal(w->answer.body.len, first.len);
        assert_memory_equal(w->answer.body.data, first.data, first.len);
        assert_string_equal(world_hand_in(w, &w->bob, &approve, &o), "OK");
        assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "4000/0");
        assert_string_equal(world_sql(w, ENTRIES), entries);
        world_restart(w);
        world_later(w, 290);
    }
    world_later(w, 100000);
    assert_string_equal(world_hand_in(w, &w->bob, &approve, &o), "SESSION_REQUIRED");
    world_login(w, &w->bob);
    assert_string_equal(world_hand_in(w, &w->bob, &approve, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    buf_free(&submit);
    buf_free(&approve);
    buf_free(&first);
    world_order_free(&o);
}

static void threat_01_a_refusal_is_remembered_too(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "200.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "FUNDS_INSUFFICIENT");
    world_fund(w, WORLD_ALICE_ACCOUNT, "500.00");
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "FUNDS_INSUFFICIENT");
    assert_int_equal(w->answer.http, 422);
    assert_string_equal(world_text(w, "name"), "FUNDS_INSUFFICIENT");
    assert_string_equal(world_sql(w, REFUSALS("FUNDS_INSUFFICIENT")), "1");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    buf_free(&jws);
    world_order_free(&o);
}

/* Whoever brings a no before its order does not use it up. */
static void threat_01_a_no_that_came_before_its_order(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf cancel = {0};

    world_order(w, "60.00", &o);
    world_sign(w, &w->bob, &o, VERB_CANCEL, NULL, &cancel);
    for (int i = 0; i < 2; i++)
        assert_string_equal(world_hand_in(w, &w->alice, &cancel, &o), "NOT_FOUND");
    assert_string_equal(world_sql(w, REFUSALS("NOT_FOUND")), "2");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_hand_in(w, &w->alice, &cancel, &o), "OK");
    assert_string_equal(world_text(w, "status"), "CANC");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "ORDER_FINAL");
    assert_string_equal(world_hand_in(w, &w->bob, &cancel, &o), "OK"); /* the first answer again */
    assert_string_equal(world_text(w, "status"), "CANC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    world_check(w);
    buf_free(&cancel);
    world_order_free(&o);
}

static void threat_01_only_holders_see_the_first_answer(void **state)
{
    struct world *w = *state;
    struct person nobody = {.session = ""};
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "60.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK");
    assert_string_equal(world_hand_in(w, &w->carol, &jws, &o), "ACCOUNT_UNKNOWN");
    assert_string_equal(world_hand_in(w, &nobody, &jws, &o), "SESSION_REQUIRED");
    assert_string_equal(world_sql(w, REFUSALS("ACCOUNT_UNKNOWN")), "1");
    assert_string_equal(world_sql(w, COUNTED("SESSION_REQUIRED")), "1");
    buf_free(&jws);
    world_order_free(&o);
}

/* --- 2: for somebody else --- */

static void threat_02_signed_for_another_bank(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order_from(w,
                     "{\"amount\":\"1.00\",\"bank\":\"demobank.example/production\","
                     "\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"S\"},"
                     "\"currency\":\"EUR\",\"description\":\"x\"}",
                     &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "BANK_MISMATCH");
    assert_string_equal(world_sql(w, REFUSALS("BANK_MISMATCH")), "1");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    world_order_free(&o);
}

/* Whatever made it a struct verified: the core asks on its own. */
static void threat_02_verified_for_another_bank(void **state)
{
    static const char other[] = "demobank.example/production";
    struct world *w = *state;
    const struct core_caller who = {.session = w->alice.session};
    struct delegation d = {.verb = DELEGATION_WITHDRAW, .account = WORLD_ALICE_ACCOUNT};
    struct buf payload = {0}, jws = {0};
    struct verified *verified = NULL;

    world_head(w, NULL, &d.head);
    memcpy(d.head.bank, other, sizeof other);
    assert_ok(delegation_make(&d, NULL, &payload));
    world_sign_statement(&w->alice, STATEMENT_DELEGATION, &payload, &jws);
    const struct verify_delegation_input in = {.bank = other,
                                               .account = WORLD_ALICE_ACCOUNT,
                                               .jws = buf_str(&jws),
                                               .jws_len = jws.len,
                                               .keys = core_keys(w->core)};
    assert_ok(verify_delegation(&in, &verified));
    world_begin(w);
    world_end(w, core_delegate(w->core, &who, verified, &w->answer));
    assert_string_equal(err_name(w->answer.err), "BANK_MISMATCH");
    assert_string_equal(world_sql(w, REFUSALS("BANK_MISMATCH")), "1");
    verified_free(verified);
    buf_free(&payload);
    buf_free(&jws);
}

static void threat_02_another_kind_of_statement(void **state)
{
    struct world *w = *state;
    const struct core_caller who = {.session = w->alice.session};
    struct world_order o;
    struct buf jws = {0};
    struct verified *verified = NULL;

    world_order(w, "1.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    const struct core_document document = {&o.order, o.bytes.data, o.bytes.len, ""};
    const struct verify_decision_input in = {.bank = WORLD_BANK,
                                             .jws = buf_str(&jws),
                                             .jws_len = jws.len,
                                             .order = &o.order,
                                             .policies = core_policies(w->core),
                                             .keys = core_keys(w->core)};
    assert_ok(verify_decision(&in, &verified));
    world_begin(w);
    assert_err(core_cash(w->core, &who, verified, &document, &w->answer), ERR_INTERNAL);
    assert_err(core_delegate(w->core, &who, verified, &w->answer), ERR_INTERNAL);
    core_rollback(w->core);
    verified_free(verified);
    buf_free(&jws);
    world_order_free(&o);
}

static void threat_02_signed_by_a_stranger_to_the_account(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "1.00", &o);
    world_sign(w, &w->carol, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "NOT_A_HOLDER");
    assert_string_equal(world_sql(w, REFUSALS("NOT_A_HOLDER")), "1");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "0");
    buf_free(&jws);
    world_order_free(&o);
}

/* --- 3: two documents with one id --- */

static void threat_03_two_documents_with_one_id(void **state)
{
    struct world *w = *state;
    struct world_order o, twin;
    char draft[512];

    world_order(w, "10.00", &o);
    snprintf(draft, sizeof draft,
             "{\"amount\":\"90.00\",\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT
             "\",\"name\":\"S\"},\"currency\":\"EUR\",\"description\":\"x\",\"id\":\"%s\"}",
             o.order.id);
    world_order_from(w, draft, &twin);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &twin, VERB_APPROVE), "ORDER_ID_TAKEN");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &twin, VERB_APPROVE), "ORDER_ID_TAKEN");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "ORDER_FINAL");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "9000/0");
    world_order_free(&o);
    world_order_free(&twin);
}

/* --- 10: rights that went between approval and execution --- */

static void threat_10_a_key_revoked_in_between(void **state)
{
    struct world *w = *state;
    struct world_order o;

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_execute(w, "UPDATE signing_key SET status = 'revoked' WHERE holder ="
                     " (SELECT id FROM holder WHERE holder = 'alice')");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "SESSION_REQUIRED");
    struct buf jws = {0};
    world_sign(w, &w->alice, &o, VERB_REJECT, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "KEY_INACTIVE");
    buf_free(&jws);
    world_order_free(&o);
}

/* All approve, but the one who handed it in did so with a key that is no longer good. */
static void threat_10_the_submitters_key_revoked(void **state)
{
    struct world *w = *state;
    struct person second = {0};
    struct world_order o;
    struct buf jws = {0};

    world_second_key(w, "alice", &second);
    world_order(w, "60.00", &o);
    world_sign(w, &second, &o, VERB_SUBMIT, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK");
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_execute(w, "UPDATE signing_key SET status = 'revoked' WHERE floor_us = 0");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    buf_free(&jws);
    world_person_free(&second);
    world_order_free(&o);
}

/* A second version of the account's policy, as a later part of the bank will enter it. */
static void change_policy(struct world *w, const char *const *holders, size_t count)
{
    struct buf bytes = {0};
    struct policy *p = NULL;
    char digest[2 * DIGEST_LEN + 1], document[2048], sql[4096];

    assert_ok(policy_all(WORLD_BANK, WORLD_ALICE_ACCOUNT, "Household", 2, w->time.now_us, holders,
                         count, &bytes));
    assert_ok(policy_parse(bytes.data, bytes.len, &p));
    text_hex(policy_digest(p), DIGEST_LEN, digest);
    assert_true(2 * bytes.len < sizeof document);
    text_hex(bytes.data, bytes.len, document);
    snprintf(sql, sizeof sql,
             "INSERT INTO policy (digest, account, version, document, entry)"
             " VALUES (x'%s', '" WORLD_ALICE_ACCOUNT "', 2, x'%s', 0);"
             "UPDATE account SET policy = last_insert_rowid()"
             " WHERE account = '" WORLD_ALICE_ACCOUNT "'",
             digest, document);
    world_execute(w, sql);
    world_restart(w);
    policy_free(p);
    buf_free(&bytes);
}

static const struct policy *policy_of_version(struct world *w, int version)
{
    char sql[128];

    snprintf(sql, sizeof sql,
             "SELECT hex(digest) FROM policy WHERE account = '" WORLD_ALICE_ACCOUNT
             "' AND version = %d",
             version);
    return world_policy_by(w, sql);
}

static void assert_policy_member(struct world *w, int64_t version)
{
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    assert_int_equal(js_int(js_get(js_get(root, "policy"), "version")), version);
    js_free(root);
}

static void threat_10_a_policy_changed_in_between(void **state)
{
    static const char *const both[] = {"alice", "bob"};
    struct world *w = *state;
    struct world_order known, fresh;
    struct buf jws = {0};

    world_order(w, "10.00", &known);
    world_order(w, "11.00", &fresh);
    assert_string_equal(world_decide(w, &w->alice, &known, VERB_APPROVE), "OK");
    change_policy(w, both, 2);
    const struct world_says old = {.policy = policy_of_version(w, 1)};
    world_sign(w, &w->alice, &fresh, VERB_APPROVE, &old, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &fresh), "POLICY_STALE");
    assert_policy_member(w, 2);
    /* An order keeps the policy that it entered under. */
    assert_string_equal(world_decide(w, &w->bob, &known, VERB_APPROVE), "POLICY_STALE");
    assert_policy_member(w, 1);
    world_sign(w, &w->bob, &known, VERB_APPROVE, &old, &jws);
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &known), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    buf_free(&jws);
    world_order_free(&known);
    world_order_free(&fresh);
}

static void threat_10_a_holder_removed_in_between(void **state)
{
    static const char *const joint[] = {"bob", "carol"};
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "10.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    change_policy(w, joint, 2);
    const struct world_says old = {.policy = policy_of_version(w, 1)};
    world_sign(w, &w->bob, &o, VERB_APPROVE, &old, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "ACCOUNT_UNKNOWN");
    /* Alice and Bob are all of the old policy, but Bob alone is not all of the new one. */
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "OK");
    assert_string_equal(world_text(w, "status"), "PATC");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/1000");
    buf_free(&jws);
    world_order_free(&o);
}

/* --- 11: one person counts once --- */

/* The other signature that the same key and message have: (r, n - s). */
static void make_twin(const struct buf *jws, struct buf *out)
{
    static const char n_hex[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    const char *text = buf_str(jws);
    size_t head = (size_t)(strrchr(text, '.') + 1 - text);
    struct buf sig = {0};
    BIGNUM *n = NULL, *s = BN_new();

    assert_ok(text_unb64url(text + head, jws->len - head, &sig));
    assert_int_equal(sig.len, 64);
    assert_int_equal(BN_hex2bn(&n, n_hex), 64);
    assert_non_null(BN_bin2bn(sig.data + 32, 32, s));
    assert_int_equal(BN_sub(s, n, s), 1);
    assert_int_equal(BN_bn2binpad(s, sig.data + 32, 32), 32);
    buf_clear(out);
    assert_ok(buf_add(out, text, head));
    assert_ok(text_b64url_add(out, sig.data, sig.len));
    BN_free(n);
    BN_free(s);
    buf_free(&sig);
}

static void threat_11_the_twin_of_a_signature(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0}, twin = {0};

    world_order(w, "60.00", &o);
    world_sign(w, &w->alice, &o, VERB_APPROVE, NULL, &jws);
    make_twin(&jws, &twin);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "OK");
    for (int i = 0; i < 2; i++)
        assert_string_equal(world_hand_in(w, &w->bob, &twin, &o), "NONCE_REUSED");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/6000");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM decision"), "1");
    buf_free(&jws);
    buf_free(&twin);
    world_order_free(&o);
}

static void threat_11_one_holder_with_two_keys(void **state)
{
    struct world *w = *state;
    struct person second = {0}, third = {0};
    struct world_order o;
    struct buf jws = {0};
    size_t len = 0;

    world_key(&third, "alice", "P-256");
    const uint8_t *der = key_spki(third.key, &len);
    world_begin(w);
    world_end(w, core_holder_add(w->core, &world_operator, "alice", "alice", der, len, &w->answer));
    assert_err(w->answer.err, ERR_BANK_HOLDER_EXISTS);

    world_second_key(w, "alice", &second);
    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_sign(w, &second, &o, VERB_APPROVE, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "ALREADY_DECIDED");
    world_sign(w, &second, &o, VERB_REJECT, NULL, &jws);
    assert_string_equal(world_hand_in(w, &w->alice, &jws, &o), "ALREADY_DECIDED");
    assert_string_equal(world_sql(w, "SELECT status FROM orders"), "PATC");
    buf_free(&jws);
    world_person_free(&second);
    world_person_free(&third);
    world_order_free(&o);
}

static void threat_11_one_key_for_two_holders(void **state)
{
    struct world *w = *state;
    size_t len = 0;
    const uint8_t *spki = key_spki(w->alice.key, &len);

    world_begin(w);
    world_end(w, core_holder_add(w->core, &world_operator, "mallory", "M", spki, len, &w->answer));
    assert_err(w->answer.err, ERR_KEY_TAKEN);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM holder"), "3");
    assert_string_equal(world_sql(w, REFUSALS("KEY_TAKEN")), "1");
}

static void threat_11_a_hundred_at_once(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "60.00", &o);
    world_batch(w);
    for (int i = 0; i < 50; i++)
        assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE),
                            i == 0 ? "OK" : "ALREADY_DECIDED");
    world_sign(w, &w->bob, &o, VERB_APPROVE, NULL, &jws);
    for (int i = 0; i < 50; i++)
        assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "OK");
    world_batch_end(w);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM decision"), "2");
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "4000/0");
    buf_free(&jws);
    world_order_free(&o);
}

/* --- 12: exactly one execution --- */

static void threat_12_a_transaction_lost_before_its_commit(void **state)
{
    struct world *w = *state;
    struct world_order o;
    struct buf jws = {0};

    world_order(w, "60.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    world_sign(w, &w->bob, &o, VERB_APPROVE, NULL, &jws);
    for (int i = 0; i < 3; i++) {
        world_batch(w);
        assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "OK");
        assert_string_equal(world_text(w, "status"), "ACSC");
        w->in_batch = false;
        if (i < 2)
            core_rollback(w->core);
        if (i == 1)
            world_restart(w);
        if (i == 2)
            world_end(w, ERR_OK);
        assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), i < 2 ? "10000/6000" : "4000/0");
    }
    assert_string_equal(world_hand_in(w, &w->bob, &jws, &o), "OK");
    assert_string_equal(world_text(w, "status"), "ACSC");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM movement WHERE orders > 0"), "1");
    buf_free(&jws);
    world_order_free(&o);
}

/* --- 13: more than there is --- */

static void threat_13_sixty_and_sixty_on_a_hundred(void **state)
{
    struct world *w = *state;

    world_batch(w);
    for (int i = 0; i < 100; i++) {
        struct world_order one, two;
        world_order(w, "60.00", &one);
        world_order(w, "60.00", &two);
        assert_string_equal(world_decide(w, &w->alice, &one, VERB_APPROVE), "OK");
        assert_string_equal(world_decide(w, &w->alice, &two, VERB_APPROVE), "FUNDS_INSUFFICIENT");
        assert_string_equal(world_decide(w, &w->bob, &one, VERB_APPROVE), "OK");
        assert_string_equal(world_text(w, "status"), "ACSC");
        assert_string_equal(world_decide(w, &w->bob, &two, VERB_APPROVE), "FUNDS_INSUFFICIENT");
        world_fund(w, WORLD_ALICE_ACCOUNT, "60.00");
        world_order_free(&one);
        world_order_free(&two);
    }
    world_batch_end(w);
    assert_string_equal(world_balance(w, WORLD_ALICE_ACCOUNT), "10000/0");
    assert_string_equal(world_balance(w, WORLD_SHOP_ACCOUNT), "600000/0");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders"), "100");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(threat_01_the_same_decision_again),
        T(threat_01_a_refusal_is_remembered_too),
        T(threat_01_a_no_that_came_before_its_order),
        T(threat_01_only_holders_see_the_first_answer),
        T(threat_02_signed_for_another_bank),
        T(threat_02_verified_for_another_bank),
        T(threat_02_another_kind_of_statement),
        T(threat_02_signed_by_a_stranger_to_the_account),
        T(threat_03_two_documents_with_one_id),
        T(threat_10_a_key_revoked_in_between),
        T(threat_10_the_submitters_key_revoked),
        T(threat_10_a_policy_changed_in_between),
        T(threat_10_a_holder_removed_in_between),
        T(threat_11_the_twin_of_a_signature),
        T(threat_11_one_holder_with_two_keys),
        T(threat_11_one_key_for_two_holders),
        T(threat_11_a_hundred_at_once),
        T(threat_12_a_transaction_lost_before_its_commit),
        T(threat_13_sixty_and_sixty_on_a_hundred),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
