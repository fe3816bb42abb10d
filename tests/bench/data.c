/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_data: what the installed verifier is measured on: one NDJSON file of decisions with their
 * orders, the holders' keys, a policy for every account. Two holders an account, two decisions an
 * order.
 *
 *   bench_data [--alg ES256] [--keys 100] [--count 20000] --dir DIR
 *     writes DIR/decisions.ndjson, DIR/keys.ndjson, DIR/policy-N.json
 */
#include "base/file.h"
#include "base/text.h"
#include "tests/bench/bench.h"
#include "tests/order/soft_key.h"
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)256 << 20) /* bytes */

struct account {
    char iban[IBAN_MAX + 1];
    struct soft_key *keys[2];
    struct policy *policy;
};

static void write_file(const char *dir, const char *name, const struct buf *content)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    bench_need(file_write(path, content->data, content->len, 0644), path);
}

static void open_account(struct account *a, unsigned n, enum key_alg alg, const char *dir)
{
    char first[HOLDER_MAX + 1], second[HOLDER_MAX + 1], name[64];
    const char *const holders[] = {first, second};
    struct buf document = BUF_INIT(POLICY_MAX);

    bench_iban(n, a->iban);
    for (unsigned i = 0; i < 2; i++)
        a->keys[i] = soft_key_new(alg);
    snprintf(first, sizeof first, "holder-%u-a", n);
    snprintf(second, sizeof second, "holder-%u-b", n);
    bench_policy(a->iban, holders, 2, &document);
    bench_need(policy_parse(document.data, document.len, &a->policy), "policy");
    snprintf(name, sizeof name, "policy-%u.json", n);
    write_file(dir, name, &document);
    buf_free(&document);
}

static void add_key(const struct key *key, struct buf *out)
{
    size_t len;
    const uint8_t *spki = key_spki(key, &len);

    bench_need(buf_add_str(out, "{\"spki\":\""), "keys");
    bench_need(text_b64url_add(out, spki, len), "keys");
    bench_need(buf_add_str(out, "\"}\n"), "keys");
}

static void add_decision(const struct account *a, unsigned which, const struct order *order,
                         const struct buf *bytes, struct buf *out)
{
    const struct bench_signer signer = {soft_key_public(a->keys[which]), soft_key_sign,
                                        a->keys[which]};

    bench_need(buf_add_str(out, "{\"decision\":\""), "decisions");
    bench_approve(order, a->policy, &signer, out);
    bench_need(buf_addf(out, "\",\"order\":%s}\n", buf_str(bytes)), "decisions");
}

int main(int argc, char **argv)
{
    enum key_alg alg = bench_alg(argc, argv);
    const char *dir = bench_option(argc, argv, "--dir", NULL);
    unsigned count = bench_number(argc, argv, "--count", "20000");
    unsigned accounts = bench_number(argc, argv, "--keys", "100") / 2;
    struct account *all = calloc(accounts, sizeof *all);
    struct buf keys = BUF_INIT(FILE_MAX), decisions = BUF_INIT(FILE_MAX);
    struct buf bytes = BUF_INIT(ORDER_MAX);

    if (!all)
        bench_die("data", "no memory, or fewer than two keys");
    for (unsigned n = 0; n < accounts; n++) {
        open_account(&all[n], n, alg, dir);
        add_key(soft_key_public(all[n].keys[0]), &keys);
        add_key(soft_key_public(all[n].keys[1]), &keys);
    }
    for (unsigned i = 0; i < count / 2; i++) {
        const struct account *a = &all[i % accounts];
        struct order order;

        bench_order(a->iban, all[(i + 1) % accounts].iban, &order, &bytes);
        add_decision(a, 0, &order, &bytes, &decisions);
        add_decision(a, 1, &order, &bytes, &decisions);
    }
    write_file(dir, "keys.ndjson", &keys);
    write_file(dir, "decisions.ndjson", &decisions);
    return EXIT_DONE; /* what was prepared dies with the process */
}
