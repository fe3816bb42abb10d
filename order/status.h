/* SPDX-License-Identifier: Apache-2.0
 *
 * status: the life of an order in ISO 20022 codes; the one transition table is order/status.def.
 */
#ifndef ORDER_STATUS_H
#define ORDER_STATUS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum status {
    STATUS_NONE = 0, /* before the order exists */
    STATUS_RCVD,
    STATUS_ACTC,
    STATUS_PATC,
    STATUS_ACCP,
    STATUS_PDNG,
    STATUS_ACSP,
    STATUS_ACSC,
    STATUS_RJCT,
    STATUS_CANC
};
const char *status_name(enum status s);
enum status status_from_name(const char *name, size_t len);
bool status_may_follow(enum status from, enum status to);
bool status_final(enum status s); /* nothing follows */
bool status_open(enum status s);  /* votes may still arrive */
bool status_paid(enum status s);  /* the money has left the account: ACSP, ACSC */

/* Whether another bank may give this ISO reason for what it sends back: four of [A-Z0-9], and none
 * that says that a holder or this bank's operator or clock did it. */
bool status_reason_returns(const char *code, size_t len);

#endif
