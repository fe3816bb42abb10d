/* SPDX-License-Identifier: Apache-2.0
 *
 * renewal: a request to be enrolled by a key that counts already asks for new certificates, for it
 * and for what is on its card (docs/FORMAT.md section 8.6). Private to bankd/core.
 */
#ifndef BANKD_CORE_RENEWAL_H
#define BANKD_CORE_RENEWAL_H

#include "bankd/core/state.h"
#include "order/enrolment.h"

/* Whose the keys of IN are. KEY_TAKEN unless all are nobody's or, and then it RENEWS, the one that
 * signs is active (KEY_RETIRED, KEY_INACTIVE) and of the person whom IN names, as is what is on its
 * card. */
MUST_CHECK enum err renewal_check(struct core *c, const struct enrolment *in, bool *renews);
/* A key that is there keeps its place but on the card of SIGNER, if it is not that one itself;
 * KNOWN says whether it is there. */
MUST_CHECK enum err renewal_keep(struct core *c, const struct key *key, int64_t *signer,
                                 bool *known);

#endif
