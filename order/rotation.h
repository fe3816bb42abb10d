/* SPDX-License-Identifier: Apache-2.0
 *
 * rotation: the statement by which a key gives its place to a new one, which proves by a signature
 * of its own that somebody has it, and the text that is shown and signed (docs/FORMAT.md section
 * 8.7), version 1, frozen.
 */
#ifndef ORDER_ROTATION_H
#define ORDER_ROTATION_H

#include "base/buf.h"
#include "base/err.h"
#include "order/statement.h"

#define ROTATION_DISPLAY_VERSION "countersign-rotation-display/1;en"
#define ROTATION_DISPLAY_MAX 1024u /* bytes */
#define ROTATION_PROOF_MAX 3072u   /* bytes of the new key's JWS */

struct rotation {
    struct statement head;
    char replaces[KEY_THUMBPRINT_LEN + 1]; /* the old key, whose statement it is */
    uint8_t spki[KEY_SPKI_MAX];            /* the new key */
    size_t spki_len;
    char thumbprint[KEY_THUMBPRINT_LEN + 1]; /* the new key's */
    enum key_alg alg;                        /* the new key's */
    uint8_t display_digest[DIGEST_LEN];
    char proof[ROTATION_PROOF_MAX + 1]; /* JWS of the new key */
};

/* Form only: verify_rotation says whether the proof is one. KEY_NOT_NEW, and what key_from_spki
 * says of the new key. */
MUST_CHECK enum err rotation_parse(const void *payload, size_t len, struct rotation *out);

/* Sets what belongs to the new key, and the display's digest; head and REPLACES are there. */
MUST_CHECK enum err rotation_name(struct rotation *r, const uint8_t *spki, size_t len);
/* What the new key signs: the payload without the proof. */
MUST_CHECK enum err rotation_offer(const struct rotation *r, struct buf *out);
/* The payload: what the old key signs. */
MUST_CHECK enum err rotation_make(const struct rotation *r, struct buf *out);

/* Appends the text. */
MUST_CHECK enum err rotation_display_render(const struct rotation *r, struct buf *out);
MUST_CHECK enum err rotation_display_digest(const struct rotation *r,
                                            uint8_t out[static DIGEST_LEN]);

#endif
