/* SPDX-License-Identifier: Apache-2.0
 *
 * json: the only reader and writer of documents: I-JSON (RFC 7493) narrowed to integers, and its
 * canonical form (RFC 8785). The prefix is js_: json_ belongs to well-known libraries.
 *
 * A document's bytes are its canonical form, so an object that stands inside another document
 * has bytes of its own: js_canon of it.
 */
#ifndef ORDER_JSON_H
#define ORDER_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JS_DEPTH_MAX 32u                     /* nested arrays and objects */
#define JS_INT_MAX INT64_C(9007199254740991) /* 2^53 - 1 */

enum js_type { JS_NULL, JS_BOOL, JS_INT, JS_TEXT, JS_ARRAY, JS_OBJECT };

struct js; /* one value and everything in it */

/* Reads one JSON value. Refuses: not UTF-8, byte order mark, trailing bytes, NUL, lone surrogates
 * and noncharacters (RFC 7493 2.1) as JSON_SYNTAX; JSON_DUPLICATE; fractions, exponents and
 * integers outside +-(2^53-1) as JSON_NUMBER; JSON_DEPTH. The size is the caller's to limit. */
MUST_CHECK enum err js_parse(const void *bytes, size_t len, struct js **out);

/* The same, and DOC_NOT_CANONICAL unless BYTES are exactly the value's RFC 8785 form. */
MUST_CHECK enum err js_parse_canonical(const void *bytes, size_t len, struct js **out);

/* Appends the RFC 8785 form; VALUE is one, never NULL. */
MUST_CHECK enum err js_canon(const struct js *value, struct buf *out);
/* The same of a text that is no part of a tree; TEXT_INVALID when it is not UTF-8. */
MUST_CHECK enum err js_canon_text(const char *text, struct buf *out);

void js_free(struct js *value); /* NULL-safe; only for what js_parse and js_object_new gave */

/* --- reading; borrowed pointers live as long as the root --- */
enum js_type js_type(const struct js *value);
int64_t js_int(const struct js *value);                   /* 0 unless JS_INT */
bool js_bool(const struct js *value);                     /* false unless JS_BOOL */
const char *js_text(const struct js *value, size_t *len); /* NULL unless JS_TEXT; no NUL inside */
/* Of a member; "" where there is no such text. */
const char *js_member_text(const struct js *object, const char *name);
size_t js_count(const struct js *value);                            /* elements or members */
const struct js *js_at(const struct js *array, size_t i);           /* NULL past the end */
const struct js *js_get(const struct js *object, const char *name); /* NULL if absent */

/* One row a member: what a document's version defines. */
struct js_member {
    const char *name;
    enum js_type type;
    bool required;
    int64_t min, max;        /* TEXT: bytes; INT: value; ARRAY: elements; else unused */
    const struct js **value; /* gets the member, or NULL when absent */
};

/* Checks OBJECT against the whole table: DOC_MEMBER_UNKNOWN, _MISSING, _INVALID. WHICH (may be
 * NULL) gets the member's name, which for an unknown one lives as long as OBJECT; "" when that is
 * no object. */
MUST_CHECK enum err js_members(const struct js *object, const struct js_member *table, size_t count,
                               const char **which);

/* --- writing; every setter replaces, texts must be UTF-8 --- */
MUST_CHECK enum err js_object_new(struct js **out);
MUST_CHECK enum err js_array_new(struct js **out);
MUST_CHECK enum err js_set_text(struct js *object, const char *name, const char *text);
MUST_CHECK enum err js_set_int(struct js *object, const char *name, int64_t value);
MUST_CHECK enum err js_set_bool(struct js *object, const char *name, bool value);
/* Takes VALUE over, also on failure. */
MUST_CHECK enum err js_set(struct js *object, const char *name, struct js *value);
void js_drop(struct js *object, const char *name); /* what is not there, too */
MUST_CHECK enum err js_push(struct js *array, struct js *value);
MUST_CHECK enum err js_push_text(struct js *array, const char *text);
/* A deep copy that the caller owns. */
MUST_CHECK enum err js_copy(const struct js *value, struct js **out);

#endif
