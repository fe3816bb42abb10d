/* SPDX-License-Identifier: Apache-2.0
 *
 * key_status: what an enrolled key may be (order/key_status.def): active, it signs; suspended, it
 * does not, and what it signed does not count until it is as before; retired, it signs no more, but
 * what it signed stands; revoked, neither, for ever.
 */
#ifndef ORDER_KEY_STATUS_H
#define ORDER_KEY_STATUS_H

#include <stdbool.h>

enum key_status {
#define X(id, name) KEY_##id,
#include "order/key_status.def"
#undef X
    KEY_STATUS_COUNT
};

const char *key_status_name(enum key_status s);         /* "active" */
enum key_status key_status_from_name(const char *name); /* KEY_STATUS_COUNT if unknown */
/* Whether what the key signed before counts. */
bool key_status_counts(enum key_status s);
/* What a key is that is OWN and for another use than to sign: it is as good as its SIGNER, the key
 * that it was asked for with, at most. */
enum key_status key_status_beside(enum key_status own, enum key_status signer);
/* Whether a key that is FROM may become TO; ROTATED: another took its place, and it signs never
 * again. Nothing follows revoked. */
bool key_status_may_follow(enum key_status from, enum key_status to, bool rotated);

#endif
