/* SPDX-License-Identifier: Apache-2.0
 *
 * letter: what bank and holder hand each other on paper, so that each learns the other's key by a
 * way that nobody on the network has a hand in (docs/FORMAT.md section 15): a text for people, and
 * a QR code for those who would rather not type.
 */
#ifndef APP_LETTER_H
#define APP_LETTER_H

#include "base/buf.h"
#include "base/err.h"
#include "order/enrolment.h"
#include "order/forms.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

#define LETTER_MAX ((size_t)8192) /* bytes of a letter's text */

/* From the bank, to whoever wants to enrol there. */
struct letter_bank {
    char bank[BANK_MAX + 1];
    char bank_key[KEY_THUMBPRINT_LEN + 1];
    char url[URL_MAX + 1];
};

/* From whoever enrols, to the bank and to who vouches for him. */
struct letter_enrolment {
    char bank[BANK_MAX + 1];
    char bank_key[KEY_THUMBPRINT_LEN + 1]; /* as he pinned it */
    char key[KEY_THUMBPRINT_LEN + 1];      /* that is to sign for him */
    char name[ENROLMENT_NAME_BYTES + 1];
    char enrolment[ENROLMENT_ID_LEN + 1]; /* what the bank calls the request */
    char holder[HOLDER_MAX + 1];          /* for people only; may be "" */
    int64_t expires_us;                   /* the same */
};

/* THUMBPRINT in groups of four, as people compare it. */
#define LETTER_GROUPED_LEN (KEY_THUMBPRINT_LEN + 10)
void letter_group(const char *thumbprint, char out[static LETTER_GROUPED_LEN + 1]);

/* Writes DIR/NAME.txt, for people, and DIR/NAME.png, the code; DIR must be there. Earlier ones are
 * replaced. NOW_US is the date of the letter. LETTER_INVALID when a member has not its form. */
MUST_CHECK enum err letter_bank_write(const struct letter_bank *l, int64_t now_us, const char *dir,
                                      const char *name);
MUST_CHECK enum err letter_enrolment_write(const struct letter_enrolment *l, int64_t now_us,
                                           const char *dir, const char *name);

/* A letter from its code's text, or from the text for people, which has the same lines at its end.
 * LETTER_INVALID. */
MUST_CHECK enum err letter_bank_read(const char *text, size_t len, struct letter_bank *out);
MUST_CHECK enum err letter_enrolment_read(const char *text, size_t len,
                                          struct letter_enrolment *out);

#endif
