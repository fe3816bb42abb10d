/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_sign: a holder's program signing in bulk on SoftHSM, one thread a core: read the order,
 * render what is shown, build the decision, have it signed, check the signature. Against it, in
 * turns and in the same sessions of the same token, nothing but C_Sign and EVP_PKEY_verify.
 *
 *   bench_sign [--alg ES256] [--count 10000] [--rounds 5] [--sessions CORES]
 *     prints one JSON line a round
 */
#include "order/display.h"
#include "tests/bench/bench.h"
#include "tests/token/softhsm.h"
#include "token/inner.h"
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum token_curve curves[] = {
    [KEY_ES256] = TOKEN_P256, [KEY_ES384] = TOKEN_P384, [KEY_ES512] = TOKEN_P521};

/* What all threads share, and what is not measured. */
struct desk {
    struct token *token;
    struct token_key *token_key;
    struct key *key;
    struct policy *policy;
    char account[IBAN_MAX + 1];
};

/* One thread's share. */
struct lane {
    const struct desk *desk;
    struct buf *orders; /* documents */
    unsigned count;
};

/* --- the product --- */

static enum err sign_on_token(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                              size_t sig_cap, size_t *sig_len)
{
    return token_sign(ctx, hash, hash_len, sig, sig_cap, sig_len);
}

static void sign_decisions(void *item)
{
    const struct lane *lane = item;
    const struct desk *desk = lane->desk;
    const struct bench_signer signer = {desk->key, sign_on_token, desk->token_key};
    struct buf shown = BUF_INIT(DISPLAY_MAX), jws = BUF_INIT(JWS_MAX);

    for (unsigned i = 0; i < lane->count; i++) {
        struct order order;

        buf_clear(&shown);
        buf_clear(&jws);
        bench_need(order_parse(lane->orders[i].data, lane->orders[i].len, &order), "order");
        bench_need(display_render(&order, desk->policy, VERB_APPROVE, &shown), "display");
        bench_approve(&order, desk->policy, &signer, &jws);
    }
    buf_free(&shown);
    buf_free(&jws);
}

/* --- the bare calls --- */

struct bare {
    struct token_key *key;
    EVP_PKEY_CTX *verifier;
    unsigned count;
};

static void verify_answer(EVP_PKEY_CTX *verifier, const uint8_t *sig, size_t len,
                          const uint8_t *hash, size_t hash_len)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    uint8_t der[160], *end = der;
    int half = (int)len / 2;

    if (!pair ||
        ECDSA_SIG_set0(pair, BN_bin2bn(sig, half, NULL), BN_bin2bn(sig + half, half, NULL)) != 1)
        bench_die("sign", "no memory");
    int der_len = i2d_ECDSA_SIG(pair, &end);
    ECDSA_SIG_free(pair);
    if (EVP_PKEY_verify(verifier, der, (size_t)der_len, hash, hash_len) != 1)
        bench_die("sign", "a signature does not verify");
}

/* A token_work: all the signatures in one session of the pool. */
static CK_RV sign_bare(struct token *t, const struct token_session *s, void *arg)
{
    const struct bare *bare = arg;
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    size_t hash_len = token_hash_len(bare->key->info.curve);
    CK_OBJECT_HANDLE object;
    uint8_t hash[KEY_HASH_MAX], sig[TOKEN_SIG_MAX];
    CK_RV rv = token_key_handle(bare->key, s, &object);

    bench_random(hash, sizeof hash);
    for (unsigned i = 0; rv == CKR_OK && i < bare->count; i++) {
        CK_ULONG len = sizeof sig;

        memcpy(hash, &i, sizeof i);
        rv = t->module->f->C_SignInit(s->handle, &mechanism, object);
        if (rv == CKR_OK)
            rv = t->module->f->C_Sign(s->handle, hash, hash_len, sig, &len);
        if (rv == CKR_OK)
            verify_answer(bare->verifier, sig, len, hash, hash_len);
    }
    return rv;
}

