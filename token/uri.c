/* SPDX-License-Identifier: Apache-2.0 */
#include "token/uri.h"

#include "base/text.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char SCHEME[] = "pkcs11:";

/* Characters that stand unencoded beside letters and digits: unreserved and pk11-res-avail of
 * RFC 7512 section 2.3, and '&' in the path, '/' '?' in the query. '|' is never taken. */
static const char PATH_CHARS[] = "-._~:[]@!$'()*+,=&";
static const char QUERY_CHARS[] = "-._~:[]@!$'()*+,=/?";
static const char UNRESERVED[] = "-._~";

static const struct {
    const char *name;
    size_t max; /* bytes decoded: what CK_TOKEN_INFO and CK_SLOT_INFO hold */
    bool query;
    bool text; /* UTF-8 without NUL */
} ATTRS[TOKEN_URI_ATTRS] = {
    [TOKEN_URI_TOKEN] = {"token", 32, false, true},
    [TOKEN_URI_MANUFACTURER] = {"manufacturer", 32, false, true},
    [TOKEN_URI_MODEL] = {"model", 16, false, true},
    [TOKEN_URI_SERIAL] = {"serial", 16, false, true},
    [TOKEN_URI_SLOT] = {"slot-description", 64, false, true},
    [TOKEN_URI_OBJECT] = {"object", 128, false, true},
    [TOKEN_URI_ID] = {"id", 64, false, false},
    [TOKEN_URI_TYPE] = {"type", 7, false, true},
    [TOKEN_URI_MODULE_PATH] = {"module-path", 255, true, true},
};

struct token_uri {
    struct {
        char *bytes; /* NULL: not in the URI; otherwise with a NUL behind */
        size_t len;
    } attrs[TOKEN_URI_ATTRS];
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_allowed(char c, const char *others)
{
    return c != '\0' && (is_alnum(c) || strchr(others, c) != NULL);
}

/* Decodes LEN characters at S to OUT, which has room for LEN bytes. */
static enum err percent_decode(const char *s, size_t len, const char *others, char *out,
                               size_t *out_len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (s[i] != '%') {
            if (!is_allowed(s[i], others))
                return ERR_TOKEN_URI;
            out[n++] = s[i];
            continue;
        }
        uint8_t byte = 0;
        if (len - i < 3 || text_unhex(s + i + 1, 2, &byte, 1))
            return ERR_TOKEN_URI;
        out[n++] = (char)byte;
        i += 2;
    }
    *out_len = n;
    return ERR_OK;
}

static bool value_fits(enum token_uri_attr attr, const char *bytes, size_t len)
{
    if (len == 0 || len > ATTRS[attr].max)
        return false;
    if (ATTRS[attr].text && (memchr(bytes, '\0', len) || !text_is_utf8(bytes, len)))
        return false;
    if (attr == TOKEN_URI_TYPE && strcmp(bytes, "private") != 0)
        return false;
    return attr != TOKEN_URI_MODULE_PATH || bytes[0] == '/';
}

static enum token_uri_attr attr_of(const char *name, size_t len, bool query)
{
    for (size_t i = 0; i < TOKEN_URI_ATTRS; i++)
        if (ATTRS[i].query == query && strlen(ATTRS[i].name) == len &&
            memcmp(ATTRS[i].name, name, len) == 0)
            return (enum token_uri_attr)i;
    return TOKEN_URI_ATTRS;
}

/* One "name=value" of LEN characters. */
static enum err take_attr(struct token_uri *u, const char *s, size_t len, bool query)
{
    const char *equals = memchr(s, '=', len);
    if (!equals)
        return ERR_TOKEN_URI;
    size_t name_len = (size_t)(equals - s);
    enum token_uri_attr attr = attr_of(s, name_len, query);
    if (attr == TOKEN_URI_ATTRS || u->attrs[attr].bytes)
        return ERR_TOKEN_URI;
    size_t value_len = len - name_len - 1;
    char *bytes = calloc(1, value_len + 1);
    if (!bytes)
        return ERR_NO_MEMORY;
    u->attrs[attr].bytes = bytes;
    size_t n = 0;
    enum err e = percent_decode(equals + 1, value_len, query ? QUERY_CHARS : PATH_CHARS, bytes, &n);
    if (e)
        return e;
    u->attrs[attr].len = n;
    return value_fits(attr, bytes, n) ? ERR_OK : ERR_TOKEN_URI;
}

