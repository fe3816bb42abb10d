/* SPDX-License-Identifier: Apache-2.0
 *
 * route: every route of the HTTP API, once: method, path, who may call it, how large its body may
 * be. Server, clients and docs/openapi.yaml are held against this table (api/route.def).
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "base/err.h"
#include "order/role.h"
#include <stdbool.h>
#include <stddef.h>

/* Who may call: a bit set. OPEN needs no session; HOLDER is a session; CONSOLE is a peer on the
 * bank's Unix socket; WATCHER comes through the door for metrics, and may nothing else; COURIER
 * likewise through the door for notices. */
enum caller {
    CALLER_OPEN = 1,
    CALLER_HOLDER = 2,
    CALLER_CONSOLE = 4,
    CALLER_WATCHER = 8,
    CALLER_COURIER = 16
};

enum route {
#define X(id, method, path, callers, roles, body_max) ROUTE_##id,
#include "api/route.def"
#undef X
    ROUTE_COUNT
};

struct route_info {
    const char *method; /* "GET" or "POST" */
    const char *path;   /* "/v1/accounts/{account}/orders/{id}" */
    unsigned callers;   /* enum caller bits */
    role_set roles;     /* an operator over a session of his own needs one of these */
    size_t body_max;    /* bytes; 0: no body */
};
const struct route_info *route_info(enum route r);

/* Whether it is an act of an operator's, which he signs unless he sits at the console: then the
 * body is {"act":JWS}, and the one of the table is in there. */
bool route_is_act(enum route r);
#define ROUTE_ACT_MAX(body_max) ((body_max)*2 + 4096) /* bytes of such a body */

#define ROUTE_PARAMS_MAX 2u
#define ROUTE_PARAM_MAX 64u
struct route_match {
    enum route route;
    size_t count;
    char param[ROUTE_PARAMS_MAX][ROUTE_PARAM_MAX + 1]; /* in order; [A-Za-z0-9._-] only */
};
/* Whether the text may stand for a {…} of a path: 1..ROUTE_PARAM_MAX of [A-Za-z0-9._-], but neither
 * "." nor "..". */
bool route_is_param(const char *text, size_t len);

/* PATH without its query. NOT_FOUND when no path fits, METHOD_NOT_ALLOWED when only the method
 * does not. Percent-encodings are not decoded: no path of ours needs one. */
MUST_CHECK enum err route_find(const char *method, const char *path, size_t path_len,
                               struct route_match *out);

#endif
