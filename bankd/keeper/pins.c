/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/pins.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/forms.h"
#include "order/json.h"
#include "order/member.h"
#include "order/rollover.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "operators"
#define FILE_MODE 0600
#define FILE_MAX ((size_t)2 << 20) /* bytes */
#define TYPE "keeper-operators"

struct pin *pins_find(struct pins *p, const char *thumbprint)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(key_thumbprint(p->pin[i].key), thumbprint) == 0)
            return &p->pin[i];
    }
    return NULL;
}

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct pin *pin = pins_find(ctx, thumbprint);

    return pin ? pin->key : NULL;
}

struct verify_keys pins_keys(struct pins *p)
{
    return (struct verify_keys){find_key, p};
}

static struct pin *next_of(struct pins *p, const struct pin *pin)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->pin[i].replaces, key_thumbprint(pin->key)) == 0)
            return &p->pin[i];
    }
    return NULL;
}

/* --- what waits --- */

bool pins_unsign(struct pin_signers *s, const char *operator_id)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->by[i], operator_id) == 0)
            continue;
        memmove(s->by[kept], s->by[i], sizeof s->by[0]);
        s->issued_us[kept++] = s->issued_us[i];
    }
    s->count = kept;
    return kept > 0;
}

/* "roles otto enrolment" is about otto. */
static bool is_about(const struct pin_change *c, const char *operator_id)
{
    size_t verb = strcspn(c->subject, " "), len = strlen(operator_id);
    const char *named = c->subject + verb + (c->subject[verb] == ' ');

    return strncmp(named, operator_id, len) == 0 && (named[len] == ' ' || named[len] == '\0');
}

void pins_forget(struct pins *p, const char *operator_id, const char *but)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->change_count; i++) {
        struct pin_change *c = &p->change[i];
        bool wanted = strcmp(c->subject, but) == 0 || !is_about(c, operator_id);
        if (wanted && pins_unsign(&c->signers, operator_id))
            p->change[kept++] = *c;
    }
    p->change_count = kept;
    kept = 0;
    for (size_t i = 0; i < p->admission_count; i++) {
        if (pins_unsign(&p->admission[i].signers, operator_id))
            p->admission[kept++] = p->admission[i];
    }
    p->admission_count = kept;
    if (!pins_unsign(&p->rollover.signers, operator_id))
        p->rollover = (struct pin_rollover){0};
}

void pins_raise(struct pin *pin, int64_t now_us)
{
    int64_t floor_us = now_us - now_us % TEXT_SECOND_US;

    if (pin->floor_us < floor_us)
        pin->floor_us = floor_us;
}

/* A key is added behind the one whose place it takes, so this comes to an end. */
void pins_take(struct pins *p, struct pin *pin, bool revoked, int64_t now_us)
{
    pins_forget(p, pin->operator_id, "");
    for (; pin; pin = next_of(p, pin)) {
        pins_raise(pin, now_us);
        pin->active = false;
        pin->revoked = pin->revoked || revoked;
        pin->retired = pin->retired && !pin->revoked;
    }
}

enum err pins_add(struct pins *p, const char *operator_id, const uint8_t *spki, size_t len,
                  struct pin **out)
{
    struct key *key = NULL;

    *out = NULL;
    enum err e = key_from_spki(spki, len, &key);
    if (e)
        return e;
    struct pin *there = pins_find(p, key_thumbprint(key));
    if (there || p->count == PINS_MAX) {
        key_free(key);
        if (!there)
            return ERR_TOO_LARGE;
        *out = there;
        return strcmp(there->operator_id, operator_id) == 0 ? ERR_OK : ERR_KEY_TAKEN;
    }
    struct pin *pin = &p->pin[p->count++];
    *pin = (struct pin){.key = key, .active = true};
    snprintf(pin->operator_id, sizeof pin->operator_id, "%s", operator_id);
    *out = pin;
    return ERR_OK;
}

bool pins_counts(struct pins *p, const struct pin *pin)
{
    while (pin && !pin->active)
        pin = next_of(p, pin);
    return pin != NULL;
}

bool pins_stay(struct pins *p, const struct pin *pin)
{
    size_t before = p->change_count;
    char subject[PINS_SUBJECT_MAX + 1];

    for (; pin; pin = next_of(p, pin)) {
        (void)snprintf(subject, sizeof subject, "resume %s %s", pin->operator_id,
                       key_thumbprint(pin->key));
        for (size_t i = p->change_count; i-- > 0;) {
            if (strcmp(p->change[i].subject, subject) == 0)
                p->change[i] = p->change[--p->change_count];
        }
    }
    return p->change_count < before;
}

