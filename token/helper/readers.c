/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/readers.h"

#include "token/reader.h"
#include "token/wire.h"

static struct token_readers *pcscd; /* NULL: not connected */

enum err readers_answer(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    struct token_reader all[TOKEN_READERS_MAX];
    struct wire_in in = {.at = msg, .left = len};
    struct wire_out out = {.buf = answer};
    size_t count = 0;

    (void)ctx;
    unsigned wait_ms = (unsigned)wire_get(&in, 4, WIRE_READERS_MAX_MS);
    if (!wire_ended(&in))
        return ERR_USAGE;
    enum err e = pcscd ? ERR_OK : token_readers_open(&pcscd);
    if (e)
        return e;
    e = token_readers_next(pcscd, wait_ms, all, &count);
    if (e) {
        token_readers_close(pcscd);
        pcscd = NULL;
        return e;
    }
    wire_put(&out, count, 1);
    for (size_t i = 0; i < count; i++)
        wire_put_reader(&out, &all[i]);
    return out.e;
}
