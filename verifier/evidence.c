/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/checkpoint.h"
#include "order/entry.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/member.h"
#include "verifier/rollovers.h"
#include "verifier/story.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define EVIDENCE_MAX ((size_t)4 << 20) /* bytes */
#define ENTRIES_MAX 1024

struct evidence {
    char bank[BANK_MAX + 1];
    char account[IBAN_MAX + 1];
    char order[ORDER_ID_LEN + 1];
    const struct js *bank_keys, *checkpoint, *entries, *rollovers;
    struct checkpoint head;
    char root[KEY_THUMBPRINT_LEN + 1]; /* that signed bank_keys */
    struct rollovers_way way;          /* from the pin to it */
    unsigned put_back;                 /* how often the bank's clock was, from entry to entry */
};

/* --- the parts of the file --- */

static enum err read_file(const struct js *value, struct evidence *ev)
{
    const struct js *account, *bank, *order, *type, *version;
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &account),
        MEMBER_TEXT("bank", true, &bank),
        MEMBER_TEXT("bankKeys", true, &ev->bank_keys),
        MEMBER_TEXT("checkpoint", true, &ev->checkpoint),
        MEMBER_ARRAY("entries", 1, ENTRIES_MAX, &ev->entries),
        MEMBER_TEXT("order", true, &order),
        {"rollovers", JS_ARRAY, false, 1, VERIFY_ROLLOVERS_MAX, &ev->rollovers},
        MEMBER_TEXT("type", true, &type),
        MEMBER_INT("version", -JS_INT_MAX, JS_INT_MAX, &version),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_type(type, "evidence", version);
    if (e == ERR_OK)
        e = member_text(bank, forms_bank, ev->bank, sizeof ev->bank);
    if (e == ERR_OK)
        e = member_text(account, iban_check, ev->account, sizeof ev->account);
    return e == ERR_OK ? member_text(order, forms_order_id, ev->order, sizeof ev->order) : e;
}

static const struct bank_key *log_key_of(const struct statement_bank_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].use == BANK_KEY_LOG)
            return &keys->keys[i];
    }
    return NULL;
}

/* The statement under the root key that signed it, whose turn comes in check_root. */
static enum err check_bank_keys(struct evidence *ev, struct statement_bank_keys *keys)
{
    struct jws_parts parts;
    size_t len;
    const char *text = js_text(ev->bank_keys, &len);
    enum err e = jws_split(text, len, &parts);

    if (e != ERR_OK)
        return e;
    memcpy(ev->root, parts.header.kid, KEY_THUMBPRINT_LEN); /* jws_split knows that it is one */
    e = verify_bank_keys(text, len, ev->root, keys);
    return e == ERR_OK && strcmp(keys->head.bank, ev->bank) != 0 ? ERR_BANK_MISMATCH : e;
}

/* From the pin to the root key: it is the pinned one, or rollovers lead there, those of the file or
 * those that the reader has. OWN is the file's. */
static enum err check_root(struct evidence *ev, const struct verify_evidence_input *in,
                           const struct verify_rollovers *own, const struct key *log)
{
    const struct verify_rollovers *given = in->rollovers, *longer = NULL;
    const char *newest = rollovers_newest(own);
    enum err e = ERR_OK;

    if (newest && strcmp(newest, ev->root) != 0)
        return ERR_KEY_MISMATCH;
    if (verify_rollovers_count(given) &&
        strcmp(verify_rollovers_at(given, 0)->head.bank, ev->bank) != 0)
        return ERR_BANK_MISMATCH;
    e = rollovers_longer(own, given, &longer);
    return e == ERR_OK
               ? rollovers_way(longer, in->bank_key, ev->root, key_thumbprint(log), &ev->way)
               : e;
}

static enum err check_rollovers(struct evidence *ev, const struct verify_evidence_input *in,
                                const struct key *log)
{
    struct verify_rollovers *own = NULL;
    enum err e = ev->rollovers ? verify_rollovers(ev->rollovers, ev->bank, &own) : ERR_OK;

    if (e == ERR_OK)
        e = check_root(ev, in, own, log);
    verify_rollovers_free(own);
    return e;
}

/* From the pinned root key to the log key to the checkpoint. */
static enum err check_head(struct evidence *ev, const struct verify_evidence_input *in, char *where,
                           size_t where_len)
{
    struct statement_bank_keys keys;
    const struct bank_key *log_key;
    struct key *key = NULL;
    const char *text;
    size_t len;
    enum err e;

    snprintf(where, where_len, "bankKeys");
    e = check_bank_keys(ev, &keys);
    if (e != ERR_OK)
        return e;
    log_key = log_key_of(&keys);
    e = log_key ? key_from_spki(log_key->spki, log_key->spki_len, &key) : ERR_EVIDENCE_INCOMPLETE;
    if (e == ERR_OK && ev->rollovers)
        snprintf(where, where_len, "rollovers");
    if (e == ERR_OK)
        e = check_rollovers(ev, in, key);
    if (e == ERR_OK) {
        snprintf(where, where_len, "checkpoint");
        text = js_text(ev->checkpoint, &len);
        e = checkpoint_verify(text, len, ev->bank, key, &ev->head);
    }
    key_free(key);
    return e;
}

/* --- one entry --- */

struct entry {
    const struct js *body;
    struct entry_leaf leaf;
    uint8_t salt[ENTRY_SALT_LEN];
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    size_t proof_len;
};

