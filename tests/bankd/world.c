/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/world.h"

#include "bankd/ctl/audit.h"
#include "base/file.h"
#include "base/text.h"
#include "order/checkpoint.h"
#include "order/json.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/statement.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOM (1ul << 29) /* bytes; many banks at a time */

const struct core_caller world_operator = {.session = "", .operator_name = "uid 0 (root)"};

static enum err fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    return RAND_bytes(out, (int)len) == 1 ? ERR_OK : ERR_INTERNAL;
}

/* --- keys --- */

void world_key(struct person *p, const char *name, const char *curve)
{
    uint8_t *der = NULL;

    p->name = name;
    p->secret = EVP_EC_gen(curve);
    assert_non_null(p->secret);
    int len = i2d_PUBKEY(p->secret, &der);
    assert_true(len > 0);
    assert_ok(key_from_spki(der, (size_t)len, &p->key));
    OPENSSL_free(der);
}

void world_person_free(struct person *p)
{
    EVP_PKEY_free(p->secret);
    key_free(p->key);
    *p = (struct person){0};
}

enum err world_sign_hash(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                         size_t sig_cap, size_t *sig_len)
{
    const struct person *p = ctx;
    EVP_PKEY_CTX *signing = EVP_PKEY_CTX_new(p->secret, NULL);
    uint8_t der[160], plain[KEY_SIGNATURE_MAX];
    size_t der_len = sizeof der;

    assert_non_null(signing);
    assert_int_equal(EVP_PKEY_sign_init(signing), 1);
    assert_int_equal(EVP_PKEY_sign(signing, der, &der_len, hash, hash_len), 1);
    EVP_PKEY_CTX_free(signing);
    assert_ok(key_sig_from_der(key_algorithm(p->key), der, der_len, plain, sig_len));
    assert_true(*sig_len <= sig_cap);
    memcpy(sig, plain, *sig_len);
    return ERR_OK;
}

/* --- the bank --- */

static void open_core(struct world *w)
{
    struct core_options options = {
        .bank = WORLD_BANK, .random = fill_random, .terms.sponsors = w->sponsors};

    assert_ok(core_terms_hold_above(w->hold_above ? w->hold_above : "", &options.terms));
    assert_ok(core_terms_hold_on(w->hold_on ? w->hold_on : "", &options.terms));
    assert_ok(core_terms_bank_codes(w->bank_codes ? w->bank_codes : "", &options.terms));
    assert_ok(core_terms_four_eyes(w->four_eyes ? w->four_eyes : "", &options.terms));
    assert_ok(core_terms_cutoff(w->cutoff ? w->cutoff : "", &options.terms));
    assert_ok(store_open(w->path, &w->store));
    assert_ok(core_open(w->store, &options, &w->core));
}

static void close_core(struct world *w)
{
    sqlite3_close(w->look);
    w->look = NULL;
    core_close(w->core);
    store_close(w->store);
    w->core = NULL;
    w->store = NULL;
}

static void make_bank_keys(struct world *w)
{
    struct statement_bank_keys keys = {.count = 1};
    struct buf payload = {0};
    size_t len = 0;

    memcpy(keys.head.bank, WORLD_BANK, sizeof WORLD_BANK);
    memset(keys.head.nonce, 'A', NONCE_LEN);
    keys.head.issued_us = w->time.now_us;
    keys.head.expires_us = w->time.now_us + 365 * 86400 * WORLD_SECOND;
    const uint8_t *spki = key_spki(w->root.key, &len);
    memcpy(keys.root_spki, spki, len);
    keys.root_spki_len = len;
    keys.keys[0].use = BANK_KEY_LOG;
    spki = key_spki(w->log.key, &len);
    memcpy(keys.keys[0].spki, spki, len);
    keys.keys[0].spki_len = len;
    assert_ok(statement_bank_keys_make(&keys, &payload));
    world_sign_statement(&w->root, STATEMENT_BANK_KEYS, &payload, &w->bank_keys);
    buf_free(&payload);
}

