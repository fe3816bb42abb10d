/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/eyes.h"

#include "bankd/core/act.h"
#include "bankd/core/people.h"
#include "base/text.h"
#include <string.h>

#define MONEY_US (30 * 86400 * TEXT_SECOND_US)
#define EVER INT64_MAX

/* What they are called in the store. */
static const char *const names[EYES_ACTS] = {
    [EYES_OPENED] = "opened",       [EYES_BOOKED] = "booked",       [EYES_CREDITED] = "credited",
    [EYES_HELD] = "held",           [EYES_BLOCKED] = "blocked",     [EYES_ENROLLED] = "enrolled",
    [EYES_ADMITTED] = "admitted",   [EYES_RELEASED] = "released",   [EYES_OUTCOME] = "outcome",
    [EYES_DISPOSED] = "disposed",   [EYES_UNBLOCKED] = "unblocked", [EYES_ROLES] = "roles",
    [EYES_SUSPENDED] = "suspended", [EYES_RESUMED] = "resumed",
};

/* Who ENTERED it so lately may not do what DOES says; nor may anybody, where an operator MUST have
 * entered it. An account's object counts for its orders. */
static const struct {
    enum eyes_act does, entered;
    int64_t within_us;
    bool must;
} rules[] = {
    {EYES_RELEASED, EYES_OPENED, EVER, false},   {EYES_RELEASED, EYES_BOOKED, MONEY_US, false},
    {EYES_RELEASED, EYES_HELD, EVER, false},     {EYES_OUTCOME, EYES_RELEASED, EVER, false},
    {EYES_DISPOSED, EYES_CREDITED, EVER, false}, {EYES_UNBLOCKED, EYES_BLOCKED, EVER, false},
    {EYES_RESUMED, EYES_SUSPENDED, EVER, true},  {EYES_ROLES, EYES_ENROLLED, EVER, false},
    {EYES_ADMITTED, EYES_ADMITTED, EVER, false},
};

enum err eyes_note(struct core *c, const struct core_caller *who, enum eyes_act act,
                   const char *object)
{
    struct store_query *q = store_query(c->store, STORE_HAND_SAVE);

    store_bind_text(q, ":object", object);
    store_bind_text(q, ":act", names[act]);
    store_bind_text(q, ":operator", who->operator_name);
    store_bind_int(q, ":time", c->now_us);
    return store_run(q);
}

enum err eyes_forget(struct core *c, enum eyes_act act, const char *object)
{
    struct store_query *q = store_query(c->store, STORE_HAND_DROP);

    store_bind_text(q, ":object", object);
    store_bind_text(q, ":act", names[act]);
    return store_run(q);
}

enum err eyes_count(struct core *c, enum eyes_act act, const char *object, int64_t *out)
{
    struct store_query *q = store_query(c->store, STORE_HAND_COUNT);
    bool found = false;

    store_bind_text(q, ":object", object);
    store_bind_text(q, ":act", names[act]);
    enum err e = store_step(q, &found);
    *out = !e && found ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}

static enum err did(struct core *c, const struct core_caller *who, size_t rule, const char *object)
{
    struct store_query *q = store_query(c->store, STORE_HAND_FIND);
    int64_t within_us = rules[rule].within_us;
    bool found = false;

    store_bind_text(q, ":object", object);
    store_bind_text(q, ":act", names[rules[rule].entered]);
    store_bind_text(q, ":operator", who->operator_name);
    store_bind_int(q, ":since", within_us == EVER ? 0 : c->now_us - within_us);
    enum err e = store_step(q, &found);
    store_done(q);
    return !e && found ? ERR_FOUR_EYES : e;
}

static enum err nobody_did(struct core *c, size_t rule, const char *object)
{
    int64_t times = 1;
    enum err e = rules[rule].must ? eyes_count(c, rules[rule].entered, object, &times) : ERR_OK;

    return !e && times == 0 ? ERR_FOUR_EYES : e;
}

/* Nobody has a say in his own roles. */
static bool is_himself(const struct core_caller *who, enum eyes_act act, const char *object)
{
    char self[PEOPLE_OBJECT_MAX];

    people_object(who->operator_name, self);
    return act == EYES_ROLES && strcmp(self, object) == 0;
}

enum err eyes_check(struct core *c, const struct core_caller *who, enum eyes_act act,
                    const char *object)
{
    bool ceremony = false;

    if (!c->terms.four_eyes)
        return ERR_OK;
    /* the first operators are made by one person, before there is anybody else */
    enum err e = who->console ? act_ceremony(c, &ceremony) : ERR_OK;
    if (e || ceremony)
        return e;
    if (is_himself(who, act, object))
        return ERR_FOUR_EYES;
    for (size_t i = 0; !e && i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].does != act)
            continue;
        e = did(c, who, i, object);
        if (!e)
            e = nobody_did(c, i, object);
    }
    return e;
}
