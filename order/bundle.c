/* SPDX-License-Identifier: Apache-2.0 */
#include "order/bundle_inner.h"

#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/policy.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "bundle"

/* --- sets --- */

static void free_item(struct bundle_item *item)
{
    buf_free(&item->place);
    buf_free(&item->text);
}

size_t bundle_find(const struct bundle_items *items, const char *place, bool *found)
{
    size_t low = 0, high = items->count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(buf_str(&items->at[middle].place), place);
        if (order == 0)
            *found = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err make_room(struct bundle_items *items)
{
    size_t room = items->room ? 2 * items->room : 16;

    if (items->count < items->room)
        return ERR_OK;
    struct bundle_item *grown = realloc(items->at, room * sizeof *grown);
    if (!grown)
        return ERR_NO_MEMORY;
    items->at = grown;
    items->room = room;
    return ERR_OK;
}

/* Two of one place: the same, or they contradict each other. */
static enum err compare(const struct bundle_row *row, const struct bundle_item *a,
                        const struct bundle_item *b)
{
    if (a->text.len == b->text.len && memcmp(a->text.data, b->text.data, a->text.len) == 0)
        return ERR_OK;
    if (row->conflict == ERR_BUNDLE_ORDER_CONFLICT && memcmp(a->order, b->order, DIGEST_LEN) == 0)
        return ERR_BUNDLE_POLICY_CONFLICT;
    return row->conflict;
}

/* Takes ITEM over, also on failure. */
static enum err insert(struct bundle *b, enum bundle_set set, struct bundle_item *item)
{
    struct bundle_items *items = &b->sets[set];
    bool found = false;
    size_t at = bundle_find(items, buf_str(&item->place), &found);
    enum err e = found ? compare(&bundle_rows[set], &items->at[at], item) : ERR_OK;

    if (e == ERR_OK && !found)
        e = items->count < bundle_rows[set].max ? make_room(items) : ERR_TOO_LARGE;
    if (e != ERR_OK || found) {
        free_item(item);
        return e;
    }
    memmove(&items->at[at + 1], &items->at[at], (items->count - at) * sizeof *item);
    items->at[at] = *item;
    items->count++;
    return ERR_OK;
}

static enum err read_item(const struct bundle *b, enum bundle_set set, const struct js *value,
                          struct bundle_item *out)
{
    *out = (struct bundle_item){.text = BUF_INIT(0)};
    enum err e = bundle_rows[set].read(b, value, out);
    if (e == ERR_OK)
        e = js_canon(value, &out->text);
    if (e != ERR_OK)
        free_item(out);
    return e;
}

/* --- what its elements say about each other --- */

static enum err check_order(const struct bundle *b, const struct bundle_item *item)
{
    char digest[DIGEST_TEXT_LEN + 1];
    struct policy *policy = NULL;
    struct js *value = NULL;
    bool found = false;

    text_hex(item->policy, DIGEST_LEN, digest);
    const struct bundle_items *policies = &b->sets[BUNDLE_POLICIES];
    size_t at = bundle_find(policies, digest, &found);
    if (!found)
        return ERR_POLICY_MISMATCH;
    const struct buf *text = &policies->at[at].text;
    enum err e = js_parse(text->data, text->len, &value);
    if (e == ERR_OK)
        e = policy_from_js(value, &policy);
    if (e == ERR_OK && !bundle_is_of_account(item, policy_account(policy)))
        e = ERR_ACCOUNT_MISMATCH;
    policy_free(policy);
    js_free(value);
    return e;
}

static enum err check(const struct bundle *b)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < b->sets[BUNDLE_ORDERS].count; i++)
        e = check_order(b, &b->sets[BUNDLE_ORDERS].at[i]);
    for (size_t i = 0; e == ERR_OK && i < b->sets[BUNDLE_DECISIONS].count; i++) {
        struct bundle_decision d;
        e = bundle_decision_at(b, i, &d);
        buf_free(&d.jws);
    }
    return e;
}

/* --- the document --- */

static enum err read_set(struct bundle *b, enum bundle_set set, const struct js *elements)
{
    struct bundle_items *items = &b->sets[set];
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < js_count(elements); i++) {
        struct bundle_item item;
        e = read_item(b, set, js_at(elements, i), &item);
        if (e != ERR_OK)
            break;
        if (items->count > 0 &&
            strcmp(buf_str(&items->at[items->count - 1].place), buf_str(&item.place)) >= 0) {
            free_item(&item);
            return ERR_DOC_MEMBER_INVALID;
        }
        e = insert(b, set, &item);
    }
    return e;
}

