/* SPDX-License-Identifier: Apache-2.0
 *
 * application_row: one application for an account as the store has it, and who signed it, for
 * apply.c, where its holders say their words, and opening.c, where an operator decides. Private to
 * bankd/core.
 */
#ifndef BANKD_CORE_APPLICATION_ROW_H
#define BANKD_CORE_APPLICATION_ROW_H

#include "bankd/core/application.h"
#include "order/application.h"

#define APPLICATION_NAME_LEN ((size_t)2 * DIGEST_LEN)
#define APPLICATION_OBJECT_MAX (sizeof "application:" + APPLICATION_NAME_LEN)
#define APPLICATION_REASON_BYTES 560u
/* Words on one, however often a key was lost: evidence has to tell them all. */
#define APPLICATION_WORDS_MAX (2 * POLICY_HOLDERS_MAX)

struct application_row {
    int64_t id;                          /* 0: there is none yet */
    char name[APPLICATION_NAME_LEN + 1]; /* the digest, in hexadecimal digits */
    int64_t received_us, expires_us;
    char state[16];
    char reason[APPLICATION_REASON_BYTES + 1];
    char account[IBAN_MAX + 1]; /* what became of it, or "" */
    int64_t entry;
    struct application said; /* owned */
    struct {
        char holder[HOLDER_MAX + 1];
        bool counts; /* by its key, as that is now */
        int64_t received_us;
    } words[APPLICATION_WORDS_MAX];
    size_t word_count;
};
void application_row_free(struct application_row *a);

/* With what time demands. NOT_FOUND. The caller frees *OUT, also after a failure. */
MUST_CHECK enum err application_find(struct core *c, const char *name, struct application_row *out);
bool application_row_waits(const struct application_row *a);
/* Whether HOLDER signed it by a key that counts. */
bool application_row_signed(const struct application_row *a, const char *holder);
/* Whether all did. */
bool application_row_complete(const struct application_row *a);

/* "application:DIGEST", what the log and the queue call it. */
void application_object(const char *name, char out[static APPLICATION_OBJECT_MAX]);

/* How it ends. */
struct application_end {
    const char *state;             /* admitted, refused, withdrawn or expired */
    const struct core_caller *who; /* the operator; NULL: nobody of the bank */
    const char *reason, *account;  /* or "" */
};
/* With an entry of its own, but for a withdrawal, whose word is the entry. */
MUST_CHECK enum err application_end(struct core *c, struct application_row *a,
                                    const struct application_end *how);

/* All of it but the document. */
void application_describe(const struct application_row *a, struct doc *out);
/* Ends a public function about A. */
MUST_CHECK enum err application_answer(struct core *c, const struct core_caller *who, enum err e,
                                       int http, struct application_row *a,
                                       struct core_answer *out);

/* Reads the row that Q, an APPLICATION_ROW, stands on, without its words. */
MUST_CHECK enum err application_read(const struct store_query *q, struct application_row *out);
MUST_CHECK enum err application_read_words(struct core *c, struct application_row *a);

#endif
