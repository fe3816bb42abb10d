/* SPDX-License-Identifier: Apache-2.0
 *
 * shown: the lines that the displays of docs/FORMAT.md are made of, and the digest by which they
 * are signed. Frozen like the displays themselves: a byte changed here makes every signature ever
 * given fail.
 */
#ifndef ORDER_SHOWN_H
#define ORDER_SHOWN_H

#include "base/buf.h"
#include "base/err.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

struct policy;

/* The text being appended to; the first failure sticks, and nothing is added after it. */
struct shown {
    struct buf *out;
    enum err err;
};

/* Parts of a line. */
void shown_text(struct shown *s, const char *text);
void shown_label(struct shown *s, const char *label); /* padded; at most 14 bytes */
void shown_money(struct shown *s, int64_t amount_minor, const char *currency);
void shown_iban(struct shown *s, const char *iban);              /* in groups of four */
void shown_digest_start(struct shown *s, const uint8_t *digest); /* 16 digits of it */

/* Whole lines. */
void shown_line(struct shown *s, const char *label, const char *value);
void shown_time(struct shown *s, const char *label, int64_t time_us);
void shown_account(struct shown *s, const char *label, const char *iban);
void shown_thumbprint(struct shown *s, const char *label, const char *thumbprint);
void shown_policy(struct shown *s, const struct policy *policy);

/* A whole *_display_digest: RENDERED is what rendering into TEXT gave, OUT the SHA-256 of it, or
 * zeroes after a failure, which is handed on. Frees TEXT. */
MUST_CHECK enum err shown_digest(enum err rendered, struct buf *text,
                                 uint8_t out[static DIGEST_LEN]);

#endif
