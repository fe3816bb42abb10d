/* SPDX-License-Identifier: Apache-2.0
 *
 * committer: the one thread that calls the core. It takes all requests that wait, at most
 * batch_max and one long read, and makes one batch of them, but for those that ask the keeper, each
 * of which is one:
 *
 *   1. one transaction: every request applied, the newest checkpoint stored, COMMIT;
 *   2. the new head signed by the keeper;
 *   3. the answers.
 *
 * One COMMIT and one signature cost as much for many requests as for one, so a batch waits for a
 * moment for what is being prepared, and for who was just answered and asks again (queue.h).
 *
 * Once a second it also does what time demands: what expired, what a waiting clause accepts, what
 * is dated for today (core_due).
 *
 * Reading goes the same way, so an answer never shows what is not committed. When 1 fails,
 * everybody gets that error and nothing happened. When 2 fails, whoever's answer no signed
 * checkpoint covers gets LOG_UNSIGNED, and from then on requests that write are refused before they
 * enter, until the keeper signs again; then a retry gets its first answer.
 *
 * Whoever watches the bank (ROUTE_METRICS) is answered whatever has failed: what the database did
 * not say is left out.
 */
#ifndef BANKD_SERVER_COMMITTER_H
#define BANKD_SERVER_COMMITTER_H

#include "bankd/server/handler.h"
#include "bankd/server/job.h"
#include "bankd/store/store.h"
#include <stdbool.h>
#include <stddef.h>

struct committer;

struct committer_options {
    const struct bank *bank; /* borrowed; its note was started */
    struct store *store;     /* for the bank's time */
    size_t queue_max, batch_max;
    /* Takes a batch's answered jobs over, in order; by the committer's thread. */
    void (*deliver)(void *ctx, struct job_list *jobs);
    /* A checkpoint covers SIZE entries from now on; by its thread. */
    void (*news)(void *ctx, uint64_t size);
    /* The root key was replaced, as the note knows; by its thread. */
    void (*rolled)(void *ctx);
    /* Sets the gauges that are not the committer's; by its thread, before they are shown. */
    void (*measure)(void *ctx);
    void *ctx;
};
MUST_CHECK enum err committer_start(const struct committer_options *o, struct committer **out);

/* False when too many wait already; the job is still the caller's. From any thread. */
bool committer_put(struct committer *c, struct job *j);
/* Announces a request that is being prepared. */
void committer_expect(struct committer *c);
bool committer_put_expected(struct committer *c, struct job *j); /* as committer_put */

size_t committer_waiting(struct committer *c); /* requests that no batch has taken yet */

/* For each request that is put in after this call, and at the latest from the next batch on. From
 * any thread. */
struct committer_change {
    struct core_terms terms;
    int keeper_ms;
};
void committer_adopt(struct committer *c, const struct committer_change *change);
/* Has the keeper asked whether the root key was replaced, soon. From any thread. */
void committer_refresh(struct committer *c);

/* Lets it answer what waits; committer_put takes nothing any more. NULL-safe. */
void committer_stop(struct committer *c);
/* Once stopped, and when nobody can call committer_put any more. NULL-safe. */
void committer_free(struct committer *c);

#endif
