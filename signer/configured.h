/* SPDX-License-Identifier: Apache-2.0
 *
 * configured: the modules that p11-kit's files name (pkcs11.conf(5)). p11-kit itself leaves out
 * those that it cannot load, and says nothing about them; the doctor does.
 */
#ifndef SIGNER_CONFIGURED_H
#define SIGNER_CONFIGURED_H

#include <stddef.h>

#define CONFIGURED_MAX 64
#define CONFIGURED_PATH_MAX 256

struct configured {
    char file[CONFIGURED_PATH_MAX]; /* name of the file, which a later folder's replaces */
    char path[CONFIGURED_PATH_MAX]; /* of the module; "": it is switched off */
};

/* Those that may have a holder's token: no stores of trusted certificates. Returns how many. */
size_t configured_read(struct configured out[static CONFIGURED_MAX]);

#endif
