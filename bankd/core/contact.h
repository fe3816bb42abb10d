/* SPDX-License-Identifier: Apache-2.0
 *
 * contact: where holders want to be told of news. Private to bankd/core.
 */
#ifndef BANKD_CORE_CONTACT_H
#define BANKD_CORE_CONTACT_H

#include "bankd/core/state.h"

/* Drops addresses that nobody confirmed in time. */
MUST_CHECK enum err contact_forget(struct core *c);

#endif
