/* SPDX-License-Identifier: Apache-2.0
 *
 * Each allocation of a submission, of the decision that executes it, of an enrolment, a delegation
 * and an operator's act fails in turn: ours (the linker wraps malloc, calloc and realloc), SQLite's
 * and OpenSSL's.
 */
#include "base/text.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"
#define BLOCK "/v1/accounts/" WORLD_ALICE_ACCOUNT "/block"
#define ACTED "SELECT count(*) FROM entry WHERE instr(body, '\"type\":\"act\"')"
#define BLOCKED "SELECT count(*) FROM account WHERE state = 'blocked'"

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *p, size_t len);

static long left = -1; /* allocations until the one that fails; below zero: none */
static bool fired;

static bool fails(void)
{
    if (left < 0)
        return false;
    if (left-- > 0)
        return false;
    fired = true;
    return true;
}

void *__wrap_malloc(size_t len)
{
    return fails() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return fails() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *p, size_t len)
{
    return fails() ? NULL : __real_realloc(p, len);
}

static void *ssl_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return __wrap_malloc(len);
}

static void *ssl_realloc(void *p, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return __wrap_realloc(p, len);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

static sqlite3_mem_methods sqlite_real;

static void *sqlite_malloc(int len)
{
    return fails() ? NULL : sqlite_real.xMalloc(len);
}

static void *sqlite_realloc(void *p, int len)
{
    return fails() ? NULL : sqlite_real.xRealloc(p, len);
}

static void wrap_libraries(void)
{
    assert_int_equal(CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free), 1);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_real), SQLITE_OK);
    sqlite3_mem_methods mine = sqlite_real;
    mine.xMalloc = sqlite_malloc;
    mine.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &mine), SQLITE_OK);
}

static bool by_batch; /* of one order, at this place */
static struct batch_inclusion place;

static enum err verify(struct world *w, const struct buf *jws, const struct world_order *o,
                       struct verified **out)
{
    const struct verify_decision_input in = {.bank = WORLD_BANK,
                                             .jws = buf_str(jws),
                                             .jws_len = jws->len,
                                             .order = &o->order,
                                             .inclusion = by_batch ? &place : NULL,
                                             .policies = core_policies(w->core),
                                             .keys = core_keys(w->core)};
    return verify_decision(&in, out);
}

/* The whole way, as the bank goes it; a failure is rolled back. */
static enum err hand_in(struct world *w, const struct person *caller, const struct buf *jws,
                        const struct world_order *o, bool *is_verified)
{
    const struct core_caller who = {.session = caller->session};
    const struct core_document document = {&o->order, o->bytes.data, o->bytes.len, ""};
    struct verified *verified = NULL;

    core_answer_free(&w->answer);
    enum err e = verify(w, jws, o, &verified);
    *is_verified = !e;
    if (!e)
        e = core_begin(w->core, &w->time);
    if (!e) {
        e = core_decide(w->core, &who, verified, &document, &w->answer);
        /* Got over a failure: undone all the same, or the rest would only be replays. */
        if (!e && fired)
            e = ERR_NO_MEMORY;
        if (!e)
            e = core_commit(w->core);
        if (e)
            core_rollback(w->core);
    }
    verified_free(verified);
    return e;
}

static const char *status_of(struct world *w, const struct world_order *o)
{
    char sql[128];

    snprintf(sql, sizeof sql,
             "SELECT coalesce((SELECT status FROM orders WHERE order_id = '%s'), '')", o->order.id);
    return world_sql(w, sql);
}

/* Fails allocation after allocation of one statement until it goes through untouched. After a
 * failure the order stands as before; success is what a retry finds, too. */
static long fail_each(struct world *w, const struct person *signer, const struct world_order *o,
                      const char *before, const char *after)
{
    struct buf jws = {0};
    bool done = false, is_verified = false;
    long n = 0;

    if (by_batch)
        world_sign_many(w, signer, o, 1, NULL, NULL, &jws, &place);
    else
        world_sign(w, signer, o, VERB_APPROVE, NULL, &jws);
    for (; !done; n++) {
        fired = false;
        left = n;
        enum err e = hand_in(w, signer, &jws, o, &is_verified);
        left = -1;
        if (e) {
            assert_true(fired);
            /* Before that a refusal is forgotten; the core would remember it. */
            assert_true(!is_verified || err_info(e)->http >= 500);
            assert_string_equal(status_of(w, o), before);
        } else {
            assert_err(w->answer.err, ERR_OK);
            assert_string_equal(status_of(w, o), after);
        }
        done = !fired;
        assert_true(n < 10000);
    }
    assert_string_equal(world_text(w, "status"), after);
    buf_free(&jws);
    return n;
}

