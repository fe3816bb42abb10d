/* SPDX-License-Identifier: Apache-2.0
 *
 * audit: the bank's log read from its first entry to the newest checkpoint: every commitment, leaf
 * and the tree computed anew. No I/O. It shows that the entries are those that the checkpoints
 * cover, and that no two follow the same one: nothing was done twice, or undone unseen, from the
 * same state. Whether their story is right is for the evidence of each order to show.
 */
#ifndef BANKD_CTL_AUDIT_H
#define BANKD_CTL_AUDIT_H

#include "base/buf.h"
#include "base/err.h"
#include "order/checkpoint.h"
#include "order/merkle.h"
#include <stddef.h>
#include <stdint.h>

struct js;

struct audit {
    struct checkpoint newest; /* entries behind its size are not judged */
    struct checkpoint kept;   /* an earlier one; zeroed: none */
    struct merkle_frontier tree;
    struct buf followed; /* a bit an entry: another one names it as its `previous` */
    char where[96];      /* after a refusal, for people */
};

/* NEWEST and KEPT (NULL for none) have verified under the bank's log key. PROOF_INVALID at once
 * when KEPT is larger than NEWEST: this log lost entries. */
MUST_CHECK enum err audit_start(struct audit *a, const struct checkpoint *newest,
                                const struct checkpoint *kept);

/* The next entry {"body","leaf","salt"}, in order of index. PROOF_INVALID when it is not the one
 * that the tree needs, its leaf does not commit to its body, or the root at KEPT's size is another
 * than KEPT's; EVIDENCE_CONTRADICTION when another one follows the same entry; otherwise the names
 * of the form. */
MUST_CHECK enum err audit_entry(struct audit *a, const struct js *entry);

/* After the last entry: PROOF_INVALID unless there were as many as NEWEST covers, and its root. */
MUST_CHECK enum err audit_finish(struct audit *a);

void audit_free(struct audit *a);

/* Entries still wanted. */
uint64_t audit_wanted(const struct audit *a);

#endif
