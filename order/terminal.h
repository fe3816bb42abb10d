/* SPDX-License-Identifier: Apache-2.0
 *
 * terminal: the statement by which a terminal hands in one cash order (docs/FORMAT.md section 5.3).
 * Parsing here is form only; verify_terminal checks the rest.
 */
#ifndef ORDER_TERMINAL_H
#define ORDER_TERMINAL_H

#include "base/buf.h"
#include "base/err.h"
#include "order/statement.h"
#include <stddef.h>
#include <stdint.h>

struct order;

struct terminal {
    struct statement head;
    char account[IBAN_MAX + 1];
    char order[ORDER_ID_LEN + 1];
    uint8_t order_digest[DIGEST_LEN];
    char terminal[HOLDER_MAX + 1];
};

/* PAYLOAD is the document inside the JWS. */
MUST_CHECK enum err terminal_parse(const void *payload, size_t len, struct terminal *out);

/* The payload that the terminal of ORDER signs. HEAD carries nonce, times and challenge; its bank
 * is the order's. DOC_TYPE for an order that is no cash. */
MUST_CHECK enum err terminal_make(const struct order *order, const struct statement *head,
                                  struct buf *out);

#endif
