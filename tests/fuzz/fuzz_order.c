/* SPDX-License-Identifier: Apache-2.0
 *
 * An accepted order is its own canonical form, has the digest of its bytes, needs no completion and
 * can be shown whole, on lines without control characters; an accepted policy keeps its bytes.
 */
#include "order/display.h"
#include "order/json.h"
#include "order/order.h"
#include "order/policy.h"
#include "tests/fuzz/fuzz.h"

static const char policy_text[] =
    "{\"account\":\"PT50000201231234567890154\",\"bank\":\"demobank.example/demo\",\"holders\":[{"
    "\"class\":\"A\",\"id\":\"alice\"}],\"rules\":[{\"require\":\"all\"}],\"title\":\"Alone\","
    "\"type\":\"policy\",\"validFrom\":\"2026-11-01T00:00:00Z\",\"version\":1}";

static const struct policy *fixed_policy(void)
{
    static struct policy *policy;
    if (policy == NULL)
        fuzz_must(policy_parse(policy_text, sizeof policy_text - 1, &policy) == ERR_OK,
                  "the policy is a policy");
    return policy;
}

static void check_display(const struct order *order)
{
    for (enum verb verb = VERB_SUBMIT; verb <= VERB_CANCEL; verb++) {
        struct buf text = BUF_INIT(DISPLAY_MAX);
        fuzz_must(display_render(order, fixed_policy(), verb, &text) == ERR_OK,
                  "an order can be shown");
        for (size_t i = 0; i < text.len; i++)
            fuzz_must(text.data[i] >= 0x20 || text.data[i] == '\n', "without control characters");
        fuzz_must(text.data[text.len - 1] == '\n', "and ends in a line feed");
        fuzz_must(strstr(buf_str(&text), order->creditor_name) != NULL, "and names the payee");
        buf_free(&text);
    }
}

static void check_order(const struct order *order, const uint8_t *data, size_t len)
{
    static const uint8_t random[10];
    const struct order_fill fill = {.bank = "other.example/x", .random = random};
    struct js *document = NULL;
    struct buf completed = {0};
    uint8_t digest[DIGEST_LEN];
    fuzz_must(js_parse_canonical(data, len, &document) == ERR_OK, "an order is canonical");
    fuzz_must(key_digest(data, len, digest) == ERR_OK &&
                  memcmp(digest, order->digest, sizeof digest) == 0,
              "its digest is that of its bytes");
    fuzz_must(order_complete(data, len, &fill, &completed, NULL) == ERR_OK &&
                  fuzz_same(data, len, completed.data, completed.len),
              "a whole order is kept as it is");
    fuzz_must(order->amount_minor > 0, "its amount is above zero");
    check_display(order);
    js_free(document);
    buf_free(&completed);
}

/* What people type: once completed it is an order. */
static void check_draft(const uint8_t *data, size_t len)
{
    static const uint8_t random[10] = {1};
    const struct order_fill fill = {.bank = "demobank.example/demo",
                                    .account = "PT50000201231234567890154",
                                    .now_us = INT64_C(1795341600000000),
                                    .lifetime_us = INT64_C(864000000000),
                                    .random = random};
    struct buf completed = {0};
    struct order order;
    if (order_complete(data, len, &fill, &completed, NULL) == ERR_OK)
        fuzz_must(order_parse(completed.data, completed.len, &order) == ERR_OK,
                  "a completed draft is an order");
    buf_free(&completed);
}

static void check_policy(const uint8_t *data, size_t len)
{
    struct policy *policy = NULL;
    struct policy_verdict verdict;
    size_t kept = 0;
    if (policy_parse(data, len, &policy) == ERR_OK) {
        const char *bytes = policy_bytes(policy, &kept);
        fuzz_must(fuzz_same(data, len, bytes, kept), "a policy keeps its bytes");
        policy_judge(policy, &(struct policy_case){.subject = POLICY_CHANGE}, NULL, 0, &verdict);
        fuzz_must(verdict.required > 0 && !verdict.reached, "nobody's approval is not enough");
    }
    policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct order order;
    if (order_parse(data, len, &order) == ERR_OK)
        check_order(&order, data, len);
    check_draft(data, len);
    check_policy(data, len);
    return 0;
}
