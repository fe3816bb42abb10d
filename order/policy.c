/* SPDX-License-Identifier: Apache-2.0 */
#include "order/policy.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/key.h"
#include "order/member.h"
#include <stdlib.h>
#include <string.h>

#define RULE_ALL "[{\"require\":\"all\"}]"

struct holder {
    char id[HOLDER_MAX + 1];
    bool approves; /* his class may approve */
};

struct policy {
    struct buf bytes;
    uint8_t digest[DIGEST_LEN];
    char bank[BANK_MAX + 1];
    char account[IBAN_MAX + 1];
    char title[POLICY_TITLE_BYTES + 1];
    int64_t version;
    int64_t valid_from_us, valid_until_us; /* until 0: for ever */
    struct holder holders[POLICY_HOLDERS_MAX];
    size_t holder_count;
    unsigned required; /* approvals; never zero */
};

/* --- reading --- */

static const struct class_row {
    const char *name;
    bool approves;
} classes[] = {{"A", true}, {"B", true}, {"E", true}, {"T", false}};

static const struct class_row *find_class(const char *name)
{
    for (size_t i = 0; i < MEMBER_ROWS(classes); i++) {
        if (strcmp(classes[i].name, name) == 0)
            return &classes[i];
    }
    return NULL;
}

static enum err read_holder(const struct js *value, struct holder *out)
{
    const struct js *class, *id;
    const struct js_member table[] = {MEMBER_TEXT("class", true, &class),
                                      MEMBER_TEXT("id", true, &id)};
    const struct class_row *row;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(id, forms_holder, out->id, sizeof out->id);
    if (e != ERR_OK)
        return e;
    row = find_class(js_text(class, NULL));
    if (!row)
        return ERR_POLICY_INVALID;
    out->approves = row->approves;
    return ERR_OK;
}

/* Distinct and sorted is one comparison: each id is above the one before. */
static enum err read_holders(const struct js *array, struct policy *p)
{
    for (size_t i = 0; i < js_count(array); i++) {
        enum err e = read_holder(js_at(array, i), &p->holders[i]);

        if (e != ERR_OK)
            return e;
        if (i > 0 && strcmp(p->holders[i - 1].id, p->holders[i].id) >= 0)
            return ERR_POLICY_INVALID;
        p->holder_count++;
        p->required += p->holders[i].approves;
    }
    return ERR_OK;
}

static enum err read_rules(const struct js *array)
{
    const struct js *require;
    const struct js_member table[] = {MEMBER_TEXT("require", true, &require)};
    enum err e;

    if (js_count(array) != 1)
        return ERR_POLICY_INVALID;
    e = js_members(js_at(array, 0), table, MEMBER_ROWS(table), NULL);
    if (e != ERR_OK)
        return e;
    return strcmp(js_text(require, NULL), "all") == 0 ? ERR_OK : ERR_POLICY_INVALID;
}

struct members {
    const struct js *account, *bank, *holders, *rules, *title, *type, *from, *until, *version;
};

static enum err read_members(const struct js *value, struct members *m)
{
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &m->account),
        MEMBER_TEXT("bank", true, &m->bank),
        MEMBER_ARRAY("holders", 0, POLICY_HOLDERS_MAX, &m->holders),
        MEMBER_ARRAY("rules", 0, JS_INT_MAX, &m->rules),
        MEMBER_TEXT("title", true, &m->title),
        MEMBER_TEXT("type", true, &m->type),
        MEMBER_TEXT("validFrom", true, &m->from),
        MEMBER_TEXT("validUntil", false, &m->until),
        MEMBER_INT("version", 1, JS_INT_MAX, &m->version),
    };

    return js_members(value, table, MEMBER_ROWS(table), NULL);
}

static enum err read_times(const struct members *m, struct policy *p)
{
    enum err e = member_time(m->from, &p->valid_from_us);

    if (e == ERR_OK)
        e = member_time(m->until, &p->valid_until_us);
    if (e == ERR_OK && m->until && p->valid_until_us <= p->valid_from_us)
        e = ERR_DOC_MEMBER_INVALID;
    return e;
}

static enum err read_policy(const struct js *value, struct policy *p)
{
    struct members m;
    enum err e = read_members(value, &m);

    if (e == ERR_OK && strcmp(js_text(m.type, NULL), "policy") != 0)
        e = ERR_DOC_TYPE;
    if (e == ERR_OK)
        e = member_text(m.bank, forms_bank, p->bank, sizeof p->bank);
    if (e == ERR_OK)
        e = member_text(m.account, iban_check, p->account, sizeof p->account);
    if (e == ERR_OK)
        e = member_line(m.title, 70, p->title, sizeof p->title);
    if (e == ERR_OK)
        e = read_times(&m, p);
    if (e == ERR_OK)
        e = read_rules(m.rules);
    if (e == ERR_OK)
        e = read_holders(m.holders, p);
    if (e != ERR_OK)
        return e;
    p->version = js_int(m.version);
    return p->required > 0 ? ERR_OK : ERR_POLICY_INVALID;
}

