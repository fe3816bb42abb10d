/* SPDX-License-Identifier: Apache-2.0
 *
 * list: the bank's lists, page after page until the bank says that there is no next.
 */
#ifndef SIGNER_LIST_H
#define SIGNER_LIST_H

#include "api/route.h"
#include "base/err.h"
#include <stdbool.h>

struct app;
struct js;

struct list_source {
    enum route route;
    bool of_account;    /* the route's parameter is the account of the settings */
    const char *member; /* the array in each answer */
    const char *query;  /* "from=…&to=…", or "" */
    unsigned limit;     /* rows of a page; 0: as the bank likes, and then a page may be empty */
};
#define LIST_LIMIT 200u

/* Calls EACH with every answer; what it returns ends the walk. UNAVAILABLE: a list without end. */
typedef enum err (*list_page_fn)(void *ctx, const struct js *answer);
MUST_CHECK enum err list_pages(struct app *a, const struct list_source *source, list_page_fn each,
                               void *ctx);

#endif
