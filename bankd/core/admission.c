/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's word on a request to be enrolled (docs/FORMAT.md section 8.6): he has the person's
 * letter before him and admits or refuses it.
 */
#include "bankd/core/enrolment_row.h"

#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/enrol.h"
#include "bankd/core/eyes.h"
#include "bankd/core/people.h"
#include "bankd/core/renewal.h"
#include "bankd/core/session.h"
#include "bankd/core/sponsor.h"
#include <stdio.h>
#include <string.h>

static enum err find_waiting(struct core *c, const char *name, struct enrolment_row *out)
{
    enum err e = enrolment_find(c, name, out);

    return !e && !enrolment_row_waits(out) ? ERR_ENROLMENT_OVER : e;
}

/* No other operator works on it. */
static enum err check_claim(struct core *c, const struct core_caller *who, const char *name)
{
    char item[ENROLMENT_OBJECT_MAX];

    enrolment_object(name, item);
    return claim_check(c, who, item);
}

/* Nobody yet: the request may not say that it is of somebody who is there, and as many vouch for
 * him as the bank demands. */
static enum err check_new(struct core *c, const struct enrolment *in, const struct sponsors *by)
{
    struct people_holder wanted;

    enum err e = in->holder[0] ? people_person_find(c, in->holder, &wanted) : ERR_HOLDER_UNKNOWN;
    if (!e)
        return ERR_HOLDER_MISMATCH;
    if (e != ERR_HOLDER_UNKNOWN && e != ERR_HOLDER_IS_NO_PERSON)
        return e;
    return (int64_t)sponsor_count(by) < c->terms.sponsors ? ERR_SPONSORS_MISSING : ERR_OK;
}

typedef enum err (*hand_step)(struct core *c, const struct core_caller *who, enum eyes_act act,
                              const char *object);

/* STEP for all who admitted him, and WHO, the last or, at the console, the only one. */
static enum err for_hands(struct core *c, const struct core_caller *who,
                          const struct enrolment_row *a, const char *holder, hand_step step)
{
    char object[PEOPLE_OBJECT_MAX], names[sizeof a->by], *rest = names;

    people_object(holder, object);
    memcpy(names, a->by, sizeof names);
    enum err e = step(c, who, EYES_ADMITTED, object);
    for (char *name = strsep(&rest, " "); !e && name; name = strsep(&rest, " ")) {
        const struct core_caller one = {.session = "", .operator_name = name};
        if (name[0] && strcmp(name, who->operator_name) != 0)
            e = step(c, &one, EYES_ADMITTED, object);
    }
    return e;
}

/* Who is there gets another key: nobody else's name is given to it. */
static enum err check_same(const struct enrolment *in, const char *holder,
                           const struct people_holder *there)
{
    return strcmp(in->holder, holder) != 0 || strcmp(in->name, there->name) != 0
               ? ERR_BANK_HOLDER_EXISTS
               : ERR_OK;
}

/* And no operator alone gives somebody two, whoever began it; his own key may vouch for it. */
static enum err check_hands(struct core *c, const struct core_caller *who,
                            const struct enrolment_row *a, const char *holder,
                            const struct sponsors *by)
{
    return sponsor_is_active(by, holder) ? ERR_OK : for_hands(c, who, a, holder, eyes_check);
}

/* The operator's word says whether he makes somebody, or gives who is there another key. */
static enum err check_holder(struct core *c, const struct enrolment *in,
                             const struct core_admission *word, const struct sponsors *by)
{
    struct people_holder there;

    enum err e = forms_holder(word->holder, strlen(word->holder));
    if (!e)
        e = people_holder_find(c, word->holder, &there);
    if (e == ERR_HOLDER_UNKNOWN && !word->another)
        return check_new(c, in, by);
    if (!e && there.kind != PEOPLE_PERSON)
        e = ERR_HOLDER_IS_NO_PERSON;
    if (!e && !word->another)
        e = ERR_BANK_HOLDER_EXISTS;
    return e ? e : check_same(in, word->holder, &there);
}

/* One that is there only gets its certificate. SIGNER: of its card, once that one is known. */
static enum err enrol_one(struct core *c, struct enrol *one, int64_t *signer)
{
    bool known = false;

    enum err e = renewal_keep(c, one->key, signer, &known);
    if (e)
        return e;
    if (known)
        return enrol_certify(c, one);
    one->signer = *signer;
    e = enrol_key(c, one);
    if (one->use == KEY_USE_SIGN)
        *signer = store_last_id(c->store);
    return e;
}

/* One key after the other: each is the person's from its entry on. */
static enum err enrol_all(struct core *c, const struct core_caller *who,
                          const struct verified *request, const char *holder,
                          const struct core_certificates *certificates, struct doc *sponsors)
{
    const struct buf *const of_use[KEY_USES] = {
        [KEY_USE_SIGN] = &certificates->sign, [KEY_USE_AUTHENTICATE] = &certificates->authenticate};
    const int64_t until_us[KEY_USES] = {[KEY_USE_SIGN] = certificates->sign_until_us,
                                        [KEY_USE_AUTHENTICATE] =
                                            certificates->authenticate_until_us};
    const struct enrolment *said = verified_enrolment(request);
    int64_t signer = 0;
    enum err e = ERR_OK;

    for (size_t use = 0; !e && use < KEY_USES; use++) {
        struct enrol one = {.kind = PEOPLE_PERSON,
                            .holder = holder,
                            .name = said->name,
                            .key = said->key[use],
                            .use = (enum key_use)use,
                            .operator_name = who->operator_name,
                            .statement = verified_jws(request, NULL),
                            .sponsors = use == KEY_USE_SIGN ? sponsors : NULL,
                            .certificate = of_use[use],
                            .certificate_until_us = until_us[use]};
        if (one.key)
            e = enrol_one(c, &one, &signer);
    }
    return e;
}

