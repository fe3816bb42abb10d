/* SPDX-License-Identifier: Apache-2.0
 *
 * events: what happened, for those who follow it: the entries of the log that order/event.def
 * names. Every entry is read here when it is added, so that no change can forget its event. Private
 * to bankd/core.
 */
#ifndef BANKD_CORE_EVENTS_H
#define BANKD_CORE_EVENTS_H

#include "bankd/core/state.h"
#include "order/doc.h"

#define EVENTS_WORD_MAX 128 /* of what is copied out of a body: names, statuses, ids */

/* What the row of an entry says of it as an event; all is "" of an entry that is none. */
struct events_row {
    const char *kind; /* static */
    char account[EVENTS_WORD_MAX], object[EVENTS_WORD_MAX], holder[EVENTS_WORD_MAX];
    char status[EVENTS_WORD_MAX], reason[EVENTS_WORD_MAX];
};

/* Of an entry with this body. */
void events_read(const struct doc *body, struct events_row *out);

#endif
