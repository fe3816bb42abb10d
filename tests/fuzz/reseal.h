/* SPDX-License-Identifier: Apache-2.0
 *
 * reseal: an evidence file whose entries were changed, sealed again by the golden files' own log
 * key, so that a fuzzer gets past proofs and signatures to the story behind them.
 */
#ifndef TESTS_FUZZ_RESEAL_H
#define TESTS_FUZZ_RESEAL_H

#include "base/buf.h"
#include "base/err.h"

struct js;

/* EVIDENCE with every entry's leaf and proof and the checkpoint made anew for the bodies and salts
 * that stand there; appends the document to OUT. An error when it is too far from the form. */
MUST_CHECK enum err reseal_evidence(const struct js *evidence, struct buf *out);

#endif
