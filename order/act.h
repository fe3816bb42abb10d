/* SPDX-License-Identifier: Apache-2.0
 *
 * act: the statement by which an operator of the bank acts: one request of the API, its path and
 * its body, signed (docs/FORMAT.md section 8.5). Form only: whether there is such a path, and
 * whether he may, the bank says.
 */
#ifndef ORDER_ACT_H
#define ORDER_ACT_H

#include "base/buf.h"
#include "base/err.h"
#include "order/statement.h"
#include <stddef.h>

#define ACT_PATH_MAX 256u                  /* bytes */
#define ACT_REQUEST_MAX ((size_t)32 << 10) /* bytes */

struct operator_act {
    struct statement head;
    char path[ACT_PATH_MAX + 1]; /* "/v1/accounts/PT50…/block" */
    struct buf request;          /* the body, a canonical object */
};

/* PAYLOAD is the document inside the JWS. On success act_free is the caller's to call. */
MUST_CHECK enum err act_parse(const void *payload, size_t len, struct operator_act *out);
void act_free(struct operator_act *a); /* NULL-safe; leaves it zeroed */

/* The payload of HEAD that asks for PATH with the body REQUEST, JSON that need not be canonical. */
MUST_CHECK enum err act_make(const struct statement *head, const char *path, const void *request,
                             size_t len, struct buf *out);

#endif
