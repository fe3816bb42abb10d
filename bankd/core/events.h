/* SPDX-License-Identifier: Apache-2.0
 *
 * events: what happened, for those who follow it: the entries of the log that order/event.def
 * names, as rows without a document. Every entry comes by here, so that no change can forget its
 * event. Private to bankd/core.
 */
#ifndef BANKD_CORE_EVENTS_H
#define BANKD_CORE_EVENTS_H

#include "bankd/core/state.h"
#include "order/doc.h"

/* Of the entry ID with this body, which was just added. */
MUST_CHECK enum err events_note(struct core *c, const struct doc *body, int64_t id);

/* Forgets some of those that are older than the terms say. */
MUST_CHECK enum err events_forget(struct core *c);

#endif
