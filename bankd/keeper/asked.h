/* SPDX-License-Identifier: Apache-2.0
 *
 * asked: what as many different operators must ask for as the keeper's setting says, and waits
 * until they did. A person counts once, whatever keys he signs with, and only while he may.
 */
#ifndef BANKD_KEEPER_ASKED_H
#define BANKD_KEEPER_ASKED_H

#include "bankd/keeper/pins.h"

/* An operator's word on it. */
struct asked_word {
    const char *by;
    int64_t until_us; /* when what he signed is over */
    int64_t now_us;
    int64_t issued_us;
    bool again; /* it was taken before: it says nothing new */
};

/* Until when a word waits for the others': not for ever, whatever it says. */
int64_t asked_until(const struct asked_word *w);
/* Adds W, or has the same operator's word be as new as W. Beyond PINS_SIGNERS_MAX nobody is needed,
 * and nothing happens. */
void asked_sign(struct pin_signers *s, const struct asked_word *w);
/* How many besides those who may now must sign, where NEEDED must. */
unsigned asked_missing(const struct pins *p, const struct pin_signers *s, enum role role,
                       unsigned needed);

/* What would give an operator more than he has; NULL when nobody asks for it. */
struct pin_change *asked_find(struct pins *p, const char *subject);
/* Adds W; what is complete is there no more. BUSY when too much waits, of his or of all. */
MUST_CHECK enum err asked_change(struct pins *p, const char *subject, const struct asked_word *w,
                                 unsigned needed, unsigned *missing);
/* The same for a request to be enrolled, and as whom. *OUT is the row that says so, or NULL: nobody
 * does any more. A new word takes the place of the same operator's before. BUSY, ADMISSION_MISMATCH
 * when others only said something else or it is complete as that, ISSUED_TOO_OLD for a word that he
 * took back by another. */
struct asked_admission {
    const char *enrolment, *holder;
    bool another;
};
MUST_CHECK enum err asked_admission(struct pins *p, const struct asked_admission *what,
                                    const struct asked_word *w, struct pin_admission **out);
/* As many asked for A as must: it stands, and what others said of the request counts no more. */
void asked_complete(struct pins *p, struct pin_admission **a);

/* Drops what is over by now. */
void asked_forget(struct pins *p, int64_t now_us);

#endif
