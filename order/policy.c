/* SPDX-License-Identifier: Apache-2.0 */
#include "order/policy_inner.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/key.h"
#include "order/member.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_ALL "[{\"require\":\"all\"},{\"for\":\"cash\",\"require\":\"all\"}]"

/* --- reading --- */

static enum err read_holder(struct policy *p, const struct js *value, struct policy_holder *out)
{
    const struct js *class, *id;
    const struct js_member table[] = {MEMBER_TEXT("class", true, &class),
                                      MEMBER_TEXT("id", true, &id)};
    const char *name;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(id, forms_holder, out->id, sizeof out->id);
    if (e != ERR_OK)
        return e;
    name = js_text(class, NULL);
    if (strlen(name) == 1 && strchr("ABET", name[0]))
        out->class = name[0];
    else
        policy_note(p, POLICY_UNKNOWN, 0, 0, name);
    return ERR_OK;
}

/* Distinct and sorted is one comparison: each id is above the one before. */
static enum err read_holders(const struct js *array, struct policy *p)
{
    for (size_t i = 0; i < js_count(array); i++) {
        struct policy_holder *h = &p->holders[i];
        enum err e = read_holder(p, js_at(array, i), h);

        if (e != ERR_OK) {
            policy_note_form(p, 0, 0, "holders");
            return e;
        }
        if (i > 0 && strcmp(h[-1].id, h->id) >= 0)
            policy_note(p, POLICY_UNKNOWN, 0, 0, h->id);
        if (h->class && h->class != 'T')
            p->approvers |= (policy_set)1 << i;
        p->holder_count++;
    }
    return ERR_OK;
}

static enum err read_limit(const struct js *value, struct policy *p)
{
    const struct js *amount, *per;
    const struct js_member table[] = {MEMBER_TEXT("amount", true, &amount),
                                      MEMBER_TEXT("per", true, &per)};
    enum policy_period period = POLICY_DAY;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e != ERR_OK)
        return e;
    if (strcmp(js_text(per, NULL), "month") == 0)
        period = POLICY_MONTH;
    else if (strcmp(js_text(per, NULL), "day") != 0)
        policy_note(p, POLICY_UNKNOWN, 0, 0, js_text(per, NULL));
    if (p->limits[period] >= 0)
        policy_note(p, POLICY_UNKNOWN, 0, 0, js_text(per, NULL));
    e = policy_read_amount(p, amount, &p->limits[period]);
    if (e == ERR_OK && p->limits[period] == 0)
        policy_note(p, POLICY_ZERO, 0, 0, js_text(per, NULL));
    return e;
}

static enum err read_limits(const struct js *array, struct policy *p)
{
    enum err e = ERR_OK;

    p->limits[POLICY_DAY] = p->limits[POLICY_MONTH] = -1;
    for (size_t i = 0; e == ERR_OK && array && i < js_count(array); i++)
        e = read_limit(js_at(array, i), p);
    if (e != ERR_OK)
        policy_note_form(p, 0, 0, "limits");
    return e;
}

/* Distinct and sorted, of any class. */
static enum err read_deputies(const struct js *array, struct policy *p)
{
    for (size_t i = 0; array && i < js_count(array); i++) {
        const char *name = js_text(js_at(array, i), NULL);

        if (!name) {
            policy_note_form(p, 0, 0, "deputies");
            return ERR_DOC_MEMBER_INVALID;
        }
        size_t h = policy_find(p, name);
        policy_set person = h < p->holder_count ? (policy_set)1 << h : 0;
        if (person <= p->deputies)
            policy_note(p, POLICY_UNKNOWN, 0, 0, name);
        p->deputies |= person;
    }
    return ERR_OK;
}

struct members {
    const struct js *account, *bank, *currency, *deputies, *holders, *limits, *rules, *signatures,
        *title, *type, *from, *until, *version;
};

static enum err read_members(struct policy *p, const struct js *value, struct members *m)
{
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &m->account),
        MEMBER_TEXT("bank", true, &m->bank),
        MEMBER_TEXT("currency", false, &m->currency),
        {"deputies", JS_ARRAY, false, 1, POLICY_HOLDERS_MAX, &m->deputies},
        MEMBER_ARRAY("holders", 0, POLICY_HOLDERS_MAX, &m->holders),
        {"limits", JS_ARRAY, false, 1, POLICY_LIMITS_MAX, &m->limits},
        MEMBER_ARRAY("rules", 0, JS_INT_MAX, &m->rules),
        MEMBER_TEXT("signatures", false, &m->signatures),
        MEMBER_TEXT("title", true, &m->title),
        MEMBER_TEXT("type", true, &m->type),
        MEMBER_TEXT("validFrom", true, &m->from),
        MEMBER_TEXT("validUntil", false, &m->until),
        MEMBER_INT("version", 1, JS_INT_MAX, &m->version),
    };

    return policy_members(p, 0, 0, value, table, MEMBER_ROWS(table));
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

static enum err read_envelope(const struct members *m, struct policy *p)
{
    enum err e = strcmp(js_text(m->type, NULL), "policy") == 0 ? ERR_OK : ERR_DOC_TYPE;

    if (e == ERR_OK)
        e = member_text(m->bank, forms_bank, p->bank, sizeof p->bank);
    if (e == ERR_OK)
        e = member_text(m->account, iban_check, p->account, sizeof p->account);
    if (e == ERR_OK)
        e = member_text(m->currency, amount_check_currency, p->currency, sizeof p->currency);
    if (e == ERR_OK)
        e = member_line(m->title, 70, p->title, sizeof p->title);
    if (e == ERR_OK)
        e = read_times(m, p);
    p->version = js_int(m->version);
    return e;
}

