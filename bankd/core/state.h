/* SPDX-License-Identifier: Apache-2.0
 *
 * state: what a struct core holds. The store holds the bank; in memory there is only what never
 * changes (parsed keys and policies), copies of rows for as long as the store does not change them,
 * the log's frontier with the nodes below it, and the time of the batch at work. Private to
 * bankd/core.
 */
#ifndef BANKD_CORE_STATE_H
#define BANKD_CORE_STATE_H

#include "bankd/core/cache.h"
#include "bankd/core/core.h"
#include "bankd/core/rows.h"
#include "bankd/store/store.h"
#include "order/entry.h"
#include "order/merkle.h"
#include <stdbool.h>
#include <stdint.h>

#define NO_ENTRY INT64_C(-1) /* instead of the index of an entry */
#define SALTS 64             /* drawn at a time */
#define NEWEST 512           /* entries whose lower nodes are kept: some batches, 132 KiB */
#define NEWEST_LEVELS 8      /* those above change once in 256 entries */

/* What an entry completed of the log's tree, of its lower levels. */
struct newest_nodes {
    uint64_t end; /* the entry's index + 1; 0: none */
    struct merkle_hash level[NEWEST_LEVELS];
};

/* An account whose due orders a batch looked at, the first ones. */
struct looked {
    int64_t account;
    unsigned count;
};
#define LOOKED 256u /* accounts of a batch, which has hardly more requests */

struct core {
    struct store *store;
    char bank[BANK_MAX + 1];
    struct core_terms terms;
    core_random_fn random;
    void *random_ctx;
    uint8_t salts[SALTS][ENTRY_SALT_LEN]; /* of entries to come, the first SALT_COUNT */
    size_t salt_count;
    int64_t session_idle_us, session_max_us;
    struct cache *keys;     /* thumbprint -> struct key; these hold no more than the books */
    struct cache *policies; /* digest -> struct policy */
    struct rows *rows;      /* copies of what the books have; see there */

    struct core_head durable;    /* as of the last commit */
    uint64_t committing;         /* the head's size with the batch, from its commit on; 0 before */
    struct merkle_frontier tree; /* with the entries of the batch */
    bool tree_current;           /* the tree grew from the head that the store had */
    struct newest_nodes newest[NEWEST]; /* of the tree, by the entry's index */
    int64_t newest_us;                  /* time of the newest entry */
    int64_t bank_entry;                 /* newest entry about the bank itself */

    /* The batch: the bank's time, which never runs backwards from entry to entry. */
    int64_t now_us;
    int64_t reminded_us; /* when it last looked whom to remind */
    unsigned looks;      /* at orders that are due, beyond the first ones of each account: due.c */
    unsigned looked_count;
    struct looked looked[LOOKED];
    struct core_time given;
    bool insane;             /* nothing is committed but what follows core_clock_accept */
    bool stopped;            /* the clock was found insane, and nobody accepted one since */
    bool accepted;           /* the operator accepted GIVEN in this batch */
    struct core_time anchor; /* first time of this run, or the last one accepted; 0: none */
};

/* The current or pinned policy by its digest, the batch's own included; STORE_FAILED when it is not
 * there. */
MUST_CHECK enum err state_policy(struct core *c, const uint8_t digest[static DIGEST_LEN],
                                 const struct policy **out);

#endif
