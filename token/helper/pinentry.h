/* SPDX-License-Identifier: Apache-2.0
 *
 * pinentry: what is said to a pinentry program that somebody else started, by Assuan. It is asked
 * once, and believed in nothing but what was typed there; every buffer that the PIN passes lies in
 * locked pages.
 */
#ifndef TOKEN_HELPER_PINENTRY_H
#define TOKEN_HELPER_PINENTRY_H

#include "base/err.h"
#include "base/secret.h"

struct pinentry_words {
    char about[513]; /* may have lines */
    char prompt[129];
    char wrong[257];  /* what was wrong before; "": nothing */
    unsigned seconds; /* for the person; the program itself gets a few more */
};

/* On the socket FD, which the caller closes. ERR_PIN_CANCELLED: cancelled, nothing typed, or not in
 * time. ERR_TOO_LARGE. ERR_PIN_PINENTRY: it answers what is none, late or not at all. *OUT is the
 * caller's when it is ERR_OK. */
MUST_CHECK enum err pinentry_ask(int fd, const struct pinentry_words *words, struct secret **out);

#endif
