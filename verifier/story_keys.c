/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/enrolment.h"
#include "verifier/story_body.h"

#include <string.h>

#define AHEAD_MAX_US (10 * TEXT_SECOND_US) /* of a statement to the entry, docs/FORMAT.md 10 */

struct enrolled *story_keys_find(struct story *s, const char *thumbprint)
{
    for (size_t i = 0; i < s->key_count; i++) {
        if (strcmp(key_thumbprint(s->keys[i].key), thumbprint) == 0)
            return &s->keys[i];
    }
    return NULL;
}

static const struct enrolled *look(const struct story *s, const char *thumbprint)
{
    for (size_t i = 0; i < s->key_count; i++) {
        if (strcmp(key_thumbprint(s->keys[i].key), thumbprint) == 0)
            return &s->keys[i];
    }
    return NULL;
}

void story_keys_sponsors(const struct story *s, const char *thumbprint, struct verify_sponsors *out)
{
    const struct enrolled *en = look(s, thumbprint);

    *out = en ? en->sponsors : (struct verify_sponsors){.count = 0};
}

const char *story_keys_owner(const struct story *s, const char *thumbprint)
{
    const struct enrolled *en = look(s, thumbprint);
    const char *owner = en ? en->holder : NULL;

    for (size_t i = 0; !owner && i < s->key_count; i++)
        owner = story_sponsors_owner(&s->keys[i].sponsors, thumbprint);
    return owner;
}

enum key_status story_keys_status_of(const struct story *s, const char *thumbprint)
{
    const struct enrolled *en = look(s, thumbprint);

    return en ? en->status : KEY_STATUS_COUNT;
}

bool story_keys_count(const struct story *s, const char *thumbprint)
{
    return key_status_counts(story_keys_status_of(s, thumbprint));
}

bool story_keys_pinned_itself(const struct story *s, const char *thumbprint)
{
    const struct enrolled *en = look(s, thumbprint);

    return en && en->pinned;
}

bool story_keys_pinned(const struct story *s, const char *thumbprint)
{
    const struct enrolled *en = look(s, thumbprint);

    while (en && !en->pinned) {
        en = en->before ? &s->keys[en->before - 1] : NULL;
        if (en && en->status == KEY_REVOKED)
            en = NULL; /* whoever had it may have made the others */
    }
    return en != NULL;
}

bool story_keys_ceremony(const struct story *s, const char *thumbprint)
{
    const struct enrolled *en = look(s, thumbprint);

    return en && en->ceremony;
}

static bool is_pin(const struct story *s, const char *thumbprint)
{
    for (size_t i = 0; i < s->subject.holder_key_count; i++) {
        if (strcmp(s->subject.holder_keys[i], thumbprint) == 0)
            return true;
    }
    return false;
}

static enum err add(struct story *s, struct enrolled *en)
{
    if (s->key_count == STORY_KEYS_MAX)
        return ERR_TOO_LARGE;
    en->status = KEY_ACTIVE;
    en->pinned = is_pin(s, key_thumbprint(en->key));
    s->keys[s->key_count++] = *en;
    en->key = NULL; /* the story's now */
    return ERR_OK;
}

static enum err enrol(struct story *s, const struct js *spki, const struct js *thumbprint,
                      struct enrolled *en)
{
    uint8_t der[KEY_SPKI_MAX];
    size_t len;
    enum err e = member_bytes(spki, der, sizeof der, &len);

    if (e == ERR_OK)
        e = key_from_spki(der, len, &en->key);
    if (e != ERR_OK)
        return e;
    /* One person a key: a second enrolment is wrong whomever it names, and who vouched had his. */
    if (!story_text_is(thumbprint, key_thumbprint(en->key)) ||
        story_keys_owner(s, key_thumbprint(en->key)))
        return ERR_EVIDENCE_CONTRADICTION;
    return add(s, en);
}

