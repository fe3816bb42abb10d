/* SPDX-License-Identifier: Apache-2.0
 *
 * heard: what the keeper makes of news about its operators' keys that is no act of theirs: a key
 * that gave its place to a new one, signed by it, and one that is to count no more. Of a key that
 * is no operator's whom it pinned, nothing comes.
 */
#ifndef BANKD_KEEPER_HEARD_H
#define BANKD_KEEPER_HEARD_H

#include "bankd/keeper/acts.h"

/* The new key has from now on what the old one had, and nothing more; the old one counts no more.
 * The same again changes nothing. KEY_INACTIVE, KEY_TAKEN, KEY_RETIRED when another took its place,
 * KEY_FLOOR, ISSUED_TOO_OLD, ISSUED_IN_FUTURE, STATEMENT_EXPIRED, what verify_rotation says. */
MUST_CHECK enum err heard_rotation(const struct acts_judge *j, const char *jws, size_t len,
                                   struct acts_taken *out);

/* By bankd's word alone, since it only takes away: until an operator's act brings it back. What
 * took its place goes with it. Said again of one that counts no more, it only takes back what was
 * asked to bring it back: bankd says again what may not have been heard. */
void heard_suspension(const struct acts_judge *j, const char *thumbprint, struct acts_taken *out);

#endif
