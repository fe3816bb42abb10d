/* SPDX-License-Identifier: Apache-2.0
 *
 * post: hands messages over by SMTP or HTTP; the courier's one user of libcurl.
 */
#ifndef BANKD_COURIER_POST_H
#define BANKD_COURIER_POST_H

#include "bankd/courier/settings.h"
#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>

enum post_end {
    POST_DONE,
    POST_LATER,   /* nobody there, or he says that it may work another time */
    POST_UNWANTED /* he says that it never will */
};
struct post_result {
    enum post_end end;
    char words[200]; /* what went wrong, printable ASCII */
};

/* Once, before the first of them. */
MUST_CHECK enum err post_start(void);
void post_mail(const struct settings *s, const char *to, const struct buf *message,
               struct post_result *out);
/* As Content-Type TYPE. Follows no redirect, and goes to no address inside unless the settings let
 * it: people say where a webhook is. */
void post_web(const struct settings *s, const char *url, const char *type, const struct buf *body,
              struct post_result *out);

#endif
