/* SPDX-License-Identifier: Apache-2.0
 *
 * mail: a message (RFC 5322) from a template: a text file whose first line is "Subject: …", then an
 * empty line, then the body. {name} stands for a member of the notice. Whatever a value holds, it
 * ends neither its line nor its header: what is not plain ASCII goes as RFC 2047 has it, the body
 * as base64.
 */
#ifndef BANKD_COURIER_MAIL_H
#define BANKD_COURIER_MAIL_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

struct js;

#define MAIL_MAX ((size_t)65536)

/* The templates of every kind, in English at least, are there and name nothing unknown:
 * CONFIG_INVALID, logged. */
MUST_CHECK enum err mail_check(const char *directory);

struct mail {
    const char *templates, *from, *bank;
    const struct js *notice;
    int64_t now_us;
};
/* Appends the whole message, CRLF lines. */
MUST_CHECK enum err mail_write(const struct mail *m, struct buf *out);

#endif
