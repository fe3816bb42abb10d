/* SPDX-License-Identifier: Apache-2.0 */
#include "order/statement.h"

#include "order/doc.h"
#include "order/json.h"
#include <string.h>

static const char *const typs[] = {
    [STATEMENT_DECISION] = "countersign-decision+jws",
    [STATEMENT_BATCH_DECISION] = "countersign-batch-decision+jws",
    [STATEMENT_LOGIN] = "countersign-login+jws",
    [STATEMENT_ENROLMENT] = "countersign-enrolment+jws",
    [STATEMENT_ROTATION] = "countersign-rotation+jws",
    [STATEMENT_ROTATION_PROOF] = "countersign-rotation-proof+jws",
    [STATEMENT_POLICY] = "countersign-policy+jws",
    [STATEMENT_APPLICATION] = "countersign-application+jws",
    [STATEMENT_DELEGATION] = "countersign-delegation+jws",
    [STATEMENT_SPONSORSHIP] = "countersign-sponsorship+jws",
    [STATEMENT_OPERATOR_ACT] = "countersign-operator-act+jws",
    [STATEMENT_TERMINAL] = "countersign-terminal+jws",
    [STATEMENT_BANK_KEYS] = "countersign-bank-keys+jws",
    [STATEMENT_ROLLOVER] = "countersign-rollover+jws",
};

static const char *const uses[] = {[BANK_KEY_LOG] = "log", [BANK_KEY_UNWRAP] = "unwrap"};

const char *statement_typ(enum statement_kind kind)
{
    return typs[kind];
}

/* --- the members that every statement has --- */

enum err statement_head_read(const struct statement_members *m, struct statement *out)
{
    enum err e = member_type(NULL, NULL, m->version);

    if (e == ERR_OK)
        e = member_text(m->bank, forms_bank, out->bank, sizeof out->bank);
    if (e == ERR_OK)
        e = member_text(m->challenge, forms_nonce, out->challenge, sizeof out->challenge);
    if (e == ERR_OK)
        e = member_text(m->nonce, forms_nonce, out->nonce, sizeof out->nonce);
    if (e == ERR_OK)
        e = member_time(m->issued, &out->issued_us);
    if (e == ERR_OK)
        e = member_time(m->expires, &out->expires_us);
    if (e == ERR_OK && out->expires_us <= out->issued_us)
        e = ERR_DOC_MEMBER_INVALID;
    return e;
}

void statement_head_write(const struct statement *head, struct doc *out)
{
    doc_text(out, "bank", head->bank);
    doc_text_optional(out, "challenge", head->challenge);
    doc_time(out, "expires", head->expires_us);
    doc_time(out, "issued", head->issued_us);
    doc_text(out, "nonce", head->nonce);
    doc_int(out, "version", 1);
}

enum err statement_parse(const void *payload, size_t len, statement_read read, void *out,
                         size_t size)
{
    struct js *value = NULL;
    enum err e;

    memset(out, 0, size);
    e = js_parse_canonical(payload, len, &value);
    if (e == ERR_OK)
        e = read(value, out);
    js_free(value);
    if (e != ERR_OK)
        memset(out, 0, size);
    return e;
}

/* --- login --- */

static enum err login_read(const struct js *payload, void *into)
{
    struct statement_login *out = into;
    struct statement_members head;
    const struct js *session;
    const struct js_member table[] = {STATEMENT_ROWS(head, true),
                                      MEMBER_TEXT("session", true, &session)};
    enum err e = js_members(payload, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    return e == ERR_OK ? member_text(session, forms_thumbprint, out->session, sizeof out->session)
                       : e;
}

enum err statement_login_parse(const void *payload, size_t len, struct statement_login *out)
{
    return statement_parse(payload, len, login_read, out, sizeof *out);
}

enum err statement_login_make(const struct statement_login *in, struct buf *out)
{
    struct doc doc = {0};
    enum err e;

