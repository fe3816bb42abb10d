/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/acts.h"

#include "api/request.h"
#include "api/route.h"
#include "base/text.h"
#include "order/jws.h"
#include <stdio.h>
#include <string.h>

#define AHEAD_MAX_US (10 * TEXT_SECOND_US) /* docs/FORMAT.md section 10 */
#define AGE_MAX_US (300 * TEXT_SECOND_US)

/* --- an act --- */

/* One that was found right, by whom, and what it asks for. */
struct act {
    struct verified *verified;
    const struct pin *signer;
    struct route_match match;
    const uint8_t *request;
    size_t request_len;
    bool again; /* it was taken before */
};

/* The path says what is asked for, so the one that is signed is the one that is expected. */
static enum err read_path(const char *jws, size_t len, char path[static ACT_PATH_MAX + 1])
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct operator_act said = {.path = ""};
    struct jws_parts parts;

    enum err e = jws_split(jws, len, &parts);
    if (!e)
        e = text_unb64url(parts.payload_b64, parts.payload_b64_len, &payload);
    if (!e)
        e = act_parse(payload.data, payload.len, &said);
    if (!e)
        memcpy(path, said.path, sizeof said.path);
    act_free(&said);
    buf_free(&payload);
    return e;
}

static enum err verify(const struct acts_judge *j, const char *jws, size_t len, struct act *out)
{
    char path[ACT_PATH_MAX + 1];

    *out = (struct act){.verified = NULL};
    if (!j->pins->count)
        return ERR_KEEPER_UNPINNED;
    enum err e = read_path(jws, len, path);
    if (e)
        return e;
    const struct verify_act_input in = {
        .bank = j->bank, .path = path, .jws = jws, .jws_len = len, .keys = pins_keys(j->pins)};
    e = verify_act(&in, &out->verified);
    if (e)
        return e == ERR_KEY_UNKNOWN ? ERR_OPERATOR_UNPINNED : e;
    out->signer = pins_find(j->pins, verified_signer(out->verified));
    out->request = verified_act(out->verified)->request.data;
    out->request_len = verified_act(out->verified)->request.len;
    return route_find("POST", path, strlen(path), &out->match);
}

/* Not by its bytes: another signature of the same act can be made without the key. */
static bool taken(const struct pins *p, const struct verified *act)
{
    for (size_t i = 0; i < p->act_count; i++) {
        if (strcmp(p->act[i].nonce, verified_head(act)->nonce) == 0 &&
            strcmp(p->act[i].kid, verified_signer(act)) == 0)
            return true;
    }
    return false;
}

/* What was taken is remembered for as long as it is fresh, which the floor says; forget() has
 * raised it. */
static enum err check_time(const struct acts_judge *j, const struct act *a)
{
    const struct statement *head = verified_head(a->verified);

    if (head->issued_us > j->now_us + AHEAD_MAX_US)
        return ERR_ISSUED_IN_FUTURE;
    if (head->issued_us < j->pins->floor_us)
        return ERR_ISSUED_TOO_OLD;
    return head->expires_us > j->now_us ? ERR_OK : ERR_STATEMENT_EXPIRED;
}

/* Forgets what is over by now. */
static void forget(struct pins *p, int64_t now_us)
{
    size_t kept = 0;

    if (p->floor_us < now_us - AGE_MAX_US)
        p->floor_us = now_us - AGE_MAX_US;
    for (size_t i = 0; i < p->act_count; i++) {
        if (p->act[i].issued_us >= p->floor_us)
            p->act[kept++] = p->act[i];
    }
    p->act_count = kept;
    kept = 0;
    for (size_t i = 0; i < p->admission_count; i++) {
        if (p->admission[i].expires_us > now_us)
            p->admission[kept++] = p->admission[i];
    }
    p->admission_count = kept;
    if (p->rollover.expires_us <= now_us)
        p->rollover = (struct pin_rollover){0};
}

static enum err judge(const struct acts_judge *j, role_set needed, struct act *a)
{
    forget(j->pins, j->now_us);
    enum err e = check_time(j, a);
    if (!e && !a->signer->active)
        e = ERR_KEY_INACTIVE;
    if (!e && !(a->signer->roles & needed))
        e = ERR_ROLE_REQUIRED;
    a->again = !e && taken(j->pins, a->verified);
    return !e && !a->again && j->pins->act_count == PINS_ACTS_MAX ? ERR_BUSY : e;
}

/* There is room, as judge found. */
static void remember(struct pins *p, const struct act *a)
{
    const struct statement *head = verified_head(a->verified);
    struct pin_act *act = &p->act[p->act_count++];

    snprintf(act->kid, sizeof act->kid, "%s", verified_signer(a->verified));
    memcpy(act->nonce, head->nonce, sizeof act->nonce);
    act->issued_us = head->issued_us;
}

