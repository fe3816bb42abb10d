/* SPDX-License-Identifier: Apache-2.0
 *
 * application_row: one application for an account (docs/FORMAT.md section 8.8) as the store has it,
 * whom it names and who of them signed it: for apply.c, where they say their words, opening.c,
 * where an operator decides, and whoever looks at what waits. Private to bankd/core.
 */
#ifndef BANKD_CORE_APPLICATION_ROW_H
#define BANKD_CORE_APPLICATION_ROW_H

#include "bankd/core/state.h"
#include "order/application.h"

#define APPLICATION_OBJECT_MAX (sizeof "application:" + APPLICATION_NAME_LEN)
#define APPLICATION_REASON_BYTES 560u
/* Words on one, however often a key was lost: evidence has to tell them all. */
#define APPLICATION_WORDS_MAX (2 * POLICY_HOLDERS_MAX)

/* Without the document: who looks at many reads none. */
struct application_row {
    int64_t id;                          /* 0: there is none yet */
    char name[APPLICATION_NAME_LEN + 1]; /* the digest, in hexadecimal digits */
    char title[POLICY_TITLE_BYTES + 1], currency[4];
    int64_t received_us, expires_us;
    char state[16];
    char reason[APPLICATION_REASON_BYTES + 1];
    char account[IBAN_MAX + 1]; /* what became of it, or "" */
    int64_t entry;
    char people[POLICY_HOLDERS_MAX][HOLDER_MAX + 1]; /* whom it names */
    size_t people_count;
    struct {
        char holder[HOLDER_MAX + 1];
        bool counts; /* by its key, as that is now */
    } words[APPLICATION_WORDS_MAX];
    size_t word_count;
};

/* With what time demands. NOT_FOUND. */
MUST_CHECK enum err application_row_find(struct core *c, const char *name,
                                         struct application_row *out);
/* Row ID; STORE_FAILED unless there is one. */
MUST_CHECK enum err application_row_by_id(struct core *c, int64_t id, struct application_row *out);
/* Reads the row that Q, an APPLICATION_ROW, stands on, with its people and words. */
MUST_CHECK enum err application_row_read(struct core *c, const struct store_query *q,
                                         struct application_row *out);
/* What its holders signed. The caller frees *OUT, also after a failure. */
MUST_CHECK enum err application_row_document(struct core *c, const struct application_row *a,
                                             struct application *out);

bool application_row_waits(const struct application_row *a);
bool application_row_names(const struct application_row *a, const char *holder);
/* Who has not signed it by a key that counts, borrowed from A. */
size_t application_row_missing(const struct application_row *a,
                               const char *out[static POLICY_HOLDERS_MAX]);

/* "application:DIGEST", what the log and the queue call it. */
void application_row_object(const char *name, char out[static APPLICATION_OBJECT_MAX]);

/* How it ends. */
struct application_row_end {
    const char *state;             /* admitted, refused, withdrawn or expired */
    const struct core_caller *who; /* the operator; NULL: nobody of the bank */
    const char *reason, *account;  /* or "" */
};
/* With an entry of its own, but for a withdrawal, whose word is the entry. */
MUST_CHECK enum err application_row_end(struct core *c, struct application_row *a,
                                        const struct application_row_end *how);

/* Ends one whose time is over; FOUND: there was one. */
MUST_CHECK enum err application_row_catch_up(struct core *c, bool *found);
/* NOT_FOUND unless it waits. */
MUST_CHECK enum err application_row_check_waiting(struct core *c, const char *name);

#endif
