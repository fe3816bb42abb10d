/* SPDX-License-Identifier: Apache-2.0
 *
 * secret: a PIN or other short secret in a page of its own that is locked in memory, left out of
 * core dumps and wiped when freed; a forked child finds it empty. Never printed, never copied into
 * a buf.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX 1024 /* bytes of content */

struct secret;

/* An empty secret, or ERR_NO_MEMORY (also when the page cannot be locked). */
MUST_CHECK enum err secret_new(struct secret **out);

/* Appends; ERR_TOO_LARGE past SECRET_MAX. The caller wipes his own copy with secret_wipe. */
MUST_CHECK enum err secret_add(struct secret *s, const void *bytes, size_t len);

const uint8_t *secret_bytes(const struct secret *s);
size_t secret_len(const struct secret *s);

/* Reads one line (without its LF) from FD, at most SECRET_MAX bytes, unbuffered so that nothing
 * stays behind elsewhere. Appends. ERR_IO on a read error or an end before any byte. */
MUST_CHECK enum err secret_read_line(struct secret *s, int fd);

/* Wipes and frees. NULL-safe. */
void secret_free(struct secret *s);

/* Zeroed bytes in such pages, for another library's buffers; NULL: ERR_NO_MEMORY. */
void *secret_pages_new(size_t len);
/* Wipes and frees the LEN bytes. */
void secret_pages_free(void *pages, size_t len);

/* A wipe that the compiler keeps. */
void secret_wipe(void *p, size_t len);

/* Equal content in time that depends on the length only. */
int secret_equal(const void *a, const void *b, size_t len);

/* Core dumps and tracing off for this process, before the first secret exists. */
MUST_CHECK enum err secret_harden_process(void);

#endif