static void pay(bool batch)
{
    static struct world w;
    struct world_order o;

    by_batch = batch;
    world_open(&w);
    world_populate(&w);
    world_order(&w, "60.00", &o);
    assert_true(fail_each(&w, &w.alice, &o, "", "PATC") > 50);
    assert_string_equal(world_balance(&w, WORLD_ALICE_ACCOUNT), "10000/6000");
    world_check(&w);
    assert_true(fail_each(&w, &w.bob, &o, "PATC", "ACSC") > 50);
    assert_string_equal(world_balance(&w, WORLD_ALICE_ACCOUNT), "4000/0");
    assert_string_equal(world_sql(&w, "SELECT count(*) FROM decision"), "2");
    assert_string_equal(world_sql(&w, "SELECT count(*) FROM batch"), batch ? "2" : "0");
    world_check(&w);
    world_order_free(&o);
    world_close(&w);
    by_batch = false;
}

static void threat_23_every_allocation_fails(void **state)
{
    (void)state;
    pay(false);
}

static void threat_23_every_allocation_of_a_batch_fails(void **state)
{
    (void)state;
    pay(true);
}

/* One attempt; the key that the cache keeps grows its room, and that may fail, too. */
static enum err enrol(struct world *w, const struct person *p)
{
    size_t len = 0;
    const uint8_t *spki = key_spki(p->key, &len);

    core_answer_free(&w->answer);
    enum err e = core_begin(w->core, &w->time);
    if (!e) {
        e = core_holder_add(w->core, &world_operator, p->name, p->name, spki, len, &w->answer);
        if (!e && fired)
            e = ERR_NO_MEMORY;
        if (!e)
            e = core_commit(w->core);
        if (e)
            core_rollback(w->core);
    }
    return e;
}

static void threat_23_every_allocation_of_an_enrolment_fails(void **state)
{
    static struct world w;
    enum err e = ERR_NO_MEMORY;

    (void)state;
    world_open(&w);
    world_key(&w.alice, "alice", "P-256");
    for (long n = 0; e; n++) {
        world_restart(&w); /* what was got over has filled the cache */
        fired = false;
        left = n;
        e = enrol(&w, &w.alice);
        left = -1;
        assert_true(!e || fired);
        assert_true(n < 10000);
    }
    assert_err(w.answer.err, ERR_OK);
    assert_string_equal(world_sql(&w, "SELECT count(*) FROM signing_key"), "1");
    assert_non_null(core_keys(w.core).find(w.core, key_thumbprint(w.alice.key)));
    world_check(&w);
    world_close(&w);
}

/* One attempt of a delegation. */
static enum err delegate(struct world *w, const struct buf *jws)
{
    const struct core_caller who = {.session = w->alice.session};
    struct verified *verified = NULL;
    const struct verify_delegation_input in = {.bank = WORLD_BANK,
                                               .account = FIRM,
                                               .jws = buf_str(jws),
                                               .jws_len = jws->len,
                                               .policies = core_policies(w->core),
                                               .keys = core_keys(w->core)};

    core_answer_free(&w->answer);
    enum err e = verify_delegation(&in, &verified);
    if (!e)
        e = core_begin(w->core, &w->time);
    if (!e) {
        e = core_delegate(w->core, &who, verified, &w->answer);
        if (!e && fired)
            e = ERR_NO_MEMORY;
        if (!e)
            e = core_commit(w->core);
        if (e)
            core_rollback(w->core);
    }
    verified_free(verified);
    return e;
}