static void report(const struct act *a, struct acts_taken *out)
{
    memcpy(out->operator_id, a->signer->operator_id, sizeof out->operator_id);
    memcpy(out->path, verified_act(a->verified)->path, sizeof out->path);
    out->again = a->again;
}

/* --- changes of the operators --- */

/* Acts about one pin may come in another order than they were issued in. Of an older one only what
 * it takes away counts: nobody may undo the newer one with it. */
static bool is_late(const struct pin *pin, const struct act *a)
{
    return verified_head(a->verified)->issued_us < pin->changed_us;
}

static void note_change(struct pin *pin, const struct act *a)
{
    if (!is_late(pin, a))
        pin->changed_us = verified_head(a->verified)->issued_us;
}

static enum err add_operator(struct pins *p, const struct act *a)
{
    struct request_holder r;
    struct pin *pin;
    enum err e = request_operator_read(a->request, a->request_len, &r);

    if (!e)
        e = pins_add(p, r.holder, r.spki, r.spki_len, &pin);
    if (!e)
        note_change(pin, a);
    return e;
}

static enum err set_roles(struct pins *p, const struct act *a)
{
    struct request_roles r;
    bool changed = false, missed = false;
    enum err e = request_roles_read(a->request, a->request_len, &r);

    for (size_t i = 0; !e && i < p->count; i++) {
        struct pin *pin = &p->pin[i];
        if (strcmp(pin->operator_id, a->match.param[0]) != 0)
            continue;
        role_set roles = is_late(pin, a) ? pin->roles & r.roles : r.roles;
        changed |= roles != pin->roles;
        missed |= roles != r.roles;
        pin->roles = roles;
        note_change(pin, a);
    }
    return !e && missed && !changed ? ERR_ISSUED_TOO_OLD : e;
}

/* Of a holder's key, which the keeper does not know, nothing comes. */
static enum err set_key(struct pins *p, const struct act *a)
{
    struct pin *pin = pins_find(p, a->match.param[1]);
    struct request_key r;
    enum err e = request_key_read(a->request, a->request_len, &r);

    if (e || !pin || strcmp(pin->operator_id, a->match.param[0]) != 0)
        return e;
    if (pin->revoked)
        return ERR_KEY_REVOKED;
    if (strcmp(r.status, "active") == 0 && is_late(pin, a))
        return ERR_ISSUED_TOO_OLD;
    pin->active = strcmp(r.status, "active") == 0;
    pin->revoked = strcmp(r.status, "revoked") == 0;
    note_change(pin, a);
    return ERR_OK;
}

static const struct {
    enum route route;
    enum err (*make)(struct pins *p, const struct act *a);
} changes[] = {
    {ROUTE_OPERATOR_ADD, add_operator},
    {ROUTE_OPERATOR_ROLES, set_roles},
    {ROUTE_KEY_SET, set_key},
};

static enum err change(const struct acts_judge *j, struct act *a)
{
    enum err e = judge(j, ROLE_BIT(ROLE_SECURITY), a);

    if (e || a->again)
        return e;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (changes[i].route == a->match.route) {
            e = changes[i].make(j->pins, a);
            if (!e)
                remember(j->pins, a);
            return e;
        }
    }
    return ERR_ACT_MISMATCH;
}

enum err acts_change(const struct acts_judge *j, const char *jws, size_t len,
                     struct acts_taken *out)
{
    struct act a;

    enum err e = verify(j, jws, len, &a);
    if (!e)
        e = change(j, &a);
    if (!e)
        report(&a, out);
    verified_free(a.verified);
    return e;
}

/* --- where more than one must ask --- */

/* Whether he who asked may do so now, too. */
static bool may(const struct pins *p, const char *operator_id, role_set needed)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct pin *pin = &p->pin[i];
        if (pin->active && pin->roles & needed && strcmp(pin->operator_id, operator_id) == 0)
            return true;
    }
    return false;
}

static unsigned count_missing(const struct acts_judge *j, const struct pin_signers *s,
                              role_set needed)
{
    unsigned given = 0;

    for (size_t i = 0; i < s->count; i++)
        given += may(j->pins, s->by[i], needed);
    return given < j->needed ? j->needed - given : 0;
}

/* A person counts once, whatever keys he signs with. */
static void add_signer(struct pin_signers *s, const struct act *act)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->by[i], act->signer->operator_id) == 0)
            return;
    }
    if (s->count < PINS_SIGNERS_MAX) /* more are never needed */
        snprintf(s->by[s->count++], sizeof s->by[0], "%s", act->signer->operator_id);
}

/* --- another root key --- */

