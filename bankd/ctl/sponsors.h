/* SPDX-License-Identifier: Apache-2.0
 *
 * sponsors: who vouches for a request to be enrolled, as they signed it: bankctl verifies each word
 * itself. Whose a key is, the bank says.
 */
#ifndef BANKD_CTL_SPONSORS_H
#define BANKD_CTL_SPONSORS_H

#include "bankd/ctl/ctl.h"

/* Asks for the words on the request that the bank told as TOLD, and sets its member
 * `sponsorships`; each gets a `verdict`: "OK" or why the signature proves nothing. With them comes
 * `wantedKeys`, how many keys he has who the request says that it is of. */
MUST_CHECK enum err sponsors_add(struct ctl *ctl, struct js *told);
/* "alice", "alice:lapsed" when the bank does not count it, or "alice:NOT-PROVED". Borrows nothing.
 */
#define SPONSORS_WORD_MAX 96
void sponsors_word(const struct js *sponsorship, char out[static SPONSORS_WORD_MAX]);

#endif
