/* SPDX-License-Identifier: Apache-2.0 */
#include "order/sponsorship.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/shown.h"
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

enum err sponsorship_display_render(const struct sponsorship *said, struct buf *out)
{
    struct shown s = {out, ERR_OK};

    shown_text(&s, "I know this person and sponsor the request to be enrolled.\n\n");
    shown_line(&s, "Name", said->name);
    shown_thumbprint(&s, "New key", said->key);
    shown_thumbprint(&s, "Request", said->enrolment);
    shown_account(&s, "My account", said->account);
    shown_line(&s, "Bank", said->head.bank);
    return s.err;
}

enum err sponsorship_display_digest(const struct sponsorship *said, uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(SPONSORSHIP_DISPLAY_MAX);

    return shown_digest(sponsorship_display_render(said, &text), &text, out);
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
