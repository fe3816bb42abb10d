/* SPDX-License-Identifier: Apache-2.0
 *
 * queue_watch: the queue on the whole terminal, as it changes.
 */
#ifndef BANKD_CTL_QUEUE_WATCH_H
#define BANKD_CTL_QUEUE_WATCH_H

#include "bankd/ctl/ctl.h"
#include "bankd/ctl/queue.h"
#include "order/waits.h"

struct queue_wish {
    enum waits waiting;
    enum queue_sort sort;
    struct queue_look look;
};
MUST_CHECK enum err queue_watch(struct ctl *ctl, const struct queue_wish *wish);

/* What waits as WISH says, for js_free. */
MUST_CHECK enum err queue_fetch(struct ctl *ctl, const struct queue_wish *wish, struct js **items);

#endif
