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
        struct decision decision;
        struct statement_login login;
        struct policy_change policy;
        struct terminal terminal;
        struct delegation delegation;
        struct operator_act act; /* owned */
    } body;
    size_t jws_len;
    char jws[]; /* NUL-terminated */
};

/* A zeroed one with a copy of the text and its digest; the caller fills kind and body. */
MUST_CHECK enum err verified_new(const char *jws, size_t len, struct verified **out);

/* The checks of docs/FORMAT.md section 2 up to the signature: appends the payload of a statement
 * of KIND under a key that KEYS finds, and sets V's kind and signer. */
MUST_CHECK enum err verified_open(struct verified *v, enum statement_kind kind,
                                  const struct verify_keys *keys, struct buf *payload);

/* What a statement about an order says of its subject, against the order: BANK_MISMATCH,
 * ACCOUNT_MISMATCH, ORDER_MISMATCH. BANK NULL: the order's own is taken. */
struct verified_subject {
    const struct statement *head;
    const char *account, *order;
    const uint8_t *order_digest;
};
MUST_CHECK enum err verified_about(const struct verified_subject *said, const char *bank,
                                   const struct order *order);

#endif
