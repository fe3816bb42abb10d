/* SPDX-License-Identifier: Apache-2.0
 *
 * issued: whether a certificate that the bank issued is the one that was asked for.
 */
#ifndef SIGNER_ISSUED_H
#define SIGNER_ISSUED_H

#include "base/buf.h"
#include "base/err.h"
#include "order/key.h"

/* The thumbprint of the key in a root certificate of the bank's. WHY gets what is wrong, in words,
 * with CERTIFICATE_MISMATCH. */
MUST_CHECK enum err issued_root(const struct buf *root, char pin[static KEY_THUMBPRINT_LEN + 1],
                                const char **why);

/* Whose it must be. */
struct issued_to {
    const struct key *key;
    const char *name, *bank, *holder;
};

/* CERTIFICATE is signed by ROOT, is of TO's key, names nobody but him, and is valid now. */
MUST_CHECK enum err issued_check(const struct buf *certificate, const struct buf *root,
                                 const struct issued_to *to, const char **why);

/* Appends the certificate as PEM, for programs that read files. */
MUST_CHECK enum err issued_pem(const struct buf *certificate, struct buf *out);

#endif
