/* SPDX-License-Identifier: Apache-2.0
 *
 * note: the newest signed checkpoint of the log, and the keeper who signs it. After a commit the
 * new head goes to the keeper with a proof that it continues what the keeper signed before; until
 * that succeeded, the note does not cover the head and nothing that needs it may be answered.
 *
 * A keeper that is gone, slow or locked is asked again with growing pauses, which are the caller's
 * to wait. One thread at a time.
 */
#ifndef BANKD_SERVER_NOTE_H
#define BANKD_SERVER_NOTE_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct core;
struct core_time;
struct note;

/* WAIT_MS bounds each attempt to have a head signed. The texts are borrowed. */
MUST_CHECK enum err note_new(const char *keeper_socket, int wait_ms, struct note **out);
void note_free(struct note *n); /* NULL-safe */
void note_set_wait(struct note *n, int wait_ms);

/* At start: begins the log when database and keeper are both new; otherwise proves that the
 * database continues what the keeper last signed and has its head signed. LOG_ROLLED_BACK when it
 * is older or of another branch; the errors of the keeper and the store. Every failure is logged
 * with what to do. */
MUST_CHECK enum err note_start(struct note *n, struct core *core, const struct core_time *now);

/* While it serves: asks the keeper for the bank's keys again and enters in the log, in a
 * transaction of its own, how the root key was replaced since. *ROLLED: it was. After an error,
 * which is logged, all is as before; after CLOCK_INSANE it is to be called again once the clock was
 * accepted. */
MUST_CHECK enum err note_refresh(struct note *n, struct core *core, const struct core_time *now,
                                 bool *rolled);

/* Has the committed head signed, unless it is already; whether that succeeded, note_current tells.
 * The reason of a failure is logged when the trouble begins, not each time. */
void note_advance(struct note *n, struct core *core);

/* True when the note covers the committed head. */
bool note_current(const struct note *n, const struct core *core);

/* When to call note_advance again after a failure; INT64_MAX when there was none. */
int64_t note_due_us(const struct note *n);

/* For whoever watches: attempts that failed, when it was signed last, and since when it cannot be
 * (0: it can); on the monotonic clock. */
struct note_trouble {
    uint64_t failures;
    int64_t signed_us, since_us;
};
void note_trouble(const struct note *n, struct note_trouble *out);

uint64_t note_size(const struct note *n);    /* entries that the note covers */
const char *note_text(const struct note *n); /* the signed note */
const char *note_bank_keys(const struct note *n);
/* When that statement expires; INT64_MAX when it does not say. */
int64_t note_bank_keys_end(const struct note *n);
const char *note_rollovers(const struct note *n);  /* a JSON array of them */
int64_t note_overlap_end_us(const struct note *n); /* of the newest; 0 when there was none */

#endif
