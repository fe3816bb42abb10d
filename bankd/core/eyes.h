/* SPDX-License-Identifier: Apache-2.0
 *
 * eyes: four of them. Where the bank wants it (struct core_terms) nobody lets go on what he entered
 * himself; which act stands against which is the table in eyes.c. Private to bankd/core.
 */
#ifndef BANKD_CORE_EYES_H
#define BANKD_CORE_EYES_H

#include "bankd/core/state.h"

enum eyes_act {
    /* what somebody enters */
    EYES_OPENED,    /* an account */
    EYES_BOOKED,    /* money onto an account, or took a booking back */
    EYES_CREDITED,  /* a credit that found no account */
    EYES_HELD,      /* an order */
    EYES_BLOCKED,   /* an account */
    EYES_ENROLLED,  /* an operator */
    EYES_ADMITTED,  /* a key for a person; the next one is another operator's to let in */
    EYES_SUSPENDED, /* a key */
    /* what lets it go on; a release is entered, too */
    EYES_RELEASED, /* an order */
    EYES_OUTCOME,  /* what another bank did with an order */
    EYES_DISPOSED, /* of a credit */
    EYES_UNBLOCKED,
    EYES_ROLES,   /* of an operator */
    EYES_RESUMED, /* a key */
    EYES_ACTS
};

/* Remembers that WHO did it to OBJECT, also while the bank does not want four eyes. */
MUST_CHECK enum err eyes_note(struct core *c, const struct core_caller *who, enum eyes_act act,
                              const char *object);
/* Nobody did it to OBJECT. */
MUST_CHECK enum err eyes_forget(struct core *c, enum eyes_act act, const char *object);
/* How often it was done to OBJECT, by whomever. */
MUST_CHECK enum err eyes_count(struct core *c, enum eyes_act act, const char *object, int64_t *out);
/* FOUR_EYES when WHO may not do it to OBJECT. */
MUST_CHECK enum err eyes_check(struct core *c, const struct core_caller *who, enum eyes_act act,
                               const char *object);

#endif