    doc_object(&doc);
    statement_head_write(&in->head, &doc);
    doc_text(&doc, "session", in->session);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}

/* --- the bank's keys --- */

static enum bank_key_use use_from_name(const char *name)
{
    for (unsigned u = BANK_KEY_LOG; u <= BANK_KEY_UNWRAP; u++) {
        if (strcmp(name, uses[u]) == 0)
            return (enum bank_key_use)u;
    }
    return 0;
}

/* The key inside must be sound, and the thumbprint beside it its own. */
static enum err check_spki(const uint8_t *spki, size_t len, const char *thumbprint)
{
    struct key *key = NULL;
    enum err e = key_from_spki(spki, len, &key);

    if (e == ERR_OK && thumbprint && strcmp(key_thumbprint(key), thumbprint) != 0)
        e = ERR_KEY_MISMATCH;
    key_free(key);
    return e;
}

static enum err bank_key_read(const struct js *value, struct bank_key *out)
{
    const struct js *spki, *thumbprint, *use;
    const struct js_member table[] = {MEMBER_TEXT("spki", true, &spki),
                                      MEMBER_TEXT("thumbprint", true, &thumbprint),
                                      MEMBER_TEXT("use", true, &use)};
    char text[KEY_THUMBPRINT_LEN + 1];
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(thumbprint, forms_thumbprint, text, sizeof text);
    if (e == ERR_OK)
        e = member_bytes(spki, out->spki, sizeof out->spki, &out->spki_len);
    if (e != ERR_OK)
        return e;
    out->use = use_from_name(js_text(use, NULL));
    return out->use ? check_spki(out->spki, out->spki_len, text) : ERR_DOC_MEMBER_INVALID;
}

static enum err bank_keys_read(const struct js *payload, void *into)
{
    struct statement_bank_keys *out = into;
    struct statement_members head;
    const struct js *keys, *root;
    const struct js_member table[] = {STATEMENT_ROWS(head, false),
                                      MEMBER_ARRAY("keys", 1, BANK_KEYS_MAX, &keys),
                                      MEMBER_TEXT("root", true, &root)};
    unsigned log_keys = 0;
    enum err e = js_members(payload, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK && head.challenge)
        e = ERR_DOC_MEMBER_UNKNOWN; /* nobody challenges the bank */
    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK)
        e = member_bytes(root, out->root_spki, sizeof out->root_spki, &out->root_spki_len);
    if (e == ERR_OK)
        e = check_spki(out->root_spki, out->root_spki_len, NULL);
    if (e != ERR_OK)
        return e;
    for (; e == ERR_OK && out->count < js_count(keys); out->count++) {
        e = bank_key_read(js_at(keys, out->count), &out->keys[out->count]);
        log_keys += out->keys[out->count].use == BANK_KEY_LOG;
    }
    return e == ERR_OK && log_keys != 1 ? ERR_DOC_MEMBER_INVALID : e;
}

enum err statement_bank_keys_parse(const void *payload, size_t len, struct statement_bank_keys *out)
{
    return statement_parse(payload, len, bank_keys_read, out, sizeof *out);
}

static void bank_key_push(struct doc *list, const struct bank_key *in)
{
    struct doc one = {0};
    struct key *key = NULL;
    enum err e = key_from_spki(in->spki, in->spki_len, &key);

    doc_object(&one);
    if (e == ERR_OK) {
        doc_bytes(&one, "spki", in->spki, in->spki_len);
        doc_text(&one, "thumbprint", key_thumbprint(key));
        doc_text(&one, "use", uses[in->use]);
    } else {
        doc_fail(&one, e);
    }
    doc_push(list, &one);
    key_free(key);
}

enum err statement_bank_keys_make(const struct statement_bank_keys *in, struct buf *out)
{
    struct doc doc = {0}, keys = {0};
    enum err e;

    doc_array(&keys);
    for (size_t i = 0; i < in->count; i++)
        bank_key_push(&keys, &in->keys[i]);
    doc_object(&doc);
    statement_head_write(&in->head, &doc);
    doc_put(&doc, "keys", &keys);
    doc_bytes(&doc, "root", in->root_spki, in->root_spki_len);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
