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

/* COUNT: he did not. */
static size_t find_signer(const struct pin_signers *s, const char *by)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->by[i], by) == 0)
            return i;
    }
    return s->count;
}

void asked_sign(struct pin_signers *s, const struct asked_word *w)
{
    size_t i = find_signer(s, w->by);

    if (i == PINS_SIGNERS_MAX) /* more are never needed */
        return;
    if (i == s->count) {
        snprintf(s->by[i], sizeof s->by[0], "%s", w->by);
        s->issued_us[i] = w->issued_us;
        s->count++;
    } else if (s->issued_us[i] < w->issued_us) {
        s->issued_us[i] = w->issued_us;
    }
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

static bool is_of(const struct pin_admission *a, const struct asked_admission *what)
{
    return strcmp(a->enrolment, what->enrolment) == 0;
}

static bool says(const struct pin_admission *a, const struct asked_admission *what)
{
    return strcmp(a->holder, what->holder) == 0 && a->another == what->another;
}

/* What is there of the request already. */
struct said {
    struct pin_admission *same, *own; /* that says this; that has his word. Or NULL */
    bool any, complete;
};

static struct said find_said(struct pins *p, const struct asked_admission *what, const char *by)
{
    struct said s = {.same = NULL};

    for (size_t i = 0; i < p->admission_count; i++) {
        struct pin_admission *a = &p->admission[i];
        if (!is_of(a, what))
            continue;
        s.any = true;
        s.complete |= a->complete;
        if (says(a, what))
            s.same = a;
        if (find_signer(&a->signers, by) < a->signers.count)
            s.own = a;
    }
    return s;
}

static enum err begin_admission(struct pins *p, const struct asked_word *w,
                                struct pin_admission **out)
{
    size_t his = 0;

    for (size_t i = 0; i < p->admission_count; i++)
        his += strcmp(p->admission[i].signers.by[0], w->by) == 0;
    if (p->admission_count == PINS_ADMISSIONS_MAX || his >= ADMISSIONS_EACH)
        return ERR_BUSY;
    *out = &p->admission[p->admission_count++];
    **out = (struct pin_admission){.expires_us = 0};
    return ERR_OK;
}

/* He says something else than before: if he only mistyped, with nobody else, it is as if he had
 * not. */
static enum err replace(const struct said *s, const struct asked_word *w,
                        struct pin_admission **empty)
{
    if (w->again || w->issued_us < s->own->signers.issued_us[find_signer(&s->own->signers, w->by)])
        return ERR_ISSUED_TOO_OLD;
    if (!pins_unsign(&s->own->signers, w->by))
        *empty = s->own;
    return ERR_OK;
}

static void drop(struct pins *p, struct pin_admission *a, struct pin_admission **kept)
{
    struct pin_admission *last = &p->admission[--p->admission_count];

    *a = *last;
    if (*kept == last)
        *kept = a;
}

enum err asked_admission(struct pins *p, const struct asked_admission *what,
                         const struct asked_word *w, struct pin_admission **out)
{
    const struct said s = find_said(p, what, w->by);
    struct pin_admission *empty = NULL;
    enum err e = ERR_OK;

    *out = s.same;
    if (!s.same && s.any && (s.complete || !s.own))
        return ERR_ADMISSION_MISMATCH;
    if (!s.any && w->again)
        return ERR_OK;
    if (s.own && s.own != s.same)
        e = replace(&s, w, &empty);
    if (!e && !s.same && empty)
        *out = empty;
    else if (!e && !s.same)
        e = begin_admission(p, w, out);
    else if (!e && empty)
        drop(p, empty, out);
    if (e)
        return e;
    snprintf((*out)->enrolment, sizeof(*out)->enrolment, "%s", what->enrolment);
    snprintf((*out)->holder, sizeof(*out)->holder, "%s", what->holder);
    (*out)->another = what->another;
    if (!w->again) /* one that was taken back since is his to give anew */
        asked_sign(&(*out)->signers, w);
    return ERR_OK;
}

void asked_complete(struct pins *p, struct pin_admission **a)
{
    (*a)->complete = true;
    for (size_t i = p->admission_count; i-- > 0;) {
        struct pin_admission *other = &p->admission[i];
        if (other != *a && strcmp(other->enrolment, (*a)->enrolment) == 0)
            drop(p, other, a);
    }
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
