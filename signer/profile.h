/* SPDX-License-Identifier: Apache-2.0
 *
 * profile: how a kind of token is set up, from a file of pkcs11-config/profiles.
 */
#ifndef SIGNER_PROFILE_H
#define SIGNER_PROFILE_H

#include "app/app.h"
#include "order/enrolment.h"
#include "token/token.h"
#include <stdbool.h>

#define PROFILE_LINES 4

/* Texts that are not in the file are NULL. */
struct profile {
    char *title, *module, *token, *blank, *maker, *officer, *curves, *certificates, *tried;
    char *id[KEY_USES]; /* hexadecimal, by enum key_use */
    char *command[PROFILE_LINES], *remark[PROFILE_LINES];
};

/* NAME: one of those that are installed, or a path with a slash in it. USAGE, told with those there
 * are. OUT is for profile_free, also after a failure. */
MUST_CHECK enum err profile_read(struct app *a, const char *name, struct profile *out);
void profile_free(struct profile *p);

/* The module's file on this machine; TOKEN_MODULE, told, where there is none. */
MUST_CHECK enum err profile_module(struct app *a, const struct profile *p, struct buf *out);

bool profile_blank_is_token(const struct profile *p); /* C_InitToken makes one */
bool profile_blank_is_tools(const struct profile *p); /* its maker's tool does, and nothing else */
bool profile_takes_certificates(const struct profile *p); /* those of enrol --finish */
bool profile_by_officer(const struct profile *p);         /* he alone makes keys */
/* WORD, or the first curve; USAGE, told, for one that the profile does not have. */
MUST_CHECK enum err profile_curve(struct app *a, const struct profile *p, const char *word,
                                  enum token_curve *out);
/* The key's id; *LEN 0: such a token has no key for USE. CONFIG_INVALID. */
MUST_CHECK enum err profile_id(const struct profile *p, enum key_use use,
                               uint8_t id[static TOKEN_ID_MAX], size_t *len);

#endif