/* As tests/e2e/in_memory.py has it, which says why. */
static const char *place(void)
{
    static const char memory[] = "/dev/shm";
    struct statvfs room;

    return access(memory, W_OK | X_OK) == 0 && statvfs(memory, &room) == 0 &&
                   room.f_bavail * room.f_frsize >= ROOM
               ? memory
               : "/tmp";
}

void world_open(struct world *w)
{
    world_open_in(w, place());
}

void world_open_in(struct world *w, const char *parent)
{
    *w = (struct world){.time = {.mono_us = 1000 * WORLD_SECOND}};
    assert_ok(text_parse_time("2026-11-23T09:00:00Z", TEXT_TIME_LEN, &w->time.now_us));
    int len = snprintf(w->dir, sizeof w->dir, "%s/countersign-core.XXXXXX", parent);
    assert_in_range(len, 1, sizeof w->dir - 1);
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/bank.db", w->dir);
    world_key(&w->root, "root", "P-256");
    world_key(&w->log, "log", "P-256");
    make_bank_keys(w);
    open_core(w);
    world_begin(w);
    world_end(w, core_log_start(w->core, buf_str(&w->bank_keys)));
}

void world_close(struct world *w)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    close_core(w);
    core_answer_free(&w->answer);
    world_person_free(&w->root);
    world_person_free(&w->log);
    world_person_free(&w->alice);
    world_person_free(&w->bob);
    world_person_free(&w->carol);
    buf_free(&w->bank_keys);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", w->path, ends[i]);
        assert_ok(file_remove(path));
    }
    assert_int_equal(rmdir(w->dir), 0);
}

void world_restart(struct world *w)
{
    close_core(w);
    w->time.mono_us = 5 * WORLD_SECOND; /* the machine was started anew */
    open_core(w);
}

void world_begin(struct world *w)
{
    core_answer_free(&w->answer);
    if (!w->in_batch)
        assert_ok(core_begin(w->core, &w->time));
}

void world_end(struct world *w, enum err e)
{
    assert_ok(e);
    if (!w->in_batch)
        assert_ok(core_commit(w->core));
}

void world_batch(struct world *w)
{
    world_begin(w);
    w->in_batch = true;
}

void world_batch_end(struct world *w)
{
    w->in_batch = false;
    world_end(w, ERR_OK);
}

void world_later(struct world *w, int64_t seconds)
{
    w->time.now_us += seconds * WORLD_SECOND;
    w->time.mono_us += seconds * WORLD_SECOND;
}

/* --- people and accounts --- */

void world_enrol(struct world *w, struct person *p)
{
    size_t len = 0;
    const uint8_t *spki = key_spki(p->key, &len);

    world_begin(w);
    world_end(w,
              core_holder_add(w->core, &world_operator, p->name, p->name, spki, len, &w->answer));
    assert_err(w->answer.err, ERR_OK);
}