static void threat_23_every_allocation_of_a_delegation_fails(void **state)
{
    static const char *const holders[] = {"alice", "bob"};
    static const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 2, .deputies = "[\"bob\"]"};
    static const struct world_gift gift = {.deputy = "bob", .account = FIRM, .amount_minor = 100};
    static struct world w;
    struct buf jws = {0};
    enum err e = ERR_NO_MEMORY;

    (void)state;
    world_open(&w);
    world_populate(&w);
    assert_ok(world_open_account(&w, &firm));
    world_sign_delegation(&w, &w.alice, &gift, NULL, &jws);
    for (long n = 0; e; n++) {
        assert_string_equal(world_sql(&w, "SELECT count(*) FROM delegation"), "0");
        fired = false;
        left = n;
        e = delegate(&w, &jws);
        left = -1;
        assert_true(!e || fired);
        assert_true(n < 10000);
    }
    assert_err(w.answer.err, ERR_OK);
    assert_string_equal(world_sql(&w, "SELECT count(*) FROM delegation"), "1");
    world_check(&w);
    buf_free(&jws);
    world_close(&w);
}

/* --- an operator's act --- */

static enum err block(void *ctx, const struct core_operator *as, struct core_answer *out)
{
    const struct core_caller who = {.operator_name = as->name, .roles = as->roles};
    struct world *w = ctx;

    return core_account_state(w->core, &who, WORLD_ALICE_ACCOUNT, CORE_ACCOUNT_BLOCK, "as told",
                              out);
}

/* One attempt. */
static enum err act(struct world *w, const struct person *p, const struct buf *jws)
{
    const struct core_caller who = {.session = p->session};
    const struct verify_act_input in = {.bank = WORLD_BANK,
                                        .path = BLOCK,
                                        .jws = buf_str(jws),
                                        .jws_len = jws->len,
                                        .keys = core_keys(w->core)};
    struct verified *verified = NULL;

    core_answer_free(&w->answer);
    enum err e = verify_act(&in, &verified);
    if (!e)
        e = core_begin(w->core, &w->time);
    if (!e) {
        e = core_act(w->core, &who, verified, ROLE_BIT(ROLE_SECURITY), block, w, &w->answer);
        if (!e && fired)
            e = ERR_NO_MEMORY;
        if (!e)
            e = core_commit(w->core);
        if (e)
            core_rollback(w->core);
    }
    verified_free(verified);
    return e;
}

/* Either both are there, his word and what came of it, or neither. */
static void threat_23_every_allocation_of_an_act_fails(void **state)
{
    static struct world w;
    struct person sven = {0};
    struct buf jws = {0};
    enum err e = ERR_NO_MEMORY;

    (void)state;
    world_open(&w);
    world_populate(&w);
    world_key(&sven, "sven", "P-256");
    world_operator_add(&w, &sven, ROLE_BIT(ROLE_SECURITY));
    world_login(&w, &sven);
    world_sign_act(&w, &sven, BLOCK, &jws);
    for (long n = 0; e; n++) {
        assert_string_equal(world_sql(&w, ACTED), "0");
        assert_string_equal(world_sql(&w, BLOCKED), "0");
        fired = false;
        left = n;
        e = act(&w, &sven, &jws);
        left = -1;
        assert_true(!e || fired);
        assert_true(n < 10000);
    }
    assert_err(w.answer.err, ERR_OK);
    assert_string_equal(world_sql(&w, ACTED), "1");
    assert_string_equal(world_sql(&w, BLOCKED), "1");
    world_check(&w);
    buf_free(&jws);
    world_person_free(&sven);
    world_close(&w);
}

/* --- a rotation --- */

/* One attempt. */
static enum err rotate(struct world *w, const struct buf *jws)
{
    const struct core_caller who = {.session = w->alice.session};
    const struct verify_rotation_input in = {
        .bank = WORLD_BANK, .jws = buf_str(jws), .jws_len = jws->len, .keys = core_keys(w->core)};
    struct verified *verified = NULL;

    core_answer_free(&w->answer);
    enum err e = verify_rotation(&in, &verified);
    if (!e)
        e = core_begin(w->core, &w->time);
    if (!e) {
        e = core_rotate(w->core, &who, verified, &w->answer);
        if (!e && fired)
            e = ERR_NO_MEMORY;
        if (!e)
            e = core_commit(w->core);
        if (e)
            core_rollback(w->core);
    }
    verified_free(verified);
    return e;
}

