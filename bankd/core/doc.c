/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/doc.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include "order/member.h"

void doc_object(struct doc *d)
{
    d->err = js_object_new(&d->root);
}

void doc_array(struct doc *d)
{
    d->err = js_array_new(&d->root);
}

void doc_free(struct doc *d)
{
    if (!d)
        return;
    js_free(d->root);
    d->root = NULL;
}

void doc_text(struct doc *d, const char *name, const char *text)
{
    if (!d->err)
        d->err = js_set_text(d->root, name, text);
}

void doc_int(struct doc *d, const char *name, int64_t value)
{
    if (!d->err)
        d->err = js_set_int(d->root, name, value);
}

void doc_bool(struct doc *d, const char *name, bool value)
{
    if (!d->err)
        d->err = js_set_bool(d->root, name, value);
}

void doc_time(struct doc *d, const char *name, int64_t time_us)
{
    if (!d->err)
        d->err = member_set_time(d->root, name, time_us);
}

void doc_digest(struct doc *d, const char *name, const uint8_t digest[static DIGEST_LEN])
{
    if (!d->err)
        d->err = member_set_digest(d->root, name, digest);
}

void doc_bytes(struct doc *d, const char *name, const void *bytes, size_t len)
{
    if (!d->err)
        d->err = member_set_bytes(d->root, name, bytes, len);
}

void doc_money(struct doc *d, const char *name, int64_t minor, const char *currency)
{
    char text[AMOUNT_TEXT_MAX + 1] = "";

    if (!d->err)
        d->err = amount_text(minor, currency, text);
    doc_text(d, name, text);
}

void doc_json(struct doc *d, const char *name, const void *bytes, size_t len)
{
    struct doc child = {0};

    child.err = js_parse(bytes, len, &child.root);
    if (child.err && child.err != ERR_NO_MEMORY)
        child.err = ERR_STORE_FAILED;
    doc_put(d, name, &child);
}

void doc_put(struct doc *d, const char *name, struct doc *child)
{
    if (!d->err)
        d->err = child->err;
    if (!d->err) {
        d->err = js_set(d->root, name, child->root);
        child->root = NULL;
    }
    doc_free(child);
}

void doc_push(struct doc *d, struct doc *child)
{
    if (!d->err)
        d->err = child->err;
    if (!d->err) {
        d->err = js_push(d->root, child->root);
        child->root = NULL;
    }
    doc_free(child);
}

void doc_push_text(struct doc *d, const char *text)
{
    if (!d->err)
        d->err = js_push_text(d->root, text);
}

void doc_push_base64(struct doc *d, const void *bytes, size_t len)
{
    struct buf text = {0};

    if (!d->err)
        d->err = text_b64_add(&text, bytes, len);
    doc_push_text(d, buf_str(&text));
    buf_free(&text);
}

enum err doc_canon(const struct doc *d, struct buf *out)
{
    return d->err ? d->err : js_canon(d->root, out);
}
