/* SPDX-License-Identifier: Apache-2.0
 *
 * Evidence as it comes, and sealed again by the golden files' log key. Accepted means: canonical,
 * an order of the file's own account and bank, and for a settled order as many distinct people as
 * the policy wants.
 */
#include "order/json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reseal.h"
#include "verifier/verifier.h"

/* The root key of tests/verifier/golden. */
static const char pin[] = "DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0";

static unsigned distinct_approvals(const struct verify_report *r)
{
    unsigned distinct = 0;
    for (size_t i = 0; i < r->signer_count; i++) {
        bool seen = r->signers[i].verb != VERB_APPROVE;
        for (size_t j = 0; j < i; j++)
            seen = seen || (r->signers[j].verb == VERB_APPROVE &&
                            strcmp(r->signers[j].holder, r->signers[i].holder) == 0);
        distinct += !seen;
    }
    return distinct;
}

static void check_report(const struct verify_report *r, const struct js *document)
{
    size_t len = 0;
    const char *account = js_text(js_get(document, "account"), &len);
    const char *bank = js_text(js_get(document, "bank"), &len);
    fuzz_must(account != NULL && strcmp(account, r->order.account) == 0, "the account is its own");
    fuzz_must(bank != NULL && strcmp(bank, r->order.bank) == 0, "the bank is its own");
    fuzz_must(r->signer_count > 0, "somebody signed");
    if (strcmp(r->status, "ACSC") == 0)
        fuzz_must(r->required > 0 && r->given >= r->required &&
                      distinct_approvals(r) >= r->required,
                  "a settled order has its approvals");
}

static bool verify(const void *bytes, size_t len)
{
    static struct verify_report report; /* large */
    const struct verify_evidence_input in = {.bytes = bytes, .len = len, .bank_key = pin};
    struct js *document = NULL;
    bool accepted = verify_evidence(&in, &report) == ERR_OK;
    if (accepted) {
        fuzz_must(js_parse_canonical(bytes, len, &document) == ERR_OK, "evidence is canonical");
        check_report(&report, document);
    }
    js_free(document);
    return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct js *document = NULL;
    struct buf sealed = {0};
    bool accepted = verify(data, len);
    if (js_parse(data, len, &document) == ERR_OK && reseal_evidence(document, &sealed) == ERR_OK)
        fuzz_must(verify(sealed.data, sealed.len) || !accepted, "sealed again, it is as true");
    js_free(document);
    buf_free(&sealed);
    return 0;
}
