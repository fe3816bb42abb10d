/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/asked.h"

#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define WAIT_MAX_US (7 * 86400 * TEXT_SECOND_US)
/* Nobody alone keeps all others from asking: so much of it he begins. */
#define CHANGES_EACH (PINS_CHANGES_MAX / 8)
#define ADMISSIONS_EACH (PINS_ADMISSIONS_MAX / 2)

int64_t asked_until(const struct asked_word *w)
{
    int64_t latest_us = w->now_us + WAIT_MAX_US;

    return w->until_us < latest_us ? w->until_us : latest_us;
}

void asked_sign(struct pin_signers *s, const struct asked_word *w)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->by[i], w->by) == 0)
            return;
    }
    if (s->count < PINS_SIGNERS_MAX) /* more are never needed */
        snprintf(s->by[s->count++], sizeof s->by[0], "%s", w->by);
}

/* Whether he who asked may do so now, too. */
static bool may(const struct pins *p, const char *operator_id, enum role role)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct pin *pin = &p->pin[i];
        if (pin->active && pin->roles & ROLE_BIT(role) &&
            strcmp(pin->operator_id, operator_id) == 0)
            return true;
    }
    return false;
}

unsigned asked_missing(const struct pins *p, const struct pin_signers *s, enum role role,
                       unsigned needed)
{
    unsigned given = 0;

    for (size_t i = 0; i < s->count; i++)
        given += may(p, s->by[i], role);
    return given < needed ? needed - given : 0;
}

/* --- changes of operators --- */

struct pin_change *asked_find(struct pins *p, const char *subject)
{
    for (size_t i = 0; i < p->change_count; i++) {
        if (strcmp(p->change[i].subject, subject) == 0)
            return &p->change[i];
    }
    return NULL;
}

static struct pin_change *begin_change(struct pins *p, const char *subject,
                                       const struct asked_word *w)
{
    size_t his = 0;

    for (size_t i = 0; i < p->change_count; i++)
        his += strcmp(p->change[i].signers.by[0], w->by) == 0;
    if (p->change_count == PINS_CHANGES_MAX || his >= CHANGES_EACH)
        return NULL;
    struct pin_change *c = &p->change[p->change_count++];
    *c = (struct pin_change){.expires_us = asked_until(w)};
    snprintf(c->subject, sizeof c->subject, "%s", subject);
    return c;
}

enum err asked_change(struct pins *p, const char *subject, const struct asked_word *w,
                      unsigned needed, unsigned *missing)
{
    struct pin_change *c = asked_find(p, subject);

    if (!c)
        c = begin_change(p, subject, w);
    if (!c)
        return ERR_BUSY;
    if (asked_until(w) < c->expires_us)
        c->expires_us = asked_until(w);
    asked_sign(&c->signers, w);
    *missing = asked_missing(p, &c->signers, ROLE_SECURITY, needed);
    if (!*missing)
        *c = p->change[--p->change_count];
    return ERR_OK;
}

/* --- admissions --- */

static struct pin_admission *find_admission(struct pins *p, const char *enrolment)
{
    for (size_t i = 0; i < p->admission_count; i++) {
        if (strcmp(p->admission[i].enrolment, enrolment) == 0)
            return &p->admission[i];
    }
    return NULL;
}

enum err asked_admission(struct pins *p, const char *enrolment, const struct asked_word *w,
                         struct pin_admission **out)
{
    size_t his = 0;

    *out = find_admission(p, enrolment);
    if (*out)
        return ERR_OK;
    for (size_t i = 0; i < p->admission_count; i++)
        his += strcmp(p->admission[i].signers.by[0], w->by) == 0;
    if (p->admission_count == PINS_ADMISSIONS_MAX || his >= ADMISSIONS_EACH)
        return ERR_BUSY;
    *out = &p->admission[p->admission_count++];
    **out = (struct pin_admission){.expires_us = 0};
    snprintf((*out)->enrolment, sizeof(*out)->enrolment, "%s", enrolment);
    return ERR_OK;
}

/* --- what is over --- */

void asked_forget(struct pins *p, int64_t now_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->admission_count; i++) {
        if (p->admission[i].expires_us > now_us)
            p->admission[kept++] = p->admission[i];
    }
    p->admission_count = kept;
    kept = 0;
    for (size_t i = 0; i < p->change_count; i++) {
        if (p->change[i].expires_us > now_us)
            p->change[kept++] = p->change[i];
    }
    p->change_count = kept;
    if (p->rollover.expires_us <= now_us)
        p->rollover = (struct pin_rollover){0};
}
