/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/rollovers.h"

#include "base/text.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/member.h"
#include <stdlib.h>
#include <string.h>

#define AHEAD_US (10 * TEXT_SECOND_US) /* as section 10 has it */

struct link {
    struct rollover said;
    uint8_t digest[DIGEST_LEN]; /* of the payload */
};

struct verify_rollovers {
    size_t count;
    struct link link[VERIFY_ROLLOVERS_MAX];
};

/* --- the roots, oldest first: one more than there are rollovers --- */

static const char *root_at(const struct verify_rollovers *r, size_t i)
{
    const struct link *l = &r->link[i < r->count ? i : r->count - 1];

    return key_thumbprint(i < r->count ? l->said.old_root : l->said.new_root);
}

/* SIZE_MAX: none of them. */
static size_t root_index(const struct verify_rollovers *r, const char *thumbprint)
{
    for (size_t i = 0; r && r->count && i <= r->count; i++) {
        if (strcmp(root_at(r, i), thumbprint) == 0)
            return i;
    }
    return SIZE_MAX;
}

const char *rollovers_newest(const struct verify_rollovers *r)
{
    return r && r->count ? root_at(r, r->count) : NULL;
}

/* --- one rollover --- */

/* The payload names the keys that sign it, so it is read before its signatures are checked; what
 * makes up for it is that a reader comes to these keys from his pin. */
static enum err read_payload(const struct js *statement, struct rollover *said)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct jws_parts parts;
    size_t len;
    const char *text = js_text(statement, &len);
    enum err e = jws_split(text, len, &parts);

    if (e == ERR_OK && strcmp(parts.header.typ, statement_typ(STATEMENT_ROLLOVER)) != 0)
        e = ERR_JWS_TYPE;
    if (e == ERR_OK)
        e = text_unb64url(parts.payload_b64, parts.payload_b64_len, &payload);
    if (e == ERR_OK)
        e = rollover_parse(payload.data, payload.len, said);
    buf_free(&payload);
    return e;
}

static enum err open_as(const struct js *statement, const struct key *signer, struct buf *payload)
{
    struct jws_parts parts;
    size_t len;
    const char *text = js_text(statement, &len);
    enum err e = jws_split(text, len, &parts);

    return e == ERR_OK
               ? jws_verify_statement(&parts, statement_typ(STATEMENT_ROLLOVER), signer, payload)
               : e;
}

/* Both roots signed the same bytes. */
static enum err read_link(const struct js *value, struct link *out)
{
    const struct js *by_new, *by_old;
    const struct js_member table[] = {MEMBER_TEXT("new", true, &by_new),
                                      MEMBER_TEXT("old", true, &by_old)};
    struct buf said = BUF_INIT(JWS_MAX), again = BUF_INIT(JWS_MAX);
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = read_payload(by_old, &out->said);
    if (e == ERR_OK)
        e = open_as(by_old, out->said.old_root, &said);
    if (e == ERR_OK)
        e = open_as(by_new, out->said.new_root, &again);
    if (e == ERR_OK && (said.len != again.len || memcmp(said.data, again.data, said.len) != 0))
        e = ERR_ROLLOVER_UNPROVEN;
    if (e == ERR_OK)
        e = key_digest(said.data, said.len, out->digest);
    buf_free(&said);
    buf_free(&again);
    return e;
}

/* NEXT comes behind those in R, and replaces the newest root by one that never was one. */
static enum err check_place(const struct verify_rollovers *r, const struct link *next)
{
    const struct link *last = r->count ? &r->link[r->count - 1] : NULL;
    size_t old = root_index(r, key_thumbprint(next->said.old_root));

    if (last && old < r->count)
        return ERR_ROLLOVER_FORK;
    if (last ? old != r->count : next->said.follows)
        return ERR_ROLLOVER_GAP;
    if (root_index(r, key_thumbprint(next->said.new_root)) != SIZE_MAX)
        return ERR_ROLLOVER_LOOP;
    if (last && (!next->said.follows || memcmp(next->said.previous, last->digest, DIGEST_LEN) != 0))
        return ERR_ROLLOVER_GAP;
    return ERR_OK;
}

