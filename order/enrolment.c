/* SPDX-License-Identifier: Apache-2.0 */
#include "order/enrolment.h"

#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/member.h"
#include "order/pkcs10.h"
#include <string.h>

#define LIFE_MIN_US (86400 * TEXT_SECOND_US)
#define LIFE_MAX_US (30 * 86400 * TEXT_SECOND_US)

static const char *const uses[] = {
    [KEY_USE_SIGN] = "sign", [KEY_USE_AUTHENTICATE] = "authenticate", [KEY_USE_DERIVE] = "derive"};

const char *key_use_name(enum key_use use)
{
    return uses[use];
}

/* --- reading --- */

/* A request is also what proves the key: only a key that signs nothing comes without. */
static enum err read_one(const struct js *value, enum key_use use, struct enrolment *out)
{
    uint8_t der[PKCS10_MAX];
    size_t len;
    enum err e = member_bytes(value, der, sizeof der, &len);

    if (e == ERR_DOC_MEMBER_INVALID)
        e = ERR_REQUEST_INVALID; /* its length */
    if (e != ERR_OK)
        return e;
    return use == KEY_USE_DERIVE ? key_from_spki(der, len, &out->key[use])
                                 : pkcs10_read(der, len, out->name, &out->key[use]);
}

static enum err check_apart(const struct enrolment *in)
{
    for (size_t a = 0; a < KEY_USES; a++) {
        for (size_t b = 0; b < a; b++) {
            if (in->key[a] && in->key[b] &&
                strcmp(key_thumbprint(in->key[a]), key_thumbprint(in->key[b])) == 0)
                return ERR_KEY_REPEATED;
        }
    }
    return ERR_OK;
}

static enum err read_requests(const struct js *value, struct enrolment *out)
{
    const struct js *request[KEY_USES];
    const struct js_member table[] = {
        MEMBER_TEXT(uses[KEY_USE_AUTHENTICATE], false, &request[KEY_USE_AUTHENTICATE]),
        MEMBER_TEXT(uses[KEY_USE_DERIVE], false, &request[KEY_USE_DERIVE]),
        MEMBER_TEXT(uses[KEY_USE_SIGN], true, &request[KEY_USE_SIGN])};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    for (size_t use = 0; e == ERR_OK && use < KEY_USES; use++) {
        if (request[use])
            e = read_one(request[use], (enum key_use)use, out);
    }
    return e == ERR_OK ? check_apart(out) : e;
}

static enum err check_life(const struct statement *head)
{
    int64_t life_us = head->expires_us - head->issued_us;

    return life_us >= LIFE_MIN_US && life_us <= LIFE_MAX_US ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err read_enrolment(const struct js *value, struct enrolment *out)
{
    struct statement_members head;
    const struct js *holder, *name, *requests;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("holder", false, &holder),
        MEMBER_TEXT("name", true, &name),
        MEMBER_OBJECT("requests", true, &requests),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK && head.challenge)
        e = ERR_DOC_MEMBER_UNKNOWN; /* the bank challenges keys that it knows */
    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK)
        e = check_life(&out->head);
    if (e == ERR_OK)
        e = member_text(holder, forms_holder, out->holder, sizeof out->holder);
    if (e == ERR_OK)
        e = member_line(name, ENROLMENT_NAME_CHARS, out->name, sizeof out->name);
    return e == ERR_OK ? read_requests(requests, out) : e;
}

enum err enrolment_parse(const void *payload, size_t len, struct enrolment *out)
{
    struct js *value = NULL;
    enum err e;

    *out = (struct enrolment){.name = ""};
    e = js_parse_canonical(payload, len, &value);
    if (e == ERR_OK)
        e = read_enrolment(value, out);
    js_free(value);
    if (e != ERR_OK)
        enrolment_free(out);
    return e;
}

void enrolment_free(struct enrolment *e)
{
    if (!e)
        return;
    for (size_t use = 0; use < KEY_USES; use++)
        key_free(e->key[use]);
    memset(e, 0, sizeof *e);
}

/* --- making --- */

enum err enrolment_make(const struct statement *head, const char *holder, const char *name,
                        const struct buf request[static KEY_USES], struct buf *out)
{
    struct doc doc = {0}, requests = {0};

    doc_object(&requests);
    for (size_t use = 0; use < KEY_USES; use++) {
        if (request[use].len)
            doc_bytes(&requests, uses[use], request[use].data, request[use].len);
    }
    doc_object(&doc);
    statement_head_write(head, &doc);
    doc_text_optional(&doc, "holder", holder);
    doc_text(&doc, "name", name);
    doc_put(&doc, "requests", &requests);
    enum err e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}

enum err enrolment_id(const char *jws, size_t len, char out[static ENROLMENT_ID_LEN + 1])
{
    uint8_t digest[DIGEST_LEN];
    enum err e = key_digest(jws, len, digest);

    out[0] = 0;
    if (e == ERR_OK)
        text_b64url(digest, sizeof digest, out);
    return e;
}
