/* SPDX-License-Identifier: Apache-2.0
 *
 * ckr: what a PKCS#11 return value means to us. The one table of them; private to token/.
 */
#ifndef TOKEN_CKR_H
#define TOKEN_CKR_H

#include "base/err.h"
#include <p11-kit/pkcs11.h>
#include <stdbool.h>

/* ERR_OK for CKR_OK; ERR_TOKEN_FAILED for a value that is not in the table. */
enum err ckr_err(CK_RV rv);

/* True when the token, its session or its handles are gone, so that finding it anew may help. */
bool ckr_is_stale(CK_RV rv);

/* ckr_err(RV), logged with the value and the name of the function that answered it. */
enum err ckr_fail(CK_RV rv, const char *function);

#endif