static enum err read_members(const struct js *value, struct bundle *out)
{
    const struct js *bank, *type, *version, *sets[BUNDLE_SETS];
    struct js_member table[BUNDLE_SETS + 3] = {
        MEMBER_TEXT("bank", true, &bank),
        MEMBER_TEXT("type", true, &type),
        MEMBER_INT("version", -JS_INT_MAX, JS_INT_MAX, &version),
    };
    for (enum bundle_set s = 0; s < BUNDLE_SETS; s++)
        table[3 + s] = (struct js_member)MEMBER_ARRAY(bundle_rows[s].member, 0,
                                                      (int64_t)bundle_rows[s].max, &sets[s]);
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK)
        e = member_type(type, TYPE, version);
    if (e == ERR_OK)
        e = member_text(bank, forms_bank, out->bank, sizeof out->bank);
    for (enum bundle_set s = 0; e == ERR_OK && s < BUNDLE_SETS; s++)
        e = read_set(out, s, sets[s]);
    return e == ERR_OK ? check(out) : e;
}

enum err bundle_parse(const void *bytes, size_t len, struct bundle *out)
{
    struct js *value = NULL;

    *out = (struct bundle){.bank = ""};
    if (len > BUNDLE_MAX)
        return ERR_TOO_LARGE;
    enum err e = js_parse_canonical(bytes, len, &value);
    if (e == ERR_OK)
        e = read_members(value, out);
    js_free(value);
    return e;
}

bool bundle_is_one(const struct js *value)
{
    return strcmp(js_member_text(value, "type"), TYPE) == 0;
}

enum err bundle_write(const struct bundle *b, struct buf *out)
{
    struct doc doc = {0};
    size_t before = out->len;

    doc_object(&doc);
    doc_text(&doc, "bank", b->bank);
    for (enum bundle_set s = 0; s < BUNDLE_SETS; s++) {
        const struct bundle_items *items = &b->sets[s];
        struct doc list = {0};
        doc_array(&list);
        for (size_t i = 0; i < items->count; i++)
            doc_canonical(&list, NULL, items->at[i].text.data, items->at[i].text.len);
        doc_put(&doc, bundle_rows[s].member, &list);
    }
    doc_text(&doc, "type", TYPE);
    doc_int(&doc, "version", 1);
    enum err e = check(b);
    if (e == ERR_OK)
        e = doc_canon(&doc, out);
    doc_free(&doc);
    return e == ERR_OK && out->len - before > BUNDLE_MAX ? ERR_TOO_LARGE : e;
}

void bundle_free(struct bundle *b)
{
    if (!b)
        return;
    for (enum bundle_set s = 0; s < BUNDLE_SETS; s++) {
        for (size_t i = 0; i < b->sets[s].count; i++)
            free_item(&b->sets[s].at[i]);
        free(b->sets[s].at);
    }
    *b = (struct bundle){.bank = ""};
}

static enum err copy_item(const struct bundle_item *from, struct bundle_item *out)
{
    *out = *from;
    out->place = out->text = (struct buf)BUF_INIT(0);
    enum err e = buf_add(&out->place, from->place.data, from->place.len);
    if (e == ERR_OK)
        e = buf_add(&out->text, from->text.data, from->text.len);
    if (e != ERR_OK)
        free_item(out);
    return e;
}

enum err bundle_merge(struct bundle *into, const struct bundle *from)
{
    enum err e = strcmp(into->bank, from->bank) == 0 ? ERR_OK : ERR_BANK_MISMATCH;

    for (enum bundle_set s = 0; s < BUNDLE_SETS; s++) {
        for (size_t i = 0; e == ERR_OK && i < from->sets[s].count; i++) {
            struct bundle_item item;
            e = copy_item(&from->sets[s].at[i], &item);
            if (e == ERR_OK)
                e = insert(into, s, &item);
        }
    }
    return e;
}

enum err bundle_add_value(struct bundle *b, enum bundle_set set, const struct js *value)
{
    struct bundle_item item;
    enum err e = read_item(b, set, value, &item);

    return e == ERR_OK ? insert(b, set, &item) : e;
}
