/* SPDX-License-Identifier: Apache-2.0
 *
 * statement: the members that every signed payload has, the registry of typ values, and the two
 * small statements that have no file of their own: login and bank keys (docs/FORMAT.md 2, 6, 7).
 */
#ifndef ORDER_STATEMENT_H
#define ORDER_STATEMENT_H

#include "base/buf.h"
#include "base/err.h"
#include "order/forms.h"
#include "order/iban.h"
#include "order/key.h"
#include "order/member.h"
#include <stddef.h>
#include <stdint.h>

struct doc;
struct js;

enum statement_kind {
    STATEMENT_DECISION = 1,
    STATEMENT_BATCH_DECISION, /* on many orders at once */
    STATEMENT_LOGIN,
    STATEMENT_ENROLMENT,
    STATEMENT_ROTATION,       /* of a key */
    STATEMENT_ROTATION_PROOF, /* inside it, by the new key */
    STATEMENT_POLICY,         /* a word on a new policy */
    STATEMENT_APPLICATION,    /* a word on an application for an account */
    STATEMENT_DELEGATION,
    STATEMENT_SPONSORSHIP, /* of a request to be enrolled */
    STATEMENT_OPERATOR_ACT,
    STATEMENT_TERMINAL, /* cash at a terminal */
    STATEMENT_BANK_KEYS,
    STATEMENT_ROLLOVER /* of the bank's root key */
};
const char *statement_typ(enum statement_kind kind); /* "countersign-decision+jws" */

/* So long may a challenge be used for anything but a login. */
#define STATEMENT_CHALLENGE_US (INT64_C(12) * 3600 * 1000000)

struct statement {
    char bank[BANK_MAX + 1];
    char challenge[NONCE_LEN + 1]; /* "" when absent */
    char nonce[NONCE_LEN + 1];
    int64_t issued_us, expires_us;
};

struct statement_login {
    struct statement head;
    char session[KEY_THUMBPRINT_LEN + 1];
};
MUST_CHECK enum err statement_login_parse(const void *payload, size_t len,
                                          struct statement_login *out);
MUST_CHECK enum err statement_login_make(const struct statement_login *in, struct buf *out);

#define BANK_KEYS_MAX 16u
enum bank_key_use { BANK_KEY_LOG = 1, BANK_KEY_UNWRAP };
struct bank_key {
    enum bank_key_use use;
    uint8_t spki[KEY_SPKI_MAX];
    size_t spki_len;
};
struct statement_bank_keys {
    struct statement head;
    uint8_t root_spki[KEY_SPKI_MAX];
    size_t root_spki_len;
    struct bank_key keys[BANK_KEYS_MAX];
    size_t count;
};
MUST_CHECK enum err statement_bank_keys_parse(const void *payload, size_t len,
                                              struct statement_bank_keys *out);
MUST_CHECK enum err statement_bank_keys_make(const struct statement_bank_keys *in, struct buf *out);

/* For the files of the other statements. STATEMENT_ROWS are the common members' rows in a table for
 * js_members, by way of a struct statement_members; statement_head_read checks what they found,
 * statement_head_write writes them. */
struct statement_members {
    const struct js *bank, *challenge, *expires, *issued, *nonce, *version;
};
#define STATEMENT_ROWS(members, challenge_needed)                                                  \
    MEMBER_TEXT("bank", true, &(members).bank),                                                    \
        MEMBER_TEXT("challenge", (challenge_needed), &(members).challenge),                        \
        MEMBER_TEXT("expires", true, &(members).expires),                                          \
        MEMBER_TEXT("issued", true, &(members).issued),                                            \
        MEMBER_TEXT("nonce", true, &(members).nonce),                                              \
        MEMBER_INT("version", -JS_INT_MAX, JS_INT_MAX, &(members).version)
MUST_CHECK enum err statement_head_read(const struct statement_members *members,
                                        struct statement *out);
void statement_head_write(const struct statement *head, struct doc *out);

/* A whole *_parse: READ fills OUT, of SIZE bytes, from the payload's object; zeroed after a
 * failure.
 */
typedef enum err (*statement_read)(const struct js *value, void *out);
MUST_CHECK enum err statement_parse(const void *payload, size_t len, statement_read read, void *out,
                                    size_t size);

#endif
