/* SPDX-License-Identifier: Apache-2.0
 *
 * enrol_outcome: what became of a request to be enrolled, and its end on the holder's side:
 * certificates checked and stored, settings written.
 */
#ifndef SIGNER_ENROL_OUTCOME_H
#define SIGNER_ENROL_OUTCOME_H

#include "app/app.h"
#include "order/json.h"

/* Asks the bank about the request that the settings name. */
MUST_CHECK enum err enrol_outcome_fetch(struct app *a, struct js **answer);
/* ERR_OK: admitted. ENROLMENT_WAITING with how long it still does, ENROLMENT_REFUSED with why,
 * ENROLMENT_EXPIRED. */
MUST_CHECK enum err enrol_outcome_judge(struct app *a, const struct js *answer);
/* An admitted one: certificates that the token does not take go to DIR. Tells people, or with
 * --json other programs, what it did. */
MUST_CHECK enum err enrol_outcome_finish(struct app *a, const struct js *answer, const char *dir);

#endif
