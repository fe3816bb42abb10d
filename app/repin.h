/* SPDX-License-Identifier: Apache-2.0
 *
 * repin: a bank whose root key was replaced (docs/FORMAT.md section 7.1): found out when it shows
 * another one than the pinned, believed only when its rollovers lead there from the pin, and then
 * said on standard error and pinned in its place, in the configuration file, too.
 */
#ifndef APP_REPIN_H
#define APP_REPIN_H

#include "api/client.h"
#include "app/app.h"

/* client_call, and once more under the new pin when the bank's root key was replaced. What cannot
 * be believed is TLS_REFUSED, or a ROLLOVER_* error, with words for app_finish. */
MUST_CHECK enum err repin_call(struct app *a, struct client *client, const struct client_call *call,
                               struct buf *answer);

/* The root key with this thumbprint is the pinned one, or the bank replaced it by that one and its
 * overlap is not over: KEY_MISMATCH or a ROLLOVER_* error otherwise. */
MUST_CHECK enum err repin_from(struct app *a, const char *older);

/* For another use of CLIENT that ended with TLS_REFUSED: pins the bank's new root key, or refuses
 * likewise. */
MUST_CHECK enum err repin_follow(struct app *a, struct client *client);

#endif
