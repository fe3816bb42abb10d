/* SPDX-License-Identifier: Apache-2.0
 *
 * payees: whom an account paid before. What a name looks like are the digests of its UTS 39
 * skeletons (order/text.h), by letters and by shape: names which people take for the same one have
 * one of them in common. Private to bankd/core.
 */
#ifndef BANKD_CORE_PAYEES_H
#define BANKD_CORE_PAYEES_H

#include "bankd/core/life.h"

/* After an order was paid. */
MUST_CHECK enum err payees_note(struct core *c, const struct life_order *o);
/* FLAG_FIRST_PAYMENT when the account never paid this payee's account; with it FLAG_LOOK_ALIKE when
 * it paid somebody who looks the same. */
MUST_CHECK enum err payees_flags(struct core *c, const struct life_order *o, flag_set *out);

#endif