/* Keys are only ever added. */
void pins_go_back(struct pins *p, const struct pins *before)
{
    for (size_t i = before->count; i < p->count; i++)
        key_free(p->pin[i].key);
    *p = *before;
}

void pins_free(struct pins *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        key_free(p->pin[i].key);
    free(p);
}

/* --- reading --- */

static enum err read_roles(const struct js *list, role_set *out)
{
    enum role role;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < js_count(list); i++) {
        const char *name = js_text(js_at(list, i), NULL);
        e = name ? role_from_name(name, &role) : ERR_KEEPER_STATE;
        if (!e)
            *out |= ROLE_BIT(role);
    }
    return e;
}

static enum err read_pin(const struct js *value, struct pins *p)
{
    const struct js *changed, *floor, *operator_id, *replaces, *roles, *spki, *status;
    const struct js_member table[] = {MEMBER_INT("changed", 0, JS_INT_MAX, &changed),
                                      {"floor", JS_INT, false, 0, JS_INT_MAX, &floor},
                                      MEMBER_TEXT("operator", true, &operator_id),
                                      MEMBER_TEXT("replaces", false, &replaces),
                                      MEMBER_ARRAY("roles", 0, ROLE_COUNT, &roles),
                                      MEMBER_TEXT("spki", true, &spki),
                                      MEMBER_TEXT("status", true, &status)};
    char id[HOLDER_MAX + 1];
    uint8_t der[KEY_SPKI_MAX];
    size_t len;
    struct pin *pin;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (!e)
        e = member_text(operator_id, forms_holder, id, sizeof id);
    if (!e)
        e = member_bytes(spki, der, sizeof der, &len);
    if (!e)
        e = pins_add(p, id, der, len, &pin);
    if (e)
        return e;
    pin->changed_us = js_int(changed);
    pin->floor_us = floor ? js_int(floor) : 0;
    pin->active = strcmp(js_text(status, NULL), "active") == 0;
    pin->revoked = strcmp(js_text(status, NULL), "revoked") == 0;
    pin->retired = strcmp(js_text(status, NULL), "retired") == 0;
    if (replaces)
        e = member_text(replaces, forms_thumbprint, pin->replaces, sizeof pin->replaces);
    return e ? e : read_roles(roles, &pin->roles);
}

static enum err read_act(const struct js *value, struct pins *p)
{
    const struct js *issued, *kid, *nonce;
    const struct js_member table[] = {MEMBER_TEXT("issued", true, &issued),
                                      MEMBER_TEXT("kid", true, &kid),
                                      MEMBER_TEXT("nonce", true, &nonce)};
    struct pin_act *act = &p->act[p->act_count++];
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (!e)
        e = member_text(kid, forms_thumbprint, act->kid, sizeof act->kid);
    if (!e)
        e = member_text(nonce, forms_nonce, act->nonce, sizeof act->nonce);
    return e ? e : member_time(issued, &act->issued_us);
}

static enum err read_signers(const struct js *list, struct pin_signers *out)
{
    enum err e = ERR_OK;

    for (; !e && out->count < js_count(list); out->count++) {
        const struct js *one = js_at(list, out->count);
        e = js_type(one) != JS_TEXT
                ? ERR_KEEPER_STATE
                : member_text(one, forms_holder, out->by[out->count], sizeof out->by[0]);
    }
    return e;
}

/* One for each who signed; none of one that was written before they were. */
static enum err read_issued(const struct js *list, struct pin_signers *out)
{
    enum err e = !list || js_count(list) == out->count ? ERR_OK : ERR_KEEPER_STATE;

    for (size_t i = 0; !e && list && i < out->count; i++) {
        const struct js *one = js_at(list, i);
        e = js_type(one) == JS_TEXT ? member_time(one, &out->issued_us[i]) : ERR_KEEPER_STATE;
    }
    return e;
}

static enum err read_admission(const struct js *value, struct pins *p)
{
    const struct js *another, *by, *complete, *enrolment, *expires, *holder, *issued;
    const struct js_member table[] = {{"another", JS_BOOL, false, 0, 0, &another},
                                      MEMBER_ARRAY("by", 1, PINS_SIGNERS_MAX, &by),
                                      {"complete", JS_BOOL, false, 0, 0, &complete},
                                      MEMBER_TEXT("enrolment", true, &enrolment),
                                      MEMBER_TEXT("expires", true, &expires),
                                      MEMBER_TEXT("holder", true, &holder),
                                      {"issued", JS_ARRAY, false, 1, PINS_SIGNERS_MAX, &issued}};
    struct pin_admission *a = &p->admission[p->admission_count++];
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (!e)
        e = member_text(enrolment, forms_thumbprint, a->enrolment, sizeof a->enrolment);
    if (!e)
        e = member_time(expires, &a->expires_us);
    if (!e)
        e = member_text(holder, forms_holder, a->holder, sizeof a->holder);
    a->another = !e && js_bool(another);
    a->complete = !e && js_bool(complete);
    if (!e)
        e = read_signers(by, &a->signers);
    return e ? e : read_issued(issued, &a->signers);
}

