/* SPDX-License-Identifier: Apache-2.0
 *
 * file: whole files with a maximum, written so that a crash leaves the old one or the new one.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Appends the file's bytes to OUT; "-" is standard input. ERR_TOO_LARGE above MAX bytes,
 * ERR_FILE_NOT_FOUND when there is no such file, ERR_IO otherwise. */
MUST_CHECK enum err file_read(const char *path, size_t max, struct buf *out);

/* Writes to a temporary neighbour, fsyncs it, renames it over PATH, fsyncs the directory.
 * MODE such as 0600. On failure PATH is untouched and the neighbour gone - but when
 * the last step alone fails, ERR_IO is returned and the new content already stands. */
MUST_CHECK enum err file_write(const char *path, const void *bytes, size_t len, unsigned mode);

/* The same, but ERR_IO when PATH exists already. */
MUST_CHECK enum err file_write_new(const char *path, const void *bytes, size_t len, unsigned mode);

/* For who reads PATH and then replaces it: waits until nobody else does so in its directory, where
 * the file system has locks. *LOCK is for file_unlock. */
MUST_CHECK enum err file_lock(const char *path, int *lock);
void file_unlock(int lock); /* fine with -1 */

/* Makes the directory (not its parents) with exactly MODE; accepts an existing one that belongs
 * to this user with no more rights than MODE, otherwise ERR_IO. */
MUST_CHECK enum err file_make_dir(const char *path, unsigned mode);

/* Where WAY leads from the folder of this program's own file, in a build as when installed. ERR_IO:
 * that is not known, or it is too long. */
MUST_CHECK enum err file_from_program(const char *way, char out[static PATH_MAX]);

/* True when PATH lies on a tmpfs. */
bool file_on_tmpfs(const char *path);

/* Unlinks; a missing file is fine. */
MUST_CHECK enum err file_remove(const char *path);

#endif
