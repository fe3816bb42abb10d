/* SPDX-License-Identifier: Apache-2.0
 *
 * enrolment: a person's request to be enrolled, signed by a key that nobody knows yet and with the
 * proofs that he has the keys in it (docs/FORMAT.md section 8.6).
 */
#ifndef ORDER_ENROLMENT_H
#define ORDER_ENROLMENT_H

#include "base/buf.h"
#include "base/err.h"
#include "order/forms.h"
#include "order/key.h"
#include "order/statement.h"
#include <stddef.h>
#include <stdint.h>

#define ENROLMENT_NAME_CHARS 140u
#define ENROLMENT_NAME_BYTES (4u * ENROLMENT_NAME_CHARS)

/* What a key of a person is for. */
enum key_use { KEY_USE_SIGN, KEY_USE_AUTHENTICATE, KEY_USE_DERIVE, KEY_USES };
const char *key_use_name(enum key_use use); /* "sign", "authenticate", "derive" */

struct enrolment {
    struct statement head;
    char holder[HOLDER_MAX + 1]; /* "" when absent */
    char name[ENROLMENT_NAME_BYTES + 1];
    struct key *key[KEY_USES]; /* owned; NULL when absent, which the first is not */
};

/* PAYLOAD is the document inside the JWS; every request in it is checked. On success enrolment_free
 * is the caller's to call. */
MUST_CHECK enum err enrolment_parse(const void *payload, size_t len, struct enrolment *out);
void enrolment_free(struct enrolment *e); /* NULL-safe; leaves it zeroed */

/* The payload. REQUEST has by use the PKCS#10 requests, and of a key to derive with its SPKI; empty
 * ones are left out. HOLDER may be "". */
MUST_CHECK enum err enrolment_make(const struct statement *head, const char *holder,
                                   const char *name, const struct buf request[static KEY_USES],
                                   struct buf *out);

/* What the bank calls the request: base64url SHA-256 of the JWS. */
#define ENROLMENT_ID_LEN 43
MUST_CHECK enum err enrolment_id(const char *jws, size_t len,
                                 char out[static ENROLMENT_ID_LEN + 1]);

#endif
