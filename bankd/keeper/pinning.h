/* SPDX-License-Identifier: Apache-2.0
 *
 * pinning: the ceremony by which the keeper comes to know an operator: whoever has the keeper's
 * account brings his public key, and says so.
 */
#ifndef BANKD_KEEPER_PINNING_H
#define BANKD_KEEPER_PINNING_H

#include "bankd/keeper/settings.h"
#include "base/err.h"

/* Believes from now on the operator OPERATOR_ID with the key in the file, DER, as one with the
 * roles security and enrolment; prints his thumbprint. While no keeper has the state directory. */
MUST_CHECK enum err pinning_run(const struct settings *settings, const char *operator_id,
                                const char *spki_file);
/* Believes the key with this thumbprint no more, whatever acts come; only pinning_run brings it
 * back. OPERATOR_UNPINNED. While no keeper has the state directory. */
MUST_CHECK enum err pinning_undo(const struct settings *settings, const char *thumbprint);

#endif
