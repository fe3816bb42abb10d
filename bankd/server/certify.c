/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/certify.h"

#include "bankd/keeper/msg.h"
#include "bankd/server/tls.h"
#include "base/log.h"
#include "order/json.h"
#include <string.h>

#define WAIT_MS 1500 /* everybody else waits with it: an answer within two seconds */

static enum err certify(void *ctx, const char *statement, const char *act,
                        struct core_certificates *out)
{
    const char *keeper_socket = ctx;
    struct keeper_conn *keeper = NULL;
    struct keeper_person person = {.missing = 0};
    enum err e = keeper_connect(keeper_socket, &keeper);

    if (!e)
        e = keeper_admit(keeper, WAIT_MS, statement, strlen(statement), act, strlen(act), &person);
    keeper_disconnect(keeper);
    /* Its buffers go over as they are. */
    *out = (struct core_certificates){.missing = person.missing,
                                      .sign = person.sign,
                                      .authenticate = person.authenticate,
                                      .root = person.root,
                                      .sign_until_us = tls_certificate_ends_us(&person.sign),
                                      .authenticate_until_us =
                                          tls_certificate_ends_us(&person.authenticate)};
    return e;
}

struct core_certifier certify_by(const char *keeper_socket, const struct job *j)
{
    return (struct core_certifier){.certify = certify,
                                   .ctx = (void *)(uintptr_t)keeper_socket,
                                   .act = j->path[0] ? verified_jws(j->verified, NULL) : NULL};
}

/* What became of an operator's key or roles, whoever says so. Keys of others are the keeper's to
 * tell apart. */
static enum err tell(struct keeper_conn *keeper, const struct job *j, unsigned *missing)
{
    size_t len = 0;
    const char *said = j->verified ? verified_jws(j->verified, &len) : NULL;

    if (j->match.route == ROUTE_ROTATE)
        return keeper_rotate(keeper, WAIT_MS, said, len);
    if (j->match.route == ROUTE_KEY_SUSPEND)
        return keeper_suspend(keeper, WAIT_MS, j->match.param[0]);
    if (j->path[0])
        return keeper_act(keeper, WAIT_MS, said, len, missing);
    /* The console's word only takes away. */
    return keeper_suspend(keeper, WAIT_MS, j->match.param[1]);
}

static bool concerns_keeper(const struct job *j)
{
    enum route r = j->match.route;

    if (r == ROUTE_KEY_SET)
        return j->path[0] || strcmp(j->body.key.status, "active") != 0;
    return r == ROUTE_ROTATE || r == ROUTE_KEY_SUSPEND ||
           (j->path[0] && (r == ROUTE_OPERATOR_ADD || r == ROUTE_OPERATOR_ROLES));
}

static bool may_ask(const struct job *j)
{
    enum route r = j->match.route;
    bool waits = j->path[0] && (r == ROUTE_ENROLMENT_ADMIT || r == ROUTE_ROLLOVER);

    return !j->err && j->routed && (waits || concerns_keeper(j));
}

/* Anybody can sign an act; who is no operator is refused, or is a holder who needs no keeper. */
enum err certify_find(struct core *core, struct job *j)
{
    struct core_caller who = job_caller(j);

    j->by_operator = j->console;
    return !j->console && may_ask(j) ? core_is_operators(core, &who, &j->by_operator) : ERR_OK;
}

bool certify_asks(const struct job *j)
{
    return j->by_operator && may_ask(j);
}

/* Appends what the keeper made of it to the answer, which is an object. */
static enum err append(struct job *j, enum err refused, unsigned missing)
{
    struct buf whole = {0};
    struct js *answer = NULL;

    enum err e = js_parse(j->answer.body.data, j->answer.body.len, &answer);
    if (!e && refused)
        e = js_set_text(answer, "keeper", err_name(refused));
    else if (!e)
        e = js_set_int(answer, "keeperMissing", missing);
    if (!e)
        e = js_canon(answer, &whole);
    if (!e) {
        buf_free(&j->answer.body);
        j->answer.body = whole;
    } else {
        buf_free(&whole);
    }
    js_free(answer);
    return e;
}

static bool takes_key(const struct job *j)
{
    return j->match.route == ROUTE_KEY_SET && strcmp(j->body.key.status, "active") != 0;
}

/* The keeper is away, or could not write: it took nothing, and may another time. */
static bool is_unheard(enum err e)
{
    return e && err_info(e)->exit == EXIT_ENVIRONMENT && e != ERR_BUSY;
}

/* What an operator signed can be done again; whoever lost a card waits for nobody, nor does a key
 * that is taken from somebody, while there is a keeper that will hear of it. */
static bool must_be_heard(const struct job *j, enum err e)
{
    return is_unheard(e) && j->path[0] && (!takes_key(j) || e == ERR_KEEPER_GONE);
}

enum err certify_tell(const char *keeper_socket, struct job *j)
{
    struct keeper_conn *keeper = NULL;
    unsigned missing = 0;

    if (j->answer.err || !j->by_operator || !concerns_keeper(j))
        return ERR_OK;
    enum err e = keeper_connect(keeper_socket, &keeper);
    if (!e)
        e = tell(keeper, j, &missing);
    keeper_disconnect(keeper);
    if (e == ERR_NO_MEMORY || must_be_heard(j, e))
        return e;
    /* Of a key that is taken away it hears again, without the act, whatever is wrong with that
     * there: the bank's word alone takes away. */
    j->unheard = is_unheard(e) || (e && takes_key(j));
    if (e == ERR_KEEPER_UNPINNED || (!e && !missing))
        return ERR_OK;
    log_event(LOG_WARN, "bankd.keeper", "the keeper takes no notice of %s: %s",
              route_info(j->match.route)->path, e ? err_name(e) : "more operators must ask for it");
    return append(j, e, missing);
}

/* --- what may not have been heard --- */

/* What came too late to be taken takes away all the same: the key signs for nobody at the bank. */
static enum err come_too_late(struct keeper_conn *keeper, const char *thumbprint, enum err refused)
{
    log_event(LOG_WARN, "bankd.keeper",
              "the keeper does not take the rotation of %s: %s; it is to be told of the new key by "
              "other operators",
              thumbprint, err_name(refused));
    return keeper_suspend(keeper, WAIT_MS, thumbprint);
}

static enum err repeat(void *ctx, const char *thumbprint, const char *rotation)
{
    struct keeper_conn *keeper = ctx;

    if (!rotation)
        return keeper_suspend(keeper, WAIT_MS, thumbprint);
    enum err e = keeper_rotate(keeper, WAIT_MS, rotation, strlen(rotation));
    if (!e || is_unheard(e))
        return e;
    /* It counts no more there already. */
    return e == ERR_KEY_RETIRED || e == ERR_KEY_INACTIVE ? ERR_OK
                                                         : come_too_late(keeper, thumbprint, e);
}

enum err certify_repeat(const char *keeper_socket, struct core *core)
{
    struct keeper_conn *keeper = NULL;
    enum err e = keeper_connect(keeper_socket, &keeper);

    if (!e)
        e = core_gone(core, repeat, keeper);
    keeper_disconnect(keeper);
    return e;
}
