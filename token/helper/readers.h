/* SPDX-License-Identifier: Apache-2.0
 *
 * readers: the helper's answer to WIRE_READERS (token/wire.h).
 */
#ifndef TOKEN_HELPER_READERS_H
#define TOKEN_HELPER_READERS_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* As serve_handler has it. For the one who asks. */
enum err readers_answer(void *ctx, const uint8_t *msg, size_t len, struct buf *answer);

#endif
