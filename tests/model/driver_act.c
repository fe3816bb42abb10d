/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators with keys of their own do: a signed act, and by its route what it asks for, as the
 * server has it.
 */
#include "api/request.h"
#include "api/route.h"
#include "order/act.h"
#include "tests/base/unit.h"
#include "tests/model/driver.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void driver_employ(struct driver *d, const struct js *command)
{
    struct signer *s = driver_new_key(d, command);
    const struct js *names = js_get(command, "roles");
    role_set roles = 0;

    for (size_t i = 0; i < js_count(names); i++) {
        enum role role = ROLE_COUNT;
        assert_ok(role_from_name(js_text(js_at(names, i), NULL), &role));
        roles |= ROLE_BIT(role);
    }
    world_operator_add(&d->w, &s->person, roles);
    world_login(&d->w, &s->person);
    driver_answer_core(d);
}

/* --- by its route --- */

struct asked {
    struct driver *d;
    struct route_match match;
    const struct buf *request;
};

static enum err claim(const struct asked *a, const struct core_caller *who, bool gives_back,
                      struct core_answer *out)
{
    struct request_claim r;

    assert_ok(gives_back ? request_give_back_read(a->request->data, a->request->len, &r)
                         : request_claim_read(a->request->data, a->request->len, &r));
    const char *by = r.operator_id[0] ? r.operator_id : NULL;
    return core_claim(a->d->w.core, who, r.item, gives_back ? "" : by, r.note, out);
}

static enum err comment(const struct asked *a, const struct core_caller *who,
                        struct core_answer *out)
{
    struct request_comment r;

    assert_ok(request_comment_read(a->request->data, a->request->len, &r));
    return core_comment(a->d->w.core, who, r.item, r.text, out);
}

static enum err give_roles(const struct asked *a, const struct core_caller *who,
                           struct core_answer *out)
{
    struct request_roles r;

    assert_ok(request_roles_read(a->request->data, a->request->len, &r));
    return core_operator_roles(a->d->w.core, who, a->match.param[0], r.roles, r.note, out);
}

/* As at the console: where the keeper is not asked, nobody is certified. */
static enum err admit(const struct asked *a, const struct core_caller *who, struct core_answer *out)
{
    struct request_admission r;

    assert_ok(request_admission_read(a->request->data, a->request->len, &r));
    const struct core_admission in = {
        .holder = r.holder, .name = r.name, .thumbprint = r.thumbprint, .another = r.another};
    return core_enrolment_admit(a->d->w.core, who, a->match.param[0], &in, out);
}

static enum err set_key(const struct asked *a, const struct core_caller *who,
                        struct core_answer *out)
{
    struct request_key r;

    assert_ok(request_key_read(a->request->data, a->request->len, &r));
    return core_key_set(a->d->w.core, who, a->match.param[0], a->match.param[1], r.status, r.note,
                        out);
}

static enum err open_applied(const struct asked *a, const struct core_caller *who,
                             struct core_answer *out)
{
    struct request_opening r;

    assert_ok(request_opening_read(a->request->data, a->request->len, &r));
    return core_application_admit(a->d->w.core, who, a->match.param[0], r.account, out);
}

/* Of routes that are asked with a note alone. */
static enum err with_note(const struct asked *a, const struct core_caller *who,
                          struct core_answer *out)
{
    const struct core_word word = {a->match.param[0], a->match.param[1], "Asked", 0};
    struct core *c = a->d->w.core;

    switch ((int)a->match.route) {
    case ROUTE_HOLD:
        return core_order_hold(c, who, &word, out);
    case ROUTE_RELEASE:
        return core_order_release(c, who, &word, out);
    case ROUTE_REFUSE:
        return core_order_refuse(c, who, &word, out);
    case ROUTE_ENROLMENT_REFUSE:
        return core_enrolment_refuse(c, who, a->match.param[0], word.note, out);
    case ROUTE_APPLICATION_REFUSE:
        return core_application_refuse(c, who, a->match.param[0], word.note, out);
    case ROUTE_BLOCK:
        return core_account_state(c, who, word.account, CORE_ACCOUNT_BLOCK, word.note, out);
    case ROUTE_UNBLOCK:
        return core_account_state(c, who, word.account, CORE_ACCOUNT_UNBLOCK, word.note, out);
    default:
        fail_msg("the test does not act by %s", route_info(a->match.route)->path);
        return ERR_INTERNAL;
    }
}

