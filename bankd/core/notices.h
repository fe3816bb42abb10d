/* SPDX-License-Identifier: Apache-2.0
 *
 * notices: what is to be told to people where they asked to be told (FORMAT.md 16): rows of the
 * transaction that made the news; a courier carries them (bankd-courier(8)). Private to bankd/core.
 */
#ifndef BANKD_CORE_NOTICES_H
#define BANKD_CORE_NOTICES_H

#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/state.h"

/* Before the commit: of the events among the transaction's entries. */
MUST_CHECK enum err notices_make(struct core *c);

/* Of an order, to those for whose word it waits now and who did not get it before. */
struct notices_order {
    const char *name, *kind; /* what makes its name another one's, for ever */
    const char *but;         /* a holder who knows; "": nobody does */
};
MUST_CHECK enum err notices_of_order(struct core *c, const struct notices_order *what,
                                     const struct ledger_account *a, const struct life_order *o);

/* Drops what nobody needs to hear any more. */
MUST_CHECK enum err notices_forget(struct core *c);

#endif