static enum err read_all(const struct js *value, struct policy *p)
{
    struct members m = {0};
    enum err e = js_canon(value, &p->bytes);

    if (e == ERR_OK)
        e = key_digest(p->bytes.data, p->bytes.len, p->digest);
    if (e == ERR_OK)
        e = read_members(p, value, &m);
    if (e == ERR_OK)
        e = read_envelope(&m, p);
    if (e == ERR_OK)
        e = read_holders(m.holders, p);
    if (e == ERR_OK)
        e = read_deputies(m.deputies, p);
    if (e == ERR_OK)
        e = read_limits(m.limits, p);
    if (e == ERR_OK) {
        e = policy_signatures_read(m.signatures, &p->single);
        if (e != ERR_OK)
            policy_note_form(p, 0, 0, "signatures");
    }
    return e == ERR_OK ? policy_rules_read(p, m.rules) : e;
}

enum err policy_read(const struct js *value, struct policy_findings *found, struct policy **out)
{
    struct policy *p = calloc(1, sizeof *p);
    enum err e;

    *out = NULL;
    if (!p)
        return ERR_NO_MEMORY;
    p->bytes.max = POLICY_MAX;
    p->found = found;
    e = read_all(value, p);
    if (e == ERR_OK)
        policy_check(p);
    p->found = NULL;
    if (e == ERR_OK) {
        *out = p;
        p = NULL;
    }
    policy_free(p);
    return e;
}

enum err policy_from_js(const struct js *value, struct policy **out)
{
    struct policy_findings found = {.count = 0};

    *out = NULL;
    if (!value)
        return ERR_DOC_MEMBER_MISSING;
    enum err e = policy_read(value, &found, out);
    if (e == ERR_OK && found.fatal) {
        policy_free(*out);
        *out = NULL;
        e = ERR_POLICY_INVALID;
    }
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
    for (size_t i = 0; i < p->rule_count; i++)
        policy_rule_free(&p->rules[i]);
    policy_rule_free(&p->change);
    free(p->rules);
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

const char *policy_currency(const struct policy *p)
{
    return p->currency;
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

bool policy_wants_single(const struct policy *p)
{
    return p->single;
}

bool policy_may_submit(const struct policy *p, const char *holder)
{
    return policy_find(p, holder) < p->holder_count;
}

bool policy_may_approve(const struct policy *p, const char *holder)
{
    size_t i = policy_find(p, holder);

    return i < p->holder_count && (p->approvers >> i & 1);
}

bool policy_lets_delegate(const struct policy *p, const char *principal, const char *deputy)
{
    size_t d = policy_find(p, deputy);

    return policy_may_approve(p, principal) && strcmp(principal, deputy) != 0 &&
           d < p->holder_count && (p->deputies >> d & 1);
}

size_t policy_holder_count(const struct policy *p)
{
    return p->holder_count;
}

const char *policy_holder(const struct policy *p, size_t i)
{
    return i < p->holder_count ? p->holders[i].id : NULL;
}

char policy_holder_class(const struct policy *p, size_t i)
{
    return i < p->holder_count ? p->holders[i].class : 0;
}

int64_t policy_valid_from(const struct policy *p)
{
    return p->valid_from_us;
}

int64_t policy_valid_until(const struct policy *p)
{
    return p->valid_until_us ? p->valid_until_us : INT64_MAX;
}

int64_t policy_waited(int64_t since_us, int64_t now_us)
{
    int64_t waited_s = now_us / TEXT_SECOND_US - since_us / TEXT_SECOND_US;

    return waited_s > 0 ? waited_s * TEXT_SECOND_US : 0;
}

int64_t policy_opens(int64_t since_us, int64_t wait_us)
{
    return since_us / TEXT_SECOND_US * TEXT_SECOND_US + wait_us;
}

int64_t policy_limit(const struct policy *p, enum policy_period period)
{
    return p->limits[period];
}

/* --- writing --- */

static void write_people(const struct policy_person *people, size_t count, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < count; i++) {
        const char class[] = {people[i].class, 0};
        struct doc one = {0};

        doc_object(&one);
        doc_text(&one, "class", class);
        doc_text(&one, "id", people[i].id);
        doc_push(out, &one);
    }
}

static void write_terms(const struct policy_terms *in, struct doc *out)
{
    const char *rules = in->rules[0] ? in->rules : RULE_ALL;
    struct doc list = {0};

    write_people(in->people, in->count, &list);
    doc_object(out);
    doc_text(out, "account", in->account);
    doc_text(out, "bank", in->bank);
    doc_text_optional(out, "currency", in->currency);
    if (in->deputies[0])
        doc_canonical(out, "deputies", in->deputies, strlen(in->deputies));
    doc_put(out, "holders", &list);
    if (in->limits[0])
        doc_canonical(out, "limits", in->limits, strlen(in->limits));
    doc_canonical(out, "rules", rules, strlen(rules));
    doc_text_optional(out, "signatures", in->single ? POLICY_SINGLE : "");
    doc_text(out, "title", in->title);
    doc_text(out, "type", "policy");
    doc_time(out, "validFrom", in->valid_from_us);
    doc_int(out, "version", in->version);
}

enum err policy_write(const struct policy_terms *in, struct buf *out)
{
    struct doc doc = {0};
    enum err e;

    write_terms(in, &doc);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}

enum err policy_make(const struct policy_terms *in, struct buf *out)
{
    struct buf bytes = BUF_INIT(POLICY_MAX);
    struct policy *check = NULL;
    enum err e = policy_write(in, &bytes);

    if (e == ERR_OK)
        e = policy_parse(bytes.data, bytes.len, &check);
    if (e == ERR_OK)
        e = buf_add(out, bytes.data, bytes.len);
    policy_free(check);
    buf_free(&bytes);
    return e;
}
