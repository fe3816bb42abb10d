/* SPDX-License-Identifier: Apache-2.0 */
#include "order/rotation.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/shown.h"
#include <string.h>

#define SPKI_ROOM 2048 /* bytes: room for keys that are refused by name */

/* --- reading --- */

enum err rotation_name(struct rotation *r, const uint8_t *spki, size_t len)
{
    struct key *key = NULL;
    enum err e = key_from_spki(spki, len, &key);

    if (e != ERR_OK)
        return e;
    memcpy(r->spki, spki, len); /* of a known curve: no longer than KEY_SPKI_MAX */
    r->spki_len = len;
    memcpy(r->thumbprint, key_thumbprint(key), sizeof r->thumbprint);
    r->alg = key_algorithm(key);
    key_free(key);
    if (strcmp(r->thumbprint, r->replaces) == 0)
        return ERR_KEY_NOT_NEW;
    return rotation_display_digest(r, r->display_digest);
}

static enum err read_key(const struct js *value, struct rotation *out)
{
    uint8_t spki[SPKI_ROOM];
    size_t len = 0;
    enum err e = member_bytes(value, spki, sizeof spki, &len);

    return e == ERR_OK ? rotation_name(out, spki, len) : e;
}

static enum err read_rotation(const struct js *value, void *into)
{
    struct rotation *out = into;
    struct statement_members head;
    const struct js *display, *display_digest, *key, *proof, *replaces;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("display", true, &display),
        MEMBER_TEXT("displayDigest", true, &display_digest),
        MEMBER_TEXT("key", true, &key),
        MEMBER_TEXT("proof", true, &proof),
        MEMBER_TEXT("replaces", true, &replaces),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK && strcmp(js_text(display, NULL), ROTATION_DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_text(replaces, forms_thumbprint, out->replaces, sizeof out->replaces);
    if (e == ERR_OK)
        e = read_key(key, out);
    if (e == ERR_OK)
        e = member_text(proof, NULL, out->proof, sizeof out->proof);
    return e == ERR_OK ? member_digest(display_digest, out->display_digest) : e;
}

enum err rotation_parse(const void *payload, size_t len, struct rotation *out)
{
    return statement_parse(payload, len, read_rotation, out, sizeof *out);
}

/* --- what is shown; frozen, like the display of an order --- */

enum err rotation_display_render(const struct rotation *r, struct buf *out)
{
    struct shown s = {out, ERR_OK};

    shown_text(&s, "I replace my key. Only the new one signs for me from now on.\n\n");
    shown_thumbprint(&s, "New key", r->thumbprint);
    shown_line(&s, "Signs by", key_alg_name(r->alg));
    shown_thumbprint(&s, "Old key", r->replaces);
    shown_line(&s, "Bank", r->head.bank);
    return s.err;
}

enum err rotation_display_digest(const struct rotation *r, uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(ROTATION_DISPLAY_MAX);

    return shown_digest(rotation_display_render(r, &text), &text, out);
}

/* --- writing --- */

static enum err write_payload(const struct rotation *r, const char *proof, struct buf *out)
{
    struct doc doc = {0};
    enum err e;

    doc_object(&doc);
    statement_head_write(&r->head, &doc);
    doc_text(&doc, "display", ROTATION_DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", r->display_digest);
    doc_bytes(&doc, "key", r->spki, r->spki_len);
    doc_text_optional(&doc, "proof", proof);
    doc_text(&doc, "replaces", r->replaces);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}

enum err rotation_offer(const struct rotation *r, struct buf *out)
{
    return write_payload(r, "", out);
}

enum err rotation_make(const struct rotation *r, struct buf *out)
{
    return write_payload(r, r->proof, out);
}
