/* SPDX-License-Identifier: Apache-2.0
 *
 * entry: one record of the bank's log (docs/FORMAT.md section 11): leaf, salt, body. Writing a leaf
 * for a body, and checking that a leaf commits to a body. The bodies' own members are checked by
 * who reads them.
 */
#ifndef ORDER_ENTRY_H
#define ORDER_ENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "order/key.h"
#include "order/merkle.h"
#include <stddef.h>
#include <stdint.h>

struct js;

#define ENTRY_SALT_LEN 32
#define ENTRY_BODY_MAX ((size_t)128 << 10) /* bytes */

struct entry_leaf {
    uint64_t index;
    int64_t time_us; /* the document has the second that it lies in */
    uint8_t commitment[DIGEST_LEN];
    struct merkle_hash hash;
};
/* Makes the leaf of entry INDEX, which commits to SALT and BODY. TOO_LARGE for a body longer than
 * ENTRY_BODY_MAX and for such an index; *OUT is empty then. */
MUST_CHECK enum err entry_make(uint64_t index, int64_t time_us,
                               const uint8_t salt[static ENTRY_SALT_LEN], const void *body,
                               size_t body_len, struct entry_leaf *out);
/* Appends the leaf document, in canonical form. TOO_LARGE for an index beyond JS_INT_MAX. */
MUST_CHECK enum err entry_leaf_write(uint64_t index, int64_t time_us,
                                     const uint8_t commitment[static DIGEST_LEN], struct buf *out);
/* Reads the leaf document, which stands in others. DOC_..., and PROOF_INVALID where its seal is
 * another than its commitment; *OUT is empty then. */
MUST_CHECK enum err entry_leaf_from_js(const struct js *leaf, struct entry_leaf *out);

/* PROOF_INVALID unless the leaf commits to salt and body. */
MUST_CHECK enum err entry_check(const struct entry_leaf *leaf,
                                const uint8_t salt[static ENTRY_SALT_LEN], const void *body,
                                size_t body_len);

#endif