/* What the owner signed when he asked for it says the same as the entry, and was in time. */
static enum err check_request(const struct story *s, const struct body *b,
                              const struct js *statement, const char *person,
                              const struct js *thumbprint)
{
    struct verified *v = NULL;
    size_t len;
    const char *jws = js_text(statement, &len);
    enum err e = verify_enrolment(s->subject.bank, jws, len, &v);

    if (e == ERR_OK) {
        const struct statement *head = verified_head(v);
        int64_t time_us = b->leaf->time_us;
        e = story_contradiction_unless(strcmp(verified_enrolment(v)->name, person) == 0 &&
                                       story_text_is(thumbprint, verified_signer(v)) &&
                                       time_us >= head->issued_us - AHEAD_MAX_US &&
                                       time_us < head->expires_us);
    }
    verified_free(v);
    return e;
}

/* And who vouched for it. */
static enum err check_sponsors(const struct story *s, const struct body *b,
                               const struct js *statement, const char *person,
                               const struct js *thumbprint, const struct js *list,
                               struct verify_sponsors *out)
{
    char enrolment[ENROLMENT_ID_LEN + 1];
    const struct story_newcomer n = {person, js_text(thumbprint, NULL), enrolment,
                                     b->leaf->time_us};
    size_t len;
    const char *jws = js_text(statement, &len);
    enum err e = enrolment_id(jws, len, enrolment);

    return e == ERR_OK ? story_sponsors(s, &n, list, out) : e;
}

static bool read_kind(const struct js *kind, enum story_kind *out)
{
    if (!kind)
        return true;
    *out = story_text_is(kind, "operator") ? STORY_OPERATOR : STORY_TERMINAL;
    return *out == STORY_OPERATOR || story_text_is(kind, "terminal");
}

enum err story_keys_enrolment(struct story *s, struct body *b)
{
    const struct js *holder, *kind, *name, *operator_name, *spki, *sponsors, *statement;
    const struct js *thumbprint, *vouched;
    const struct js_member table[] = {
        BODY_ROWS(b),
        MEMBER_TEXT("holder", true, &holder),
        MEMBER_TEXT("kind", false, &kind),
        MEMBER_TEXT("name", true, &name),
        MEMBER_TEXT("operator", false, &operator_name),
        {"sponsors", JS_ARRAY, false, 1, VERIFY_SPONSORS_MAX, &sponsors},
        MEMBER_TEXT("spki", true, &spki),
        MEMBER_TEXT("statement", false, &statement),
        MEMBER_TEXT("thumbprint", true, &thumbprint),
        MEMBER_TEXT("vouched", true, &vouched)};
    struct enrolled en = {.floor_us = b->leaf->time_us};
    char person[ENROLMENT_NAME_BYTES + 1];
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(holder, forms_holder, en.holder, sizeof en.holder);
    if (e == ERR_OK)
        e = story_check_object(b, "holder", en.holder);
    if (e == ERR_OK)
        e = member_line(name, ENROLMENT_NAME_CHARS, person, sizeof person);
    if (e == ERR_OK && (!story_text_is(vouched, "bank") || !read_kind(kind, &en.kind)))
        e = ERR_DOC_MEMBER_INVALID;
    en.ceremony = statement != NULL;
    if (e == ERR_OK && (en.ceremony != (operator_name != NULL) ||
                        (en.ceremony && en.kind != STORY_PERSON) || (sponsors && !en.ceremony)))
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK && en.ceremony)
        e = check_request(s, b, statement, person, thumbprint);
    if (e == ERR_OK && sponsors)
        e = check_sponsors(s, b, statement, person, thumbprint, sponsors, &en.sponsors);
    if (e == ERR_OK)
        e = enrol(s, spki, thumbprint, &en);
    key_free(en.key);
    return e;
}

/* With a key end those that took its place, one after the other; each has an entry of its own, too,
 * which follows. */
