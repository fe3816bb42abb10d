/* SPDX-License-Identifier: Apache-2.0 */
#include "order/rollover.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/member.h"
#include <string.h>

#define DAY_US (INT64_C(86400) * 1000000)

static enum err read_key(const struct js *value, struct key **out)
{
    uint8_t spki[KEY_SPKI_MAX];
    size_t len;
    enum err e = member_bytes(value, spki, sizeof spki, &len);

    return e == ERR_OK ? key_from_spki(spki, len, out) : e;
}

static enum err check(const struct rollover *r)
{
    bool sound = strcmp(key_thumbprint(r->old_root), key_thumbprint(r->new_root)) != 0 &&
                 r->head.expires_us - r->head.issued_us <= ROLLOVER_OVERLAP_MAX_DAYS * DAY_US;

    return sound ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err rollover_read(const struct js *payload, void *into)
{
    struct rollover *out = into;
    struct statement_members head;
    const struct js *log, *new_root, *old_root, *previous;
    const struct js_member table[] = {STATEMENT_ROWS(head, false), MEMBER_TEXT("log", true, &log),
                                      MEMBER_TEXT("new", true, &new_root),
                                      MEMBER_TEXT("old", true, &old_root),
                                      MEMBER_TEXT("previous", false, &previous)};
    enum err e = js_members(payload, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK && head.challenge)
        e = ERR_DOC_MEMBER_UNKNOWN; /* nobody challenges the bank */
    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK)
        e = member_text(log, forms_thumbprint, out->log, sizeof out->log);
    if (e == ERR_OK)
        e = read_key(new_root, &out->new_root);
    if (e == ERR_OK)
        e = read_key(old_root, &out->old_root);
    if (e == ERR_OK)
        e = member_digest(previous, out->previous);
    if (e == ERR_OK)
        e = check(out);
    out->follows = previous != NULL;
    if (e != ERR_OK)
        rollover_free(out);
    return e;
}

enum err rollover_parse(const void *payload, size_t len, struct rollover *out)
{
    return statement_parse(payload, len, rollover_read, out, sizeof *out);
}

static void put_key(struct doc *doc, const char *name, const struct key *key)
{
    size_t len;
    const uint8_t *spki = key_spki(key, &len);

    doc_bytes(doc, name, spki, len);
}

enum err rollover_make(const struct rollover *in, struct buf *out)
{
    struct doc doc = {0};
    enum err e;

    doc_object(&doc);
    statement_head_write(&in->head, &doc);
    doc_text(&doc, "log", in->log);
    put_key(&doc, "new", in->new_root);
    put_key(&doc, "old", in->old_root);
    if (in->follows)
        doc_digest(&doc, "previous", in->previous);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}

void rollover_free(struct rollover *r)
{
    if (!r)
        return;
    key_free(r->old_root);
    key_free(r->new_root);
    memset(r, 0, sizeof *r);
}
