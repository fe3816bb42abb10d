/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/acts.h"

#include "api/request.h"
#include "api/route.h"
#include "bankd/keeper/asked.h"
#include "bankd/keeper/taken.h"
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
    struct pin *signer;
    struct route_match match;
    const uint8_t *request;
    size_t request_len;
    bool again;                         /* it was taken before */
    char subject[PINS_SUBJECT_MAX + 1]; /* what it would give an operator; "": nothing */
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

/* Forgets what is over by now, and raises the floor to it. */
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
    asked_forget(p, now_us);
}

/* What was taken is remembered for as long as it is fresh, which the floor says. */
enum err acts_check_time(const struct acts_judge *j, const struct statement *head)
{
    forget(j->pins, j->now_us);
    if (head->issued_us > j->now_us + AHEAD_MAX_US)
        return ERR_ISSUED_IN_FUTURE;
    if (head->issued_us < j->pins->floor_us)
        return ERR_ISSUED_TOO_OLD;
    return head->expires_us > j->now_us ? ERR_OK : ERR_STATEMENT_EXPIRED;
}

static enum err judge(const struct acts_judge *j, role_set needed, struct act *a)
{
    enum err e = acts_check_time(j, verified_head(a->verified));
    if (!e && !a->signer->active)
        e = ERR_KEY_INACTIVE;
    if (!e && !(a->signer->roles & needed))
        e = ERR_ROLE_REQUIRED;
    a->again = !e && taken_before(j->pins, a->signer, verified_head(a->verified));
    if (!e && !a->again && verified_head(a->verified)->issued_us < a->signer->floor_us)
        e = ERR_KEY_FLOOR;
    return e;
}

/* Of what only takes away none is needed: nobody keeps the others from that. */
static enum err need_room(const struct acts_judge *j, const struct act *a)
{
    return a->again || taken_has_room(j->pins, a->signer) ? ERR_OK : ERR_BUSY;
}

static void remember(const struct acts_judge *j, const struct act *a)
{
    taken_note(j->pins, a->signer, verified_head(a->verified));
}

static void report(const struct act *a, struct acts_taken *out)
{
    memcpy(out->operator_id, a->signer->operator_id, sizeof out->operator_id);
    memcpy(out->path, verified_act(a->verified)->path, sizeof out->path);
    out->again = a->again;
}

static struct asked_word word_of(const struct acts_judge *j, const struct act *a)
{
    const struct statement *head = verified_head(a->verified);

    return (struct asked_word){.by = a->signer->operator_id,
                               .until_us = head->expires_us,
                               .now_us = j->now_us,
                               .issued_us = head->issued_us,
                               .again = a->again};
}

/* --- changes of the operators --- */

/* Whoever gives an operator more than he has is believed when as many ask for the same as must
 * admit somebody: one alone made himself another key, or another operator, and was two. */
static enum err agree(const struct acts_judge *j, const struct act *a, unsigned *missing)
{
    const struct asked_word word = word_of(j, a);

    return asked_change(j->pins, a->subject, &word, j->needed, missing);
}

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

static enum err name_operator(struct act *a)
{
    struct request_holder r;
    struct key *key = NULL;

    enum err e = request_operator_read(a->request, a->request_len, &r);
    if (!e)
        e = key_from_spki(r.spki, r.spki_len, &key);
    if (!e)
        (void)snprintf(a->subject, sizeof a->subject, "add %s %s", r.holder, key_thumbprint(key));
    key_free(key);
    return e;
}

static enum err add_operator(const struct acts_judge *j, const struct act *a, unsigned *missing)
{
    struct pin *pin = pins_find(j->pins, strrchr(a->subject, ' ') + 1);
    struct request_holder r;

    enum err e = request_operator_read(a->request, a->request_len, &r);
    if (!e && !pin && j->pins->count == PINS_MAX)
        e = ERR_TOO_LARGE;
    if (!e && !pin)
        e = agree(j, a, missing);
    if (e || *missing)
        return e;
    e = pins_add(j->pins, r.holder, r.spki, r.spki_len, &pin);
    if (e)
        return e;
    pins_raise(pin, j->now_us);
    note_change(pin, a);
    return ERR_OK;
}

static enum err name_roles(struct act *a)
{
    struct request_roles r;

    enum err e = request_roles_read(a->request, a->request_len, &r);
    size_t len = (size_t)snprintf(a->subject, sizeof a->subject, "roles %s", a->match.param[0]);
    for (size_t i = 0; !e && i < ROLE_COUNT; i++) {
        if (r.roles & ROLE_BIT(i))
            len += (size_t)snprintf(a->subject + len, sizeof a->subject - len, " %s",
                                    role_name((enum role)i));
    }
    return e;
}

/* Whether ROLES are more than any key of his has now; of whom nobody is known yet, they are. */
static bool gives(const struct pins *p, const char *operator_id, role_set roles)
{
    bool known = false;

    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->pin[i].operator_id, operator_id) != 0)
            continue;
        known = true;
        if (roles & ~p->pin[i].roles)
            return true;
    }
    return !known && roles;
}

