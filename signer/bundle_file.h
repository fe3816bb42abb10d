/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_file: bundles on a stick, and what is asked of one before it is signed.
 */
#ifndef SIGNER_BUNDLE_FILE_H
#define SIGNER_BUNDLE_FILE_H

#include "base/err.h"
#include "order/bundle.h"
#include <stdbool.h>

struct app;

/* Whether the bytes of a file call themselves a bundle. */
bool bundle_file_is(const struct buf *file);
/* The same of the file PATH; false for what can be read only once, a pipe. */
bool bundle_file_at(const char *path);
/* Of the bank of the settings, where they name one. OUT is for bundle_free, also on failure. */
MUST_CHECK enum err bundle_file_read(struct app *a, const char *path, struct bundle *out);
/* The same from the bytes of the file PATH. */
MUST_CHECK enum err bundle_file_parse(struct app *a, const char *path, const struct buf *file,
                                      struct bundle *out);
/* A bundle only grows: adds what is at PATH already. Nothing where PATH is NULL or there is no such
 * file; what is no bundle of this bank is refused, and stays. */
MUST_CHECK enum err bundle_file_grow(struct app *a, const char *path, struct bundle *b);
/* Grows by what is at PATH by now, and takes its place, while nobody else does; standard output
 * where PATH is NULL. */
MUST_CHECK enum err bundle_file_write(struct app *a, const char *path, struct bundle *b);

/* A decision of the bundle under the key with the signer's thumbprint, its order and its policy,
 * all as they are in the bundle: what verify_decision says; KEY_UNKNOWN when the key is not there.
 */
MUST_CHECK enum err bundle_file_verify(const struct bundle *b, const struct bundle_decision *d);

#endif
