/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's acts on people, terminals and their keys.
 */
#include "bankd/core/act.h"
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/enrol.h"
#include "bankd/core/eyes.h"
#include "bankd/core/page.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include "order/key.h"
#include "order/text.h"
#include <string.h>

/* What the kinds are called in an answer. */
static const char *const words[] = {
    [PEOPLE_PERSON] = "holder", [PEOPLE_TERMINAL] = "terminal", [PEOPLE_OPERATOR] = "operator"};
static const char *const lists[] = {
    [PEOPLE_PERSON] = "holders", [PEOPLE_TERMINAL] = "terminals", [PEOPLE_OPERATOR] = "operators"};

struct enrolling {
    enum people_kind kind;
    const char *id, *name;
    const uint8_t *spki;
    size_t spki_len;
    struct key *key;
    bool known; /* the same act was done before, and its answer is given again */
};

static enum err add_roles(struct core *c, int64_t row, struct doc *out)
{
    struct doc list = {0};
    role_set roles = 0;

    enum err e = act_roles(c, row, &roles);
    act_list_roles(roles, &list);
    doc_put(out, "roles", &list);
    return e;
}

static enum err describe(struct core *c, int64_t row, const struct enrolling *in, struct doc *out)
{
    struct doc keys = {0};

    doc_object(out);
    doc_text(out, words[in->kind], in->id);
    doc_text(out, "name", in->name);
    doc_array(&keys);
    enum err e = people_list_keys(c, STORE_KEY_OF_HOLDER, row, &keys);
    doc_put(out, "keys", &keys);
    return !e && in->kind == PEOPLE_OPERATOR ? add_roles(c, row, out) : e;
}

static enum err check_new(struct core *c, struct enrolling *in)
{
    struct people_key owner;
    struct people_holder there;

    enum err by_key = people_key_find(c, key_thumbprint(in->key), &owner);
    if (by_key && by_key != ERR_KEY_UNKNOWN)
        return by_key;
    if (!by_key && strcmp(owner.holder_name, in->id) != 0)
        return ERR_KEY_TAKEN;
    enum err e = people_holder_find(c, in->id, &there);
    if (e)
        return e == ERR_HOLDER_UNKNOWN ? ERR_OK : e;
    in->known = !by_key && there.kind == in->kind && strcmp(there.name, in->name) == 0;
    return in->known ? ERR_OK : ERR_BANK_HOLDER_EXISTS;
}

/* Whose hand it was: for his roles, and for another key. */
static enum err note_hand(struct core *c, const struct core_caller *who, const struct enrolling *in)
{
    char object[PEOPLE_OBJECT_MAX];

    if (in->kind == PEOPLE_TERMINAL)
        return ERR_OK;
    people_object(in->id, object);
    return eyes_note(c, who, in->kind == PEOPLE_OPERATOR ? EYES_ENROLLED : EYES_ADMITTED, object);
}

/* Where people must vouch for who is new, or no operator alone makes somebody, he comes by a
 * request of his own. */
static enum err check_by_hand(const struct core *c)
{
    if (c->terms.sponsors > 0)
        return ERR_SPONSORS_MISSING;
    return c->terms.four_eyes ? ERR_FOUR_EYES : ERR_OK;
}

static enum err enrol(struct core *c, const struct core_caller *who, struct enrolling *in,
                      struct core_answer *out)
{
    struct people_holder there;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = forms_holder(in->id, strlen(in->id));
    if (!e)
        e = utext_check(in->name, strlen(in->name), ENROLMENT_NAME_CHARS);
    if (!e)
        e = key_from_spki(in->spki, in->spki_len, &in->key);
    if (!e)
        e = check_new(c, in);
    if (!e && !in->known && in->kind == PEOPLE_PERSON && !who->console)
        e = check_by_hand(c);
    if (!e && !in->known) {
        const struct enrol one = {
            .kind = in->kind, .holder = in->id, .name = in->name, .key = in->key};
        e = enrol_key(c, &one);
        if (!e)
            e = note_hand(c, who, in);
    }
    if (!e)
        e = people_holder_find(c, in->id, &there);
    if (!e)
        e = describe(c, there.id, in, &body);
    key_free(in->key);
    return answer_finish(c, who, e, in->known ? 200 : 201, &body, out);
}

enum err core_holder_add(struct core *c, const struct core_caller *who, const char *holder,
                         const char *name, const uint8_t *spki, size_t spki_len,
                         struct core_answer *out)
{
    struct enrolling in = {PEOPLE_PERSON, holder, name, spki, spki_len, NULL, false};

    return enrol(c, who, &in, out);
}

enum err core_terminal_add(struct core *c, const struct core_caller *who, const char *terminal,
                           const char *name, const uint8_t *spki, size_t spki_len,
                           struct core_answer *out)
{
    struct enrolling in = {PEOPLE_TERMINAL, terminal, name, spki, spki_len, NULL, false};

    return enrol(c, who, &in, out);
}

enum err core_operator_add(struct core *c, const struct core_caller *who, const char *operator_id,
                           const char *name, const uint8_t *spki, size_t spki_len,
                           struct core_answer *out)
{
    struct enrolling in = {PEOPLE_OPERATOR, operator_id, name, spki, spki_len, NULL, false};

    return enrol(c, who, &in, out);
}

static enum err push(struct core *c, const struct store_query *q, struct doc *list)
{
    const struct enrolling in = {
        .kind = people_kind_read(q, 3), .id = store_text(q, 1), .name = store_text(q, 2)};
    struct doc one = {0};

    enum err e = describe(c, store_int(q, 0), &in, &one);
    doc_push(list, &one);
    return e;
}

static enum err list(struct core *c, const struct core_caller *who, enum people_kind kind,
                     const struct core_page *asked, struct core_answer *out)
{
    const struct page_list people = {STORE_HOLDER_PAGE, push, lists[kind], people_kind_name(kind)};

    return page_for_operators(c, who, asked, &people, out);
}

enum err core_holders(struct core *c, const struct core_caller *who, const struct core_page *page,
                      struct core_answer *out)
{
    return list(c, who, PEOPLE_PERSON, page, out);
}

enum err core_terminals(struct core *c, const struct core_caller *who, const struct core_page *page,
                        struct core_answer *out)
{
    return list(c, who, PEOPLE_TERMINAL, page, out);
}

enum err core_operators(struct core *c, const struct core_caller *who, const struct core_page *page,
                        struct core_answer *out)
{
    return list(c, who, PEOPLE_OPERATOR, page, out);
}