static enum err read_entry(const struct js *value, struct entry *out)
{
    const struct js *leaf, *proof, *salt;
    const struct js_member table[] = {
        MEMBER_OBJECT("body", true, &out->body), MEMBER_OBJECT("leaf", true, &leaf),
        MEMBER_ARRAY("proof", 0, MERKLE_PROOF_MAX, &proof), MEMBER_TEXT("salt", true, &salt)};
    size_t salt_len;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = entry_leaf_from_js(leaf, &out->leaf);
    if (e == ERR_OK)
        e = member_bytes(salt, out->salt, sizeof out->salt, &salt_len);
    if (e == ERR_OK && salt_len != ENTRY_SALT_LEN)
        e = ERR_DOC_MEMBER_INVALID;
    if (e != ERR_OK)
        return e;
    out->proof_len = js_count(proof);
    for (size_t i = 0; e == ERR_OK && i < out->proof_len; i++)
        e = member_hash(js_at(proof, i), out->proof[i].b);
    return e;
}

/* The body is the one that the leaf commits to, and the leaf stands in the tree. */
static enum err prove_entry(const struct entry *en, const struct checkpoint *head)
{
    struct buf body = BUF_INIT(ENTRY_BODY_MAX);
    enum err e = js_canon(en->body, &body);

    if (e == ERR_OK)
        e = entry_check(&en->leaf, en->salt, body.data, body.len);
    if (e == ERR_OK)
        e = merkle_check_inclusion(en->leaf.index, head->size, &en->leaf.hash, en->proof,
                                   en->proof_len, &head->root);
    buf_free(&body);
    return e;
}

/* Says which entry it is. Its type is a word of section 11 or nothing that people need to see. */
static void name_entry(const struct entry *en, size_t i, char *where, size_t where_len)
{
    const char *type = js_text(js_get(en->body, "type"), NULL);
    bool word = type && type[0] && !type[strspn(type, "abcdefghijklmnopqrstuvwxyz-")];

    snprintf(where, where_len, "entries[%zu], log index %llu, %.32s", i,
             (unsigned long long)en->leaf.index, word ? type : "of no known type");
}

/* Where EN stands: behind BEFORE, an entry of the file; NULL for none. Times fall only at an entry
 * about an accepted clock, which is not here and so stands between the two. */
static enum err check_place(struct evidence *ev, const struct entry_leaf *before,
                            const struct entry *en)
{
    const struct entry_leaf *leaf = &en->leaf;

    if (before && leaf->index <= before->index)
        return ERR_EVIDENCE_CONTRADICTION;
    if (before && leaf->time_us < before->time_us) {
        if (leaf->index == before->index + 1)
            return ERR_EVIDENCE_CONTRADICTION;
        ev->put_back++;
    }
    return leaf->time_us > ev->way.until_us ? ERR_ROLLOVER_EXPIRED : ERR_OK;
}

static enum err add_entries(struct evidence *ev, struct story *story, char *where, size_t where_len)
{
    struct entry_leaf before = {0};
    struct entry en;
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < js_count(ev->entries); i++) {
        snprintf(where, where_len, "entries[%zu]", i);
        e = read_entry(js_at(ev->entries, i), &en);
        if (e == ERR_OK)
            e = prove_entry(&en, &ev->head);
        if (e == ERR_OK)
            e = check_place(ev, i ? &before : NULL, &en);
        if (e == ERR_OK) {
            name_entry(&en, i, where, where_len);
            e = story_add(story, &en.leaf, en.body);
        }
        before = en.leaf;
    }
    return e;
}

/* --- the whole --- */

static enum err check_story(const struct verify_evidence_input *in, struct evidence *ev,
                            struct verify_report *out, char *where, size_t where_len)
{
    const struct story_subject subject = {ev->bank, ev->account, ev->order, in->holder_keys,
                                          in->holder_key_count};
    struct story *story = NULL;
    enum err e = story_new(&subject, &story);

    if (e == ERR_OK)
        e = add_entries(ev, story, where, where_len);
    if (e == ERR_OK) {
        snprintf(where, where_len, "end of entries");
        e = story_report(story, out);
    }
    story_free(story);
    return e;
}

static void tell_root(const struct evidence *ev, struct verify_report *out)
{
    out->rollovers = (unsigned)ev->way.count;
    if (ev->way.count)
        memcpy(out->root, ev->root, sizeof out->root);
    if (ev->way.until_us != INT64_MAX)
        out->root_until_us = ev->way.until_us;
}

enum err verify_evidence(const struct verify_evidence_input *in, struct verify_report *out)
{
    char where[sizeof out->where] = "file";
    struct evidence ev = {0};
    struct js *value = NULL;
    enum err e;

    memset(out, 0, sizeof *out);
    e = in->len > EVIDENCE_MAX ? ERR_TOO_LARGE : js_parse_canonical(in->bytes, in->len, &value);
    if (e == ERR_OK)
        e = read_file(value, &ev);
    if (e == ERR_OK)
        e = check_head(&ev, in, where, sizeof where);
    if (e == ERR_OK)
        e = check_story(in, &ev, out, where, sizeof where);
    js_free(value);
    if (e == ERR_OK) {
        out->tree_size = ev.head.size;
        out->put_back = ev.put_back;
        tell_root(&ev, out);
        return ERR_OK;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->where, where, sizeof where);
    return e;
}
