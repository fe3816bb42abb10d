/* SPDX-License-Identifier: Apache-2.0
 *
 * doc: a JSON document being written, straight into its canonical form (RFC 8785): several are
 * written for every decision, and a tree of values would cost more than what is written. Setters
 * cannot fail visibly: the first failure sticks and doc_canon returns it. A doc that was put into
 * another one belongs to it.
 *
 * Names are literals of the caller, plain ASCII that outlives the doc, and no object gets a name
 * twice.
 */
#ifndef ORDER_DOC_H
#define ORDER_DOC_H

#include "base/buf.h"
#include "base/err.h"
#include "order/key.h"
#include <stdbool.h>
#include <stdint.h>

#define DOC_MEMBERS_MAX 24 /* of one object */

/* One member's text, name and value, in struct doc's TEXT. */
struct doc_member {
    const char *name;
    size_t at, len;
};

/* Zeroed before doc_object or doc_array. */
struct doc {
    enum err err;
    bool is_array;
    size_t count;                              /* members */
    struct buf text;                           /* members as they came, or an array's inside */
    struct doc_member member[DOC_MEMBERS_MAX]; /* in the order of their names */
};

void doc_object(struct doc *d);
void doc_array(struct doc *d);
void doc_free(struct doc *d); /* NULL-safe; leaves it as it began */
/* What the caller found wrong while writing: doc_canon returns it unless something failed before.
 */
void doc_fail(struct doc *d, enum err e);

void doc_text(struct doc *d, const char *name, const char *text);
void doc_text_optional(struct doc *d, const char *name, const char *text); /* unless it is "" */
void doc_int(struct doc *d, const char *name, int64_t value);
void doc_bool(struct doc *d, const char *name, bool value);
void doc_time(struct doc *d, const char *name, int64_t time_us);
void doc_digest(struct doc *d, const char *name, const uint8_t digest[static DIGEST_LEN]);
void doc_bytes(struct doc *d, const char *name, const void *bytes, size_t len); /* base64url */
void doc_money(struct doc *d, const char *name, int64_t minor, const char *currency);
/* A document that the caller knows to be canonical. */
void doc_canonical(struct doc *d, const char *name, const void *bytes, size_t len);
void doc_put(struct doc *d, const char *name, struct doc *child); /* takes CHILD over */
void doc_push(struct doc *d, struct doc *child);                  /* takes CHILD over */
void doc_push_int(struct doc *d, int64_t value);
void doc_push_text(struct doc *d, const char *text);
void doc_push_base64(struct doc *d, const void *bytes, size_t len);

/* The canonical text of an object's member, borrowed until the next one is set; NULL when there is
 * none. */
const char *doc_member_text(const struct doc *d, const char *name, size_t *len);

/* Appends the canonical form. D stays the caller's. */
MUST_CHECK enum err doc_canon(const struct doc *d, struct buf *out);

#endif
