/* SPDX-License-Identifier: Apache-2.0
 *
 * enrol: a key becomes somebody's, whether the operator brings it or its owner asked for it: the
 * entry, the rows, the key that statements are verified with. Private to bankd/core.
 */
#ifndef BANKD_CORE_ENROL_H
#define BANKD_CORE_ENROL_H

#include "bankd/core/people.h"
#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/enrolment.h"

struct enrol {
    enum people_kind kind;
    const char *holder, *name;
    const struct key *key;
    enum key_use use;
    int64_t signer; /* for another use than to sign: the signing key that it was asked for with */
    /* Of whoever asked for it: who admitted him, and what he signed. NULL: vouched for by hand. */
    const char *operator_name, *statement;
    struct doc *sponsors;          /* what those signed who vouched for him, moved; NULL: nobody */
    const struct buf *certificate; /* DER; NULL or empty: none */
    int64_t certificate_until_us;
};

/* What the keeper issued for it, if anything. */
MUST_CHECK enum err enrol_certify(struct core *c, const struct enrol *in);
/* Enters the key, and its holder unless he is there. What is refused was refused before; the key
 * counts from now on. */
MUST_CHECK enum err enrol_key(struct core *c, const struct enrol *in);

#endif