void world_login(struct world *w, struct person *p)
{
    const struct core_caller who = {.session = p->session};
    struct statement_login login = {0};
    struct person session = {0};
    struct buf payload = {0}, jws = {0};
    struct verified *verified = NULL;

    world_key(&session, "session", "P-256");
    memcpy(p->session, key_thumbprint(session.key), sizeof p->session);
    memcpy(login.session, p->session, sizeof login.session);
    world_person_free(&session);
    world_begin(w);
    world_end(w, core_challenge(w->core, key_thumbprint(p->key), true, &w->answer));
    snprintf(login.head.bank, sizeof login.head.bank, "%s", WORLD_BANK);
    snprintf(login.head.challenge, sizeof login.head.challenge, "%s", world_text(w, "challenge"));
    memset(login.head.nonce, 'A', NONCE_LEN);
    login.head.issued_us = w->time.now_us;
    login.head.expires_us = w->time.now_us + 60 * WORLD_SECOND;
    assert_ok(statement_login_make(&login, &payload));
    world_sign_statement(p, STATEMENT_LOGIN, &payload, &jws);
    assert_ok(verify_login(WORLD_BANK, buf_str(&jws), jws.len, core_keys(w->core), &verified));
    world_begin(w);
    world_end(w, core_login(w->core, &who, verified, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    verified_free(verified);
    buf_free(&payload);
    buf_free(&jws);
}

enum err world_open_account(struct world *w, const struct world_account *in)
{
    struct policy_person people[POLICY_HOLDERS_MAX] = {{.class = 'A'}};
    const struct core_account_terms terms = {.account = in->account,
                                             .currency = in->currency ? in->currency : "EUR",
                                             .title = "Household",
                                             .people = people,
                                             .count = in->count,
                                             .rules = in->rules ? in->rules : "",
                                             .limits = in->limits ? in->limits : "",
                                             .deputies = in->deputies ? in->deputies : "",
                                             .single = in->single};

    for (size_t i = 0; i < in->count && i < POLICY_HOLDERS_MAX; i++) {
        size_t len = strcspn(in->holders[i], ":");
        people[i].class = 'A';
        if (in->holders[i][len])
            people[i].class = in->holders[i][len + 1];
        snprintf(people[i].id, sizeof people[i].id, "%.*s", (int)len, in->holders[i]);
    }
    world_begin(w);
    world_end(w, core_account_open(w->core, &world_operator, &terms, &w->answer));
    return w->answer.err;
}

void world_account(struct world *w, const char *account, const char *first, const char *second)
{
    const char *const holders[] = {first, second};
    const struct world_account a = {
        .account = account, .holders = holders, .count = second ? 2 : 1};

    assert_ok(world_open_account(w, &a));
}

void world_fund(struct world *w, const char *account, const char *amount)
{
    world_begin(w);
    world_end(w, core_fund(w->core, &world_operator, account, amount, "EUR", &w->answer));
    assert_err(w->answer.err, ERR_OK);
}

void world_populate(struct world *w)
{
    world_key(&w->alice, "alice", "P-256");
    world_key(&w->bob, "bob", "P-521");
    world_key(&w->carol, "carol", "P-384");
    world_enrol(w, &w->alice);
    world_enrol(w, &w->bob);
    world_enrol(w, &w->carol);
    world_account(w, WORLD_ALICE_ACCOUNT, "bob", "alice");
    world_account(w, WORLD_SHOP_ACCOUNT, "carol", NULL);
    world_fund(w, WORLD_ALICE_ACCOUNT, "100.00");
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_login(w, &w->carol);
}

/* --- orders and decisions --- */

void world_order_from(struct world *w, const char *draft, struct world_order *out)
{
    uint8_t random[10] = {0};
    unsigned serial = ++w->serial;

    memcpy(random + 6, &serial, sizeof serial); /* the first bytes lose bits to the version */
    const struct order_fill fill = {.bank = WORLD_BANK,
                                    .account = WORLD_ALICE_ACCOUNT,
                                    .now_us = w->time.now_us,
                                    .lifetime_us = 3600 * WORLD_SECOND,
                                    .random = random};
    *out = (struct world_order){0};
    assert_ok(order_complete(draft, strlen(draft), &fill, &out->bytes, NULL));
    assert_ok(order_parse(out->bytes.data, out->bytes.len, &out->order));
}

void world_order(struct world *w, const char *amount, struct world_order *out)
{
    char draft[512];

    snprintf(draft, sizeof draft,
             "{\"amount\":\"%s\",\"currency\":\"EUR\",\"description\":\"Electricity bill\","
             "\"creditor\":{\"account\":\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"The Shop\"}}",
             amount);
    world_order_from(w, draft, out);
}

void world_order_free(struct world_order *o)
{
    buf_free(&o->bytes);
}

const struct policy *world_policy_by(struct world *w, const char *sql)
{
    struct verify_policies policies = core_policies(w->core);
    const char *hex = world_sql(w, sql);
    uint8_t digest[DIGEST_LEN];

    assert_ok(text_unhex(hex, strlen(hex), digest, sizeof digest));
    const struct policy *p = policies.find(policies.ctx, digest);
    assert_non_null(p);
    return p;
}

const struct policy *world_policy_of(struct world *w, const char *account)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "SELECT hex(p.digest) FROM policy p JOIN account a ON a.policy = p.id"
             " WHERE a.account = '%s'",
             account);
    return world_policy_by(w, sql);
}

