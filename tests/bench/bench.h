/* SPDX-License-Identifier: Apache-2.0
 *
 * bench: what the programs of ./run bench share: clocks, threads, and orders and decisions to
 * measure with, made by the product's own functions. Whatever goes wrong ends the program with a
 * message: a measurement that half worked is none.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "order/decision.h"
#include "order/jws.h"
#include "order/key.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/statement.h"
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define BENCH_BANK "demobank.example/bench"

noreturn void bench_die(const char *what, const char *why);
/* Ends the program unless E is ERR_OK. */
void bench_need(enum err e, const char *what);

/* The value of option NAME ("--alg") in ARGV, FALLBACK without it; NULL as FALLBACK: it must be
 * there. */
const char *bench_option(int argc, char **argv, const char *name, const char *fallback);
unsigned bench_number(int argc, char **argv, const char *name, const char *fallback);
enum key_alg bench_alg(int argc, char **argv);

double bench_wall_s(void); /* monotonic */
double bench_cpu_s(void);  /* of this process, user and system, all threads */
unsigned bench_cores(void);

/* Runs WORK(ITEMS + i * SIZE) in a thread each, i < COUNT, and waits for all. */
void bench_threads(unsigned count, void (*work)(void *item), void *items, size_t size);

void bench_random(void *out, size_t len);

/* The N-th account: a German IBAN. */
void bench_iban(unsigned n, char out[static IBAN_MAX + 1]);
/* A fresh order over 0.01 EUR; BYTES (emptied first) gets the document. */
void bench_order(const char *account, const char *creditor, struct order *out, struct buf *bytes);

/* Appends the policy of ACCOUNT under which all HOLDERS sign; they are sorted. */
void bench_policy(const char *account, const char *const *holders, size_t count, struct buf *out);

/* A fresh nonce, issued now; everything else is left alone. */
void bench_head(struct statement *head);

/* KEY's approval, signed by SIGN; appended to JWS. */
struct bench_signer {
    const struct key *key;
    jws_sign_fn sign;
    void *ctx;
};
void bench_approve(const struct order *order, const struct policy *policy,
                   const struct bench_signer *signer, struct buf *jws);

#endif
