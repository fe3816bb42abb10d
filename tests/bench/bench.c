/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include "base/clock.h"
#include "base/text.h"
#include "tests/order/policy_all.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#define DECISION_LIFETIME_US (INT64_C(3600) * TEXT_SECOND_US)
#define ORDER_LIFETIME_US (INT64_C(14) * 86400 * TEXT_SECOND_US)

noreturn void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(EXIT_ENVIRONMENT);
}

void bench_need(enum err e, const char *what)
{
    if (e != ERR_OK)
        bench_die(what, err_name(e));
}

/* --- options --- */

const char *bench_option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    }
    if (!fallback)
        bench_die(name, "this option is needed");
    return fallback;
}

unsigned bench_number(int argc, char **argv, const char *name, const char *fallback)
{
    const char *text = bench_option(argc, argv, name, fallback);
    uint64_t number;

    if (text_parse_u64(text, strlen(text), 100000000, &number) != ERR_OK)
        bench_die(name, "not a number");
    return (unsigned)number;
}

enum key_alg bench_alg(int argc, char **argv)
{
    const char *name = bench_option(argc, argv, "--alg", "ES256");
    enum key_alg alg = key_alg_from_name(name, strlen(name));

    if (alg == KEY_ALG_NONE)
        bench_die(name, "not an algorithm");
    return alg;
}

/* --- clocks and threads --- */

double bench_wall_s(void)
{
    return (double)clock_mono_us() / 1e6;
}

double bench_cpu_s(void)
{
    struct rusage used;

    if (getrusage(RUSAGE_SELF, &used) != 0)
        bench_die("getrusage", "failed");
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

unsigned bench_cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (unsigned)count : 1;
}

struct job {
    void (*work)(void *item);
    void *item;
};

static void *run_job(void *arg)
{
    const struct job *job = arg;

    job->work(job->item);
    return NULL;
}

void bench_threads(unsigned count, void (*work)(void *item), void *items, size_t size)
{
    pthread_t *threads = calloc(count, sizeof *threads);
    struct job *jobs = calloc(count, sizeof *jobs);

    if (!threads || !jobs)
        bench_die("threads", "no memory");
    for (unsigned i = 0; i < count; i++) {
        jobs[i] = (struct job){work, (char *)items + i * size};
        if (pthread_create(&threads[i], NULL, run_job, &jobs[i]) != 0)
            bench_die("threads", "cannot be started");
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(jobs);
    free(threads);
}

/* --- orders and decisions --- */

void bench_random(void *out, size_t len)
{
    if (getrandom(out, len, 0) != (ssize_t)len)
        bench_die("getrandom", "failed");
}

/* ISO 7064 mod 97-10 over the digits: account, then DE as 1314, then 00. */
void bench_iban(unsigned n, char out[static IBAN_MAX + 1])
{
    char bban[19], digits[32];
    unsigned rest = 0;

    snprintf(bban, sizeof bban, "50010517%010u", n);
    snprintf(digits, sizeof digits, "%s131400", bban);
    for (const char *d = digits; *d; d++)
        rest = (rest * 10 + (unsigned)(*d - '0')) % 97;
    snprintf(out, IBAN_MAX + 1, "DE%02u%s", 98 - rest, bban);
}

void bench_order(const char *account, const char *creditor, struct order *out, struct buf *bytes)
{
    uint8_t random[10];
    struct order_fill fill = {.bank = BENCH_BANK,
                              .account = account,
                              .now_us = clock_now_us(),
                              .lifetime_us = ORDER_LIFETIME_US,
                              .random = random};
    char draft[512];
    int len = snprintf(draft, sizeof draft,
                       "{\"amount\":\"0.01\",\"creditor\":{\"account\":\"%s\",\"name\":\"EDP "
                       "Comercial\"},\"currency\":\"EUR\",\"description\":\"Electricity bill\"}",
                       creditor);

    bench_random(random, sizeof random);
    buf_clear(bytes);
    bench_need(order_complete(draft, (size_t)len, &fill, bytes, NULL), "order");
    bench_need(order_parse(bytes->data, bytes->len, out), "order");
}

void bench_policy(const char *account, const char *const *holders, size_t count, struct buf *out)
{
    bench_need(
        policy_all(BENCH_BANK, account, "All holders sign", 1, clock_now_us(), holders, count, out),
        "policy");
}

void bench_head(struct statement *head)
{
    uint8_t random[10];

    bench_random(random, sizeof random);
    forms_make_dated_nonce(clock_now_us(), random, head->nonce);
    head->issued_us = clock_now_us() / TEXT_SECOND_US * TEXT_SECOND_US;
    head->expires_us = head->issued_us + DECISION_LIFETIME_US;
}

void bench_approve(const struct order *order, const struct policy *policy,
                   const struct bench_signer *signer, struct buf *jws)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct statement head = {0};

    bench_head(&head);
    bench_need(decision_make(order, policy, VERB_APPROVE, &head, &payload), "decision");
    bench_need(jws_make(signer->key, statement_typ(STATEMENT_DECISION), payload.data, payload.len,
                        signer->sign, signer->ctx, jws),
               "signature");
    buf_free(&payload);
}