/* The LEN characters at S, divided by SEPARATOR; none at all is fine, an empty one is not. */
static enum err take_attrs(struct token_uri *u, const char *s, size_t len, char separator,
                           bool query)
{
    while (len) {
        const char *end = memchr(s, separator, len);
        size_t n = end ? (size_t)(end - s) : len;
        enum err e = take_attr(u, s, n, query);
        if (e)
            return e;
        if (!end)
            return ERR_OK;
        s += n + 1;
        len -= n + 1;
        if (len == 0)
            return ERR_TOKEN_URI;
    }
    return ERR_OK;
}

enum err token_uri_parse(const char *text, struct token_uri **out)
{
    *out = NULL;
    size_t len = strnlen(text, TOKEN_URI_MAX + 1);
    size_t scheme = sizeof SCHEME - 1;
    if (len > TOKEN_URI_MAX || len < scheme || memcmp(text, SCHEME, scheme) != 0)
        return ERR_TOKEN_URI;

    struct token_uri *u = calloc(1, sizeof *u);
    if (!u)
        return ERR_NO_MEMORY;
    const char *path = text + scheme;
    const char *query = strchr(path, '?');
    size_t path_len = query ? (size_t)(query - path) : len - scheme;
    enum err e = take_attrs(u, path, path_len, ';', false);
    if (!e && query)
        e = query[1] ? take_attrs(u, query + 1, strlen(query + 1), '&', true) : ERR_TOKEN_URI;
    if (e) {
        token_uri_free(u);
        return e;
    }
    *out = u;
    return ERR_OK;
}

void token_uri_free(struct token_uri *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < TOKEN_URI_ATTRS; i++)
        free(u->attrs[i].bytes);
    free(u);
}

const char *token_uri_get(const struct token_uri *u, enum token_uri_attr attr, size_t *len)
{
    if (len)
        *len = u->attrs[attr].len;
    return u->attrs[attr].bytes;
}

const char *token_uri_module_path(const struct token_uri *u)
{
    return token_uri_get(u, TOKEN_URI_MODULE_PATH, NULL);
}

static enum err write_encoded(const struct token_uri_part *part, struct buf *out)
{
    const char *s = part->bytes;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < part->len; i++) {
        bool slash = s[i] == '/' && ATTRS[part->attr].query;
        /* RFC 7512 section 2.3: the whole of id SHOULD be encoded. */
        bool plain = part->attr != TOKEN_URI_ID && (is_allowed(s[i], UNRESERVED) || slash);
        e = plain ? buf_add_byte(out, (uint8_t)s[i]) : buf_addf(out, "%%%02X", (uint8_t)s[i]);
    }
    return e;
}

enum err token_uri_write(const struct token_uri_part *parts, size_t count, struct buf *out)
{
    const char *divider[] = {"", "?"};
    enum err e = buf_add_str(out, SCHEME);

    for (size_t i = 0; !e && i < count; i++) {
        bool query = ATTRS[parts[i].attr].query;
        if (!value_fits(parts[i].attr, parts[i].bytes, parts[i].len))
            continue; /* empty, or a token's label that is not UTF-8: no URI has it */
        e = buf_addf(out, "%s%s=", divider[query], ATTRS[parts[i].attr].name);
        if (!e)
            e = write_encoded(&parts[i], out);
        divider[query] = query ? "&" : ";";
    }
    return e;
}

enum err token_uri_text(const struct token_uri *uri, struct buf *out)
{
    struct token_uri_part parts[TOKEN_URI_ATTRS];

    for (size_t i = 0; i < TOKEN_URI_ATTRS; i++)
        parts[i] =
            (struct token_uri_part){(enum token_uri_attr)i, uri->attrs[i].bytes, uri->attrs[i].len};
    return token_uri_write(parts, TOKEN_URI_ATTRS, out);
}