void world_head(struct world *w, const struct world_says *says, struct statement *head)
{
    uint8_t random[16] = {0};
    unsigned serial = ++w->serial;

    *head = (struct statement){.issued_us = w->time.now_us, .expires_us = 0};
    memcpy(random, &serial, sizeof serial);
    forms_make_nonce(random, head->nonce);
    if (says && says->nonce)
        snprintf(head->nonce, sizeof head->nonce, "%s", says->nonce);
    if (says && says->challenge)
        snprintf(head->challenge, sizeof head->challenge, "%s", says->challenge);
    if (says && says->issued_us)
        head->issued_us = says->issued_us;
    head->expires_us =
        says && says->expires_us ? says->expires_us : head->issued_us + 86400 * WORLD_SECOND;
    snprintf(head->bank, sizeof head->bank, "%s", WORLD_BANK);
}

void world_sign_statement(const struct person *by, enum statement_kind kind,
                          const struct buf *payload, struct buf *jws)
{
    struct person p = *by;

    buf_clear(jws);
    assert_ok(jws_make(p.key, statement_typ(kind), payload->data, payload->len, world_sign_hash, &p,
                       jws));
}

void world_sign(struct world *w, const struct person *signer, const struct world_order *o,
                enum verb verb, const struct world_says *says, struct buf *jws)
{
    struct statement head;
    struct buf payload = {0};

    world_head(w, says, &head);
    const struct policy *policy =
        says && says->policy ? says->policy : world_policy_of(w, o->order.account);
    assert_ok(decision_make(&o->order, policy, verb, &head, &payload));
    world_sign_statement(signer, STATEMENT_DECISION, &payload, jws);
    buf_free(&payload);
}

const char *world_hand_in(struct world *w, const struct person *caller, const struct buf *jws,
                          const struct world_order *o)
{
    return world_hand_in_place(w, caller, jws, o, NULL);
}

