/* SPDX-License-Identifier: Apache-2.0
 *
 * forms: the small forms of docs/FORMAT.md section 1 that are no numbers and no Unicode: bank
 * names, holders, categories, order ids, digests, nonces. Each check takes the whole text.
 */
#ifndef ORDER_FORMS_H
#define ORDER_FORMS_H

#include "base/err.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

#define BANK_MAX 100
#define HOLDER_MAX 32
#define ORDER_ID_LEN 36
#define CATEGORY_MAX 32
#define NONCE_BYTES 16
#define NONCE_LEN 22 /* base64url of them */
#define DIGEST_TEXT_LEN 64
#define URL_MAX 255

MUST_CHECK enum err forms_bank(const char *text, size_t len);     /* DOC_MEMBER_INVALID */
MUST_CHECK enum err forms_holder(const char *text, size_t len);   /* DOC_MEMBER_INVALID */
MUST_CHECK enum err forms_category(const char *text, size_t len); /* DOC_MEMBER_INVALID */
MUST_CHECK enum err forms_order_id(const char *text, size_t len); /* DOC_MEMBER_INVALID */
MUST_CHECK enum err forms_nonce(const char *text, size_t len);    /* DOC_MEMBER_INVALID */
MUST_CHECK enum err forms_url(const char *text, size_t len);      /* DOC_MEMBER_INVALID */
MUST_CHECK enum err forms_thumbprint(const char *text, size_t len);
MUST_CHECK enum err forms_digest(const char *text, size_t len, uint8_t out[static DIGEST_LEN]);

/* A UUID version 7 from a time and 10 random bytes. */
void forms_make_order_id(int64_t now_us, const uint8_t random[static 10],
                         char out[static ORDER_ID_LEN + 1]);
/* A nonce's text from random bytes. */
void forms_make_nonce(const uint8_t random[static NONCE_BYTES], char out[static NONCE_LEN + 1]);
/* One that begins with its time, as that id does: a bank keeps them all, and new ones then stand
 * together. Not for a challenge, which nobody may foresee any part of. */
void forms_make_dated_nonce(int64_t now_us, const uint8_t random[static 10],
                            char out[static NONCE_LEN + 1]);

#endif
