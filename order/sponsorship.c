/* SPDX-License-Identifier: Apache-2.0 */
#include "order/sponsorship.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/text.h"
#include <string.h>

/* --- reading --- */

static enum err check_name(const char *text, size_t len)
{
    return utext_check(text, len, ENROLMENT_NAME_CHARS);
}

static enum err read_sponsorship(const struct js *value, void *into)
{
    struct sponsorship *out = into;
    struct statement_members head;
    const struct js *account, *display, *display_digest, *enrolment, *key, *name;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("account", true, &account),
        MEMBER_TEXT("display", true, &display),
        MEMBER_TEXT("displayDigest", true, &display_digest),
        MEMBER_TEXT("enrolment", true, &enrolment),
        MEMBER_TEXT("key", true, &key),
        MEMBER_TEXT("name", true, &name),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK && strcmp(js_text(display, NULL), SPONSORSHIP_DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK)
        e = member_text(enrolment, forms_thumbprint, out->enrolment, sizeof out->enrolment);
    if (e == ERR_OK)
        e = member_text(key, forms_thumbprint, out->key, sizeof out->key);
    if (e == ERR_OK)
        e = member_text(name, check_name, out->name, sizeof out->name);
    return e == ERR_OK ? member_digest(display_digest, out->display_digest) : e;
}

enum err sponsorship_parse(const void *payload, size_t len, struct sponsorship *out)
{
    return statement_parse(payload, len, read_sponsorship, out, sizeof *out);
}

/* --- what is shown; frozen, like the display of an order --- */

enum err sponsorship_display_render(const struct sponsorship *s, struct buf *out)
{
    char account[IBAN_GROUPED_MAX + 1];
    enum err e = buf_addf(out,
                          "I know this person and sponsor the request to be enrolled.\n\n"
                          "%-14s%s\n",
                          "Name", s->name);

    if (e == ERR_OK)
        e = statement_show_thumbprint(out, "New key", s->key);
    if (e == ERR_OK)
        e = statement_show_thumbprint(out, "Request", s->enrolment);
    iban_grouped(s->account, account);
    return e == ERR_OK
               ? buf_addf(out, "%-14s%s\n%-14s%s\n", "My account", account, "Bank", s->head.bank)
               : e;
}

enum err sponsorship_display_digest(const struct sponsorship *s, uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(SPONSORSHIP_DISPLAY_MAX);
    enum err e;

    memset(out, 0, DIGEST_LEN);
    e = sponsorship_display_render(s, &text);
    if (e == ERR_OK)
        e = key_digest(text.data, text.len, out);
    buf_free(&text);
    return e;
}

/* --- writing --- */

enum err sponsorship_make(const struct sponsorship *in, struct buf *out)
{
    uint8_t digest[DIGEST_LEN];
    struct doc doc = {0};
    enum err e = sponsorship_display_digest(in, digest);

    if (e != ERR_OK)
        return e;
    doc_object(&doc);
    statement_head_write(&in->head, &doc);
    doc_text(&doc, "account", in->account);
    doc_text(&doc, "display", SPONSORSHIP_DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", digest);
    doc_text(&doc, "enrolment", in->enrolment);
    doc_text(&doc, "key", in->key);
    doc_text(&doc, "name", in->name);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
