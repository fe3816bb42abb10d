/* SPDX-License-Identifier: Apache-2.0
 *
 * remote: an operator at any machine, with the key on his token: a session like a holder's, and
 * every act signed (docs/FORMAT.md section 8.5).
 */
#ifndef BANKD_CTL_REMOTE_H
#define BANKD_CTL_REMOTE_H

#include "api/client.h"
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>

struct client;
struct ctl;

/* Whether --url or --config asks for it; otherwise the console is meant. */
bool remote_wanted(void);

/* Calls the bank; appends its answer. The words about a failure are CTL's. */
MUST_CHECK enum err remote_call(struct ctl *ctl, const struct client_call *call,
                                struct buf *answer);
/* Another connection with the same session; from then on nobody is asked for a PIN. */
MUST_CHECK enum err remote_connect_beside(struct ctl *ctl, struct client **out);
/* Such a connection was TLS_REFUSED: pins the bank's new root key where rollovers lead to it. */
MUST_CHECK enum err remote_refused(struct ctl *ctl, struct client *client);
void remote_close(void);

#endif
