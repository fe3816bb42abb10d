/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_token, bench_token_remote: signatures on SoftHSM as everything above token.h gets them,
 * checked, in a thread a session. One source, linked with either kind of token.h: with the module
 * in the process, and through the helper.
 *
 *   bench_token [--count 20000] [--sessions 2] [--at-once 16]
 *     prints one JSON line
 */
#include "tests/bench/bench.h"
#include "tests/token/softhsm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_LEN 32 /* of P-256 */
#define SIG_LEN 64

struct lane {
    struct token_key *key;
    unsigned count, at_once;
};

/* As a caller would who keeps them. */
static enum err take(void *ctx, const uint8_t *sig)
{
    memcpy(ctx, sig, SIG_LEN);
    return ERR_OK;
}

static void sign_all(void *item)
{
    const struct lane *lane = item;
    uint8_t *hashes = malloc(lane->at_once * HASH_LEN), sig[SIG_LEN];

    if (!hashes)
        bench_die("token", "no memory");
    bench_random(hashes, lane->at_once * HASH_LEN);
    for (unsigned i = 0; i < lane->count; i += lane->at_once) {
        memcpy(hashes, &i, sizeof i);
        bench_need(token_sign_many(lane->key, hashes, lane->at_once, take, sig), "sign");
    }
    free(hashes);
}

int main(int argc, char **argv)
{
    unsigned count = bench_number(argc, argv, "--count", "20000");
    unsigned sessions = bench_number(argc, argv, "--sessions", "2");
    unsigned at_once = bench_number(argc, argv, "--at-once", "16");
    struct lane *lanes = calloc(sessions, sizeof *lanes);
    struct token_key *key = NULL;
    const uint8_t id[] = {1};
    struct token_info info;
    struct softhsm hsm;

    if (!lanes)
        bench_die("token", "no memory");
    softhsm_begin(&hsm);
    softhsm_init_token(&hsm, "bench", &info);
    struct token *token = softhsm_open(&hsm, "bench");
    bench_need(token_generate(token, TOKEN_USE_SIGN, TOKEN_P256, "bench", id, sizeof id), "key");
    bench_need(token_key_find(token, NULL, TOKEN_USE_SIGN, &key), "key");
    for (unsigned i = 0; i < sessions; i++)
        lanes[i] = (struct lane){key, 1, at_once};
    bench_threads(sessions, sign_all, lanes, sizeof *lanes); /* opens the sessions */
    for (unsigned i = 0; i < sessions; i++)
        lanes[i].count = count / sessions;
    double begin = bench_wall_s();
    bench_threads(sessions, sign_all, lanes, sizeof *lanes);
    printf("{\"per_second\":%.1f}\n", count / (bench_wall_s() - begin));
    token_key_free(key);
    token_close(token);
    softhsm_end(&hsm);
    free(lanes);
    return EXIT_DONE;
}
