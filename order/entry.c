/* SPDX-License-Identifier: Apache-2.0 */
#include "order/entry.h"

#include "base/text.h"
#include "order/forms.h"
#include "order/json.h"
#include "order/member.h"
#include <string.h>

#define LEAF_ROOM ((size_t)256) /* more than any leaf in clear storage has */

/* SHA-256 of salt || body. */
static enum err commit(const uint8_t salt[static ENTRY_SALT_LEN], const void *body, size_t body_len,
                       uint8_t out[static DIGEST_LEN])
{
    if (body_len > ENTRY_BODY_MAX)
        return ERR_TOO_LARGE;
    return key_digest_joined(salt, ENTRY_SALT_LEN, body, body_len, out);
}

/* The commitment is the seal as well, in clear storage. */
enum err entry_leaf_write(uint64_t index, int64_t time_us,
                          const uint8_t commitment[static DIGEST_LEN], struct buf *out)
{
    char sealed[DIGEST_TEXT_LEN + 1], time[TEXT_TIME_LEN + 1], number[TEXT_INT_MAX + 1];

    if (index > (uint64_t)JS_INT_MAX)
        return ERR_TOO_LARGE;
    text_hex(commitment, DIGEST_LEN, sealed);
    text_time(time_us, time);
    text_int((int64_t)index, number);
    const char *const parts[] = {"{\"commitment\":\"",
                                 sealed,
                                 "\",\"index\":",
                                 number,
                                 ",\"sealed\":\"",
                                 sealed,
                                 "\",\"storage\":\"clear\",\"time\":\"",
                                 time,
                                 "\",\"version\":1}"};
    enum err e = buf_reserve(out, LEAF_ROOM);
    for (size_t i = 0; e == ERR_OK && i < sizeof parts / sizeof *parts; i++)
        e = buf_add_str(out, parts[i]);
    return e;
}

enum err entry_make(uint64_t index, int64_t time_us, const uint8_t salt[static ENTRY_SALT_LEN],
                    const void *body, size_t body_len, struct entry_leaf *out)
{
    struct buf document = {0};

    *out = (struct entry_leaf){.index = index, .time_us = time_us};
    enum err e = commit(salt, body, body_len, out->commitment);
    if (e == ERR_OK)
        e = entry_leaf_write(index, time_us, out->commitment, &document);
    if (e == ERR_OK)
        e = merkle_leaf(document.data, document.len, &out->hash);
    buf_free(&document);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    return e;
}

static enum err read_leaf(const struct js *value, struct entry_leaf *out)
{
    const struct js *commitment, *index, *sealed, *storage, *time, *version;
    const struct js_member table[] = {
        MEMBER_TEXT("commitment", true, &commitment),
        MEMBER_INT("index", 0, JS_INT_MAX, &index),
        MEMBER_TEXT("sealed", true, &sealed),
        MEMBER_TEXT("storage", true, &storage),
        MEMBER_TEXT("time", true, &time),
        MEMBER_INT("version", -JS_INT_MAX, JS_INT_MAX, &version),
    };
    uint8_t seal[DIGEST_LEN];
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_type(NULL, NULL, version);
    if (e == ERR_OK)
        e = member_digest(commitment, out->commitment);
    if (e == ERR_OK)
        e = member_digest(sealed, seal);
    if (e == ERR_OK)
        e = member_time(time, &out->time_us);
    if (e != ERR_OK)
        return e;
    if (strcmp(js_text(storage, NULL), "clear") != 0)
        return ERR_DOC_MEMBER_INVALID;
    out->index = (uint64_t)js_int(index);
    return memcmp(seal, out->commitment, DIGEST_LEN) == 0 ? ERR_OK : ERR_PROOF_INVALID;
}

enum err entry_leaf_from_js(const struct js *leaf, struct entry_leaf *out)
{
    struct buf form = {0};
    enum err e;

    memset(out, 0, sizeof *out);
    e = read_leaf(leaf, out);
    if (e == ERR_OK)
        e = js_canon(leaf, &form);
    if (e == ERR_OK)
        e = merkle_leaf(form.data, form.len, &out->hash);
    buf_free(&form);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    return e;
}

enum err entry_check(const struct entry_leaf *leaf, const uint8_t salt[static ENTRY_SALT_LEN],
                     const void *body, size_t body_len)
{
    uint8_t commitment[DIGEST_LEN];
    enum err e = commit(salt, body, body_len, commitment);

    if (e != ERR_OK)
        return e == ERR_TOO_LARGE ? ERR_PROOF_INVALID : e;
    return memcmp(commitment, leaf->commitment, DIGEST_LEN) == 0 ? ERR_OK : ERR_PROOF_INVALID;
}
