/* SPDX-License-Identifier: Apache-2.0
 *
 * The payloads of statements: an accepted one is canonical; a decision's reason belongs to its
 * verb; a batch's totals are by currency; a login and a bank-keys payload written anew are the same
 * bytes.
 */
#include "order/batch.h"
#include "order/decision.h"
#include "order/json.h"
#include "tests/fuzz/fuzz.h"

static void check_canonical(const uint8_t *data, size_t len, const struct statement *head)
{
    struct js *document = NULL;
    fuzz_must(js_parse_canonical(data, len, &document) == ERR_OK, "a payload is canonical");
    fuzz_must(head->issued_us < head->expires_us, "it expires after it was issued");
    fuzz_must(strlen(head->nonce) == NONCE_LEN && head->bank[0] != '\0', "it has its nonce, bank");
    js_free(document);
}

static void check_decision(const uint8_t *data, size_t len)
{
    struct decision d;
    if (decision_parse(data, len, &d) != ERR_OK)
        return;
    const char *verb = decision_verb_name(d.verb);
    check_canonical(data, len, &d.head);
    fuzz_must(d.verb != VERB_NONE && decision_verb_from_name(verb, strlen(verb)) == d.verb,
              "a verb has one name");
    fuzz_must(strcmp(d.reason, decision_reason_for(d.verb)) == 0, "the reason is the verb's");
}

static void check_batch(const uint8_t *data, size_t len)
{
    struct batch b;
    if (batch_parse(data, len, &b) != ERR_OK)
        return;
    check_canonical(data, len, &b.head);
    fuzz_must(b.count >= 1 && b.count <= (int64_t)BATCH_ORDERS_MAX, "it has orders");
    fuzz_must(b.total_count >= 1 && b.total_count <= BATCH_TOTALS_MAX, "it has totals");
    for (size_t i = 0; i < b.total_count; i++)
        fuzz_must(b.totals[i].amount_minor > 0 &&
                      batch_total_in(&b, b.totals[i].currency) == &b.totals[i],
                  "a currency has one total");
}

static void check_login(const uint8_t *data, size_t len)
{
    struct statement_login login;
    struct buf again = {0};
    if (statement_login_parse(data, len, &login) == ERR_OK) {
        check_canonical(data, len, &login.head);
        fuzz_must(statement_login_make(&login, &again) == ERR_OK &&
                      fuzz_same(data, len, again.data, again.len),
                  "a login written anew is the same");
    }
    buf_free(&again);
}

static void check_bank_keys(const uint8_t *data, size_t len)
{
    struct statement_bank_keys keys;
    struct buf again = {0};
    if (statement_bank_keys_parse(data, len, &keys) == ERR_OK) {
        check_canonical(data, len, &keys.head);
        fuzz_must(statement_bank_keys_make(&keys, &again) == ERR_OK &&
                      fuzz_same(data, len, again.data, again.len),
                  "bank keys written anew are the same");
    }
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_decision(data, len);
    check_batch(data, len);
    check_login(data, len);
    check_bank_keys(data, len);
    return 0;
}