static void sign_raw(void *item)
{
    const struct lane *lane = item;
    const struct desk *desk = lane->desk;
    struct bare bare = {desk->token_key, EVP_PKEY_CTX_new(desk->token_key->public, NULL),
                        lane->count};

    if (!bare.verifier || EVP_PKEY_verify_init(bare.verifier) != 1)
        bench_die("sign", "no memory");
    bench_need(token_session_run(desk->token, "C_Sign", sign_bare, &bare), "C_Sign");
    EVP_PKEY_CTX_free(bare.verifier);
}

/* --- preparing --- */

static void make_policy(struct desk *desk)
{
    const char *const holders[] = {"alice", "bob"};
    struct buf document = BUF_INIT(POLICY_MAX);

    bench_policy(desk->account, holders, 2, &document);
    bench_need(policy_parse(document.data, document.len, &desk->policy), "policy");
    buf_free(&document);
}

static void set_up(struct softhsm *hsm, struct desk *desk, enum key_alg alg)
{
    const uint8_t id[] = {1};
    struct token_info info;
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);

    softhsm_begin(hsm);
    softhsm_init_token(hsm, "bench", &info);
    desk->token = softhsm_open(hsm, "bench");
    bench_need(token_generate(desk->token, TOKEN_USE_SIGN, curves[alg], "bench", id, sizeof id),
               "key");
    bench_need(token_key_find(desk->token, NULL, TOKEN_USE_SIGN, &desk->token_key), "key");
    bench_need(token_key_spki(desk->token_key, &spki), "key");
    bench_need(key_from_spki(spki.data, spki.len, &desk->key), "key");
    bench_iban(1, desk->account);
    make_policy(desk);
    buf_free(&spki);
}

static void tear_down(struct softhsm *hsm, struct desk *desk)
{
    policy_free(desk->policy);
    key_free(desk->key);
    token_key_free(desk->token_key);
    token_close(desk->token);
    softhsm_end(hsm);
}

static void make_orders(struct lane *lane, unsigned count)
{
    struct order order;
    char creditor[IBAN_MAX + 1];

    bench_iban(2, creditor);
    lane->count = count;
    lane->orders = calloc(count, sizeof *lane->orders);
    for (unsigned i = 0; lane->orders && i < count; i++) {
        lane->orders[i].max = ORDER_MAX;
        bench_order(lane->desk->account, creditor, &order, &lane->orders[i]);
    }
}

struct rate {
    double wall, cpu; /* signatures per second */
};

static struct rate timed(struct lane *lanes, unsigned count, void (*work)(void *item))
{
    double wall = bench_wall_s(), cpu = bench_cpu_s(), done = lanes[0].count * count;

    bench_threads(count, work, lanes, sizeof *lanes);
    return (struct rate){done / (bench_wall_s() - wall), done / (bench_cpu_s() - cpu)};
}

int main(int argc, char **argv)
{
    enum key_alg alg = bench_alg(argc, argv);
    unsigned rounds = bench_number(argc, argv, "--rounds", "5");
    unsigned count = bench_number(argc, argv, "--count", "10000");
    unsigned sessions = bench_number(argc, argv, "--sessions", "0");
    struct lane *lanes;
    struct softhsm hsm;
    struct desk desk = {0};
    struct rate raw;

    sessions = sessions ? sessions : bench_cores();
    lanes = calloc(sessions, sizeof *lanes);
    if (!lanes)
        bench_die("sign", "no memory");
    set_up(&hsm, &desk, alg);
    for (unsigned i = 0; i < sessions; i++) {
        lanes[i].desk = &desk;
        make_orders(&lanes[i], count / sessions);
    }
    raw = timed(lanes, sessions, sign_raw);
    for (unsigned i = 0; i < rounds; i++) {
        struct rate before = raw, product = timed(lanes, sessions, sign_decisions);

        raw = timed(lanes, sessions, sign_raw);
        printf("{\"per_second\":%.1f,\"raw_per_second\":%.1f,\"per_cpu_second\":%.1f,"
               "\"raw_per_cpu_second\":%.1f}\n",
               product.wall, (before.wall + raw.wall) / 2, product.cpu, (before.cpu + raw.cpu) / 2);
        fflush(stdout);
    }
    tear_down(&hsm, &desk);
    return EXIT_DONE; /* the orders die with the process */
}