static enum err read_change(const struct js *value, struct pins *p)
{
    const struct js *by, *expires, *subject;
    const struct js_member table[] = {MEMBER_ARRAY("by", 1, PINS_SIGNERS_MAX, &by),
                                      MEMBER_TEXT("expires", true, &expires),
                                      MEMBER_TEXT("subject", true, &subject)};
    struct pin_change *c = &p->change[p->change_count++];
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (!e)
        e = member_line(subject, PINS_SUBJECT_MAX, c->subject, sizeof c->subject);
    if (!e)
        e = member_time(expires, &c->expires_us);
    return e ? e : read_signers(by, &c->signers);
}

/* None when there is no such member. */
static enum err read_rollover(const struct js *value, struct pin_rollover *out)
{
    const struct js *by, *days, *expires;
    const struct js_member table[] = {MEMBER_ARRAY("by", 1, PINS_SIGNERS_MAX, &by),
                                      MEMBER_INT("days", 1, ROLLOVER_OVERLAP_MAX_DAYS, &days),
                                      MEMBER_TEXT("expires", true, &expires)};
    if (!value)
        return ERR_OK;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (!e)
        e = member_time(expires, &out->expires_us);
    if (!e)
        out->overlap_days = js_int(days);
    return e ? e : read_signers(by, &out->signers);
}

static enum err read_list(const struct js *list, struct pins *p,
                          enum err (*one)(const struct js *, struct pins *))
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < js_count(list); i++)
        e = js_type(js_at(list, i)) == JS_OBJECT ? one(js_at(list, i), p) : ERR_KEEPER_STATE;
    return e;
}

static enum err read_all(const struct js *document, struct pins *p)
{
    const struct js *acts, *admissions, *changes, *floor, *operators, *rollover, *type, *version;
    const struct js_member table[] = {
        MEMBER_ARRAY("acts", 0, PINS_ACTS_MAX, &acts),
        MEMBER_ARRAY("admissions", 0, PINS_ADMISSIONS_MAX, &admissions),
        {"changes", JS_ARRAY, false, 0, PINS_CHANGES_MAX, &changes},
        MEMBER_INT("floor", 0, JS_INT_MAX, &floor),
        MEMBER_ARRAY("operators", 0, PINS_MAX, &operators),
        {"rollover", JS_OBJECT, false, 0, 0, &rollover},
        MEMBER_TEXT("type", true, &type),
        MEMBER_INT("version", 1, 1, &version)};
    enum err e = js_members(document, table, MEMBER_ROWS(table), NULL);

    if (!e)
        e = member_type(type, TYPE, version);
    if (!e)
        p->floor_us = js_int(floor);
    if (!e)
        e = read_list(operators, p, read_pin);
    if (!e)
        e = read_list(acts, p, read_act);
    if (!e)
        e = read_list(changes, p, read_change);
    if (!e)
        e = read_rollover(rollover, &p->rollover);
    return e ? e : read_list(admissions, p, read_admission);
}

static enum err load_from(const char *path, struct pins *p)
{
    struct buf bytes = BUF_INIT(FILE_MAX + 1);
    struct js *document = NULL;

    enum err e = file_read(path, FILE_MAX, &bytes);
    if (!e)
        e = js_parse_canonical(bytes.data, bytes.len, &document);
    if (!e)
        e = read_all(document, p);
    js_free(document);
    buf_free(&bytes);
    return e;
}

enum err pins_load(const char *dir, struct pins **out)
{
    struct pins *p = calloc(1, sizeof *p);
    char *path = NULL;

    *out = NULL;
    if (!p || asprintf(&path, "%s/%s", dir, FILE_NAME) < 0) {
        free(p);
        return ERR_NO_MEMORY;
    }
    enum err e = load_from(path, p);
    if (e == ERR_FILE_NOT_FOUND)
        e = ERR_OK;
    if (e) {
        pins_free(p);
        p = NULL;
    }
    if (e && e != ERR_NO_MEMORY)
        e = log_fail(ERR_KEEPER_STATE, "keeper.operators", "%s: %s", path, err_name(e));
    free(path);
    *out = p;
    return e;
}

/* --- writing --- */

static const char *status_of(const struct pin *pin)
{
    if (pin->revoked || pin->retired)
        return pin->revoked ? "revoked" : "retired";
    return pin->active ? "active" : "suspended";
}

