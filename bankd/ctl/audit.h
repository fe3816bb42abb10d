/* SPDX-License-Identifier: Apache-2.0
 *
 * audit: the bank's log read from its first entry to the newest checkpoint: every commitment, leaf
 * and the tree computed anew. No I/O. It shows that the entries are those that the checkpoints
 * cover; that each object has one beginning and is told in one line from there, so that nothing was
 * done twice, or undone unseen; and that times never fall but where the log says that the clock was
 * accepted. Whether each story is right is for the evidence of each order to show.
 */
#ifndef BANKD_CTL_AUDIT_H
#define BANKD_CTL_AUDIT_H

#include "base/err.h"
#include "order/checkpoint.h"
#include "order/merkle.h"
#include <stddef.h>
#include <stdint.h>

struct js;
struct audit_object;

struct audit {
    struct checkpoint newest; /* entries behind its size are not judged */
    struct checkpoint kept;   /* an earlier one; zeroed: none */
    struct merkle_frontier tree;
    /* A table of ROOM places: at most 64 bytes an object, half as much again while it grows. */
    struct audit_object *objects;
    size_t object_count, room;
    int64_t time_us;        /* of the entry before */
    uint64_t put_back;      /* how often the clock was */
    uint64_t put_back_at;   /* the newest entry that did it */
    char where[96];         /* after a refusal, for people */
    char contradiction[96]; /* the first, until the end; "" for none */
};

/* NEWEST and KEPT (NULL for none) have verified under the bank's log key. PROOF_INVALID at once
 * when KEPT is larger than NEWEST: this log lost entries. */
MUST_CHECK enum err audit_start(struct audit *a, const struct checkpoint *newest,
                                const struct checkpoint *kept);

/* The next entry {"body","leaf","salt"}, in order of index. PROOF_INVALID when it is not the one
 * that the tree needs, its leaf does not commit to its body, or the root at KEPT's size is another
 * than KEPT's; otherwise the names of the form. What contradicts an earlier entry is kept for the
 * end: before that nobody knows whether the bank signed for it. */
MUST_CHECK enum err audit_entry(struct audit *a, const struct js *entry);

/* After the last entry: PROOF_INVALID unless there were as many as NEWEST covers, and its root.
 * Then EVIDENCE_CONTRADICTION when an entry's `previous` is not the newest entry about its object,
 * it has none though the object has begun, or its time is before that of the entry before it and it
 * is no `clock-accepted`: WHERE says which was the first. */
MUST_CHECK enum err audit_finish(struct audit *a);

void audit_free(struct audit *a);

/* Entries still wanted. */
uint64_t audit_wanted(const struct audit *a);

#endif
