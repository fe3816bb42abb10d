/* SPDX-License-Identifier: Apache-2.0
 *
 * wire: what the programs of people and their helper say to each other over token/serve.h, as
 * bytes. Neither end believes the other: lengths, ranges and texts are checked as they are read.
 * Private to token/.
 *
 * The helper has one socket from its start, and takes WIRE_CONNECT there: with a descriptor, one
 * end of a socketpair, on which the questions of token/wire.def come. So as many threads ask at
 * once as there are connections. It ends when that first socket does.
 *
 * There, too, it takes WIRE_READERS, milliseconds that a change is waited for (4) -> count (1),
 * readers (token/reader.h). Who asks that asks nothing else of the helper, which hangs when pcscd
 * does.
 */
#ifndef TOKEN_WIRE_H
#define TOKEN_WIRE_H

#include "token/both.h"
#include "token/reader.h"

#define WIRE_FD 3         /* the helper's first socket */
#define WIRE_WHY ".ended" /* beside the socket of a kept token: why it is kept no longer */
#define WIRE_CONNECT 0xffff
#define WIRE_READERS 0xfffe
#define WIRE_READERS_MAX_MS 60000

enum wire_type {
    WIRE_NONE,
#define X(name, max, wait) WIRE_##name,
#include "token/wire.def"
#undef X
    WIRE_TYPES
};

/* --- writing --- */

/* The first failure stays. */
struct wire_out {
    struct buf *buf;
    enum err e;
};
void wire_put(struct wire_out *out, uint64_t value, size_t bytes);
void wire_put_bytes(struct wire_out *out, const void *bytes, size_t len);
void wire_put_text(struct wire_out *out, const char *text);
void wire_put_source(struct wire_out *out, const struct token_source *source);
/* All but the module, which the asking side knows itself. */
void wire_put_info(struct wire_out *out, const struct token_info *info);
void wire_put_key(struct wire_out *out, const struct token_key_info *key);
void wire_put_sight(struct wire_out *out, const struct token_sight *sight);
void wire_put_reader(struct wire_out *out, const struct token_reader *reader);

/* --- reading --- */

/* After the first thing that is wrong only zeros come. */
struct wire_in {
    const uint8_t *at;
    size_t left;
    bool bad;
};
/* At most MAX. */
uint64_t wire_get(struct wire_in *in, size_t bytes, uint64_t max);
/* Lives as long as what IN reads; at most MAX. */
const uint8_t *wire_get_bytes(struct wire_in *in, size_t max, size_t *len);
/* Without a NUL in it; SIZE has room for one behind it. */
void wire_get_text(struct wire_in *in, char *out, size_t size);
void wire_get_source(struct wire_in *in, struct token_source *out);
void wire_get_info(struct wire_in *in, struct token_info *out);
void wire_get_key(struct wire_in *in, struct token_key_info *out);
void wire_get_sight(struct wire_in *in, struct token_sight *out);
void wire_get_reader(struct wire_in *in, struct token_reader *out);
/* Whether all of it was right and nothing is left. */
bool wire_ended(const struct wire_in *in);

#endif
