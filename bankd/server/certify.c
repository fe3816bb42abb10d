/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/certify.h"

#include "bankd/keeper/msg.h"
#include "base/log.h"
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
                                      .root = person.root};
    return e;
}

struct core_certifier certify_by(const char *keeper_socket, const struct job *j)
{
    return (struct core_certifier){.certify = certify,
                                   .ctx = (void *)(uintptr_t)keeper_socket,
                                   .act = j->path[0] ? verified_jws(j->verified, NULL) : NULL};
}

static bool about_operators(enum route r)
{
    return r == ROUTE_OPERATOR_ADD || r == ROUTE_OPERATOR_ROLES || r == ROUTE_KEY_SET;
}

enum err certify_tell(const char *keeper_socket, const struct job *j)
{
    struct keeper_conn *keeper = NULL;
    size_t len;

    if (j->answer.err || !about_operators(j->match.route))
        return ERR_OK;
    const char *act = verified_jws(j->verified, &len);
    enum err e = keeper_connect(keeper_socket, &keeper);
    if (!e)
        e = keeper_act(keeper, WAIT_MS, act, len);
    keeper_disconnect(keeper);
    if (e == ERR_KEEPER_GONE || e == ERR_NO_MEMORY)
        return e;
    if (e && e != ERR_KEEPER_UNPINNED)
        log_event(LOG_WARN, "bankd.keeper", "the keeper takes no notice of %s: %s", j->path,
                  err_name(e));
    return ERR_OK;
}
