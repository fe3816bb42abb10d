/* SPDX-License-Identifier: Apache-2.0
 *
 * handler: what each route does, as one table: a worker prepares the request (parsing and
 * signatures, many at once), the committer applies it (rules and writing, one after another).
 */
#ifndef BANKD_SERVER_HANDLER_H
#define BANKD_SERVER_HANDLER_H

#include "api/route.h"
#include "bankd/server/followers.h"
#include "bankd/server/job.h"
#include "bankd/server/metrics.h"
#include "bankd/server/new_root.h"
#include "bankd/server/note.h"
#include "bankd/server/payee_check.h"
#include "base/err.h"
#include <stdbool.h>

/* What every request is handled with. */
struct tls;
struct bank {
    const char *name;
    struct core *core;
    const char *keeper_socket;
    struct note *note;               /* the committer's */
    struct payee_check *payee_check; /* NULL: the bank has no checker */
    struct metrics *metrics;
    struct tls *tls;
    struct followers *followers;
    struct new_root *new_root;
};

struct handler {
    unsigned query; /* set of enum request_query_name that the route takes */
    bool writes;    /* refused while the log is unsigned */
    /* By any worker; NULL when there is nothing to prepare. An error refuses the request. */
    enum err (*prepare)(const struct bank *b, struct job *j);
    /* By the committer inside a transaction, one of these. An error ends the transaction for
     * everybody. */
    enum err (*apply)(const struct bank *b, struct job *j);
    /* What the core answers by itself: a list; something by the path's first parameter; a
     * statement. */
    enum err (*page)(struct core *c, const struct core_caller *who, const struct core_page *page,
                     struct core_answer *out);
    enum err (*named)(struct core *c, const struct core_caller *who, const char *name,
                      struct core_answer *out);
    enum err (*stated)(struct core *c, const struct core_caller *who,
                       const struct verified *statement, struct core_answer *out);
    bool long_read; /* takes the committer as long as hundreds of others: see queue.h */
};
const struct handler *handler_of(enum route r);
/* By the one that the route has. */
MUST_CHECK enum err handler_apply(const struct bank *b, struct job *j);

#endif
