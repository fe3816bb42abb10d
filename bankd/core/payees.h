/* SPDX-License-Identifier: Apache-2.0
 *
 * payees: whom an account paid before. What a name looks like is the digest of its UTS 39 skeleton
 * (order/text.h), so that names which people take for the same one are the same. Private to
 * bankd/core.
 */
#ifndef BANKD_CORE_PAYEES_H
#define BANKD_CORE_PAYEES_H

#include "bankd/core/life.h"

MUST_CHECK enum err payees_look(const char *name, uint8_t out[static DIGEST_LEN]);
/* After an order was paid. */
MUST_CHECK enum err payees_note(struct core *c, const struct life_order *o);
/* FLAG_FIRST_PAYMENT when the account never paid this payee's account; with it FLAG_LOOK_ALIKE when
 * it paid somebody who looks the same. */
MUST_CHECK enum err payees_flags(struct core *c, const struct life_order *o, flag_set *out);

#endif
