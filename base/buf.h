/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: a growing run of bytes with a maximum. Always NUL-terminated one past the end, so that
 * (const char *)b->data is a C string when the bytes hold no NUL. Zeroed memory is an empty
 * buffer whose maximum is BUF_MAX_DEFAULT.
 *
 * A failed append leaves the buffer as it was and returns ERR_NO_MEMORY or ERR_TOO_LARGE.
 * Not thread-safe. Not for PINs: see secret.h.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define BUF_MAX_DEFAULT ((size_t)16 << 20) /* bytes */

struct buf {
    uint8_t *data; /* NULL while empty and nothing was reserved */
    size_t len;    /* bytes */
    size_t cap;
    size_t max; /* bytes; 0 means BUF_MAX_DEFAULT */
};

#define BUF_INIT(maximum)                                                                          \
    {                                                                                              \
        .max = (maximum)                                                                           \
    }

MUST_CHECK enum err buf_add(struct buf *b, const void *bytes, size_t len);
MUST_CHECK enum err buf_add_str(struct buf *b, const char *text);
MUST_CHECK enum err buf_add_byte(struct buf *b, uint8_t byte);
MUST_CHECK enum err buf_addf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for LEN more bytes without adding them. */
MUST_CHECK enum err buf_reserve(struct buf *b, size_t len);

/* Removes the first LEN bytes; LEN is at most b->len. */
void buf_drop(struct buf *b, size_t len);

/* Forgets the content, keeps the room. */
void buf_clear(struct buf *b);

/* The content as a C string, "" when empty. Lives until the next change. */
const char *buf_str(const struct buf *b);

/* Wipes and frees. NULL-safe; the struct is an empty buffer afterwards. */
void buf_free(struct buf *b);

#endif
