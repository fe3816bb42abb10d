/* SPDX-License-Identifier: Apache-2.0
 *
 * people: holders, their keys and who is asking. Private to bankd/core.
 */
#ifndef BANKD_CORE_PEOPLE_H
#define BANKD_CORE_PEOPLE_H

#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/enrolment.h"
#include "order/forms.h"
#include "order/key.h"
#include "order/key_status.h"
#include <stdbool.h>
#include <stdint.h>

#define PEOPLE_OBJECT_MAX (sizeof "holder:" + HOLDER_MAX) /* "holder:alice" and its NUL */

/* What has keys: people, who may be holders of accounts, and the bank's terminals and operators. */
enum people_kind { PEOPLE_PERSON, PEOPLE_TERMINAL, PEOPLE_OPERATOR, PEOPLE_KINDS };
const char *people_kind_name(enum people_kind k); /* "person", "terminal" */
/* A column of the present row; PEOPLE_KINDS, which may do nothing, when it is unknown. */
enum people_kind people_kind_read(const struct store_query *q, int column);

/* An enrolled key and its holder, as the store has them now. */
struct people_key {
    int64_t id;
    int64_t holder;
    char holder_name[HOLDER_MAX + 1];
    enum people_kind kind;
    enum key_use use;
    int64_t signer;         /* the signing key that it was asked for with, or itself */
    enum key_status status; /* as good as that one is, at most */
    bool rotated;           /* another one took its place */
    int64_t generation;     /* rotations since the enrolment */
    int64_t floor_us;
    int64_t enrolment;    /* entry, or the rotation's */
    int64_t holder_entry; /* newest entry about the holder */
};
/* KEY_UNKNOWN. */
MUST_CHECK enum err people_key_find(struct core *c, const char *thumbprint, struct people_key *out);

/* KEY_RETIRED or KEY_INACTIVE unless it may sign something new. */
MUST_CHECK enum err people_key_signs(const struct people_key *key);
/* KEY for its use, active, with a floor of now; from now on it verifies, if it signs. Of the struct
 * only holder, generation, enrolment and, for another use than to sign, signer count. */
MUST_CHECK enum err people_key_add(struct core *c, const struct key *key, enum key_use use,
                                   const struct people_key *as);

/* Appends what is told of keys to LIST: those that QUERY finds of OF. */
MUST_CHECK enum err people_list_keys(struct core *c, enum store_statement query, int64_t of,
                                     struct doc *list);
/* The same as BODY's member NAME, if there are any. */
MUST_CHECK enum err people_put_keys(struct core *c, enum store_statement query, int64_t of,
                                    const char *name, struct doc *body);

struct people_holder {
    int64_t id;
    char name[ENROLMENT_NAME_BYTES + 1]; /* of the person */
    enum people_kind kind;
    int64_t entry;
};
/* HOLDER_UNKNOWN. */
MUST_CHECK enum err people_holder_find(struct core *c, const char *holder,
                                       struct people_holder *out);

/* Somebody who can stand in a policy: HOLDER_IS_NO_PERSON, also. */
MUST_CHECK enum err people_person_find(struct core *c, const char *holder,
                                       struct people_holder *out);

void people_object(const char *holder, char out[static PEOPLE_OBJECT_MAX]);
/* The newest entry about a holder. */
MUST_CHECK enum err people_set_entry(struct core *c, int64_t holder, int64_t entry);

#endif
