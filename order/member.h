/* SPDX-License-Identifier: Apache-2.0
 *
 * member: the forms of docs/FORMAT.md section 1, read from and written into parsed documents. Every
 * reader takes a value that js_members found; NULL (an absent optional member) leaves OUT zeroed.
 */
#ifndef ORDER_MEMBER_H
#define ORDER_MEMBER_H

#include "base/err.h"
#include "order/json.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

/* Rows for js_members. Where a form has an error name of its own, its reader judges the length. */
#define MEMBER_TEXT(name, needed, value)                                                           \
    {                                                                                              \
        (name), JS_TEXT, (needed), 0, JS_INT_MAX, (value)                                          \
    }
#define MEMBER_INT(name, least, most, value)                                                       \
    {                                                                                              \
        (name), JS_INT, true, (least), (most), (value)                                             \
    }
#define MEMBER_ARRAY(name, least, most, value)                                                     \
    {                                                                                              \
        (name), JS_ARRAY, true, (least), (most), (value)                                           \
    }
#define MEMBER_OBJECT(name, needed, value)                                                         \
    {                                                                                              \
        (name), JS_OBJECT, (needed), 0, 0, (value)                                                 \
    }
#define MEMBER_ROWS(table) (sizeof(table) / sizeof(table)[0])

typedef enum err (*member_check)(const char *text, size_t len);

/* The text after CHECK (may be NULL), NUL-terminated; CAP counts the NUL. DOC_MEMBER_INVALID when
 * it does not fit, otherwise what CHECK says. */
MUST_CHECK enum err member_text(const struct js *value, member_check check, char *out, size_t cap);
/* A text of 1..MAX_CHARS code points: TEXT_INVALID. */
MUST_CHECK enum err member_line(const struct js *value, size_t max_chars, char *out, size_t cap);
/* DOC_TYPE unless TYPE is the text EXPECTED and VERSION is 1. TYPE may be NULL. */
MUST_CHECK enum err member_type(const struct js *type, const char *expected,
                                const struct js *version);
MUST_CHECK enum err member_time(const struct js *value, int64_t *out_us);
MUST_CHECK enum err member_digest(const struct js *value, uint8_t out[static DIGEST_LEN]);
/* Base64, as hashes of trees stand in proofs. */
MUST_CHECK enum err member_hash(const struct js *value, uint8_t out[static DIGEST_LEN]);
/* Base64url of 1..CAP bytes: BASE64_INVALID, DOC_MEMBER_INVALID. */
MUST_CHECK enum err member_bytes(const struct js *value, uint8_t *out, size_t cap, size_t *out_len);

MUST_CHECK enum err member_set_time(struct js *object, const char *name, int64_t time_us);
MUST_CHECK enum err member_set_bytes(struct js *object, const char *name, const uint8_t *bytes,
                                     size_t len);

#endif
