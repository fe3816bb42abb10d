/* SPDX-License-Identifier: Apache-2.0
 *
 * An accepted bundle has one spelling, is the union with itself and with what it grew from, and all
 * that it says can be taken out of it again.
 */
#include "order/bundle.h"
#include "order/policy.h"
#include "tests/fuzz/fuzz.h"

static void check_spelling(const struct bundle *b, const uint8_t *data, size_t len)
{
    struct buf bytes = BUF_INIT(BUNDLE_MAX);
    fuzz_must(bundle_write(b, &bytes) == ERR_OK && fuzz_same(data, len, bytes.data, bytes.len),
              "a bundle is written as it was read");
    buf_free(&bytes);
}

static void check_elements(const struct bundle *b)
{
    for (size_t i = 0; i < b->sets[BUNDLE_ORDERS].count; i++) {
        struct policy *policy = NULL;
        struct order order;
        fuzz_must(bundle_order_at(b, i, &order, NULL, &policy) == ERR_OK, "each order is there");
        fuzz_must(strcmp(order.bank, b->bank) == 0 && strcmp(policy_bank(policy), b->bank) == 0 &&
                      strcmp(policy_account(policy), order.account) == 0,
                  "with its policy, of this bank");
        policy_free(policy);
    }
    for (size_t i = 0; i < b->sets[BUNDLE_CHALLENGES].count; i++) {
        struct bundle_challenge c;
        fuzz_must(bundle_challenge_at(b, i, &c) == ERR_OK && c.issued_us < c.expires_us,
                  "each challenge has its time");
    }
}

static void check_decisions(const struct bundle *b)
{
    for (size_t i = 0; i < b->sets[BUNDLE_DECISIONS].count; i++) {
        struct bundle again = {.bank = ""};
        struct bundle_decision d;
        struct buf body = BUF_INIT(0);
        fuzz_must(bundle_decision_at(b, i, &d) == ERR_OK, "each decision is there");
        fuzz_must(bundle_signed_at(b, i, &body) == ERR_OK, "and goes to the bank with its order");
        (void)snprintf(again.bank, sizeof again.bank, "%s", b->bank);
        fuzz_must(bundle_add_decision(&again, body.data, body.len) == ERR_OK, "and back again");
        bundle_free(&again);
        buf_free(&body);
        buf_free(&d.jws);
    }
}

/* What grew out of nothing, and once more, is the same. */
static void check_merge(const struct bundle *b, const uint8_t *data, size_t len)
{
    struct bundle all = {.bank = ""};
    (void)snprintf(all.bank, sizeof all.bank, "%s", b->bank);
    for (int twice = 0; twice < 2; twice++)
        fuzz_must(bundle_merge(&all, b) == ERR_OK, "a bundle goes with itself");
    check_spelling(&all, data, len);
    bundle_free(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bundle b;
    if (bundle_parse(data, len, &b) == ERR_OK) {
        check_spelling(&b, data, len);
        check_elements(&b);
        check_decisions(&b);
        check_merge(&b, data, len);
    }
    bundle_free(&b);
    return 0;
}
