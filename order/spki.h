/* SPDX-License-Identifier: Apache-2.0
 *
 * spki: why a DER SubjectPublicKeyInfo is not one of ours. Apart from key.c, so that the accepted
 * form stays one comparison and no decoder of foreign keys stands on its path.
 */
#ifndef ORDER_SPKI_H
#define ORDER_SPKI_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* Names the reason for bytes that are not of the accepted form; never ERR_OK. KEY_ALGORITHM: not an
 * elliptic curve key. KEY_CURVE: another named curve or spelled-out parameters. KEY_COMPRESSED.
 * KEY_INVALID: everything else, such as trailing bytes or another encoding. Decodes no key. */
enum err spki_refusal(const uint8_t *der, size_t len);

#endif
