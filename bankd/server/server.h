/* SPDX-License-Identifier: Apache-2.0
 *
 * server: the parts of bankd put together: store, core, keeper, certificate, workers, committer,
 * event threads; and the way that a request takes through them.
 */
#ifndef BANKD_SERVER_SERVER_H
#define BANKD_SERVER_SERVER_H

#include "bankd/server/settings.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct server;

/* Serves when it returns ERR_OK; otherwise nothing is left running and the reason was logged.
 * SETTINGS is borrowed. SIGPIPE must be ignored and the caller's signals blocked. */
MUST_CHECK enum err server_start(const struct settings *settings, struct server **out);

uint16_t server_port(const struct server *s);
uint16_t server_metrics_port(const struct server *s); /* 0: none */
const char *server_pin(const struct server *s);       /* thumbprint of the bank's root key */

/* A fresh TLS key and certificate for the connections that come. */
MUST_CHECK enum err server_renew(struct server *s);

/* Other settings for what comes, of those that settings_reload lets change; FRESH is not kept.
 * Connections go on. */
void server_adopt(struct server *s, const struct settings *fresh);
/* For whoever watches: whether the last reload was refused. */
void server_note_reload(struct server *s, bool refused);

/* Stops accepting, finishes what was taken, answers it, frees. NULL-safe. */
void server_stop(struct server *s);

#endif
