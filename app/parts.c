/* SPDX-License-Identifier: Apache-2.0 */
#include "app/parts.h"

#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define MARK "CSQ1"

/* --- base32 (RFC 4648 section 6), without padding, in one spelling --- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static enum err add_base32(struct buf *out, const uint8_t *bytes, size_t len)
{
    unsigned held = 0, bits = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < len; i++) {
        held = (held << 8 | bytes[i]) & 0xffff;
        for (bits += 8; e == ERR_OK && bits >= 5; bits -= 5)
            e = buf_add_byte(out, (uint8_t)alphabet[held >> (bits - 5) & 31]);
    }
    if (e == ERR_OK && bits > 0)
        e = buf_add_byte(out, (uint8_t)alphabet[held << (5 - bits) & 31]);
    return e;
}

/* The bits behind the last byte are fewer than five, and zero: otherwise it is no base32 of ours.
 */
static enum err add_bytes(struct buf *out, const char *text, size_t len)
{
    unsigned held = 0, bits = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < len; i++) {
        const char *at = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;
        if (at == NULL)
            return ERR_PART_MALFORMED;
        held = (held << 5 | (unsigned)(at - alphabet)) & 0xffff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            e = buf_add_byte(out, (uint8_t)(held >> bits & 0xff));
        }
    }
    if (e == ERR_OK && (bits >= 5 || (held & ((1u << bits) - 1)) != 0))
        e = ERR_PART_MALFORMED;
    return e;
}

/* --- making --- */

enum err parts_count(size_t len, size_t each, size_t *count)
{
    *count = (len + each - 1) / each;
    return *count <= PARTS_MAX ? ERR_OK : ERR_TOO_LARGE;
}

enum err parts_make(const struct buf *document, size_t each, size_t number, struct buf *out)
{
    uint8_t digest[DIGEST_LEN];
    char hex[2 * DIGEST_LEN + 1];
    size_t count = 0, from = (number - 1) * each;
    enum err e = parts_count(document->len, each, &count);
    if (e == ERR_OK)
        e = key_digest(document->data, document->len, digest);
    if (e != ERR_OK)
        return e;
    text_hex(digest, DIGEST_LEN, hex);
    for (char *c = hex; *c != '\0'; c++) /* QR codes have no small letters in their dense mode */
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
    e = buf_addf(out, MARK "/%zu/%zu/%s/", number, count, hex);
    size_t left = document->len - from;
    return e == ERR_OK ? add_base32(out, document->data + from, left < each ? left : each) : e;
}

/* --- reading --- */

struct part {
    uint64_t number, total;
    uint8_t digest[DIGEST_LEN];
    const char *data;
    size_t len;
};

/* The text up to the next '/' into *FIELD; false: there is none. */
static bool cut(const char **at, const char *end, const char **field, size_t *len)
{
    const char *slash = memchr(*at, '/', (size_t)(end - *at));
    *field = *at;
    if (slash == NULL)
        return false;
    *len = (size_t)(slash - *at);
    *at = slash + 1;
    return true;
}

static bool is_upper_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("0123456789ABCDEF", text[i]) == NULL)
            return false;
    }
    return true;
}

static enum err split(const char *text, size_t len, struct part *out)
{
    const char *at = text, *end = text + len, *field[4];
    size_t length[4];
    for (size_t i = 0; i < 4; i++) {
        if (!cut(&at, end, &field[i], &length[i]))
            return ERR_PART_MALFORMED;
    }
    out->data = at;
    out->len = (size_t)(end - at);
    bool good = len <= PARTS_TEXT_MAX && out->len > 0 && length[0] == strlen(MARK) &&
                memcmp(field[0], MARK, length[0]) == 0 && is_upper_hex(field[3], length[3]) &&
                text_parse_u64(field[1], length[1], PARTS_MAX, &out->number) == ERR_OK &&
                text_parse_u64(field[2], length[2], PARTS_MAX, &out->total) == ERR_OK &&
                text_unhex(field[3], length[3], out->digest, DIGEST_LEN) == ERR_OK &&
                out->number >= 1 && out->number <= out->total;
    return good ? ERR_OK : ERR_PART_MALFORMED;
}

/* The first one says what the others must be of. */
static enum err begin(struct parts *p, const struct part *first)
{
    p->at = calloc((size_t)first->total, sizeof *p->at);
    if (p->at == NULL)
        return ERR_NO_MEMORY;
    p->total = (size_t)first->total;
    memcpy(p->digest, first->digest, DIGEST_LEN);
    return ERR_OK;
}

enum err parts_take(struct parts *p, const char *text, size_t len)
{
    struct buf bytes = BUF_INIT(PARTS_TEXT_MAX);
    struct part part;
    enum err e = split(text, len, &part);
    if (e == ERR_OK)
        e = add_bytes(&bytes, part.data, part.len);
    if (e == ERR_OK && p->at == NULL)
        e = begin(p, &part);
    if (e == ERR_OK && (part.total != p->total || memcmp(part.digest, p->digest, DIGEST_LEN) != 0))
        e = ERR_PARTS_MIXED;
    if (e != ERR_OK) {
        buf_free(&bytes);
        return e;
    }
    struct buf *known = &p->at[part.number - 1];
    if (known->len == 0) {
        *known = bytes;
        p->have++;
        return ERR_OK;
    }
    bool same = known->len == bytes.len && memcmp(known->data, bytes.data, bytes.len) == 0;
    buf_free(&bytes);
    return same ? ERR_OK : ERR_PARTS_DAMAGED;
}

enum err parts_join(const struct parts *p, struct buf *out)
{
    uint8_t digest[DIGEST_LEN] = {0};
    size_t before = out->len;
    if (p->at == NULL || p->have < p->total)
        return ERR_PARTS_MISSING;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < p->total; i++)
        e = buf_add(out, p->at[i].data, p->at[i].len);
    if (e == ERR_OK)
        e = key_digest(out->data + before, out->len - before, digest);
    return e == ERR_OK && memcmp(digest, p->digest, DIGEST_LEN) != 0 ? ERR_PARTS_DAMAGED : e;
}

enum err parts_tell_missing(const struct parts *p, struct buf *out)
{
    const char *between = "";
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < p->total; i++) {
        if (p->at[i].len > 0)
            continue;
        e = buf_addf(out, "%s%zu", between, i + 1);
        between = ", ";
    }
    return e;
}

void parts_free(struct parts *p)
{
    for (size_t i = 0; p->at != NULL && i < p->total; i++)
        buf_free(&p->at[i]);
    free(p->at);
    *p = (struct parts){.at = NULL};
}