const char *world_hand_in_place(struct world *w, const struct person *caller, const struct buf *jws,
                                const struct world_order *o, const struct batch_inclusion *place)
{
    const struct core_caller who = {.session = caller->session};
    const struct core_document document = {&o->order, o->bytes.data, o->bytes.len,
                                           w->payee_check ? w->payee_check : ""};
    struct verified *verified = NULL;

    const struct verify_decision_input in = {.bank = WORLD_BANK,
                                             .jws = buf_str(jws),
                                             .jws_len = jws->len,
                                             .order = &o->order,
                                             .inclusion = place,
                                             .policies = core_policies(w->core),
                                             .keys = core_keys(w->core)};
    enum err e = verify_decision(&in, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, &who, e, o->order.account, &w->answer));
    else
        world_end(w, core_decide(w->core, &who, verified, &document, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_decide(struct world *w, const struct person *signer, const struct world_order *o,
                         enum verb verb)
{
    struct buf jws = {0};

    world_sign(w, signer, o, verb, NULL, &jws);
    const char *name = world_hand_in(w, signer, &jws, o);
    buf_free(&jws);
    return name;
}

/* --- looking --- */

const char *world_text(struct world *w, const char *member)
{
    static char text[512];
    struct js *root = NULL;

    assert_ok(js_parse(w->answer.body.data, w->answer.body.len, &root));
    const struct js *value = js_get(root, member);
    const char *found = value ? js_text(value, NULL) : NULL;
    if (found)
        snprintf(text, sizeof text, "%s", found);
    js_free(root);
    return found ? text : NULL;
}

const char *world_balance(struct world *w, const char *account)
{
    char sql[256];

    snprintf(sql, sizeof sql, "SELECT booked || '/' || reserved FROM account WHERE account = '%s'",
             account);
    return world_sql(w, sql);
}

void world_checkpoint(struct world *w, struct buf *note)
{
    struct core_head head;

    core_head(w->core, &head);
    const struct checkpoint c = {.size = head.size, .root = head.root};
    buf_clear(note);
    assert_ok(checkpoint_make(WORLD_BANK, &c, w->log.key, world_sign_hash, &w->log, note));
}

/* --- what must hold --- */

static void check_ledger(struct world *w)
{
    assert_string_equal(world_sql(w, "SELECT coalesce(sum(amount), 0) FROM posting"), "0");
    assert_string_equal(world_sql(w,
                                  "SELECT count(*) FROM (SELECT 1 FROM posting"
                                  " GROUP BY movement HAVING sum(amount) <> 0 OR count(*) <> 2)"),
                        "0");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM account a WHERE a.booked <>"
                                     " (SELECT coalesce(sum(amount), 0) FROM posting p"
                                     " WHERE p.account = a.id)"),
                        "0");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM account a WHERE a.reserved <>"
                                     " (SELECT coalesce(sum(amount), 0) FROM orders o"
                                     " WHERE o.account = a.id AND o.open = 1)"),
                        "0");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM orders o WHERE"
                                     " (o.status = 'ACSC' OR o.status = 'ACSP') <>"
                                     " (SELECT coalesce(sum((m.kind = o.kind) -"
                                     " (m.kind = 'return')), 0) FROM movement m"
                                     " WHERE m.orders = o.id)"),
                        "0");
}

void world_check_log(struct world *w, struct audit *audit)
{
    struct core_head head;

    core_head(w->core, &head);
    audit->newest = (struct checkpoint){.size = head.size, .root = head.root};
    while (audit_wanted(audit) > 0) {
        struct core_answer page;
        struct js *value = NULL;
        assert_ok(core_begin(w->core, &w->time));
        assert_ok(core_log_entries(w->core, &world_operator, audit->tree.size, 200, &page));
        core_rollback(w->core);
        assert_ok(js_parse(page.body.data, page.body.len, &value));
        const struct js *entries = js_get(value, "entries");
        assert_true(js_count(entries) > 0);
        for (size_t i = 0; i < js_count(entries) && audit_wanted(audit) > 0; i++)
            assert_ok(audit_entry(audit, js_at(entries, i)));
        js_free(value);
        core_answer_free(&page);
    }
    enum err e = audit_finish(audit);
    if (e != ERR_OK && !w->contradicts)
        print_error("%s\n", audit->where);
    assert_err(e, w->contradicts ? ERR_EVIDENCE_CONTRADICTION : ERR_OK);
}

void world_check(struct world *w)
{
    struct audit audit = {.where = ""};

    check_ledger(w);
    world_check_log(w, &audit);
    audit_free(&audit);
    assert_string_equal(world_sql(w, "SELECT count(*) - count(DISTINCT salt) FROM entry"), "0");
}

enum err world_evidence(struct world *w, const struct person *who, const struct world_order *o,
                        struct verify_report *report)
{
    const struct core_caller caller = {.session = who->session};
    struct buf note = {0};
    struct core_head head;

    world_checkpoint(w, &note);
    core_head(w->core, &head);
    const struct core_signed by = {buf_str(&w->bank_keys), "[]", buf_str(&note), head.size};
    world_begin(w);
    world_end(w, core_evidence(w->core, &caller, o->order.account, o->order.id, &by, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    const struct verify_evidence_input in = {.bytes = w->answer.body.data,
                                             .len = w->answer.body.len,
                                             .bank_key = key_thumbprint(w->root.key)};
    enum err e = verify_evidence(&in, report);
    buf_free(&note);
    return e;
}
