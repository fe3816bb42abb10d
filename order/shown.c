/* SPDX-License-Identifier: Apache-2.0 */
#include "order/shown.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/iban.h"
#include "order/policy.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 14
#define DIGEST_SHOWN 8 /* bytes: 16 digits */
#define GROUP 4        /* characters of a thumbprint that are read together */

static void add(struct shown *s, const char *text, size_t len)
{
    if (s->err == ERR_OK)
        s->err = buf_add(s->out, text, len);
}

/* --- parts of a line --- */

void shown_text(struct shown *s, const char *text)
{
    add(s, text, strlen(text));
}

void shown_label(struct shown *s, const char *label)
{
    static const char spaces[] = "              ";
    size_t len = strlen(label);

    add(s, label, len);
    add(s, spaces, LABEL_WIDTH - len);
}

void shown_money(struct shown *s, int64_t amount_minor, const char *currency)
{
    char text[AMOUNT_TEXT_MAX + 1];

    if (s->err == ERR_OK)
        s->err = amount_text(amount_minor, currency, text);
    if (s->err != ERR_OK)
        return;
    shown_text(s, text);
    shown_text(s, " ");
    shown_text(s, currency);
}

void shown_iban(struct shown *s, const char *iban)
{
    char grouped[IBAN_GROUPED_MAX + 1];

    iban_grouped(iban, grouped);
    shown_text(s, grouped);
}

void shown_digest_start(struct shown *s, const uint8_t *digest)
{
    char text[2 * DIGEST_SHOWN + 1];

    text_hex(digest, DIGEST_SHOWN, text);
    shown_text(s, text);
}

/* --- whole lines --- */

void shown_line(struct shown *s, const char *label, const char *value)
{
    shown_label(s, label);
    shown_text(s, value);
    shown_text(s, "\n");
}

void shown_time(struct shown *s, const char *label, int64_t time_us)
{
    char text[TEXT_TIME_LEN + 1];

    text_time(time_us, text);
    shown_line(s, label, text);
}

void shown_account(struct shown *s, const char *label, const char *iban)
{
    shown_label(s, label);
    shown_iban(s, iban);
    shown_text(s, "\n");
}

void shown_thumbprint(struct shown *s, const char *label, const char *thumbprint)
{
    shown_label(s, label);
    for (size_t at = 0; at < KEY_THUMBPRINT_LEN; at += GROUP) {
        size_t left = KEY_THUMBPRINT_LEN - at;

        add(s, " ", at ? 1 : 0);
        add(s, thumbprint + at, left < GROUP ? left : GROUP);
    }
    shown_text(s, "\n");
}

void shown_policy(struct shown *s, const struct policy *policy)
{
    char version[48];

    snprintf(version, sizeof version, ", version %" PRId64 ", ", policy_version(policy));
    shown_label(s, "Policy");
    shown_text(s, policy_title(policy));
    shown_text(s, version);
    shown_digest_start(s, policy_digest(policy));
    shown_text(s, "\n");
}

enum err shown_digest(enum err rendered, struct buf *text, uint8_t out[static DIGEST_LEN])
{
    enum err e = rendered;

    memset(out, 0, DIGEST_LEN);
    if (e == ERR_OK)
        e = key_digest(text->data, text->len, out);
    buf_free(text);
    return e;
}
