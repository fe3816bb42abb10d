/* SPDX-License-Identifier: Apache-2.0
 *
 * spread: what of a bundle is handed in. A key may have said something twice, because what it
 * signed first came too late: then its last word is what its holder wants.
 */
#ifndef SIGNER_SPREAD_H
#define SIGNER_SPREAD_H

#include "base/buf.h"
#include "base/err.h"
#include "order/bundle.h"

/* OUT, which it initialises, gets one line for each key and order: its last decision as the bank
 * wants it and, with a SENDING_ELSE before each, those that said the same before, the later first.
 * What does not verify under a key of the bundle passes for nobody's word, and has its own line. */
MUST_CHECK enum err spread_bundle(const struct bundle *b, struct buf *out);

#endif
