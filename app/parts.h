/* SPDX-License-Identifier: Apache-2.0
 *
 * parts: a document as a sequence of texts that are short enough for QR codes (docs/FORMAT.md
 * section 17.1). They are read in any order, and as often as a camera sees them.
 */
#ifndef APP_PARTS_H
#define APP_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "order/key.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTS_MAX 999u
#define PARTS_BYTES_MIN 50u /* of the document in one part */
#define PARTS_BYTES 450u
#define PARTS_BYTES_MAX 1800u
#define PARTS_TEXT_MAX ((size_t)3072) /* of one part */

/* How many parts of EACH bytes; TOO_LARGE above PARTS_MAX. */
MUST_CHECK enum err parts_count(size_t len, size_t each, size_t *count);
/* Appends the part NUMBER, 1 is the first, of a document that has as many. */
MUST_CHECK enum err parts_make(const struct buf *document, size_t each, size_t number,
                               struct buf *out);

/* What was read so far; zeroed at the start. */
struct parts {
    uint8_t digest[DIGEST_LEN]; /* of the document */
    size_t total, have;
    struct buf *at; /* TOTAL of them; an empty one is missing */
};
/* PART_MALFORMED; PARTS_MIXED when it belongs to another document or to another cut of this one;
 * PARTS_DAMAGED when it was there with another content. */
MUST_CHECK enum err parts_take(struct parts *p, const char *text, size_t len);
/* Appends the document: PARTS_MISSING, PARTS_DAMAGED. */
MUST_CHECK enum err parts_join(const struct parts *p, struct buf *out);
/* Appends the numbers of those that are missing, "2, 5". */
MUST_CHECK enum err parts_tell_missing(const struct parts *p, struct buf *out);
void parts_free(struct parts *p);

#endif
