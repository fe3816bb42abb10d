/* SPDX-License-Identifier: Apache-2.0
 *
 * order_files: many orders from a directory of documents or a file with one a line, and which of
 * them a file of signed decisions has already.
 */
#ifndef SIGNER_ORDER_FILES_H
#define SIGNER_ORDER_FILES_H

#include "base/buf.h"
#include "signer/waiting.h"

/* Bytes of signed decisions in a file: what sign writes, send reads. */
#define ORDER_FILES_SIGNED_MAX ((size_t)256 << 20)

/* All of PATH, a directory of *.json or a file of lines, each to be decided under POLICY. No two
 * have one id: ORDER_ID_TAKEN. Those that have expired at NOW_US are left out, which it says. */
MUST_CHECK enum err order_files_read(struct app *a, const char *path, const struct policy *policy,
                                     int64_t now_us, struct waiting_list *out);

/* What PATH, which need not be there, has of an earlier run: TEXT gets its whole lines, and the
 * orders that they approve leave the list; one of the same id that is another order by now is
 * ORDER_ID_TAKEN. A line that is half written is dropped; anything that is no signed decision is
 * refused, so that no other file is ever written to. */
MUST_CHECK enum err order_files_resume(struct app *a, const char *path, struct waiting_list *l,
                                       struct buf *text);
/* How many of its bytes are whole lines. */
size_t order_files_whole(const struct buf *text);
/* Each of those lines is an approval by the token's key under POLICY that has not expired at
 * NOW_US. *OLD: how many the bank takes no more, unless it has them. */
MUST_CHECK enum err order_files_verify(struct app *a, const char *path, const struct buf *text,
                                       const struct policy *policy, int64_t now_us, size_t *old);

#endif
