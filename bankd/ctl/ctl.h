/* SPDX-License-Identifier: Apache-2.0
 *
 * ctl: what the commands of bankctl share: the options, one connection to the bank's Unix socket,
 * and one way to end, well or badly. A command gathers, calls, prints; the bank decides.
 */
#ifndef BANKD_CTL_CTL_H
#define BANKD_CTL_CTL_H

#include "api/client.h"
#include "bankd/ctl/table.h"
#include "base/args.h"
#include "base/err.h"
#include "order/forms.h"
#include "order/json.h"
#include "order/waits.h"
#include <stdbool.h>
#include <stddef.h>

#define CTL_SOCKET "/run/countersign/bankd.sock"

struct ctl {
    /* Options, borrowed from argv; NULL where not given. */
    const char *socket, *id, *name, *spki, *account, *currency, *title, *amount, *note;
    const char *checkpoint, *save, *rules, *reason;
    const char *key;                                           /* of a holder */
    const char *thumbprint;                                    /* as a person's letter has it */
    const char *letter, *public_url, *overlap_days;            /* of the bank */
    const char *from, *from_account, *description, *reference; /* of a credit */
    const char *waiting, *sort, *amber, *red;                  /* of the queue */
    const char *flag, *by, *to, *text;                         /* of its items */
    struct args_list holders, roles;
    bool json, watch;
    bool another; /* key, of who is a person here */
    bool shown;   /* what is signed was shown, all of it together */

    struct client *client;   /* made by the first call */
    char bank[BANK_MAX + 1]; /* its name, once that was asked for */
    struct buf problem;      /* the bank's problem document about the last failure, or empty */
    char detail[512];        /* the last failure in words, or "" */
    int found;               /* the exit code of what was done, by what it found */
};

/* The end of bankctl, whose context is the struct ctl (base/args.h): tells a failure on standard
 * error (and, with --json, as a problem document on standard output), releases what that holds and
 * returns the exit code. */
int ctl_end(void *ctx, enum err e, bool lost);
/* The same of a line that is wrong: as a problem document. */
void ctl_usage_json(void *ctx, const char *detail);

/* Remembers the words for ctl_end and returns E. */
MUST_CHECK enum err ctl_fail(struct ctl *ctl, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether --account, which is given, names an IBAN: nothing else may stand in a path. */
MUST_CHECK enum err ctl_check_account(struct ctl *ctl);

/* Copies an option's VALUE, which is given, into OUT of CAP bytes: USAGE, naming it, when too long.
 */
MUST_CHECK enum err ctl_take(struct ctl *ctl, const char *option, const char *value, char *out,
                             size_t cap);

/* For whom, as --waiting says; ANY without it. */
MUST_CHECK enum err ctl_waiting(struct ctl *ctl, enum waits *out);

/* Calls the bank; *ANSWER is the caller's to js_free. */
MUST_CHECK enum err ctl_call(struct ctl *ctl, const struct client_call *call, struct js **answer);
/* The same with BODY, for a route with at most one {…} in its path: PARAM. */
MUST_CHECK enum err ctl_post(struct ctl *ctl, enum route route, const char *param,
                             const struct buf *body, struct js **answer);

/* The whole list behind pages: {"MEMBER":[…]} with every page's elements, the caller's to free.
 * CALL's query, if any, goes with every page. */
MUST_CHECK enum err ctl_list(struct ctl *ctl, const struct client_call *call, const char *member,
                             struct js **list);

/* Another connection for the same caller, to follow the bank's events. Nobody is asked for a PIN
 * from then on. */
MUST_CHECK enum err ctl_connect_beside(struct ctl *ctl, struct client **out);

/* ROWS as a table on standard output, of at most APP_PRINT_MAX bytes; this line in its place where
 * there is none. */
#define CTL_NONE "There is nothing.\n"
MUST_CHECK enum err ctl_print_table(const struct js *rows, const struct table_column *columns,
                                    size_t count);

/* ctl_list, then the table of COLUMNS or, with --json, the list. */
MUST_CHECK enum err ctl_show_list(struct ctl *ctl, const struct client_call *call,
                                  const char *member, const struct table_column *columns,
                                  size_t count);

#endif
