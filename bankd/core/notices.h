/* SPDX-License-Identifier: Apache-2.0
 *
 * notices: what is to be told to people where they asked to be told (FORMAT.md 16): rows of the
 * transaction that made the news; a courier carries them (bankd-courier(8)). Private to bankd/core.
 */
#ifndef BANKD_CORE_NOTICES_H
#define BANKD_CORE_NOTICES_H

#include "bankd/core/state.h"

/* Before the commit: of the events that the transaction noted. */
MUST_CHECK enum err notices_make(struct core *c);

#endif
