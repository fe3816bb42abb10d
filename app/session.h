/* SPDX-License-Identifier: Apache-2.0
 *
 * session: the session key, the one secret that a file may hold: 0600, in a 0700 directory on a
 * tmpfs ($XDG_RUNTIME_DIR/countersign, else /run/user/UID/countersign, else --session-dir).
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "base/err.h"
#include "base/secret.h"
#include "order/key.h"

/* The file for this bank and token: appended to OUT. Makes the directory. On
 * ERR_SESSION_DIR OUT is the directory that will not do. */
MUST_CHECK enum err session_path(const char *dir, const char *bank, const char *token,
                                 struct buf *out);

/* The socket of a token that is kept logged in, beside it; likewise. */
MUST_CHECK enum err session_socket_path(const char *dir, const char *bank, const char *token,
                                        struct buf *out);

/* A fresh P-256 key: the private key in DER and the thumbprint of its public half. */
MUST_CHECK enum err session_make(struct secret **out,
                                 char thumbprint[static KEY_THUMBPRINT_LEN + 1]);

/* The thumbprint of the P-256 key that the certificate in the PEM file PATH is of; a private key
 * beside it is passed over. FILE_NOT_FOUND, KEY_INVALID, KEY_CURVE. */
MUST_CHECK enum err session_certified(const char *path,
                                      char thumbprint[static KEY_THUMBPRINT_LEN + 1]);

MUST_CHECK enum err session_save(const char *path, const struct secret *key);
/* SESSION_REQUIRED when there is none. */
MUST_CHECK enum err session_load(const char *path, struct secret **out);
/* Removes it; a tmpfs keeps nothing behind. Fine when there is none. */
MUST_CHECK enum err session_destroy(const char *path);

#endif
