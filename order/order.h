/* SPDX-License-Identifier: Apache-2.0
 *
 * order: the order document (docs/FORMAT.md section 4): a payment, or cash at a terminal.
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "base/buf.h"
#include "base/err.h"
#include "order/forms.h"
#include "order/iban.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

struct js;

#define ORDER_MAX 8192u                         /* bytes of an order document */
#define ORDER_TEXT_CHARS 140                    /* code points of a name, a description, a note */
#define ORDER_TEXT_BYTES (4 * ORDER_TEXT_CHARS) /* UTF-8 */
#define ORDER_CURRENCY_LEN 3
#define ORDER_AMOUNT_TEXT 24

enum order_kind { ORDER_PAYMENT, ORDER_DEPOSIT, ORDER_WITHDRAWAL };
const char *order_type(enum order_kind kind); /* "payment-order" */

/* A parsed order: plain values, no pointers. "" is an absent member; cash has no day. */
struct order {
    uint8_t digest[DIGEST_LEN];
    enum order_kind kind;
    char bank[BANK_MAX + 1];
    char account[IBAN_MAX + 1];
    char id[ORDER_ID_LEN + 1];
    char amount[ORDER_AMOUNT_TEXT + 1];
    int64_t amount_minor;
    char currency[ORDER_CURRENCY_LEN + 1];
    int32_t date_days;
    int64_t created_us, expires_us;
    char creditor_account[IBAN_MAX + 1];
    char creditor_name[ORDER_TEXT_BYTES + 1];
    char bic[12];
    char street[281], town[141], postcode[65], country[3];
    char description[ORDER_TEXT_BYTES + 1];
    char reference[26];
    char purpose[5];
    char end_to_end_id[36];
    char terminal[HOLDER_MAX + 1]; /* cash */
};

/* Reads a document, which must be canonical. ERR names as in FORMAT.md. */
MUST_CHECK enum err order_parse(const void *bytes, size_t len, struct order *out);

/* The same from a value inside another document, and appends its bytes to BYTES (may be NULL). A
 * VALUE that is not there (NULL, as js_get gives) is DOC_MEMBER_MISSING. */
MUST_CHECK enum err order_from_js(const struct js *value, struct order *out, struct buf *bytes);

/* The member that is missing, unfit or unknown, "creditor.name"; "" where none is to blame. A long
 * one is cut. */
struct order_fault {
    char member[64];
};
/* order_from_js, and FAULT (may be NULL) says which member stands in the way. */
MUST_CHECK enum err order_read(const struct js *value, struct order *out, struct buf *bytes,
                               struct order_fault *fault);

/* What people type: any JSON object with some of bank, id, created, expires, date, type and version
 * missing. Fills those from FILL, canonicalises, checks, and appends the document's bytes to OUT.
 * Present members are kept as they are; without a type it is a payment. FAULT may be NULL. */
struct order_fill {
    const char *bank;
    const char *account;   /* may be NULL: then the draft must name it */
    int64_t now_us;        /* created; a payment's date = its UTC day */
    int64_t lifetime_us;   /* expires = created + lifetime */
    const uint8_t *random; /* 10 bytes for the id */
};
MUST_CHECK enum err order_complete(const void *draft, size_t len, const struct order_fill *fill,
                                   struct buf *out, struct order_fault *fault);

#endif
