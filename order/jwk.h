/* SPDX-License-Identifier: Apache-2.0
 *
 * jwk: a public elliptic curve key as JSON Web Key (RFC 7517, RFC 7518 6.2.1), for people who have
 * their key in that form. Statements never carry one.
 */
#ifndef ORDER_JWK_H
#define ORDER_JWK_H

#include "base/err.h"
#include "order/json.h"
#include "order/key.h"

/* Reads kty, crv, x and y. Where use, key_ops or alg are there, they must allow verifying with the
 * curve's own algorithm; other members are ignored (RFC 7517 4). KEY_ALGORITHM: not kty EC, or
 * meant for another algorithm. KEY_CURVE, KEY_NOT_ON_CURVE. KEY_INVALID: everything else. Of a
 * private key the public half is read; d is among what is ignored. */
MUST_CHECK enum err jwk_parse(const struct js *jwk, struct key **out);

#endif
