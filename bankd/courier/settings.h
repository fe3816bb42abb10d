/* SPDX-License-Identifier: Apache-2.0
 *
 * settings: the courier's configuration file (bankd-courier(8)).
 */
#ifndef BANKD_COURIER_SETTINGS_H
#define BANKD_COURIER_SETTINGS_H

#include "base/err.h"
#include <stdint.h>

struct settings {
    char *socket;                /* bankd's, for couriers */
    char *templates;             /* their directory */
    char *smtp, *smtp_ca, *from; /* "": no mail */
    char *smtp_user;             /* who logs in there; "": nobody */
    char *tls;                   /* "required", "tried" or "off" */
    char *module, *token;        /* of the key that webhooks are signed with; "": no webhooks */
    char *inside;                /* "yes": webhooks may be on this network, and in plain HTTP */
    uint64_t poll_ms, send_ms;
    char *log_format; /* "text" or "json"; in force */
};

/* CONFIG_INVALID after logging what to mend, in which line. */
MUST_CHECK enum err settings_load(const char *path, struct settings *out);
void settings_free(struct settings *s);

#endif
