/* SPDX-License-Identifier: Apache-2.0
 *
 * settings: the keeper's configuration file (bankd-keeper(8)).
 */
#ifndef BANKD_KEEPER_SETTINGS_H
#define BANKD_KEEPER_SETTINGS_H

#include "base/err.h"
#include <stdint.h>

#define SETTINGS_NO_PEER UINT64_C(4294967295) /* (uid_t)-1 is nobody */

struct settings {
    char *bank;
    char *module;
    char *token;
    char *socket;
    char *state;
    char *log_format; /* "text", "json" */
    uint64_t admissions, person_days;
    uint64_t peer_uid; /* SETTINGS_NO_PEER: the keeper's own user */
};

/* Reads and checks the file; what is wrong stands in the log, which has its form from then on. The
 * caller frees. */
MUST_CHECK enum err settings_load(const char *path, struct settings *out);
void settings_free(struct settings *s);

#endif