static enum err run(void *ctx, const struct core_operator *as, struct core_answer *out)
{
    const struct asked *a = ctx;
    const struct core_caller who = {.session = "", .operator_name = as->name, .roles = as->roles};

    switch ((int)a->match.route) {
    case ROUTE_CLAIM:
    case ROUTE_GIVE_BACK:
        return claim(a, &who, a->match.route == ROUTE_GIVE_BACK, out);
    case ROUTE_COMMENT:
        return comment(a, &who, out);
    case ROUTE_ENROLMENT_ADMIT:
        return admit(a, &who, out);
    case ROUTE_APPLICATION_ADMIT:
        return open_applied(a, &who, out);
    case ROUTE_KEY_SET:
        return set_key(a, &who, out);
    case ROUTE_OPERATOR_ROLES:
        return give_roles(a, &who, out);
    default:
        return with_note(a, &who, out);
    }
}

/* --- the act --- */

void driver_path(struct driver *d, const struct js *command, const char *name,
                 char out[static ACT_PATH_MAX + 1])
{
    const char *path = driver_text(command, name), *at = strchr(path, '@');
    size_t number = at ? (size_t)strtoul(at + 1, NULL, 10) : 0;

    assert_true(number < d->key_count);
    snprintf(out, ACT_PATH_MAX + 1, "%.*s%s", (int)(at ? at - path : ACT_PATH_MAX), path,
             at ? key_thumbprint(d->keys[number].person.key) : "");
}

/* What is no act for PATH hears so only where he could act: as committer.c has it. */
static enum err refuse(struct driver *d, const struct core_caller *who, role_set roles, enum err e)
{
    struct core_operator as;

    enum err asked = core_operator(d->w.core, who, roles, false, &as, &d->w.answer);
    return asked || d->w.answer.err ? asked : core_refuse(d->w.core, who, e, NULL, &d->w.answer);
}

void driver_hand_in_act(struct driver *d, const struct person *carrier, const struct buf *jws,
                        const char *path)
{
    const struct core_caller who = {.session = carrier->session};
    const struct verify_act_input in = {.bank = WORLD_BANK,
                                        .path = path,
                                        .jws = buf_str(jws),
                                        .jws_len = jws->len,
                                        .keys = core_keys(d->w.core)};
    struct asked a = {.d = d};
    struct verified *verified = NULL;

    assert_ok(route_find("POST", path, strlen(path), &a.match));
    role_set roles = route_info(a.match.route)->roles;
    enum err e = verify_act(&in, &verified);
    world_begin(&d->w);
    if (!e)
        a.request = &verified_act(verified)->request;
    world_end(&d->w, e ? refuse(d, &who, roles, e)
                       : core_act(d->w.core, &who, verified, roles, run, &a, &d->w.answer));
    verified_free(verified);
}

void driver_sign_act(struct driver *d, const struct js *command, struct buf *jws)
{
    const struct world_says says = driver_says(command, NULL);
    const char *request = driver_text(command, "request");
    struct person *p = &driver_key(d, command, "key")->person;
    char path[ACT_PATH_MAX + 1];
    struct statement head;
    struct buf payload = {0};

    driver_path(d, command, "path", path);
    world_head(&d->w, &says, &head);
    assert_ok(act_make(&head, path, request, strlen(request), &payload));
    assert_ok(jws_make(p->key, statement_typ(STATEMENT_OPERATOR_ACT), payload.data, payload.len,
                       world_sign_hash, p, jws));
    buf_free(&payload);
}
