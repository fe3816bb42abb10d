/* SPDX-License-Identifier: Apache-2.0
 *
 * sending: hands signed decisions in, one after the other. One alone is told in full; of many each
 * is one line, and the bank's no to one does not hold the others up.
 */
#ifndef SIGNER_SENDING_H
#define SIGNER_SENDING_H

#include "base/err.h"
#include "base/progress.h"
#include <stddef.h>

struct app;

struct sending {
    struct app *app;
    size_t total, done, accepted, held;
    enum err refusal;   /* the first */
    enum err unwritten; /* of an answer that could not be; the others are sent all the same */
    struct progress bar;
};

#define SENDING_ELSE '\n' /* which no line of a file has, and no canonical document */
/* How many bytes of a line are what is tried first. */
size_t sending_first(const char *line, size_t len);

/* WHAT is for the progress: "Sending", static. TOTAL is set by the caller. That nobody reads what
 * is printed ends the program no more, from here on. */
void sending_start(struct sending *s, const char *what);
/* LINE is a decision with its order, or several with SENDING_ELSE between, of which one is enough:
 * a later one is tried when the bank refused those before, and if all are refused, it is as the
 * first was. WHERE names it then. What is returned is no refusal: then none of the others would get
 * through either. Where ABSENT is not NULL, NOT_FOUND of any of them is no answer yet, and sets it:
 * the order may come by another line. */
MUST_CHECK enum err sending_one(struct sending *s, const char *line, size_t len, const char *where,
                                bool *absent);
/* What is not sent, for E; APP's message says more. */
void sending_hold(struct sending *s, enum err e, const char *where);
/* E: what stopped it. The first refusal, with how many there were. */
MUST_CHECK enum err sending_end(struct sending *s, enum err e);

#endif