enum err policy_from_js(const struct js *value, struct policy **out)
{
    struct policy *p;
    enum err e;

    *out = NULL;
    p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NO_MEMORY;
    p->bytes.max = POLICY_MAX;
    e = js_canon(value, &p->bytes);
    if (e == ERR_OK)
        e = read_policy(value, p);
    if (e == ERR_OK)
        e = key_digest(p->bytes.data, p->bytes.len, p->digest);
    if (e == ERR_OK) {
        *out = p;
        p = NULL;
    }
    policy_free(p);
    return e;
}

enum err policy_parse(const void *bytes, size_t len, struct policy **out)
{
    struct js *value = NULL;
    enum err e;

    *out = NULL;
    if (len > POLICY_MAX)
        return ERR_TOO_LARGE;
    e = js_parse_canonical(bytes, len, &value);
    if (e == ERR_OK)
        e = policy_from_js(value, out);
    js_free(value);
    return e;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    buf_free(&p->bytes);
    free(p);
}

/* --- what it says --- */

const char *policy_bank(const struct policy *p)
{
    return p->bank;
}

const char *policy_account(const struct policy *p)
{
    return p->account;
}

const char *policy_title(const struct policy *p)
{
    return p->title;
}

int64_t policy_version(const struct policy *p)
{
    return p->version;
}

const uint8_t *policy_digest(const struct policy *p)
{
    return p->digest;
}

const char *policy_bytes(const struct policy *p, size_t *len)
{
    *len = p->bytes.len;
    return buf_str(&p->bytes);
}

bool policy_valid_at(const struct policy *p, int64_t time_us)
{
    return time_us >= p->valid_from_us && (!p->valid_until_us || time_us < p->valid_until_us);
}

/* The holder's index; holder_count if he is none. */
static size_t find_holder(const struct policy *p, const char *id)
{
    size_t i = 0;

    while (i < p->holder_count && strcmp(p->holders[i].id, id) != 0)
        i++;
    return i;
}

bool policy_may_submit(const struct policy *p, const char *holder)
{
    return find_holder(p, holder) < p->holder_count;
}

bool policy_may_approve(const struct policy *p, const char *holder)
{
    size_t i = find_holder(p, holder);

    return i < p->holder_count && p->holders[i].approves;
}

size_t policy_holder_count(const struct policy *p)
{
    return p->holder_count;
}

const char *policy_holder(const struct policy *p, size_t i)
{
    return i < p->holder_count ? p->holders[i].id : NULL;
}

void policy_judge(const struct policy *p, const struct policy_vote *votes, size_t count,
                  struct policy_verdict *out)
{
    unsigned named[POLICY_HOLDERS_MAX] = {0};
    unsigned rejected = 0;

    memset(out, 0, sizeof *out);
    out->required = p->required;
    for (size_t i = 0; i < count; i++) {
        size_t h = find_holder(p, votes[i].holder);

        if (h < p->holder_count)
            named[h]++;
    }
    for (size_t i = 0; i < count; i++) {
        size_t h = find_holder(p, votes[i].holder);

        /* Who is named twice is a contradiction and counts for nothing. */
        if (h == p->holder_count || !p->holders[h].approves || named[h] != 1)
            continue;
        if (votes[i].approves)
            out->given++;
        else
            rejected++;
    }
    out->reached = out->given >= out->required;
    out->unreachable = rejected > 0;
}

/* --- writing --- */

static void write_holders(const char *const *holders, size_t count, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < count; i++) {
        struct doc one = {0};

        doc_object(&one);
        doc_text(&one, "class", "A");
        doc_text(&one, "id", holders[i]);
        doc_push(out, &one);
    }
}

enum err policy_make_all(const char *bank, const char *account, const char *title, int64_t version,
                         int64_t valid_from_us, const char *const *holders, size_t count,
                         struct buf *out)
{
    struct buf bytes = BUF_INIT(POLICY_MAX);
    struct doc doc = {0}, list = {0};
    struct policy *check = NULL;
    enum err e;

    write_holders(holders, count, &list);
    doc_object(&doc);
    doc_text(&doc, "account", account);
    doc_text(&doc, "bank", bank);
    doc_put(&doc, "holders", &list);
    doc_canonical(&doc, "rules", RULE_ALL, sizeof RULE_ALL - 1);
    doc_text(&doc, "title", title);
    doc_text(&doc, "type", "policy");
    doc_time(&doc, "validFrom", valid_from_us);
    doc_int(&doc, "version", version);
    e = doc_canon(&doc, &bytes);
    if (e == ERR_OK)
        e = policy_parse(bytes.data, bytes.len, &check);
    if (e == ERR_OK)
        e = buf_add(out, bytes.data, bytes.len);
    policy_free(check);
    doc_free(&doc);
    buf_free(&bytes);
    return e;
}
