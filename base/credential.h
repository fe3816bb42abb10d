/* SPDX-License-Identifier: Apache-2.0
 *
 * credential: a secret that the service manager hands over as a file in $CREDENTIALS_DIRECTORY
 * (systemd.exec(5), LoadCredentialEncrypted).
 */
#ifndef BASE_CREDENTIAL_H
#define BASE_CREDENTIAL_H

#include "base/err.h"

/* Opens the credential NAME for reading; the caller closes *OUT, which is -1 when none of the name
 * was handed over. IO, logged, when it is there and cannot be used. */
MUST_CHECK enum err credential_open(const char *name, int *out);

#endif
