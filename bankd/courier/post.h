/* SPDX-License-Identifier: Apache-2.0
 *
 * post: hands messages over by SMTP or HTTP, many at a time; the courier's one user of libcurl.
 */
#ifndef BANKD_COURIER_POST_H
#define BANKD_COURIER_POST_H

#include "bankd/courier/settings.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include <stdbool.h>
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

struct post;

/* One a process. PASSWORD is for the settings' smtp_user; both are borrowed. */
MUST_CHECK enum err post_new(const struct settings *s, const struct secret *password,
                             struct post **out);
void post_free(struct post *p); /* NULL-safe; when nothing is on its way */

/* Sends it on its way, at the end of which post_next has TAG; takes the bytes over. */
MUST_CHECK enum err post_mail(struct post *p, size_t tag, const char *to, struct buf *message);
/* As Content-Type TYPE. Follows no redirect, and goes to no address inside unless the settings let
 * it: people say where a webhook is. */
MUST_CHECK enum err post_web(struct post *p, size_t tag, const char *url, const char *type,
                             struct buf *body);

/* Carries on, for as long unless one comes to its end before. */
void post_wait(struct post *p, int wait_ms);
/* One that came to its end; false: none. */
bool post_next(struct post *p, size_t *tag, struct post_result *out);

#endif