/* --- the chain --- */

static enum err add(struct verify_rollovers *r, const struct js *value, const char *bank)
{
    struct link *next = &r->link[r->count];
    enum err e = read_link(value, next);

    if (e == ERR_OK && strcmp(next->said.head.bank, bank ? bank : r->link[0].said.head.bank) != 0)
        e = ERR_BANK_MISMATCH;
    if (e == ERR_OK)
        e = check_place(r, next);
    if (e == ERR_OK)
        r->count++;
    else
        rollover_free(&next->said);
    return e;
}

enum err verify_rollovers(const struct js *list, const char *bank, struct verify_rollovers **out)
{
    struct verify_rollovers *r;
    enum err e = ERR_OK;

    *out = NULL;
    if (js_type(list) != JS_ARRAY || js_count(list) > VERIFY_ROLLOVERS_MAX)
        return ERR_DOC_MEMBER_INVALID;
    r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < js_count(list); i++)
        e = add(r, js_at(list, i), bank);
    if (e == ERR_OK) {
        *out = r;
        return ERR_OK;
    }
    verify_rollovers_free(r);
    return e;
}

void verify_rollovers_free(struct verify_rollovers *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        rollover_free(&r->link[i].said);
    free(r);
}

size_t verify_rollovers_count(const struct verify_rollovers *r)
{
    return r ? r->count : 0;
}

const struct rollover *verify_rollovers_at(const struct verify_rollovers *r, size_t i)
{
    return &r->link[i].said;
}

const uint8_t *verify_rollovers_digest(const struct verify_rollovers *r, size_t i)
{
    return r->link[i].digest;
}

enum err verify_rolled(const struct verify_rollovers *r, const char *pin, int64_t now_us,
                       const char **root)
{
    size_t from = root_index(r, pin);

    *root = NULL;
    if (from == SIZE_MAX)
        return ERR_KEY_MISMATCH;
    for (size_t i = from; i < r->count; i++) {
        const struct statement *head = &r->link[i].said.head;
        if (head->issued_us > now_us + AHEAD_US)
            return ERR_ISSUED_IN_FUTURE;
        if (head->expires_us <= now_us)
            return ERR_ROLLOVER_EXPIRED;
    }
    *root = root_at(r, r->count);
    return ERR_OK;
}

/* --- evidence --- */

enum err rollovers_longer(const struct verify_rollovers *a, const struct verify_rollovers *b,
                          const struct verify_rollovers **out)
{
    size_t a_count = verify_rollovers_count(a), b_count = verify_rollovers_count(b);
    size_t both = a_count < b_count ? a_count : b_count;

    *out = a_count < b_count ? b : a;
    for (size_t i = 0; i < both; i++) {
        if (memcmp(a->link[i].digest, b->link[i].digest, DIGEST_LEN) != 0)
            return ERR_ROLLOVER_FORK;
    }
    return ERR_OK;
}

enum err rollovers_way(const struct verify_rollovers *r, const char *pin, const char *root,
                       const char *log, struct rollovers_way *out)
{
    size_t to = root_index(r, root), from = root_index(r, pin);

    *out = (struct rollovers_way){0, INT64_MAX};
    if (strcmp(pin, root) == 0)
        return ERR_OK;
    if (to == SIZE_MAX || from == SIZE_MAX)
        return ERR_KEY_MISMATCH;
    out->count = from < to ? to - from : from - to;
    if (from < to)
        return ERR_OK;
    /* Whoever has the old root key by now may name what he likes: believed is what the new root
     * said of it when it took over. */
    if (strcmp(r->link[to].said.log, log) != 0)
        return ERR_KEY_MISMATCH;
    out->until_us = r->link[to].said.head.expires_us;
    return ERR_OK;
}