static void push_pin(const struct pin *pin, struct doc *list)
{
    struct doc one = {0}, roles = {0};
    size_t len;
    const uint8_t *spki = key_spki(pin->key, &len);

    doc_object(&one);
    doc_int(&one, "changed", pin->changed_us);
    doc_int(&one, "floor", pin->floor_us);
    doc_text(&one, "operator", pin->operator_id);
    doc_array(&roles);
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        if (pin->roles & ROLE_BIT(r))
            doc_push_text(&roles, role_name((enum role)r));
    }
    doc_text_optional(&one, "replaces", pin->replaces);
    doc_put(&one, "roles", &roles);
    doc_bytes(&one, "spki", spki, len);
    doc_text(&one, "status", status_of(pin));
    doc_push(list, &one);
}

static void push_act(const struct pin_act *act, struct doc *list)
{
    struct doc one = {0};

    doc_object(&one);
    doc_time(&one, "issued", act->issued_us);
    doc_text(&one, "kid", act->kid);
    doc_text(&one, "nonce", act->nonce);
    doc_push(list, &one);
}

static void put_signers(const struct pin_signers *s, struct doc *out)
{
    struct doc by = {0};

    doc_array(&by);
    for (size_t i = 0; i < s->count; i++)
        doc_push_text(&by, s->by[i]);
    doc_put(out, "by", &by);
}

static void push_admission(const struct pin_admission *a, struct doc *list)
{
    struct doc one = {0}, issued = {0};

    doc_object(&one);
    if (a->another)
        doc_bool(&one, "another", true);
    put_signers(&a->signers, &one);
    if (a->complete)
        doc_bool(&one, "complete", true);
    doc_text(&one, "enrolment", a->enrolment);
    doc_time(&one, "expires", a->expires_us);
    doc_text(&one, "holder", a->holder);
    doc_array(&issued);
    for (size_t i = 0; i < a->signers.count; i++) {
        char at[TEXT_TIME_LEN + 1];
        text_time(a->signers.issued_us[i], at);
        doc_push_text(&issued, at);
    }
    doc_put(&one, "issued", &issued);
    doc_push(list, &one);
}

static void put_changes(const struct pins *p, struct doc *out)
{
    struct doc list = {0};

    if (!p->change_count)
        return;
    doc_array(&list);
    for (size_t i = 0; i < p->change_count; i++) {
        struct doc one = {0};
        doc_object(&one);
        put_signers(&p->change[i].signers, &one);
        doc_time(&one, "expires", p->change[i].expires_us);
        doc_text(&one, "subject", p->change[i].subject);
        doc_push(&list, &one);
    }
    doc_put(out, "changes", &list);
}

static void put_rollover(const struct pin_rollover *r, struct doc *out)
{
    struct doc one = {0};

    if (!r->signers.count)
        return;
    doc_object(&one);
    put_signers(&r->signers, &one);
    doc_int(&one, "days", r->overlap_days);
    doc_time(&one, "expires", r->expires_us);
    doc_put(out, "rollover", &one);
}

static enum err write_all(const struct pins *p, struct buf *out)
{
    struct doc document = {0}, acts = {0}, admissions = {0}, operators = {0};

    doc_array(&acts);
    for (size_t i = 0; i < p->act_count; i++)
        push_act(&p->act[i], &acts);
    doc_array(&admissions);
    for (size_t i = 0; i < p->admission_count; i++)
        push_admission(&p->admission[i], &admissions);
    doc_array(&operators);
    for (size_t i = 0; i < p->count; i++)
        push_pin(&p->pin[i], &operators);
    doc_object(&document);
    doc_put(&document, "acts", &acts);
    doc_put(&document, "admissions", &admissions);
    put_changes(p, &document);
    doc_int(&document, "floor", p->floor_us);
    doc_put(&document, "operators", &operators);
    put_rollover(&p->rollover, &document);
    doc_text(&document, "type", TYPE);
    doc_int(&document, "version", 1);
    enum err e = doc_canon(&document, out);
    doc_free(&document);
    return e;
}

enum err pins_save(const char *dir, const struct pins *p)
{
    struct buf bytes = BUF_INIT(FILE_MAX);
    char *path = NULL;

    if (asprintf(&path, "%s/%s", dir, FILE_NAME) < 0)
        return ERR_NO_MEMORY;
    enum err e = write_all(p, &bytes);
    if (!e)
        e = file_write(path, bytes.data, bytes.len, FILE_MODE);
    if (e)
        e = log_fail(e, "keeper.operators", "%s cannot be written", path);
    free(path);
    buf_free(&bytes);
    return e;
}
