/* SPDX-License-Identifier: Apache-2.0
 *
 * enrolment_row: one request to be enrolled as the store has it, for enrolment.c, which keeps them,
 * and admission.c, where operators decide about them. Private to bankd/core.
 */
#ifndef BANKD_CORE_ENROLMENT_ROW_H
#define BANKD_CORE_ENROLMENT_ROW_H

#include "bankd/core/state.h"
#include "order/enrolment.h"

#define ENROLMENT_OPERATORS_MAX 8 /* who must admit one request, at most */
#define ENROLMENT_OBJECT_MAX (sizeof "enrolment:" + ENROLMENT_ID_LEN)

/* A request, and what it says; the statement itself is read to be admitted only. */
struct enrolment_row {
    int64_t id;
    char name[ENROLMENT_ID_LEN + 1]; /* the bank's for it */
    int64_t received_us, expires_us;
    char state[16];
    char note[ENROLMENT_NAME_BYTES + 1]; /* why it was refused, or "" */
    char holder[HOLDER_MAX + 1];         /* who he became, or "" */
    /* who admitted him, with a space between */
    char by[ENROLMENT_OPERATORS_MAX * (HOLDER_MAX + 1) + 1];
    int64_t entry;
    char person[ENROLMENT_NAME_BYTES + 1]; /* his own name */
    char wanted[HOLDER_MAX + 1];           /* who he says that he is, or "" */
    char key[KEY_USES][KEY_THUMBPRINT_LEN + 1];
};

/* How a request ends. */
struct enrolment_end {
    const char *state;         /* admitted, refused or expired */
    const char *operator_name; /* NULL: nobody, by its time */
    const char *note;          /* why it was refused, or "" */
    const char *holder;        /* who he became, or "" */
    const struct buf *root;    /* of his certificates; NULL or empty: he has none */
    const struct sponsors *by; /* who vouched for him; NULL: nobody */
};

bool enrolment_row_waits(const struct enrolment_row *a);
/* "enrolment:NAME", what the log and the queue call it. */
void enrolment_object(const char *name, char out[static ENROLMENT_OBJECT_MAX]);

/* NOT_FOUND. With what time demands. */
MUST_CHECK enum err enrolment_find(struct core *c, const char *name, struct enrolment_row *out);
/* Notes A's entry as the newest about it. */
MUST_CHECK enum err enrolment_set_entry(struct core *c, const struct enrolment_row *a);
MUST_CHECK enum err enrolment_end(struct core *c, struct enrolment_row *a,
                                  const struct enrolment_end *how);
/* For operators only: of a request that says whose it is, how many keys that person has who is
 * there; nothing when nobody is. */
MUST_CHECK enum err enrolment_put_wanted(struct core *c, const struct enrolment_row *a,
                                         struct doc *out);
/* Ends a public function about A. */
MUST_CHECK enum err enrolment_answer(struct core *c, const struct core_caller *who, enum err e,
                                     int http, struct enrolment_row *a, struct core_answer *out);

#endif
