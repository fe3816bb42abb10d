/* SPDX-License-Identifier: Apache-2.0
 *
 * rollovers: what the bank's rollovers (docs/FORMAT.md section 7.1) let a reader of evidence
 * believe. Private to this folder.
 */
#ifndef VERIFIER_ROLLOVERS_H
#define VERIFIER_ROLLOVERS_H

#include "verifier/verifier.h"

/* Of two chains of one bank, either NULL, the longer: ROLLOVER_FORK unless it continues the other.
 */
MUST_CHECK enum err rollovers_longer(const struct verify_rollovers *a,
                                     const struct verify_rollovers *b,
                                     const struct verify_rollovers **out);

/* Whether who pins PIN believes ROOT that LOG is the log key: forward, by the old roots' words;
 * backward, only for the log key that the newer root names, and for what happened until UNTIL_US
 * (INT64_MAX: always). KEY_MISMATCH. */
struct rollovers_way {
    size_t count; /* rollovers between the two */
    int64_t until_us;
};
MUST_CHECK enum err rollovers_way(const struct verify_rollovers *r, const char *pin,
                                  const char *root, const char *log, struct rollovers_way *out);

/* The newest root; NULL without a rollover. */
const char *rollovers_newest(const struct verify_rollovers *r);

#endif