static void note_rollover(const struct acts_judge *j, const struct act *act, int64_t days,
                          struct acts_rollover *out)
{
    struct pin_rollover *r = &j->pins->rollover;
    int64_t expires_us = verified_head(act->verified)->expires_us;

    if (!r->signers.count || r->overlap_days != days)
        *r = (struct pin_rollover){.overlap_days = days, .expires_us = expires_us};
    if (expires_us < r->expires_us)
        r->expires_us = expires_us;
    add_signer(&r->signers, act);
    *out = (struct acts_rollover){days, count_missing(j, &r->signers, ROLE_BIT(ROLE_SECURITY))};
    if (!out->missing)
        *r = (struct pin_rollover){0};
}

static enum err roll(const struct acts_judge *j, struct act *act, struct acts_rollover *out)
{
    struct request_rollover r;
    enum err e = judge(j, ROLE_BIT(ROLE_SECURITY), act);

    if (!e && act->match.route != ROUTE_ROLLOVER)
        e = ERR_ACT_MISMATCH;
    if (!e && act->again)
        e = ERR_NONCE_REUSED;
    if (!e)
        e = request_rollover_read(act->request, act->request_len, &r);
    if (e)
        return e;
    note_rollover(j, act, r.overlap_days, out);
    remember(j->pins, act);
    return ERR_OK;
}

enum err acts_rollover(const struct acts_judge *j, const char *jws, size_t len,
                       struct acts_rollover *out)
{
    struct act a;

    *out = (struct acts_rollover){0};
    enum err e = verify(j, jws, len, &a);
    if (!e)
        e = roll(j, &a, out);
    verified_free(a.verified);
    return e;
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

static enum err note_admission(const struct acts_judge *j, const struct act *act,
                               struct acts_admission *out)
{
    struct pins *p = j->pins;
    struct pin_admission *a = find_admission(p, out->enrolment);

    if (a && strcmp(a->holder, out->holder) != 0)
        return ERR_ADMISSION_MISMATCH;
    if (!a) {
        if (p->admission_count == PINS_ADMISSIONS_MAX)
            return ERR_BUSY;
        a = &p->admission[p->admission_count++];
        *a = (struct pin_admission){.expires_us = 0};
        snprintf(a->enrolment, sizeof a->enrolment, "%s", out->enrolment);
        snprintf(a->holder, sizeof a->holder, "%s", out->holder);
    }
    add_signer(&a->signers, act);
    out->missing = count_missing(j, &a->signers, ROLE_BIT(ROLE_ENROLMENT));
    /* What is complete is only asked for again with the acts that it came by. */
    a->expires_us = out->missing ? verified_head(out->request)->expires_us
                                 : j->now_us + AGE_MAX_US + AHEAD_MAX_US;
    return ERR_OK;
}

/* The act is about this very request, this very key, and the name that is certified with it. */
static enum err check_subject(const struct acts_judge *j, const struct act *act,
                              struct acts_admission *out)
{
    struct request_admission r;
    size_t len;
    const char *jws = verified_jws(out->request, &len);

    enum err e = enrolment_id(jws, len, out->enrolment);
    if (!e && (act->match.route != ROUTE_ENROLMENT_ADMIT ||
               strcmp(act->match.param[0], out->enrolment) != 0))
        e = ERR_ACT_MISMATCH;
    if (!e)
        e = request_admission_read(act->request, act->request_len, &r);
    if (!e && (strcmp(r.thumbprint, verified_signer(out->request)) != 0 ||
               strcmp(r.name, verified_enrolment(out->request)->name) != 0))
        e = ERR_LETTER_MISMATCH;
    if (!e && verified_head(out->request)->expires_us <= j->now_us)
        e = ERR_STATEMENT_EXPIRED;
    if (!e)
        memcpy(out->holder, r.holder, sizeof out->holder);
    return e;
}

static enum err admit(const struct acts_judge *j, struct act *act, struct acts_admission *out)
{
    enum err e = judge(j, ROLE_BIT(ROLE_ENROLMENT), act);

    if (!e)
        e = check_subject(j, act, out);
    if (!e)
        e = note_admission(j, act, out);
    if (!e && !act->again)
        remember(j->pins, act);
    if (!e)
        report(act, &out->by);
    return e;
}

enum err acts_admit(const struct acts_judge *j, const char *statement, size_t statement_len,
                    const char *act, size_t act_len, struct acts_admission *out)
{
    struct act a = {.verified = NULL};

    *out = (struct acts_admission){.request = NULL};
    enum err e = verify_enrolment(j->bank, statement, statement_len, &out->request);
    if (!e)
        e = verify(j, act, act_len, &a);
    if (!e)
        e = admit(j, &a, out);
    verified_free(a.verified);
    return e;
}
