/* SPDX-License-Identifier: Apache-2.0
 *
 * uri: the name of a token or of a key on it, RFC 7512, in the strict subset that names things.
 *
 * Accepted, each at most once and never empty: token, manufacturer, model, serial,
 * slot-description, object, id, type=private; in the query module-path (absolute). Everything else
 * is refused instead of ignored: unknown and vendor attributes, slot-id (it changes with every
 * start), module-name, pin-value and pin-source (a PIN comes from a terminal, a descriptor or a
 * keypad), characters that RFC 7512 wants encoded, texts that are not UTF-8 or hold a NUL or are
 * longer than PKCS#11 stores. id is bytes, and may hold zeros.
 */
#ifndef TOKEN_URI_H
#define TOKEN_URI_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define TOKEN_URI_MAX 1024 /* bytes of text, without the NUL */

enum token_uri_attr {
    TOKEN_URI_TOKEN,
    TOKEN_URI_MANUFACTURER,
    TOKEN_URI_MODEL,
    TOKEN_URI_SERIAL,
    TOKEN_URI_SLOT,
    TOKEN_URI_OBJECT,
    TOKEN_URI_ID,
    TOKEN_URI_TYPE,
    TOKEN_URI_MODULE_PATH,
    TOKEN_URI_ATTRS
};

struct token_uri;

/* ERR_TOKEN_URI, or ERR_NO_MEMORY. The caller frees *OUT. */
MUST_CHECK enum err token_uri_parse(const char *text, struct token_uri **out);

/* NULL-safe. */
void token_uri_free(struct token_uri *u);

/* The decoded attribute, NUL-terminated, or NULL where the URI has none; lives as long as U.
 * LEN (may be NULL) gets its bytes, which matters for TOKEN_URI_ID. */
const char *token_uri_get(const struct token_uri *u, enum token_uri_attr attr, size_t *len);

/* token_uri_get(u, TOKEN_URI_MODULE_PATH, NULL). */
const char *token_uri_module_path(const struct token_uri *u);

/* Appends URI as text again, which token_uri_parse takes. */
MUST_CHECK enum err token_uri_text(const struct token_uri *uri, struct buf *out);

struct token_uri_part {
    enum token_uri_attr attr; /* in rising order */
    const void *bytes;
    size_t len; /* 0: left out */
};

/* Appends "pkcs11:" and the parts, encoded so that token_uri_parse takes them back. A part that it
 * would not take, as a label that is not UTF-8, is left out. */
MUST_CHECK enum err token_uri_write(const struct token_uri_part *parts, size_t count,
                                    struct buf *out);

#endif
