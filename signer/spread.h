/* SPDX-License-Identifier: Apache-2.0
 *
 * spread: what of a file is handed in, and what it says of which order. In a bundle a key may have
 * said something twice, because what it signed first came too late: then its last word is what its
 * holder wants.
 */
#ifndef SIGNER_SPREAD_H
#define SIGNER_SPREAD_H

#include "base/buf.h"
#include "base/err.h"
#include "order/bundle.h"

/* What is said of an order goes in this order: a no before the approvals, so that it does not come
 * when they have paid. TURN_NONE: it is no decision that can be read, which the bank will say. */
enum turn { TURN_NONE, TURN_SUBMIT, TURN_NO, TURN_APPROVE };

struct spread_line {
    uint8_t order[DIGEST_LEN];
    size_t nth;    /* of the bundle's orders */
    size_t number; /* of a file of lines, from 1; 0: of a bundle */
    enum turn turn;
    char signer[KEY_THUMBPRINT_LEN + 1];
    int64_t issued_us;
    size_t at, len;
    /* Of a no. */
    bool one_pays; /* one approval may be the quorum of the order */
    bool waits;    /* for its order: the bank did not have it */
    bool handled;  /* sent, or held back */
};
struct spread {
    struct buf text;          /* the lines, as they come */
    struct spread_line *line; /* of a bundle by order, turn and time */
    size_t count;
};

/* One line for each key and order, and a submit's own: its last decision as the bank wants it and,
 * with a SENDING_ELSE before each, those that said the same before, the later first. What does not
 * verify under a key of the bundle passes for nobody's word, and has its own line. OUT is for
 * spread_free, also after a failure. */
MUST_CHECK enum err spread_bundle(const struct bundle *b, struct spread *out);
/* Each line of FILE, which moves into OUT, as it is; likewise. By which policy its order is decided
 * none says, so one approval may pay it. */
MUST_CHECK enum err spread_lines(struct buf *file, struct spread *out);
void spread_free(struct spread *s);

/* Of one order: by turn and time; 0 where those are the same. */
int spread_in_turn(const struct spread_line *a, const struct spread_line *b);

#endif