/* Whether a key of his has more than ROLES. */
static bool takes(const struct pins *p, const char *operator_id, role_set roles)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->pin[i].operator_id, operator_id) == 0 && p->pin[i].roles & ~roles)
            return true;
    }
    return false;
}

static bool is_late_for_any(const struct pins *p, const char *operator_id, const struct act *a)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->pin[i].operator_id, operator_id) == 0 && is_late(&p->pin[i], a))
            return true;
    }
    return false;
}

/* Whoever takes something away, or leaves all as it is, wants nothing of what was asked before. */
static enum err set_roles(const struct acts_judge *j, const struct act *a, unsigned *missing)
{
    const char *operator_id = a->match.param[0];
    struct request_roles r;
    bool changed = false, missed = false;

    enum err e = request_roles_read(a->request, a->request_len, &r);
    if (e)
        return e;
    bool given = gives(j->pins, operator_id, r.roles);
    if (given && !is_late_for_any(j->pins, operator_id, a))
        e = agree(j, a, missing);
    if (!e && (!given || takes(j->pins, operator_id, r.roles)))
        pins_forget(j->pins, operator_id, a->subject);
    for (size_t i = 0; !e && i < j->pins->count; i++) {
        struct pin *pin = &j->pins->pin[i];
        if (strcmp(pin->operator_id, operator_id) != 0)
            continue;
        role_set roles = is_late(pin, a) || *missing ? pin->roles & r.roles : r.roles;
        bool as_it_was = roles == pin->roles;
        changed |= !as_it_was;
        missed |= roles != r.roles;
        pin->roles = roles;
        if (!as_it_was)
            pins_raise(pin, j->now_us);
        if (!as_it_was || !*missing)
            note_change(pin, a);
    }
    return !e && missed && !changed && !*missing ? ERR_ISSUED_TOO_OLD : e;
}

static enum err name_key(struct act *a)
{
    struct request_key r;

    enum err e = request_key_read(a->request, a->request_len, &r);
    if (!e && strcmp(r.status, "active") == 0)
        (void)snprintf(a->subject, sizeof a->subject, "resume %s %s", a->match.param[0],
                       a->match.param[1]);
    return e;
}

static enum err resume_key(const struct acts_judge *j, const struct act *a, struct pin *pin,
                           unsigned *missing)
{
    if (is_late(pin, a))
        return ERR_ISSUED_TOO_OLD;
    if (pin->retired)
        return ERR_KEY_RETIRED;
    if (pin->active)
        return ERR_OK;
    enum err e = agree(j, a, missing);
    pin->active = !e && !*missing;
    if (pin->active)
        pins_raise(pin, j->now_us);
    return e;
}

/* Of one that is still to be added what was asked is taken back. */
static enum err set_key(const struct acts_judge *j, const struct act *a, unsigned *missing)
{
    struct pin *pin = pins_find(j->pins, a->match.param[1]);
    struct request_key r;
    enum err e = request_key_read(a->request, a->request_len, &r);

    if (e || (!pin && a->subject[0]))
        return e;
    if (!pin) {
        pins_forget(j->pins, a->match.param[0], "");
        return ERR_OK;
    }
    if (pin->revoked)
        e = ERR_KEY_REVOKED;
    else if (a->subject[0])
        e = resume_key(j, a, pin, missing);
    else
        pins_take(j->pins, pin, strcmp(r.status, "revoked") == 0, j->now_us);
    if (!e && !*missing)
        note_change(pin, a);
    return e;
}

/* --- whether what was asked for holds; of nobody who is known nothing is missing --- */

static bool is_added(const struct acts_judge *j, const struct act *a)
{
    return pins_find(j->pins, strrchr(a->subject, ' ') + 1) != NULL;
}

static bool has_roles(const struct acts_judge *j, const struct act *a)
{
    struct request_roles r;

    if (request_roles_read(a->request, a->request_len, &r))
        return false;
    for (size_t i = 0; i < j->pins->count; i++) {
        if (strcmp(j->pins->pin[i].operator_id, a->match.param[0]) == 0 &&
            r.roles & ~j->pins->pin[i].roles)
            return false;
    }
    return true;
}

static bool is_resumed(const struct acts_judge *j, const struct act *a)
{
    const struct pin *pin = pins_find(j->pins, a->match.param[1]);

    return !pin || pin->active || !a->subject[0];
}

static const struct change {
    enum route route;
    enum err (*name)(struct act *a); /* its subject */
    enum err (*make)(const struct acts_judge *j, const struct act *a, unsigned *missing);
    bool (*holds)(const struct acts_judge *j, const struct act *a);
} changes[] = {
    {ROUTE_OPERATOR_ADD, name_operator, add_operator, is_added},
    {ROUTE_OPERATOR_ROLES, name_roles, set_roles, has_roles},
    {ROUTE_KEY_SET, name_key, set_key, is_resumed},
};