/* Notes who admitted the request, each once. */
static enum err add_operator(struct core *c, struct enrolment_row *a, const char *name)
{
    char padded[sizeof a->by + 2], wanted[HOLDER_MAX + 3];

    snprintf(padded, sizeof padded, " %s ", a->by);
    snprintf(wanted, sizeof wanted, " %s ", name);
    if (strstr(padded, wanted) || strlen(a->by) + 1 + strlen(name) >= sizeof a->by)
        return ERR_OK;
    size_t len = strlen(a->by);
    snprintf(a->by + len, sizeof a->by - len, "%s%s", len ? " " : "", name);
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_ADMITTED);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":by", a->by);
    return store_run(q);
}

/* What the store has is proven anew before somebody is enrolled by it. */
static enum err read_request(struct core *c, const struct enrolment_row *a, struct verified **out)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_STATEMENT);
    bool found = false;

    *out = NULL;
    store_bind_int(q, ":id", a->id);
    enum err e = store_step(q, &found);
    if (!e && found) {
        const char *jws = store_text(q, 0);
        e = verify_enrolment(c->bank, jws, strlen(jws), out);
    }
    store_done(q);
    return e == ERR_NO_MEMORY || (!e && found) ? e : ERR_STORE_FAILED;
}

static enum err check_admission(struct core *c, const struct core_caller *who,
                                const struct enrolment_row *a, const struct verified *request,
                                const struct core_admission *in, const struct sponsors *by,
                                bool *renews)
{
    if (strcmp(in->thumbprint, verified_signer(request)) != 0 ||
        strcmp(in->name, verified_enrolment(request)->name) != 0)
        return ERR_LETTER_MISMATCH;
    enum err e = check_holder(c, verified_enrolment(request), in, by);
    enum err keys = renewal_check(c, verified_enrolment(request), renews);
    if (!e && in->another && !*renews)
        e = check_hands(c, who, a, in->holder, by);
    return e ? e : keys;
}

static void free_certificates(struct core_certificates *c)
{
    buf_free(&c->sign);
    buf_free(&c->authenticate);
    buf_free(&c->root);
    *c = (struct core_certificates){0};
}

/* The keeper is asked last, when nothing of the bank's own is in the way. */
static enum err admit(struct core *c, const struct core_caller *who, struct enrolment_row *a,
                      const struct core_admission *in)
{
    struct core_certificates certificates = {.missing = 0};
    bool renews = false;
    struct sponsors by;
    struct doc sponsors = {0};
    const struct enrolment_end how = {.state = "admitted",
                                      .operator_name = who->operator_name,
                                      .note = "",
                                      .holder = in->holder,
                                      .root = &certificates.root,
                                      .by = &by};

    struct verified *request;

    enum err e = read_request(c, a, &request);
    if (!e)
        e = sponsor_load(c, a->id, &by);
    if (!e)
        e = check_admission(c, who, a, request, in, &by, &renews);
    if (!e && in->by.act)
        e = in->by.certify(in->by.ctx, verified_jws(request, NULL), in->by.act, &certificates);
    if (!e && in->by.act)
        e = add_operator(c, a, who->operator_name);
    if (!e && !certificates.missing)
        e = sponsor_words(c, a->id, &by, &sponsors);
    if (!e && !certificates.missing) {
        e = enrol_all(c, who, request, in->holder, &certificates,
                      sponsor_count(&by) ? &sponsors : NULL);
        if (!e && !renews) /* otherwise they let nobody's key in */
            e = for_hands(c, who, a, in->holder, eyes_note);
        if (!e)
            e = enrolment_end(c, a, &how);
    }
    doc_free(&sponsors);
    free_certificates(&certificates);
    verified_free(request);
    return e;
}

enum err core_enrolment_admit(struct core *c, const struct core_caller *who, const char *name,
                              const struct core_admission *in, struct core_answer *out)
{
    struct enrolment_row a = {0};

    *out = (struct core_answer){0};
    if (c->insane) /* the keeper would hear of it before it is undone */
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = find_waiting(c, name, &a);
    if (!e && !a.by[0]) /* what others began waits for another than whose work it was */
        e = check_claim(c, who, name);
    if (!e)
        e = admit(c, who, &a, in);
    return enrolment_answer(c, who, e, 200, &a, out);
}

enum err core_enrolment_refuse(struct core *c, const struct core_caller *who, const char *name,
                               const char *note, struct core_answer *out)
{
    const struct enrolment_end how = {
        .state = "refused", .operator_name = who->operator_name, .note = note, .holder = ""};
    struct enrolment_row a = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, note);
    if (!e)
        e = find_waiting(c, name, &a);
    if (!e)
        e = check_claim(c, who, name);
    if (!e)
        e = enrolment_end(c, &a, &how);
    return enrolment_answer(c, who, e, 200, &a, out);
}
