/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle: what is carried to a machine without a network and back (docs/FORMAT.md section 17):
 * orders with their policies, challenges for keys, and the decisions that were signed. Five sets
 * that only grow, so merging is their union, in any order. It proves nothing: whoever uses a
 * decision verifies it.
 */
#ifndef ORDER_BUNDLE_H
#define ORDER_BUNDLE_H

#include "base/buf.h"
#include "base/err.h"
#include "order/batch.h"
#include "order/decision.h"
#include "order/key.h"
#include "order/order.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct js;
struct policy;

#define BUNDLE_MAX ((size_t)16 << 20) /* bytes */
#define BUNDLE_ORDERS_MAX 1024u
#define BUNDLE_POLICIES_MAX 256u
#define BUNDLE_CHALLENGES_MAX 1024u
#define BUNDLE_KEYS_MAX 1024u
#define BUNDLE_DECISIONS_MAX 8192u
#define BUNDLE_DECISION_BYTES 2560u /* one is not longer, of a batch or not */

enum bundle_set {
    BUNDLE_CHALLENGES,
    BUNDLE_DECISIONS,
    BUNDLE_KEYS,
    BUNDLE_ORDERS,
    BUNDLE_POLICIES,
    BUNDLE_SETS
};

/* One element: its place in the set, its canonical text and, where it has them, the digests of its
 * order and its policy. */
struct bundle_item {
    struct buf place, text;
    uint8_t order[DIGEST_LEN], policy[DIGEST_LEN];
};
struct bundle_items {
    struct bundle_item *at; /* sorted by place, no two the same */
    size_t count, room;
};

/* Zeroed but for the bank it is an empty bundle. */
struct bundle {
    char bank[BANK_MAX + 1];
    struct bundle_items sets[BUNDLE_SETS];
};

/* Reads a document, which must be canonical; OUT is for bundle_free, also after a failure. */
MUST_CHECK enum err bundle_parse(const void *bytes, size_t len, struct bundle *out);
/* Whether a file's value calls itself a bundle. */
bool bundle_is_one(const struct js *value);
/* Appends the document; what bundle_parse would say of it. */
MUST_CHECK enum err bundle_write(const struct bundle *b, struct buf *out);
void bundle_free(struct bundle *b); /* NULL-safe */

/* Adds all of FROM: BANK_MISMATCH, BUNDLE_ORDER_CONFLICT, BUNDLE_POLICY_CONFLICT,
 * BUNDLE_CHALLENGE_CONFLICT, TOO_LARGE. After a failure INTO is only good for bundle_free. */
MUST_CHECK enum err bundle_merge(struct bundle *into, const struct bundle *from);

/* --- its elements. Adding what is there already changes nothing. --- */
struct bundle_challenge {
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    char challenge[NONCE_LEN + 1];
    int64_t issued_us, expires_us; /* by the bank's clock */
};
MUST_CHECK enum err bundle_add_challenge(struct bundle *b, const struct bundle_challenge *c);
MUST_CHECK enum err bundle_challenge_at(const struct bundle *b, size_t i,
                                        struct bundle_challenge *out);

MUST_CHECK enum err bundle_add_key(struct bundle *b, const struct key *key);
/* The key with this thumbprint, for key_free; KEY_UNKNOWN. */
MUST_CHECK enum err bundle_find_key(const struct bundle *b, const char *thumbprint,
                                    struct key **out);

/* The order's document, and the policy under which it is to be decided, which is added, too. */
MUST_CHECK enum err bundle_add_order(struct bundle *b, const struct buf *order,
                                     const struct policy *policy);
/* OUT gets the order, BYTES its document; *POLICY is for policy_free. */
MUST_CHECK enum err bundle_order_at(const struct bundle *b, size_t i, struct order *out,
                                    struct buf *bytes, struct policy **policy);

/* SIGNED is {"decision":JWS,"order":{…}}, of a batch with its "inclusion", as signing gives it. */
MUST_CHECK enum err bundle_add_decision(struct bundle *b, const void *signed_bytes, size_t len);
/* What it says, of which nothing is verified. */
struct bundle_decision {
    struct buf jws;
    char signer[KEY_THUMBPRINT_LEN + 1];
    struct statement head;
    enum verb verb;
    bool by_batch;
    struct batch_inclusion inclusion; /* of a batch */
    size_t order;                     /* which one of the bundle's */
};
/* BUF of OUT is for buf_free. */
MUST_CHECK enum err bundle_decision_at(const struct bundle *b, size_t i,
                                       struct bundle_decision *out);
/* Appends it as it was added, for the bank. */
MUST_CHECK enum err bundle_signed_at(const struct bundle *b, size_t i, struct buf *out);

#endif