/* NULL: nothing that changes an operator. */
static const struct change *find_kind(const struct act *a)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (changes[i].route == a->match.route)
            return &changes[i];
    }
    return NULL;
}

/* Or leaves all as it is. */
static bool only_takes(const struct acts_judge *j, const struct act *a)
{
    struct request_roles r;

    if (a->match.route == ROUTE_KEY_SET)
        return !a->subject[0];
    return a->match.route == ROUTE_OPERATOR_ROLES &&
           request_roles_read(a->request, a->request_len, &r) == ERR_OK &&
           !gives(j->pins, a->match.param[0], r.roles);
}

/* How many must ask besides for what was asked for before. Of what was taken back since, or is
 * over, nobody's word counts any more. */
static unsigned still_missing(const struct acts_judge *j, const struct act *a,
                              const struct change *kind)
{
    const struct pin_change *c = asked_find(j->pins, a->subject);

    if (c)
        return asked_missing(j->pins, &c->signers, ROLE_SECURITY, j->needed);
    return kind->holds(j, a) ? 0 : j->needed;
}

static enum err change(const struct acts_judge *j, struct act *a, unsigned *missing)
{
    const struct change *kind = find_kind(a);
    enum err e = judge(j, ROLE_BIT(ROLE_SECURITY), a);

    if (!e)
        e = kind ? kind->name(a) : ERR_ACT_MISMATCH;
    if (!e && !only_takes(j, a))
        e = need_room(j, a);
    if (!e && a->again) {
        *missing = still_missing(j, a, kind);
    } else if (!e) {
        e = kind->make(j, a, missing);
        if (!e)
            remember(j, a);
    }
    return e;
}

/* Of a key that is no operator's here, nor to be one's, nothing comes, whoever signed. */
static bool concerns(const struct acts_judge *j, const char *jws, size_t len)
{
    char path[ACT_PATH_MAX + 1], added[PINS_SUBJECT_MAX + 1];
    struct route_match match;

    if (read_path(jws, len, path) != ERR_OK ||
        route_find("POST", path, strlen(path), &match) != ERR_OK || match.route != ROUTE_KEY_SET)
        return true;
    const struct pin *pin = pins_find(j->pins, match.param[1]);
    if (pin)
        return strcmp(pin->operator_id, match.param[0]) == 0;
    (void)snprintf(added, sizeof added, "add %s %s", match.param[0], match.param[1]);
    return asked_find(j->pins, added) != NULL;
}

enum err acts_change(const struct acts_judge *j, const char *jws, size_t len,
                     struct acts_taken *out)
{
    unsigned missing = 0;
    struct act a;

    *out = (struct acts_taken){.nothing = j->pins->count && !concerns(j, jws, len)};
    if (out->nothing)
        return ERR_OK;
    enum err e = verify(j, jws, len, &a);
    if (!e)
        e = change(j, &a, &missing);
    if (!e)
        report(&a, out);
    out->missing = missing;
    verified_free(a.verified);
    return e;
}

/* --- another root key --- */

static void note_rollover(const struct acts_judge *j, const struct act *act, int64_t days,
                          struct acts_rollover *out)
{
    struct pin_rollover *r = &j->pins->rollover;
    const struct asked_word word = word_of(j, act);
    int64_t expires_us = asked_until(&word);

    if (!r->signers.count || r->overlap_days != days)
        *r = (struct pin_rollover){.overlap_days = days, .expires_us = expires_us};
    if (expires_us < r->expires_us)
        r->expires_us = expires_us;
    asked_sign(&r->signers, &word);
    *out =
        (struct acts_rollover){days, asked_missing(j->pins, &r->signers, ROLE_SECURITY, j->needed)};
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
        e = need_room(j, act);
    if (!e)
        e = request_rollover_read(act->request, act->request_len, &r);
    if (e)
        return e;
    note_rollover(j, act, r.overlap_days, out);
    remember(j, act);
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

static enum err note_admission(const struct acts_judge *j, const struct act *act,
                               struct acts_admission *out)
{
    const struct asked_admission what = {out->enrolment, out->holder, out->another};
    const struct asked_word word = word_of(j, act);
    struct pin_admission *a;

    enum err e = asked_admission(j->pins, &what, &word, &a);
    out->missing = j->needed;
    if (e || !a)
        return e;
    out->missing = asked_missing(j->pins, &a->signers, ROLE_ENROLMENT, j->needed);
    if (!out->missing)
        asked_complete(j->pins, &a);
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
    if (e)
        return e;
    memcpy(out->holder, r.holder, sizeof out->holder);
    out->another = r.another;
    return ERR_OK;
}

static enum err admit(const struct acts_judge *j, struct act *act, struct acts_admission *out)
{
    enum err e = judge(j, ROLE_BIT(ROLE_ENROLMENT), act);

    if (!e)
        e = check_subject(j, act, out);
    if (!e)
        e = need_room(j, act);
    if (!e)
        e = note_admission(j, act, out);
    if (!e && !act->again)
        remember(j, act);
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