/* Either the new key signs and the old one does not, or it is as it was. */
static void threat_23_every_allocation_of_a_rotation_fails(void **state)
{
    static const char *const retired = "SELECT count(*) FROM signing_key WHERE status = 'retired'";
    static struct world w;
    struct person next = {0};
    struct buf jws = {0};
    enum err e = ERR_NO_MEMORY;

    (void)state;
    world_open(&w);
    world_populate(&w);
    world_key(&next, "alice", "P-256");
    world_sign_rotation(&w, &w.alice, &next, NULL, &jws);
    for (long n = 0; e; n++) {
        assert_string_equal(world_sql(&w, retired), "0");
        fired = false;
        left = n;
        e = rotate(&w, &jws);
        left = -1;
        assert_true(!e || fired);
        assert_true(n < 10000);
    }
    assert_err(w.answer.err, ERR_OK);
    assert_string_equal(world_sql(&w, retired), "1");
    world_check(&w);
    buf_free(&jws);
    world_person_free(&next);
    world_close(&w);
}

/* --- an application for an account --- */

#define WANTED                                                                                     \
    "{\"bank\":\"" WORLD_BANK "\",\"currency\":\"EUR\",\"expires\":\"2026-12-01T09:00:00Z\","      \
    "\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"policy\":{\"holders\":[{\"class\":\"A\",\"id\":"       \
    "\"alice\"}],"                                                                                 \
    "\"rules\":[{\"require\":\"all\"}],\"title\":\"Mine\"},\"type\":\"application\",\"version\":"  \
    "1}"
#define WANTED_ACCOUNT "PT50000201230000000107787"

/* One attempt; the word that is handed in, or the admission. */
static enum err apply(struct world *w, const struct buf *jws, const char *admitted)
{
    const struct core_caller who = {.session = w->alice.session};
    struct application said;
    struct verified *verified = NULL;

    core_answer_free(&w->answer);
    enum err e = application_parse(WANTED, strlen(WANTED), &said);
    const struct verify_application_input in = {.bank = WORLD_BANK,
                                                .jws = buf_str(jws),
                                                .jws_len = jws->len,
                                                .application = &said,
                                                .keys = core_keys(w->core)};
    if (!e)
        e = verify_application(&in, &verified);
    if (!e)
        e = core_begin(w->core, &w->time);
    if (!e) {
        e = admitted ? core_application_admit(w->core, &world_operator, admitted, WANTED_ACCOUNT,
                                              &w->answer)
                     : core_apply(w->core, &who, verified, &said, &w->answer);
        if (!e && fired)
            e = ERR_NO_MEMORY;
        if (!e)
            e = core_commit(w->core);
        if (e)
            core_rollback(w->core);
    }
    verified_free(verified);
    application_free(&said);
    return e;
}

/* Either all of it is there or nothing. */
static void apply_until_it_works(struct world *w, const struct buf *jws, const char *admitted,
                                 const char *done)
{
    enum err e = ERR_NO_MEMORY;

    for (long n = 0; e; n++) {
        assert_string_equal(world_sql(w, done), "0");
        fired = false;
        left = n;
        e = apply(w, jws, admitted);
        left = -1;
        assert_true(!e || fired);
        assert_true(n < 20000);
    }
    assert_err(w->answer.err, ERR_OK);
    assert_string_equal(world_sql(w, done), "1");
}

static void threat_23_every_allocation_of_an_application_fails(void **state)
{
    static struct world w;
    struct application said;
    struct buf jws = {0};
    char name[2 * DIGEST_LEN + 1];

    (void)state;
    world_open(&w);
    world_populate(&w);
    assert_ok(application_parse(WANTED, strlen(WANTED), &said));
    text_hex(said.digest, DIGEST_LEN, name);
    world_sign_application(&w, &w.alice, &said, APPLICATION_APPLY, NULL, &jws);
    apply_until_it_works(&w, &jws, NULL, "SELECT count(*) FROM application_word");
    apply_until_it_works(&w, &jws, name,
                         "SELECT count(*) FROM account WHERE account = '" WANTED_ACCOUNT "'");
    world_check(&w);
    application_free(&said);
    buf_free(&jws);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threat_23_every_allocation_fails),
        cmocka_unit_test(threat_23_every_allocation_of_a_batch_fails),
        cmocka_unit_test(threat_23_every_allocation_of_an_enrolment_fails),
        cmocka_unit_test(threat_23_every_allocation_of_a_delegation_fails),
        cmocka_unit_test(threat_23_every_allocation_of_an_act_fails),
        cmocka_unit_test(threat_23_every_allocation_of_a_rotation_fails),
        cmocka_unit_test(threat_23_every_allocation_of_an_application_fails),
    };

    wrap_libraries();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
