/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_raw: the bare cryptography that every figure is measured against: EVP_PKEY_verify in a
 * loop, keys, contexts, hashes and signatures all prepared, on all cores at once.
 *
 *   bench_raw [--alg ES256] [--seconds 2] [--keys 100]
 */
#include "tests/bench/bench.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define SIG_MAX 160 /* bytes of DER */

struct sample {
    EVP_PKEY_CTX *verifier;
    uint8_t hash[KEY_HASH_MAX];
    size_t hash_len;
    uint8_t sig[SIG_MAX];
    size_t sig_len;
};

struct lane {
    struct sample *samples; /* its own: nothing is shared between the threads */
    unsigned count;
    double seconds;
    uint64_t verified;
};

static void prepare(struct sample *s, enum key_alg alg)
{
    static const struct {
        const char *curve;
        size_t hash_len;
    } forms[] = {
        [KEY_ES256] = {"P-256", 32}, [KEY_ES384] = {"P-384", 48}, [KEY_ES512] = {"P-521", 64}};
    EVP_PKEY *key = EVP_EC_gen(forms[alg].curve);
    EVP_PKEY_CTX *signer = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;

    s->hash_len = forms[alg].hash_len;
    bench_random(s->hash, s->hash_len);
    s->sig_len = sizeof s->sig;
    s->verifier = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    if (!signer || !s->verifier || EVP_PKEY_sign_init(signer) != 1 ||
        EVP_PKEY_sign(signer, s->sig, &s->sig_len, s->hash, s->hash_len) != 1 ||
        EVP_PKEY_verify_init(s->verifier) != 1)
        bench_die("raw", "OpenSSL cannot prepare a key");
    EVP_PKEY_CTX_free(signer);
    EVP_PKEY_free(key);
}

static void verify_for_a_while(void *item)
{
    struct lane *lane = item;
    double end = bench_wall_s() + lane->seconds;

    do {
        for (unsigned i = 0; i < lane->count; i++) {
            const struct sample *s = &lane->samples[i];

            if (EVP_PKEY_verify(s->verifier, s->sig, s->sig_len, s->hash, s->hash_len) != 1)
                bench_die("raw", "a signature does not verify");
        }
        lane->verified += lane->count;
    } while (bench_wall_s() < end);
}

int main(int argc, char **argv)
{
    enum key_alg alg = bench_alg(argc, argv);
    unsigned cores = bench_cores(), keys = bench_number(argc, argv, "--keys", "100");
    unsigned seconds = bench_number(argc, argv, "--seconds", "2");
    struct lane *lanes = calloc(cores, sizeof *lanes);
    uint64_t verified = 0;
    double wall, cpu;

    if (!lanes)
        bench_die("raw", "no memory");
    for (unsigned i = 0; i < cores; i++) {
        lanes[i] = (struct lane){calloc(keys, sizeof *lanes[i].samples), keys, seconds, 0};
        for (unsigned k = 0; lanes[i].samples && k < keys; k++)
            prepare(&lanes[i].samples[k], alg);
    }
    wall = bench_wall_s();
    cpu = bench_cpu_s();
    bench_threads(cores, verify_for_a_while, lanes, sizeof *lanes);
    wall = bench_wall_s() - wall;
    cpu = bench_cpu_s() - cpu;
    for (unsigned i = 0; i < cores; i++)
        verified += lanes[i].verified;
    printf("{\"per_second\":%.1f,\"per_cpu_second\":%.1f}\n", (double)verified / wall,
           (double)verified / cpu);
    return EXIT_DONE; /* what was prepared dies with the process */
}
