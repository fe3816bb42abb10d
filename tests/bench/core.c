/* SPDX-License-Identifier: Apache-2.0
 *
 * The core in process, on a store of its own: what a decision costs under a policy of 20 rules
 * against the rule all, and what the first page of a list costs with 100,000 open orders against
 * 100. One line of JSON.
 */
#include "tests/bankd/world.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

#define BATCH 100u    /* decisions in a transaction */
#define FEW 100u      /* open orders */
#define PAGES 2000u   /* read for one figure */
#define PAYEE_RULES 9 /* before the rules by amount */
#define BAND_RULES 10 /* before the rule that decides */

static void open_bank(struct world *w, const char *rules)
{
    static const char *const holders[] = {"alice", "bob"};
    const struct world_account joint = {
        .account = WORLD_ALICE_ACCOUNT, .holders = holders, .count = 2, .rules = rules};

    world_open_in(w, "/tmp");
    world_key(&w->alice, "alice", "P-256");
    world_key(&w->bob, "bob", "P-256");
    world_key(&w->carol, "carol", "P-256");
    world_enrol(w, &w->alice);
    world_enrol(w, &w->bob);
    world_enrol(w, &w->carol);
    bench_need(world_open_account(w, &joint), "the account");
    world_account(w, WORLD_SHOP_ACCOUNT, "carol", NULL);
    world_fund(w, WORLD_ALICE_ACCOUNT, "100000.00");
    world_login(w, &w->alice);
    world_login(w, &w->bob);
}

/* Both approve each of COUNT orders, in batches as the committer makes them; SECONDS grows by the
 * time that the bank took. WHO: Alice alone leaves them open. */
static void decide(struct world *w, unsigned count, bool both, double *seconds)
{
    struct world_order orders[BATCH];
    struct buf jws[2][BATCH] = {0};

    for (unsigned done = 0; done < count; done += BATCH) {
        for (unsigned i = 0; i < BATCH; i++) {
            world_order(w, "0.01", &orders[i]);
            world_sign(w, &w->alice, &orders[i], VERB_APPROVE, NULL, &jws[0][i]);
            if (both)
                world_sign(w, &w->bob, &orders[i], VERB_APPROVE, NULL, &jws[1][i]);
        }
        double begin = bench_wall_s();
        world_batch(w);
        for (unsigned i = 0; i < BATCH; i++) {
            const char *name = world_hand_in(w, &w->alice, &jws[0][i], &orders[i]);
            if (strcmp(name, "OK") == 0 && both)
                name = world_hand_in(w, &w->bob, &jws[1][i], &orders[i]);
            if (strcmp(name, "OK") != 0)
                bench_die("decide", name);
        }
        world_batch_end(w);
        *seconds += bench_wall_s() - begin;
        for (unsigned i = 0; i < BATCH; i++) {
            world_order_free(&orders[i]);
            buf_free(&jws[0][i]);
            buf_free(&jws[1][i]);
        }
    }
}

/* 20 rules of which the last is for the order. */
static void write_rules(struct buf *out)
{
    char payee[IBAN_MAX + 1];

    bench_need(buf_addf(out, "["), "rules");
    for (unsigned i = 0; i < PAYEE_RULES; i++) {
        bench_iban(i, payee);
        bench_need(buf_addf(out, "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"payees\":[\"%s\"]},",
                            payee),
                   "rules");
    }
    for (unsigned i = 0; i < BAND_RULES; i++)
        bench_need(buf_addf(out, "{\"above\":\"%u.00\",\"require\":\"all\"},", 1000 - 10 * i),
                   "rules");
    bench_need(buf_addf(out, "{\"require\":\"all\"}]"), "rules");
}

static double rate(const char *rules, unsigned count)
{
    static struct world w;
    double seconds = 0;

    open_bank(&w, rules);
    decide(&w, BATCH, true, &seconds);
    seconds = 0;
    decide(&w, count, true, &seconds);
    world_close(&w);
    return 2 * count / seconds;
}

/* Microseconds for the first page of the account's and of all orders. */
static double page_us(struct world *w)
{
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_page first = {.cursor = ""};

    double begin = bench_wall_s();
    for (unsigned i = 0; i < PAGES; i++) {
        bool own = i % 2 == 0;
        world_begin(w);
        world_end(w, core_orders(w->core, own ? &alice : &world_operator,
                                 own ? WORLD_ALICE_ACCOUNT : NULL, &first, &w->answer));
        bench_need(w->answer.err, "a page");
    }
    return (bench_wall_s() - begin) / PAGES * 1e6;
}

/* In one bank and in the other by turns: a machine's speed changes from one second to the next. */
static void print_pages(struct world *few, struct world *many, unsigned rounds)
{
    (void)page_us(few); /* warm */
    (void)page_us(many);
    printf(",\"page\":[");
    for (unsigned i = 0; i < rounds; i++) {
        double few_us = page_us(few);
        printf("%s{\"few_us\":%.1f,\"many_us\":%.1f}", i ? "," : "", few_us, page_us(many));
    }
    printf("]");
}

int main(int argc, char **argv)
{
    unsigned count = bench_number(argc, argv, "--count", "2000");
    unsigned many = bench_number(argc, argv, "--orders", "100000");
    unsigned rounds = bench_number(argc, argv, "--rounds", "5");
    static struct world few, long_list;
    struct buf rules = BUF_INIT(POLICY_MAX);
    double seconds = 0;

    write_rules(&rules);
    printf("{\"policy\":[");
    for (unsigned i = 0; i < rounds; i++) {
        double all = rate(NULL, count);
        printf("%s{\"raw_per_second\":%.1f,\"per_second\":%.1f}", i ? "," : "", all,
               rate(buf_str(&rules), count));
    }
    printf("]");
    open_bank(&few, NULL);
    decide(&few, FEW, false, &seconds);
    open_bank(&long_list, NULL);
    decide(&long_list, many, false, &seconds);
    print_pages(&few, &long_list, rounds);
    printf("}\n");
    world_close(&few);
    world_close(&long_list);
    buf_free(&rules);
    return EXIT_DONE;
}
