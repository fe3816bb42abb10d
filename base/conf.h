/* SPDX-License-Identifier: Apache-2.0
 *
 * conf: a file of "name = value" lines; '#' begins a comment line. The table of names is the
 * caller's; unknown, repeated, missing and out-of-range settings are refused with the line.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_PLACE_MAX 4128u /* bytes of a place: a path and a number */

enum conf_type { CONF_TEXT, CONF_U64 };

struct conf_item {
    const char *name;
    enum conf_type type;
    bool required;
    const char *fallback; /* used when absent and not required; NULL leaves the value zero */
    uint64_t min, max;    /* CONF_U64: range; CONF_TEXT: length in bytes */
    void *value;          /* char ** (owned by the conf, see conf_free) or uint64_t * */
};

/* Fills every item or none. MESSAGE (size MESSAGE_LEN) gets one line saying what to mend. LINES,
 * where not NULL, has room for COUNT: the line of each item, 0 where it is absent, so that the
 * caller's own checks can name it. */
MUST_CHECK enum err conf_load(const char *path, struct conf_item *items, size_t count,
                              size_t *lines, char *message, size_t message_len);
/* For services: the same, and what to mend is logged as EVENT, such as "bankd.config". A file that
 * cannot be read is CONFIG_INVALID. */
MUST_CHECK enum err conf_load_logged(const char *event, const char *path, struct conf_item *items,
                                     size_t count, size_t *lines);
/* A check of the caller's own fails, for the setting that stands on LINE: CONFIG_INVALID, logged
 * likewise. */
MUST_CHECK enum err conf_refuse(const char *event, const char *path, size_t line,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "FILE:LINE", or "FILE" where LINE is 0. */
void conf_place(const char *path, size_t line, char *out, size_t size);
/* Frees the texts and sets them to NULL. */
void conf_free(struct conf_item *items, size_t count);

struct conf_change {
    const char *name, *value; /* VALUE NULL: the setting goes */
};

/* Writes the settings into the file at PATH, each in place of its line or at the end; everything
 * else stays as it is. A file that is not there yet is made, for its owner alone; a symbolic link
 * is followed. One after another, whoever else does so. CONFIG_INVALID, and nothing is written,
 * when a value could not be read back. */
MUST_CHECK enum err conf_write(const char *path, const struct conf_change *changes, size_t count);

#endif