static void revoke_later(struct story *s, const struct enrolled *first)
{
    size_t before = (size_t)(first - s->keys) + 1;

    for (size_t i = before; i < s->key_count; i++) { /* each stands behind the one before it */
        struct enrolled *en = &s->keys[i];
        if (en->before != before)
            continue;
        en->followed = en->status != KEY_REVOKED || en->followed;
        en->status = KEY_REVOKED;
        before = i + 1;
    }
}

/* From what it is, or was until one before it was revoked. */
static bool may_become(const struct enrolled *en, enum key_status to)
{
    return (en->followed && to == KEY_REVOKED) ||
           key_status_may_follow(en->status, to, en->rotated);
}

enum err story_keys_status(struct story *s, struct body *b)
{
    const struct js *floor, *holder, *note, *operator_name, *status, *thumbprint;
    const struct js_member table[] = {BODY_ROWS(b),
                                      MEMBER_TEXT("floor", true, &floor),
                                      MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("note", true, &note),
                                      MEMBER_TEXT("operator", false, &operator_name),
                                      MEMBER_TEXT("status", true, &status),
                                      MEMBER_TEXT("thumbprint", true, &thumbprint)};
    enum key_status to;
    struct enrolled *en;
    int64_t floor_us = 0;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e != ERR_OK)
        return e;
    to = key_status_from_name(js_text(status, NULL));
    en = story_keys_find(s, js_text(thumbprint, NULL));
    if (to == KEY_STATUS_COUNT)
        return ERR_DOC_MEMBER_INVALID;
    if (!en)
        return ERR_EVIDENCE_INCOMPLETE;
    e = story_check_object(b, "holder", en->holder);
    if (e == ERR_OK)
        e = story_contradiction_unless(story_text_is(holder, en->holder));
    if (e == ERR_OK) /* without the bank's operator somebody may only suspend his own */
        e = story_contradiction_unless(may_become(en, to) &&
                                       (operator_name || to == KEY_SUSPENDED));
    if (e == ERR_OK)
        e = member_time(floor, &floor_us);
    if (e == ERR_OK) /* it only rises */
        e = story_contradiction_unless(floor_us >= en->floor_us);
    en->floor_us = floor_us;
    en->status = to;
    en->followed = false;
    if (to == KEY_REVOKED)
        revoke_later(s, en);
    return e;
}

/* The old key was good and said it now, and the new one is nobody's. */
static enum err take_place(struct story *s, const struct body *b, const struct verified *v,
                           const struct js *holder)
{
    const struct rotation *said = verified_rotation(v);
    struct enrolled *old = story_keys_find(s, verified_signer(v));
    struct enrolled en = {.floor_us = b->leaf->time_us,
                          .kind = old->kind,
                          .ceremony = old->ceremony,
                          .sponsors = old->sponsors,
                          .before = (size_t)(old - s->keys) + 1};
    enum err e = story_contradiction_unless(
        story_text_is(holder, old->holder) && old->status == KEY_ACTIVE &&
        story_is_fresh(&said->head, old->floor_us, b->leaf->time_us) &&
        !story_keys_owner(s, said->thumbprint));

    if (e == ERR_OK)
        e = story_check_object(b, "holder", old->holder);
    if (e == ERR_OK)
        e = key_from_spki(said->spki, said->spki_len, &en.key);
    if (e != ERR_OK)
        return e;
    memcpy(en.holder, old->holder, sizeof en.holder);
    old->status = KEY_RETIRED;
    old->rotated = true;
    e = add(s, &en);
    key_free(en.key);
    return e;
}

enum err story_keys_rotation(struct story *s, struct body *b)
{
    const struct js *holder, *statement;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("statement", true, &statement)};
    struct verify_rotation_input in = {.bank = s->subject.bank, .keys = {story_find_key, s}};
    struct verified *v = NULL;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e != ERR_OK)
        return e;
    in.jws = js_text(statement, &in.jws_len);
    e = verify_rotation(&in, &v);
    if (e == ERR_OK)
        e = take_place(s, b, v, holder);
    verified_free(v);
    return e;
}
