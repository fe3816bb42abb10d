/* SPDX-License-Identifier: Apache-2.0
 *
 * verified: the body of struct verified and its one constructor. Private to this folder and not
 * installed: whoever holds a struct verified knows that verify_*() made it.
 */
#ifndef VERIFIER_VERIFIED_H
#define VERIFIER_VERIFIED_H

#include "order/jws.h"
#include "verifier/verifier.h"

struct verified {
    enum statement_kind kind;
    char signer[KEY_THUMBPRINT_LEN + 1];
    uint8_t jws_digest[DIGEST_LEN];
    union {
        struct statement head; /* with which each of the others begins */
        struct decision decision;
        struct {
            struct batch said;
            struct decision one; /* of which no verb: no order came with it */
            struct batch_inclusion place;
        } batch;
        struct statement_login login;
        struct policy_change policy;
        struct application_word application;
        struct terminal terminal;
        struct delegation delegation;
        struct sponsorship sponsorship;
        struct rotation rotation;
        struct operator_act act;    /* owned */
        struct enrolment enrolment; /* owned */
    } body;
    size_t jws_len;
    char jws[]; /* NUL-terminated */
};

/* Reads the payload into V's body, and compares that with INPUT. */
typedef enum err (*verified_check)(const void *input, const struct buf *payload,
                                   struct verified *v);

/* A verify_*() in whole: the checks of docs/FORMAT.md section 2 up to the signature, on a statement
 * of KIND under a key that KEYS finds, and then CHECK. */
MUST_CHECK enum err verified_make(enum statement_kind kind, const char *jws, size_t len,
                                  const struct verify_keys *keys, verified_check check,
                                  const void *input, struct verified **out);

/* verify_decision for what came with an inclusion. */
MUST_CHECK enum err verified_by_batch(const struct verify_decision_input *in,
                                      struct verified **out);

/* What a statement about an order says of its subject, against the order: BANK_MISMATCH,
 * ACCOUNT_MISMATCH, ORDER_MISMATCH. BANK NULL: the order's own is taken. */
struct verified_subject {
    const struct statement *head;
    const char *account, *order;
    const uint8_t *order_digest;
};
MUST_CHECK enum err verified_about(const struct verified_subject *said, const char *bank,
                                   const struct order *order);

/* The policy that the signer names by DIGEST: GIVEN, or else what POLICIES find; may be NULL. */
const struct policy *verified_find_policy(const struct policy *given,
                                          const struct verify_policies *policies,
                                          const uint8_t digest[static DIGEST_LEN]);
/* It must be the signed one, and one for this account: a digest alone does not say so.
 * POLICY_MISMATCH, BANK_MISMATCH, ACCOUNT_MISMATCH. */
MUST_CHECK enum err verified_under(const struct policy *p, const uint8_t digest[static DIGEST_LEN],
                                   const char *bank, const char *account);

/* What was shown is rendered again; nothing that the signer's program says about it counts.
 * RENDERED is what came of that, DIGEST what it gave, SAID the statement's: DISPLAY_MISMATCH, or
 * RENDERED's failure. */
MUST_CHECK enum err verified_shown(enum err rendered, const uint8_t digest[static DIGEST_LEN],
                                   const uint8_t said[static DIGEST_LEN]);

#endif
