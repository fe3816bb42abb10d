/* SPDX-License-Identifier: Apache-2.0
 *
 * sponsorship: a holder's word that he knows whoever asks to be enrolled, and the text that is
 * shown and signed (docs/FORMAT.md section 8.10), version 1, frozen.
 */
#ifndef ORDER_SPONSORSHIP_H
#define ORDER_SPONSORSHIP_H

#include "base/buf.h"
#include "base/err.h"
#include "order/enrolment.h"
#include "order/iban.h"
#include "order/statement.h"

#define SPONSORSHIP_DISPLAY_VERSION "countersign-sponsorship-display/1;en"
#define SPONSORSHIP_DISPLAY_MAX 2048u /* bytes */

struct sponsorship {
    struct statement head;
    char account[IBAN_MAX + 1];           /* one of the sponsor's */
    char enrolment[ENROLMENT_ID_LEN + 1]; /* the request */
    char key[KEY_THUMBPRINT_LEN + 1];     /* that is to sign for the person */
    char name[ENROLMENT_NAME_BYTES + 1];  /* the person's, as the sponsor knows him */
    uint8_t display_digest[DIGEST_LEN];
};

/* Form only. */
MUST_CHECK enum err sponsorship_parse(const void *payload, size_t len, struct sponsorship *out);
/* The payload; display_digest is computed. */
MUST_CHECK enum err sponsorship_make(const struct sponsorship *in, struct buf *out);

/* Appends the text. */
MUST_CHECK enum err sponsorship_display_render(const struct sponsorship *s, struct buf *out);
MUST_CHECK enum err sponsorship_display_digest(const struct sponsorship *s,
                                               uint8_t out[static DIGEST_LEN]);

#endif
