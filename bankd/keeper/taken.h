/* SPDX-License-Identifier: Apache-2.0
 *
 * taken: the acts that the keeper took, so that it takes none twice. Each is remembered for as long
 * as it is fresh; of one operator's so many that nobody alone takes the others' room.
 */
#ifndef BANKD_KEEPER_TAKEN_H
#define BANKD_KEEPER_TAKEN_H

#include "bankd/keeper/pins.h"
#include "order/statement.h"

/* By who signed it and its nonce, not by its bytes: another signature of the same act can be made
 * without the key. */
bool taken_before(const struct pins *p, const struct pin *signer, const struct statement *act);
/* Whether one more of his can be remembered. */
bool taken_has_room(const struct pins *p, const struct pin *signer);
/* Remembers it. Where there is no room SIGNER's floor rises above it, so that it is not taken again
 * either, nor another that his key signed up to then. */
void taken_note(struct pins *p, struct pin *signer, const struct statement *act);

#endif
