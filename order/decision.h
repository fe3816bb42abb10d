/* SPDX-License-Identifier: Apache-2.0
 *
 * decision: the statement by which a holder hands in, approves, rejects or cancels one order
 * (docs/FORMAT.md section 5). Parsing here is form only; verify_decision checks the rest.
 */
#ifndef ORDER_DECISION_H
#define ORDER_DECISION_H

#include "base/buf.h"
#include "base/err.h"
#include "order/statement.h"
#include <stddef.h>
#include <stdint.h>

struct order;
struct policy;

enum verb { VERB_NONE = 0, VERB_SUBMIT, VERB_APPROVE, VERB_REJECT, VERB_CANCEL };

const char *decision_verb_name(enum verb v); /* "approve" */
enum verb decision_verb_from_name(const char *name, size_t len);
const char *decision_reason_for(enum verb v); /* "MS02", "DS02", or "" */
const char *decision_kind(enum verb v);       /* of which a person has one an order: "vote" */
bool decision_pays(enum verb v);              /* it may lead to a payment: submit, approve */

struct decision {
    struct statement head;
    enum verb verb;
    char account[IBAN_MAX + 1];
    char order[ORDER_ID_LEN + 1];
    uint8_t order_digest[DIGEST_LEN];
    uint8_t policy_digest[DIGEST_LEN];
    uint8_t display_digest[DIGEST_LEN];
    char reason[5];
};

/* What a statement's members `decision` and `reason` say; REASON is NULL when absent.
 * DOC_MEMBER_INVALID when one does not go with the other. */
MUST_CHECK enum err decision_verb_read(const struct js *decision, const struct js *reason,
                                       enum verb *out);
/* PAYLOAD is the document inside the JWS. */
MUST_CHECK enum err decision_parse(const void *payload, size_t len, struct decision *out);

/* The payload that a holder signs for ORDER under POLICY; the display digest is computed from what
 * display_render gives. HEAD carries nonce, times and challenge; its bank is the order's. */
MUST_CHECK enum err decision_make(const struct order *order, const struct policy *policy,
                                  enum verb verb, const struct statement *head, struct buf *out);

#endif
